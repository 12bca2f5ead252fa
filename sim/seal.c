/* seal.c - sha256 of an image as one line of text (FIPS 180-4, by nettle). */
#include "seal.h"
#include <string.h>

void seal_begin(struct sealing *s)
{
    sha256_init(&s->sum);
}

void seal_add(struct sealing *s, const void *bytes, size_t size)
{
    sha256_update(&s->sum, size, bytes);
}

void seal_end(struct sealing *s, uint8_t seal[SEAL_SIZE])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&s->sum, sizeof digest, digest);
    size_t mark = strlen(SEAL_MARK);
    memcpy(seal, SEAL_MARK, mark);
    for (size_t i = 0; i < sizeof digest; i++) {
        seal[mark + 2 * i] = (uint8_t) "0123456789abcdef"[digest[i] >> 4];
        seal[mark + 2 * i + 1] = (uint8_t) "0123456789abcdef"[digest[i] & 15];
    }
    seal[SEAL_SIZE - 1] = '\n';
}

void seal_write(const uint8_t *image, size_t size, uint8_t seal[SEAL_SIZE])
{
    struct sealing s;
    seal_begin(&s);
    seal_add(&s, image, size);
    seal_end(&s, seal);
}

bool seal_present(const uint8_t seal[SEAL_SIZE])
{
    return memcmp(seal, SEAL_MARK, strlen(SEAL_MARK)) == 0;
}

bool seal_matches(const uint8_t *image, size_t size, const uint8_t seal[SEAL_SIZE])
{
    uint8_t right[SEAL_SIZE];
    seal_write(image, size, right);
    return memcmp(right, seal, SEAL_SIZE) == 0;
}
