/* Generated data: shapes, seeds, and that each parameter does what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include "../datasets/rows.h"
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes data with parameters given as "name", "text" pairs, NULL at the end. */
static bool make_va(struct dataset *out, struct fail *f, const char *name, uint64_t seed, int64_t clients, va_list pairs)
{
    const struct generator *g = generator_find(name);
    assert_non_null(g);
    struct settings s = settings_new(g->param, g->param_size);
    for (const char *key; (key = va_arg(pairs, const char *));) {
        const char *text = va_arg(pairs, const char *);
        if (!settings_set(&s, key, text, f)) fail_msg("%s", f->text);
    }
    const bool good = g->make(s.data, seed, clients, out, f);
    settings_free(&s);
    return good;
}

static struct dataset make(const char *name, uint64_t seed, int64_t clients, ...)
{
    struct dataset a;
    struct fail f = {0};
    va_list pairs;
    va_start(pairs, clients);
    if (!make_va(&a, &f, name, seed, clients, pairs)) fail_msg("%s", f.text);
    va_end(pairs);
    return a;
}

static void refuse(const char *says, const char *name, ...)
{
    struct dataset a;
    struct fail f = {0};
    va_list pairs;
    va_start(pairs, name);
    assert_false(make_va(&a, &f, name, 1, 5, pairs));
    va_end(pairs);
    if (!strstr(f.text, says)) fail_msg("%s", f.text);
}

static const char *const names[] = {"gaussian-linear", "gaussian-logistic", "one-hot"};

static void tables(void **state)
{
    (void)state;
    size_t count = 0;
    for (; generators[count]; count++) {
        const struct generator *g = generators[count];
        assert_true(field_table_is_complete(g->param, g->param_size));
        assert_ptr_equal(generator_find(g->name), g);
        assert_true(strlen(g->summary) > 20 && strlen(g->explain) > 100);
    }
    for (int k = 0; k < 3; k++) assert_non_null(generator_find(names[k]));
    assert_true(count >= 3);
    assert_null(generator_find("one_hot"));
}

static void seeds(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct dataset a = make(names[k], 1, 5, "rows", "200", NULL), b = make(names[k], 1, 5, "rows", "200", NULL),
                       c = make(names[k], 2, 5, "rows", "200", NULL),
                       e = make(names[k], UINT64_C(1) << 32 | 1, 5, "rows", "200", NULL);
        char title[80], again[65];
        snprintf(title, sizeof title, "%s (generated)", names[k]);
        assert_string_equal(a.name, title);
        assert_true(a.generated);
        assert_int_equal(strlen(a.sha256), 64);
        rows_sha256(&a.rows, again);
        assert_string_equal(a.sha256, again);
        assert_string_equal(a.sha256, b.sha256);
        assert_string_not_equal(a.sha256, c.sha256); /* the control: the seed matters, all 64 bits of it */
        assert_string_not_equal(a.sha256, e.sha256);
        dataset_free(&a);
        dataset_free(&b);
        dataset_free(&c);
        dataset_free(&e);
    }
}

static void sha256_sees_everything(void **state)
{
    (void)state;
    struct dataset a = make("gaussian-logistic", 1, 2, "rows", "10", "features", "3", NULL);
    char was[65], now[65];
    rows_sha256(&a.rows, was);
    for (int k = 0; k < 3; k++) {
        double *value = k == 0 ? &a.rows.value[29] : &a.rows.label[9];
        const double kept = *value;
        if (k < 2)
            *value = nextafter(kept, 100);
        else
            a.rows.d++;
        rows_sha256(&a.rows, now);
        assert_string_not_equal(was, now);
        *value = kept;
    }
    dataset_free(&a);
}

static void one_hot_shape(void **state)
{
    (void)state;
    struct dataset a = make("one-hot", 1, 5, NULL);
    assert_int_equal(a.rows.count, 8124);
    assert_int_equal(a.rows.d, 112);
    assert_int_equal(a.rows.start[8124], 170604);
    assert_null(a.rows.value);
    assert_true(a.rows.common == 1);
    int64_t used[112] = {0};
    for (int64_t i = 0; i < 8124; i++) {
        assert_int_equal(a.rows.start[i], 21 * i);
        assert_true(fabs(a.rows.label[i]) == 1);
        const uint32_t *c = a.rows.column + a.rows.start[i];
        for (uint32_t g = 0; g < 21; g++) { /* one of each attribute: 7 attributes of 6 columns, then 14 of 5 */
            const uint32_t from = g < 7 ? 6 * g : 5 * g + 7, to = g < 7 ? from + 6 : from + 5;
            assert_true(from <= c[g] && c[g] < to);
            used[c[g]]++;
        }
    }
    for (int j = 0; j < 112; j++) assert_true(used[j] > 0);
    dataset_free(&a);
}

