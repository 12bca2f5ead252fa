/* test_quadratic.c - the problems without data: constants, optimum and gradients against dense matrices. */
#include "../sim/problem.h"
#include "../sim/real.h"
#include "../sim/tridiagonal.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fabs(b);
}

static void assert_near(double a, double b, double relative, const char *what)
{
    if (!near(a, b, relative)) fail_msg("%s: %.17g, expected %.17g (relative %.1e)", what, a, b, fabs(a - b) / fabs(b));
}

static double dense_eigenvalue(int64_t d, const double *h, int64_t k)
{
    double *a = malloc((size_t)(d * d) * sizeof *a), *diagonal = malloc(2 * (size_t)d * sizeof *diagonal);
    memcpy(a, h, (size_t)(d * d) * sizeof *a);
    symmetric_to_tridiagonal(d, a, diagonal, diagonal + d);
    const double value = tridiagonal_eigenvalue(d, diagonal, diagonal + d, k);
    free(a);
    free(diagonal);
    return value;
}

struct quadratic_param {
    int64_t dim;
    double L, mu, heterogeneity;
    int64_t rotate;
    double noise, diagonal_noise;
};

static void check_quadratic(const struct quadratic_param *q, int64_t n)
{
    const int64_t d = q->dim;
    const size_t cells = (size_t)(d * d);
    struct objective o;
    struct fail f = {0};
    struct oracle_work w = {0};
    struct smoothness c;
    assert_true(objective_open(&o, problem_find("quadratic"), q, NULL, n, 5, &f));
    objective_smoothness(&o, true, &c);
    double *h = malloc(cells * sizeof *h), *mean = calloc(cells, sizeof *mean), *e = calloc((size_t)d, sizeof *e);
    double *g = malloc((size_t)d * sizeof *g), spread;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < d; j++) { /* A_i column by column */
            e[j] = 1;
            o.hessian_times(&o, i, NULL, e, h + j * d, &w);
            e[j] = 0;
        }
        for (size_t k = 0; k < cells; k++) mean[k] += h[k] / (double)n;
        const double low = dense_eigenvalue(d, h, 0), high = dense_eigenvalue(d, h, d - 1);
        assert_near(c.L_i[i], fmax(fabs(low), fabs(high)), 1e-13, "L_i");
    }
    assert_near(dense_eigenvalue(d, mean, d - 1), q->L, 1e-13, "largest eigenvalue of the mean");
    assert_true(fabs(dense_eigenvalue(d, mean, 0) - q->mu) < 1e-14 * q->L);
    assert_true(c.L_f == q->L && c.mu == q->mu);
    const double at_star = objective_full(&o, o.x_star, g, &spread, &w);
    assert_true(real_norm_sq((size_t)d, g) < 1e-29 * q->L * q->L * (1 + q->heterogeneity * q->heterogeneity));
    assert_true(fabs(at_star - o.f_star) < 1e-15 * q->L * (1 + q->heterogeneity));
    assert_true(q->heterogeneity == 0 ? spread < 1e-29 * q->L * q->L : spread > 0); /* clients disagree at x* */
    e[0] = 0.3;
    assert_true(objective_full(&o, e, g, NULL, &w) > o.f_star);
    free(h), free(mean), free(e), free(g), free(c.L_i);
    oracle_work_free(&w);
    objective_close(&o);
}

static void quadratics_are_what_they_say(void **state)
{
    (void)state;
    static const double h[] = {0, 0.3, 2};
    for (int rotate = 0; rotate < 2; rotate++)
        for (int i = 0; i < 3; i++)
            for (int64_t n = 1; n <= 5; n += 2) {
                if (n == 1 && h[i] > 0) continue;
                const struct quadratic_param q = {.dim = 70, .L = 8, .mu = 0.02, .heterogeneity = h[i], .rotate = rotate};
                check_quadratic(&q, n);
            }
    struct quadratic_param bad = {.dim = 4, .L = 1, .mu = 2};
    struct objective o;
    struct fail f = {0};
    assert_false(objective_open(&o, problem_find("quadratic"), &bad, NULL, 3, 1, &f));
    assert_non_null(strstr(f.text, "mu"));
}

/* gradient = Hessian x - b and value by differences, for all that has no data. */
static void gradients_agree_with_values(void **state)
{
    (void)state;
    const struct quadratic_param q = {.dim = 33, .L = 4, .mu = 0.1, .heterogeneity = 0.7, .rotate = 1};
    for (int which = 0; which < 2; which++) {
        struct objective o;
        struct fail f = {0};
        struct oracle_work w = {0};
        assert_true(objective_open(&o, problem_find(which ? "quadratic" : "three-clients"), &q, NULL, 3, 5, &f));
        double x[33], g[33], unused[33], left, right;
        for (int64_t i = 0; i < 3; i++)
            for (int64_t j = 0; j < o.d; j++) {
                for (int64_t k = 0; k < o.d; k++) x[k] = sin((double)(k + i));
                o.gradient(&o, i, x, g, NULL, &w);
                x[j] += 0.5; /* exact for quadratics but for rounding */
                o.gradient(&o, i, x, unused, &right, &w);
                x[j] -= 1;
                o.gradient(&o, i, x, unused, &left, &w);
                assert_true(fabs(right - left - g[j]) < 1e-12);
            }
        oracle_work_free(&w);
        objective_close(&o);
    }
}

static void the_three_clients(void **state)
{
    (void)state;
    struct objective o;
    struct fail f = {0};
    struct oracle_work w = {0};
    struct smoothness c;
    assert_true(objective_open(&o, problem_find("three-clients"), NULL, NULL, 3, 1, &f));
    const double ones[3] = {1, 1, 1}, across[3] = {1, -1, 0};
    double g[3];
    o.gradient(&o, 0, ones, g, NULL, &w);
    assert_true(g[0] == -5.5 && g[1] == 4.5 && g[2] == 4.5);
    objective_full(&o, ones, g, NULL, &w);
    assert_near(g[0], 7.0 / 6, 1e-15, "mean gradient at ones");
    objective_full(&o, across, g, NULL, &w);
    assert_near(g[0], 103.0 / 6, 1e-15, "mean gradient across");
    objective_smoothness(&o, false, &c);
    assert_true(c.L_i[2] == 34.5 && c.L_f == 103.0 / 6 && c.mu == 7.0 / 6);
    free(c.L_i);
    oracle_work_free(&w);
    objective_close(&o);
    assert_false(objective_open(&o, problem_find("three-clients"), NULL, NULL, 4, 1, &f));
    assert_non_null(strstr(f.text, "clients = 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quadratics_are_what_they_say),
        cmocka_unit_test(gradients_agree_with_values),
        cmocka_unit_test(the_three_clients),
    };
    return cmocka_run_group_tests_name("quadratics", tests, NULL, NULL);
}
