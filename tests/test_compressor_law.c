/* Quantisers and chains by sampling: the mean and the variance of many draws against x and against omega, at vectors
 * where omega is attained; seeds are fixed, and a constant misstated by 5 % is noticed. */
#include "compressor_kit.h"
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_D = 128 };

/* Vectors at which some compressor is worst. */
enum shape { GAUSSIAN, EQUAL, FOUR_THIRDS, ONE_AND_REST, HALVES, ONE_HIGH };
static void fill(double *x, int64_t d, enum shape shape)
{
    fill_gaussian(x, d, 11);
    for (int64_t j = 0; j < d && shape != GAUSSIAN; j++) {
        double sign = j % 3 == 1 ? -1 : 1;
        if (shape == EQUAL) x[j] = sign * 0.7;
        if (shape == FOUR_THIRDS) x[j] = sign * ldexp(4. / 3, (int)(j % 7) - 3);
        if (shape == ONE_AND_REST) x[j] = sign * (j == 0 ? 1 : 1 / (1 + sqrt((double)d)));
        if (shape == HALVES) x[j] = sign * (j == 0 ? 1.5 : 0.5);
        if (shape == ONE_HIGH) x[j] = sign * (j == 0 ? 1 : 0.16666);
    }
}

struct sampled {
    double variance, variance_error; /* mean of |Q(x) - x|^2 / |x|^2, and the standard error of that mean */
    double nonzeros, bits;           /* means                                                            */
    bool unbiased;                   /* each coordinate's mean within five standard errors of x          */
};

static struct sampled sample(struct kit *k, const double *x, int draws)
{
    double mean[MOST_D] = {0}, square[MOST_D] = {0}, sum = 0, sum_square = 0, norm = norm_squared(k->call.d, x), count = draws;
    struct sampled out = {.unbiased = true};
    for (int r = 0; r < draws; r++) {
        const double *got = kit_draw(k, x, (uint32_t)r, 0);
        double error = distance_squared(k->call.d, got, x) / norm;
        sum += error;
        sum_square += error * error;
        out.bits += (k->message.index_bits + k->message.payload_bits) / count;
        for (int64_t j = 0; j < k->call.d; j++) {
            mean[j] += got[j] / count;
            square[j] += got[j] * got[j] / count;
            out.nonzeros += (got[j] != 0) / count;
        }
    }
    out.variance = sum / count;
    out.variance_error = sqrt(fmax(sum_square / count - out.variance * out.variance, 0) / count);
    for (int64_t j = 0; j < k->call.d; j++) {
        double error = sqrt(fmax(square[j] - mean[j] * mean[j], 0) / count);
        if (fabs(mean[j] - x[j]) > 5 * error + 1e-11 * fabs(x[j])) out.unbiased = false;
    }
    return out;
}

/* Within 2 %; and the sample is large enough for that to mean something. */
static bool variance_matches(const struct sampled *s, double omega)
{
    return 3.5 * s->variance_error < 0.02 * omega && fabs(s->variance - omega) <= 0.02 * omega;
}

struct row {
    const char *chain, *settings;
    int64_t d;
    enum shape shape;
    int draws;
};
/* Each attains its omega at this shape. */
static const struct row attained[] = {
    {"randk", "k=3", 20, EQUAL, 2000},
    {"randk", "k=3", 20, GAUSSIAN, 40000},
    {"randk", "k=3 mask=shared", 20, EQUAL, 2000},
    {"bernoulli", "p=0.3", 40, EQUAL, 30000},
    {"lazy", "p=0.3", 10, GAUSSIAN, 50000},
    {"permk", "", 30, EQUAL, 2000},
    {"qsgd", "s=1", 64, EQUAL, 20000},
    {"qsgd", "s=3", 100, EQUAL, 10000},
    {"qsgd", "s=2", 8, HALVES, 30000},
    {"qsgd", "s=1 coding=elias", 2, EQUAL, 30000},
    {"terngrad", "", 64, ONE_AND_REST, 20000},
    {"terngrad", "", 4, ONE_AND_REST, 40000},
    {"natural", "", 16, FOUR_THIRDS, 20000},
    {"natural-dithering", "s=3", 100, EQUAL, 10000},
    {"natural-dithering", "s=7", 2, EQUAL, 20000},
    {"natural-dithering", "s=3", 42, ONE_HIGH, 10000},
    {"natural-dithering", "s=1 norm=inf", 64, ONE_AND_REST, 20000},
    {"natural(randk)", "k=5", 20, FOUR_THIRDS, 40000},
    {"natural(bernoulli)", "p=0.25", 30, FOUR_THIRDS, 30000},
    {"natural(permk)", "", 32, FOUR_THIRDS, 20000},
    {"qsgd(randk)", "k=16 s=1", 64, EQUAL, 20000},
    {"qsgd(lazy)", "p=0.5 s=1", 16, EQUAL, 80000},
    {"terngrad(randk)", "k=5", 5, ONE_AND_REST, 40000},
    {"natural-dithering(randk)", "k=25 s=2", 50, EQUAL, 10000},
};

