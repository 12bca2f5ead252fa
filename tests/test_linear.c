/* test_linear.c - the oracle of linear models against a plain loop that follows the canonical order, bit for bit. */
#include "plain_linear.h"
#include "random_shards.h"
#include "real_data.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* --- comparing ------------------------------------------------------------------------------------------------------ */
static void random_point(int64_t d, uint32_t which, double *x)
{
    struct stream t = stream(5, FOR_TEST, 1, 0, which);
    for (int64_t j = 0; j < d; j++) x[j] = stream_gaussian(&t) / 3;
}

static void assert_same(const double *a, const double *b, int64_t d, const char *what)
{
    for (int64_t j = 0; j < d; j++)
        if (memcmp(&a[j], &b[j], sizeof *a) != 0) fail_msg("%s: coordinate %lld: %a and %a", what, (long long)j, a[j], b[j]);
}

static void compare_client(const struct objective *o, const struct plain *q, int64_t client, struct oracle_work *w)
{
    const size_t bytes = (size_t)o->d * sizeof(double);
    double *x = malloc(bytes), *v = malloc(bytes), *a = malloc(bytes), *b = malloc(bytes), value = 0;
    const int64_t m = o->samples[client];
    random_point(o->d, (uint32_t)client, x);
    random_point(o->d, (uint32_t)client + 1, v);
    o->gradient(o, client, x, a, &value, w);
    const double expected = plain_oracle(q, client, NULL, m, x, NULL, b);
    assert_same(a, b, o->d, "gradient");
    assert_same(&value, &expected, 1, "value");
    o->gradient(o, client, x, a, NULL, w);
    assert_same(a, b, o->d, "gradient without value");
    uint32_t *list = malloc((size_t)m * sizeof *list);
    for (int64_t k = 0; k < m; k++) list[k] = (uint32_t)k;
    o->batch(o, client, list, m, x, a, w);
    plain_oracle(q, client, list, m, x, NULL, b);
    assert_same(a, b, o->d, "batch of all samples in order");
    for (int64_t from = m / 3, count = m - from; count > 1; from += count / 3, count /= 2)
        for (int less = 0; less < 2; less++) { /* two that begin alike */
            o->batch(o, client, list + from, count - less, x, a, w);
            plain_oracle(q, client, list + from, count - less, x, NULL, b);
            assert_same(a, b, o->d, "batch of consecutive samples");
        }
    o->hessian_times(o, client, x, v, a, w);
    plain_oracle(q, client, NULL, m, x, v, b);
    assert_same(a, b, o->d, "Hessian product");
    struct stream t = stream(6, FOR_TEST, 0, 0, (uint32_t)client);
    for (int64_t k = 0; k < m; k++) list[k] = stream_below(&t, (uint32_t)m); /* with repeats */
    for (int64_t count = m; count >= 1; count = count > 3 ? count / 3 : count - 1) {
        o->batch(o, client, list, count, x, a, w);
        plain_oracle(q, client, list, count, x, NULL, b);
        assert_same(a, b, o->d, "batch");
    }
    free(list);
    free(x), free(v), free(a), free(b);
}

static int points_compared, points_stored;

/* All clients at several points in one pass; every other time without values. */
static void compare_points(const struct objective *o, const struct plain *q, struct oracle_work *w)
{
    enum { COMPARED = 18, CLIENTS = 4 }; /* of the points, the last ones; of the clients */
    static const int counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17, MOST_POINTS};
    const size_t d = (size_t)o->d, n = (size_t)o->n;
    double *x = malloc(MOST_POINTS * d * sizeof *x), *out = malloc(MOST_POINTS * n * d * sizeof *out);
    double *expected = malloc(COMPARED * CLIENTS * d * sizeof *expected), expected_value[COMPARED][CLIENTS];
    double *value[MOST_POINTS];
    struct points p = {.stride = o->d};
    for (int l = 0; l < MOST_POINTS; l++) value[l] = malloc(n * sizeof *value[l]);
    for (int l = 0; l < COMPARED; l++) {
        random_point(o->d, (uint32_t)(100 + l), x + (size_t)l * d);
        for (int64_t i = 0, k = 0; i < o->n; i += 1 + o->n / 3, k++)
            expected_value[l][k] =
                plain_oracle(q, i, NULL, o->samples[i], x + (size_t)l * d, NULL, expected + (l * CLIENTS + k) * o->d);
    }
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        p.count = counts[c];
        p.value = p.count % 2 ? value : NULL;
        for (int l = 0; l < p.count; l++) { /* from the last on the same again and again */
            p.x[l] = x + (size_t)((p.count - 1 - l) % COMPARED) * d;
            p.out[l] = out + (size_t)l * n * d;
        }
        o->gradients(o, &p, w);
        for (int l = 0; l < p.count; l++)
            for (int64_t i = 0, k = 0; i < o->n; i += 1 + o->n / 3, k++) {
                const int at = (p.count - 1 - l) % COMPARED;
                assert_same(p.out[l] + i * o->d, expected + (at * CLIENTS + k) * o->d, o->d, "gradient at one of several points");
                if (p.value) assert_same(&value[l][i], &expected_value[at][k], 1, "value at one of several points");
                points_compared++;
            }
    }
    for (int l = 0; l < MOST_POINTS; l++) free(value[l]);
    free(x), free(out), free(expected);
}

