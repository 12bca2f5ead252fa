/* test_losses.c - losses and regularisers: derivatives by finite differences, extreme margins, suprema, values at 0. */
#include "../sim/problem.h"
#include "../sim/real.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const linear_problems[] = {"marina-loss", "logistic", "logistic-nonconvex", "least-squares"};
enum { PROBLEMS = sizeof linear_problems / sizeof *linear_problems };

struct at {
    double value, slope, curve;
};
static struct at loss_at(const struct problem *p, double t, double y)
{
    struct settings s = settings_new(p->param, p->param_size);
    struct at a;
    p->loss(s.data, 1, &t, &y, &a.value, &a.slope, &a.curve);
    settings_free(&s);
    return a;
}

/* The largest relative disagreement of slope with differences of value, and of curve with differences of slope.
 * Central differences with step h: error ~ h^2 |f'''| + eps |f|/h. */
static double disagreement(const struct problem *p, double t, double y, double slope_factor)
{
    const double h = 1e-5;
    const struct at here = loss_at(p, t, y), right = loss_at(p, t + h, y), left = loss_at(p, t - h, y);
    const double scale = fabs(here.slope) + fabs(here.curve) + 1e-3 * fabs(here.value) + 1e-14;
    const double first = fabs((right.value - left.value) / (2 * h) - slope_factor * here.slope);
    const double second = fabs((right.slope - left.slope) / (2 * h) - here.curve);
    return fmax(first, second) / scale;
}

static void derivatives_agree_with_differences(void **state)
{
    (void)state;
    static const double z[] = {-30, -1.85, 0, 0.4657, 30};
    for (size_t i = 0; i < PROBLEMS; i++) {
        const struct problem *p = problem_find(linear_problems[i]);
        for (size_t k = 0; k < sizeof z / sizeof *z; k++)
            for (double y = -1; y <= 1; y += 2) {
                if (disagreement(p, y * z[k], y, 1) > 1e-7) fail_msg("%s at z = %g, y = %g", p->name, z[k], y);
                const bool slope_shows = fabs(loss_at(p, y * z[k], y).slope) > 1e-9;
                if (slope_shows) assert_true(disagreement(p, y * z[k], y, 1.001) > 1e-7); /* a slope 0.1 % off is seen */
            }
    }
}

static void extreme_margins_are_finite(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROBLEMS; i++)
        for (double z = -800; z <= 800; z += 1600) {
            const struct at a = loss_at(problem_find(linear_problems[i]), z, 1);
            assert_true(isfinite(a.value) && isfinite(a.slope) && isfinite(a.curve));
        }
    const struct problem *marina = problem_find("marina-loss"), *logistic = problem_find("logistic");
    assert_true(loss_at(marina, -800, 1).value == 1 && loss_at(marina, 800, 1).value == 0);
    assert_true(loss_at(logistic, -800, 1).value == 800 && loss_at(logistic, -800, 1).slope == -1);
    /* Not lost to cancellation: at z = 30 the values are e^-60 and e^-30 up to a factor 1 - O(e^-30). */
    assert_true(fabs(loss_at(marina, 30, 1).value / real_exp(-60) - 1) < 1e-12);
    assert_true(fabs(loss_at(logistic, 30, 1).value / real_exp(-30) - 1) < 1e-12);
}

/* The maximum of sign * l'' in [a, b], by golden section. */
static double extreme_curve(const struct problem *p, double sign, double a, double b, double *where)
{
    const double golden = (sqrt(5) - 1) / 2;
    for (int i = 0; i < 200; i++) {
        const double c = b - golden * (b - a), d = a + golden * (b - a);
        if (sign * loss_at(p, c, 1).curve > sign * loss_at(p, d, 1).curve)
            b = d;
        else
            a = c;
    }
    *where = (a + b) / 2;
    return loss_at(p, *where, 1).curve;
}

static void suprema_of_the_marina_loss(void **state)
{
    (void)state;
    const struct problem *p = problem_find("marina-loss");
    double at;
    const double sup = extreme_curve(p, 1, -0.5, 1.5, &at);
    assert_true(fabs(sup - 0.154058570121350511) < 3e-16);
    assert_true(fabs(at - 0.46566317987) < 1e-7);
    const double inf = extreme_curve(p, -1, -3, -1, &at);
    assert_true(fabs(inf + 0.120204403454683884) < 3e-16);
    assert_true(fabs(at + 1.85195754098989) < 1e-7);
    struct settings s = settings_new(p->param, p->param_size);
    assert_true(p->curvature(s.data) == (39 + 55 * sqrt(33)) / 2304 || fabs(p->curvature(s.data) - sup) < 1e-16);
    settings_free(&s);
    double least_slope = 0; /* |l'| <= 8/27 at s = 1/3 */
    for (double z = -5; z < 5; z += 1e-3) {
        const struct at a = loss_at(p, z, 1);
        assert_true(a.curve <= sup && a.curve >= inf);
        least_slope = fmin(least_slope, a.slope);
    }
    assert_true(least_slope >= -8.0 / 27 - 1e-15 && least_slope < -8.0 / 27 + 1e-6);
    assert_true(sup > 0.15405); /* the constant of the released code is not a bound */
}

