/* test_theorems.c - the convergence theorems as statistical tests: with the stepsize that theory gives, the mean over 20 seeds stays
 * below the bound; with one that is far too large it does not, so the bound is one that can be broken. */
#include "lab.h"
#include "../sim/real.h"

enum { SEEDS = 20 };

/* Eight unlike clients; two classes; f* of the second is only known to be >= 0, which makes f(x0) - f* <= f(x0). */
#define QUADRATIC "problem=quadratic dim=40 L=2 mu=0.02 heterogeneity=0.6 clients=8 x0=gaussian"
#define CLASSES                                                                                                                    \
    "problem=marina-loss dataset=one-hot rows=400 features=40 groups=8 clients=5 bias=yes smoothness=spectral"

static double gap_at_start(const struct run *r)
{
    return r->objective->x_star ? run_at(r, "f_gap", 0) : run_at(r, "f", 0);
}

/* (1/K) sum_{k<K} |grad f(x^k)|^2, the squared norm at a random iterate; infinite when the run diverged */
static double mean_over_rounds(const struct run *r)
{
    if (r->status == RUN_DIVERGED) return INFINITY;
    double sum = 0;
    for (int64_t k = 0; k < r->trace.rows - 1; k++) sum += run_column(r, "grad_norm_sq")[k];
    return sum / (double)(r->trace.rows - 1);
}

static double mean_over_runs(const struct lab *l, double (*quantity)(const struct run *))
{
    double sum = 0;
    for (size_t k = 0; k < l->plan.runs; k++) sum += quantity(l->run[k]);
    return sum / (double)l->plan.runs;
}

static struct compressor_constants constants_of(const struct run *r)
{
    struct compressor_constants q;
    chain_constants(&r->spec->chain, r->d, r->n, r->spec->value_bits, &q);
    return q;
}

/* --- E|grad f(x)|^2 <= 2 Phi/(gamma K): Phi by method ------------------------------------------------------------------- */

/* (1/n) sum |grad f_i(x) - v_i|^2, v_i a client vector or 0 */
__attribute__((unused)) static double mean_gap_to(const struct run *r, const double *x, const char *name)
{
    struct oracle_work w = {0};
    double *g = xcalloc((size_t)r->d, sizeof *g), sum = 0;
    for (int64_t i = 0; i < r->n; i++) {
        r->objective->gradient(r->objective, i, x, g, NULL, &w);
        for (int64_t j = 0; name && j < r->d; j++) g[j] -= client_vector(r, i, name)[j];
        sum += real_norm_sq((size_t)r->d, g);
    }
    free(g);
    oracle_work_free(&w);
    return sum / (double)r->n;
}

/* DIANA from h_i = 0: Delta_0 + (2 L_f gamma^2 omega/(alpha n)) (1/n) sum |grad f_i(x0)|^2 */
static double diana_potential(const struct run *r, const struct smoothness *L)
{
    const struct compressor_constants q = constants_of(r);
    const double gamma = run_param(r, "gamma");
    return gap_at_start(r) +
           2 * L->L_f * gamma * gamma * q.ab_a / run_param(r, "alpha") * run_at(r, "mean_client_grad_norm_sq", 0);
}

/* EF21: Delta_0 + (gamma/(2 t)) G_0, t = 1 - sqrt(1 - alpha), G_0 = (1/n) sum |g_i^0 - grad f_i(x0)|^2, bounded for a compressed
 * start by (1 - alpha) (1/n) sum |grad f_i(x0)|^2. */
static double ef21_potential(const struct run *r)
{
    const double alpha = constants_of(r).alpha, t = 1 - sqrt(1 - alpha), dense = run_param(r, "init");
    const double G_0 = dense ? 0 : (1 - alpha) * run_at(r, "mean_client_grad_norm_sq", 0);
    return gap_at_start(r) + run_param(r, "gamma") / (2 * t) * G_0;
}

/* E|grad f|^2 over its bound: at most 1, says the theorem. */
static double bound_used(const char *problem, const char *words, int rounds)
{
    struct lab l;
    lab_open(&l, "%s rounds=%d seed=1..%d record=every~1 %s", problem, rounds, SEEDS, words);
    lab_finish(&l);
    const struct run *r = l.run[0];
    const char *name = r->spec->method->name;
    const double potential = strcmp(name, "diana") == 0  ? diana_potential(r, &l.plan.run[0]->instance->L)
                             : strcmp(name, "ef21") == 0 ? ef21_potential(r)
                                                         : gap_at_start(r);
    const double used = mean_over_runs(&l, mean_over_rounds) / (2 * potential / (run_param(r, "gamma") * rounds));
    lab_close(&l);
    if (getenv("SHOW")) printf("%-12.40s %-60s %d: %g\n", problem, words, rounds, used);
    return used;
}

static void assert_bounded(const char *words, double too_large)
{
    static const char *const problem[] = {QUADRATIC, CLASSES};
    for (int p = 0; p < 2; p++) {
        const double used = bound_used(problem[p], words, 400);
        if (!(used <= 1)) fail_msg("%s | %s: %g times the bound", problem[p], words, used);
        char larger[256];
        snprintf(larger, sizeof larger, "%s stepsize=%gx", words, too_large);
        const double broken = bound_used(problem[p], larger, 400);
        if (!(broken > 1)) fail_msg("%s | %s: only %g times the bound", problem[p], larger, broken);
    }
}

static void marina_theorem_2_1(void **state)
{
    (void)state;
    assert_bounded("method=marina compressor=randk k=4", 20);
    assert_bounded("method=marina rule=sharp compressor=randk k=4", 20);
    assert_bounded("method=marina rule=sharp compressor=randk k=1 method.p=0.1", 20);
    assert_bounded("method=marina compressor=qsgd", 20);
    assert_bounded("method=marina compressor=natural method.p=0.2", 20);
    assert_bounded("method=marina compressor=permk", 20);
    assert_bounded("method=marina compressor=randk k=4 mask=shared", 20);
}

static void dasha_gradient_setting(void **state)
{
    (void)state;
    assert_bounded("method=dasha rule=paper compressor=randk k=4", 20);
    assert_bounded("method=dasha rule=derived compressor=randk k=4", 20);
    assert_bounded("method=dasha rule=code compressor=randk k=4", 20);
    assert_bounded("method=dasha rule=derived compressor=natural", 20);
}

static void diana_non_convex(void **state)
{
    (void)state;
    assert_bounded("method=diana rule=derived compressor=randk k=4", 20);
    assert_bounded("method=diana rule=horvath compressor=randk k=4", 200);
}

static void ef21_theorem(void **state)
{
    (void)state;
    assert_bounded("method=ef21 compressor=topk k=4", 20);
    assert_bounded("method=ef21 compressor=topk k=4 init=gradient", 20);
    assert_bounded("method=ef21 compressor=scaled(randk) k=4", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marina_theorem_2_1),
        cmocka_unit_test(dasha_gradient_setting),
        cmocka_unit_test(diana_non_convex),
        cmocka_unit_test(ef21_theorem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