/* Training accuracy of the naive Bayes rule, in odds of counts: a linear rule on one-hot data. */
static double accuracy(const struct rows *r)
{
    double *odds = calloc((size_t)r->d, sizeof *odds), *count = calloc(2 * (size_t)r->d, sizeof *count), total[2] = {0, 0};
    for (int64_t i = 0; i < r->count; i++) {
        const int high = r->label[i] > 0;
        total[high]++;
        for (uint64_t e = r->start[i]; e < r->start[i + 1]; e++) count[2 * r->column[e] + (uint32_t)high]++;
    }
    for (int64_t j = 0; j < r->d; j++)
        odds[j] = log((count[2 * j + 1] + 1) / (total[1] + 2)) - log((count[2 * j] + 1) / (total[0] + 2));
    double right = 0;
    for (int64_t i = 0; i < r->count; i++) {
        double sum = log(total[1] / total[0]);
        for (uint64_t e = r->start[i]; e < r->start[i + 1]; e++) sum += odds[r->column[e]];
        right += (sum > 0) == (r->label[i] > 0);
    }
    free(odds);
    free(count);
    return right / (double)r->count;
}

static double high_share(const struct rows *r, int64_t from, int64_t to)
{
    double high = 0;
    for (int64_t i = from; i < to; i++) high += r->label[i] > 0;
    return high / (double)(to - from);
}

static void one_hot_can_be_learnt_but_not_separated(void **state)
{
    (void)state;
    struct dataset a = make("one-hot", 1, 5, NULL), b = make("one-hot", 1, 5, "skew", "0", "imbalance", "0", "drift", "0", NULL);
    const double learnt = accuracy(&a.rows), blind = accuracy(&b.rows);
    assert_true(learnt > 0.85 && learnt < 0.995);
    assert_true(blind < 0.60); /* the control: without skew the classes are the same */
    dataset_free(&a);
    dataset_free(&b);
}

static void one_hot_drifts(void **state)
{
    (void)state;
    struct dataset a = make("one-hot", 1, 5, NULL), b = make("one-hot", 1, 5, "imbalance", "0", NULL);
    assert_true(high_share(&a.rows, 0, 1624) > 0.72 && high_share(&a.rows, 6500, 8124) < 0.28); /* 0.78, 0.22 expected */
    assert_true(fabs(high_share(&a.rows, 0, 8124) - 0.5) < 0.02);
    assert_true(fabs(high_share(&b.rows, 0, 1624) - 0.5) < 0.05);
    struct dataset c = make("one-hot", 2, 5, "imbalance", "0", NULL); /* labels come from the seed as well: half of them differ */
    int64_t differ = 0;
    for (int64_t i = 0; i < 8124; i++) differ += b.rows.label[i] != c.rows.label[i];
    assert_true(differ > 3800 && differ < 4320);
    dataset_free(&c);
    dataset_free(&a);
    dataset_free(&b);
}

/* |mean of client i's rows - mean of all|^2, averaged over clients. */
static double spread_of_means(const struct rows *r, int64_t clients)
{
    const int64_t d = r->d, m = r->count / clients;
    double *mean = calloc((size_t)(d * (clients + 1)), sizeof *mean), *all = mean + d * clients, sum = 0;
    for (int64_t i = 0; i < r->count; i++)
        for (int64_t j = 0; j < d; j++) {
            mean[i / m * d + j] += r->value[i * d + j] / (double)m;
            all[j] += r->value[i * d + j] / (double)r->count;
        }
    for (int64_t k = 0; k < clients * d; k++) sum += (mean[k] - all[k % d]) * (mean[k] - all[k % d]);
    free(mean);
    return sum / (double)clients;
}

