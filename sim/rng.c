/* rng.c - Philox4x32-10 streams (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC'11). */
#include "rng.h"
#include "real.h"
#include <math.h>

/* One round: two 32x32 -> 64 bit products, their halves crossed over and mixed with the key. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int i = 0; i < 10; i++) {
        uint64_t p0 = (uint64_t)c0 * UINT32_C(0xD2511F53), p1 = (uint64_t)c2 * UINT32_C(0xCD9E8D57);
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9E3779B9); /* golden ratio */
        k1 += UINT32_C(0xBB67AE85); /* sqrt(3) - 1  */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

struct stream stream(uint64_t seed, enum purpose purpose, uint32_t lane, uint32_t round, uint32_t client)
{
    return (struct stream){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                           .counter = {0, (uint32_t)purpose << 24 | (lane & UINT32_C(0xffffff)), round, client},
                           .used = 4};
}

uint32_t stream_u32(struct stream *s)
{
    if (s->used == 4) {
        philox4x32(s->counter, s->key, s->block);
        s->counter[0]++;
        s->used = 0;
    }
    return s->block[s->used++];
}

uint64_t stream_u64(struct stream *s)
{
    uint64_t low = stream_u32(s);
    return (uint64_t)stream_u32(s) << 32 | low;
}

double stream_uniform(struct stream *s)
{
    return (double)(stream_u64(s) >> 11) * 0x1p-53;
}

bool stream_bernoulli(struct stream *s, double p)
{
    return stream_uniform(s) < p;
}

/* Lemire, Fast random integer generation in an interval, TOMACS 2019: the high word of u n is uniform once the
 * 2^32 mod n lowest values of the low word are refused. */
uint32_t stream_below(struct stream *s, uint32_t n)
{
    uint64_t product = (uint64_t)stream_u32(s) * n;
    if ((uint32_t)product < n) {
        uint32_t refused = -n % n;
        while ((uint32_t)product < refused) product = (uint64_t)stream_u32(s) * n;
    }
    return (uint32_t)(product >> 32);
}

/* Marsaglia's polar method.  The second number of the pair is thrown away: a stream holds nothing but its place. */
double stream_gaussian(struct stream *s)
{
    double u, q;
    do {
        double v;
        u = 2 * stream_uniform(s) - 1;
        v = 2 * stream_uniform(s) - 1;
        q = u * u + v * v;
    } while (q >= 1 || q == 0);
    return u * sqrt(-2 * real_log(q) / q);
}

static void philox_set(void *state, unsigned long seed)
{
    *(struct stream *)state = stream(seed, (enum purpose)0, 0, 0, 0);
}
static unsigned long philox_get(void *state)
{
    return stream_u32(state);
}
static double philox_get_double(void *state)
{
    return stream_uniform(state);
}

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10",
    .max = 0xffffffffUL,
    .min = 0,
    .size = sizeof(struct stream),
    .set = philox_set,
    .get = philox_get,
    .get_double = philox_get_double,
};
const gsl_rng_type *const rng_philox = &philox_type;

gsl_rng stream_gsl(struct stream *s)
{
    return (gsl_rng){.type = rng_philox, .state = s};
}
