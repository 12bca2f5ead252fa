/* shards.c - dealing the rows of a data set to clients. */
#include "../sim/rng.h"
#include "rows.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two classes: the smaller label value becomes -1, the larger +1. */
struct classes {
    double low, high;
};

static bool classes_find(const struct dataset *a, struct classes *out, struct fail *f)
{
    const struct rows *r = &a->rows;
    double seen[3];
    int count = 0;
    for (int64_t i = 0; i < r->count && count < 3; i++) {
        int k = 0;
        while (k < count && seen[k] != r->label[i]) k++;
        if (k == count) seen[count++] = r->label[i];
    }
    char text[3][32];
    for (int k = 0; k < count; k++) format_real(seen[k], text[k]);
    if (count == 1)
        return fail_set(f, "%s: every label is %s; this problem needs two classes, i.e. labels of exactly two values", a->name,
                        text[0]);
    if (count == 3)
        return fail_set(f,
                        "%s: labels of more than two values (%s, %s, %s, ...); this problem needs labels of exactly two values",
                        a->name, text[0], text[1], text[2]);
    *out = (struct classes){seen[0] < seen[1] ? seen[0] : seen[1], seen[0] < seen[1] ? seen[1] : seen[0]};
    return true;
}

struct labelled {
    double label;
    uint32_t row;
};

