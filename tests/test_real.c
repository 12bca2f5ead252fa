/* test_real.c - exp, log, sums: accuracy against long double, special values, bits, and the check of the build itself. */
#include "../sim/exp_core.h"
#include "../sim/fail.h"
#include "../sim/real.h"
#include "../sim/rng.h"
#include "watched.h"
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs the above first */
#include <cmocka.h>

enum { POINTS = 200000 };

/* |got - want| in units of the last place of want as a double. */
static double ulps(double got, long double want)
{
    int exponent;
    frexp((double)want, &exponent);
    if (exponent < DBL_MIN_EXP) exponent = DBL_MIN_EXP;
    return (double)(fabsl((long double)got - want) / ldexpl(1, exponent - DBL_MANT_DIG));
}

typedef double function(double);
typedef long double reference(long double);
static long double log1p_exp_neg_l(long double a)
{
    return log1pl(expl(-a));
}
static long double sigmoid_l(long double z)
{
    return 1 / (1 + expl(-z));
}

/* The largest error of f on [low, high). */
static double worst(function *f, reference *g, double low, double high, uint32_t lane)
{
    struct stream s = stream(1, FOR_TEST, lane, 0, 0);
    double most = 0;
    for (int i = 0; i < POINTS; i++) {
        double x = low + (high - low) * stream_uniform(&s);
        double error = ulps(f(x), g(x));
        if (error > most) most = error;
    }
    return most;
}

static void exp_is_within_its_bound(void **state)
{
    (void)state;
    const double at[][2] = {{-1, 1}, {-0.4, 0.4}, {-40, 40}, {-708, 709}, {-745, -700}, {-1e-9, 1e-9}};
    for (uint32_t i = 0; i < sizeof at / sizeof *at; i++) assert_true(worst(real_exp, expl, at[i][0], at[i][1], i) <= 1.2);
}

static void log_is_within_its_bound(void **state)
{
    (void)state;
    const double at[][2] = {{0.5, 2}, {0.99, 1.01}, {1, 1 + 1e-9}, {1e-300, 1e300}, {0, 1}, {0, 0x1p-1024}};
    for (uint32_t i = 0; i < sizeof at / sizeof *at; i++) assert_true(worst(real_log, logl, at[i][0], at[i][1], i) <= 1);
    for (int e = -1074; e <= 1023; e++) assert_true(ulps(real_log(ldexp(1, e)), logl(ldexpl(1, e))) <= 1);
}

static void losses_are_within_their_bounds(void **state)
{
    (void)state;
    if (under_valgrind()) skip(); /* its long double is a double */
    assert_true(worst(real_log1p_exp_neg, log1p_exp_neg_l, 0, 3, 1) <= 2.2);
    assert_true(worst(real_log1p_exp_neg, log1p_exp_neg_l, 0, 700, 2) <= 2.2);
    assert_true(worst(real_sigmoid, sigmoid_l, -4, 4, 3) <= 2.5);
    assert_true(worst(real_sigmoid, sigmoid_l, -700, 700, 4) <= 2.5);
    for (double z = -800; z <= 800; z += 0.5) {
        assert_true(isfinite(real_sigmoid(z)) && isfinite(real_log1p_exp_neg(fabs(z))));
        assert_true(fabs(real_sigmoid(z) + real_sigmoid(-z) - 1) <= DBL_EPSILON);
    }
    assert_true(real_sigmoid(0) == 0.5 && real_sigmoid(800) == 1 && real_sigmoid(-800) == 0);
    assert_true(real_sigmoid(-740) > 0 && real_log1p_exp_neg(740) > 0);
}

/* Controls: the same measure must refuse a result one or two units off, and an exp with its last coefficients cut. */
static double exp_two_off(double x)
{
    return nextafter(nextafter(real_exp(x), INFINITY), INFINITY);
}
static double log_one_off(double x)
{
    return nextafter(real_log(x), -INFINITY);
}
static double exp_cut(double x)
{
    double k = rint(x * 1.4426950408889634), r = (x - k * 0x1.62e42fefa38p-1) - k * 0x1.ef35793c7673p-45, sum = 1;
    for (int n = 9; n >= 1; n--) sum = 1 + r / n * sum;
    return ldexp(sum, (int)k);
}

