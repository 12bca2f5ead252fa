/* test_rr_stepsizes.c - reshuffling methods: the parameters that theory gives, by hand, where each limit binds; what multiples of
 * them mean; and how they change with the clients that take part. */
#include "theory_kit.h"

/* Constants that no formula can mistake for one another. */
static const struct theory base = {.n = 10,
                                   .d = 100,
                                   .m = 40,
                                   .m_min = 40,
                                   .finite_sum = true,
                                   .L_f = 1.5,
                                   .L_bar = 1.8,
                                   .L_hat = 2,
                                   .L_i_max = 3,
                                   .L_max = 5,
                                   .L_cal = 4,
                                   .mu = 0.002,
                                   .omega = 9,
                                   .omega_n = 0.9,
                                   .alpha = 0.1,
                                   .zeta = 10};

static void assert_value(const char *method, const char *words, const struct theory *t, const char *name, double expected)
{
    const double v = theory_given(method, words, t, name);
    if (!(fabs(v - expected) <= 1e-14 * expected))
        fail_msg("%s %s: %s = %.17g, expected %.17g", method, words, name, v, expected);
}

static void by_hand(void **state)
{
    (void)state;
    assert_value("rr", "blocks=4", &base, "gamma", 1.0 / 5);
    assert_value("q-rr", "blocks=4", &base, "gamma", 1 / (2.8 * 5));
    static const char *const shifted[] = {"diana-rr", "diana-rr-1s"};
    for (int k = 0; k < 2; k++) {
        assert_value(shifted[k], "blocks=4", &base, "alpha", 0.1);
        assert_value(shifted[k], "blocks=4", &base, "gamma", 1 / (6.4 * 5));
        assert_value(shifted[k], "blocks=4 alpha=0.05", &base, "gamma", 1 / (6.4 * 5));
        assert_value(shifted[k], "blocks=400", &base, "gamma", 1 / (6.4 * 5));
        assert_value(shifted[k], "blocks=4000", &base, "gamma", 0.1 / (2 * 4000 * 0.002));
        assert_value(shifted[k], "blocks=4000 alpha=0.05", &base, "gamma", 0.05 / (2 * 4000 * 0.002));
    }
    assert_value("nastya", "blocks=4", &base, "gamma", 1.0 / (5 * 4 * 5));
    assert_value("nastya", "blocks=4", &base, "server_stepsize", 1.0 / (16 * 5));
    assert_value("q-nastya", "blocks=4", &base, "gamma", 1.0 / (5 * 4 * 5));
    assert_value("q-nastya", "blocks=4", &base, "server_stepsize", 1 / (16 * 5 * 1.9));
    assert_value("q-nastya", "blocks=4", &base, "r", 10);
    assert_value("diana-nastya", "blocks=4", &base, "gamma", 1.0 / (16 * 4 * 5));
    assert_value("diana-nastya", "blocks=4", &base, "alpha", 0.1);
    assert_value("diana-nastya", "blocks=4", &base, "server_stepsize", 1 / (16 * 5 * (1 + 9 * 0.9)));
    assert_value("diana-sgd", "batch=4", &base, "alpha", 0.1);
    assert_value("diana-sgd", "batch=4", &base, "gamma", 1 / (1.5 + 5.4 * 3 + (0.2 + 9) * 5 / 4));
    assert_value("diana-sgd", "batch=4 rule=code", &base, "alpha", 0.05);
    const double S = 5.0 / 4 + 3.0 / 4 * 3;
    assert_value("diana-sgd", "batch=4 rule=code", &base, "gamma",
                 1 / (1.5 + 10 * S / 10 + 8.0 * 3 / 10 + 1.0001 * 4 * 0.9 * (S + 3)));
}

/* mu so large that the shifts, not the gradients, limit the stepsize; mu = 0, where they do not. */
static void limits_by_mu(void **state)
{
    (void)state;
    struct theory t = base;
    t.mu = 4;
    assert_value("diana-rr", "blocks=4", &t, "gamma", 0.1 / (2 * 4 * 4));
    assert_value("diana-nastya", "blocks=4", &t, "server_stepsize", 1 / (16 * 5 * (1 + 9 * 0.9)));
    t.mu = 400;
    assert_value("diana-nastya", "blocks=4", &t, "server_stepsize", 0.1 / (2 * 400));
    assert_value("diana-nastya", "blocks=4 r=3", &t, "server_stepsize", 0.1 * 0.3 / (2 * 400));
    assert_value("diana-sgd", "batch=4 rule=code", &t, "gamma", 1.0 / 400);
    t.mu = 0;
    assert_value("diana-rr", "blocks=4", &t, "gamma", 1 / (6.4 * 5));
    assert_value("diana-rr", "blocks=4 alpha=0", &t, "gamma", 1 / (6.4 * 5));
    assert_value("diana-rr", "blocks=4 alpha=0", &base, "gamma", 1 / (6.4 * 5));
    assert_value("diana-nastya", "blocks=4 alpha=0", &t, "server_stepsize", 1 / (16 * 5 * (1 + 9 * 0.9)));
}

