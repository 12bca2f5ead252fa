/* Sparsifiers by enumeration: all masks that can be drawn are collected, then every mean over them is exact. */
#include "compressor_kit.h"

enum { MOST = 2000 };

/* One equally likely outcome: what all clients decode, joined, and how often it was drawn. */
struct outcomes {
    int64_t count, draws, size;
    uint64_t code[MOST];
    int64_t times[MOST];
    double *decoded[MOST];
};

static void outcomes_free(struct outcomes *o)
{
    for (int64_t i = 0; i < o->count; i++) free(o->decoded[i]);
    free(o);
}

/* Draw `rounds` rounds of n clients holding x (n vectors of d) and collect the different supports. */
static struct outcomes *collect(struct kit *k, const double *x, int64_t rounds)
{
    int64_t d = k->call.d, n = k->call.n;
    struct outcomes *o = xcalloc(1, sizeof *o);
    o->draws = rounds;
    o->size = d * n;
    double *all = xcalloc((size_t)(d * n), sizeof *all);
    for (int64_t r = 0; r < rounds; r++) {
        uint64_t code = 0;
        for (int64_t i = 0; i < n; i++) {
            memcpy(all + i * d, kit_draw(k, x + i * d, (uint32_t)r, (uint32_t)i), (size_t)d * sizeof *all);
            uint64_t mask = 0;
            for (int64_t j = 0; j < k->message.count; j++) mask |= UINT64_C(1) << k->message.index[j];
            code = code << d | mask;
        }
        int64_t at = 0;
        while (at < o->count && o->code[at] != code) at++;
        if (at == o->count) {
            assert_true(at < MOST);
            o->code[o->count] = code;
            o->decoded[o->count] = xcalloc((size_t)(d * n), sizeof *all);
            memcpy(o->decoded[o->count++], all, (size_t)(d * n) * sizeof *all);
        }
        o->times[at]++;
    }
    free(all);
    return o;
}

/* Pearson's statistic is within five standard deviations of its mean count - 1. */
static bool equally_likely(const struct outcomes *o)
{
    double expected = (double)o->draws / (double)o->count, chi2 = 0;
    for (int64_t i = 0; i < o->count; i++) chi2 += ((double)o->times[i] - expected) * ((double)o->times[i] - expected) / expected;
    return fabs(chi2 - (double)(o->count - 1)) <= 5 * sqrt(2 * (double)o->count) + 5;
}

static bool unbiased(const struct outcomes *o, const double *x)
{
    for (int64_t j = 0; j < o->size; j++) {
        double sum = 0;
        for (int64_t i = 0; i < o->count; i++) sum += o->decoded[i][j];
        if (!close_to(sum / (double)o->count, x[j], 1e-14)) return false;
    }
    return true;
}

/* The exact mean of |Q(x) - x|^2 of the first client over all outcomes, relative to |x|^2. */
static double variance(const struct outcomes *o, int64_t d, const double *x)
{
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++) sum += distance_squared(d, o->decoded[i], x);
    return sum / (double)o->count / norm_squared(d, x);
}

static bool omega_matches(double variance, double omega)
{
    return close_to(variance, omega, 1e-12) || fabs(variance - omega) < 1e-14;
}

static int64_t choose(int64_t d, int64_t k)
{
    return k == 0 ? 1 : choose(d - 1, k - 1) * d / k;
}

static void randk_over_all_masks(void **state)
{
    (void)state;
    double x[6];
    fill_gaussian(x, 6, 1);
    for (int64_t d = 1; d <= 6; d++)
        for (int64_t kept = 1; kept <= d; kept++) {
            char text[16];
            struct kit k;
            snprintf(text, sizeof text, "k=%d", (int)kept);
            kit_open(&k, "randk", text, d, 1, 64);
            struct outcomes *o = collect(&k, x, 3000);
            assert_int_equal(o->count, choose(d, kept));
            assert_true(equally_likely(o));
            assert_true(unbiased(o, x));
            double v = variance(o, d, x), omega = k.constants.omega;
            assert_true(omega_matches(v, omega));
            if (omega > 0) assert_false(omega_matches(v, 1.05 * omega) || omega_matches(v, 0.95 * omega));
            if (o->count > 1) { /* controls: a missing mask biases, a favoured one is noticed */
                o->times[0] += o->draws / 4 + 40;
                o->draws += o->draws / 4 + 40;
                assert_false(equally_likely(o));
                free(o->decoded[--o->count]);
                assert_false(unbiased(o, x));
            }
            outcomes_free(o);
            kit_close(&k);
        }
}

