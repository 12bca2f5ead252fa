/* words.c - laying out a pattern by its words (words.h). */
#include "words.h"
#include "fail.h"
#include <stdlib.h>
#include <string.h>

enum { MANY_WORDS = 65000 }; /* their numbers, and positions of padding, are of 16 bits */

/* Lists one after another: list k is at[start[k] .. start[k + 1]). */
struct lists {
    int64_t count;
    uint32_t *start;
    uint16_t *at;
};

static struct lists lists_new(int64_t most, uint32_t entries)
{
    struct lists l = {.start = xcalloc((size_t)most + 2, sizeof *l.start)};
    l.at = xmalloc(((size_t)entries + 1) * sizeof *l.at);
    return l;
}

static void lists_free(struct lists *l)
{
    free(l->start);
    free(l->at);
}

/* List k of the result: the lists of l that hold k, ascending; k < count. */
static struct lists lists_turned(const struct lists *l, int64_t count)
{
    const uint32_t entries = l->start[l->count];
    struct lists t = lists_new(count, entries);
    t.count = count;
    uint32_t *next = t.start + 1; /* where the next entry goes; in the end, where the next list starts */
    for (uint32_t e = 0; e < entries; e++) next[l->at[e] + 1]++;
    for (int64_t k = 0; k < count; k++) next[k + 1] += next[k];
    for (int64_t k = 0; k < l->count; k++)
        for (uint32_t e = l->start[k]; e < l->start[k + 1]; e++) t.at[next[l->at[e]]++] = (uint16_t)k;
    return t;
}

/* Numbers in lists become places in the order of lanes of a layout. */
static void lists_renumber(struct lists *l, const struct sell *order)
{
    uint16_t *place = xmalloc(((size_t)order->lanes + 1) * sizeof *place);
    for (int64_t k = 0; k < order->lanes; k++) place[order->target[k]] = (uint16_t)k;
    for (uint32_t e = 0; e < l->start[l->count]; e++) l->at[e] = place[l->at[e]];
    free(place);
}

static struct sell *lay(const struct lists *l, int64_t padding, bool drop_empty)
{
    return sell_build(l->count, l->start, l->at, NULL, (uint16_t)padding, drop_empty);
}

/* The words met last with their columns: open addressing. */
struct vocabulary {
    struct lists columns; /* of each word */
    uint16_t *rows;       /* of each word, so far */
    uint32_t *met, mask;  /* word + 1; 0: free */
};

/* The word for these columns, which one more row has. */
static uint16_t word_of(struct vocabulary *v, const uint16_t *column, uint32_t length)
{
    struct lists *l = &v->columns;
    uint32_t hash = 0;
    for (uint32_t e = 0; e < length; e++) hash = (hash ^ column[e]) * 0x9e3779b1u;
    uint32_t k = hash >> 8 & v->mask;
    for (; v->met[k] != 0; k = (k + 1) & v->mask) {
        const uint32_t word = v->met[k] - 1, from = l->start[word];
        if (l->start[word + 1] - from == length && memcmp(l->at + from, column, length * sizeof *column) == 0) {
            if (v->rows[word] == WORD_ROWS) break;
            v->rows[word]++;
            return (uint16_t)word;
        }
    }
    const uint32_t word = (uint32_t)l->count++;
    memcpy(l->at + l->start[word], column, length * sizeof *column);
    l->start[word + 1] = l->start[word] + length;
    v->rows[word] = 1;
    v->met[k] = word + 1;
    return (uint16_t)word;
}

/* Fills the words' columns; returns the words of each row. */
static struct lists words_of_rows(const struct pattern *p, const struct words *w, struct vocabulary *v)
{
    const uint32_t entries = p->start[p->count];
    struct lists rows = lists_new(p->count, entries);
    uint16_t *end = xmalloc((size_t)p->d * sizeof *end); /* of the segment that a column is in */
    for (int64_t g = 0; g < w->segments; g++)
        for (int64_t j = w->cut[g]; j < w->cut[g + 1]; j++) end[j] = w->cut[g + 1];
    uint32_t at = 0;
    for (int64_t k = 0; k < p->count && v->columns.count < MANY_WORDS; k++) {
        for (uint32_t e = p->start[k], from = e; e < p->start[k + 1]; from = e) {
            while (e < p->start[k + 1] && p->column[e] < end[p->column[from]]) e++;
            rows.at[at++] = word_of(v, p->column + from, e - from);
        }
        rows.start[k + 1] = at;
        rows.count++;
    }
    free(end);
    return rows;
}

/* The four layouts. */
static bool lay_out(struct words *w, const struct pattern *p, struct lists *rows, struct lists *columns_of)
{
    struct lists rows_of = lists_turned(rows, columns_of->count), words_of = lists_turned(columns_of, p->d);
    w->sum = lay(columns_of, p->d, false);
    w->gather = lay(&rows_of, p->count, false);
    if (w->sum && w->gather) {
        lists_renumber(rows, w->sum);
        lists_renumber(&words_of, w->gather);
        w->rows = lay(rows, 4 * w->sum->chunks, false);
        w->columns = lay(&words_of, 4 * w->gather->chunks, true);
    }
    lists_free(&rows_of);
    lists_free(&words_of);
    return w->rows && w->columns;
}

struct words *words_build(const struct pattern *p)
{
    const uint32_t entries = p->start[p->count];
    struct words *w = xcalloc(1, sizeof *w);
    w->cut = xmalloc(((size_t)p->d + 1) * sizeof *w->cut);
    w->segments = words_cut(p, w->cut);
    bool fits = w->segments > 0;
    if (fits) {
        struct vocabulary v = {.columns = lists_new(entries, entries), .mask = 16};
        while (v.mask < 2 * entries) v.mask *= 2;
        v.met = xcalloc(v.mask--, sizeof *v.met);
        v.rows = xmalloc(((size_t)entries + 1) * sizeof *v.rows);
        struct lists rows = words_of_rows(p, w, &v);
        fits = rows.count == p->count && v.columns.count < MANY_WORDS && lay_out(w, p, &rows, &v.columns);
        lists_free(&rows);
        lists_free(&v.columns);
        free(v.rows);
        free(v.met);
    }
    if (fits) return w;
    words_free(w);
    return NULL;
}

void words_free(struct words *w)
{
    if (!w) return;
    sell_free(w->sum);
    sell_free(w->rows);
    sell_free(w->gather);
    sell_free(w->columns);
    free(w->cut);
    free(w);
}
