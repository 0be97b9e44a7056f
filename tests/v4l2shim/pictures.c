#define _GNU_SOURCE
#include "shim.h"

#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source sources[MAX_SOURCES];
int source_count;

size_t frame_room(const struct source *source) {
    return (size_t)source->width * source->height * 2;
}

static uint8_t *read_whole(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*length + 1);
    if (fread(data, 1, *length, file) != *length)
        *length = 0;
    fclose(file);
    return data;
}

static void add_start(struct source *source, size_t at) {
    size_t size = sizeof(size_t) * (size_t)(source->count + 2);
    source->start = realloc(source->start, size);
    source->start[source->count++] = at;
}

static bool jpeg_starts(const uint8_t *data, size_t at, size_t length) {
    static const uint8_t begin[] = {0xFF, 0xD8, 0xFF};
    static const uint8_t end[] = {0xFF, 0xD9};
    if (at + sizeof begin > length || memcmp(data + at, begin, sizeof begin))
        return false;
    return at == 0 || !memcmp(data + at - 2, end, sizeof end);
}

/* Finds where each picture starts. The last start is the end of the data, not counted. */
static void index_pictures(struct source *source, size_t length) {
    size_t end = length;
    if (source->fourcc == V4L2_PIX_FMT_MJPEG) {
        for (size_t at = 0; at < length; at++)
            if (jpeg_starts(source->data, at, length))
                add_start(source, at);
    } else {
        size_t bytes = source->fourcc == V4L2_PIX_FMT_YUYV ? 2 : 1;
        size_t frame = bytes * source->width * source->height;
        for (size_t at = 0; at + frame <= length; at += frame)
            add_start(source, at);
        end = frame * (size_t)source->count;
    }
    if (source->count)
        source->start[source->count] = end;
}

void load_sources(const char *folder) {
    static const struct { const char *ending; uint32_t fourcc; } encodings[] = {
        {"yuyv", V4L2_PIX_FMT_YUYV}, {"mjpg", V4L2_PIX_FMT_MJPEG}, {"grey", V4L2_PIX_FMT_GREY}};
    static const uint32_t sizes[][2] = {{320, 240}, {640, 480}, {800, 600}, {1280, 720}, {1920, 1080}};
    for (size_t e = 0; e < sizeof encodings / sizeof *encodings; e++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%ux%u.%s", folder, sizes[s][0], sizes[s][1], encodings[e].ending);
            size_t length = 0;
            struct source *source = &sources[source_count];
            source->data = read_whole(path, &length);
            if (!source->data || source_count + 1 == MAX_SOURCES)
                continue;
            source->fourcc = encodings[e].fourcc;
            source->width = sizes[s][0];
            source->height = sizes[s][1];
            index_pictures(source, length);
            if (source->count)
                source_count++;
        }
}