static void heterogeneity(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct dataset h[3];
        const char *const text[] = {"0", "1", "2"};
        for (int i = 0; i < 3; i++) h[i] = make(names[k], 3, 8, "rows", "8000", "features", "20", "heterogeneity", text[i], NULL);
        const double zero = spread_of_means(&h[0].rows, 8), one = spread_of_means(&h[1].rows, 8),
                     two = spread_of_means(&h[2].rows, 8);
        assert_int_equal(h[0].rows.count, 8000);
        assert_int_equal(h[0].rows.start[8000], 160000);
        assert_true(zero < 0.04);            /* d/m = 0.02 in expectation */
        assert_true(one > 0.5 && one < 1.5); /* |mu_i|^2/d around 1, less the mean over clients */
        assert_true(two > 3.5 * one && two < 4.5 * one);
        for (int i = 0; i < 3; i++) dataset_free(&h[i]);
    }
}

/* Cosine of the differences between class means, which point along the true weights, of clients 0 and 1 of `clients`. */
static double agreement(const struct rows *r, int64_t clients)
{
    const int64_t d = r->d, m = r->count / clients;
    double *mean = calloc((size_t)(2 * d), sizeof *mean), count[2] = {0, 0}, dot[3] = {0, 0, 0};
    for (int64_t c = 0; c < 2; c++)
        for (int high = 0; high < 2; high++) {
            count[high] = 0;
            for (int64_t i = c * m; i < (c + 1) * m; i++) count[high] += (r->label[i] > 0) == high;
            for (int64_t i = c * m; i < (c + 1) * m; i++)
                for (int64_t j = 0; j < d && (r->label[i] > 0) == high; j++)
                    mean[c * d + j] += (high ? 1 : -1) * r->value[i * d + j] / count[high];
        }
    for (int64_t j = 0; j < d; j++) {
        dot[0] += mean[j] * mean[d + j];
        dot[1] += mean[j] * mean[j];
        dot[2] += mean[d + j] * mean[d + j];
    }
    free(mean);
    return dot[0] / sqrt(dot[1] * dot[2]);
}

static void true_weights_differ(void **state)
{
    (void)state;
    struct dataset same = make("gaussian-logistic", 3, 4, "rows", "8000", "heterogeneity", "0", NULL),
                   apart = make("gaussian-logistic", 3, 4, "rows", "8000", "heterogeneity", "5", NULL);
    assert_true(agreement(&same.rows, 4) > 0.95);
    assert_true(agreement(&apart.rows, 4) < 0.7);
    dataset_free(&same);
    dataset_free(&apart);
}

/* The clients change with the split, the common truth does not: a client's rows depend on its own number alone. */
static void clients_have_their_own_rows(void **state)
{
    (void)state;
    struct dataset a = make("gaussian-logistic", 3, 4, "rows", "40", "features", "5", NULL),
                   b = make("gaussian-logistic", 3, 2, "rows", "40", "features", "5", NULL),
                   c = make("gaussian-logistic", 3, 400, "rows", "40", "features", "5", NULL);
    assert_memory_equal(a.rows.value, b.rows.value, 10 * 5 * sizeof(double));
    assert_memory_not_equal(a.rows.value + 50, b.rows.value + 50, 10 * 5 * sizeof(double));
    assert_int_equal(c.rows.count, 40); /* more clients than rows: the split refuses that, not the generator */
    dataset_free(&a);
    dataset_free(&b);
    dataset_free(&c);
}

static void noise_flips_labels(void **state)
{
    (void)state;
    struct dataset a = make("gaussian-logistic", 3, 4, "rows", "10000", "noise", "0", NULL),
                   b = make("gaussian-logistic", 3, 4, "rows", "10000", "noise", "0.1", NULL);
    int64_t flipped = 0;
    for (int64_t i = 0; i < 10000; i++) flipped += a.rows.label[i] != b.rows.label[i];
    assert_memory_equal(a.rows.value, b.rows.value, 10000 * 20 * sizeof(double));
    assert_true(flipped > 880 && flipped < 1120); /* 1000 +- 4 standard deviations of 30 */
    dataset_free(&a);
    dataset_free(&b);
}

