/* test_vr_stepsizes.c - what theory makes of given constants for VR-DIANA, PAGE and the variants named after the released MARINA
 * code, against numbers computed once from the formulas; and what is refused before anything runs. */
#include "theory_kit.h"

/* Every constant another, so that no formula can mistake one for its neighbour; omega_n is not omega/n, as with shared masks. */
static const struct theory base = {.n = 10,
                                   .d = 100,
                                   .rounds = 400,
                                   .m = 700,
                                   .m_min = 600,
                                   .finite_sum = true,
                                   .sigma_sq = 50,
                                   .grad_norm_sq = 0.8,
                                   .L_f = 1.5,
                                   .L_bar = 1.8,
                                   .L_hat = 2,
                                   .L_i_max = 3,
                                   .L_max = 5,
                                   .L_cal = 4,
                                   .mu = 0.02,
                                   .omega = 9,
                                   .omega_n = 0.6,
                                   .alpha = 0.1,
                                   .zeta = 10,
                                   .bits_ratio = 0.11};

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-14 * fabs(b);
}

static const struct {
    const char *method, *set, *param;
    enum regime regime;
    double mu, omega_n, value;
} table[] = {
    {"vr-diana", "", "batch", NONCONVEX, 0.02, 0.6, 7},
    {"vr-diana", "", "p", NONCONVEX, 0.02, 0.6, 0.01},
    {"vr-diana", "batch=14", "p", NONCONVEX, 0.02, 0.6, 0.02},
    {"vr-diana", "", "alpha", NONCONVEX, 0.02, 0.6, 0.1},
    {"vr-diana", "", "gamma", NONCONVEX, 0.02, 0.6, 0.000501243165718612},
    {"vr-diana", "", "gamma", PL, 0.02, 0.6, 0.000501243165718612},
    {"vr-diana", "", "gamma", CONVEX, 0.02, 0.6, 0.03908431044109436},
    {"vr-diana", "rule=derived", "gamma", NONCONVEX, 0.02, 0.6, 1 / 167.7170488170385},
    {"vr-diana", "rule=derived", "gamma", PL, 0.02, 0.6, 1 / 167.7170488170385},
    {"vr-diana", "rule=derived batch=600 p=1", "gamma", NONCONVEX, 0.02, 0.6, 1 / 75.90070706741362},
    {"vr-diana", "rule=derived batch=600 p=1", "gamma", NONCONVEX, 0.02, 0, 1 / 6.0},
    {"page", "", "batch", NONCONVEX, 0.02, 0.6, 26},
    {"page", "", "p", NONCONVEX, 0.02, 0.6, 0.03581267217630854},
    {"page", "", "gamma", NONCONVEX, 0.02, 0.6, 0.3587869636023976},
    {"page", "", "gamma", PL, 0.02, 0.6, 0.30117467995093206},
    {"page", "", "gamma", PL, 1, 0.6, 0.01790633608815427},
    {"page", "form=online", "big_batch", NONCONVEX, 0.02, 0.6, 625},
    {"page", "form=online", "batch", NONCONVEX, 0.02, 0.6, 25},
    {"page", "form=online", "p", NONCONVEX, 0.02, 0.6, 0.038461538461538464},
    {"page", "form=online", "gamma", NONCONVEX, 0.02, 0.6, 0.3616752860502281},
    {"page", "p=1", "gamma", NONCONVEX, 0.02, 0.6, 1 / 1.5},
    /* clients whose draws are correlated: min(r omega, n A) for omega where that is more */
    {"pp-marina", "r=1", "gamma", NONCONVEX, 0.02, 0.6, 0.01540154977002252},
    {"pp-marina", "r=4", "gamma", NONCONVEX, 0.02, 0.9, 0.057169209257752832},
    {"pp-marina", "r=4", "gamma", NONCONVEX, 0.02, 2, 0.040899888641287296},
    {"pp-marina", "r=4", "gamma", NONCONVEX, 0.02, 9, 0.031447204583147828},
    {"marina", "rule=published", "gamma", NONCONVEX, 0.02, 0.6, 0.08666900911509584},
    {"vr-marina", "", "gamma", NONCONVEX, 0.02, 0.6, 1 / 22.0},
    {"vr-marina", "rule=published", "gamma", NONCONVEX, 0.02, 0.6, 0.02972995113077274},
    {"diana-published", "", "gamma", NONCONVEX, 0.02, 0.6, 0.0021984128791212474},
    {"diana-published", "", "alpha", NONCONVEX, 0.02, 0.6, 0.1},
    {"vr-diana-published", "", "gamma", NONCONVEX, 0.02, 0.6, 0.0007666204580729266},
    {"vr-diana-published", "", "p", NONCONVEX, 0.02, 0.6, 0.01},
};

static void formulas(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        struct theory t = base;
        t.regime = table[k].regime;
        t.mu = table[k].mu;
        t.omega_n = table[k].omega_n;
        const double v = theory_given(table[k].method, table[k].set, &t, table[k].param);
        if (!near(v, table[k].value))
            fail_msg("%s %s, row %zu: %s = %.17g, not %.17g", table[k].method, table[k].set, k, table[k].param, v,
                     table[k].value);
    }
}

/* The paper's stepsize of VR-DIANA stays below the derived one, so that it inherits its bounds: at the default alpha and p, for
 * every omega, n, m, b when L is the largest constant there is. */
