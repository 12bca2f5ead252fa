/* sell.c - building and summing padded, interleaved lists. */
#include "sell.h"
#include "fail.h"
#include <stdlib.h>

/* Lanes by length, longest first, equal lengths in their own order (counting sort). */
static int64_t lanes_by_length(int64_t lanes, const uint32_t *start, bool drop_empty, uint16_t *order)
{
    uint32_t longest = 0;
    for (int64_t k = 0; k < lanes; k++) {
        const uint32_t length = start[k + 1] - start[k];
        if (length > longest) longest = length;
    }
    uint32_t *place = xcalloc(longest + 2, sizeof *place);
    for (int64_t k = 0; k < lanes; k++) place[longest - (start[k + 1] - start[k]) + 1]++;
    for (uint32_t i = 0; i <= longest; i++) place[i + 1] += place[i];
    const int64_t kept = drop_empty ? place[longest] : lanes; /* empty lanes come last */
    for (int64_t k = 0; k < lanes; k++) {
        const uint32_t at = place[longest - (start[k + 1] - start[k])]++;
        if (at < kept) order[at] = (uint16_t)k;
    }
    free(place);
    return kept;
}

static void fill_chunk(struct sell *s, int64_t chunk, size_t at, const uint32_t *start, const uint16_t *position,
                       const double *value, uint16_t padding)
{
    for (uint32_t step = 0; step < s->length[chunk]; step++) {
        uint64_t word = 0;
        for (int64_t r = 0; r < 4; r++) {
            const int64_t lane = 4 * chunk + r;
            uint16_t index = padding;
            if (lane < s->lanes) {
                const uint32_t entry = start[s->target[lane]] + step;
                if (entry < start[s->target[lane] + 1]) {
                    index = position[entry];
                    if (value) s->value[4 * (at + step) + (size_t)r] = value[entry];
                }
            }
            word |= (uint64_t)index << (16 * r);
        }
        s->index[at + step] = word;
    }
}

struct sell *sell_build(int64_t lanes, const uint32_t *start, const uint16_t *position, const double *value, uint16_t padding,
                        bool drop_empty)
{
    struct sell *s = xcalloc(1, sizeof *s);
    s->target = xmalloc((size_t)(lanes + 1) * sizeof *s->target);
    s->lanes = lanes_by_length(lanes, start, drop_empty, s->target);
    s->in_order = true;
    for (int64_t k = 0; k < s->lanes; k++) s->in_order &= s->target[k] == k;
    s->chunks = (s->lanes + 7) / 8 * 2;
    s->length = xcalloc((size_t)s->chunks + 1, sizeof *s->length);
    size_t steps = 0;
    for (int64_t c = 0; 4 * c < s->lanes; c++) {
        const uint16_t longest = s->target[4 * c];
        s->length[c] = start[longest + 1] - start[longest];
        steps += s->length[c];
    }
    if (4 * steps > 2 * (size_t)start[lanes] + 4096) {
        sell_free(s);
        return NULL;
    }
    s->index = xmalloc((steps + 1) * sizeof *s->index);
    if (value) s->value = xcalloc(4 * steps + 1, sizeof *s->value);
    size_t at = 0;
    for (int64_t c = 0; c < s->chunks; c++) {
        fill_chunk(s, c, at, start, position, value, padding);
        at += s->length[c];
    }
    return s;
}

void sell_free(struct sell *s)
{
    if (!s) return;
    free(s->length);
    free(s->index);
    free(s->value);
    free(s->target);
    free(s);
}

#define AT(word, lane) x[(uint16_t)((word) >> (16 * (lane)))]

/* Two chunks at a time: eight independent sums hide the latency of the additions. */
static void sums_plain(const struct sell *s, const double *x, double *sum)
{
    const uint64_t *p = s->index;
    for (int64_t c = 0; c < s->chunks; c += 2, sum += 8) {
        const uint32_t first = s->length[c], both = s->length[c + 1];
        const uint64_t *q = p + first;
        double a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
        uint32_t k = 0;
        for (; k < both; k++) {
            const uint64_t u = p[k], v = q[k];
            a0 += AT(u, 0), a1 += AT(u, 1), a2 += AT(u, 2), a3 += AT(u, 3);
            b0 += AT(v, 0), b1 += AT(v, 1), b2 += AT(v, 2), b3 += AT(v, 3);
        }
        for (; k < first; k++) {
            const uint64_t u = p[k];
            a0 += AT(u, 0), a1 += AT(u, 1), a2 += AT(u, 2), a3 += AT(u, 3);
        }
        sum[0] = a0, sum[1] = a1, sum[2] = a2, sum[3] = a3;
        sum[4] = b0, sum[5] = b1, sum[6] = b2, sum[7] = b3;
        p = q + both;
    }
}

enum { AHEAD = 256 }; /* values are four times as many bytes as positions and come from far: they are asked for this early */

static void sums_weighted(const struct sell *s, const double *x, double *sum)
{
    const uint64_t *p = s->index;
    const double *f = s->value;
    for (int64_t c = 0; c < s->chunks; c += 2, sum += 8) {
        const uint32_t first = s->length[c], both = s->length[c + 1];
        const uint64_t *q = p + first;
        const double *g = f + 4 * (size_t)first;
        double a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
        uint32_t k = 0;
        for (; k < both; k++) {
            const uint64_t u = p[k], v = q[k];
            __builtin_prefetch(f + 4 * k + AHEAD), __builtin_prefetch(g + 4 * k + AHEAD);
            a0 += f[4 * k] * AT(u, 0), a1 += f[4 * k + 1] * AT(u, 1), a2 += f[4 * k + 2] * AT(u, 2),
                a3 += f[4 * k + 3] * AT(u, 3);
            b0 += g[4 * k] * AT(v, 0), b1 += g[4 * k + 1] * AT(v, 1), b2 += g[4 * k + 2] * AT(v, 2),
                b3 += g[4 * k + 3] * AT(v, 3);
        }
        for (; k < first; k++) {
            const uint64_t u = p[k];
            a0 += f[4 * k] * AT(u, 0), a1 += f[4 * k + 1] * AT(u, 1), a2 += f[4 * k + 2] * AT(u, 2),
                a3 += f[4 * k + 3] * AT(u, 3);
        }
        sum[0] = a0, sum[1] = a1, sum[2] = a2, sum[3] = a3;
        sum[4] = b0, sum[5] = b1, sum[6] = b2, sum[7] = b3;
        p = q + both;
        f = g + 4 * (size_t)both;
    }
}

void sell_sums(const struct sell *s, const double *x, double *sum)
{
    if (s->value)
        sums_weighted(s, x, sum);
    else
        sums_plain(s, x, sum);
}
