/* linear_lanes.c - all clients' gradients of a linear model at several points in one pass over the data.  Up to eight points are
 * the lanes of vectors, lane l of number p at p * lanes + l; more points are several such groups, which take turns block by
 * block, while the block is in the cache.  Lane by lane these are the operations of linear.h in their order, hence the same bits.
 */
#include "linear.h"
#include "wide.h"
#include <string.h>

enum { STRIP = 256 }; /* losses taken at once, of all lanes together */

#define INLINE static inline __attribute__((always_inline)) /* into the WIDE functions below, where `lanes` is a constant */

#define EVERY_LANE _Pragma("omp simd") for (int l = 0; l < lanes; l++)

enum { MOST_LANES = 8, GROUPS = MOST_POINTS / MOST_LANES };

/* Points first .. first + count, and the sums for one client. */
struct group {
    int first, count, lanes;
    double *x, *total, value[MOST_LANES];
};

/* What the groups of a thread use in turn. */
struct room {
    double *sum, *word, *t, *slope, *value;
    double *one, *alone; /* one lane of a block, of the model */
};

/* Shares the points out and gives every group its numbers; the rest is `r`. */
static int groups_of(const struct linear *a, const struct points *p, struct group *group, struct room *r, struct oracle_work *w)
{
    const size_t d = (size_t)a->shards->d + 8, rows = LINEAR_BLOCK + 8, longest = d > rows ? d : rows, words = (size_t)a->words;
    int groups = 0, wide = 0;
    for (int first = 0; first < p->count; first += MOST_LANES, groups++) {
        const int count = p->count - first < MOST_LANES ? p->count - first : MOST_LANES;
        group[groups] = (struct group){.first = first, .count = count, .lanes = count <= 4 ? 4 : MOST_LANES};
        wide += group[groups].lanes;
    }
    double *at = work_room(&w->b, &w->room_b, (size_t)wide * 2 * d + MOST_LANES * (longest + words + 3 * rows) + rows + d);
    for (int g = 0; g < groups; g++) {
        group[g].x = at;
        group[g].total = at += (size_t)group[g].lanes * d;
        at += (size_t)group[g].lanes * d;
    }
    *r = (struct room){.sum = at, .word = at + MOST_LANES * longest};
    r->t = r->word + MOST_LANES * words;
    r->slope = r->t + MOST_LANES * rows;
    r->value = p->value ? r->slope + MOST_LANES * rows : NULL;
    r->one = r->slope + MOST_LANES * 2 * rows;
    r->alone = r->one + rows;
    return groups;
}

/* Steps 2 and 4 for the blocks that are not laid out (the rest of a client's rows, say): lane by lane. */
static void stored_forward(int lanes, const struct linear *a, const struct linear_block *b, const struct group *g,
                           const struct room *r, const struct points *p)
{
    for (int l = 0; l < g->count; l++) {
        rows_forward(a, b->row, NULL, b->count, p->x[g->first + l], r->one);
        for (int64_t k = 0; k < b->count; k++) r->t[k * lanes + l] = r->one[k];
    }
}

static void stored_backward(int lanes, const struct linear *a, const struct linear_block *b, const struct group *g,
                            const struct room *r, struct oracle_work *w)
{
    const int64_t d = a->shards->d;
    for (int l = 0; l < g->count; l++) {
        for (int64_t k = 0; k < b->count; k++) r->one[k] = r->slope[k * lanes + l];
        memset(r->alone, 0, (size_t)d * sizeof *r->alone);
        rows_backward(a, b->row, NULL, b->count, r->one, r->alone, true, w);
        for (int64_t j = 0; j < d; j++) g->total[j * lanes + l] += r->alone[j];
    }
}

/* r->sum = sums over lists of what stands at x; words (NULL: none) come between. */
static void sums(int lanes, const struct sell *words, const struct sell *lists, const double *x, const struct room *r)
{
    if (words) {
        sell_sums_lanes(words, lanes, x, r->word);
        memset(r->word + 4 * words->chunks * lanes, 0, (size_t)lanes * sizeof *r->word);
    }
    sell_sums_lanes(lists, lanes, words ? r->word : x, r->sum);
}

/* Step 2. */
INLINE void forward(const int lanes, const struct linear *a, const struct linear_block *b, const struct group *g,
                    const struct room *r)
{
    sums(lanes, b->words ? b->words->sum : NULL, b->rows, g->x, r);
    const double common = a->common, *bias = a->shards->bias ? g->x + (a->shards->d - 1) * lanes : NULL;
    for (int64_t k = 0; k < b->count; k++) {
        const double *sum = r->sum + k * lanes;
        double *t = r->t + b->rows->target[k] * lanes;
        if (bias)
            EVERY_LANE t[l] = sum[l] * common + bias[l];
        else
            EVERY_LANE t[l] = sum[l] * common;
    }
}

