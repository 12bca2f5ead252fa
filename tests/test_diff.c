/* test_diff.c - what `diff` says of two records that differ in one known place, and that it is silent when they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/diff.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char said[1 << 16];

/* diff_records with standard output caught in `said`. */
static size_t compare(const struct record *a, const struct record *b, double tolerance)
{
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stdout);
    int out = dup(1);
    assert_true(out >= 0 && dup2(fileno(caught), 1) == 1);
    size_t n = diff_records(a, b, "A.h5", "B.h5", tolerance);
    fflush(stdout);
    assert_int_equal(dup2(out, 1), 1);
    close(out);
    rewind(caught);
    size_t length = fread(said, 1, sizeof said - 1, caught);
    said[length] = '\0';
    fclose(caught);
    return n;
}

static double nan_with(uint64_t payload)
{
    uint64_t bits = UINT64_C(0x7ff8000000000000) | payload;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

enum { RUNS = 3, ROWS = 5 };

static struct record make(void)
{
    struct record r = {0};
    group_text(record_group(&r, "/"), "experiment", "[experiment]\nrounds = 4\nseed = 1\n");
    for (int k = 0; k < RUNS; k++) {
        char path[64];
        snprintf(path, sizeof path, "/runs/%03d", k);
        struct group *g = record_group(&r, path);
        group_text(g, "label", k == 1 ? "diana" : "marina");
        group_real(g, "stepsize", 0.1);
        group_int(g, "rounds", 4);
        const int64_t round[ROWS] = {0, 10, 20, 30, 40};
        const double f[ROWS] = {1, 0.5, 0.25, 0.125, nan_with(1)}, bits[ROWS] = {0, 64, 128, 192, 256};
        snprintf(path, sizeof path, "/runs/%03d/trace", k);
        g = record_group(&r, path);
        group_array(g, "round", VALUE_INT, round, ROWS, "rounds", "");
        group_array(g, "f", VALUE_REAL, f, ROWS, "", "objective");
        group_array(g, "bits_up", VALUE_REAL, bits, ROWS, "bits", "");
    }
    return r;
}

static double *entry(struct record *r, const char *path, const char *column, size_t row)
{
    return (double *)group_find_array(record_find(r, path), column)->data + row;
}

static void expect(struct record *a, struct record *b, double tolerance, size_t differences, const char *text)
{
    size_t n = compare(a, b, tolerance);
    if (n != differences || strcmp(said, text) != 0) fail_msg("%zu differences, said:\n%s\nexpected:\n%s", n, said, text);
}

static void test_equal(void **state)
{
    (void)state;
    struct record a = make(), b = make();
    expect(&a, &b, 0, 0, "");
    record_free(&a);
    record_free(&b);
}

/* The earliest row leads, whichever column it is in; the row carries its round. */
static void test_first_row(void **state)
{
    (void)state;
    struct record a = make(), b = make();
    *entry(&b, "/runs/001/trace", "f", 3) = 0.375;
    *entry(&b, "/runs/001/trace", "bits_up", 2) = 129;
    *entry(&b, "/runs/001/trace", "bits_up", 4) = 257;
    expect(&a, &b, 0, 2,
           "/runs/001/trace (diana): bits_up, row 2, round 20: 128 (0x1p+7) against 129 (0x1.02p+7), and 1 more row\n"
           "/runs/001/trace (diana): f, row 3, round 30: 0.125 (0x1p-3) against 0.375 (0x1.8p-2)\n");
    record_free(&a);
    record_free(&b);
}

/* One unit in the last place, the sign of zero and the bits of a NaN count without a tolerance, and not with one. */
static void test_bits_and_tolerance(void **state)
{
    (void)state;
    struct record a = make(), b = make();
    *entry(&b, "/runs/000/trace", "f", 1) = nextafter(0.5, 1);
    *entry(&b, "/runs/001/trace", "bits_up", 0) = -0.0;
    *entry(&b, "/runs/002/trace", "f", 4) = nan_with(2);
    assert_int_equal(compare(&a, &b, 0), 3);
    assert_non_null(strstr(said, "0.5 (0x1p-1) against 0.5000000000000001 (0x1.0000000000001p-1)\n"));
    assert_non_null(strstr(said, "0 (0x0p+0) against -0 (-0x0p+0)\n"));
    assert_non_null(strstr(said, "(bits 7ff8000000000001) against nan (bits 7ff8000000000002)\n"));
    expect(&a, &b, 1e-15, 0, "");
    *entry(&b, "/runs/000/trace", "f", 2) = 0.25 * (1 + 2e-3);
    assert_int_equal(compare(&a, &b, 1e-3), 1);
    assert_int_equal(compare(&a, &b, 3e-3), 0);
    *entry(&b, "/runs/000/trace", "f", 2) = INFINITY;
    assert_int_equal(compare(&a, &b, 0.99), 1);
    *entry(&b, "/runs/000/trace", "f", 2) = nan_with(0);
    assert_int_equal(compare(&a, &b, 0.99), 1);
    record_free(&a);
    record_free(&b);
}

static void test_attributes(void **state)
{
    (void)state;
    struct record a = make(), b = make();
    group_real(record_find(&b, "/runs/002"), "stepsize", 0.25);
    group_int(record_find(&b, "/runs/002"), "rounds", 5);
    group_text(record_find(&b, "/"), "experiment", "[experiment]\nrounds = 5\nseed = 1\n");
    group_text(record_find(&b, "/"), "extra", "x");
    expect(&a, &b, 0, 4,
           "/: experiment, line 2: \"rounds = 4\" against \"rounds = 5\"\n"
           "/: extra: only in B.h5\n"
           "/runs/002 (marina): stepsize: 0.1 (0x1.999999999999ap-4) against 0.25 (0x1p-2)\n"
           "/runs/002 (marina): rounds: 4 against 5\n");
    assert_int_equal(compare(&b, &a, 0), 4);
    assert_non_null(strstr(said, "/: extra: only in A.h5\n"));
    group_int(record_find(&b, "/runs/000"), "stepsize", 0); /* another type */
    assert_int_equal(compare(&a, &b, 0.99), 4);
    assert_non_null(strstr(said, "/runs/000 (marina): stepsize: 0.1 (0x1.999999999999ap-4) against 0\n"));
    record_free(&a);
    record_free(&b);
}

static void test_what_is_in_one_only(void **state)
{
    (void)state;
    struct record a = make(), b = make();
    record_group(&a, "/runs/003/trace");
    record_group(&b, "/checkpoint/000");
    group_array(record_find(&b, "/runs/001/trace"), "f_gap", VALUE_REAL, NULL, 0, "", "");
    group_array(record_find(&b, "/runs/002/trace"), "round", VALUE_INT, (int64_t[]){0, 10, 20}, 3, "rounds", "");
    group_array(record_find(&b, "/runs/002/trace"), "f", VALUE_INT, (int64_t[]){1}, 1, "", "objective");
    group_array(record_find(&a, "/runs/002/trace"), "bits_up", VALUE_REAL, (double[]){0}, 1, "B", "sent");
    group_array(record_find(&b, "/runs/002/trace"), "bits_up", VALUE_REAL, (double[]){0}, 1, "bits", "");
    expect(&a, &b, 0, 7,
           "/runs/001/trace (diana): array f_gap: only in B.h5\n"
           "/runs/002/trace (marina): round: 5 rows against 3\n"
           "/runs/002/trace (marina): f: real against integer\n"
           "/runs/002/trace (marina): bits_up: unit \"B\" against \"bits\"\n"
           "/runs/002/trace (marina): bits_up: description \"sent\" against \"\"\n"
           "/runs/003: only in A.h5\n"
           "/checkpoint: only in B.h5\n");
    record_free(&a);
    record_free(&b);
}

/* All are counted, forty are printed. */
static void test_many(void **state)
{
    (void)state;
    struct record a = make(), b = make();
    for (int k = 0; k < 100; k++) {
        char name[16];
        snprintf(name, sizeof name, "key%d", k);
        group_int(record_find(&a, "/"), name, k);
        group_int(record_find(&b, "/"), name, k + 1);
    }
    assert_int_equal(compare(&a, &b, 0), 100);
    size_t lines = 0;
    for (const char *c = said; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 41);
    assert_non_null(strstr(said, "/: key39: 39 against 40\n... and 60 more\n"));
    record_free(&a);
    record_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),      cmocka_unit_test(test_first_row),           cmocka_unit_test(test_bits_and_tolerance),
        cmocka_unit_test(test_attributes), cmocka_unit_test(test_what_is_in_one_only), cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