static int labelled_order(const void *a, const void *b)
{
    const struct labelled *p = a, *q = b;
    if (p->label != q->label) return p->label < q->label ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

/* The order in which rows are dealt: position -> row. */
static uint32_t *split_order(const struct rows *r, const struct split *how)
{
    uint32_t *order = xmalloc((size_t)r->count * sizeof *order);
    if (how->order == SPLIT_SHUFFLED) {
        struct stream s = stream(how->seed, FOR_SPLIT, 0, 0, STREAM_SHARED);
        sample_permutation(&s, r->count, order);
    } else if (how->order == SPLIT_SORTED) {
        struct labelled *all = xmalloc((size_t)r->count * sizeof *all);
        for (int64_t i = 0; i < r->count; i++) all[i] = (struct labelled){r->label[i], (uint32_t)i};
        qsort(all, (size_t)r->count, sizeof *all, labelled_order);
        for (int64_t i = 0; i < r->count; i++) order[i] = all[i].row;
        free(all);
    } else
        for (int64_t i = 0; i < r->count; i++) order[i] = (uint32_t)i;
    return order;
}

static int64_t *split_first(int64_t count, const struct split *how)
{
    const int64_t n = how->clients, m = count / n, rest = count % n;
    int64_t *first = xmalloc((size_t)(n + 1) * sizeof *first);
    for (int64_t i = 0; i <= n; i++) first[i] = i * m + (how->remainder == REMAINDER_SPREAD ? (i < rest ? i : rest) : 0);
    if (how->remainder == REMAINDER_LAST) first[n] = count;
    return first;
}

/* |v|, safe for entries whose squares leave the range of doubles. */
static double row_norm(const double *v, uint64_t count)
{
    double sum = 0, most = 0;
    for (uint64_t e = 0; e < count; e++) {
        sum += v[e] * v[e];
        most = fmax(most, fabs(v[e]));
    }
    if (sum >= DBL_MIN / DBL_EPSILON && isfinite(sum)) return sqrt(sum);
    sum = 0;
    for (uint64_t e = 0; e < count; e++) sum += (v[e] / most) * (v[e] / most);
    return most * sqrt(sum);
}

static void rows_normalise(struct rows *r)
{
    if (!r->value) {
        const uint64_t nonzeros = r->start[r->count];
        r->value = xmalloc((nonzeros ? nonzeros : 1) * sizeof *r->value);
        for (uint64_t e = 0; e < nonzeros; e++) r->value[e] = r->common;
    }
    for (int64_t i = 0; i < r->count; i++) {
        double *v = r->value + r->start[i];
        const uint64_t count = r->start[i + 1] - r->start[i];
        if (count == 0) continue;
        const double norm = row_norm(v, count);
        for (uint64_t e = 0; e < count; e++) v[e] /= norm;
    }
}

/* Entries of `size` bytes in the order of `out`, whose row i is row order[i] of r. */
static void *entries_reordered(const struct rows *r, const uint32_t *order, const struct rows *out, const void *entry,
                               size_t size)
{
    const uint64_t nonzeros = out->start[out->count];
    char *to = xmalloc((nonzeros ? nonzeros : 1) * size);
    for (int64_t i = 0; i < out->count; i++) {
        const uint64_t from = r->start[order[i]], count = r->start[order[i] + 1] - from;
        if (count > 0) memcpy(to + out->start[i] * size, (const char *)entry + from * size, count * size);
    }
    return to;
}

/* The first `count` rows in the given order.  taken: what has been copied is freed at once, never to be held twice as a whole. */
static struct rows rows_reordered(struct rows *r, const uint32_t *order, int64_t count, bool taken)
{
    struct rows out = {.count = count, .d = r->d, .common = r->common};
    out.start = xmalloc((size_t)(count + 1) * sizeof *out.start);
    out.label = xmalloc((size_t)count * sizeof *out.label);
    uint64_t nonzeros = 0;
    for (int64_t i = 0; i < count; i++) {
        out.start[i] = nonzeros;
        out.label[i] = r->label[order[i]];
        nonzeros += r->start[order[i] + 1] - r->start[order[i]];
    }
    out.start[count] = nonzeros;
    out.column = entries_reordered(r, order, &out, r->column, sizeof *out.column);
    if (taken) {
        free(r->column);
        r->column = NULL;
    }
    if (r->value) out.value = entries_reordered(r, order, &out, r->value, sizeof *out.value);
    if (taken) rows_free(r);
    return out;
}

/* The first `count` rows as they lie. */
static struct rows rows_taken(struct rows *r, int64_t count)
{
    struct rows out = *r;
    *r = (struct rows){0};
    out.count = count;
    return out;
}

static bool deal(struct dataset *a, const struct split *how, bool taken, struct shards *out, struct fail *f)
{
    struct rows *r = &a->rows;
    struct classes classes = {-1, 1};
    memset(out, 0, sizeof *out);
    if (r->count < 1 || r->count > UINT32_MAX)
        return fail_set(f, "%s: %" PRId64 " rows; allowed are 1 .. %" PRIu32, a->name, r->count, UINT32_MAX);
    if (how->clients < 1 || how->clients > r->count)
        return fail_set(f, "clients = %" PRId64 " on %s, which has %" PRId64 " rows; allowed are 1 .. %" PRId64, how->clients,
                        a->name, r->count, r->count);
    if (how->two_classes && !classes_find(a, &classes, f)) return false;
    out->n = how->clients;
    out->first = split_first(r->count, how);
    out->bias = how->bias;
    out->d = r->d + how->bias;
    if (taken && how->order == SPLIT_CONTIGUOUS)
        out->rows = rows_taken(r, out->first[out->n]);
    else {
        uint32_t *order = split_order(r, how);
        out->rows = rows_reordered(r, order, out->first[out->n], taken);
        free(order);
    }
    if (how->two_classes)
        for (int64_t i = 0; i < out->rows.count; i++) out->rows.label[i] = out->rows.label[i] == classes.low ? -1 : 1;
    if (how->normalise) rows_normalise(&out->rows);
    rows_merge_values(&out->rows);
    memcpy(out->sha256, a->sha256, sizeof out->sha256);
    snprintf(out->title, sizeof out->title, "%s", a->name);
    return true;
}

bool shards_make(const struct dataset *a, const struct split *how, struct shards *out, struct fail *f)
{
    struct dataset borrowed = *a; /* only read */
    return deal(&borrowed, how, false, out, f);
}

bool shards_take(struct dataset *a, const struct split *how, struct shards *out, struct fail *f)
{
    return deal(a, how, true, out, f);
}

void shards_free(struct shards *s)
{
    free(s->first);
    rows_free(&s->rows);
    memset(s, 0, sizeof *s);
}
