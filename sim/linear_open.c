/* linear_open.c - cutting the clients' rows into blocks, and laying out those blocks where the fast structure pays. */
#include "linear.h"
#include <stdlib.h>
#include <string.h>

enum {
    FEW_ROWS = 8,           /* below this many rows a block is best left as it is                             */
    MANY_BLOCKS = 4096,     /* of so many, each with fewer nonzeros than ..                                   */
    FEW_ENTRIES = 1024,     /* .. this, the layouts would take more memory than the rows, and save no time    */
    FEW_FOR_WORDS = 256,    /* rows: below this words are not looked for                                       */
    ENTRIES_PER_COLUMN = 2, /* as are columns shorter than this on average: most of the time goes to their ends */
};
/* Bytes that laid-out blocks may take.  Values beside every index make the layout larger than the stored rows, so that it
 * pays only while it fits in the cache. */
#define LAYOUT_BYTES   ((uint64_t)1 << 30)
#define WEIGHTED_BYTES ((uint64_t)1 << 25)

/* Rows of the block as 16-bit lists, of words where these pay. */
static void lay_rows(const struct shards *s, struct linear_block *b, bool words)
{
    const struct rows *r = &s->rows;
    const uint64_t from = r->start[b->row], entries = r->start[b->row + b->count] - from;
    uint32_t *start = xmalloc((size_t)(b->count + 1) * sizeof *start);
    uint16_t *column = xmalloc((entries + 1) * sizeof *column);
    for (int64_t k = 0; k <= b->count; k++) start[k] = (uint32_t)(r->start[b->row + k] - from);
    for (uint64_t e = 0; e < entries; e++) column[e] = (uint16_t)r->column[from + e];
    const struct pattern p = {b->count, s->d, start, column};
    if (words && !r->value && b->count >= FEW_FOR_WORDS) b->words = words_build(&p);
    if (b->words) {
        b->rows = b->words->rows;
        b->columns = b->words->columns;
    } else
        b->rows = sell_build(b->count, start, column, r->value ? r->value + from : NULL, (uint16_t)s->d, false);
    free(start);
    free(column);
}

/* Where each column's list starts, the bias being a column that every row has; returns how many columns have entries. */
static int64_t column_starts(const struct shards *s, const struct linear_block *b, uint32_t *start)
{
    const struct rows *r = &s->rows;
    memset(start, 0, (size_t)(s->d + 1) * sizeof *start);
    for (uint64_t e = r->start[b->row]; e < r->start[b->row + b->count]; e++) start[r->column[e] + 1]++;
    if (s->bias) start[s->d] = (uint32_t)b->count;
    int64_t used = 0;
    for (int64_t j = 0; j < s->d; j++) {
        used += start[j + 1] > 0;
        start[j + 1] += start[j];
    }
    return used;
}

/* Columns of the block as lists of its rows. */
static struct sell *lay_columns(const struct shards *s, const struct linear_block *b)
{
    const struct rows *r = &s->rows;
    uint32_t *start = xmalloc((size_t)(s->d + 1) * sizeof *start), *next = xmalloc((size_t)(s->d + 1) * sizeof *next);
    const int64_t used = column_starts(s, b, start);
    const uint32_t entries = start[s->d];
    struct sell *out = NULL;
    if (entries >= ENTRIES_PER_COLUMN * used) {
        uint16_t *row = xmalloc((entries + 1) * sizeof *row);
        double *value = r->value ? xmalloc((entries + 1) * sizeof *value) : NULL;
        memcpy(next, start, (size_t)(s->d + 1) * sizeof *next);
        for (int64_t k = 0; k < b->count; k++) {
            for (uint64_t e = r->start[b->row + k]; e < r->start[b->row + k + 1]; e++) {
                const uint32_t at = next[r->column[e]]++;
                row[at] = (uint16_t)k;
                if (value) value[at] = r->value[e];
            }
            if (!s->bias) continue;
            const uint32_t at = next[s->d - 1]++;
            row[at] = (uint16_t)k;
            if (value) value[at] = 1;
        }
        out = sell_build(s->d, start, row, value, (uint16_t)b->count, true);
        free(row);
        free(value);
    }
    free(start);
    free(next);
    return out;
}

/* Bytes that rows from .. to take in both layouts together, before padding, and how many all may. */
static uint64_t layout_bytes(const struct rows *r, int64_t from, int64_t to)
{
    return (r->start[to] - r->start[from]) * (r->value ? 20 : 4);
}

static uint64_t layout_limit(const struct rows *r)
{
    return r->value ? WEIGHTED_BYTES : LAYOUT_BYTES;
}

static uint64_t entries_of(const struct shards *s, const struct linear_block *b)
{
    return s->rows.start[b->row + b->count] - s->rows.start[b->row];
}

/* Numbers that the sums of words, or of their rows, take, with one for padding. */
static int64_t words_room(const struct words *w)
{
    const int64_t sum = 4 * w->sum->chunks, gather = 4 * w->gather->chunks;
    return (sum > gather ? sum : gather) + 8;
}

