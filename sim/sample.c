/* sample.c - random subsets without replacement, ascending, in a time that fits their size, and random partitions.
 *
 * Many of few coordinates: the first steps of a Fisher-Yates shuffle of a permutation that stays in the cache and is put back
 * to the identity afterwards.  Otherwise: Floyd's algorithm (Bentley and Floyd, CACM 1987) on a bitmap.  More than half of all
 * coordinates are drawn as the complement of the others.  In both regimes a bitmap does the sorting. */
#include "fail.h"
#include "rng.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The shuffle wins, as measured, up to SMALL coordinates when at least one in SPARSE is drawn. */
enum { SMALL = 8192, SPARSE = 16 };

static inline unsigned lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/* Write the coordinates that stand in `word`, word number `at` of a bitmap, to out, ascending; returns the new end of out. */
static inline uint32_t *emit(uint32_t *out, uint64_t word, uint32_t at)
{
    for (; word != 0; word &= word - 1) *out++ = at * 64 + lowest_bit(word);
    return out;
}

/* The bits of word number `at` that stand for coordinates below d. */
static inline uint64_t valid_bits(int64_t d, int64_t at)
{
    return d - 64 * at >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (d % 64)) - 1;
}

/* Coordinates drawn: `draws` of them; out receives them or, when inverted, all others. */
static void sample_by_shuffle(struct sampler *work, struct stream *s, uint32_t d, uint32_t draws, bool inverted, uint32_t *out)
{
    if (work->perm == NULL) {
        work->perm = xmalloc(SMALL * sizeof *work->perm);
        for (uint32_t i = 0; i < SMALL; i++) work->perm[i] = i;
    }
    uint32_t *perm = work->perm, chosen[SMALL / 2];
    uint64_t bits[SMALL / 64];
    uint32_t words = (d + 63) / 64;
    memset(bits, 0, words * sizeof *bits);
    for (uint32_t i = 0; i < draws; i++) {
        uint32_t j = i + stream_below(s, d - i), pick = perm[j];
        perm[j] = perm[i];
        chosen[i] = pick;
        bits[pick / 64] |= UINT64_C(1) << (pick % 64);
    }
    /* A position beyond the first `draws` held its own number when it was first met, so it was chosen: these two
     * assignments reach every position that changed. */
    for (uint32_t i = 0; i < draws; i++) {
        perm[i] = i;
        perm[chosen[i]] = chosen[i];
    }
    for (uint32_t w = 0; w < words; w++) out = emit(out, inverted ? ~bits[w] & valid_bits(d, w) : bits[w], w);
}

/* The bitmap and, behind it, a bitmap of its nonzero words: a scan of few coordinates skips 4096 at a time. */
static void make_bits(struct sampler *work, int64_t d)
{
    if (work->d >= d) return;
    size_t words = ((size_t)d + 63) / 64;
    free(work->bits);
    work->bits = xcalloc(words + (words + 63) / 64, sizeof *work->bits);
    work->d = d;
}

static void sample_by_floyd(struct sampler *work, struct stream *s, uint32_t d, uint32_t draws, bool inverted, uint32_t *out)
{
    make_bits(work, d);
    uint64_t *bits = work->bits, *nonzero = bits + ((size_t)work->d + 63) / 64;
    uint32_t words = (uint32_t)(((uint64_t)d + 63) / 64);
    for (uint32_t j = d - draws; j < d; j++) {
        uint32_t pick = stream_below(s, j + 1);
        bool taken = bits[pick / 64] >> (pick % 64) & 1;
        pick = taken ? j : pick;
        bits[pick / 64] |= UINT64_C(1) << (pick % 64);
        nonzero[pick / 4096] |= UINT64_C(1) << (pick / 64 % 64);
    }
    if (inverted) {
        for (uint32_t w = 0; w < words; w++) {
            out = emit(out, ~bits[w] & valid_bits(d, w), w);
            bits[w] = 0;
        }
        memset(nonzero, 0, (words + 63) / 64 * sizeof *nonzero);
        return;
    }
    for (uint32_t block = 0; block < (words + 63) / 64; block++) {
        for (uint64_t left = nonzero[block]; left != 0; left &= left - 1) {
            uint32_t w = block * 64 + lowest_bit(left);
            out = emit(out, bits[w], w);
            bits[w] = 0;
        }
        nonzero[block] = 0;
    }
}

