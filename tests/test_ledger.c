/* test_ledger.c - what was sent and computed, against closed forms, at every recorded round. */
#include "../sim/results.h"
#include "lab.h"

/* d = 113 needs 7 bits an index; n = 5 does not divide it. */
#define PROBLEM "problem=quadratic dim=113 L=1 mu=0.1 heterogeneity=0.3 clients=5 x0=gaussian"
enum { D = 113, N = 5, INDEX_BITS = 7 };

/* Mean over clients after some rounds. */
struct expected {
    double values, index, bits, messages;
};

/* Whether the run's columns are what is expected: columns and their maxima when all clients send alike. */
static bool up_is(const struct run *r, int64_t round, const struct expected *e)
{
    return run_at(r, "values_up", round) == e->values && run_at(r, "index_up", round) == e->index &&
           run_at(r, "bits_up", round) == e->bits && run_at(r, "messages_up", round) == e->messages &&
           run_at(r, "values_up_max", round) == e->values && run_at(r, "index_up_max", round) == e->index &&
           run_at(r, "bits_up_max", round) == e->bits && run_at(r, "messages_up_max", round) == e->messages;
}

/* One broadcast of d values a round, perhaps a bit more; one gradient of all m_i samples a round. */
static bool rest_is(const struct run *r, int64_t round, unsigned value_bits, double extra)
{
    const double k = (double)round;
    return run_at(r, "values_down", round) == k * D && run_at(r, "bits_down", round) == k * (D * value_bits + extra) &&
           run_at(r, "messages_down", round) == k && run_at(r, "index_down", round) == 0 &&
           run_at(r, "full_gradients", round) == k && run_at(r, "sample_gradients", round) == k &&
           run_at(r, "local_steps", round) == 0 && run_at(r, "epochs", round) == k &&
           run_at(r, "bits_down_max", round) == run_at(r, "bits_down", round);
}

static void explain(const struct run *r, int64_t k)
{
    fail_msg("%s, round %d: %.17g values, %.17g indices, %.17g bits, %g messages up; %g values, %g bits down", r->spec->label,
             (int)k, run_at(r, "values_up", k), run_at(r, "index_up", k), run_at(r, "bits_up", k), run_at(r, "messages_up", k),
             run_at(r, "values_down", k), run_at(r, "bits_down", k));
}

/* Methods whose every round is the same: bits of one message and entries named in it. */
static const struct {
    const char *words;
    double bits_64, bits_32, index_bits, index;
} same_rounds[] = {
    {"method=gd", D * 64, D * 32, 0, 0},
    {"method=agd", D * 64, D * 32, 0, 0},
    {"method=qgd compressor=identity", D * 64, D * 32, 0, 0},
    {"method=qgd compressor=randk k=10", 640, 320, 10 * INDEX_BITS, 10},
    {"method=qgd compressor=randk k=10 index=seed", 640, 320, 0, 0},
    {"method=diana compressor=randk k=10", 640, 320, 10 * INDEX_BITS, 10},
    {"method=diana compressor=randk k=10 mask=shared", 640, 320, 0, 0},
    {"method=diana compressor=cyclic k=10", 640, 320, 0, 0},
    {"method=diana compressor=natural", D * 12, D * 9, 0, 0},
    {"method=diana compressor=natural(randk) k=10", 120, 90, 10 * INDEX_BITS, 10},
    {"method=diana compressor=qsgd", 64 + 2 * D, 32 + 2 * D, 0, 0},
    {"method=diana compressor=qsgd s=4", 64 + 4 * D, 32 + 4 * D, 0, 0},
    {"method=diana compressor=terngrad", 64 + 2 * D, 32 + 2 * D, 0, 0},
    {"method=ef21 compressor=topk k=10", 640, 320, 10 * INDEX_BITS, 10},
    {"method=ef21 compressor=sign", 64 + D, 32 + D, 0, 0},
    {"method=ef21 compressor=scaled(randk) k=10", 640, 320, 10 * INDEX_BITS, 10},
};

static void rounds_that_are_all_the_same(void **state)
{
    (void)state;
    for (size_t q = 0; q < sizeof same_rounds / sizeof *same_rounds; q++)
        for (unsigned F = 32; F <= 64; F += 32) {
            struct lab l;
            lab_open(&l, PROBLEM " %s stepsize=0.01 rounds=30 value_bits=%u", same_rounds[q].words, F);
            lab_finish(&l);
            const struct run *r = l.run[0];
            const double payload = F == 64 ? same_rounds[q].bits_64 : same_rounds[q].bits_32;
            for (int64_t k = 0; k <= 30; k++) {
                const double rounds = (double)k;
                struct expected e = {.values = rounds * (payload / F),
                                     .index = rounds * same_rounds[q].index,
                                     .bits = rounds * (payload + same_rounds[q].index_bits),
                                     .messages = rounds};
                if (!up_is(r, k, &e) || !rest_is(r, k, F, 0)) explain(r, k);
                e.bits += 1;
                assert_false(up_is(r, k, &e));
            }
            for (int c = 0; c < COUNTS; c++) assert_true(r->start.count[c] == 0); /* no dense start */
            lab_close(&l);
        }
}

