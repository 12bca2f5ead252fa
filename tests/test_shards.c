/* Dealing rows to clients: sizes and order of every split, classes, normalisation, and the published splits of real data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */
#include "../datasets/rows.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `count` rows; row i holds column 0 with value 1 + i, so that a row is known by its value, and label[i]. */
static struct dataset numbered(int64_t count, const double *label)
{
    struct dataset a = {.name = "numbered", .sha256 = "0123"};
    struct rows_builder b;
    rows_begin(&b, 3);
    for (int64_t i = 0; i < count; i++) {
        rows_label(&b, label ? label[i] : (double)(i % 2));
        rows_add(&b, 0, 1 + (double)i);
        if (i % 3 == 0) rows_add(&b, 2, -1);
    }
    a.rows = rows_end(&b);
    return a;
}

static struct shards deal(const struct dataset *a, struct split how)
{
    struct shards s;
    struct fail f = {0};
    if (!shards_make(a, &how, &s, &f)) fail_msg("refused: %s", f.text);
    return s;
}

static int64_t row_number(const struct shards *s, int64_t i)
{
    return (int64_t)s->rows.value[s->rows.start[i]] - 1;
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        int64_t rows, clients;
        enum split_remainder remainder;
        int64_t first[6];
    } cases[] = {
        {13, 5, REMAINDER_DROP, {0, 2, 4, 6, 8, 10}}, {13, 5, REMAINDER_SPREAD, {0, 3, 6, 9, 11, 13}},
        {13, 5, REMAINDER_LAST, {0, 2, 4, 6, 8, 13}}, {10, 5, REMAINDER_DROP, {0, 2, 4, 6, 8, 10}},
        {10, 5, REMAINDER_LAST, {0, 2, 4, 6, 8, 10}}, {10, 5, REMAINDER_SPREAD, {0, 2, 4, 6, 8, 10}},
        {5, 5, REMAINDER_SPREAD, {0, 1, 2, 3, 4, 5}}, {9, 5, REMAINDER_DROP, {0, 1, 2, 3, 4, 5}},
        {9, 5, REMAINDER_SPREAD, {0, 2, 4, 6, 8, 9}}, {9, 5, REMAINDER_LAST, {0, 1, 2, 3, 4, 9}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct dataset a = numbered(cases[k].rows, NULL);
        struct shards s = deal(&a, (struct split){.remainder = cases[k].remainder, .clients = cases[k].clients});
        assert_memory_equal(s.first, cases[k].first, sizeof cases[k].first);
        assert_int_equal(s.rows.count, cases[k].first[5]);
        for (int64_t i = 0; i < s.rows.count; i++) assert_int_equal(row_number(&s, i), i); /* contiguous: file order */
        assert_int_equal(s.n, 5);
        assert_string_equal(s.title, "numbered");
        assert_string_equal(s.sha256, "0123");
        shards_free(&s);
        dataset_free(&a);
    }
}

static void bias(void **state)
{
    (void)state;
    struct dataset a = numbered(4, NULL);
    struct shards with = deal(&a, (struct split){.clients = 2, .bias = true}), without = deal(&a, (struct split){.clients = 2});
    assert_int_equal(with.d, 4);
    assert_true(with.bias);
    assert_int_equal(with.rows.d, 3);
    assert_int_equal(without.d, 3);
    assert_int_equal(with.rows.start[4], without.rows.start[4]); /* the bias is not stored */
    shards_free(&with);
    shards_free(&without);
    dataset_free(&a);
}

static void shuffled(void **state)
{
    (void)state;
    enum { N = 997 };
    struct dataset a = numbered(N, NULL);
    struct shards s[3];
    for (int k = 0; k < 3; k++)
        s[k] = deal(
            &a, (struct split){.order = SPLIT_SHUFFLED, .remainder = REMAINDER_SPREAD, .clients = 10, .seed = k == 2 ? 8 : 7});
    bool seen[N] = {false};
    int64_t fixed = 0, equal = 0, differ = 0;
    for (int64_t i = 0; i < N; i++) {
        const int64_t row = row_number(&s[0], i);
        assert_false(seen[row]); /* a permutation */
        seen[row] = true;
        fixed += row == i;
        equal += row == row_number(&s[1], i);
        differ += row != row_number(&s[2], i);
        assert_true(s[0].rows.label[i] == (double)(row % 2)); /* labels and the other column went along */
        assert_int_equal(s[0].rows.start[i + 1] - s[0].rows.start[i], row % 3 == 0 ? 2 : 1);
    }
    assert_int_equal(equal, N); /* the same seed */
    assert_true(fixed < 10);
    assert_true(differ > N - 10); /* another seed */
    for (int k = 0; k < 3; k++) shards_free(&s[k]);
    dataset_free(&a);
}

