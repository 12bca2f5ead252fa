/* digest.h - sha256 (nettle) of bytes and of numbers, the same on every machine: numbers go in as 8 bytes, lowest first. */
#ifndef DIGEST_H
#define DIGEST_H
#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
    struct sha256_ctx sha;
};
void digest_start(struct digest *d);
void digest_bytes(struct digest *d, const void *bytes, size_t size);
void digest_u64(struct digest *d, uint64_t v);
void digest_real(struct digest *d, double v); /* its IEEE 754 bits */
void digest_hex(struct digest *d, char hex[65]);
#endif