/* Any two clients' masks: independent when own, equal when shared. */
static void shared_and_own_masks(void **state)
{
    (void)state;
    double x[8];
    fill_gaussian(x, 8, 2);
    for (int shared = 0; shared <= 1; shared++) {
        struct kit k;
        kit_open(&k, "randk", shared ? "k=2 mask=shared" : "k=2", 4, 2, 64);
        struct outcomes *o = collect(&k, x, 6000);
        assert_int_equal(o->count, shared ? 6 : 36);
        assert_true(equally_likely(o) && unbiased(o, x));
        /* E|mean Q(x_i) - xbar|^2 is omega |xbar|^2, or omega/n mean|x_i|^2 */
        double error = 0, mean[4], square = (norm_squared(4, x) + norm_squared(4, x + 4)) / 2;
        for (int j = 0; j < 4; j++) mean[j] = (x[j] + x[4 + j]) / 2;
        for (int64_t i = 0; i < o->count; i++)
            for (int j = 0; j < 4; j++) {
                double off = (o->decoded[i][j] + o->decoded[i][4 + j]) / 2 - mean[j];
                error += off * off / (double)o->count;
            }
        assert_close(error, shared ? norm_squared(4, mean) : 0.5 * square, 1e-13);
        assert_true(error <= k.constants.ab_a * square - k.constants.ab_b * norm_squared(4, mean) + 1e-13);
        outcomes_free(o);
        kit_close(&k);
    }
}

/* |error of the mean|^2, exactly averaged, against A mean|x_i|^2 - B |xbar|^2. */
static bool identity_holds(const struct outcomes *o, int64_t d, int64_t n, const double *x, double a, double b)
{
    double error = 0, square = 0, *mean = xcalloc((size_t)d, sizeof *mean);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) {
            mean[j] += x[i * d + j] / (double)n;
            square += x[i * d + j] * x[i * d + j] / (double)n;
        }
    for (int64_t c = 0; c < o->count; c++)
        for (int64_t j = 0; j < d; j++) {
            double off = -mean[j];
            for (int64_t i = 0; i < n; i++) off += o->decoded[c][i * d + j] / (double)n;
            error += off * off / (double)o->count;
        }
    bool holds = fabs(error - (a * square - b * norm_squared(d, mean))) <= 1e-13 * square;
    free(mean);
    return holds;
}

static void permk_over_all_deals(void **state)
{
    (void)state;
    /* deals: how many ways there are, by hand; d < n: who gets coordinate 0 */
    static const struct {
        int64_t d, n, deals, rounds;
    } row[] = {{4, 2, 6, 2000}, {5, 2, 20, 4000}, {6, 4, 1080, 20000}, {3, 3, 6, 2000},
               {2, 4, 6, 2000}, {1, 3, 1, 100},   {3, 1, 1, 100}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        int64_t d = row[i].d, n = row[i].n;
        double x[24], equal[24];
        struct kit k;
        kit_open(&k, "permk", "", d, n, 64);
        fill_gaussian(x, d * n, 3);
        struct outcomes *o = collect(&k, x, row[i].rounds);
        assert_int_equal(o->count, row[i].deals);
        assert_true(equally_likely(o) && unbiased(o, x));
        double a = k.constants.ab_a, b = k.constants.ab_b, v = variance(o, d, x);
        assert_true(omega_matches(v, k.constants.omega));
        if (k.constants.omega > 0) assert_false(omega_matches(v, k.constants.omega * 1.05));
        assert_true(identity_holds(o, d, n, x, a, b));
        if (d > 1 && n > 1) assert_false(identity_holds(o, d, n, x, 1.05 * a, b) || identity_holds(o, d, n, x, a, 0.95 * b));
        outcomes_free(o);
        /* Equal vectors: the mean is exact in every round (n and d here are exact factors only up to rounding). */
        for (int64_t c = 0; c < n; c++) memcpy(equal + c * d, x, (size_t)d * sizeof *x);
        for (uint32_t round = 0; round < 50; round++) {
            double sum[8] = {0};
            for (int64_t c = 0; c < n; c++) {
                const double *got = kit_draw(&k, equal + c * d, round, (uint32_t)c);
                for (int64_t j = 0; j < d; j++) sum[j] += got[j] / (double)n;
            }
            for (int64_t j = 0; j < d; j++) assert_close(sum[j], x[j], 1e-15);
        }
        kit_close(&k);
    }
}

/* Supports of larger sizes: disjoint, complete, block sizes floor or ceil; every client gets long blocks in turn. */
static void permk_partitions(void **state)
{
    (void)state;
    enum { D = 113, N = 5 };
    double x[D];
    int64_t entries[N] = {0};
    struct kit k;
    kit_open(&k, "permk", "", D, N, 64);
    fill_gaussian(x, D, 4);
    for (uint32_t round = 0; round < 500; round++) {
        int owner[D] = {0};
        for (uint32_t c = 0; c < N; c++) {
            kit_draw(&k, x, round, c);
            assert_true(k.message.count == 22 || k.message.count == 23);
            entries[c] += k.message.count;
            for (int64_t j = 0; j < k.message.count; j++) {
                assert_true(j == 0 || k.message.index[j] > k.message.index[j - 1]);
                owner[k.message.index[j]]++;
            }
        }
        for (int j = 0; j < D; j++) assert_int_equal(owner[j], 1);
    }
    for (int c = 0; c < N; c++) assert_true(fabs((double)entries[c] / 500 - k.constants.zeta) < 0.12);
    kit_close(&k);
}

