/* seal.h - the last line of a result file: a checksum over everything before it.
 *
 * HDF5 ignores what follows the end of its own address space, so h5dump, h5py and the like read a sealed image as it is,
 * and any flipped or missing byte is known before the HDF5 library looks at the file. */
#ifndef SEAL_H
#define SEAL_H
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_MARK "gradwire-sha256:"
enum { SEAL_SIZE = 16 + 64 + 1 }; /* the mark, sha256 in hexadecimal, newline */

/* The seal of bytes that come one after another. */
struct sealing {
    struct sha256_ctx sum;
};
void seal_begin(struct sealing *s);
void seal_add(struct sealing *s, const void *bytes, size_t size);
void seal_end(struct sealing *s, uint8_t seal[SEAL_SIZE]);

void seal_write(const uint8_t *image, size_t size, uint8_t seal[SEAL_SIZE]);   /* the seal of image[0 .. size) */
bool seal_present(const uint8_t seal[SEAL_SIZE]);                              /* is this a seal at all?       */
bool seal_matches(const uint8_t *image, size_t size, const uint8_t seal[SEAL_SIZE]);
#endif
