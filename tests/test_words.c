/* test_words.c - where columns are cut into words, against a plain search, and what the layouts hold. */
#include "../sim/words.h"
#include "random_shards.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* --- the plain search: every cost is counted anew ------------------------------------------------------------------------------
 */

/* Entries of row k in the columns from .. to: how many, and where they begin. */
static uint32_t stretch(const struct pattern *p, int64_t k, int64_t from, int64_t to, const uint16_t **begin)
{
    uint32_t e = p->start[k], length = 0;
    while (e < p->start[k + 1] && p->column[e] < from) e++;
    *begin = p->column + e;
    while (e + length < p->start[k + 1] && p->column[e + length] < to) length++;
    return length;
}

static int64_t plain_cost(const struct pattern *p, int64_t from, int64_t to)
{
    int64_t cost = 0;
    for (int64_t k = 0; k < p->count; k++) {
        const uint16_t *mine, *other;
        const uint32_t length = stretch(p, k, from, to, &mine);
        if (length == 0) continue;
        bool met = false;
        for (int64_t i = 0; i < k && !met; i++)
            met = stretch(p, i, from, to, &other) == length && memcmp(mine, other, length * sizeof *mine) == 0;
        cost += 1 + (met ? 0 : length + WORD_COST);
    }
    return cost;
}

static int64_t plain_cut(const struct pattern *p, uint16_t *cut)
{
    int64_t parts = 0, before = 0, after = 0;
    for (int64_t j = 0; j < p->d; j++) {
        const int64_t cost = plain_cost(p, j, j + 1);
        if (cost > 0) cut[parts++] = (uint16_t)j;
        before += cost;
    }
    cut[parts] = (uint16_t)p->d;
    for (;;) {
        int64_t best = 0, most = -1;
        for (int64_t g = 0; g + 1 < parts; g++) {
            const int64_t saved =
                plain_cost(p, cut[g], cut[g + 1]) + plain_cost(p, cut[g + 1], cut[g + 2]) - plain_cost(p, cut[g], cut[g + 2]);
            if (saved > most) most = saved, best = g;
        }
        if (most < 0) break;
        memmove(cut + best + 1, cut + best + 2, (size_t)(parts - best - 1) * sizeof *cut);
        parts--;
    }
    for (int64_t g = 0; g < parts; g++) after += plain_cost(p, cut[g], cut[g + 1]);
    return (double)after <= WORDS_PAY * (double)before ? parts : 0;
}

/* --- patterns ------------------------------------------------------------------------------------------------------------------
 */
struct held {
    struct pattern p;
    uint32_t *start;
    uint16_t *column;
};

static struct held random_pattern(const struct random_shape *q, uint64_t seed)
{
    struct shards s = random_shards(q, seed);
    struct held h = {.start = malloc((size_t)(s.rows.count + 1) * sizeof *h.start)};
    const uint64_t entries = s.rows.start[s.rows.count];
    h.column = malloc((entries + 1) * sizeof *h.column);
    for (int64_t k = 0; k <= s.rows.count; k++) h.start[k] = (uint32_t)s.rows.start[k];
    for (uint64_t e = 0; e < entries; e++) h.column[e] = (uint16_t)s.rows.column[e];
    h.p = (struct pattern){s.rows.count, q->d, h.start, h.column};
    random_shards_free(&s);
    return h;
}

static void held_free(struct held *h)
{
    free(h->start);
    free(h->column);
}

