/* test_dasha_stepsizes.c - what theory gives DASHA-PAGE, DASHA-MVR and DASHA-SYNC-MVR, against numbers computed once from the
 * formulas; and the stepsizes under the Polyak-Lojasiewicz condition, DASHA's too, against the rate they promise. */
#include "theory_kit.h"

/* Every constant different; omega/n = 0.9; M = 6 for B = 1, 2 for B = 3. */
static const struct theory base = {.n = 10,
                                   .d = 100,
                                   .rounds = 400,
                                   .m = 7,
                                   .m_min = 7,
                                   .finite_sum = true,
                                   .sigma_sq = 30,
                                   .grad_norm_sq = 50,
                                   .L_f = 1.5,
                                   .L_bar = 1.8,
                                   .L_hat = 2,
                                   .L_i_max = 3,
                                   .L_max = 5,
                                   .L_cal = 4,
                                   .mu = 0.02,
                                   .omega = 9,
                                   .omega_n = 0.9,
                                   .alpha = 0.1,
                                   .zeta = 10,
                                   .bits_ratio = 0.11};

static const struct {
    const char *method, *words, *param;
    enum regime regime;
    double mu, value;
} table[] = {
    {"dasha", "rule=paper", "gamma", PL, 0.02, 0.055429734669276816},
    {"dasha", "rule=code", "gamma", PL, 0.02, 0.055429734669276816},
    {"dasha", "rule=derived", "gamma", PL, 2, 1 / 19.0 / 4},
    {"dasha-page", "", "a", NONCONVEX, 0.02, 1 / 19.0},
    {"dasha-page", "", "p", NONCONVEX, 0.02, 0.125},
    {"dasha-page", "batch=3", "p", NONCONVEX, 0.02, 0.3},
    {"dasha-page", "", "gamma", NONCONVEX, 0.02, 0.0081206997155025707},
    {"dasha-page", "rule=derived", "gamma", NONCONVEX, 0.02, 0.016619033895997008},
    {"dasha-page", "rule=paper batch=3", "gamma", NONCONVEX, 0.02, 0.0123172515520768},
    {"dasha-page", "rule=derived batch=3", "gamma", NONCONVEX, 0.02, 0.026473565821336333},
    {"dasha-page", "rule=paper", "gamma", PL, 0.02, 0.0095225171616333502},
    {"dasha-page", "rule=derived batch=3", "gamma", PL, 0.02, 0.016144690235917289},
    {"dasha-page", "", "gamma", PL, 5, 1 / 19.0 / 10},
    {"dasha-page", "p=0.001", "gamma", PL, 5, 0.0001},
    {"dasha-mvr", "", "M", NONCONVEX, 0.02, 6},
    {"dasha-mvr", "batch=3", "M", NONCONVEX, 0.02, 2},
    {"dasha-mvr", "", "b", NONCONVEX, 0.02, 0.045360921162651446},
    {"dasha-mvr", "M=1e4", "b", NONCONVEX, 0.02, 1e-4},
    {"dasha-mvr", "", "initial_batch", NONCONVEX, 0.02, 23},
    {"dasha-mvr", "batch=3", "initial_batch", NONCONVEX, 0.02, 39},
    {"dasha-mvr", "M=1e4", "initial_batch", NONCONVEX, 0.02, 1e4},
    {"dasha-mvr", "M=1e4 sampling=distinct", "initial_batch", NONCONVEX, 0.02, 7},
    {"dasha-mvr", "", "gamma", NONCONVEX, 0.02, 0.0056651023254600174},
    {"dasha-mvr", "rule=derived", "gamma", NONCONVEX, 0.02, 0.012032437993490724},
    {"dasha-mvr", "batch=3", "gamma", NONCONVEX, 0.02, 0.0083389939092638372},
    {"dasha-mvr", "batch=3 rule=derived", "gamma", NONCONVEX, 0.02, 0.019692360353229379},
    {"dasha-mvr", "", "gamma", PL, 0.02, 0.0067823576219990514},
    {"dasha-mvr", "batch=3", "gamma", PL, 0.02, 0.011475110051988754},
    {"dasha-mvr", "", "gamma", PL, 5, 0.0045360921162651446},
    {"dasha-mvr", "b=1", "gamma", PL, 5, 1 / 19.0 / 10},
    {"dasha-sync-mvr", "", "p", NONCONVEX, 0.02, 0.1},
    {"dasha-sync-mvr", "M=50", "p", NONCONVEX, 0.02, 0.02},
    {"dasha-sync-mvr", "", "sync_batch", NONCONVEX, 0.02, 6},
    {"dasha-sync-mvr", "M=50 batch=2", "sync_batch", NONCONVEX, 0.02, 100},
    {"dasha-sync-mvr", "M=50 sampling=distinct", "sync_batch", NONCONVEX, 0.02, 7},
    {"dasha-sync-mvr", "", "initial_batch", NONCONVEX, 0.02, 9},
    {"dasha-sync-mvr", "batch=3", "initial_batch", NONCONVEX, 0.02, 27},
    {"dasha-sync-mvr", "", "gamma", NONCONVEX, 0.02, 0.015997063110534136},
    {"dasha-sync-mvr", "rule=derived", "gamma", NONCONVEX, 0.02, 0.027029599442335673},
    {"dasha-sync-mvr", "batch=3", "gamma", NONCONVEX, 0.02, 0.023184277263698688},
    {"dasha-sync-mvr", "batch=3 rule=derived", "gamma", NONCONVEX, 0.02, 0.038956887051319396},
    {"dasha-sync-mvr", "", "gamma", PL, 0.02, 0.019342508824166233},
    {"dasha-sync-mvr", "batch=3", "gamma", PL, 0.02, 0.028026358886294317},
    {"dasha-sync-mvr", "", "gamma", PL, 5, 1 / 19.0 / 10},
    {"dasha-sync-mvr", "p=0.001", "gamma", PL, 5, 0.0001},
};

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-14 * fabs(b);
}

