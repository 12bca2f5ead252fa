/* test_trace.c - which rounds keep a row, and that keeping fewer changes nothing else. */
#include "lab.h"

static struct record_policy policy_of(const char *text)
{
    struct record_policy p;
    struct fail f = {0};
    if (!record_policy_parse(text, &p, &f)) fail_msg("%s", f.text);
    return p;
}

static void policies_are_read(void **state)
{
    (void)state;
    const struct record_policy a = policy_of("every 7"), b = policy_of("max 2"), c = policy_of("log"),
                               d = policy_of("every  1e3"), e = policy_of("max 2^10");
    assert_true(a.kind == RECORD_EVERY && a.number == 7);
    assert_true(b.kind == RECORD_MAX && b.number == 2);
    assert_true(c.kind == RECORD_LOG);
    assert_true(d.kind == RECORD_EVERY && d.number == 1000);
    assert_true(e.kind == RECORD_MAX && e.number == 1024);
    static const char *const bad[] = {"",      "every", "every 0", "every -1", "every x", "every 1.5",  "every7", "max",
                                      "max 1", "max 0", "log 3",   "Log",      "none",    "everyday 3", "max 3 4"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct record_policy p;
        struct fail f = {0};
        if (record_policy_parse(bad[k], &p, &f)) fail_msg("accepted: \"%s\"", bad[k]);
        assert_non_null(strstr(f.text, "allowed: every N (N >= 1), max N (N >= 2), log"));
    }
}

/* --- the rounds, said another way ---------------------------------------------------------------------------------- */

static int64_t add(int64_t *list, int64_t count, int64_t round)
{
    if (count > 0 && list[count - 1] >= round) return count;
    list[count] = round;
    return count + 1;
}

/* Ascending; returns how many. */
static int64_t kept_rounds(const struct record_policy *p, int64_t rounds, int64_t *list)
{
    int64_t count = add(list, 0, 0), step = 1;
    if (p->kind == RECORD_EVERY)
        for (int64_t k = p->number; k < rounds; k += p->number) count = add(list, count, k);
    if (p->kind == RECORD_LOG)
        for (int64_t k = 1, next = 100; k < rounds; k += step) {
            count = add(list, count, k);
            if (k == next) next = 10 * k, step = k / 10;
        }
    if (p->kind == RECORD_MAX && rounds < p->number)
        for (int64_t k = 1; k < rounds; k++) count = add(list, count, k);
    /* The first round at which j of the N - 1 gaps are full. */
    if (p->kind == RECORD_MAX && rounds >= p->number)
        for (int64_t k = 1, j = 1; k < rounds; k++)
            if (k * (p->number - 1) >= j * rounds) count = add(list, count, k), j++;
    return add(list, count, rounds);
}

static void check_policy(const char *text, int64_t rounds)
{
    const struct record_policy p = policy_of(text);
    int64_t *expected = xcalloc((size_t)rounds + 2, sizeof *expected), count = kept_rounds(&p, rounds, expected), at = 0;
    for (int64_t k = 0; k <= rounds; k++) {
        bool keeps = record_policy_keeps(&p, k, rounds), wanted = at < count && expected[at] == k;
        if (keeps != wanted)
            fail_msg("%s of %lld: round %lld is %skept", text, (long long)rounds, (long long)k, keeps ? "" : "not ");
        at += wanted;
    }
    assert_int_equal(at, count);
    assert_true(expected[0] == 0 && expected[count - 1] == rounds);
    if (p.kind == RECORD_MAX) assert_int_equal(count, rounds + 1 < p.number ? rounds + 1 : p.number);
    if (p.kind == RECORD_EVERY) assert_int_equal(count, 1 + (rounds + p.number - 1) / p.number);
    free(expected);
}

static void rounds_kept_are_those_of_a_plain_list(void **state)
{
    (void)state;
    static const char *const policies[] = {"every 1", "every 2", "every 7", "every 1000", "max 2",
                                           "max 3",   "max 10",  "max 64",  "max 2000",   "log"};
    static const int64_t rounds[] = {1,   2,   3,   5,   9,    10,   11,   62,   63,   64,   65,   99,
                                     100, 101, 128, 999, 1000, 1001, 1999, 2000, 2001, 3998, 40000};
    for (size_t p = 0; p < sizeof policies / sizeof *policies; p++)
        for (size_t r = 0; r < sizeof rounds / sizeof *rounds; r++) check_policy(policies[p], rounds[r]);
    for (int64_t r = 1; r < 300; r++) check_policy("max 17", r);
}

static void the_logarithm_keeps_ninety_a_decade(void **state)
{
    (void)state;
    const struct record_policy p = policy_of("log");
    int64_t *list = xcalloc(2000, sizeof *list);
    assert_int_equal(kept_rounds(&p, 1000000, list), 100 + 4 * 90 + 1);
    free(list);
    assert_true(record_policy_keeps(&p, 4000000000, 4294967294) && !record_policy_keeps(&p, 4000000001, 4294967294));
}

/* The largest experiment: no overflow, and as many rows as asked for. */
static void the_most_rounds_there_can_be(void **state)
{
    (void)state;
    const int64_t rounds = 4294967294;
    const struct record_policy p = {RECORD_MAX, 4294967294};
    int64_t dropped = 0; /* one of 4294967295 */
    for (int64_t k = 0; k < 1000; k++) dropped += !record_policy_keeps(&p, k, rounds);
    for (int64_t k = rounds - 1000; k <= rounds; k++) dropped += !record_policy_keeps(&p, k, rounds);
    assert_true(dropped <= 1);
    const struct record_policy half = {RECORD_MAX, 2147483648};
    for (int64_t k = 0; k < 1000; k++) assert_int_equal(record_policy_keeps(&half, k, rounds), k % 2 == 0);
}

