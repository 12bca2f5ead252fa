/* test_stepsizes_edges.c - stepsize rules where a constant is missing or a bound begins to bind: mu = 0, the cap of the
 * Polyak-Lojasiewicz theorems, batches that cannot be larger than a client's rows; and what is refused there. */
#include "theory_kit.h"

static const struct theory base = {.n = 10,
                                   .d = 100,
                                   .rounds = 400,
                                   .m = 700,
                                   .m_min = 40,
                                   .finite_sum = true,
                                   .sigma_sq = 5000,
                                   .grad_norm_sq = 0.8,
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
                                   .alpha_down = 0.2,
                                   .omega_down = 3,
                                   .zeta = 10,
                                   .bits_ratio = 0.11};

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-14 * fabs(b);
}

/* gamma <= rate/(2 mu) under PL; rate: what the slowest of the estimators contracts by in a round. */
static double rate_of_p(const char *method, const char *words, const struct theory *t)
{
    return theory_given(method, words, t, "p");
}
static double rate_of_a(const char *method, const char *words, const struct theory *t)
{
    return theory_given(method, words, t, "a");
}
static double rate_of_a_or_p(const char *method, const char *words, const struct theory *t)
{
    return fmin(theory_given(method, words, t, "a"), theory_given(method, words, t, "p"));
}
static double rate_of_a_or_b(const char *method, const char *words, const struct theory *t)
{
    return fmin(theory_given(method, words, t, "a"), theory_given(method, words, t, "b"));
}
static double rate_of_alpha(const char *method, const char *words, const struct theory *t)
{
    (void)method, (void)words;
    return 1 - sqrt(1 - t->alpha);
}

static const struct capped {
    const char *method, *words;
    double (*rate)(const char *, const char *, const struct theory *);
} capped[] = {
    {"marina", "", rate_of_p},
    {"marina", "rule=sharp", rate_of_p},
    {"marina", "p=0.01", rate_of_p},
    {"vr-marina", "", rate_of_p},
    {"vr-marina", "p=0.9", rate_of_p},
    {"pp-marina", "", rate_of_p},
    {"pp-marina", "p=0.9", rate_of_p},
    {"page", "", rate_of_p},
    {"dasha", "rule=derived", rate_of_a},
    {"dasha", "a=0.5 rule=paper", rate_of_a},
    {"dasha-page", "", rate_of_a_or_p},
    {"dasha-page", "p=0.9", rate_of_a_or_p},
    {"dasha-mvr", "", rate_of_a_or_b},
    {"dasha-mvr", "b=0.9", rate_of_a_or_b},
    {"dasha-sync-mvr", "", rate_of_a_or_p},
    {"dasha-sync-mvr", "p=0.9", rate_of_a_or_p},
    {"ef21", "", rate_of_alpha},
    {"ef21-sgd", "", rate_of_alpha},
};

/* Under PL the curvature caps the stepsize, where there is any; mu = 0 stands for none and divides nothing. */
static void curvature_caps_the_stepsize(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof capped / sizeof *capped; k++) {
        const struct capped *c = &capped[k];
        struct theory t = base;
        t.regime = PL;
        t.mu = 0;
        const double flat = theory_given(c->method, c->words, &t, "gamma");
        if (!(flat > 0 && isfinite(flat))) fail_msg("%s %s: gamma = %g where mu = 0", c->method, c->words, flat);
        const double bound = c->rate(c->method, c->words, &t) / 2;
        /* mu from where the cap binds, and from a little less */
        t.mu = bound / flat * 1.01;
        const double over = theory_given(c->method, c->words, &t, "gamma");
        if (!near(over, bound / t.mu) || !(over < flat))
            fail_msg("%s %s: gamma = %.17g, not %.17g", c->method, c->words, over, bound / t.mu);
        t.mu = bound / flat * 0.99;
        const double under = theory_given(c->method, c->words, &t, "gamma");
        if (under != flat) fail_msg("%s %s: gamma = %.17g, not %.17g", c->method, c->words, under, flat);
        t.regime = NONCONVEX; /* no cap, whatever mu is */
        const double apart = theory_given(c->method, c->words, &t, "gamma");
        t.mu = 1e6;
        assert_true(theory_given(c->method, c->words, &t, "gamma") == apart);
        t.regime = PL; /* what the user gives stays */
        char *own = xprintf("%s%sgamma=0.125", c->words, *c->words ? " " : "");
        assert_true(theory_given(c->method, own, &t, "gamma") == 0.125);
        free(own);
    }
}