static void measure_sees_bad_functions(void **state)
{
    (void)state;
    assert_true(worst(exp_two_off, expl, -1, 1, 0) > 1.2);
    assert_true(worst(exp_cut, expl, -1, 1, 0) > 1.2);
    assert_true(worst(log_one_off, logl, 0.5, 2, 0) > 1);
}

static void special_values(void **state)
{
    (void)state;
    assert_true(real_exp(0) == 1 && real_exp(-0.0) == 1);
    assert_true(real_exp(-745.2) == 0 && real_exp(-1e300) == 0 && real_exp(-INFINITY) == 0);
    assert_true(real_exp(-745.13) == 0x1p-1074);
    assert_true(isinf(real_exp(709.8)) && isinf(real_exp(1e300)) && isinf(real_exp(INFINITY)));
    assert_true(isfinite(real_exp(709.78)) && real_exp(709.78) > 1.79e308);
    assert_true(isnan(real_exp(NAN)) && isnan(real_exp(-NAN)));
    assert_true(real_log(1) == 0 && isinf(real_log(0)) && real_log(0) < 0 && isinf(real_log(-0.0)));
    assert_true(isnan(real_log(-1)) && isnan(real_log(-INFINITY)) && isnan(real_log(-0x1p-1074)) && isnan(real_log(NAN)));
    assert_true(real_log(INFINITY) == INFINITY);
    assert_true(isnan(real_sigmoid(NAN)) && isnan(real_log1p_exp_neg(NAN)));
    assert_true(real_pow(3, 0) == 1 && real_pow(1, 17) == 1 && fabs(real_pow(2, 0.5) - sqrt(2)) < 1e-15);
    assert_true(fabs(real_pow(8, -2.0 / 3) - 0.25) < 1e-15 && fabs(real_pow(100, 2.0 / 3) - 21.544346900318837) < 1e-13);
}

static void exp_array_is_the_scalar(void **state)
{
    (void)state;
    enum { N = 1003 };
    static double x[N + 1], y[N + 1];
    struct stream s = stream(2, FOR_TEST, 0, 0, 0);
    for (int i = 0; i < N; i++) x[i] = 1600 * stream_uniform(&s) - 800;
    x[7] = NAN;
    x[8] = INFINITY;
    x[9] = -INFINITY;
    x[10] = -0.0;
    for (size_t n = 0; n < 40; n++) { /* every remainder, and not one element beyond */
        memset(y, 0x11, sizeof y);
        double untouched = y[n];
        real_exp_array(n, x, y);
        for (size_t i = 0; i < n; i++) {
            double e = real_exp(x[i]);
            assert_true(isnan(e) ? isnan(y[i]) : memcmp(&e, &y[i], 8) == 0);
        }
        assert_memory_equal(&untouched, &y[n], 8);
    }
    real_exp_array(N, x, y);
    for (size_t i = 0; i < N; i++) {
        double e = real_exp(x[i]);
        assert_true(isnan(e) ? isnan(y[i]) : memcmp(&e, &y[i], 8) == 0);
    }
    real_exp_array(N, x, x); /* in place */
    x[7] = y[7] = 0;
    assert_memory_equal(x, y, N * sizeof *x);
}

/* In its range the short form has every bit of the long one; outside it has not. */
static void mild_exp_is_the_same(void **state)
{
    (void)state;
    struct stream s = stream(3, FOR_TEST, 0, 0, 0);
    for (int i = 0; i < POINTS; i++) {
        const double x = EXP_MILD * (2 * stream_uniform(&s) - 1), at[] = {x, x / 700, EXP_MILD, -EXP_MILD, 0.0, -0.0};
        for (size_t k = 0; k < (i == 0 ? 6 : 2); k++)
            if (bits_of(exp_mild(at[k])) != bits_of(real_exp(at[k]))) fail_msg("e^%a", at[k]);
    }
    assert_true(exp_mild(-746) != real_exp(-746) && exp_mild(720) != real_exp(720) && isnan(real_exp(NAN)));
}

