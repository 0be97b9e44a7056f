#define _GNU_SOURCE
#include "camera.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SCRIPT = 64, TICK_MS = 5 };

static const char *const state_names[STATES] = {"ok",  "stall", "unplug", "corrupt", "truncate", "black",
                                                "eio", "busy",  "slow",   "denied",  "half",  "frozen",   "resize",
                                                "refuse", "hang", "panic"};

static char entry[32], device_path[48], sys_path[96];
static uint64_t frozen_at;
static const char *control_path;
static struct { uint64_t tick; enum state state; } script[MAX_SCRIPT];
static int script_length;
static uint64_t tick;
static bool logging;

struct camera camera = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .memory_fd = -1, .source = sources};

void tell(const char *format, ...) {
    if (!logging)
        return;
    va_list rest;
    va_start(rest, format);
    vfprintf(stderr, format, rest);
    va_end(rest);
}

int refuse(int error) {
    errno = error;
    return -1;
}

void put(struct queue *queue, int item) { queue->items[queue->length++] = item; }

int take(struct queue *queue) {
    int first = queue->items[0];
    queue->length--;
    memmove(queue->items, queue->items + 1, sizeof(int) * (size_t)queue->length);
    return first;
}

/* States. */

static enum state state_named(const char *text) {
    for (int s = 0; s < STATES; s++)
        if (!strncmp(text, state_names[s], strlen(state_names[s])))
            return (enum state)s;
    return OK;
}

/* Wakes a program that polls. */
static void ring(void) {
    uint64_t one = 1;
    if (camera.fd >= 0 && write(camera.fd, &one, sizeof one) < 0)
        tell("[shim] cannot wake the program\n");
}

static void number_device(const char *number) {
    snprintf(entry, sizeof entry, "video%d", atoi(number));
    snprintf(device_path, sizeof device_path, "/dev/%s", entry);
    snprintf(sys_path, sizeof sys_path, "/sys/class/video4linux/%s/", entry);
}

static void set_state(enum state next) {
    if (next == camera.state)
        return;
    tell("[shim] tick %lu: %s, was %s\n", (unsigned long)tick, state_names[next], state_names[camera.state]);
    if (camera.state == UNPLUG && getenv("SHIM_RENUMBER"))
        number_device(getenv("SHIM_RENUMBER"));
    camera.state = next;
    frozen_at = tick;
    if (next == UNPLUG) {
        camera.dead = true;
        ring();
    }
}

static void read_control_file(void) {
    char text[32] = {0};
    int file = control_path ? open(control_path, O_RDONLY) : -1;
    if (file < 0)
        return;
    if (read(file, text, sizeof text - 1) > 1)
        set_state(state_named(text));
    close(file);
}

static void read_script(const char *text) {
    while (*text && script_length < MAX_SCRIPT) {
        char *rest;
        script[script_length].tick = strtoull(text, &rest, 10);
        script[script_length++].state = state_named(*rest == ':' ? rest + 1 : rest);
        text = strchr(rest, ',') ? strchr(rest, ',') + 1 : "";
    }
}

/* Frames. */

static void spoil(uint8_t *frame, size_t length) {
    bool jpeg = camera.source->fourcc == V4L2_PIX_FMT_MJPEG;
    if (camera.state == CORRUPT && jpeg) {
        for (size_t i = length / 3; i < length / 3 + 4000 && i + 2 < length; i++)
            frame[i] = (uint8_t)(i * 37);
    } else if (camera.state == CORRUPT) {
        memset(frame + length / 2, 0x5A, length / 4);
    } else if (camera.state == BLACK && jpeg) {
        memset(frame, 0, 64);
    } else if (camera.state == BLACK) {
        for (size_t i = 0; i < length; i++)
            frame[i] = i % 2 ? 128 : 16;
    }
}

static void fill(int buffer) {
    const struct source *source = camera.source;
    for (int i = 0; i < source_count && camera.state == RESIZE; i++)
        if (sources[i].fourcc == camera.source->fourcc && &sources[i] != camera.source)
            source = &sources[i];
    uint64_t number = camera.state == FROZEN ? frozen_at : tick;
    size_t *start = source->start + number % (uint64_t)source->count;
    size_t length = start[1] - start[0];
    if (length > camera.stride)
        length = camera.stride;
    if (camera.state == TRUNCATE)
        length /= 3;
    /* As in a real driver, what an earlier and longer frame left behind it stays. */
    uint8_t *frame = camera.memory + (size_t)buffer * camera.stride;
    memcpy(frame, source->data + start[0], length);
    spoil(frame, length);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    camera.details[buffer].bytesused = (uint32_t)length;
    camera.details[buffer].sequence = camera.sequence;
    camera.details[buffer].timestamp.tv_sec = now.tv_sec;
    camera.details[buffer].timestamp.tv_usec = now.tv_nsec / 1000;
}