/* SCAFFOLD's convex theorem has mu in one of its two bounds; FedPAQ's released rule has no stepsize without mu. */
static void without_strong_convexity(void **state)
{
    (void)state;
    struct theory t = base;
    t.regime = CONVEX;
    t.mu = 0;
    assert_true(near(theory_given("scaffold", "tau=2 server_stepsize=0.5", &t, "gamma"), 1 / (81 * 3 * 1.0)));
    assert_true(near(theory_given("scaffold", "tau=2 server_stepsize=0.5 batch=3", &t, "gamma"), 1 / (81 * 5 * 1.0)));
    t.mu = 1;
    assert_true(near(theory_given("scaffold", "tau=2 server_stepsize=0.5 r=1", &t, "gamma"), 1 / (81 * 3 * 1.0)));
    t.mu = 2; /* 0.1/30 < 1/243 */
    assert_true(near(theory_given("scaffold", "tau=2 server_stepsize=0.5 r=1", &t, "gamma"), 0.1 / 30));
    assert_true(isfinite(theory_given("fedpaq", "rule=code", &t, "gamma")));
    t.mu = 0;
    assert_true(isnan(theory_given("fedpaq", "rule=code", &t, "gamma")) &&
                isfinite(theory_given("fedpaq", "rule=safe", &t, "gamma")));
}

static const struct {
    const char *method, *words, *param;
    bool finite_sum;
    double value;
} sizes[] = {
    {"dasha-mvr", "M=1e4", "initial_batch", true, 1e4},
    {"dasha-mvr", "M=1e4 sampling=distinct", "initial_batch", true, 40},
    {"dasha-mvr", "M=1e4 sampling=distinct", "initial_batch", false, 1e4},
    {"dasha-mvr", "M=20 sampling=distinct", "initial_batch", true, 40}, /* 9 sqrt 20 = 40.2 */
    {"dasha-mvr", "M=16 sampling=distinct", "initial_batch", true, 36},
    {"dasha-sync-mvr", "M=50", "sync_batch", true, 50},
    {"dasha-sync-mvr", "M=50 sampling=distinct", "sync_batch", true, 40},
    {"dasha-sync-mvr", "M=50 sampling=distinct", "sync_batch", false, 50},
    {"dasha-sync-mvr", "M=50 sampling=distinct", "initial_batch", false, 50},
    {"page", "form=online", "big_batch", true, 62500},
    {"page", "form=online sampling=distinct", "big_batch", true, 40},
    {"page", "form=online sampling=distinct", "big_batch", false, 62500},
    {"page", "form=online", "batch", true, 40}, /* sqrt 62500 = 250 */
    {"page", "form=online", "batch", false, 250},
    {"vr-marina", "form=online", "big_batch", true, 62500},
    {"vr-marina", "form=online sampling=distinct", "big_batch", true, 40},
    {"vr-marina", "form=online sampling=common", "big_batch", true, 40},
    {"vr-marina", "form=online sampling=distinct", "big_batch", false, 62500},
    {"vr-marina", "form=online", "batch", true, 1},
    {"vr-marina", "", "batch", true, 7},
};

/* A subset cannot be larger than the smallest client; independent draws, and an expectation, know no such bound. */
static void batches_fit_the_rows(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct theory t = base;
        t.finite_sum = sizes[k].finite_sum;
        const double v = theory_given(sizes[k].method, sizes[k].words, &t, sizes[k].param);
        if (v != sizes[k].value)
            fail_msg("%s %s, row %zu: %s = %g, not %g", sizes[k].method, sizes[k].words, k, sizes[k].param, v, sizes[k].value);
    }
}

/* PP-MARINA asks a fifth of the clients, rounded up. */
static void a_fifth_of_the_clients(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 60; n++) {
        struct theory t = base;
        t.n = n;
        assert_true(theory_given("pp-marina", "", &t, "r") == ceil((double)n / 5));
    }
}