static void cuts_are_those_of_the_plain_search(void **state)
{
    (void)state;
    static const struct random_shape shapes[] = {
        {.n = 1, .d = 1, .rows = {5}, .density = 0.5},     {.n = 1, .d = 24, .rows = {120}, .attributes = 6},
        {.n = 1, .d = 30, .rows = {90}, .attributes = 10}, {.n = 1, .d = 30, .rows = {200}, .attributes = 5},
        {.n = 1, .d = 12, .rows = {300}, .density = 0.15}, {.n = 1, .d = 40, .rows = {60}, .density = 0.3},
        {.n = 1, .d = 9, .rows = {40}, .density = 0},
    };
    int paid = 0, did_not = 0, in_several = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct held h = random_pattern(&shapes[i], seed);
            uint16_t cut[64], expected[64];
            const int64_t segments = words_cut(&h.p, cut);
            assert_int_equal(segments, plain_cut(&h.p, expected));
            if (segments > 0) assert_memory_equal(cut, expected, (size_t)(segments + 1) * sizeof *cut);
            if (segments > 0)
                paid++;
            else
                did_not++;
            in_several += segments > 1;
            held_free(&h);
        }
    assert_true(paid > 5 && did_not > 5 && in_several > 5);
}

/* --- what the layouts hold, as sums of numbers that tell who was added ---------------------------------------------------------
 */

/* What `words` and then `lists` make of x, by target. */
static void sums(const struct sell *words, const struct sell *lists, const double *x, double *out)
{
    double *word = malloc((size_t)(4 * words->chunks + 8) * sizeof *word),
           *sum = malloc((size_t)(4 * lists->chunks + 8) * sizeof *sum);
    sell_sums(words, x, word);
    word[4 * words->chunks] = 0;
    sell_sums(lists, word, sum);
    for (int64_t k = 0; k < lists->lanes; k++) out[lists->target[k]] = sum[k];
    free(word);
    free(sum);
}

static void layouts_are_the_pattern(void **state)
{
    (void)state;
    static const struct random_shape shapes[] = {
        {.n = 1, .d = 24, .rows = {2048}, .attributes = 6},
        {.n = 1, .d = 90, .rows = {700}, .attributes = 30},
        {.n = 1, .d = 12, .rows = {1000}, .density = 0.15},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct held h = random_pattern(&shapes[i], i);
        struct words *w = words_build(&h.p);
        assert_non_null(w);
        const int64_t m = h.p.count, d = h.p.d;
        double *x = calloc((size_t)(m + d + 1), sizeof *x), *out = calloc((size_t)(m + d + 1), sizeof *out);
        for (int64_t j = 0; j < d; j++) { /* integers: exact in any order */
            memset(x, 0, (size_t)(m + d + 1) * sizeof *x);
            x[j] = 1;
            sums(w->sum, w->rows, x, out);
            for (int64_t k = 0; k < m; k++) {
                const uint16_t *begin;
                assert_true(out[k] == stretch(&h.p, k, j, j + 1, &begin));
            }
        }
        for (int64_t k = 0; k < m; k += 7) {
            memset(x, 0, (size_t)(m + d + 1) * sizeof *x);
            memset(out, 0, (size_t)(m + d + 1) * sizeof *out);
            x[k] = 1;
            sums(w->gather, w->columns, x, out);
            for (int64_t j = 0; j < d; j++) {
                const uint16_t *begin;
                assert_true(out[j] == stretch(&h.p, k, j, j + 1, &begin));
            }
        }
        for (int64_t c = 0; c < w->gather->chunks; c++) assert_true(w->gather->length[c] <= WORD_ROWS);
        int64_t additions = 0;
        for (int64_t c = 0; c < w->rows->chunks; c++) additions += w->rows->length[c] * 4;
        assert_true(additions < h.p.start[m]);
        free(x), free(out);
        words_free(w);
        held_free(&h);
    }
}

/* More columns than the search goes through, or more words than 16 bits can name: rows stay as they are. */
static void too_many_are_left_alone(void **state)
{
    (void)state;
    const struct random_shape many = {.n = 1, .d = 4000, .rows = {600}, .attributes = 2000},
                              fewer = {.n = 1, .d = 2000, .rows = {600}, .attributes = 1000};
    struct held h = random_pattern(&many, 1), g = random_pattern(&fewer, 1);
    assert_null(words_build(&h.p));
    struct words *w = words_build(&g.p);
    assert_non_null(w);
    words_free(w);
    held_free(&h);
    held_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_those_of_the_plain_search),
        cmocka_unit_test(layouts_are_the_pattern),
        cmocka_unit_test(too_many_are_left_alone),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