static int fast_blocks, stored_blocks, word_blocks, fast_columns, stretches;

static int stretches_of(const struct linear *a)
{
    int laid_out = 0;
    for (int64_t k = 0; a->stretches && k < a->shards->rows.count; k++) laid_out += atomic_load(&a->stretches->from[k]) != NULL;
    return laid_out;
}

static void compare_all(const struct shards *s, const char *name, const char *key, const char *value)
{
    struct fail f = {0};
    const struct problem *p = problem_find(name);
    struct settings set = settings_new(p->param, p->param_size);
    assert_true(settings_set(&set, key, value, &f));
    struct objective o;
    if (!objective_open(&o, p, set.data, s, s->n, 1, &f)) fail_msg("%s", f.text);
    const struct plain q = {p, set.data, s, LINEAR_BLOCK, o.self};
    struct oracle_work w = {0};
    for (int64_t i = 0; i < o.n; i += 1 + o.n / 40) compare_client(&o, &q, i, &w);
    const struct linear *a = o.self;
    if (o.gradients) compare_points(&o, &q, &w);
    for (int64_t k = 0; k < a->block_of[o.n]; k++) {
        points_stored += o.gradients && !(a->block[k].rows && a->block[k].columns) && !a->block[k].words;
        if (a->block[k].words)
            word_blocks++;
        else if (a->block[k].rows)
            fast_blocks++;
        else
            stored_blocks++;
        fast_columns += a->block[k].columns != NULL;
    }
    stretches += stretches_of(a);
    oracle_work_free(&w);
    objective_close(&o);
    settings_free(&set);
}

/* --- tests ------------------------------------------------------------------------------------------------------------ */
static const struct random_shape shapes[] = {
    {.n = 1, .d = 1, .rows = {3}, .density = 0.5, .common = 1},
    {.n = 3, .d = 1, .rows = {1, 2100, 40}, .density = 0.4, .common = 1, .bias = true},
    {.n = 3, .d = 1, .rows = {1, 2100, 40}, .density = 0.4, .values = true, .bias = true},
    {.n = 5, .d = 37, .rows = {2048, 2049, 1, 100, 4099}, .density = 0.2, .common = 1, .bias = true},
    {.n = 5, .d = 37, .rows = {2048, 2049, 1, 100, 4099}, .density = 0.2, .common = 0.18257, .bias = true},
    {.n = 5, .d = 37, .rows = {2047, 2049, 2, 100, 4097}, .density = 0.2, .common = -0.18257},
    {.n = 4, .d = 53, .rows = {2050, 31, 7, 300}, .density = 0.3, .values = true, .bias = true},
    {.n = 4, .d = 300, .rows = {700, 31, 7, 23}, .density = 0.04, .values = true},
    {.n = 4, .d = 300, .rows = {700, 31, 7, 24}, .density = 0.9, .common = 1, .bias = true},
    {.n = 200, .d = 20, .rows = {1, 1, 2, 3, 30, 1, 1, 5}, .density = 0.3, .common = 1, .bias = true},
    {.n = 2, .d = 30000, .rows = {50, 60}, .density = 0.002, .common = 1, .bias = true},
    {.n = 2, .d = 65534, .rows = {30, 5}, .density = 0.002, .common = 1},
    {.n = 2, .d = 65535, .rows = {30, 5}, .density = 0.002, .common = 1},
    {.n = 2, .d = 70000, .rows = {30, 5}, .density = 0.002, .values = true, .bias = true},
    {.n = 4, .d = 60, .rows = {2048, 2349, 100, 700}, .common = 1, .attributes = 12, .bias = true},
    {.n = 4, .d = 60, .rows = {2048, 2349, 100, 700}, .common = 0.18257, .attributes = 12, .bias = true},
    {.n = 3, .d = 90, .rows = {5000, 255, 256}, .common = -0.18257, .attributes = 30},
    {.n = 2, .d = 12, .rows = {2500, 30}, .density = 0.0, .common = 1, .bias = true},
    {.n = 2, .d = 12, .rows = {50, 30}, .density = 0.0, .values = true},
};