#define CLASSES "problem=marina-loss dataset=one-hot rows=43 features=19 groups=4 clients=5 remainder=spread rounds=2 "
#define NOISY   "problem=quadratic dim=20 L=2 mu=0.1 noise=0.3 clients=4 rounds=2 "

static const struct {
    const char *words, *said; /* said NULL: allowed */
} asked[] = {
    {NOISY "method=fedavg order=redrawn batch=1", "on problems with a data set"},
    {NOISY "method=fedavg order=fresh batch=1", NULL},
    {NOISY "method=fedpaq compressor=natural order=once batch=1", "on problems with a data set"},
    {NOISY "method=fedpaq compressor=natural order=fresh batch=1", NULL},
    {NOISY "method=fedcom compressor=natural order=incremental batch=1", "on problems with a data set"},
    {NOISY "method=fedcom compressor=natural order=fresh batch=1", NULL},
    {NOISY "method=ef21-sgd compressor=topk order=redrawn batch=1", "on problems with a data set"},
    {NOISY "method=ef21-sgd compressor=topk order=fresh batch=1", NULL},
    {CLASSES "method=fedavg order=redrawn blocks=9", "allowed: 1..8"},
    {CLASSES "method=fedavg order=redrawn blocks=8", NULL},
    {CLASSES "method=page form=online sampling=distinct batch=9 big_batch=3", "batch = 9 is more than the 8 samples"},
    {CLASSES "method=page form=online sampling=distinct batch=9 big_batch=9", "batch = 9 is more than the 8 samples"},
    {CLASSES "method=page form=online sampling=distinct batch=3 big_batch=8", NULL},
    {CLASSES "method=vr-marina compressor=randk form=online sampling=distinct batch=9 big_batch=3",
     "batch = 9 is more than the 8 samples"},
    {CLASSES "method=vr-marina compressor=randk form=online sampling=distinct batch=8 big_batch=3", NULL},
    {CLASSES "method=dasha-sync-mvr compressor=randk sampling=distinct sync_batch=9", "sync_batch = 9 is more than the 8"},
    {CLASSES "method=dasha-sync-mvr compressor=randk sync_batch=9", NULL},
    {CLASSES "method=dasha-sync-mvr compressor=randk sampling=distinct sync_batch=9 init=gradient", "sync_batch = 9 is more"},
    {CLASSES "method=dasha-sync-mvr compressor=randk sampling=distinct initial_batch=9 sync_batch=2",
     "initial_batch = 9 is more"},
    {CLASSES "method=dasha-sync-mvr compressor=randk sampling=distinct initial_batch=9 sync_batch=2 init=gradient", NULL},
    {NOISY "method=dasha-sync-mvr compressor=randk sampling=distinct sync_batch=9 initial_batch=9", NULL},
    {NOISY "method=dasha-mvr compressor=randk sampling=distinct initial_batch=9", NULL},
    {CLASSES "method=dasha-mvr compressor=randk sampling=distinct initial_batch=9", "initial_batch = 9 is more than the 8"},
    {CLASSES "method=dasha-mvr compressor=randk sampling=distinct initial_batch=9 init=gradient", NULL},
    {CLASSES "method=dasha-mvr compressor=randk batch=9", "batch = 9 is more than the 8 samples"},
};

static void what_does_not_fit_is_refused(void **state)
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

/* A server that steps little: what bounds gamma is the smoothness of the local steps, of samples when these are drawn. */
static void fedcomgate_steps_as_its_samples_allow(void **state)
{
    (void)state;
    struct theory t = base;
    t.omega = 0.5;
    t.omega_n = 0.05;
    const double all = theory_given("fedcomgate", "tau=2 server_stepsize=0.5", &t, "gamma");
    const double some = theory_given("fedcomgate", "tau=2 server_stepsize=0.5 batch=3", &t, "gamma");
    assert_true(fabs(all - 0.5 / (5 * 2 * 3)) < 1e-15);  /* max L_i */
    assert_true(fabs(some - 0.5 / (5 * 2 * 5)) < 1e-15); /* L_max  */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fedcomgate_steps_as_its_samples_allow),
        cmocka_unit_test(curvature_caps_the_stepsize),
        cmocka_unit_test(without_strong_convexity),
        cmocka_unit_test(batches_fit_the_rows),
        cmocka_unit_test(a_fifth_of_the_clients),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