/* log(1 + u) as real_log has it, around the sqrt 2 where the exponent changes, too. */
static void log1p_array_is_the_logarithm(void **state)
{
    (void)state;
    enum { N = 20011, AROUND = 2000 };
    static double u[N], y[N];
    struct stream s = stream(5, FOR_TEST, 0, 0, 0);
    for (int i = 0; i < N; i++) u[i] = i % 2 ? stream_uniform(&s) : real_exp(-40 * stream_uniform(&s));
    for (int i = 0; i < AROUND; i++) u[i] = 0x1.6a09e667f3bcdp0 + (i - AROUND / 2) * 0x1p-53 - 1;
    u[AROUND] = 0;
    u[AROUND + 1] = 1;
    u[AROUND + 2] = 0x1p-1074;
    u[AROUND + 3] = NAN;
    real_log1p_array(N, u, y);
    for (int i = 0; i < N; i++) {
        const double w = 1 + u[i], expected = real_log(w) + (u[i] - (w - 1)) / w;
        if (memcmp(&expected, &y[i], sizeof expected) != 0) fail_msg("u = %a: %a, expected %a", u[i], y[i], expected);
    }
    real_log1p_array(N, u, u); /* in place */
    assert_memory_equal(u, y, sizeof u);
}

static uint64_t mix(uint64_t hash, double v)
{
    uint64_t word;
    memcpy(&word, &v, 8);
    return (hash ^ word) * UINT64_C(0x100000001b3);
}

static uint64_t digest(function *f, double low, double high)
{
    struct stream s = stream(3, FOR_TEST, 0, 0, 0);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 100000; i++) hash = mix(hash, f(low + (high - low) * stream_uniform(&s)));
    return hash;
}

/* The same bits from every compiler, optimisation level and instruction set; computed with gcc 12 and clang 14. */
static void bits_are_those_of_every_build(void **state)
{
    (void)state;
    assert_int_equal(digest(real_exp, -750, 715), UINT64_C(0xad0f13ed6c0c9b0c));
    assert_int_equal(digest(real_log, 0, 1e3), UINT64_C(0xa608fc0c32c79bfe));
    assert_int_equal(digest(real_log1p_exp_neg, 0, 50), UINT64_C(0x3e0996f77ac8ee86));
    assert_int_equal(digest(real_sigmoid, -50, 50), UINT64_C(0x2d8c53d623f9192f));
    assert_int_not_equal(digest(exp_two_off, -750, 715), digest(real_exp, -750, 715));
}

/* --- sums ------------------------------------------------------------------------------------------------ */
static double dot_as_documented(size_t n, const double *x, const double *y)
{
    double s[8] = {0};
    for (size_t i = 0; i < n; i++) s[i % 8] += x[i] * y[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static void sums_have_the_documented_order(void **state)
{
    (void)state;
    enum { N = 1001 };
    static double x[N], y[N], ones[N];
    struct stream s = stream(4, FOR_TEST, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        x[i] = stream_gaussian(&s);
        y[i] = stream_gaussian(&s);
        ones[i] = 1;
    }
    int in_order = 0;
    for (size_t n = 0; n <= N; n++) {
        double dot = 0;
        for (size_t i = 0; i < n; i++) dot += x[i] * y[i];
        in_order += dot == real_dot(n, x, y);
        assert_true(real_dot(n, x, y) == dot_as_documented(n, x, y));
        assert_true(real_sum(n, x) == dot_as_documented(n, x, ones));
        assert_true(real_norm_sq(n, x) == dot_as_documented(n, x, x));
    }
    assert_true(in_order < N / 2); /* control: another order does give other bits */
    assert_true(real_sum(0, NULL) == 0);
}

/* --- the check of the build ---------------------------------------------------------------------------------- */
static void this_build_is_sound(void **state)
{
    (void)state;
    assert_true(real_build_is_sound());
}

static void other_roundings_are_refused(void **state)
{
    (void)state;
    if (under_valgrind()) skip(); /* it always rounds to nearest */
    const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fesetround(modes[i]), 0);
        bool sound = real_build_is_sound();
        fesetround(FE_TONEAREST);
        assert_false(sound);
    }
    assert_true(real_build_is_sound());
}