static void random_data_agree(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key, *value;
    } problem[] = {{"marina-loss", "lambda", "0"},
                   {"marina-loss", "lambda", "0.01"},
                   {"logistic", "lambda", "0.001"},
                   {"logistic-nonconvex", "lambda", "0.1"},
                   {"least-squares", "lambda", "0.3"}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct shards s = random_shards(&shapes[i], i);
        for (size_t k = 0; k < sizeof problem / sizeof *problem; k++) {
            if (shapes[i].d > 1000 && k > 1) break;
            compare_all(&s, problem[k].name, problem[k].key, problem[k].value);
        }
        random_shards_free(&s);
    }
    assert_true(fast_blocks > 20 && fast_columns > 20 && stored_blocks > 20 && stretches > 20 &&
                word_blocks > 40); /* all ways were compared */
    assert_true(points_compared > 1000 && points_stored > 5);
}

/* The comparison sees what it should: another block size, rows summed the other way round, or ones without words, change bits. */
static void another_order_differs(void **state)
{
    (void)state;
    struct random_shape shape = {.n = 1, .d = 37, .rows = {5000}, .density = 0.2, .common = 0.18257, .bias = true};
    uint32_t list[5000];
    for (uint32_t k = 0; k < 5000; k++) list[k] = 4999 - k;
    for (int ones = 0; ones < 2; ones++) {
        shape.values = !ones;
        struct shards s = random_shards(&shape, 3);
        struct fail f = {0};
        const struct problem *p = problem_find("marina-loss");
        struct settings set = settings_new(p->param, p->param_size);
        struct objective o;
        assert_true(objective_open(&o, p, set.data, &s, 1, 1, &f));
        struct oracle_work w = {0};
        double x[38], a[38], b[38];
        random_point(38, 0, x);
        o.gradient(&o, 0, x, a, NULL, &w);
        struct plain q = {p, set.data, &s, LINEAR_BLOCK, o.self}, other = {p, set.data, &s, LINEAR_BLOCK / 2, NULL};
        plain_oracle(&q, 0, NULL, 5000, x, NULL, b);
        assert_memory_equal(a, b, sizeof a);
        if (ones) other.block = LINEAR_BLOCK;
        plain_oracle(&other, 0, NULL, 5000, x, NULL, b);
        assert_memory_not_equal(a, b, sizeof a);
        plain_oracle(&q, 0, list, 5000, x, NULL, b);
        assert_memory_not_equal(a, b, sizeof a);
        for (int j = 0; j < 38; j++) assert_true(fabs(a[j] - b[j]) <= 1e-14 * (1 + fabs(a[j])));
        oracle_work_free(&w);
        objective_close(&o);
        settings_free(&set);
        random_shards_free(&s);
    }
}

/* Threads that ask for the same stretches at the same time, of two lengths, until there is no room for more. */
static void threads_share_stretches(void **state)
{
    (void)state;
    enum { ROWS = 5000, D = 38, FIRSTS = 200, ROUNDS = 4 };
    struct random_shape shape = {.n = 1, .d = D - 1, .rows = {ROWS}, .density = 0.2, .values = true, .bias = true};
    struct shards s = random_shards(&shape, 4);
    struct fail f = {0};
    const struct problem *p = problem_find("logistic");
    struct settings set = settings_new(p->param, p->param_size);
    struct objective o;
    assert_true(objective_open(&o, p, set.data, &s, 1, 1, &f));
    const struct plain q = {p, set.data, &s, LINEAR_BLOCK, NULL};
    static double expected[FIRSTS][2][D];
    uint32_t list[ROWS];
    double x[D];
    random_point(D, 0, x);
    for (uint32_t k = 0; k < ROWS; k++) list[k] = k;
    for (int64_t k = 0; k < FIRSTS; k++)
        for (int less = 0; less < 2; less++) plain_oracle(&q, 0, list + k, LINEAR_BLOCK - less, x, NULL, expected[k][less]);
    int wrong = 0;
#pragma omp parallel num_threads(8) reduction(+ : wrong)
    {
        struct oracle_work w = {0};
        double g[D];
        for (int k = 0; k < ROUNDS * FIRSTS; k++) { /* all threads ask for all */
            const int first = k % FIRSTS, less = k / FIRSTS % 2;
            o.batch(&o, 0, list + first, LINEAR_BLOCK - less, x, g, &w);
            wrong += memcmp(g, expected[first][less], sizeof g) != 0;
        }
        oracle_work_free(&w);
    }
    assert_int_equal(wrong, 0);
    const int laid_out = stretches_of(o.self);
    assert_true(laid_out > 20 && laid_out < FIRSTS);
    assert_memory_not_equal(expected[0][0], expected[0][1], sizeof expected[0][0]);
    objective_close(&o);
    settings_free(&set);
    random_shards_free(&s);
}