static void values_at_zero(void **state)
{
    (void)state;
    const struct at marina = loss_at(problem_find("marina-loss"), 0, -1);
    assert_true(marina.value == 0.25 && marina.slope == 0.25 && marina.curve == 0.125);
    const struct at logistic = loss_at(problem_find("logistic"), 0, 1);
    assert_true(fabs(logistic.value - 0.69314718055994531) < 2e-16 && logistic.slope == -0.5 && logistic.curve == 0.25);
    const struct at squares = loss_at(problem_find("least-squares"), 1.5, -0.5);
    assert_true(squares.value == 2 && squares.slope == 2 && squares.curve == 1);
}

static void arrays_give_the_bits_of_single_samples(void **state)
{
    (void)state;
    enum { COUNT = 1037 };
    double t[COUNT], y[COUNT], value[COUNT], slope[COUNT], curve[COUNT], alone[COUNT];
    for (int k = 0; k < COUNT; k++) {
        t[k] = 0.031 * (k - 500);
        y[k] = k % 3 ? 1 : -1;
    }
    static const double far[] = {0, 700.5, -750,
                                 1e300}; /* one sample is beyond what the fast exp takes; the others do not notice */
    for (size_t i = 0; i < 4 * PROBLEMS; i++) {
        const struct problem *p = problem_find(linear_problems[i / 4]);
        struct settings s = settings_new(p->param, p->param_size);
        t[300] = far[i % 4];
        p->loss(s.data, COUNT, t, y, value, slope, curve);
        p->loss(s.data, COUNT, t, y, NULL, alone, NULL);
        assert_memory_equal(alone, slope, sizeof alone);
        p->loss(s.data, COUNT, t, y, NULL, NULL, alone);
        assert_memory_equal(alone, curve, sizeof alone);
        p->loss(s.data, COUNT, t, y, alone, NULL, NULL);
        assert_memory_equal(alone, value, sizeof alone);
        for (int k = 0; k < COUNT; k++) {
            const struct at a = loss_at(p, t[k], y[k]);
            assert_true(a.value == value[k] && a.slope == slope[k] && a.curve == curve[k]);
        }
        settings_free(&s);
    }
}

/* --- regularisers ------------------------------------------------------------------------------------------------- */
struct reg_at {
    double value, slope, curve;
};
static struct reg_at reg_at(const struct problem *p, const void *param, double x)
{
    struct reg_at a = {0};
    const double one = 1;
    a.value = p->reg(param, 1, &x, &a.slope, &one, &a.curve);
    return a;
}

static void check_reg(const char *name, const char *key, const char *text, double low, double high)
{
    struct fail f = {0};
    const struct problem *p = problem_find(name);
    struct settings s = settings_new(p->param, p->param_size);
    assert_true(settings_set(&s, "lambda", "0.3", &f));
    if (key) assert_true(settings_set(&s, key, text, &f));
    double least, most, seen_low = INFINITY, seen_high = -INFINITY;
    p->reg_bounds(s.data, &least, &most);
    assert_true(fabs(least - low) < 1e-15 && fabs(most - high) < 1e-15);
    for (double x = -6; x <= 6; x += 1.0 / 64) {
        const double h = 1e-5;
        const struct reg_at here = reg_at(p, s.data, x), right = reg_at(p, s.data, x + h), left = reg_at(p, s.data, x - h);
        assert_true(fabs((right.value - left.value) / (2 * h) - here.slope) < 1e-8);
        assert_true(fabs((right.slope - left.slope) / (2 * h) - here.curve) < 1e-8);
        seen_low = fmin(seen_low, here.curve);
        seen_high = fmax(seen_high, here.curve);
    }
    assert_true(fabs(seen_low - low) < 1e-15 && fabs(seen_high - high) < 1e-15); /* attained, at +-1 and 0 */
    const struct reg_at far = reg_at(p, s.data, 1e200);
    assert_false(isnan(far.value) || isnan(far.slope) || isnan(far.curve));
    settings_free(&s);
}

static void regularisers_and_their_bounds(void **state)
{
    (void)state;
    check_reg("marina-loss", NULL, NULL, 0.3, 0.3);
    check_reg("logistic", "ridge", "half", 0.3, 0.3);
    check_reg("logistic", "ridge", "full", 0.6, 0.6);
    check_reg("least-squares", NULL, NULL, 0.3, 0.3);
    check_reg("logistic-nonconvex", NULL, NULL, -0.15, 0.6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_agree_with_differences),
        cmocka_unit_test(extreme_margins_are_finite),
        cmocka_unit_test(suprema_of_the_marina_loss),
        cmocka_unit_test(values_at_zero),
        cmocka_unit_test(arrays_give_the_bits_of_single_samples),
        cmocka_unit_test(regularisers_and_their_bounds),
    };
    return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
