/* Constants of compressors against closed forms written out by hand, and against the worst vectors of the theory. */
#include "compressor_kit.h"

struct expected {
    const char *chain, *settings;
    int64_t d, n;
    double omega, alpha, zeta, bits; /* omega NaN: biased; alpha NaN: no contraction; bits at 64 */
};

static const struct expected table[] = {
    {"identity", "", 112, 5, 0, 1, 112, 64 * 112},
    {"randk", "k=1", 112, 5, 111, NAN, 1, 64 + 7},
    {"randk", "k=10 index=seed", 112, 5, 10.2, NAN, 10, 640},
    {"randk", "k=112", 112, 5, 0, 1, 112, 112 * 71},
    {"randk", "k=80", 112, 5, 0.4, 0.6, 80, 80 * 71},
    {"bernoulli", "p=0.25 index=seed", 64, 5, 3, NAN, 16, 16 * 64},
    {"lazy", "p=0.25", 64, 5, 3, NAN, 16, 1 + 16 * 64},
    {"permk", "", 112, 4, 3, NAN, 28, 28 * 64},
    {"permk", "", 112, 5, 4, NAN, 22.4, 22.4 * 64},
    {"permk", "", 4, 12, 3, NAN, 1, 64},
    {"cyclic", "k=2", 112, 20, 55, NAN, 2, 128},
    {"topk", "k=3", 12, 5, NAN, 0.25, 3, 3 * 68},
    {"qsgd", "s=1", 100, 5, 9, NAN, 10, 64 + 200},
    {"qsgd", "s=2", 100, 5, 4, NAN, 20, 64 + 300},
    {"qsgd", "s=4", 100, 5, 1.5, NAN, 40, 64 + 400},
    {"qsgd", "s=8", 100, 5, 100. / 256, 1 - 100. / 256, 80, 64 + 500},
    {"qsgd", "s=1", 1, 5, 0, 1, 1, 66},
    {"terngrad", "", 100, 5, 4.5, NAN, 100, 64 + 200},
    {"natural", "", 100, 5, 0.125, 0.875, 100, 1200},
    {"natural-dithering", "s=3", 100, 5, 1.5, NAN, 40, 64 + 300},
    {"natural-dithering", "s=3 norm=inf", 100, 5, 0.84047566184545097, 1 - 0.84047566184545097, 100, 64 + 300},
    {"natural-dithering", "s=1 norm=inf", 100, 5, 4.5, NAN, 100, 64 + 200},
    {"natural-dithering", "s=1", 100, 5, 9, NAN, 10, 64 + 200},
    {"sign", "", 100, 5, NAN, 0.01, 100, 64 + 100},
    {"natural(randk)", "k=10 index=seed", 100, 5, 9. / 8 * 10 - 1, NAN, 10, 120},
    {"natural(topk)", "k=10", 100, 5, NAN, 0.0875, 10, 10 * (12 + 7)},
    {"sign(topk)", "k=10", 100, 5, NAN, 0.01, 10, 64 + 10 + 70},
    {"sign(randk)", "k=10", 100, 5, NAN, NAN, 10, 64 + 10 + 70},
    {"qsgd(randk)", "k=16 s=1 index=seed", 64, 5, 15, NAN, 4, 64 + 32},
    {"natural(qsgd)", "s=1", 64, 5, 9. / 8 * 8 - 1, NAN, 8, 64 * 12},
    {"qsgd(lazy)", "p=0.5 s=1", 64, 5, 15, NAN, 5.6568542494923802, 1 + 0.5 * 64 + 32 * 2},
    {"scaled(randk)", "k=10 index=seed", 100, 5, NAN, 0.1, 10, 640},
    {"scaled(natural(randk))", "k=10 index=seed", 100, 5, NAN, 8. / 90, 10, 120},
};

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || close_to(a, b, 1e-13);
}

/* Which of the four numbers is wrong, or NULL. */
static const char *wrong_constant(const struct compressor_constants *c, const struct expected *e)
{
    if (!same_number(c->omega, e->omega) || c->unbiased == isnan(e->omega)) return "omega";
    if (!same_number(c->alpha, e->alpha)) return "alpha";
    if (!same_number(c->zeta, e->zeta)) return "zeta";
    return same_number(c->bits, e->bits) ? NULL : "bits";
}