static void variance_is_omega(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attained / sizeof *attained; i++) {
        const struct row *r = &attained[i];
        double x[MOST_D];
        struct kit k;
        kit_open(&k, r->chain, r->settings, r->d, 4, 64);
        fill(x, r->d, r->shape);
        struct sampled s = sample(&k, x, r->draws);
        double omega = k.constants.omega;
        if (!s.unbiased) fail_msg("%s %s is biased", r->chain, r->settings);
        if (!variance_matches(&s, omega))
            fail_msg("%s %s: omega %.6g, seen %.6g +- %.2g", r->chain, r->settings, omega, s.variance, s.variance_error);
        assert_false(variance_matches(&s, 1.05 * omega));
        assert_false(variance_matches(&s, 0.95 * omega));
        kit_close(&k);
    }
}

/* Away from the worst vectors: unbiased, variance at most omega, zeta and bits at most (or, when exact, just) as stated. */
static void means_nonzeros_and_bits(void **state)
{
    (void)state;
    static const struct {
        const char *chain, *settings;
        int64_t d;
        enum shape shape;
        bool zeta_attained, bits_exact;
    } row[] = {{"qsgd", "s=1", 64, EQUAL, true, true},
               {"qsgd", "s=2", 100, EQUAL, true, true},
               {"qsgd", "s=2 coding=elias", 100, EQUAL, true, false},
               {"qsgd", "s=1 coding=elias", 100, GAUSSIAN, false, false},
               {"qsgd", "s=9 coding=elias", 30, GAUSSIAN, false, false},
               {"qsgd(randk)", "s=2 coding=elias k=40", 100, GAUSSIAN, false, false},
               {"qsgd(bernoulli)", "s=2 p=0.3", 50, EQUAL, false, true},
               {"qsgd(lazy)", "s=2 p=0.3", 50, EQUAL, false, true},
               {"natural-dithering", "s=2", 64, EQUAL, true, true},
               {"natural-dithering", "s=4", 64, GAUSSIAN, false, true},
               {"natural-dithering", "s=4 norm=inf", 64, GAUSSIAN, false, true},
               {"natural(qsgd)", "s=1", 64, EQUAL, true, true},
               {"qsgd(natural)", "s=2", 64, EQUAL, false, true},
               {"natural", "", 64, GAUSSIAN, true, true},
               {"terngrad", "", 64, GAUSSIAN, false, true},
               {"randk", "k=7", 64, GAUSSIAN, true, true},
               {"bernoulli", "p=0.05", 64, GAUSSIAN, true, true},
               {"bernoulli", "p=0.14", 64, GAUSSIAN, true, true},
               {"bernoulli", "p=0.9 index=seed", 64, GAUSSIAN, true, true},
               {"lazy", "p=0.4", 64, GAUSSIAN, true, true},
               {"permk", "", 30, GAUSSIAN, true, true}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (unsigned value_bits = 32; value_bits <= 64; value_bits += 32) {
            double x[MOST_D];
            struct kit k;
            kit_open(&k, row[i].chain, row[i].settings, row[i].d, 4, value_bits);
            fill(x, row[i].d, row[i].shape);
            struct sampled s = sample(&k, x, 20000);
            double zeta = k.constants.zeta, bits = k.constants.bits;
            if (!s.unbiased && value_bits == 64) fail_msg("%s %s is biased", row[i].chain, row[i].settings);
            assert_true(s.variance - 4 * s.variance_error <= k.constants.omega);
            if (row[i].zeta_attained ? !close_to(s.nonzeros, zeta, 0.015) : s.nonzeros > zeta * 1.01)
                fail_msg("%s %s: zeta %.6g, seen %.6g", row[i].chain, row[i].settings, zeta, s.nonzeros);
            if (row[i].bits_exact ? !close_to(s.bits, bits, 0.015) : s.bits > bits || bits > 2 * s.bits)
                fail_msg("%s %s: bits %.6g, seen %.6g", row[i].chain, row[i].settings, bits, s.bits);
            if (row[i].zeta_attained)
                assert_false(close_to(s.nonzeros, zeta * 1.05, 0.015) || close_to(s.nonzeros, zeta * 0.95, 0.015));
            kit_close(&k);
        }
}

/* A compressor that is biased is seen as such: scaled(randk) shrinks its mean. */
static void the_bias_test_can_fail(void **state)
{
    (void)state;
    static const char *const biased[][2] = {{"scaled(randk)", "k=16"}, {"topk", "k=19"}, {"sign", ""}, {"cyclic", "k=19"}};
    double x[20];
    fill(x, 20, GAUSSIAN);
    for (size_t i = 0; i < sizeof biased / sizeof *biased; i++) {
        struct kit k;
        kit_open(&k, biased[i][0], biased[i][1], 20, 4, 64);
        struct sampled s = sample(&k, x, i == 3 ? 3 : 20000);
        assert_false(s.unbiased);
        kit_close(&k);
    }
}

/* --- contractions: 1 - alpha is the worst relative error --------------------------------------------- */

static const struct row contractions[] = {
    {"scaled(randk)", "k=4", 8, GAUSSIAN, 20000},
    {"scaled(bernoulli)", "p=0.5", 30, EQUAL, 20000},
    {"scaled(natural)", "", 16, FOUR_THIRDS, 5000},
    {"scaled(qsgd)", "s=1", 16, EQUAL, 20000},
    {"scaled(natural(randk))", "k=8", 16, FOUR_THIRDS, 20000},
    {"natural(topk)", "k=5", 10, FOUR_THIRDS, 20000},
};

static void alpha_is_attained(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof contractions / sizeof *contractions; i++) {
        const struct row *r = &contractions[i];
        double x[MOST_D];
        struct kit k;
        kit_open(&k, r->chain, r->settings, r->d, 4, 64);
        fill(x, r->d, r->shape);
        if (strcmp(r->chain, "natural(topk)") == 0)
            for (int64_t j = 0; j < r->d; j++) x[j] = 4. / 3;
        struct sampled s = sample(&k, x, r->draws);
        double alpha = k.constants.alpha, seen = 1 - s.variance;
        assert_true(isnan(k.constants.omega) && !k.constants.unbiased);
        if (!close_to(seen, alpha, 0.02)) fail_msg("%s %s: alpha %.6g, seen %.6g", r->chain, r->settings, alpha, seen);
        assert_false(close_to(seen, alpha * 1.05, 0.02) || close_to(seen, alpha * 0.95, 0.02));
        kit_close(&k);
    }
}

