/* test_rng.c - streams: published known answers, the counter's layout, and that every distribution is what it says. */
#include "../sim/rng.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above first */
#include <cmocka.h>

/* kat_vectors of the Random123 distribution, philox4x32 with 10 rounds. */
static void philox_known_answers(void **state)
{
    (void)state;
    const struct {
        uint32_t counter[4], key[2], out[4];
    } answers[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        philox4x32(answers[i].counter, answers[i].key, out);
        assert_memory_equal(out, answers[i].out, sizeof out);
        /* control: one flipped bit of the counter or the key changes about half of the 128 bits */
        for (int bit = 0; bit < 192; bit++) {
            uint32_t counter[4], key[2], other[4];
            memcpy(counter, answers[i].counter, sizeof counter);
            memcpy(key, answers[i].key, sizeof key);
            if (bit < 128)
                counter[bit / 32] ^= UINT32_C(1) << (bit % 32);
            else
                key[(bit - 128) / 32] ^= UINT32_C(1) << (bit % 32);
            philox4x32(counter, key, other);
            int changed = 0;
            for (int j = 0; j < 4; j++) changed += __builtin_popcount(other[j] ^ out[j]);
            assert_in_range(changed, 30, 98);
        }
    }
}

static void counter_has_the_documented_layout(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(0x0123456789abcdef);
    struct stream s = stream(seed, FOR_COMPRESSOR, 0xabcdef, 77, 5);
    const uint32_t key[2] = {0x89abcdef, 0x01234567};
    for (uint32_t block = 0; block < 3; block++) {
        const uint32_t counter[4] = {block, UINT32_C(4) << 24 | 0xabcdef, 77, 5};
        uint32_t out[4];
        philox4x32(counter, key, out);
        for (int i = 0; i < 4; i++) assert_int_equal(stream_u32(&s), out[i]);
    }
    struct stream a = stream(9, FOR_COIN, 0, 1, 2), b = a;
    uint64_t low = stream_u32(&a), high = stream_u32(&a);
    assert_true(stream_u64(&b) == (high << 32 | low));
}

/* Every argument matters: no two of these streams agree, and the same arguments give the same stream. */
static void every_argument_matters(void **state)
{
    (void)state;
    uint64_t seen[64];
    size_t count = 0;
    for (uint64_t seed = 1; seed <= (UINT64_C(1) << 32) + 1; seed += UINT64_C(1) << 32)
        for (int purpose = FOR_SPLIT; purpose <= FOR_START; purpose++)
            for (uint32_t lane = 0; lane < 2; lane++)
                for (uint32_t round = 0; round < 2; round++)
                    for (uint32_t client = 0; client < 2; client++) {
                        struct stream s = stream(seed, (enum purpose)purpose, lane, round, client), t = s;
                        uint64_t draw = stream_u64(&s);
                        assert_true(draw == stream_u64(&t));
                        for (size_t i = 0; i < count; i++) assert_true(seen[i] != draw);
                        seen[count++] = draw;
                    }
    assert_int_equal(count, 32);
}

/* Chi-square of counts against expectations, in standard deviations from its mean. */
static double chi_square_z(size_t cells, const double *count, const double *expected)
{
    double x = 0;
    for (size_t i = 0; i < cells; i++) x += (count[i] - expected[i]) * (count[i] - expected[i]) / expected[i];
    return (x - (double)(cells - 1)) / sqrt(2 * (double)(cells - 1));
}

enum { CELLS = 48, DRAWS = 480000 };

/* n = 3 2^30 makes the bias of the usual short cuts visible: u mod n hits the first third twice as often. */
static uint32_t below_modulo(struct stream *s, uint32_t n)
{
    return stream_u32(s) % n;
}
static uint32_t below_scaled(struct stream *s, uint32_t n)
{
    return (uint32_t)((uint64_t)stream_u32(s) * n >> 32);
}