static void lay_out_blocks(struct linear *a)
{
    const struct shards *s = a->shards;
    if (s->d >= UINT16_MAX || layout_bytes(&s->rows, 0, s->rows.count) > layout_limit(&s->rows)) return;
    uint64_t laid_out = 0;
    for (int64_t i = 0; i < a->block_of[s->n]; i++) {
        struct linear_block *b = &a->block[i];
        if (b->count < FEW_ROWS || (a->block_of[s->n] > MANY_BLOCKS && entries_of(s, b) < FEW_ENTRIES)) continue;
        lay_rows(s, b, true);
        if (!b->words) b->columns = lay_columns(s, b);
        if (b->words && words_room(b->words) > a->words) a->words = words_room(b->words);
        if (b->rows) a->padded = true;
        if (b->rows && b->columns) laid_out += entries_of(s, b);
    }
    a->mostly = 2 * laid_out > s->rows.start[s->rows.count];
    if (!a->padded) /* the room for lane sums comes with the padded copy */
        for (int64_t i = 0; i < a->block_of[s->n]; i++) {
            sell_free(a->block[i].columns);
            a->block[i].columns = NULL;
        }
    else
        a->stretches = xcalloc(1, sizeof *a->stretches + (size_t)s->rows.count * sizeof a->stretches->from[0]);
}

static void block_clear(struct linear_block *b)
{
    if (!b->words) {
        sell_free(b->rows);
        sell_free(b->columns);
    }
    words_free(b->words);
}

static void block_free(struct linear_block *b)
{
    if (!b) return;
    block_clear(b);
    free(b);
}

/* Two threads may lay out the same stretch; the second throws his away.  Nothing is seen of either: both ways to compute a
 * gradient give the same bits. */
const struct linear_block *linear_stretch(const struct linear *a, int64_t row, int64_t count)
{
    struct linear_stretches *all = a->stretches;
    if (!all || count < FEW_ROWS) return NULL;
    struct linear_block *kept = atomic_load(&all->from[row]);
    const uint64_t bytes = layout_bytes(&a->shards->rows, row, row + count);
    if (!kept && atomic_fetch_add(&all->bytes, bytes) + bytes <= layout_limit(&a->shards->rows)) {
        struct linear_block *b = xmalloc(sizeof *b);
        *b = (struct linear_block){.row = row, .count = count};
        lay_rows(a->shards, b, false);
        b->columns = lay_columns(a->shards, b);
        if (atomic_compare_exchange_strong(&all->from[row], &kept, b))
            kept = b;
        else
            block_free(b);
    }
    return kept && kept->count == count ? kept : NULL;
}

static struct linear *linear_cut(const struct shards *s)
{
    struct linear *a = xcalloc(1, sizeof *a);
    a->shards = s;
    a->common = s->rows.value ? 1 : s->rows.common;
    a->block_of = xmalloc((size_t)(s->n + 1) * sizeof *a->block_of);
    a->block_of[0] = 0;
    for (int64_t i = 0; i < s->n; i++)
        a->block_of[i + 1] = a->block_of[i] + (s->first[i + 1] - s->first[i] + LINEAR_BLOCK - 1) / LINEAR_BLOCK;
    a->block = xcalloc((size_t)a->block_of[s->n] + 1, sizeof *a->block);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t k = a->block_of[i]; k < a->block_of[i + 1]; k++) {
            struct linear_block *b = &a->block[k];
            b->row = s->first[i] + (k - a->block_of[i]) * LINEAR_BLOCK;
            b->count = s->first[i + 1] - b->row < LINEAR_BLOCK ? s->first[i + 1] - b->row : LINEAR_BLOCK;
        }
    return a;
}

bool linear_open(struct objective *o, const struct problem *p, const void *param, const struct shards *shards, struct fail *f)
{
    for (int64_t i = 0; i < shards->n; i++)
        if (shards->first[i + 1] == shards->first[i])
            return fail_set(f, "problem %s: client %lld has no rows; every client needs at least one", p->name, (long long)i);
    struct linear *a = linear_cut(shards);
    lay_out_blocks(a);
    a->param = xmalloc(p->param_size);
    if (p->param_size > 0) memcpy(a->param, param, p->param_size);
    o->self = a;
    o->param = a->param;
    o->d = shards->d;
    o->n = shards->n;
    o->samples = xmalloc((size_t)o->n * sizeof *o->samples);
    o->total = 0;
    for (int64_t i = 0; i < o->n; i++) o->total += o->samples[i] = shards->first[i + 1] - shards->first[i];
    o->finite_sum = true;
    memcpy(o->title, shards->title, sizeof o->title);
    memcpy(o->sha256, shards->sha256, sizeof o->sha256);
    linear_attach(o);
    return true;
}

void linear_close(struct objective *o)
{
    struct linear *a = o->self;
    for (int64_t i = 0; i < a->block_of[o->n]; i++) block_clear(&a->block[i]);
    for (int64_t k = 0; a->stretches && k < a->shards->rows.count; k++) block_free(atomic_load(&a->stretches->from[k]));
    free(a->stretches);
    free(a->block);
    free(a->block_of);
    free(a->param);
    free(a);
}