/* --- dense starts and dense rounds ------------------------------------------------------------------------------------ */

/* MARINA's coin, counted from its stream. */
static int64_t dense_rounds(uint64_t seed, double p, int64_t rounds)
{
    int64_t dense = 0;
    for (int64_t k = 0; k < rounds; k++) {
        struct stream s = stream(seed, FOR_COIN, 0, (uint32_t)k, STREAM_SHARED);
        dense += k == 0 || stream_uniform(&s) < p;
    }
    return dense;
}

static struct expected marina_expects(uint64_t seed, double p, int64_t rounds)
{
    const double c = (double)dense_rounds(seed, p, rounds), rest = (double)rounds - c;
    return (struct expected){.values = c * D + rest * 10,
                             .index = rest * 10,
                             .bits = c * 64 * D + rest * 10 * (64 + INDEX_BITS),
                             .messages = (double)rounds};
}

static void marina_pays_for_its_coin(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct lab l;
        lab_open(&l, PROBLEM " method=marina compressor=randk k=10 stepsize=0.01 rounds=200 seed=%d", (int)seed);
        lab_finish(&l);
        const struct run *r = l.run[0];
        const double p = run_param(r, "p");
        assert_true(p == 10.0 / D);
        for (int64_t k = 0; k <= 200; k++) {
            const struct expected e = k ? marina_expects(seed, p, k) : (struct expected){0};
            if (!up_is(r, k, &e) || !rest_is(r, k, 64, 1)) explain(r, k);
        }
        assert_false(rest_is(r, 200, 64, 0));
        const struct expected other_coin = marina_expects(seed + 100, p, 200), other_p = marina_expects(seed, 3 * p, 200);
        assert_true(other_coin.bits == marina_expects(seed, p, 200).bits || !up_is(r, 200, &other_coin));
        assert_false(up_is(r, 200, &other_p));
        assert_true(r->start.count[VALUES_UP] == D && r->start.count[BITS_UP] == D * 64 && r->start.count[SAMPLE_GRADIENTS] == 1);
        lab_close(&l);
    }
}

/* DASHA, K = 10, d = 113: 64 bits for every coordinate sent (index and value), 7232 + 9999 * 640 after 10,000 rounds. */
static void dasha_sends_no_dense_round_but_the_first(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, PROBLEM " method=dasha init=gradient,zero compressor=randk k=10 rounds=10000 record=log value_bits=32");
    lab_finish(&l);
    const struct run *r = l.run[0], *zero_start = l.run[1];
    const double *rounds = run_column(r, "round");
    for (int64_t row = 1; row < r->trace.rows; row++) {
        const int64_t k = (int64_t)rounds[row];
        const double rest = (double)(k - 1);
        const struct expected e = {
            .values = D + rest * 10, .index = rest * 10, .bits = D * 32 + rest * 10 * (32 + INDEX_BITS), .messages = (double)k};
        const struct expected zero = {
            .values = rest * 10, .index = rest * 10, .bits = rest * 10 * (32 + INDEX_BITS), .messages = rest};
        if (!up_is(r, k, &e) || !rest_is(r, k, 32, 0)) explain(r, k);
        if (!up_is(zero_start, k, &zero) || !rest_is(zero_start, k, 32, 0)) explain(zero_start, k);
    }
    assert_true(64 * run_at(r, "values_up", 10000) == 7232.0 + 9999 * 640.0);
    assert_true(r->start.count[VALUES_UP] == D && zero_start->start.count[VALUES_UP] == 0);
    lab_close(&l);
}

static void ef21_starts_dense_or_not(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, PROBLEM " method=ef21 init=compressed,gradient compressor=topk k=10 rounds=50");
    lab_finish(&l);
    for (int64_t k = 1; k <= 50; k++) {
        const double all = (double)k, rest = all - 1, one = 10 * (64 + INDEX_BITS);
        const struct expected compressed = {.values = all * 10, .index = all * 10, .bits = all * one, .messages = all};
        const struct expected dense = {.values = D + rest * 10, .index = rest * 10, .bits = D * 64 + rest * one, .messages = all};
        if (!up_is(l.run[0], k, &compressed)) explain(l.run[0], k);
        if (!up_is(l.run[1], k, &dense)) explain(l.run[1], k);
    }
    assert_true(l.run[0]->start.count[VALUES_UP] == 0 && l.run[1]->start.count[VALUES_UP] == D);
    lab_close(&l);
}

/* --- clients that differ ------------------------------------------------------------------------------------------------ */

