/* linear.c - the oracle of linear models: client gradients, batches and Hessian products (order of operations: linear.h). */
#include "linear.h"
#include "real.h"
#include <string.h>

static size_t numbers(int64_t count)
{
    return (size_t)count;
}

struct linear_room linear_room(const struct linear *a, const double *x, const double *v, struct oracle_work *w)
{
    enum { STRIP = LINEAR_BLOCK + 8, STRIPS = 5 };
    const int64_t d = a->shards->d, longest = (d > LINEAR_BLOCK ? d : LINEAR_BLOCK) + 8;
    const size_t fast = a->padded ? numbers(2 * (d + 8) + longest + a->words) : 0;
    double *p = work_room(&w->b, &w->room_b, fast + numbers(STRIPS * STRIP));
    struct linear_room r = {.t = p, .u = p + STRIP, .slope = p + 2 * STRIP, .value = p + 3 * STRIP, .label = p + 4 * STRIP};
    if (!a->padded) {
        r.x = (double *)x; /* only read */
        r.v = (double *)v;
        return r;
    }
    r.x = p + STRIPS * STRIP;
    r.v = r.x + d + 8;
    r.sum = r.v + d + 8;
    r.word = r.sum + longest;
    memcpy(r.x, x, numbers(d) * sizeof *x);
    r.x[d] = 0;
    if (v) {
        memcpy(r.v, v, numbers(d) * sizeof *v);
        r.v[d] = 0;
    }
    return r;
}

/* r->sum = sums over lists of what stands at x; words (NULL: none) come between. */
static void sums(const struct sell *words, const struct sell *lists, const double *x, const struct linear_room *r)
{
    if (words) {
        sell_sums(words, x, r->word);
        r->word[4 * words->chunks] = 0;
    }
    sell_sums(lists, words ? r->word : x, r->sum);
}

void linear_forward(const struct linear *a, const struct linear_block *b, const double *x, double *t, const struct linear_room *r)
{
    if (!b->rows) {
        rows_forward(a, b->row, NULL, b->count, x, t);
        return;
    }
    sums(b->words ? b->words->sum : NULL, b->rows, x, r);
    const uint16_t *target = b->rows->target;
    const double none = -0.0; /* adding it changes no number, not even -0.0 */
    const double common = a->common, bias = a->shards->bias ? x[a->shards->d - 1] : none, *sum = r->sum;
    if (b->rows->in_order)
        for (int64_t k = 0; k < b->count; k++) t[k] = sum[k] * common + bias;
    else
        for (int64_t k = 0; k < b->count; k++) t[target[k]] = sum[k] * common + bias;
}

void linear_backward(const struct linear *a, const struct linear_block *b, const double *s, double *out, bool first,
                     const struct linear_room *r, struct oracle_work *w)
{
    if (!b->columns) {
        rows_backward(a, b->row, NULL, b->count, s, out, first, w);
        return;
    }
    sums(b->words ? b->words->gather : NULL, b->columns, s, r);
    const uint16_t *target = b->columns->target;
    const int64_t features = a->shards->rows.d;
    const double common = a->common, *sum = r->sum;
    for (int64_t k = 0; k < b->columns->lanes; k++) {
        const int64_t j = target[k];
        out[j] += j < features ? sum[k] * common : sum[k];
    }
    if (b->words && a->shards->bias) out[features] += real_sum(numbers(b->count), s);
}

/* The division of step 5, most of the time of a single sample, whose mean it is already. */
static void divide(int64_t d, double *out, int64_t m)
{
    const double count = (double)m;
    if (m == 1) return;
    for (int64_t j = 0; j < d; j++) out[j] /= count;
}

static void linear_gradient(const struct objective *o, int64_t client, const double *x, double *out, double *value,
                            struct oracle_work *w)
{
    const struct linear *a = o->self;
    const struct linear_room r = linear_room(a, x, NULL, w);
    double total = 0;
    memset(out, 0, numbers(o->d) * sizeof *out);
    for (int64_t i = a->block_of[client]; i < a->block_of[client + 1]; i++) {
        const struct linear_block *b = &a->block[i];
        linear_forward(a, b, r.x, r.t, &r);
        o->problem->loss(o->param, b->count, r.t, a->shards->rows.label + b->row, value ? r.value : NULL, r.slope, NULL);
        r.slope[b->count] = 0;
        if (value) total += real_sum(numbers(b->count), r.value);
        linear_backward(a, b, r.slope, out, i == a->block_of[client], &r, w);
    }
    divide(o->d, out, o->samples[client]);
    const double reg = o->problem->reg ? o->problem->reg(o->param, o->d, x, out, NULL, NULL) : 0;
    if (value) *value = total / (double)o->samples[client] + reg;
}