static void horvath_is_below_derived(void **state)
{
    (void)state;
    struct stream draws = stream(1, FOR_TEST, 0, 0, 0);
    for (int k = 0; k < 2000; k++) {
        struct theory t = base;
        t.n = 1 + stream_below(&draws, 50);
        t.m = 1 + stream_below(&draws, 100000);
        t.omega = stream_below(&draws, 2) ? 200 * stream_uniform(&draws) : stream_uniform(&draws);
        t.omega_n = stream_below(&draws, 2) ? t.omega : t.omega / (double)t.n;
        t.L_max = t.L_i_max = 5;
        t.L_hat = 5 * stream_uniform(&draws);
        t.L_f = t.L_hat * stream_uniform(&draws);
        t.L_cal = 5 * stream_uniform(&draws);
        char own[32], derived[64];
        snprintf(own, sizeof own, "batch=%d", (int)(1 + stream_below(&draws, (uint32_t)t.m)));
        snprintf(derived, sizeof derived, "rule=derived %s", own);
        const double horvath = theory_given("vr-diana", own, &t, "gamma"), other = theory_given("vr-diana", derived, &t, "gamma");
        if (!(horvath < other)) fail_msg("%s: %g and %g", own, horvath, other);
    }
}

/* --- refused before anything runs
 * ------------------------------------------------------------------------------------------------ */

#define CLASSES "problem=marina-loss dataset=one-hot rows=43 features=19 groups=4 clients=5 remainder=spread"
#define NOISY   "problem=quadratic dim=20 L=2 mu=0.1 noise=0.3 clients=4"

static const struct {
    const char *words, *said; /* said NULL: allowed */
} asked[] = {
    {CLASSES " method=vr-diana compressor=randk batch=8", NULL},
    {CLASSES " method=vr-diana compressor=randk batch=9", "batch = 9 is more than the 8 samples of a client; allowed: 1..8"},
    {CLASSES " method=vr-diana compressor=randk batch=0", "allowed: >= 1"},
    {CLASSES " method=vr-diana compressor=randk method.p=1.5", "allowed: > 0 and <= 1"},
    {CLASSES " method=vr-diana compressor=randk stepsize=-1", "allowed: > 0"},
    {CLASSES " method=vr-diana compressor=randk alpha=1.5", "allowed: >= 0 and <= 1"},
    {CLASSES " method=vr-diana compressor=topk", "unbiased"},
    {NOISY " method=vr-diana compressor=randk", "needs a finite sum"},
    {CLASSES " method=vr-diana-published compressor=randk batch=9", "allowed: 1..8"},
    {NOISY " method=vr-diana-published compressor=randk", "needs a finite sum"},
    {CLASSES " method=page batch=9", "batch = 9 is more than the 8 samples of a client; allowed: 1..8"},
    {CLASSES " method=page method.p=0", "allowed: > 0 and <= 1"},
    {NOISY " method=page", "allowed: online"},
    {NOISY " method=page form=online", NULL},
    {CLASSES " method=page form=online", NULL}, /* what theory chooses is allowed, though there are 8 samples */
    {CLASSES " method=page form=online sampling=distinct", NULL},
    {CLASSES " method=vr-marina compressor=randk form=online sampling=distinct", NULL},
    {CLASSES " method=page form=online big_batch=100", NULL},
    {CLASSES " method=page form=online big_batch=9", NULL},
    {CLASSES " method=page form=online big_batch=9 batch=3 sampling=distinct", "big_batch = 9 is more than the 8 samples"},
    {CLASSES " method=vr-marina compressor=randk form=online big_batch=9 sampling=common",
     "big_batch = 9 is more than the 8 samples"},
    {CLASSES " method=vr-marina compressor=randk form=online big_batch=9", NULL},
    {CLASSES " method=gd ridge=1e-6 lambda=1e-6", "lambda and ridge are both given"},
    {CLASSES " method=gd ridge=-1", "ridge = -1; allowed: >= 0"},
};

static void bad_parameters_are_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
        struct lab l;
        struct fail f = {0};
        const bool made = lab_make(&l, asked[k].words, &f);
        if (made != (asked[k].said == NULL) || (!made && !strstr(f.text, asked[k].said)))
            fail_msg("\"%s\": %s", asked[k].words, made ? "taken" : f.text);
        lab_close(&l);
    }
}

/* lambda = ridge * curvature * max |a|^2: one-hot rows of four groups and the bias have |a|^2 = 5. */
static void the_ridge_follows_the_data(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, CLASSES " bias=yes x0=gaussian method=gd stepsize=0.1 rounds=30 curvature=0.2 lambda=0.01,0.0101");
    struct lab relative;
    lab_open(&relative, CLASSES " bias=yes x0=gaussian method=gd stepsize=0.1 rounds=30 curvature=0.2 ridge=0.01");
    lab_finish(&l);
    lab_finish(&relative);
    assert_true(same_run(l.run[0], relative.run[0], true));
    assert_false(same_run(l.run[1], relative.run[0], false));
    assert_true(l.plan.run[0]->instance->L.L_max == relative.plan.run[0]->instance->L.L_max);
    lab_close(&l);
    lab_close(&relative);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(horvath_is_below_derived),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(the_ridge_follows_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