static void constants_are_the_published_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct kit k;
        kit_open(&k, table[i].chain, table[i].settings, table[i].d, table[i].n, 64);
        const char *wrong = wrong_constant(&k.constants, &table[i]);
        if (wrong != NULL)
            fail_msg("%s %s: %s is wrong: omega %.17g alpha %.17g zeta %.17g bits %.17g", table[i].chain, table[i].settings,
                     wrong, k.constants.omega, k.constants.alpha, k.constants.zeta, k.constants.bits);
        /* Control: each number misstated by 5 % is noticed. */
        struct expected off = table[i];
        off.bits *= 1.05;
        assert_non_null(wrong_constant(&k.constants, &off));
        off = table[i];
        off.omega = off.omega > 0 ? off.omega * 0.95 : isnan(off.omega) ? 1 : 0.05;
        assert_non_null(wrong_constant(&k.constants, &off));
        off = table[i];
        off.zeta *= 0.95;
        assert_non_null(wrong_constant(&k.constants, &off));
        kit_close(&k);
    }
}

static void value_bits_of_32(void **state)
{
    (void)state;
    static const struct {
        const char *chain, *settings;
        double bits;
    } row[] = {{"identity", "", 3584},   {"randk", "k=10 index=seed", 320},
               {"natural", "", 9 * 112}, {"qsgd", "s=1", 32 + 224},
               {"sign", "", 32 + 112},   {"natural(randk)", "k=10", 10 * (9 + 7)}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct kit k;
        kit_open(&k, row[i].chain, row[i].settings, 112, 5, 32);
        assert_true(k.constants.bits == row[i].bits);
        kit_close(&k);
    }
}

/* Independent clients: A = omega/n.  A common mask keeps its whole omega.  Perm-K: A = B = 1. */
static void joint_constants(void **state)
{
    (void)state;
    static const struct {
        const char *chain, *settings;
        int64_t d, n;
        double a, b;
        bool correlated;
    } row[] = {{"identity", "", 12, 4, 0, 0, false},
               {"randk", "k=3", 12, 4, 0.75, 0, false},
               {"randk", "k=3 mask=shared", 12, 4, 3, 0, true},
               {"cyclic", "k=3", 12, 4, 3, 0, true},
               {"permk", "", 12, 4, 1, 1, true},
               {"permk", "", 4, 12, 3. / 11, 3. / 11, true},
               {"natural(randk)", "k=3", 12, 4, (9. / 8 * 4 - 1) / 4, 0, false},
               {"natural(permk)", "", 12, 4, 1 + 0.125 * 4 / 4, 1, true}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct kit k;
        kit_open(&k, row[i].chain, row[i].settings, row[i].d, row[i].n, 64);
        assert_true(same_number(k.constants.ab_a, row[i].a));
        assert_true(same_number(k.constants.ab_b, row[i].b));
        assert_int_equal(k.constants.correlated, row[i].correlated);
        kit_close(&k);
    }
}

/* --- the supremum over x of the closed-form variance ------------------------------------------------- */

/* The variance of rounding t at random to a or b around it. */
static double between(double t, double a, double b)
{
    return (t - a) * (b - t);
}

/* Relative variance E|Q(x) - x|^2 / |x|^2 of s levels, by the two-point law, written without the code under test. */
static double law(const char *name, int s, bool inf, int64_t d, const double *x)
{
    double norm = 0, sum = 0;
    for (int64_t j = 0; j < d; j++) norm = inf ? fmax(norm, fabs(x[j])) : norm + x[j] * x[j];
    if (!inf) norm = sqrt(norm);
    if (strcmp(name, "natural") == 0) norm = 1;
    for (int64_t j = 0; j < d; j++) {
        double t = fabs(x[j]) / norm, a = 0, b = 1;
        if (strcmp(name, "natural") == 0) {
            int exponent;
            (void)frexp(t, &exponent);
            b = ldexp(1, exponent);
            a = b / 2;
        } else if (strcmp(name, "even") == 0) {
            a = fmin(floor(t * s), s - 1) / s;
            b = a + 1. / s;
        } else {
            double first = ldexp(1, 1 - s);
            t = fmin(t, 1);
            for (b = 1; b > first && t <= b / 2;) b /= 2;
            a = b > first ? b / 2 : 0;
        }
        sum += between(t, a, b);
    }
    return sum * norm * norm / norm_squared(d, x);
}

/* The largest relative variance that equal blocks and a random climb find. */
static double climb(const char *name, int s, bool inf, int64_t d)
{
    double *x = xcalloc((size_t)d, sizeof *x), best_of_all = 0;
    for (uint32_t start = 0; start < 12; start++) {
        struct stream r = stream(3, FOR_TEST, 1, start, 0);
        int64_t high = start < 6 && start <= d ? start : 0; /* so many entries stand out */
        for (int64_t j = 0; j < d; j++) x[j] = j < high ? 6 : start < 8 ? 1 : stream_uniform(&r);
        double best = law(name, s, inf, d, x), step = 0.5;
        for (int i = 0; i < 3000; i++) {
            int64_t j = (int64_t)stream_below(&r, (uint32_t)d), from = j, to = j + 1;
            if (i % 2 && high > 0) from = j < high ? 0 : high, to = j < high ? high : d; /* a whole block */
            double factor = 1 + step * (2 * stream_uniform(&r) - 1);
            for (int64_t l = from; l < to; l++) x[l] *= factor;
            double now = law(name, s, inf, d, x);
            if (now >= best)
                best = now;
            else
                for (int64_t l = from; l < to; l++) x[l] /= factor;
            if (i % 100 == 99) step *= 0.85;
        }
        best_of_all = fmax(best_of_all, best);
    }
    free(x);
    return best_of_all;
}