void sample_subset(struct sampler *work, struct stream *s, int64_t d, int64_t k, uint32_t *out)
{
    assert(0 <= k && k <= d && d <= UINT32_MAX);
    bool inverted = k > d / 2;
    uint32_t draws = (uint32_t)(inverted ? d - k : k);
    if (draws == 0) { /* nothing or everything: no draw, no memory */
        for (uint32_t i = 0; i < k; i++) out[i] = i;
    } else if (d <= SMALL && (int64_t)draws * SPARSE >= d)
        sample_by_shuffle(work, s, (uint32_t)d, draws, inverted, out);
    else
        sample_by_floyd(work, s, (uint32_t)d, draws, inverted, out);
}

void sampler_free(struct sampler *work)
{
    free(work->perm);
    free(work->bits);
    free(work->partition.place);
    free(work->partition.list);
    *work = (struct sampler){0};
}

void sample_permutation(struct stream *s, int64_t d, uint32_t *out)
{
    assert(0 <= d && d <= UINT32_MAX);
    for (uint32_t i = 0; i < d; i++) out[i] = i;
    for (uint32_t i = (uint32_t)d; i > 1; i--) {
        uint32_t j = stream_below(s, i), last = out[i - 1];
        out[i - 1] = out[j];
        out[j] = last;
    }
}

/* Where block number `block` of n begins in a list of d: the first d mod n blocks are one longer. */
static int64_t block_start(int64_t d, int64_t n, int64_t block)
{
    const int64_t longer = d % n;
    return block * (d / n) + (block < longer ? block : longer);
}

static uint32_t block_of(uint32_t d, uint32_t n, uint32_t place)
{
    const uint32_t size = d / n, longer = d % n, head = longer * (size + 1);
    return place < head ? place / (size + 1) : longer + (place - head) / size;
}

/* The places of 0..d-1 in a random order, cut into blocks; each block's coordinates, met in order, fill it from its start. */
static void draw_blocks(struct stream *s, int64_t d, int64_t n, uint32_t *list)
{
    uint32_t *place = xmalloc((size_t)d * sizeof *place), *next = xmalloc((size_t)n * sizeof *next);
    sample_permutation(s, d, place);
    for (int64_t b = 0; b < n; b++) next[b] = (uint32_t)block_start(d, n, b);
    for (int64_t i = 0; i < d; i++) list[next[block_of((uint32_t)d, (uint32_t)n, place[i])]++] = (uint32_t)i;
    free(place);
    free(next);
}

static void draw_partition(struct partition *p, struct stream s, int64_t d, int64_t n)
{
    if (p->n != n) p->place = xrealloc(p->place, (size_t)n * sizeof *p->place);
    if (p->d != d || p->n != n) p->list = xrealloc(p->list, (size_t)(d > n ? d : n) * sizeof *p->list);
    p->of = s;
    p->d = d;
    p->n = n;
    sample_permutation(&s, n, p->place);
    for (int64_t i = 0; i < n && d < n; i++) p->list[i] = p->place[i] % (uint32_t)d;
    if (d >= n) draw_blocks(&s, d, n, p->list);
}

const uint32_t *sample_part(struct sampler *work, const struct stream *s, int64_t d, int64_t n, int64_t owner, int64_t *count)
{
    assert(1 <= d && 0 <= owner && owner < n && d <= UINT32_MAX && n <= UINT32_MAX);
    struct partition *p = &work->partition;
    if (p->d != d || p->n != n || memcmp(&p->of, s, sizeof *s) != 0) draw_partition(p, *s, d, n);
    *count = 1;
    if (d < n) return p->list + owner;
    const int64_t block = p->place[owner], from = block_start(d, n, block);
    *count = block_start(d, n, block + 1) - from;
    return p->list + from;
}
