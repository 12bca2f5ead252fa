/* random_shards.h - shards with random rows, for tests. */
#ifndef RANDOM_SHARDS_H
#define RANDOM_SHARDS_H
#include "../datasets/dataset.h"
#include "../sim/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct random_shape {
    int64_t n, d;         /* clients, features without bias                        */
    int64_t rows[8];      /* rows of clients 0 .. min(n, 8)-1; the rest have rows[7] */
    double density;       /* chance of a nonzero; about a tenth of the rows is empty */
    bool values, bias;    /* values: real numbers, else all nonzeros are `common`    */
    double common;
    int64_t attributes;   /* 0, or one-hot data: the columns are shared out, a row has at most one of each share     */
};

/* Does a row of this kind have column j?  Most have what is usual for their kind; now and then an attribute is missing. */
static inline bool random_category(const struct random_shape *q, struct stream *t, int64_t kind, int64_t j)
{
    const int64_t share = q->d / q->attributes, attribute = j / share;
    const int64_t usual = (kind * (attribute + 3) + attribute * attribute) % share;
    if (stream_bernoulli(t, 0.03)) return false;
    return j % share == (attribute % 3 == kind % 3 && stream_bernoulli(t, 0.3) ? (usual + 1) % share : usual);
}

static inline struct shards random_shards(const struct random_shape *q, uint64_t seed)
{
    struct shards s = {.n = q->n, .bias = q->bias, .d = q->d + q->bias, .title = "random"};
    s.first = malloc((size_t)(q->n + 1) * sizeof *s.first);
    s.first[0] = 0;
    for (int64_t i = 0; i < q->n; i++) s.first[i + 1] = s.first[i] + q->rows[i < 7 ? i : 7];
    struct rows *r = &s.rows;
    r->count = s.first[q->n];
    r->d = q->d;
    r->common = q->values ? 0 : q->common;
    r->start = calloc((size_t)r->count + 1, sizeof *r->start);
    r->label = malloc(((size_t)r->count + 1) * sizeof *r->label);
    struct stream t = stream(seed, FOR_TEST, 0, 0, 0);
    size_t room = 1024, used = 0;
    r->column = malloc(room * sizeof *r->column);
    r->value = malloc(room * sizeof *r->value);
    for (int64_t k = 0; k < r->count; k++) {
        const bool empty = stream_bernoulli(&t, 0.1);
        const double density = q->density * 2 * stream_uniform(&t); /* rows of different lengths */
        const int64_t kind = stream_below(&t, 5); /* of a row of one-hot data */
        for (int64_t j = 0; j < q->d && !empty; j++) {
            if (q->attributes ? !random_category(q, &t, kind, j) : !stream_bernoulli(&t, density)) continue;
            if (used == room) {
                room *= 2;
                r->column = realloc(r->column, room * sizeof *r->column);
                r->value = realloc(r->value, room * sizeof *r->value);
            }
            r->column[used] = (uint32_t)j;
            r->value[used++] = stream_gaussian(&t);
        }
        r->start[k + 1] = used;
        r->label[k] = stream_bernoulli(&t, 0.4) ? 1 : -1;
    }
    if (!q->values) {
        free(r->value);
        r->value = NULL;
    }
    return s;
}

static inline void random_shards_free(struct shards *s)
{
    free(s->first);
    free(s->rows.start);
    free(s->rows.column);
    free(s->rows.value);
    free(s->rows.label);
}
#endif