static void sorted_is_stable(void **state)
{
    (void)state;
    const double label[] = {2, 1, 2, 1, 3.5, -4, 2, 1};
    const int64_t order[] = {5, 1, 3, 7, 0, 2, 6, 4};
    struct dataset a = numbered(8, label);
    struct shards s = deal(&a, (struct split){.order = SPLIT_SORTED, .remainder = REMAINDER_LAST, .clients = 3});
    for (int64_t i = 0; i < 8; i++) assert_int_equal(row_number(&s, i), order[i]);
    assert_int_equal(s.first[2], 4);
    assert_int_equal(s.first[3], 8);
    shards_free(&s);
    dataset_free(&a);
}

static void two_classes(void **state)
{
    (void)state;
    static const struct {
        double label[3], wanted[3];
    } cases[] = {
        {{1, 2, 1}, {-1, 1, -1}},   {{2, 1, 1}, {1, -1, -1}},     {{0, 1, 1}, {-1, 1, 1}},
        {{-1, 1, -1}, {-1, 1, -1}}, {{7.5, -3, 7.5}, {1, -1, 1}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct dataset a = numbered(3, cases[k].label);
        struct shards s = deal(&a, (struct split){.clients = 1, .two_classes = true}), t = deal(&a, (struct split){.clients = 1});
        assert_memory_equal(s.rows.label, cases[k].wanted, sizeof cases[k].wanted);
        assert_memory_equal(t.rows.label, cases[k].label, sizeof cases[k].label); /* as in the file when not asked for */
        shards_free(&s);
        shards_free(&t);
        dataset_free(&a);
    }
}

static void refused(void **state)
{
    (void)state;
    const double three[] = {3, 1, 3, -0.5, 8}, one[] = {4, 4, 4, 4, 4}, two[] = {4, 4, 4, 4, 5};
    static const struct {
        int64_t clients;
        bool two_classes;
        const char *says;
    } cases[] = {
        {6, false, "clients = 6 on numbered, which has 5 rows; allowed are 1 .. 5"},
        {0, false, "clients = 0 on numbered, which has 5 rows; allowed are 1 .. 5"},
        {-3, false, "allowed are 1 .. 5"},
        {2, true, "numbered: labels of more than two values (3, 1, -0.5, ...)"},
        {2, true, "numbered: every label is 4; this problem needs two classes"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct dataset a = numbered(5, k == 4 ? one : three);
        const struct split how = {.clients = cases[k].clients, .two_classes = cases[k].two_classes};
        struct shards s;
        struct fail f = {0};
        assert_false(shards_make(&a, &how, &s, &f));
        if (!strstr(f.text, cases[k].says)) fail_msg("%s", f.text);
        assert_null(s.first);
        dataset_free(&a);
    }
    struct dataset a = numbered(5, two); /* the control: one row makes the second class */
    struct shards s = deal(&a, (struct split){.clients = 5, .two_classes = true});
    assert_true(s.rows.label[4] == 1);
    shards_free(&s);
    dataset_free(&a);
}

static struct dataset from_values(const double *value, const int *length, int64_t count)
{
    struct dataset a = {.name = "values"};
    struct rows_builder b;
    rows_begin(&b, 8);
    for (int64_t i = 0; i < count; i++) {
        rows_label(&b, 0);
        for (int j = 0; j < length[i]; j++) rows_add(&b, (uint32_t)j, *value++);
    }
    a.rows = rows_end(&b);
    return a;
}

static void normalised(void **state)
{
    (void)state;
    const double value[] = {3, 4, -2, 1e200, 1e200, 3e-200, -4e-200};
    const double wanted[] = {0.6, 0.8, -1, 1 / sqrt(2), 1 / sqrt(2), 0.6, -0.8};
    const int length[] = {2, 0, 1, 2, 2};
    struct dataset a = from_values(value, length, 5);
    struct shards s = deal(&a, (struct split){.clients = 1, .normalise = true, .bias = true});
    for (int e = 0; e < 7; e++) assert_true(fabs(s.rows.value[e] - wanted[e]) <= 2e-16);
    assert_true(s.rows.value[0] == 0.6 && s.rows.value[2] == -1);
    assert_true(a.rows.value[0] == 3); /* the data set itself is left alone */
    shards_free(&s);
    s = deal(&a, (struct split){.clients = 1}); /* the control: not asked for, not done */
    assert_memory_equal(s.rows.value, value, sizeof value);
    shards_free(&s);
    dataset_free(&a);
}

static void normalised_one_value(void **state)
{
    (void)state;
    const double ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const int same[] = {4, 4}, other[] = {4, 1};
    struct dataset a = from_values(ones, same, 2);
    assert_null(a.rows.value);
    struct shards s = deal(&a, (struct split){.clients = 1, .normalise = true});
    assert_null(s.rows.value); /* equally many ones in each row: still one common value */
    assert_true(s.rows.common == 0.5);
    shards_free(&s);
    dataset_free(&a);
    a = from_values(ones, other, 2);
    s = deal(&a, (struct split){.clients = 1, .normalise = true});
    assert_non_null(s.rows.value);
    assert_true(s.rows.value[0] == 0.5 && s.rows.value[4] == 1);
    shards_free(&s);
    dataset_free(&a);
}

/* --- real data: the splits of the published experiments ----------------------------------------------- */
static bool load(const char *name, int64_t d, struct dataset *a)
{
    const char *home = getenv("GRADWIRE_DATA");
    char path[1024];
    struct fail f = {0};
    if (!home) return false;
    snprintf(path, sizeof path, "%s/%s", home, name);
    if (access(path, R_OK) != 0) return false;
    if (!libsvm_read(path, d, a, &f)) fail_msg("%s", f.text);
    return true;
}

static void count_classes(const struct shards *s, int64_t *low, int64_t *high)
{
    for (int64_t c = 0; c < s->n; c++) {
        low[c] = high[c] = 0;
        for (int64_t i = s->first[c]; i < s->first[c + 1]; i++) *(s->rows.label[i] > 0 ? &high[c] : &low[c]) += 1;
    }
}

static void five_contiguous_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t rows, positive[5];
    } cases[] = {{"mushrooms", 1624, {1431, 1440, 553, 277, 504}}, {"a9a", 6512, {1571, 1543, 1549, 1578, 1599}}};
    int found = 0;
    for (int k = 0; k < 2; k++) {
        struct dataset a;
        int64_t low[5], high[5];
        if (!load(cases[k].name, 0, &a)) continue;
        found++;
        struct split how = {.remainder = REMAINDER_DROP, .clients = 5, .bias = true, .two_classes = true};
        struct shards s = deal(&a, how);
        count_classes(&s, low, high);
        for (int c = 0; c < 5; c++) assert_int_equal(s.first[c + 1] - s.first[c], cases[k].rows);
        assert_memory_equal(high, cases[k].positive, sizeof high);
        assert_null(s.rows.value);
        shards_free(&s);
        how.order = SPLIT_SHUFFLED; /* the control: shuffled, the blocks are others */
        s = deal(&a, how);
        count_classes(&s, low, high);
        assert_memory_not_equal(high, cases[k].positive, sizeof high);
        shards_free(&s);
        dataset_free(&a);
    }
    if (!found) skip();
}

static void twenty_sorted_blocks(void **state)
{
    (void)state;
    const int64_t low[20] = {406, 406, 406, 406, 406, 406, 406, 406, 406, 262};
    const int64_t high[20] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 144, 406, 406, 406, 406, 406, 406, 406, 406, 406, 410};
    int64_t lows[20], highs[20];
    struct dataset a;
    if (!load("mushrooms", 112, &a)) skip();
    struct shards s = deal(&a, (struct split){SPLIT_SORTED, REMAINDER_LAST, 0, 20, false, false, true});
    count_classes(&s, lows, highs);
    assert_memory_equal(lows, low, sizeof low);
    assert_memory_equal(highs, high, sizeof high);
    shards_free(&s);
    dataset_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(bias),
        cmocka_unit_test(shuffled),
        cmocka_unit_test(sorted_is_stable),
        cmocka_unit_test(two_classes),
        cmocka_unit_test(refused),
        cmocka_unit_test(normalised),
        cmocka_unit_test(normalised_one_value),
        cmocka_unit_test(five_contiguous_blocks),
        cmocka_unit_test(twenty_sorted_blocks),
    };
    return cmocka_run_group_tests_name("shards", tests, NULL, NULL);
}