static double below_z(uint32_t (*below)(struct stream *, uint32_t), uint32_t n, bool by_remainder)
{
    struct stream s = stream(1, FOR_TEST, 0, 0, n);
    double count[CELLS] = {0}, expected[CELLS];
    for (int i = 0; i < DRAWS; i++) {
        uint32_t v = below(&s, n);
        assert_true(v < n);
        count[by_remainder ? v % CELLS : (uint32_t)((uint64_t)v * CELLS / n)]++;
    }
    for (size_t i = 0; i < CELLS; i++) expected[i] = (double)DRAWS / CELLS;
    return chi_square_z(CELLS, count, expected);
}

static void below_is_uniform(void **state)
{
    (void)state;
    const uint32_t n = UINT32_C(3) << 30;
    assert_true(fabs(below_z(stream_below, CELLS, false)) < 4);
    assert_true(fabs(below_z(stream_below, 960000000, false)) < 4);
    assert_true(fabs(below_z(stream_below, n, false)) < 4);
    assert_true(fabs(below_z(stream_below, n, true)) < 4);
    assert_true(below_z(below_modulo, n, false) > 100); /* controls */
    assert_true(below_z(below_scaled, n, true) > 100);
    struct stream s = stream(1, FOR_TEST, 0, 0, 0);
    for (int i = 0; i < 100; i++) assert_int_equal(stream_below(&s, 1), 0);
}

static void uniform_and_bernoulli(void **state)
{
    (void)state;
    struct stream s = stream(2, FOR_TEST, 0, 0, 0), t = s;
    double count[CELLS] = {0}, expected[CELLS], heads = 0;
    for (int i = 0; i < DRAWS; i++) {
        double u = stream_uniform(&s);
        assert_true(u >= 0 && u < 1 && u * 0x1p53 == floor(u * 0x1p53));
        assert_true(u == (double)(stream_u64(&t) >> 11) / 0x1p53);
        count[(int)(u * CELLS)]++;
    }
    for (size_t i = 0; i < CELLS; i++) expected[i] = (double)DRAWS / CELLS;
    assert_true(fabs(chi_square_z(CELLS, count, expected)) < 4);
    count[3] += 500; /* control: 5 % too many in one cell */
    assert_true(chi_square_z(CELLS, count, expected) > 2);
    count[3] += 500;
    assert_true(chi_square_z(CELLS, count, expected) > 4);
    for (int i = 0; i < DRAWS; i++) heads += stream_bernoulli(&s, 0.1);
    double z = (heads - 0.1 * DRAWS) / sqrt(0.09 * DRAWS);
    assert_true(fabs(z) < 4 && fabs((heads - 0.105 * DRAWS) / sqrt(0.09 * DRAWS)) > 4);
    for (int i = 0; i < 1000; i++) assert_true(stream_bernoulli(&s, 1) && !stream_bernoulli(&s, 0));
}

/* N(0,1) in cells of equal probability (erf of libm is a reference here), and its first four moments. */
static double gaussian_z(double scale)
{
    struct stream s = stream(3, FOR_TEST, 0, 0, 0);
    double count[CELLS] = {0}, expected[CELLS];
    for (int i = 0; i < DRAWS; i++) {
        double p = 0.5 * erfc(-scale * stream_gaussian(&s) / sqrt(2));
        count[p < 1 ? (int)(p * CELLS) : CELLS - 1]++;
    }
    for (size_t i = 0; i < CELLS; i++) expected[i] = (double)DRAWS / CELLS;
    return chi_square_z(CELLS, count, expected);
}

static void gaussian_is_normal(void **state)
{
    (void)state;
    assert_true(fabs(gaussian_z(1)) < 4);
    assert_true(gaussian_z(1.02) > 4); /* control: two per cent too wide */
    struct stream s = stream(4, FOR_TEST, 0, 0, 0);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    for (int i = 0; i < DRAWS; i++) {
        double g = stream_gaussian(&s);
        m1 += g;
        m2 += g * g;
        m3 += g * g * g;
        m4 += g * g * g * g;
    }
    double root = sqrt((double)DRAWS); /* variances of g, g^2, g^3, g^4: 1, 2, 15, 96 */
    assert_true(fabs(m1 / DRAWS) < 4 / root && fabs(m2 / DRAWS - 1) < 4 * sqrt(2) / root);
    assert_true(fabs(m3 / DRAWS) < 4 * sqrt(15) / root && fabs(m4 / DRAWS - 3) < 4 * sqrt(96) / root);
}

