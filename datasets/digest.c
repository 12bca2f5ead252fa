#include "digest.h"
#include <string.h>

void digest_start(struct digest *d)
{
    sha256_init(&d->sha);
}

void digest_bytes(struct digest *d, const void *bytes, size_t size)
{
    sha256_update(&d->sha, size, bytes);
}

void digest_u64(struct digest *d, uint64_t v)
{
    uint8_t byte[8];
    for (int i = 0; i < 8; i++) byte[i] = (uint8_t)(v >> (8 * i) & 0xff);
    sha256_update(&d->sha, sizeof byte, byte);
}

void digest_real(struct digest *d, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    digest_u64(d, bits);
}

void digest_hex(struct digest *d, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_digest(&d->sha, sizeof sum, sum);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++) {
        hex[2 * i] = digits[sum[i] >> 4];
        hex[2 * i + 1] = digits[sum[i] & 15];
    }
    hex[64] = '\0';
}