static int larger_first(const void *a_, const void *b_)
{
    const double *const *a = a_, *const *b = b_;
    double x = fabs(**a), y = fabs(**b);
    return x != y ? (x < y) - (x > y) : (*a > *b) - (*a < *b);
}

/* Top-K against a full sort, with many ties and every K; the bound, and its equality when all |x_j| are equal. */
static void topk_is_the_head_of_a_sort(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 60; trial++) {
        int64_t d = 1 + trial % 40;
        double x[40];
        const double *order[40];
        fill_gaussian(x, d, 100 + trial);
        for (int64_t j = 0; j < d; j++) {
            if (trial % 3 == 0) x[j] = rint(2 * x[j]);
            if (trial % 3 == 1) x[j] = trial % 2 ? -0.3 : ldexp(x[j], (int)(j * 37 % 600) - 300);
            order[j] = &x[j];
        }
        qsort(order, (size_t)d, sizeof *order, larger_first);
        for (int64_t kept = 1; kept <= d; kept++) {
            char text[16];
            double expected[40] = {0};
            struct kit k;
            snprintf(text, sizeof text, "k=%d", (int)kept);
            kit_open(&k, "topk", text, d, 4, 64);
            for (int64_t j = 0; j < kept; j++) expected[order[j] - x] = *order[j];
            const double *got = kit_draw(&k, x, 0, 0);
            assert_memory_equal(got, expected, (size_t)d * sizeof *got);
            for (int64_t j = 1; j < kept; j++) assert_true(k.message.index[j] > k.message.index[j - 1]);
            double error = distance_squared(d, got, x), bound = (1 - k.constants.alpha) * norm_squared(d, x);
            assert_true(error <= bound * (1 + 1e-14));
            if (trial % 6 == 1) {
                assert_true(fabs(error - bound) <= 1e-14 * norm_squared(d, x)); /* all equal */
                double off = (1 - 1.05 * k.constants.alpha) * norm_squared(d, x);
                bool blind = error <= off * (1 + 1e-14);
                assert_false(blind);
            }
            kit_close(&k);
        }
    }
}