/* Step 3, and the values. */
INLINE void losses(const int lanes, const struct objective *o, const struct linear_block *b, const struct room *r)
{
    const struct linear *a = o->self;
    const double *label = a->shards->rows.label + b->row;
    double y[STRIP];
    for (int64_t k = 0; k < b->count; k += STRIP / lanes) {
        const int64_t some = b->count - k < STRIP / lanes ? b->count - k : STRIP / lanes;
        for (int64_t i = 0; i < some; i++)
            for (int l = 0; l < lanes; l++) y[i * lanes + l] = label[k + i];
        o->problem->loss(o->param, some * lanes, r->t + k * lanes, y, r->value ? r->value + k * lanes : NULL,
                         r->slope + k * lanes, NULL);
    }
    for (int l = 0; l < lanes; l++) r->slope[b->count * lanes + l] = 0;
}

/* total += real_sum of a block's numbers, in every lane. */
INLINE void add_real_sum(const int lanes, int64_t count, const double *v, double *total)
{
    double s[8][8] = {{0}};
    for (int64_t i = 0; i < count; i += 8)
        for (int64_t j = 0; j < 8 && i + j < count; j++) EVERY_LANE s[j][l] += v[(i + j) * lanes + l];
    for (int l = 0; l < lanes; l++)
        total[l] += ((s[0][l] + s[4][l]) + (s[2][l] + s[6][l])) + ((s[1][l] + s[5][l]) + (s[3][l] + s[7][l]));
}

/* Step 4 and one addition of step 5. */
INLINE void backward(const int lanes, const struct linear *a, const struct linear_block *b, const struct group *g,
                     const struct room *r)
{
    sums(lanes, b->words ? b->words->gather : NULL, b->columns, r->slope, r);
    const double common = a->common;
    for (int64_t k = 0; k < b->columns->lanes; k++) {
        const int64_t j = b->columns->target[k];
        const double factor = j < a->shards->rows.d ? common : 1;
        const double *sum = r->sum + k * lanes;
        double *total = g->total + j * lanes;
        EVERY_LANE total[l] += sum[l] * factor;
    }
    if (b->words && a->shards->bias) add_real_sum(lanes, b->count, r->slope, g->total + (a->shards->d - 1) * lanes);
}

/* Steps 5 and 6 for one lane; out: d numbers. */
static void finish(const struct objective *o, int64_t client, int lanes, const double *total, const double *x, double *out,
                   double *value)
{
    const double m = (double)o->samples[client];
    if (o->samples[client] == 1)
        for (int64_t j = 0; j < o->d; j++) out[j] = total[j * lanes];
    else
        for (int64_t j = 0; j < o->d; j++) out[j] = total[j * lanes] / m;
    const double reg = o->problem->reg ? o->problem->reg(o->param, o->d, x, out, NULL, NULL) : 0;
    if (value) *value = *value / m + reg;
}

/* A block's share of a client's sums and values. */
INLINE void block(const int lanes, const struct objective *o, const struct linear_block *b, struct group *g, const struct room *r,
                  const struct points *p, struct oracle_work *w)
{
    const struct linear *a = o->self;
    if (b->rows)
        forward(lanes, a, b, g, r);
    else
        stored_forward(lanes, a, b, g, r, p);
    losses(lanes, o, b, r);
    if (r->value) add_real_sum(lanes, b->count, r->value, g->value);
    if (b->columns)
        backward(lanes, a, b, g, r);
    else
        stored_backward(lanes, a, b, g, r, w);
}

WIDE static void block_of_four(const struct objective *o, const struct linear_block *b, struct group *g, const struct room *r,
                               const struct points *p, struct oracle_work *w)
{
    block(4, o, b, g, r, p, w);
}

WIDE static void block_of_eight(const struct objective *o, const struct linear_block *b, struct group *g, const struct room *r,
                                const struct points *p, struct oracle_work *w)
{
    block(MOST_LANES, o, b, g, r, p, w);
}

void linear_gradients(const struct objective *o, const struct points *p, struct oracle_work *w)
{
    const struct linear *a = o->self;
    struct group group[GROUPS];
    struct room r;
    const int groups = groups_of(a, p, group, &r, w);
    for (struct group *g = group; g < group + groups; g++)
        for (int64_t j = 0; j <= o->d; j++)
            for (int l = 0; l < g->lanes; l++) g->x[j * g->lanes + l] = j < o->d && l < g->count ? p->x[g->first + l][j] : 0;
    for (int64_t i = 0; i < o->n; i++) {
        for (struct group *g = group; g < group + groups; g++) {
            memset(g->total, 0, (size_t)(o->d * g->lanes) * sizeof *g->total);
            memset(g->value, 0, sizeof g->value);
        }
        for (int64_t k = a->block_of[i]; k < a->block_of[i + 1]; k++)
            for (struct group *g = group; g < group + groups; g++)
                (g->lanes == 4 ? block_of_four : block_of_eight)(o, &a->block[k], g, &r, p, w);
        for (const struct group *g = group; g < group + groups; g++)
            for (int l = 0, at = g->first; l < g->count; l++, at++) {
                double value = g->value[l];
                finish(o, i, g->lanes, g->total + l, p->x[at], p->out[at] + i * p->stride, p->value ? &value : NULL);
                if (p->value) p->value[at][i] = value;
            }
    }
}