/* omega is an upper bound of all that is found, and found nearly attained. */
static bool is_supremum(double omega, double found, double slack)
{
    return found <= omega * (1 + 1e-12) && found >= omega * (1 - slack);
}

static void omega_is_the_supremum(void **state)
{
    (void)state;
    static const struct {
        const char *law, *chain, *settings;
        int s;
        bool inf;
        int64_t d;
    } row[] = {{"even", "qsgd", "s=1", 1, false, 2},
               {"even", "qsgd", "s=1", 1, false, 30},
               {"even", "qsgd", "s=2", 2, false, 8}, /* (3/2, 1/2 x 7): every fraction is 1/2 */
               {"even", "qsgd", "s=2", 2, false, 30},
               {"even", "qsgd", "s=3", 3, false, 24},
               {"even", "terngrad", "", 1, true, 2},
               {"even", "terngrad", "", 1, true, 25},
               {"natural", "natural", "", 0, true, 5},
               {"binary", "natural-dithering", "s=3", 3, false, 100},
               {"binary", "natural-dithering", "s=7", 7, false, 2},
               {"binary", "natural-dithering", "s=3", 3, false, 42}, /* one entry above 1/2 */
               {"binary", "natural-dithering", "s=2 norm=inf", 2, true, 9},
               {"binary", "natural-dithering", "s=7 norm=inf", 7, true, 9},
               {"binary", "natural-dithering", "s=4 norm=inf", 4, true, 60}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct kit k;
        kit_open(&k, row[i].chain, row[i].settings, row[i].d, 1, 64);
        double omega = k.constants.omega, found = climb(row[i].law, row[i].s, row[i].inf, row[i].d);
        if (!is_supremum(omega, found, 0.02))
            fail_msg("%s %s d = %d: omega %.6g, found %.6g", row[i].chain, row[i].settings, (int)row[i].d, omega, found);
        assert_false(is_supremum(omega * 1.05, found, 0.02));
        assert_false(is_supremum(omega * 0.95, found, 0.02));
        kit_close(&k);
    }
}

/* The tighter constants stay below the published ones and above zero, on a grid of d and s. */
static void never_above_the_papers(void **state)
{
    (void)state;
    int improved = 0;
    for (int64_t d = 1; d <= 5000; d = d * 3 / 2 + 1)
        for (int s = 1; s <= 12; s++) {
            char text[32];
            struct kit k;
            for (int inf = 0; inf <= 1; inf++) {
                snprintf(text, sizeof text, "s=%d norm=%s", s, inf ? "inf" : "2");
                kit_open(&k, "natural-dithering", text, d, 1, 64);
                double x = sqrt((double)d) * ldexp(1, 1 - s), theorem7 = 0.125 + x * fmin(1, x);
                assert_true(k.constants.omega >= 0 && k.constants.omega <= theorem7);
                improved += k.constants.omega < 0.8 * theorem7;
                kit_close(&k);
            }
            snprintf(text, sizeof text, "s=%d", s);
            kit_open(&k, "qsgd", text, d, 1, 64);
            double size = (double)d;
            assert_true(k.constants.omega >= 0 && k.constants.omega <= fmin(size / (s * s), sqrt(size) / s));
            kit_close(&k);
        }
    assert_true(improved > 50);
}

static void every_compressor_is_documented(void **state)
{
    (void)state;
    int count = 0;
    for (const struct compressor *const *c = compressors; *c != NULL; c++, count++) {
        assert_true(field_table_is_complete((*c)->param, (*c)->param_size));
        assert_non_null((*c)->summary);
        assert_true(strlen((*c)->explain) > 100 && strstr((*c)->explain, "Encoder") != NULL &&
                    strstr((*c)->explain, "Use ") != NULL);
        assert_non_null((*c)->paper);
        assert_true(((*c)->select != NULL) != ((*c)->quantise != NULL));
        assert_ptr_equal(compressor_find((*c)->name), *c);
    }
    assert_true(count >= 13);
    assert_null(compressor_find("rankk"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_the_published_ones),
        cmocka_unit_test(value_bits_of_32),
        cmocka_unit_test(joint_constants),
        cmocka_unit_test(omega_is_the_supremum),
        cmocka_unit_test(never_above_the_papers),
        cmocka_unit_test(every_compressor_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