/* --- traces -------------------------------------------------------------------------------------------------------- */

static void thinning_drops_rows_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const policies[] = {"every~5", "max~8", "log", "every~1000"};
    for (int q = 0; q < LAB_PROBLEMS; q++) {
        struct lab all, other;
        lab_open(&all, "%s method=marina compressor=randk k=3 rounds=133 record=every~1", lab_problem[q]);
        lab_finish(&all);
        const struct run *whole = all.run[0];
        assert_int_equal(whole->trace.rows, 134);
        for (size_t p = 0; p < sizeof policies / sizeof *policies; p++) {
            lab_open(&other, "%s method=marina compressor=randk k=3 rounds=133 record=%s", lab_problem[q], policies[p]);
            lab_finish(&other);
            const struct run *thin = other.run[0];
            const struct record_policy *policy = &thin->spec->policy;
            int64_t list[140], count = kept_rounds(policy, 133, list);
            assert_int_equal(thin->trace.rows, count);
            assert_true(count < 134);
            for (int c = 0; trace_columns[c].name; c++) {
                assert_int_equal(thin->trace.cell[c] == NULL, whole->trace.cell[c] == NULL);
                for (int64_t k = 0; thin->trace.cell[c] && k < count; k++)
                    assert_memory_equal(&thin->trace.cell[c][k], &whole->trace.cell[c][list[k]], sizeof(double));
            }
            assert_true(same_state(thin, whole));
            lab_close(&other);
        }
        lab_open(&other, "%s method=marina compressor=randk k=3 rounds=133 record=every~5 seed=2", lab_problem[q]);
        lab_finish(&other);
        assert_false(same_state(other.run[0], whole)); /* the comparison can fail */
        lab_close(&other);
        lab_close(&all);
    }
}

static void a_run_that_diverges_keeps_its_last_row(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "%s method=gd stepsize=1e30 rounds=1000 record=every~100", LAB_QUADRATIC);
    lab_finish(&l);
    const struct run *r = l.run[0];
    assert_int_equal(r->status, RUN_DIVERGED);
    assert_true(r->round > 1 && r->round < 100);
    assert_int_equal(r->trace.rows, 2);
    assert_true(r->trace.cell[0][1] == (double)r->round);
    assert_true(!isfinite(run_column(r, "grad_norm_sq")[1]));
    lab_close(&l);
}

static void traces_grow_and_are_copied(void **state)
{
    (void)state;
    struct trace t, copy, empty;
    double row[TRACE_COLUMNS];
    for (int optimum = 0; optimum < 2; optimum++) {
        trace_init(&t, optimum);
        assert_int_equal(t.cell[trace_column("f_gap")] != NULL, optimum);
        assert_int_equal(t.cell[trace_column("dist_sq")] != NULL, optimum);
        assert_non_null(t.cell[trace_column("f")]);
        trace_copy(&empty, &t);
        for (int k = 0; k < 1000; k++) {
            for (int c = 0; c < TRACE_COLUMNS; c++) row[c] = k * 100 + c;
            trace_add(&t, row);
            if (k < 3) trace_add(&empty, row);
        }
        trace_copy(&copy, &t);
        trace_add(&copy, row);
        assert_int_equal(t.rows, 1000);
        assert_int_equal(copy.rows, 1001);
        assert_int_equal(empty.rows, 3);
        for (int c = 0; trace_columns[c].name; c++) {
            assert_int_equal(copy.cell[c] != NULL, t.cell[c] != NULL);
            for (int k = 0; t.cell[c] && k < 1000; k++)
                assert_true(t.cell[c][k] == k * 100 + c && copy.cell[c][k] == t.cell[c][k]);
        }
        trace_free(&t);
        trace_free(&copy);
        trace_free(&empty);
    }
}

static void columns_have_names_of_their_own(void **state)
{
    (void)state;
    int count = 0;
    for (; trace_columns[count].name; count++) {
        assert_int_equal(trace_column(trace_columns[count].name), count);
        assert_true(trace_columns[count].description[0] != '\0');
    }
    assert_true(count > 0 && count <= TRACE_COLUMNS);
    assert_int_equal(trace_column("no such"), -1);
    /* The order in which the recorder fills them: pairs of mean and largest, as in the ledger. */
    static const char *const counts[COUNTS] = {"values_up",      "index_up",         "bits_up",    "messages_up",
                                               "values_down",    "index_down",       "bits_down",  "messages_down",
                                               "full_gradients", "sample_gradients", "local_steps"};
    for (int k = 0; k < COUNTS; k++) {
        char most[64];
        snprintf(most, sizeof most, "%s_max", counts[k]);
        assert_int_equal(trace_column(counts[k]), trace_column("values_up") + 2 * k);
        assert_int_equal(trace_column(most), trace_column("values_up") + 2 * k + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_read),
        cmocka_unit_test(rounds_kept_are_those_of_a_plain_list),
        cmocka_unit_test(the_logarithm_keeps_ninety_a_decade),
        cmocka_unit_test(the_most_rounds_there_can_be),
        cmocka_unit_test(thinning_drops_rows_and_changes_nothing),
        cmocka_unit_test(a_run_that_diverges_keeps_its_last_row),
        cmocka_unit_test(traces_grow_and_are_copied),
        cmocka_unit_test(columns_have_names_of_their_own),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
