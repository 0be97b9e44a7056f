/* A V4L2 camera that exists only inside one process: LD_PRELOAD this library and the program's own
 * camera code finds, opens and streams from it. Real cameras are hidden.
 *
 * shim.c      stands in for the C library's calls on device files and sends them to
 * device.c    the camera: its ioctls, its clock, its faults
 * pictures.c  what it sees
 *
 * Told by environment variables:
 *   SHIM_DIR     folder of pictures: WxH.yuyv and WxH.grey (raw frames), WxH.mjpg (JPEGs one after
 *                the other). Without it the machine has no camera at all.
 *   SHIM_INDEX   number N of /dev/videoN; 42
 *   SHIM_NAME    the camera's name; "Shim Camera"
 *   SHIM_SERIAL  its serial number; without it, it has none
 *   SHIM_RENUMBER  number N it has when it comes back after it was unplugged; the old one
 *   SHIM_FPS     rates it offers, first is the default; "30,15"
 *   SHIM_STATE   state at the start; "ok"
 *   SHIM_CTL     file holding a state, read again every 5 ms
 *   SHIM_SCRIPT  states by tick, "60:stall,90:ok"; ticks run at the rate from the first
 *                streaming on, unplugged or not
 *   SHIM_LOG     if set, every call is told on standard error
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What goes wrong at the moment. */
enum state {
    OK,
    STALL,    /* frames stop, nothing says why */
    UNPLUG,   /* the device is gone: ENODEV */
    CORRUPT,  /* bytes in the middle of each frame are wrong */
    TRUNCATE, /* only the first third of each frame is written */
    BLACK,    /* the lens is covered; MJPEG frames are no JPEGs */
    FAIL,     /* taking a frame gives EIO */
    BUSY,     /* another program streams */
    SLOW,     /* one frame in ten arrives */
    DENIED,   /* opening gives EACCES */
    HALF,     /* every second frame arrives */
    FROZEN,   /* the same picture again and again */
    RESIZE,   /* MJPEG pictures of another size than agreed: of the next file of that encoding */
    REFUSE,   /* setting the format fails */
    HANG,     /* opening takes for ever, and no signal ends that */
    PANIC,    /* the driver's library panics: requested buffers come with an index out of range */
    STATES
};

/* One format, with its pictures. */
struct source {
    uint32_t fourcc, width, height;
    uint8_t *data;
    size_t *start; /* of each picture in `data`, and one more for the end */
    int count;
};

enum { MAX_SOURCES = 16 };
extern struct source sources[MAX_SOURCES];
extern int source_count;
void load_sources(const char *folder);

/* Room for one raw frame; buffers have this size whatever the encoding. */
size_t frame_room(const struct source *source);

/* The camera. Like system calls, these give -1 and set errno when they fail. */
void camera_start(void);
bool camera_present(void);
bool camera_owns(int fd);
bool camera_is_device(const char *path);
bool camera_is_sys_file(const char *path); /* what /sys tells of it: name, index, serial */
bool camera_is_sys_link(const char *path); /* the link to where it is plugged in */
const char *camera_entry(void); /* its name in /dev */
int camera_open(void);
int camera_open_sys_file(const char *path);
void camera_close(void);
int camera_ioctl(unsigned long request, void *argument);
int camera_memory(void); /* file to map instead of the device */

#endif
