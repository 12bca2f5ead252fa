/* sealed_read.h - a result file as verified bytes. */
#ifndef SEALED_READ_H
#define SEALED_READ_H
#include "fail.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read a sealed result file (seal.h) once and verify it: *bytes (to be freed) holds the HDF5 image, *size its length without the
 * seal.  Fails in one line on what cannot be opened, is no regular file, is no HDF5 file, has no seal, or does not match it;
 * nothing of a file's size is taken before its first and last bytes were looked at. */
bool sealed_read(const char *path, uint8_t **bytes, size_t *size, struct fail *f);
#endif
