/* What device.c and ioctls.c share: the one camera there is. */
#ifndef CAMERA_H
#define CAMERA_H

#include "shim.h"

#include <linux/videodev2.h>
#include <pthread.h>

enum { MAX_BUFFERS = 8, MAX_RATES = 8 };

struct queue { int items[MAX_BUFFERS], length; };

struct camera {
    /* Set once, at the start. */
    const char *name;
    uint32_t rates[MAX_RATES];
    int rate_count;

    /* All below is guarded by `lock`. */
    pthread_mutex_t lock;
    enum state state;
    bool dead; /* unplugged while open: this opening stays dead even when plugged in again */
    int fd;    /* of the device file; -1 when it is not open */
    struct source *source;
    uint32_t fps;
    bool streaming;
    bool begun; /* streaming, now or before: ticks are counted from then on */
    uint32_t sequence;

    /* A buffer is queued (free to be filled), or filled, or in the program's hands. */
    int memory_fd, buffer_count;
    uint8_t *memory;
    size_t stride;
    struct queue queued, filled;
    bool lent[MAX_BUFFERS]; /* queued or filled: not the program's to queue again */
    struct v4l2_buffer details[MAX_BUFFERS];
};

extern struct camera camera;

void put(struct queue *queue, int item);
int take(struct queue *queue);
int refuse(int error);
void tell(const char *format, ...);

#endif