static void formulas(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        struct theory t = base;
        t.regime = table[k].regime;
        t.mu = table[k].mu;
        const double v = theory_given(table[k].method, table[k].words, &t, table[k].param);
        if (!near(v, table[k].value))
            fail_msg("%s %s, row %zu: %s = %.17g, not %.17g", table[k].method, table[k].words, k, table[k].param, v,
                     table[k].value);
    }
}

/* Nothing compressed and nothing sampled: gradient descent's stepsize.  No noise: M = 1, and nothing is divided by zero. */
static void nothing_lost_is_gradient_descent(void **state)
{
    (void)state;
    struct theory t = base;
    t.omega = t.omega_n = 0;
    t.zeta = 100;
    t.sigma_sq = 0;
    static const char *const method[] = {"dasha", "dasha-page", "dasha-mvr", "dasha-sync-mvr"};
    for (int k = 0; k < 4; k++) {
        assert_true(near(theory_given(method[k], k == 1 ? "p=1" : "", &t, "gamma"), 1 / 1.5));
        assert_true(near(theory_given(method[k], "", &t, "a"), 1));
    }
    assert_true(theory_given("dasha-page", "", &t, "gamma") < 0.6); /* it still samples */
    assert_true(theory_given("dasha-mvr", "", &t, "b") == 1 && theory_given("dasha-mvr", "", &t, "initial_batch") == 1);
    assert_true(theory_given("dasha-sync-mvr", "", &t, "p") == 1 && theory_given("dasha-sync-mvr", "", &t, "sync_batch") == 1);
    t.grad_norm_sq = 0; /* a start at a stationary point */
    assert_true(theory_given("dasha-mvr", "", &t, "M") == 1);
    t.sigma_sq = 1;
    assert_true(theory_given("dasha-mvr", "", &t, "M") == 1e9 && theory_given("dasha-mvr", "", &t, "initial_batch") == 1e9);
}

/* --- under PL: E f(x_k) - f* <= (1 - gamma mu)^k (f(x0) - f*) + floor
 * -------------------------------------------------------------- */

enum { SEEDS = 20 };
#define QUADRATIC "problem=quadratic dim=10 L=0.5 mu=0.4 heterogeneity=0.6 clients=6 x0=gaussian x0_scale=3"
#define NOISY     QUADRATIC " noise=0.1"
#define SQUARES   "problem=least-squares dataset=gaussian-linear rows=80 features=5 clients=8 x0=gaussian x0_scale=3 optimum=yes"

/* Of MVR: the mean and the clients' variances of an initial batch, weighted as by the Lyapunov function. */
static double mvr_start(const struct run *r, double sigma_sq, double w)
{
    const double b = run_param(r, "b"), from = sigma_sq / run_param(r, "initial_batch"), gamma = run_param(r, "gamma");
    return 2 * gamma / b * from / (double)r->n + 16 * gamma * w * b * from;
}

/* What is left of the bound besides the first term, now and in the end; sigma^2 is the same everywhere. */
static double floor_of(const struct run *r, double decay)
{
    const char *name = r->spec->method->name;
    if (r->objective->finite_sum || strcmp(name, "dasha") == 0) return 0;
    struct compressor_constants q;
    chain_constants(&r->spec->chain, r->d, r->n, r->spec->value_bits, &q);
    const double sigma_sq = objective_variance(r->objective, r->spec->x0), n = (double)r->n, w = q.ab_a * (2 * q.omega + 1);
    const double B = run_param(r, "batch"), mu = 0.4, gamma = run_param(r, "gamma");
    if (strcmp(name, "dasha-mvr") == 0) {
        const double b = run_param(r, "b");
        return decay * mvr_start(r, sigma_sq, w) + (40 * w * b * b + 4 * b / n) * sigma_sq / (mu * B);
    }
    return decay * 2 * gamma / run_param(r, "p") * sigma_sq / (n * run_param(r, "initial_batch")) +
           2 * sigma_sq / (mu * n * run_param(r, "sync_batch"));
}

