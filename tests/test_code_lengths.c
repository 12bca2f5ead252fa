/* test_code_lengths.c - the length of messages whose length is random, and the ends of what a format can say.  Bernoulli: against
 * the binomial distribution summed term by term, where the list of indices is always the shorter, never, and now and then.  Elias
 * codes: the bound is what it says, and the code is near it. */
#include "compressor_kit.h"

static int bits_of(uint64_t symbols) /* ceil(log2 symbols) */
{
    int bits = 0;
    while ((UINT64_C(1) << bits) < symbols) bits++;
    return bits;
}

/* 1 flag bit and the shorter of a bitmap and a counted list. */
static double support_bits(int64_t d, int64_t count)
{
    const double list = bits_of((uint64_t)d + 1) + (double)count * bits_of((uint64_t)d);
    return 1 + fmin((double)d, list);
}

static double binomial(int64_t d, int64_t k, double p)
{
    if (p == 1) return k == d;
    const double choices = lgamma((double)d + 1) - lgamma((double)k + 1) - lgamma((double)(d - k) + 1);
    return exp(choices + (double)k * log(p) + (double)(d - k) * log1p(-p));
}

static void the_expectation_is_the_binomial_one(void **state)
{
    (void)state;
    static const int64_t dims[] = {1, 2, 3, 7, 33, 40, 128, 1000};
    static const double ps[] = {1e-3, 0.02, 0.1, 0.12, 0.3, 0.5, 0.7, 0.9, 0.999, 1};
    int lists = 0, maps = 0, mixed = 0;
    for (size_t a = 0; a < sizeof dims / sizeof *dims; a++)
        for (size_t b = 0; b < sizeof ps / sizeof *ps; b++) {
            struct kit k;
            char words[48];
            const int64_t d = dims[a];
            snprintf(words, sizeof words, "p=%.17g", ps[b]);
            kit_open(&k, "bernoulli", words, d, 4, 64);
            double expected = 0, total = 0, in_lists = 0, none = binomial(d, 0, ps[b]);
            for (int64_t count = 0; count <= d; count++) {
                const double weight = binomial(d, count, ps[b]);
                total += weight;
                expected += weight * support_bits(d, count);
                in_lists += support_bits(d, count) < 1 + (double)d ? weight : 0;
            }
            assert_true(fabs(total - 1) < 1e-9);
            lists += in_lists > 0.99, maps += in_lists<0.01, mixed += in_lists> 0.2 && in_lists < 0.8;
            if (!(fabs(k.constants.index_bits - expected) <= 1e-9 * expected))
                fail_msg("d = %lld, p = %g: %.12g bits of support, not %.12g", (long long)d, ps[b], k.constants.index_bits,
                         expected);
            assert_true(fabs(k.constants.bits - expected - 64 * ps[b] * (double)d) <= 1e-9 * k.constants.bits);
            assert_true(fabs(k.constants.sent - (1 - none)) <= 1e-12);
            kit_close(&k);
        }
    assert_true(lists >= 10 && maps >= 10 && mixed >= 2);
}

/* Of the bound that theory goes by: all values equal, where levels and gaps are as spread as they can be, from one level to 2^20.
 */
static double share_of_bound(int64_t d, int64_t s)
{
    enum { DRAWS = 400 };
    struct kit k;
    char words[48];
    double x[256], sum = 0;
    snprintf(words, sizeof words, "s=%lld coding=elias", (long long)s);
    kit_open(&k, "qsgd", words, d, 4, 64);
    for (int64_t j = 0; j < d; j++) x[j] = j % 2 ? -1 : 1;
    for (uint32_t round = 0; round < DRAWS; round++) {
        kit_draw(&k, x, round, 0);
        sum += k.message.payload_bits + k.message.index_bits - 64; /* but for the norm */
    }
    const double bound = k.constants.bits - 64;
    kit_close(&k);
    return sum / DRAWS / bound;
}

static void an_elias_code_is_near_its_bound(void **state)
{
    (void)state;
    static const int64_t cases[][2] = {{1, 1},   {1, 1000}, {1, 1 << 20}, {16, 1},  {16, 100},      {16, 1 << 20},
                                       {100, 1}, {100, 10}, {100, 1000},  {256, 1}, {256, 1 << 12}, {256, 1 << 20}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double share = share_of_bound(cases[k][0], cases[k][1]);
        print_message("d = %lld, s = %lld: %.3f of the bound\n", (long long)cases[k][0], (long long)cases[k][1], share);
        if (!(share <= 1 && share >= 0.75)) /* exact logarithms are not whole */
            fail_msg("d = %lld, s = %lld: %g of the bound", (long long)cases[k][0], (long long)cases[k][1], share);
    }
}