/* r of 10: w = omega/r + (10 - r)/(9 r) for independent messages; omega/n of r = n and no more. */
static void participation(void **state)
{
    (void)state;
    for (int r = 1; r <= 10; r++) {
        char words[32];
        snprintf(words, sizeof words, "blocks=4 r=%d", r);
        const double w = 9.0 / r + (10.0 - r) / (9.0 * r);
        assert_value("q-nastya", words, &base, "server_stepsize", 1 / (16 * 5 * (1 + w)));
        assert_value("diana-nastya", words, &base, "server_stepsize", 1 / (16 * 5 * (1 + 9 * w)));
    }
    struct theory one = base;
    one.n = 1;
    one.omega_n = 9;
    assert_value("q-nastya", "blocks=4", &one, "server_stepsize", 1.0 / (16 * 5 * 10));
}

/* The variance of the mean of r messages is at most w mean|v_i|^2: by trial, for vectors that differ much and little. */
static void variance_of_few_messages(void **state)
{
    (void)state;
    enum { N = 6, D = 12, K = 3, DRAWS = 20000 };
    struct stream s = stream(1, FOR_BATCH, 0, 0, 0);
    for (int common = 0; common < 2; common++)
        for (int r = 1; r <= N; r++) {
            double v[N][D], mean[D] = {0}, size = 0, variance = 0;
            for (int i = 0; i < N; i++)
                for (int j = 0; j < D; j++) v[i][j] = stream_gaussian(&s) + 3 * common;
            for (int i = 0; i < N; i++)
                for (int j = 0; j < D; j++) {
                    mean[j] += v[i][j] / N;
                    size += v[i][j] * v[i][j] / N;
                }
            struct sampler work = {0};
            for (int draw = 0; draw < DRAWS; draw++) {
                uint32_t who[N], mask[K];
                double sum[D] = {0};
                sample_subset(&work, &s, N, r, who);
                for (int k = 0; k < r; k++) {
                    sample_subset(&work, &s, D, K, mask);
                    for (int q = 0; q < K; q++) sum[mask[q]] += v[who[k]][mask[q]] * D / (K * r);
                }
                for (int j = 0; j < D; j++) variance += (sum[j] - mean[j]) * (sum[j] - mean[j]) / DRAWS;
            }
            sampler_free(&work);
            const double w = (D / (double)K - 1) / r + (double)(N - r) / (r * (N - 1.0));
            if (!(variance <= 1.02 * w * size)) fail_msg("r = %d: %g of the bound", r, variance / (w * size));
            if (!common && !(variance >= 0.8 * w * size)) fail_msg("r = %d: only %g of the bound", r, variance / (w * size));
        }
}

static void multiples(void **state)
{
    (void)state;
    struct lab l;
    lab_open(&l,
             "%s rounds=1 method=diana-nastya compressor=randk k=3 blocks=5 stepsize=4x server_stepsize=1x,2^-3x alpha=0.5x,1x",
             LAB_LOGISTIC);
    assert_int_equal(l.plan.runs, 4);
    int seen = 0;
    const struct run *first = l.run[0];
    for (size_t k = 0; k < 4; k++) {
        const struct run *r = l.run[k];
        const double L_max = l.plan.run[k]->instance->L.L_max;
        assert_true(fabs(run_param(r, "gamma") * 16 * 5 * L_max - 4) < 1e-13);
        const double times = run_param(r, "server_stepsize") / run_param(first, "server_stepsize");
        seen += times == 0.125;
        assert_true(times == 1 || times == 0.125);
    }
    assert_int_equal(seen, 2);
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),       cmocka_unit_test(limits_by_mu),
        cmocka_unit_test(participation), cmocka_unit_test(variance_of_few_messages),
        cmocka_unit_test(multiples),
    };
    return cmocka_run_group_tests_name("reshuffling: stepsizes", tests, NULL, NULL);
}
