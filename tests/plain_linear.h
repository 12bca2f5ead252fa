/* plain_linear.h - the oracle of linear models as a plain loop that follows the canonical order of sim/linear.h. */
#ifndef PLAIN_LINEAR_H
#define PLAIN_LINEAR_H
#include "../sim/linear.h"
#include "../sim/real.h"
#include <stdlib.h>
#include <string.h>

struct plain {
    const struct problem *p;
    const void *param;
    const struct shards *s;
    int64_t block;             /* rows in a block: 2048 by contract */
    const struct linear *cuts; /* where blocks are cut into segments; NULL: nowhere */
};

/* The end of the stretch of a row, from its entry e on, that lies below column `cut`. */
static inline uint64_t stretch_end(const struct shards *s, int64_t row, uint64_t e, uint32_t cut)
{
    while (e < s->rows.start[row + 1] && s->rows.column[e] < cut) e++;
    return e;
}

/* w: NULL, or the row's words. */
static inline double plain_product(const struct shards *s, int64_t row, const double *x, const struct words *w)
{
    double t = 0;
    uint64_t e = s->rows.start[row];
    for (int64_t g = 0; w && g < w->segments; g++) {
        double word = 0;
        for (const uint64_t end = stretch_end(s, row, e, w->cut[g + 1]); e < end; e++) word += x[s->rows.column[e]];
        t += word;
    }
    for (; e < s->rows.start[row + 1]; e++) t += s->rows.value ? s->rows.value[e] * x[s->rows.column[e]] : x[s->rows.column[e]];
    if (!s->rows.value && s->rows.common != 1) t = t * s->rows.common;
    return s->bias ? t + x[s->d - 1] : t;
}

/* g += the sum of slopes over each word's rows, for the words of columns from .. to, by their first rows. */
static inline void plain_words(const struct shards *s, int64_t first, int64_t count, uint32_t from, uint32_t to,
                               const double *slope, double *g)
{
    struct word {
        uint64_t e, length;
        int64_t rows;
        double sum;
    } *word = malloc((size_t)count * sizeof *word);
    const uint32_t *column = s->rows.column;
    int64_t words = 0;
    for (int64_t k = first; k < first + count; k++) {
        const uint64_t e = stretch_end(s, k, s->rows.start[k], from), length = stretch_end(s, k, e, to) - e;
        int64_t w = words - 1;
        if (length == 0) continue;
        while (w >= 0 && (word[w].length != length || memcmp(column + word[w].e, column + e, length * sizeof *column) != 0)) w--;
        if (w < 0 || word[w].rows == WORD_ROWS) word[w = words++] = (struct word){.e = e, .length = length};
        word[w].sum += slope[k - first];
        word[w].rows++;
    }
    for (int64_t w = 0; w < words; w++)
        for (uint64_t e = word[w].e; e < word[w].e + word[w].length; e++) g[column[e]] += word[w].sum;
    free(word);
}

/* v == NULL: gradient and value; else the product of the Hessian with v.  list: rows of the client, NULL for all. */
static inline double plain_oracle(const struct plain *q, int64_t client, const uint32_t *list, int64_t m, const double *x,
                                  const double *v, double *out)
{
    const struct shards *s = q->s;
    const struct rows *r = &s->rows;
    double *g = malloc((size_t)s->d * sizeof *g), *value = malloc((size_t)q->block * sizeof *value), total = 0;
    double *slope = malloc((size_t)q->block * sizeof *slope);
    for (int64_t j = 0; j < s->d; j++) out[j] = 0;
    for (int64_t b = 0; b < m; b += q->block) {
        const int64_t end = b + q->block < m ? b + q->block : m;
        const struct words *w = q->cuts && !list ? q->cuts->block[q->cuts->block_of[client] + b / q->block].words : NULL;
        for (int64_t j = 0; j < s->d; j++) g[j] = 0;
        for (int64_t k = b; k < end; k++) {
            const int64_t row = s->first[client] + (list ? (int64_t)list[k] : k);
            const double t = plain_product(s, row, x, w);
            double curve;
            q->p->loss(q->param, 1, &t, &r->label[row], &value[k - b], &slope[k - b], &curve);
            if (v) slope[k - b] = curve * plain_product(s, row, v, w);
            for (uint64_t e = r->start[row]; e < r->start[row + 1] && !w; e++)
                g[r->column[e]] += r->value ? slope[k - b] * r->value[e] : slope[k - b];
            if (s->bias && !w) g[s->d - 1] += slope[k - b];
        }
        for (int64_t h = 0; w && h < w->segments; h++)
            plain_words(s, s->first[client] + b, end - b, w->cut[h], w->cut[h + 1], slope, g);
        if (w && s->bias) g[s->d - 1] = real_sum((size_t)(end - b), slope);
        for (int64_t j = 0; j < s->d; j++) out[j] += r->value || j == r->d || r->common == 1 ? g[j] : g[j] * r->common;
        total += real_sum((size_t)(end - b), value);
    }
    for (int64_t j = 0; j < s->d; j++) out[j] /= (double)m;
    const double reg = q->p->reg(q->param, s->d, x, v ? NULL : out, v, v ? out : NULL);
    free(g);
    free(value);
    free(slope);
    return total / (double)m + reg;
}
#endif