/* Two rows or more, one after another. */
static bool consecutive(const uint32_t *row, int64_t count)
{
    int64_t out_of_turn = 0;
    if (count < 2 || row[count - 1] != row[0] + (uint32_t)(count - 1)) return false;
    for (int64_t k = 0; k < count; k++) out_of_turn += row[k] != row[0] + (uint32_t)k;
    return out_of_turn == 0;
}

static void linear_batch(const struct objective *o, int64_t client, const uint32_t *row, int64_t count, const double *x,
                         double *out, struct oracle_work *w)
{
    const struct linear *a = o->self;
    struct linear plain = *a;
    const bool stretch = a->stretches && consecutive(row, count);
    plain.padded = stretch; /* stored rows need no padded copy of x */
    const struct linear_room r = linear_room(&plain, x, NULL, w);
    const int64_t first = a->shards->first[client];
    memset(out, 0, numbers(o->d) * sizeof *out);
    for (int64_t k = 0; k < count; k += LINEAR_BLOCK) {
        const int64_t some = count - k < LINEAR_BLOCK ? count - k : LINEAR_BLOCK;
        const struct linear_block *b = stretch ? linear_stretch(a, first + (int64_t)row[k], some) : NULL;
        if (b) {
            linear_forward(a, b, r.x, r.t, &r);
            o->problem->loss(o->param, some, r.t, a->shards->rows.label + b->row, NULL, r.slope, NULL);
            r.slope[some] = 0;
            linear_backward(a, b, r.slope, out, k == 0, &r, w);
            continue;
        }
        rows_forward(a, first, row + k, some, x, r.t);
        for (int64_t l = 0; l < some; l++) r.label[l] = a->shards->rows.label[first + row[k + l]];
        o->problem->loss(o->param, some, r.t, r.label, NULL, r.slope, NULL);
        rows_backward(a, first, row + k, some, r.slope, out, k == 0, w);
    }
    divide(o->d, out, count);
    if (o->problem->reg) o->problem->reg(o->param, o->d, x, out, NULL, NULL);
}

static void linear_hessian_times(const struct objective *o, int64_t client, const double *x, const double *v, double *out,
                                 struct oracle_work *w)
{
    const struct linear *a = o->self;
    const struct linear_room r = linear_room(a, x, v, w);
    memset(out, 0, numbers(o->d) * sizeof *out);
    for (int64_t i = a->block_of[client]; i < a->block_of[client + 1]; i++) {
        const struct linear_block *b = &a->block[i];
        linear_forward(a, b, r.x, r.t, &r);
        linear_forward(a, b, r.v, r.u, &r);
        o->problem->loss(o->param, b->count, r.t, a->shards->rows.label + b->row, NULL, NULL, r.slope);
        for (int64_t k = 0; k < b->count; k++) r.slope[k] *= r.u[k];
        r.slope[b->count] = 0;
        linear_backward(a, b, r.slope, out, i == a->block_of[client], &r, w);
    }
    divide(o->d, out, o->samples[client]);
    if (o->problem->reg) o->problem->reg(o->param, o->d, x, NULL, v, out);
}

void linear_gram_times(const struct linear *a, int64_t client, const double *v, double *out, struct oracle_work *w)
{
    const struct linear_room r = linear_room(a, v, NULL, w);
    memset(out, 0, numbers(a->shards->d) * sizeof *out);
    for (int64_t i = a->block_of[client]; i < a->block_of[client + 1]; i++) {
        const struct linear_block *b = &a->block[i];
        linear_forward(a, b, r.x, r.t, &r);
        r.t[b->count] = 0;
        linear_backward(a, b, r.t, out, i == a->block_of[client], &r, w);
    }
    divide(a->shards->d, out, a->shards->first[client + 1] - a->shards->first[client]);
}

void linear_attach(struct objective *o)
{
    o->gradient = linear_gradient;
    o->gradients = ((const struct linear *)o->self)->mostly ? linear_gradients : NULL;
    o->batch = linear_batch;
    o->hessian_times = linear_hessian_times;
    o->smoothness = linear_smoothness;
    o->close = linear_close;
}