/* NaN and infinity in x reach exactly the coordinates they reach in the plain loop: padding reads neither. */
static void not_finite_points_agree(void **state)
{
    (void)state;
    struct random_shape shape = {.n = 1, .d = 37, .rows = {300}, .density = 0.1, .values = true};
    for (int values = 0; values < 2; values++) {
        shape.values = values;
        shape.common = 1;
        struct shards s = random_shards(&shape, 8);
        struct fail f = {0};
        const struct problem *p = problem_find("least-squares");
        struct settings set = settings_new(p->param, p->param_size);
        struct objective o;
        assert_true(objective_open(&o, p, set.data, &s, 1, 1, &f));
        const struct plain q = {p, set.data, &s, LINEAR_BLOCK, o.self};
        struct oracle_work w = {0};
        double x[37], a[37], b[37];
        random_point(37, 0, x);
        x[5] = values ? (double)NAN : (double)INFINITY;
        o.gradient(&o, 0, x, a, NULL, &w);
        plain_oracle(&q, 0, NULL, 300, x, NULL, b);
        int bad = 0;
        for (int j = 0; j < 37; j++) {
            assert_true(isfinite(a[j]) == isfinite(b[j]));
            bad += !isfinite(a[j]);
        }
        assert_true(bad > 0);
        oracle_work_free(&w);
        objective_close(&o);
        settings_free(&set);
        random_shards_free(&s);
    }
}

static void real_data_agree(void **state)
{
    (void)state;
    static const char *const name[] = {"mushrooms", "a9a", "phishing", "w8a"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        struct dataset data;
        struct shards s;
        struct split how = {
            .order = SPLIT_CONTIGUOUS, .remainder = REMAINDER_LAST, .clients = 5, .bias = i % 2 == 0, .two_classes = true};
        real_data(name[i], &how, &data, &s);
        word_blocks = 0;
        compare_all(&s, "marina-loss", "lambda", "1e-6");
        assert_true(word_blocks >= 5);
        shards_free(&s);
        dataset_free(&data);
    }
}

static void client_without_rows_is_refused(void **state)
{
    (void)state;
    struct random_shape shape = {.n = 3, .d = 4, .rows = {5, 0, 5}, .density = 0.5, .common = 1};
    struct shards s = random_shards(&shape, 1);
    struct fail f = {0};
    struct objective o;
    const struct problem *p = problem_find("marina-loss");
    struct settings set = settings_new(p->param, p->param_size);
    assert_false(objective_open(&o, p, set.data, &s, 3, 1, &f));
    assert_non_null(strstr(f.text, "client 1"));
    f.text[0] = '\0';
    assert_false(objective_open(&o, p, set.data, NULL, 3, 1, &f));
    assert_non_null(strstr(f.text, "dataset"));
    settings_free(&set);
    random_shards_free(&s);
}

/* The whole objective is (g_1 + g_2 + ...)/n, in client order. */
static void full_gradient_is_the_mean_in_client_order(void **state)
{
    (void)state;
    struct shards s = random_shards(&shapes[4], 2);
    struct fail f = {0};
    const struct problem *p = problem_find("logistic");
    struct settings set = settings_new(p->param, p->param_size);
    struct objective o;
    assert_true(objective_open(&o, p, set.data, &s, 5, 1, &f));
    struct oracle_work w = {0}, v = {0};
    double x[38], full[38], one[38], sum[38], norms = 0, norm, value, values = 0;
    random_point(38, 0, x);
    const double whole = objective_full(&o, x, full, &norm, &w);
    for (int i = 0; i < 5; i++) {
        o.gradient(&o, i, x, one, &value, &v);
        values += value;
        norms += real_norm_sq(38, one);
        for (int j = 0; j < 38; j++) sum[j] = i == 0 ? one[j] : sum[j] + one[j];
    }
    for (int j = 0; j < 38; j++) sum[j] /= 5;
    assert_same(full, sum, 38, "mean of gradients");
    assert_true(whole == values / 5 && norm == norms / 5);
    oracle_work_free(&w);
    oracle_work_free(&v);
    objective_close(&o);
    settings_free(&set);
    random_shards_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_data_agree),
        cmocka_unit_test(another_order_differs),
        cmocka_unit_test(threads_share_stretches),
        cmocka_unit_test(not_finite_points_agree),
        cmocka_unit_test(real_data_agree),
        cmocka_unit_test(client_without_rows_is_refused),
        cmocka_unit_test(full_gradient_is_the_mean_in_client_order),
    };
    return cmocka_run_group_tests_name("linear models", tests, NULL, NULL);
}