/* The same for sizes on both sides of where the way changes, with keys that differ in their last bits only, in both halves, or
 * not, and with the largest numbers there are.  x ends where memory ends. */
static void topk_of_close_ones(void **state)
{
    (void)state;
    enum { MOST = 3000 };
    static double expected[MOST];
    static const double *order[MOST];
    static const int64_t sizes[] = {16, 17, 300, 1024, 1025, MOST};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (MOST * sizeof(double) / page + 1) * page;
    char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED && mprotect(memory + room, page, PROT_NONE) == 0);
    for (uint32_t trial = 0; trial < 36; trial++) {
        const int64_t d = sizes[trial % 6];
        double *x = (double *)(void *)(memory + room) - d;
        fill_gaussian(x, d, 900 + trial);
        for (int64_t j = 0; j < d; j++) {
            if (trial / 6 == 1) x[j] = copysign(1 + (double)(j * 7 % 5) * 0x1p-52, x[j]);
            if (trial / 6 == 2) x[j] = copysign(1 + (double)(j * 7 % 97) * 0x1p-36, x[j]);
            if (trial / 6 == 3) x[j] = rint(x[j]);
            if (trial / 6 == 4) x[j] = 0;
            if (trial / 6 == 5) x[j] = copysign(j % 2 ? 1.7e308 : 1.6e308, x[j]);
            order[j] = &x[j];
        }
        qsort(order, (size_t)d, sizeof *order, larger_first);
        const int64_t keep[] = {1, 2, d / 10 + 1, d / 2, d - 1, d};
        for (int i = 0; i < 6; i++) {
            char text[16];
            struct kit k;
            snprintf(text, sizeof text, "k=%d", (int)keep[i]);
            kit_open(&k, "topk", text, d, 4, 64);
            const double first = x[0];
            x[0] = -1.75e308; /* what this draw leaves, the next does not see */
            kit_draw(&k, x, 0, 0);
            x[0] = first;
            kit_draw(&k, x, 0, 0);
            assert_int_equal(k.message.count, keep[i]);
            memset(expected, 0, sizeof expected);
            for (int64_t j = 0; j < keep[i]; j++) expected[order[j] - x] = 1;
            for (int64_t j = 0; j < keep[i]; j++) {
                assert_true(expected[k.message.index[j]] == 1 && k.message.value[j] == x[k.message.index[j]]);
                assert_true(j == 0 || k.message.index[j] > k.message.index[j - 1]);
            }
            kit_close(&k);
        }
    }
    munmap(memory, room + page);
}

/* sign: alpha(x) = |x|_1^2 / (d |x|_2^2) exactly; 1/d is attained at a unit vector; sign(0) = +1. */
static void sign_contracts_as_stated(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= 50; d += 7) {
        double x[50];
        struct kit k;
        kit_open(&k, "sign", "", d, 4, 64);
        for (uint32_t trial = 0; trial < 20; trial++) {
            double sum = 0;
            fill_gaussian(x, d, 300 + trial);
            if (trial % 2 && d > 1) x[d / 2] = 0;
            for (int64_t j = 0; j < d; j++) sum += fabs(x[j]);
            double square = norm_squared(d, x), alpha = sum * sum / ((double)d * square);
            const double *got = kit_draw(&k, x, 0, 0);
            double seen = 1 - distance_squared(d, got, x) / square;
            assert_true(alpha >= k.constants.alpha * (1 - 1e-14));
            assert_close(seen, alpha, 1e-12);
            assert_false(close_to(seen, 1.05 * alpha, 1e-3));
            if (trial % 2 && d > 1) assert_true(got[d / 2] > 0);
        }
        for (int64_t j = 0; j < d; j++) x[j] = j % 2 ? 1e308 : -1e308; /* the sum overflows, the mean does not */
        const double *huge = kit_draw(&k, x, 0, 0);
        for (int64_t j = 0; j < d; j++) assert_close(huge[j], x[j], 1e-14);
        memset(x, 0, sizeof x);
        x[d - 1] = -3;
        double seen = 1 - distance_squared(d, kit_draw(&k, x, 0, 0), x) / 9;
        assert_close(seen, k.constants.alpha, 1e-12);
        assert_close(k.constants.alpha, 1 / (double)d, 1e-15);
        kit_close(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variance_is_omega),          cmocka_unit_test(means_nonzeros_and_bits),
        cmocka_unit_test(the_bias_test_can_fail),     cmocka_unit_test(alpha_is_attained),
        cmocka_unit_test(topk_is_the_head_of_a_sort), cmocka_unit_test(topk_of_close_ones),
        cmocka_unit_test(sign_contracts_as_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