/* The bound is the largest length over all numbers N of nonzeros, N <= min(d, s sqrt d), of N gaps that add up to d, N levels
 * that add up to s sqrt d, and N signs; here by trying. */
static void the_bound_is_the_largest(void **state)
{
    (void)state;
    int inside = 0, outside = 0;
    for (int64_t d = 1; d <= 40; d++)
        for (int64_t s = 1; s <= 64; s *= 2) {
            enum { STEPS = 20000 };
            struct kit k;
            char words[48];
            snprintf(words, sizeof words, "s=%lld coding=elias", (long long)s);
            kit_open(&k, "qsgd", words, d, 4, 64);
            const double sum = (double)s * sqrt((double)d), all = fmin((double)d, sum);
            double most = 0, at = 0;
            for (int step = 1; step <= STEPS; step++) {
                const double n = all * step / STEPS, length = n * (2 * log2((double)d / n) + 2 * log2(sum / n) + 3);
                if (length > most) most = length, at = n;
            }
            const double expected = 64 + 2 * log2(all + 1) + 1 + most;
            if (!(fabs(k.constants.bits - expected) <= 1e-6 * expected))
                fail_msg("d = %lld, s = %lld: %.9g bits, not %.9g", (long long)d, (long long)s, k.constants.bits, expected);
            inside += at < all, outside += at == all;
            kit_close(&k);
        }
    assert_true(inside > 5 && outside > 100);
}

/* Natural compression where its exponents end: the largest power still stands for all below its double; then infinity, and of the
 * least power a part of the draws. */
static void natural_ends_where_its_exponents_do(void **state)
{
    (void)state;
    static const struct {
        unsigned bits;
        int least, most;
    } formats[] = {{32, -126, 127}, {64, -1022, 1023}};
    for (int q = 0; q < 2; q++) {
        struct kit k;
        const double least = ldexp(1, formats[q].least), most = ldexp(1, formats[q].most);
        const double below = most * (2 - 0x1p-52), over = 2 * most; /* over: infinite for 64 bits */
        const double x[] = {most, -most, below, over, -over, least, -least, 3 * least, NAN, 0};
        enum { COUNT = sizeof x / sizeof *x };
        kit_open(&k, "natural", "", COUNT, 4, formats[q].bits);
        for (uint32_t round = 0; round < 50; round++) {
            const double *c = kit_draw(&k, x, round, 0);
            assert_true(c[0] == most && c[1] == -most && c[2] == most);
            assert_true(c[3] == INFINITY && c[4] == -INFINITY);
            assert_true(c[5] == least && c[6] == -least && (c[7] == 2 * least || c[7] == 4 * least));
            assert_true(!isfinite(c[8]) && c[9] == 0);
        }
        kit_close(&k);
    }
}

/* `entries`, by which a quantiser on top is bounded, is the most that a message carries: Perm-K's parts differ by one. */
static void no_part_is_larger_than_said(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{12, 4}, {13, 4}, {15, 4}, {4, 4}, {5, 4}, {2, 4}, {1, 4}, {7, 1}};
    for (size_t q = 0; q < sizeof sizes / sizeof *sizes; q++) {
        const int64_t d = sizes[q][0], n = sizes[q][1];
        struct kit k;
        double x[16], most = 0;
        for (int64_t j = 0; j < d; j++) x[j] = 1;
        kit_open(&k, "permk", "", d, n, 64);
        for (uint32_t round = 0; round < 40; round++)
            for (uint32_t client = 0; client < n; client++) {
                kit_draw(&k, x, round, client);
                most = fmax(most, (double)k.message.count);
            }
        assert_true(k.constants.entries == most && most == fmax(1, ceil((double)d / (double)n)));
        assert_true(k.constants.sent == 1);
        kit_close(&k);
    }
    static const char *const fixed[] = {"cyclic", "randk", "topk"}; /* K entries, always */
    for (size_t q = 0; q < sizeof fixed / sizeof *fixed; q++) {
        struct kit k;
        kit_open(&k, fixed[q], "k=3", 10, 4, 64);
        assert_true(k.constants.entries == 3 && k.constants.zeta == 3 && k.constants.sent == 1);
        kit_close(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_expectation_is_the_binomial_one),
        cmocka_unit_test(an_elias_code_is_near_its_bound),
        cmocka_unit_test(the_bound_is_the_largest),
        cmocka_unit_test(natural_ends_where_its_exponents_do),
        cmocka_unit_test(no_part_is_larger_than_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