/* The largest E f(x_k) - f* over its bound, k between K/2 and K; with `floors` false the noise is forgotten. */
static double bound_used(const char *problem, const char *words, int rounds, double stepsize, bool floors)
{
    struct lab l;
    char multiple[64] = "";
    if (stepsize != 1) snprintf(multiple, sizeof multiple, "stepsize=%gx", stepsize);
    lab_open(&l, "%s regime=pl smoothness=spectral rounds=%d seed=1..%d record=every~1 %s %s", problem, rounds, SEEDS, words,
             multiple);
    lab_finish(&l);
    const struct run *r = l.run[0];
    const double shrink = fmax(0, 1 - run_param(r, "gamma") * l.plan.run[0]->instance->L.mu);
    double decay = 1, most = 0;
    for (int64_t k = 1; k <= rounds; k++) {
        double gap = 0;
        decay *= shrink;
        if (k < rounds / 2) continue;
        for (size_t s = 0; s < l.plan.runs; s++)
            gap += l.run[s]->status == RUN_DIVERGED ? INFINITY : run_at(l.run[s], "f_gap", k) / SEEDS;
        const double bound = decay * run_at(r, "f_gap", 0) + (floors ? floor_of(r, decay) : 0);
        if (!(gap / bound <= most)) most = gap / bound;
    }
    lab_close(&l);
    return most;
}

/* Until the bound has fallen to 1/e of itself: later it says little, for what it bounds falls about twice as fast. */
static int rounds_of(const char *problem, const char *words)
{
    struct lab l;
    lab_open(&l, "%s regime=pl smoothness=spectral rounds=1 %s", problem, words);
    const int rounds = (int)ceil(1 / (run_param(l.run[0], "gamma") * l.plan.run[0]->instance->L.mu));
    lab_close(&l);
    return rounds;
}

static void assert_bounded(const char *problem, const char *words, double too_large)
{
    const int rounds = rounds_of(problem, words);
    const double used = bound_used(problem, words, rounds, 1, true), broken = bound_used(problem, words, rounds, too_large, true);
    print_message("%s | %s, %d: %g of the bound; at %gx %g\n", problem, words, rounds, used, too_large, broken);
    if (!(used <= 1)) fail_msg("%s | %s: %g times the bound", problem, words, used);
    if (!(used > 0.2)) fail_msg("%s | %s: %g times the bound is too little to tell anything", problem, words, used);
    if (!(broken > 1)) fail_msg("%s | %s at %gx: only %g times the bound", problem, words, too_large, broken);
}

static void rates_under_pl(void **state)
{
    (void)state;
    assert_bounded(QUADRATIC, "method=dasha compressor=randk k=2", 20);
    assert_bounded(QUADRATIC, "method=dasha compressor=randk k=1", 20);
    assert_bounded(QUADRATIC, "method=dasha compressor=natural", 20);
    assert_bounded(SQUARES, "method=dasha compressor=randk k=2", 20);
    assert_bounded(SQUARES, "method=dasha-page batch=1 compressor=randk k=2", 20);
    assert_bounded(SQUARES, "method=dasha-page batch=3 compressor=natural", 20);
    assert_bounded(NOISY, "method=dasha-mvr b=0.3 initial_batch=20 compressor=randk k=5", 20);
    assert_bounded(NOISY, "method=dasha-mvr b=0.1 initial_batch=100 compressor=natural", 60);
    assert_bounded(NOISY, "method=dasha-sync-mvr method.p=0.2 sync_batch=10 initial_batch=20 compressor=randk k=5", 20);
    assert_bounded(NOISY, "method=dasha-sync-mvr method.p=0.05 sync_batch=40 initial_batch=40 compressor=natural", 100);
}

/* Where only noise is left: below the floor, and not below no floor. */
static void noise_floors_under_pl(void **state)
{
    (void)state;
    static const char *const words[] = {"method=dasha-mvr b=0.3 initial_batch=20 compressor=randk k=5",
                                        "method=dasha-sync-mvr method.p=0.2 sync_batch=10 initial_batch=20 compressor=randk k=5"};
    for (int k = 0; k < 2; k++) {
        assert_true(bound_used(NOISY, words[k], 3000, 1, true) < 1);
        assert_true(bound_used(NOISY, words[k], 3000, 1, false) > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(nothing_lost_is_gradient_descent),
        cmocka_unit_test(rates_under_pl),
        cmocka_unit_test(noise_floors_under_pl),
    };
    return cmocka_run_group_tests_name("DASHA stepsizes", tests, NULL, NULL);
}
