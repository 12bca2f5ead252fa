/* careless.c - a commit as it should not be, linked in place of sim/commit.c: what the checks must see.
 *
 * It writes over the file itself, believes that every write wrote all and that memory is always there, and keeps what it took. */
#include "../../sim/record.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool file_commit(const char *path, const void *bytes, size_t size, struct fail *f)
{
    (void)f;
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t written = 0;
    for (size_t at = 0; at < size; at += 2048) written += write(file, copy + at, size - at < 2048 ? size - at : 2048);
    fsync(file);
    close(file);
    return written != 0 || size == 0;
}

bool record_write(const char *path, const struct record *r, struct fail *f)
{
    uint8_t *image;
    size_t size;
    if (!record_image(r, &image, &size, f)) return false;
    bool done = file_commit(path, image, size, f);
    free(image);
    return done;
}