/* The lazy compressor's coins, client by client. */
static void mean_and_maximum_over_clients(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, PROBLEM " method=qgd compressor=lazy compressor.p=0.4 stepsize=0.01 rounds=40 seed=3");
    lab_finish(&l);
    double sent[N] = {0};
    for (uint32_t k = 0; k < 40; k++) {
        double total = 0, most = 0;
        for (uint32_t i = 0; i < N; i++) {
            struct stream s = stream(3, FOR_COMPRESSOR, 0, k, i);
            sent[i] += stream_uniform(&s) < 0.4;
            total += sent[i];
            most = fmax(most, sent[i]);
        }
        const double rounds = k + 1;
        assert_true(run_at(l.run[0], "values_up", k + 1) == total * D / N);
        assert_true(run_at(l.run[0], "values_up_max", k + 1) == most * D);
        assert_true(run_at(l.run[0], "bits_up", k + 1) == (total * 64 * D + rounds * N) / N); /* one bit says whether */
        assert_true(run_at(l.run[0], "bits_up_max", k + 1) == most * 64 * D + rounds);
        assert_true(run_at(l.run[0], "index_up_max", k + 1) == 0); /* no coordinate is named */
        assert_true(run_at(l.run[0], "messages_up", k + 1) == rounds);
    }
    lab_close(&l);
    /* Perm-K: blocks of 23, 23, 23, 22, 22 coordinates dealt anew every round */
    lab_open(&l, PROBLEM " method=diana compressor=permk stepsize=0.01 rounds=40");
    lab_finish(&l);
    for (int64_t k = 1; k <= 40; k++) {
        assert_true(fabs(run_at(l.run[0], "values_up", k) - (double)k * D / N) < 1e-9);
        const double most = run_at(l.run[0], "values_up_max", k);
        assert_true(most <= 23 * (double)k && most > 22 * (double)k && run_at(l.run[0], "index_up_max", k) == 0);
    }
    assert_true(run_at(l.run[0], "values_up_max", 40) < 23 * 40); /* nobody has the longer block every time */
    lab_close(&l);
}

static void sample_gradients_follow_the_split(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        double total, most;
    } split[] = {{"remainder=drop", 200, 50}, {"remainder=spread", 203, 51}, {"remainder=last", 203, 53}};
    for (size_t q = 0; q < 3; q++) {
        struct lab l;
        lab_open(&l,
                 "problem=marina-loss dataset=one-hot rows=203 features=17 groups=5 clients=4 stepsize=0.1 rounds=20 k=3 %s "
                 "method=gd,qgd,diana,marina,dasha compressor=randk",
                 split[q].words);
        lab_finish(&l);
        assert_int_equal(l.plan.runs, 5);
        for (size_t k = 0; k < 5; k++)
            for (int64_t row = 0; row <= 20; row++) {
                const struct run *r = l.run[k];
                const double rounds = (double)row;
                assert_true(run_at(r, "full_gradients", row) == rounds && run_at(r, "epochs", row) == rounds);
                assert_true(run_at(r, "sample_gradients", row) == rounds * split[q].total / 4);
                assert_true(run_at(r, "sample_gradients_max", row) == rounds * split[q].most);
                assert_true(run_at(r, "full_gradients_max", row) == rounds);
            }
        assert_true(l.run[3]->start.count[SAMPLE_GRADIENTS] == split[q].total / 4); /* marina's dense start */
        lab_close(&l);
    }
}

/* What a start cost is an attribute of the run in its result file. */
static double start_attribute(const char *words, const char *name)
{
    struct lab l;
    lab_open(&l, PROBLEM " rounds=3 stepsize=0.01 %s", words);
    lab_finish(&l);
    struct snapshot s = {0};
    struct record file = {0};
    snapshot_take(&s, l.run[0]);
    results_fill(&file, &l.plan, &s);
    const struct group *g = record_find(&file, "/runs/000");
    const struct attribute *a = g ? group_attribute(g, name) : NULL;
    if (!a) fail_msg("%s: no attribute %s", words, name);
    const double value = a->real;
    record_free(&file);
    snapshot_free(&s);
    lab_close(&l);
    return value;
}

static void starts_are_recorded(void **state)
{
    (void)state;
    assert_true(start_attribute("method=marina compressor=randk k=10", "start_values_up") == D);
    assert_true(start_attribute("method=marina compressor=randk k=10", "start_bits_up") == D * 64);
    assert_true(start_attribute("method=dasha compressor=randk k=10 value_bits=32", "start_bits_up") == D * 32);
    assert_true(start_attribute("method=dasha compressor=randk k=10 init=zero", "start_bits_up") == 0);
    assert_true(start_attribute("method=ef21 compressor=topk k=10 init=gradient", "start_sample_gradients") == 1);
    assert_true(start_attribute("method=ef21 compressor=topk k=10", "start_sample_gradients") == 0);
    assert_true(start_attribute("method=gd", "start_values_up") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_that_are_all_the_same),
        cmocka_unit_test(marina_pays_for_its_coin),
        cmocka_unit_test(dasha_sends_no_dense_round_but_the_first),
        cmocka_unit_test(ef21_starts_dense_or_not),
        cmocka_unit_test(mean_and_maximum_over_clients),
        cmocka_unit_test(sample_gradients_follow_the_split),
        cmocka_unit_test(starts_are_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
