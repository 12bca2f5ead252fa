/* words_cut.c - where to cut the columns of a pattern into segments (words.h). */
#include "fail.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

enum { MANY_COLUMNS = 2048 }; /* with more the search for the best union would take long */

/* Neighbouring columns taken together: the rows that have any of them, each with the code of its word, from 1. */
struct part {
    uint32_t count, words;
    int64_t cost;
    uint16_t first;       /* column                                     */
    uint16_t *row, *code; /* count                                      */
    uint16_t *length;     /* words + 1: columns of each; length[0] is 0 */
};

static void part_free(struct part *p)
{
    free(p->row);
    free(p->code);
    free(p->length);
}

/* Codes of pairs: open addressing. */
struct pairs {
    struct pair {
        uint32_t pair, code; /* code 0: free */
    } * at;
    uint32_t mask;
};

static void pairs_clear(struct pairs *t, uint32_t most)
{
    uint32_t size = 16;
    while (size < 2 * most) size *= 2;
    t->mask = size - 1;
    memset(t->at, 0, size * sizeof *t->at);
}

static struct pair *pairs_find(const struct pairs *t, uint32_t pair)
{
    uint32_t k = (pair * 0x9e3779b1u) >> 8 & t->mask;
    while (t->at[k].code != 0 && t->at[k].pair != pair) k = (k + 1) & t->mask;
    return &t->at[k];
}

/* The union of neighbours: its words are the pairs of words that meet in a row, in the order of the rows. */
static struct part join(const struct part *a, const struct part *b, struct pairs *t)
{
    const uint32_t most = a->count + b->count;
    struct part p = {.first = a->first};
    p.row = xmalloc(most * sizeof *p.row);
    p.code = xmalloc(most * sizeof *p.code);
    p.length = xmalloc((most + 1) * sizeof *p.length);
    p.length[0] = 0;
    pairs_clear(t, most);
    for (uint32_t i = 0, j = 0; i < a->count || j < b->count; p.count++) {
        const uint32_t u = i < a->count ? a->row[i] : UINT32_MAX, v = j < b->count ? b->row[j] : UINT32_MAX;
        const uint16_t left = u <= v ? a->code[i++] : 0, right = v <= u ? b->code[j++] : 0;
        struct pair *met = pairs_find(t, (uint32_t)left << 16 | right);
        if (met->code == 0) {
            *met = (struct pair){(uint32_t)left << 16 | right, ++p.words};
            p.length[p.words] = (uint16_t)(a->length[left] + b->length[right]);
            p.cost += p.length[p.words] + WORD_COST;
        }
        p.row[p.count] = (uint16_t)(u < v ? u : v);
        p.code[p.count] = (uint16_t)met->code;
    }
    p.cost += p.count;
    return p;
}

/* A part for every column that any row has; 0: these are too many. */
static int64_t single_columns(const struct pattern *p, struct part *part)
{
    uint32_t *count = xcalloc((size_t)p->d, sizeof *count);
    uint16_t *number = xmalloc((size_t)p->d * sizeof *number);
    int64_t parts = 0;
    for (uint32_t e = 0; e < p->start[p->count]; e++) parts += count[p->column[e]]++ == 0;
    if (parts > MANY_COLUMNS) parts = 0;
    for (int64_t j = 0, k = 0; j < p->d && parts > 0; j++) {
        if (count[j] == 0) continue;
        struct part *one = &part[k];
        number[j] = (uint16_t)k++;
        *one = (struct part){.words = 1, .cost = count[j] + 1 + WORD_COST, .first = (uint16_t)j};
        one->row = xmalloc(count[j] * sizeof *one->row);
        one->code = xmalloc(count[j] * sizeof *one->code);
        one->length = xmalloc(2 * sizeof *one->length);
        one->length[0] = 0, one->length[1] = 1;
    }
    for (int64_t k = 0; k < p->count && parts > 0; k++)
        for (uint32_t e = p->start[k]; e < p->start[k + 1]; e++) {
            struct part *one = &part[number[p->column[e]]];
            one->row[one->count] = (uint16_t)k;
            one->code[one->count++] = 1;
        }
    free(count);
    free(number);
    return parts;
}

/* Joins neighbours while that costs nothing more; returns how many parts are left.  both[i]: part[i] and part[i + 1] together. */
static int64_t join_all(struct part *part, struct part *both, int64_t parts, struct pairs *t)
{
    for (int64_t i = 0; i + 1 < parts; i++) both[i] = join(&part[i], &part[i + 1], t);
    while (parts > 1) {
        int64_t best = 0, most = -1;
        for (int64_t i = 0; i + 1 < parts; i++) {
            const int64_t saved = part[i].cost + part[i + 1].cost - both[i].cost;
            if (saved > most) most = saved, best = i;
        }
        if (most < 0) break;
        part_free(&part[best]);
        part_free(&part[best + 1]);
        part[best] = both[best];
        parts--;
        memmove(&part[best + 1], &part[best + 2], (size_t)(parts - best - 1) * sizeof *part);
        memmove(&both[best], &both[best + 1], (size_t)(parts - best - 1) * sizeof *both);
        for (int64_t i = best - 1; i <= best; i++) {
            if (i < 0 || i + 1 >= parts) continue;
            part_free(&both[i]);
            both[i] = join(&part[i], &part[i + 1], t);
        }
    }
    for (int64_t i = 0; i + 1 < parts; i++) part_free(&both[i]);
    return parts;
}

int64_t words_cut(const struct pattern *p, uint16_t *cut)
{
    struct part *part = xmalloc(2 * MANY_COLUMNS * sizeof *part), *both = part + MANY_COLUMNS;
    struct pairs t = {.at = xmalloc(8 * ((size_t)p->count + 4) * sizeof *t.at)};
    int64_t parts = single_columns(p, part), before = 0, after = 0;
    for (int64_t i = 0; i < parts; i++) before += part[i].cost;
    parts = join_all(part, both, parts, &t);
    for (int64_t i = 0; i < parts; i++) {
        after += part[i].cost;
        cut[i] = part[i].first;
        part_free(&part[i]);
    }
    cut[parts] = (uint16_t)p->d;
    free(part);
    free(t.at);
    return (double)after <= WORDS_PAY * (double)before ? parts : 0;
}
