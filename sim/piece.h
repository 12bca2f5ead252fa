/* piece.h - a stretch of memory that is somebody else's. */
#ifndef PIECE_H
#define PIECE_H
#include <stddef.h>

struct piece {
    const void *data;
    size_t bytes;
};
#endif
