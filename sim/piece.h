/* piece.h - a stretch of memory that is somebody else's, and who takes such stretches one after another. */
#ifndef PIECE_H
#define PIECE_H
#include <stddef.h>

struct piece {
    const void *data;
    size_t bytes;
};
typedef void put_bytes(void *to, const void *bytes, size_t size);
#endif
