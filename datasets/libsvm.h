/* libsvm.h - the reader with more said, for the cache of rows and for tests. */
#ifndef LIBSVM_H
#define LIBSVM_H
#include "dataset.h"
#include <stddef.h>

/* Also the sha256 of the file's bytes as they are stored; that of the text when it is not compressed. */
bool libsvm_read_stored(const char *path, int64_t d, char stored[65], struct dataset *out, struct fail *f);
/* What a data set read from there is called: a9a.libsvm.bz2 in any directory is a9a. */
void libsvm_name(const char *path, char *name, size_t size);
/* With the piece size open: text is handed to the scanner at most `most` bytes at a time. */
bool libsvm_read_pieces(const char *path, int64_t d, size_t most, struct dataset *out, struct fail *f);
#endif
