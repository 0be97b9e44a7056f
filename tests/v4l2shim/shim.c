#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The C library's own function of that name. */
#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

__attribute__((constructor)) static void start(void) { camera_start(); }

/* Ioctls. Rust's v4l crate makes them through syscall(). */

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (camera_owns(fd))
        return camera_ioctl(request, argument);
    return REAL(ioctl)(fd, request, argument);
}

long syscall(long number, ...) {
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_ioctl && camera_owns((int)a[0]))
        return camera_ioctl((unsigned long)a[1], (void *)a[2]);
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Opening, closing, mapping. */

static bool is_any_camera(const char *path) { return !strncmp(path, "/dev/video", 10); }

/* True if the path is none of the real openat's business; the answer is then in `fd`. */
static bool answered(const char *path, int *fd) {
    if (camera_is_device(path)) {
        *fd = camera_open();
        return true;
    }
    if (camera_is_sys_file(path)) {
        *fd = camera_open_sys_file(path);
        return true;
    }
    if (is_any_camera(path)) {
        errno = ENOENT;
        *fd = -1;
        return true;
    }
    return false;
}

#define OPEN(folder, path, flags)                              \
    int fd;                                                    \
    if (answered(path, &fd))                                   \
        return fd;                                             \
    mode_t mode = 0;                                           \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                     \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        mode = va_arg(rest, mode_t);                           \
        va_end(rest);                                          \
    }                                                          \
    return REAL(openat)(folder, path, flags, mode)

int open(const char *path, int flags, ...) { OPEN(AT_FDCWD, path, flags); }
int open64(const char *path, int flags, ...) { OPEN(AT_FDCWD, path, flags | O_LARGEFILE); }
int openat(int folder, const char *path, int flags, ...) { OPEN(folder, path, flags); }
int openat64(int folder, const char *path, int flags, ...) { OPEN(folder, path, flags | O_LARGEFILE); }

ssize_t readlink(const char *restrict path, char *restrict to, size_t room) {
    static const char port[] = "../../../1-4:1.0";
    if (!camera_is_sys_link(path))
        return REAL(readlink)(path, to, room);
    size_t length = sizeof port - 1 < room ? sizeof port - 1 : room;
    memcpy(to, port, length);
    return (ssize_t)length;
}

int close(int fd) {
    if (camera_owns(fd))
        camera_close();
    return REAL(close)(fd);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    if (camera_owns(fd))
        fd = camera_memory();
    return REAL(mmap)(at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset) {
    return mmap(at, length, protection, flags, fd, offset);
}

/* Listing /dev: our camera once, real ones never. */

static DIR *devices; /* /dev while somebody lists it */
static bool told;    /* whether our entry has been given */

DIR *opendir(const char *path) {
    DIR *folder = REAL(opendir)(path);
    if (folder && (!strcmp(path, "/dev") || !strcmp(path, "/dev/"))) {
        devices = folder;
        told = false;
    }
    return folder;
}

struct dirent64 *readdir64(DIR *folder) {
    static struct dirent64 ours;
    if (folder != devices)
        return REAL(readdir64)(folder);
    if (!told && camera_present()) {
        told = true;
        ours = (struct dirent64){.d_ino = 4242, .d_type = DT_CHR, .d_reclen = sizeof ours};
        snprintf(ours.d_name, sizeof ours.d_name, "%s", camera_entry());
        return &ours;
    }
    struct dirent64 *entry = REAL(readdir64)(folder);
    while (entry && !strncmp(entry->d_name, "video", 5))
        entry = REAL(readdir64)(folder);
    return entry;
}

/* On 64-bit Linux the two structures are one. */
struct dirent *readdir(DIR *folder) { return (struct dirent *)readdir64(folder); }
