/* test_stepsizes.c - what each method's theory makes of given constants, against numbers computed once from the papers' formulas,
 * in each regime; and which constants a run hands to it. */
#include "lab.h"
#include "theory_kit.h"

/* n = 10, omega/n = 0.9, and every L different, so that no formula can mistake one for another. */
static const struct theory base = {.regime = NONCONVEX,
                                   .n = 10,
                                   .d = 100,
                                   .rounds = 400,
                                   .m = 7,
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

struct expected {
    const char *method, *rule, *param;
    enum regime regime;
    double mu, value;
};
static const struct expected table[] = {
    {"gd", NULL, "gamma", NONCONVEX, 0.02, 1 / 1.5},
    {"agd", NULL, "gamma", CONVEX, 0.02, 1 / 1.5},
    {"agd", NULL, "momentum", CONVEX, 0.02, 0.7929661070852868},
    {"agd", NULL, "momentum", CONVEX, 0, 1},
    {"qgd", NULL, "gamma", CONVEX, 0.02, 0.14492753623188406},
    {"qgd", NULL, "gamma", NONCONVEX, 0.02, 0.024845199749997663},
    {"diana", NULL, "alpha", NONCONVEX, 0.02, 0.1},
    {"diana", NULL, "gamma", CONVEX, 0.02, 0.05649717514124294},
    {"diana", "horvath", "gamma", NONCONVEX, 0.02, 0.0021984128791212474},
    {"diana", "derived", "gamma", NONCONVEX, 0.02, 0.015214515486254614},
    {"marina", NULL, "p", NONCONVEX, 0.02, 0.1},
    {"marina", "paper", "gamma", NONCONVEX, 0.02, 0.13000351367264376},
    {"marina", "sharp", "gamma", NONCONVEX, 0.02, 0.13904145234836096},
    {"marina", "paper", "gamma", PL, 0.02, 0.09950402498354016},
    {"marina", "paper", "gamma", PL, 1, 0.05},
    {"dasha", NULL, "a", NONCONVEX, 0.02, 0.05263157894736842},
    {"dasha", "paper", "gamma", NONCONVEX, 0.02, 0.02891701415100172},
    {"dasha", "derived", "gamma", NONCONVEX, 0.02, 0.07577965970844115},
    {"dasha", "code", "gamma", NONCONVEX, 0.02, 0.07495560508620196},
    {"ef21", NULL, "gamma", NONCONVEX, 0.02, 0.025991804394554285},
    {"ef21", NULL, "gamma", PL, 0.02, 0.018591279327989412},
    {"ef21", NULL, "gamma", PL, 2, 0.05131670194948623 / 4},
};

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-14 * fabs(b);
}

static void formulas_of_the_papers(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        struct theory t = base;
        t.regime = table[k].regime;
        t.mu = table[k].mu;
        const double v = theory_gives(table[k].method, table[k].rule, &t, table[k].param);
        if (!near(v, table[k].value))
            fail_msg("%s, row %zu: %s = %.17g, not %.17g", table[k].method, k, table[k].param, v, table[k].value);
    }
    /* few rounds: QGD's stepsize is no longer ruled by them */
    struct theory t = base;
    t.rounds = 1;
    t.omega_n = 0.01;
    assert_true(near(theory_gives("qgd", NULL, &t, "gamma"), 1 / 1.5));
    /* a message with all coordinates: MARINA's p is the ratio of bits */
    t.zeta = 100;
    assert_true(near(theory_gives("marina", NULL, &t, "p"), 0.11));
}

/* Without compression every stepsize of the first kind is gradient descent's, up to which L the rule has in front. */
static void no_compression_is_gradient_descent(void **state)
{
    (void)state;
    struct theory t = base;
    t.omega = t.omega_n = 0;
    t.alpha = 1;
    assert_true(near(theory_gives("marina", "sharp", &t, "gamma"), 1 / 1.5) &&
                near(theory_gives("marina", "paper", &t, "gamma"), 0.5));
    assert_true(near(theory_gives("dasha", "paper", &t, "gamma"), 1 / 1.5) &&
                near(theory_gives("dasha", "code", &t, "gamma"), 1 / 1.8));
    assert_true(near(theory_gives("ef21", NULL, &t, "gamma"), 1 / 1.5) && near(theory_gives("dasha", NULL, &t, "a"), 1));
    assert_true(near(theory_gives("diana", NULL, &t, "alpha"), 1) &&
                near(theory_gives("diana", "derived", &t, "gamma"), 1 / 3.0));
    t.regime = CONVEX;
    assert_true(near(theory_gives("qgd", NULL, &t, "gamma"), 1 / 1.5) && near(theory_gives("diana", NULL, &t, "gamma"), 1 / 1.5));
}