static void scale_scales(void **state)
{
    (void)state;
    struct dataset a = make("gaussian-linear", 3, 4, "rows", "50", NULL),
                   b = make("gaussian-linear", 3, 4, "rows", "50", "scale", "4", NULL);
    for (int e = 0; e < 1000; e++) assert_true(b.rows.value[e] == 4 * a.rows.value[e]);
    dataset_free(&a);
    dataset_free(&b);
}

/* Singular values of [A] or, with labels, of [A y]: how many exceed 1e-9 of the largest. */
static int rank_of(const struct rows *r, bool with_labels)
{
    const size_t m = (size_t)r->count, d = (size_t)r->d + with_labels, big = m > d ? m : d, small = m > d ? d : m;
    gsl_matrix *a = gsl_matrix_alloc(big, small), *v = gsl_matrix_alloc(small, small);
    gsl_vector *s = gsl_vector_alloc(small), *work = gsl_vector_alloc(small);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < d; j++) {
            const double value = j < (size_t)r->d ? r->value[i * (size_t)r->d + j] : r->label[i];
            gsl_matrix_set(a, m > d ? i : j, m > d ? j : i, value);
        }
    gsl_linalg_SV_decomp(a, v, s, work);
    int rank = 0;
    for (size_t k = 0; k < small; k++) rank += gsl_vector_get(s, k) > 1e-9 * gsl_vector_get(s, 0);
    gsl_matrix_free(a);
    gsl_matrix_free(v);
    gsl_vector_free(s);
    gsl_vector_free(work);
    return rank;
}

static void ranks(void **state)
{
    (void)state;
    struct dataset full = make("gaussian-linear", 1, 4, "rows", "60", "features", "12", NULL),
                   low = make("gaussian-linear", 1, 4, "rows", "60", "features", "12", "rank", "5", NULL),
                   wide = make("gaussian-linear", 1, 4, "rows", "8", "features", "30", NULL),
                   apart = make("gaussian-linear", 1, 4, "rows", "60", "features", "12", "noise", "0", NULL),
                   same = make("gaussian-linear", 1, 4, "rows", "60", "features", "12", "noise", "0", "heterogeneity", "0", NULL),
                   exact = make("gaussian-linear", 1, 4, "rows", "60", "features", "12", "rank", "5", "noise", "0",
                                "heterogeneity", "0", NULL);
    assert_int_equal(rank_of(&full.rows, false), 12);
    assert_int_equal(rank_of(&low.rows, false), 5);
    assert_int_equal(rank_of(&low.rows, true), 6);   /* noisy labels are not a linear function of the rows */
    assert_int_equal(rank_of(&exact.rows, true), 5); /* without noise they are: one minimiser for all clients, f* = 0 */
    assert_int_equal(rank_of(&same.rows, true), 12);
    assert_int_equal(rank_of(&apart.rows, true), 13); /* clients that differ share no minimiser */
    dataset_free(&apart);
    dataset_free(&same);
    assert_int_equal(rank_of(&wide.rows, false), 8); /* overparametrised */
    dataset_free(&full);
    dataset_free(&low);
    dataset_free(&wide);
    dataset_free(&exact);
}

static void refused(void **state)
{
    (void)state;
    refuse("one-hot: groups = 30 with features = 20; allowed are 1 .. features", "one-hot", "groups", "30", "features", "20",
           NULL);
    refuse("gaussian-linear: rank = 30 with features = 20; allowed are 0 (full) .. features", "gaussian-linear", "rank", "30",
           NULL);
    refuse("allowed are at most 1073741824 numbers", "gaussian-logistic", "rows", "100000000", "features", "100000", NULL);
    refuse("allowed are at most 1073741824 numbers", "gaussian-linear", "rows", "100000000", "features", "100000", NULL);
    refuse("allowed are at most 1073741824 numbers", "one-hot", "rows", "100000000", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(seeds),
        cmocka_unit_test(sha256_sees_everything),
        cmocka_unit_test(one_hot_shape),
        cmocka_unit_test(one_hot_can_be_learnt_but_not_separated),
        cmocka_unit_test(one_hot_drifts),
        cmocka_unit_test(heterogeneity),
        cmocka_unit_test(true_weights_differ),
        cmocka_unit_test(clients_have_their_own_rows),
        cmocka_unit_test(noise_flips_labels),
        cmocka_unit_test(scale_scales),
        cmocka_unit_test(ranks),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests_name("generators", tests, NULL, NULL);
}