/* The server sends alone, as no client's number: it has all blocks.  The control: one of three clients has not. */
static void permk_of_the_server(void **state)
{
    (void)state;
    double x[9];
    fill_gaussian(x, 9, 5);
    for (int64_t n = 1; n <= 3; n += 2) {
        struct kit k;
        kit_open(&k, "permk", "", 9, n, 64);
        const double *got = kit_draw(&k, x, 7, n == 1 ? STREAM_SHARED : 0);
        assert_true((memcmp(got, x, sizeof x) == 0) == (n == 1));
        kit_close(&k);
    }
}

/* Bernoulli: every coordinate, and every pair, as often as independence says; values are exactly x_j / p. */
static void bernoulli_supports(void **state)
{
    (void)state;
    enum { D = 12, ROUNDS = 20000 };
    const double p = 0.3;
    double x[D], count = 0;
    int64_t kept[D] = {0}, both = 0;
    struct kit k;
    kit_open(&k, "bernoulli", "p=0.3", D, 1, 64);
    fill_gaussian(x, D, 5);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        kit_draw(&k, x, round, 0);
        bool has[D] = {0};
        for (int64_t j = 0; j < k.message.count; j++) {
            uint32_t i = k.message.index[j];
            has[i] = true;
            kept[i]++;
            assert_true(k.message.value[j] == 1 / p * x[i]);
        }
        both += has[2] && has[7];
        count += (double)k.message.count / ROUNDS;
    }
    double sd = sqrt(p * (1 - p) / ROUNDS);
    for (int j = 0; j < D; j++) assert_true(fabs((double)kept[j] / ROUNDS - p) < 5 * sd);
    assert_true(fabs((double)both / ROUNDS - p * p) < 5 * sqrt(p * p / ROUNDS));
    bool blind = fabs((double)kept[0] / ROUNDS - 1.05 * p) < 4 * sd;
    assert_false(blind); /* the test can tell 5 % */
    assert_true(fabs(count - k.constants.zeta) < 5 * sd * sqrt(D));
    kit_close(&k);
}

/* Lazy: everything or nothing. */
static void lazy_sends_all_or_nothing(void **state)
{
    (void)state;
    double x[9];
    int64_t sent = 0;
    struct kit k;
    kit_open(&k, "lazy", "p=0.25", 9, 1, 64);
    fill_gaussian(x, 9, 6);
    for (uint32_t round = 0; round < 20000; round++) {
        kit_draw(&k, x, round, 0);
        assert_true(k.message.count == 0 || (k.message.count == 9 && k.message.dense));
        if (k.message.count == 0) continue;
        sent++;
        for (int j = 0; j < 9; j++) assert_true(k.message.value[j] == 4 * x[j]);
    }
    assert_true(fabs((double)sent / 20000 - 0.25) < 5 * sqrt(0.25 * 0.75 / 20000));
    bool blind = fabs((double)sent / 20000 - 0.25 * 1.08) < 5 * sqrt(0.25 * 0.75 / 20000);
    assert_false(blind);
    kit_close(&k);
}

/* Cyclic against its formula, coordinate by coordinate; over a whole period it is unbiased with omega = d/k - 1. */
static void cyclic_formula(void **state)
{
    (void)state;
    static const int64_t size[][2] = {{112, 2}, {10, 4}, {7, 7}, {5, 3}, {1, 1}};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        int64_t d = size[i][0], kept = size[i][1];
        double x[112], mean[112] = {0}, variance = 0;
        char text[16];
        struct kit k;
        snprintf(text, sizeof text, "k=%d", (int)kept);
        kit_open(&k, "cyclic", text, d, 20, 64);
        fill_gaussian(x, d, 7);
        for (uint32_t round = 0; round < d; round++)
            for (uint32_t c = 0; c < 20; c++) {
                double expected[112] = {0};
                for (int64_t j = 0; j < kept; j++) {
                    int64_t at = ((int64_t)round * kept + 7 * (int64_t)c + j) % d;
                    expected[at] = (double)d / (double)kept * x[at];
                }
                const double *got = kit_draw(&k, x, round, c);
                for (int64_t j = 1; j < k.message.count; j++) assert_true(k.message.index[j] > k.message.index[j - 1]);
                assert_int_equal(k.message.count, kept);
                assert_memory_equal(got, expected, (size_t)d * sizeof *got);
                if (c != 3) continue;
                for (int64_t j = 0; j < d; j++) mean[j] += got[j] / (double)d;
                variance += distance_squared(d, got, x) / (double)d;
            }
        for (int64_t j = 0; j < d; j++) assert_close(mean[j], x[j], 1e-13);
        variance /= norm_squared(d, x);
        assert_true(omega_matches(variance, k.constants.omega));
        if (kept < d) assert_false(omega_matches(variance, 0.95 * k.constants.omega));
        kit_close(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(randk_over_all_masks),      cmocka_unit_test(shared_and_own_masks),
        cmocka_unit_test(permk_over_all_deals),      cmocka_unit_test(permk_partitions),
        cmocka_unit_test(permk_of_the_server),       cmocka_unit_test(bernoulli_supports),
        cmocka_unit_test(lazy_sends_all_or_nothing), cmocka_unit_test(cyclic_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