/* A run's own constants: the three quadratics in closed form, L_f = 103/6, L_i = 69/2, Rand-1 of 3 coordinates, n = 3: omega = 2.
 */
static void constants_reach_the_methods(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l, "problem=three-clients clients=3 x0=ones compressor=randk k=1 method=marina,dasha,diana");
    assert_true(near(run_param(l.run[0], "p"), 1 / 3.0));
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (34.5 * (1 + sqrt(2 * 2.0 / 3)))));
    assert_true(near(run_param(l.run[1], "a"), 0.2));
    assert_true(near(run_param(l.run[1], "gamma"), 1 / (103.0 / 6 + 34.5 * sqrt(16 * 2 * 5 / 3.0))));
    assert_true(near(run_param(l.run[2], "alpha"), 1 / 3.0));
    assert_true(near(run_param(l.run[2], "gamma"), 1 / (10 * 34.5 * sqrt(1 + 2 / 3.0) * 4)));
    lab_close(&l);
    /* clients that share a mask do not average errors out: omega takes the place of omega/n */
    lab_open(&l, "problem=three-clients clients=3 x0=ones compressor=randk k=1 mask=shared method=marina");
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (34.5 * (1 + sqrt(2 * 2.0)))));
    lab_close(&l);
    /* a multiple of theory, and a number */
    lab_open(&l, "problem=three-clients clients=3 x0=ones method=gd stepsize=theory,0.5x,2^-3x,0.25");
    const double factor[4] = {6 / 103.0, 3 / 103.0, 0.75 / 103.0, 0.25};
    for (size_t k = 0; k < 4; k++) assert_true(near(run_param(l.run[k], "gamma"), factor[k]));
    lab_close(&l);
    lab_open(&l, "problem=three-clients clients=3 x0=ones regime=convex method=qgd,agd compressor=randk k=1");
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (103.0 / 6 + 2 * 2.0 / 3 * 34.5)));
    const double q = sqrt(7.0 / 103);
    assert_true(near(run_param(l.run[1], "momentum"), (1 - q) / (1 + q)));
    lab_close(&l);
}

/* The same where no two constants are equal: five quadratics, of which the last is unlike the pairs. */
static void no_constant_is_taken_for_another(void **state)
{
    (void)state;
    struct lab l;
    lab_open(
        &l,
        "problem=quadratic dim=20 L=2 mu=0.1 heterogeneity=0.5 clients=5 compressor=randk k=4 method=marina,dasha rule=paper");
    const struct smoothness *L = &l.plan.run[0]->instance->L;
    double sum = 0, squares = 0, most = 0;
    for (int i = 0; i < 5; i++) {
        sum += L->L_i[i];
        squares += L->L_i[i] * L->L_i[i];
        most = fmax(most, L->L_i[i]);
    }
    const double mean = sum / 5, hat = sqrt(squares / 5);
    assert_true(2 < mean && mean < hat && hat < most);
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (hat * (1 + 4 / sqrt(5.0)))));
    assert_true(near(run_param(l.run[1], "gamma"), 1 / (2 + hat * sqrt(16 * 4 * 9 / 5.0))));
    lab_close(&l);
    lab_open(&l, "problem=quadratic dim=20 L=2 mu=0.1 heterogeneity=0.5 clients=5 compressor=randk k=4 method=dasha rule=code");
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (mean + hat * sqrt(4 * 17 / 5.0))));
    lab_close(&l);
    lab_open(&l,
             "problem=quadratic dim=20 L=2 mu=0.1 heterogeneity=0.5 clients=5 compressor=randk k=4 method=diana regime=convex");
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (2 + 6 * 4 / 5.0 * most)));
    lab_close(&l);
    lab_open(&l, "problem=quadratic dim=20 L=2 mu=0.1 heterogeneity=0.5 clients=5 compressor=topk k=4 method=ef21");
    const double t = 1 - sqrt(0.8);
    assert_true(near(run_param(l.run[0], "gamma"), 1 / (2 + hat * sqrt(0.8) / t)));
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas_of_the_papers),
        cmocka_unit_test(no_compression_is_gradient_descent),
        cmocka_unit_test(constants_reach_the_methods),
        cmocka_unit_test(no_constant_is_taken_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
