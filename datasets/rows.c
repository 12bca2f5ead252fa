/* rows.c - rows of features: building, hashing and freeing them. */
#include "rows.h"
#include "digest.h"
#include <stdlib.h>
#include <string.h>

void rows_free(struct rows *r)
{
    free(r->start);
    free(r->column);
    free(r->value);
    free(r->label);
    memset(r, 0, sizeof *r);
}

void dataset_free(struct dataset *a)
{
    rows_free(&a->rows);
    memset(a, 0, sizeof *a);
}

void rows_begin(struct rows_builder *b, int64_t d)
{
    memset(b, 0, sizeof *b);
    b->rows.d = d;
    b->rows.common = 1;
    b->room_rows = 1024;
    b->rows.start = xmalloc((size_t)(b->room_rows + 1) * sizeof *b->rows.start);
    b->rows.label = xmalloc((size_t)b->room_rows * sizeof *b->rows.label);
    rows_grow(b);
}

void rows_grow(struct rows_builder *b)
{
    b->room = b->room ? b->room * 2 : 16384;
    b->rows.column = xrealloc(b->rows.column, b->room * sizeof *b->rows.column);
    if (b->rows.value) b->rows.value = xrealloc(b->rows.value, b->room * sizeof *b->rows.value);
}

void rows_split_values(struct rows_builder *b)
{
    b->rows.value = xmalloc(b->room * sizeof *b->rows.value);
    for (uint64_t e = 0; e < b->nonzeros; e++) b->rows.value[e] = b->rows.common;
}

void rows_label(struct rows_builder *b, double label)
{
    if (b->rows.count == b->room_rows) {
        b->room_rows *= 2;
        b->rows.start = xrealloc(b->rows.start, (size_t)(b->room_rows + 1) * sizeof *b->rows.start);
        b->rows.label = xrealloc(b->rows.label, (size_t)b->room_rows * sizeof *b->rows.label);
    }
    b->rows.start[b->rows.count] = b->nonzeros;
    b->rows.label[b->rows.count++] = label;
}

struct rows rows_end(struct rows_builder *b)
{
    struct rows r = b->rows;
    const uint64_t nonzeros = b->nonzeros, at_least = nonzeros ? nonzeros : 1;
    r.start[r.count] = nonzeros;
    if (r.d == 0) r.d = b->largest;
    r.start = xrealloc(r.start, (size_t)(r.count + 1) * sizeof *r.start);
    r.label = xrealloc(r.label, (size_t)(r.count ? r.count : 1) * sizeof *r.label);
    r.column = xrealloc(r.column, at_least * sizeof *r.column);
    if (r.value) r.value = xrealloc(r.value, at_least * sizeof *r.value);
    memset(b, 0, sizeof *b);
    return r;
}

void rows_merge_values(struct rows *r)
{
    const uint64_t nonzeros = r->start[r->count];
    if (!r->value) return;
    for (uint64_t e = 1; e < nonzeros; e++)
        if (r->value[e] != r->value[0]) return;
    r->common = nonzeros ? r->value[0] : 1;
    free(r->value);
    r->value = NULL;
}

void rows_sha256(const struct rows *r, char hex[65])
{
    struct digest digest;
    digest_start(&digest);
    digest_u64(&digest, (uint64_t)r->count);
    digest_u64(&digest, (uint64_t)r->d);
    for (int64_t i = 0; i <= r->count; i++) digest_u64(&digest, r->start[i]);
    for (uint64_t e = 0; e < r->start[r->count]; e++) {
        digest_u64(&digest, r->column[e]);
        digest_real(&digest, r->value ? r->value[e] : r->common);
    }
    for (int64_t i = 0; i < r->count; i++) digest_real(&digest, r->label[i]);
    digest_hex(&digest, hex);
}