static bool frame_is_due(void) {
    if (!camera.streaming || camera.dead || camera.state == STALL || camera.state == UNPLUG)
        return false;
    if (camera.state == HALF)
        return tick % 2 == 0;
    return camera.state != SLOW || tick % 10 == 0;
}

static void one_tick(void) {
    if (!camera.begun)
        return;
    tick++;
    for (int i = 0; i < script_length; i++)
        if (script[i].tick == tick)
            set_state(script[i].state);
    if (!frame_is_due())
        return;
    camera.sequence++;
    if (!camera.queued.length)
        return; /* the program is too slow: this frame is lost */
    int buffer = take(&camera.queued);
    fill(buffer);
    put(&camera.filled, buffer);
    ring();
}

static void *run(void *unused) {
    (void)unused;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (uint32_t due = 0;;) {
        next.tv_nsec += TICK_MS * 1000000;
        if (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        pthread_mutex_lock(&camera.lock);
        read_control_file();
        due += TICK_MS * camera.fps;
        if (due >= 1000) {
            due -= 1000;
            one_tick();
        }
        pthread_mutex_unlock(&camera.lock);
    }
    return NULL;
}

static const char *setting(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value ? value : otherwise;
}

void camera_start(void) {
    number_device(setting("SHIM_INDEX", "42"));
    camera.name = setting("SHIM_NAME", "Shim Camera");
    control_path = getenv("SHIM_CTL");
    logging = getenv("SHIM_LOG") != NULL;
    const char *text = setting("SHIM_FPS", "30,15");
    for (char *rest; *text && camera.rate_count < MAX_RATES; text = *rest ? rest + 1 : rest)
        camera.rates[camera.rate_count++] = (uint32_t)strtoul(text, &rest, 10);
    camera.fps = camera.rates[0];
    read_script(setting("SHIM_SCRIPT", ""));
    camera.state = state_named(setting("SHIM_STATE", "ok"));
    if (getenv("SHIM_DIR"))
        load_sources(getenv("SHIM_DIR"));
    pthread_t thread;
    if (source_count && !pthread_create(&thread, NULL, run, NULL))
        pthread_detach(thread);
}

/* The device file. */

bool camera_present(void) { return source_count && camera.state != UNPLUG; }
bool camera_owns(int fd) { return fd >= 0 && fd == camera.fd; }
bool camera_is_device(const char *path) { return source_count && !strcmp(path, device_path); }
bool camera_is_sys_file(const char *path) {
    return source_count && !strncmp(path, sys_path, strlen(sys_path));
}
bool camera_is_sys_link(const char *path) {
    return camera_is_sys_file(path) && !strcmp(path + strlen(sys_path), "device");
}
const char *camera_entry(void) { return entry; }
int camera_memory(void) { return camera.memory_fd; }

static int try_open(void) {
    if (camera.state == UNPLUG)
        return refuse(ENOENT);
    if (camera.state == DENIED)
        return refuse(EACCES);
    /* A real device may be opened twice; a program that does so has forgotten to close it. */
    if (camera.fd >= 0 && !camera.dead)
        return refuse(EBUSY);
    camera.dead = camera.streaming = false;
    camera.queued.length = camera.filled.length = camera.buffer_count = 0;
    camera.memory_fd = -1;
    memset(camera.lent, 0, sizeof camera.lent);
    return camera.fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
}

static bool hangs(void) {
    pthread_mutex_lock(&camera.lock);
    bool answer = camera.state == HANG;
    pthread_mutex_unlock(&camera.lock);
    return answer;
}

int camera_open(void) {
    while (hangs())
        usleep(TICK_MS * 1000);
    pthread_mutex_lock(&camera.lock);
    int fd = try_open();
    int error = errno;
    tell("[shim] open: %d\n", fd);
    pthread_mutex_unlock(&camera.lock);
    errno = error;
    return fd;
}

int camera_open_sys_file(const char *path) {
    const char *name = path + strlen(sys_path), *serial = getenv("SHIM_SERIAL");
    const char *text = !strcmp(name, "name")                            ? camera.name
                       : !strcmp(name, "index")                         ? "0"
                       : !strcmp(name, "device/../serial") && serial    ? serial
                                                                        : NULL;
    if (!camera_present() || !text)
        return refuse(ENOENT);
    int file = memfd_create("sys", MFD_CLOEXEC);
    dprintf(file, "%s\n", text);
    lseek(file, 0, SEEK_SET);
    return file;
}

void camera_close(void) {
    pthread_mutex_lock(&camera.lock);
    tell("[shim] close\n");
    /* As a kernel does, even of a camera that is gone; the program's own mappings stay its own. */
    if (camera.memory_fd >= 0) {
        munmap(camera.memory, camera.stride * (size_t)camera.buffer_count);
        close(camera.memory_fd);
        camera.memory_fd = -1;
        camera.buffer_count = 0;
    }
    camera.fd = -1;
    camera.streaming = false;
    camera.queued.length = camera.filled.length = 0;
    pthread_mutex_unlock(&camera.lock);
}
