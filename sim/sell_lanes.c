/* sell_lanes.c - the sums of sell.h for several arrays at once: position p of array l stands at x[p * lanes + l], so that one
 * index serves all and every addition is one of whole vectors.  Array by array the same additions in the same order, hence the
 * same bits. */
#include "sell.h"
#include "wide.h"

typedef double four __attribute__((vector_size(32), aligned(32)));
typedef double eight __attribute__((vector_size(64), aligned(64)));

#define AT(word, lane) x[(uint16_t)((word) >> (16 * (lane)))]

/* One chunk at a time: its four sums, each as wide as there are arrays, hide the latency of the additions. */
#define DEFINE_SUMS(name, wide)                                                                                                  \
    WIDE static void name(const struct sell *s, const wide *x, wide *sum)                                                        \
    {                                                                                                                            \
        const uint64_t *p = s->index;                                                                                            \
        const double *f = s->value;                                                                                              \
        for (int64_t c = 0; c < s->chunks; c++, sum += 4) {                                                                      \
            const uint32_t length = s->length[c];                                                                                \
            wide a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};                                                                         \
            if (f) {                                                                                                             \
                for (uint32_t k = 0; k < length; k++, f += 4) {                                                                  \
                    const uint64_t u = p[k];                                                                                     \
                    a0 += f[0] * AT(u, 0), a1 += f[1] * AT(u, 1), a2 += f[2] * AT(u, 2), a3 += f[3] * AT(u, 3);                  \
                }                                                                                                                \
            } else {                                                                                                             \
                for (uint32_t k = 0; k < length; k++) {                                                                          \
                    const uint64_t u = p[k];                                                                                     \
                    a0 += AT(u, 0), a1 += AT(u, 1), a2 += AT(u, 2), a3 += AT(u, 3);                                              \
                }                                                                                                                \
            }                                                                                                                    \
            sum[0] = a0, sum[1] = a1, sum[2] = a2, sum[3] = a3;                                                                  \
            p += length;                                                                                                         \
        }                                                                                                                        \
    }
DEFINE_SUMS(sums_of_four, four)
DEFINE_SUMS(sums_of_eight, eight)

void sell_sums_lanes(const struct sell *s, int lanes, const double *x, double *sum)
{
    if (lanes == 4)
        sums_of_four(s, (const four *)x, (four *)sum);
    else
        sums_of_eight(s, (const eight *)x, (eight *)sum);
}
