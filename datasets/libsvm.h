/* libsvm.h - the reader with its piece size open, for tests: text is handed to the scanner at most `most` bytes at a time. */
#ifndef LIBSVM_H
#define LIBSVM_H
#include "dataset.h"
#include <stddef.h>

bool libsvm_read_pieces(const char *path, int64_t d, size_t most, struct dataset *out, struct fail *f);
#endif