static void flushed_subnormals_are_refused(void **state)
{
    (void)state;
    if (under_valgrind()) skip(); /* it keeps them */
#ifdef __SSE2__
    unsigned before = __builtin_ia32_stmxcsr();
    for (unsigned bit = 0; bit < 2; bit++) { /* flush to zero; denormals are zero */
        __builtin_ia32_ldmxcsr(before | (bit == 0 ? 0x8000U : 0x0040U));
        bool sound = real_build_is_sound();
        __builtin_ia32_ldmxcsr(before);
        assert_false(sound);
    }
    assert_true(real_build_is_sound());
#else
    skip();
#endif
}

/* Compile real.c with other flags and let it judge itself: 0 sound, 1 refused, -1 the compiler could not do it. */
static int verdict_of_build(const char *flags)
{
    const char *cc = getenv("CC");
    const char *slash = strrchr(__FILE__, '/');
    int folder = slash == NULL ? 0 : (int)(slash - __FILE__);
    char dir[] = "/tmp/gradwire-real-XXXXXX";
    if (mkdtemp(dir) == NULL) return -1;
    char *script =
        xprintf("printf '#include \"real.h\"\\nint main(void) { return real_build_is_sound() ? 0 : 1; }\\n' > %s/main.c && "
                "%s -std=c11 -O2 %s -I'%.*s/../sim' -o %s/judge %s/main.c '%.*s/../sim/real.c' -lm 2>%s/log",
                dir, cc != NULL && *cc != '\0' ? cc : "cc", flags, folder, __FILE__, dir, dir, folder, __FILE__, dir);
    int built = system(script);
    char *judge = xprintf("%s/judge", dir), *clean = xprintf("rm -rf %s", dir);
    int status = built == 0 ? system(judge) : -1;
    if (system(clean) != 0) status = -1;
    free(script);
    free(judge);
    free(clean);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void unsound_builds_refuse_themselves(void **state)
{
    (void)state;
#ifdef __x86_64__
    int plain = verdict_of_build("-ffp-contract=off");
    if (plain == -1) skip(); /* no compiler or no sources here */
    assert_int_equal(plain, 0);
    assert_int_equal(verdict_of_build("-ffast-math"), 1);
    assert_int_equal(verdict_of_build("-fassociative-math -fno-signed-zeros -fno-trapping-math"), 1);
    int extended = verdict_of_build("-ffp-contract=off -mfpmath=387"); /* gcc only */
    assert_true(extended == 1 || extended == -1 || getenv("CC") != NULL);
    if (__builtin_cpu_supports("fma")) {
        assert_int_equal(verdict_of_build("-mfma -ffp-contract=fast"), 1);
        assert_int_equal(verdict_of_build("-mfma -ffp-contract=off"), 0);
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_its_bound),
        cmocka_unit_test(log_is_within_its_bound),
        cmocka_unit_test(losses_are_within_their_bounds),
        cmocka_unit_test(measure_sees_bad_functions),
        cmocka_unit_test(special_values),
        cmocka_unit_test(exp_array_is_the_scalar),
        cmocka_unit_test(mild_exp_is_the_same),
        cmocka_unit_test(log1p_array_is_the_logarithm),
        cmocka_unit_test(bits_are_those_of_every_build),
        cmocka_unit_test(sums_have_the_documented_order),
        cmocka_unit_test(this_build_is_sound),
        cmocka_unit_test(other_roundings_are_refused),
        cmocka_unit_test(flushed_subnormals_are_refused),
        cmocka_unit_test(unsound_builds_refuse_themselves),
    };
    return cmocka_run_group_tests_name("real", tests, NULL, NULL);
}
