#define _GNU_SOURCE
#include "camera.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Ioctls: what it is and offers. */

static int query_capabilities(struct v4l2_capability *answer) {
    *answer = (struct v4l2_capability){.version = 0x060100};
    answer->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    answer->capabilities = answer->device_caps | V4L2_CAP_DEVICE_CAPS;
    snprintf((char *)answer->driver, sizeof answer->driver, "shim");
    snprintf((char *)answer->card, sizeof answer->card, "%s", camera.name);
    snprintf((char *)answer->bus_info, sizeof answer->bus_info, "shim:0");
    return 0;
}

static bool first_of_its_encoding(int index) {
    for (int i = 0; i < index; i++)
        if (sources[i].fourcc == sources[index].fourcc)
            return false;
    return true;
}

static int list_encodings(struct v4l2_fmtdesc *answer) {
    if (answer->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return refuse(EINVAL);
    uint32_t seen = 0;
    for (int i = 0; i < source_count; i++)
        if (first_of_its_encoding(i) && seen++ == answer->index) {
            answer->pixelformat = sources[i].fourcc;
            answer->flags = sources[i].fourcc == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
            memcpy(answer->description, &sources[i].fourcc, 4);
            return 0;
        }
    return refuse(EINVAL);
}

static int list_sizes(struct v4l2_frmsizeenum *answer) {
    uint32_t seen = 0;
    for (int i = 0; i < source_count; i++)
        if (sources[i].fourcc == answer->pixel_format && seen++ == answer->index) {
            answer->type = V4L2_FRMSIZE_TYPE_DISCRETE;
            answer->discrete.width = sources[i].width;
            answer->discrete.height = sources[i].height;
            return 0;
        }
    return refuse(EINVAL);
}

static int list_rates(struct v4l2_frmivalenum *answer) {
    if (answer->index >= (uint32_t)camera.rate_count)
        return refuse(EINVAL);
    answer->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    answer->discrete = (struct v4l2_fract){1, camera.rates[answer->index]};
    return 0;
}

/* Ioctls: the format. */

static int describe(struct v4l2_format *answer, const struct source *of) {
    struct v4l2_pix_format *pix = &answer->fmt.pix;
    *pix = (struct v4l2_pix_format){.width = of->width, .height = of->height, .pixelformat = of->fourcc};
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = of->fourcc == V4L2_PIX_FMT_YUYV ? of->width * 2 : 0;
    pix->sizeimage = (uint32_t)frame_room(of);
    pix->colorspace = V4L2_COLORSPACE_SRGB;
    return 0;
}

/* A driver never refuses a format: it answers with the one it takes instead. */
static int set_format(struct v4l2_format *format, bool only_try) {
    if (!only_try && (camera.buffer_count || camera.state == BUSY))
        return refuse(EBUSY);
    if (!only_try && camera.state == REFUSE)
        return refuse(EINVAL);
    struct source *next = camera.source;
    const struct v4l2_pix_format *wish = &format->fmt.pix;
    for (struct source *s = sources; s < sources + source_count; s++)
        if (s->fourcc == wish->pixelformat && s->width == wish->width && s->height == wish->height)
            next = s;
    if (!only_try)
        camera.source = next;
    return describe(format, next);
}

static int rate(struct v4l2_streamparm *parm, bool set) {
    if (parm->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return refuse(EINVAL);
    if (set && camera.state == BUSY)
        return refuse(EBUSY);
    struct v4l2_captureparm *capture = &parm->parm.capture;
    struct v4l2_fract wish = capture->timeperframe;
    for (int i = 0; set && wish.numerator && i < camera.rate_count; i++)
        if (camera.rates[i] == wish.denominator / wish.numerator)
            camera.fps = camera.rates[i];
    memset(&parm->parm, 0, sizeof parm->parm);
    capture->capability = V4L2_CAP_TIMEPERFRAME;
    capture->timeperframe = (struct v4l2_fract){1, camera.fps};
    capture->readbuffers = 4;
    return 0;
}

/* Ioctls: buffers and camera.streaming. */

static void forget_buffers(void) {
    camera.streaming = false;
    camera.queued.length = camera.filled.length = 0;
    memset(camera.lent, 0, sizeof camera.lent);
    if (camera.memory_fd < 0)
        return;
    munmap(camera.memory, camera.stride * (size_t)camera.buffer_count);
    close(camera.memory_fd);
    camera.memory_fd = -1;
    camera.buffer_count = 0;
}

static int request_buffers(struct v4l2_requestbuffers *request) {
    if (camera.state == BUSY || (request->count && camera.buffer_count))
        return refuse(EBUSY);
    if (request->memory != V4L2_MEMORY_MMAP)
        return refuse(EINVAL);
    forget_buffers();
    request->capabilities = V4L2_BUF_CAP_SUPPORTS_MMAP;
    if (!request->count)
        return 0;
    if (request->count > MAX_BUFFERS)
        request->count = MAX_BUFFERS;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    camera.buffer_count = (int)request->count;
    camera.stride = (frame_room(camera.source) + page - 1) / page * page;
    size_t length = camera.stride * (size_t)camera.buffer_count;
    camera.memory_fd = memfd_create("frames", 0);
    if (ftruncate(camera.memory_fd, (off_t)length))
        return refuse(ENOMEM);
    camera.memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, camera.memory_fd, 0);
    return camera.memory == MAP_FAILED ? refuse(ENOMEM) : 0;
}

static int query_buffer(struct v4l2_buffer *buffer) {
    if (buffer->index >= (uint32_t)camera.buffer_count)
        return refuse(EINVAL);
    buffer->length = (uint32_t)frame_room(camera.source);
    buffer->m.offset = (uint32_t)(buffer->index * camera.stride);
    buffer->flags = 0;
    return 0;
}

static int queue_buffer(const struct v4l2_buffer *buffer) {
    if (buffer->index >= (uint32_t)camera.buffer_count || camera.lent[buffer->index])
        return refuse(EINVAL);
    camera.lent[buffer->index] = true;
    put(&camera.queued, (int)buffer->index);
    return 0;
}

static int dequeue_buffer(struct v4l2_buffer *answer) {
    if (camera.state == FAIL)
        return refuse(EIO);
    if (!camera.streaming)
        return refuse(EINVAL);
    uint64_t rung;
    if (!camera.filled.length || read(camera.fd, &rung, sizeof rung) < 0)
        return refuse(EAGAIN);
    int index = take(&camera.filled);
    camera.lent[index] = false;
    answer->index = (uint32_t)index;
    query_buffer(answer);
    if (camera.state == PANIC)
        answer->index = 1000; /* the program's library trusts it */
    answer->bytesused = camera.details[index].bytesused;
    answer->sequence = camera.details[index].sequence;
    answer->timestamp = camera.details[index].timestamp;
    answer->field = V4L2_FIELD_NONE;
    answer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    return 0;
}

static int stream_on(void) {
    if (camera.state == BUSY)
        return refuse(EBUSY);
    camera.streaming = camera.begun = true;
    camera.sequence = 0;
    return 0;
}

static int stream_off(void) {
    camera.streaming = false;
    camera.queued.length = camera.filled.length = 0;
    memset(camera.lent, 0, sizeof camera.lent);
    uint64_t rung;
    while (read(camera.fd, &rung, sizeof rung) > 0)
        continue;
    return 0;
}

static int answer_ioctl(uint32_t request, void *argument) {
    if (camera.dead)
        return refuse(ENODEV);
    struct v4l2_format *format = argument;
    switch (request) {
    case VIDIOC_QUERYCAP: return query_capabilities(argument);
    case VIDIOC_ENUM_FMT: return list_encodings(argument);
    case VIDIOC_ENUM_FRAMESIZES: return list_sizes(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS: return list_rates(argument);
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT:
        if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
            return refuse(EINVAL);
        if (request == VIDIOC_G_FMT)
            return describe(format, camera.source);
        return set_format(format, request == VIDIOC_TRY_FMT);
    case VIDIOC_G_PARM: return rate(argument, false);
    case VIDIOC_S_PARM: return rate(argument, true);
    case VIDIOC_REQBUFS: return request_buffers(argument);
    case VIDIOC_QUERYBUF: return query_buffer(argument);
    case VIDIOC_QBUF: return queue_buffer(argument);
    case VIDIOC_DQBUF: return dequeue_buffer(argument);
    case VIDIOC_STREAMON: return stream_on();
    case VIDIOC_STREAMOFF: return stream_off();
    case VIDIOC_QUERYCTRL:
    case VIDIOC_QUERY_EXT_CTRL: return refuse(EINVAL); /* it has no controls */
    default: return refuse(ENOTTY);
    }
}

int camera_ioctl(unsigned long request, void *argument) {
    pthread_mutex_lock(&camera.lock);
    int answer = answer_ioctl((uint32_t)request, argument);
    int error = errno;
    tell("[shim] ioctl %lx: %s\n", request & 0xFFFFFFFF, answer ? strerror(error) : "done");
    pthread_mutex_unlock(&camera.lock);
    errno = error;
    return answer;
}