/* Neighbouring streams must be as good as independent: |correlation| of n pairs is below 4/sqrt(n). */
static double correlation(struct stream a, struct stream b)
{
    double sum = 0;
    for (int i = 0; i < 100000; i++) sum += (stream_uniform(&a) - 0.5) * (stream_uniform(&b) - 0.5);
    return fabs(sum * 12 / 100000) * sqrt(100000);
}

static void neighbours_are_uncorrelated(void **state)
{
    (void)state;
    struct stream base = stream(5, FOR_TEST, 0, 0, 0);
    assert_true(correlation(base, stream(6, FOR_TEST, 0, 0, 0)) < 4);
    assert_true(correlation(base, stream(5, FOR_BATCH, 0, 0, 0)) < 4);
    assert_true(correlation(base, stream(5, FOR_TEST, 1, 0, 0)) < 4);
    assert_true(correlation(base, stream(5, FOR_TEST, 0, 1, 0)) < 4);
    assert_true(correlation(base, stream(5, FOR_TEST, 0, 0, 1)) < 4);
    assert_true(correlation(base, base) > 100); /* control */
}

static void gsl_sees_the_same_stream(void **state)
{
    (void)state;
    struct stream s = stream(7, FOR_TEST, 0, 0, 0), t = s;
    gsl_rng r = stream_gsl(&s);
    for (int i = 0; i < 10; i++) assert_int_equal(gsl_rng_get(&r), stream_u32(&t));
    assert_true(gsl_rng_uniform(&r) == stream_uniform(&t));
    assert_int_equal(s.used, t.used);
    assert_int_equal(gsl_rng_max(&r), 0xffffffff);
    int deck[52], sorted[52] = {0}, moved = 0;
    for (int i = 0; i < 52; i++) deck[i] = i;
    gsl_ran_shuffle(&r, deck, 52, sizeof *deck);
    for (int i = 0; i < 52; i++) {
        sorted[deck[i]]++;
        moved += deck[i] != i;
    }
    for (int i = 0; i < 52; i++) assert_int_equal(sorted[i], 1);
    assert_true(moved > 40);

    gsl_rng *own = gsl_rng_alloc(rng_philox), *clone;
    gsl_rng_set(own, 0); /* an all-zero key and counter: the first published vector */
    assert_int_equal(gsl_rng_get(own), 0x6627e8d5);
    assert_int_equal(gsl_rng_get(own), 0xe169c58d);
    gsl_rng_set(own, 11);
    clone = gsl_rng_clone(own);
    unsigned long first = gsl_rng_get(own);
    assert_int_equal(gsl_rng_get(clone), first);
    gsl_rng_set(own, 12);
    assert_int_not_equal(gsl_rng_get(own), first);
    gsl_rng_free(own);
    gsl_rng_free(clone);
}

/* Frozen: a change here changes every published result. */
static void draws_are_frozen(void **state)
{
    (void)state;
    struct stream s = stream(2021, FOR_COMPRESSOR, 1, 2, 3);
    assert_int_equal(stream_u32(&s), 0x2ef20803);
    assert_int_equal(stream_below(&s, 112), 20);
    assert_true(stream_uniform(&s) == 0x1.ae71efa87c87p-2);
    assert_true(stream_gaussian(&s) == 0x1.48a0f540c868ep-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(counter_has_the_documented_layout),
        cmocka_unit_test(every_argument_matters),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(uniform_and_bernoulli),
        cmocka_unit_test(gaussian_is_normal),
        cmocka_unit_test(neighbours_are_uncorrelated),
        cmocka_unit_test(gsl_sees_the_same_stream),
        cmocka_unit_test(draws_are_frozen),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
