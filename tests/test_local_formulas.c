/* test_local_formulas.c - stepsizes of local steps and error feedback once more, from the papers' formulas in long double, at
 * many constants. */
#include "lab.h"
#include "theory_kit.h"

typedef long double real;

struct at {
    struct theory t;
    int64_t batch, tau, r;
    double p, server_stepsize;
};

static real least(real a, real b)
{
    return a < b ? a : b;
}
static real most(real a, real b)
{
    return a > b ? a : b;
}

/* --- sgd, qsgd: E|g|^2 <= 2 A (f - f_inf) + |grad f|^2 + C ----------------------------------------------------------------- */

static real expected_smoothness(const struct at *c, real A)
{
    const real L = c->t.L_f;
    if (c->t.regime == CONVEX) return 1 / (L + 2 * A);
    return least(1 / L, 1 / sqrtl(L * A * c->t.rounds));
}
static real sgd(const struct at *c)
{
    return expected_smoothness(c, c->t.L_max / ((real)c->batch * c->t.n));
}
static real qsgd(const struct at *c)
{
    const real n = c->t.n, w = c->t.omega;
    return expected_smoothness(c, w * c->t.L_i_max / n + (1 + w) * c->t.L_max / (n * c->batch));
}

/* n/(2 (1 + omega) A), A = L_max/b + (1 - 1/b) max L_i: with no regard to the regime */
static real qsgd_code(const struct at *c)
{
    const real b = c->batch, A = c->t.L_max / b + (1 - 1 / b) * c->t.L_i_max;
    return c->t.n / (2 * (1 + (real)c->t.omega) * A);
}

/* --- error feedback: t = 1 - sqrt(1 - alpha), b = (1 - alpha)/t ------------------------------------------------------------- */

static real ef_full(const struct at *c)
{
    return c->t.alpha / (28 * (real)c->t.L_i_max);
}
static real ef_batch(const struct at *c)
{
    return c->t.alpha / (28 * (real)c->t.L_max);
}

static real t_of(real alpha)
{
    return 1 - sqrtl(1 - alpha);
}
/* EF21's theorem for E G+ <= (1 - T) G + B L_hat^2 |x+ - x|^2 */
static real ef21_with(const struct at *c, real T, real B)
{
    const bool pl = c->t.regime == PL;
    const real gamma = 1 / (c->t.L_f + c->t.L_hat * sqrtl((pl ? 2 : 1) * B / T));
    return pl ? least(gamma, T / (2 * (real)c->t.mu)) : gamma;
}
static real ef21_sgd(const struct at *c)
{
    const real t = t_of(c->t.alpha);
    return ef21_with(c, t, (1 - (real)c->t.alpha) / t);
}
/* with probability p as ef21, else (1 + s) G + (1 + 1/s) L_hat^2 |x+ - x|^2, and s such that half of p t remains */
static real ef21_pp(const struct at *c)
{
    const real t = t_of(c->t.alpha), b = (1 - (real)c->t.alpha) / t, p = c->p, s = p * t / (2 * (1 - p));
    const real T = p * t - (1 - p) * s, B = p * b + (1 + 1 / s) * (1 - p);
    return ef21_with(c, T, B);
}
static real ef21_bc(const struct at *c)
{
    const real t = t_of(c->t.alpha), t_down = t_of(c->t.alpha_down);
    const real W = (1 - (real)c->t.alpha) / (t * t), M = (1 - (real)c->t.alpha_down) / (t_down * t_down);
    if (c->t.regime != PL) return 1 / (c->t.L_f + c->t.L_hat * sqrtl(2 * (W * (1 + 8 * M) + 8 * M)));
    return least(1 / (c->t.L_f + c->t.L_hat * sqrtl(4 * (W * (1 + 16 * M) + 8 * M))), least(t, t_down) / (2 * (real)c->t.mu));
}

/* --- local steps ------------------------------------------------------------------------------------------------------------ */

static real fedavg_full(const struct at *c)
{
    return 1 / (8 * (real)c->tau * c->t.L_i_max);
}
static real fedavg_batch(const struct at *c)
{
    return 1 / (8 * (real)c->tau * c->t.L_max);
}
static real fedpaq_full(const struct at *c)
{
    return fedavg_full(c) / (1 + (real)c->t.omega / c->r);
}
/* 4/(mu (k0 tau + 1)) */
static real fedpaq_code(const struct at *c)
{
    const real L = c->t.L_i_max, mu = c->t.mu, n = c->t.n, tau = c->tau, B_1 = 2 * L * L * c->t.omega / n;
    const real k0 = most(most(L / mu, 4 * (B_1 / (mu * mu) + 1)), most(1 / tau, 4 * n / (mu * mu * tau)));
    return 4 / (mu * (k0 * tau + 1));
}
static real fedcom(const struct at *c)
{
    return 1 / (2 * (real)c->t.L_i_max * (1 + (real)c->t.omega / c->r) * c->t.n * c->tau);
}
static real scaffold_with(const struct at *c, real L)
{
    const real share = (real)c->r / c->t.n, steps = (real)c->tau * c->server_stepsize;
    if (c->t.regime == CONVEX) return least(1 / (81 * L * steps), share / (15 * c->t.mu * steps));
    return powl(share, 2 / (real)3) / (24 * L * steps);
}
static real scaffold_full(const struct at *c)
{
    return scaffold_with(c, c->t.L_i_max);
}
static real scaffold_batch(const struct at *c)
{
    return scaffold_with(c, c->t.L_max);
}

/* --- the comparison ----------------------------------------------------------------------------------------------------------
 */

enum { BATCH = 1, TAU = 2, R = 4, P = 8, STEP = 16 };
enum row {
    SGD,
    QSGD,
    QSGD_CODE,
    EF,
    EF_BATCH,
    EF21_SGD,
    EF21_PP,
    EF21_BC,
    FEDAVG,
    FEDAVG_BATCH,
    FEDPAQ,
    FEDPAQ_CODE,
    FEDCOM,
    SCAFFOLD,
    SCAFFOLD_BATCH,
    FORMULAS
};
static const struct {
    const char *method, *rule;
    unsigned given;
    real (*formula)(const struct at *);
} table[] = {
    [SGD] = {"sgd", NULL, BATCH, sgd},
    [QSGD] = {"qsgd", NULL, BATCH, qsgd},
    [QSGD_CODE] = {"qsgd", "code", BATCH, qsgd_code},
    [EF] = {"ef", NULL, 0, ef_full},
    [EF_BATCH] = {"ef", NULL, BATCH, ef_batch},
    [EF21_SGD] = {"ef21-sgd", NULL, BATCH, ef21_sgd},
    [EF21_PP] = {"ef21-pp", NULL, P, ef21_pp},
    [EF21_BC] = {"ef21-bc", NULL, 0, ef21_bc},
    [FEDAVG] = {"fedavg", NULL, TAU, fedavg_full},
    [FEDAVG_BATCH] = {"fedavg", NULL, TAU | BATCH, fedavg_batch},
    [FEDPAQ] = {"fedpaq", "safe", TAU | R, fedpaq_full},
    [FEDPAQ_CODE] = {"fedpaq", "code", TAU | R, fedpaq_code},
    [FEDCOM] = {"fedcom", NULL, TAU | R, fedcom},
    [SCAFFOLD] = {"scaffold", NULL, TAU | R | STEP, scaffold_full},
    [SCAFFOLD_BATCH] = {"scaffold", NULL, TAU | R | STEP | BATCH, scaffold_batch},
};
enum { DRAWS = 200 };

static void give(struct settings *s, const char *key, double value)
{
    struct fail f = {0};
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    if (!settings_set(s, key, text, &f)) fail_msg("%s", f.text);
}

static double theory_says(size_t row, const struct at *c)
{
    const struct method *m = NULL;
    for (size_t k = 0; methods[k]; k++)
        if (strcmp(methods[k]->name, table[row].method) == 0) m = methods[k];
    assert_non_null(m);
    struct settings s = settings_new(m->param, m->param_size);
    struct fail f = {0};
    if (table[row].rule && !settings_set(&s, "rule", table[row].rule, &f)) fail_msg("%s", f.text);
    if (table[row].given & BATCH) give(&s, "batch", (double)c->batch);
    if (table[row].given & TAU) give(&s, "tau", (double)c->tau);
    if (table[row].given & R) give(&s, "r", (double)c->r);
    if (table[row].given & P) give(&s, "p", c->p);
    if (table[row].given & STEP) give(&s, "server_stepsize", c->server_stepsize);
    m->theory(s.data, &c->t);
    const double gamma = settings_real(&s, state_place(s.table, "gamma"));
    settings_free(&s);
    return gamma;
}

static double between(struct stream *s, double low, double high)
{
    return low + (high - low) * stream_uniform(s);
}

/* Constants as unlike each other as they come: L_f <= L_hat <= L_i_max <= L_max. */
static struct at draw_constants(uint32_t k, enum regime regime)
{
    struct stream s = stream(2, FOR_TEST, 0, k, 0);
    struct at c = {.t = {.regime = regime, .finite_sum = true, .m = 1000, .m_min = 1000}};
    c.t.n = 1 + stream_below(&s, 40);
    c.t.d = 2 + stream_below(&s, 1000);
    c.t.rounds = 1 + stream_below(&s, stream_below(&s, 2) ? 100000 : 40);
    c.t.omega = stream_below(&s, 4) == 0 ? between(&s, 0, 1) : between(&s, 0, 100);
    c.t.omega_n = c.t.omega / (double)c.t.n;
    const double mild = stream_below(&s, 3) == 0 ? 0.99 : 0.01;
    c.t.alpha = between(&s, mild, 0.999);
    c.t.alpha_down = between(&s, mild, 0.999);
    c.t.L_f = between(&s, 0.1, 10);
    const double apart = stream_below(&s, 2) ? 3 : 1.1;
    c.t.L_hat = c.t.L_f * between(&s, 1, apart);
    c.t.L_i_max = c.t.L_hat * between(&s, 1, apart);
    c.t.L_max = c.t.L_i_max * between(&s, 1, 10);
    c.t.mu = c.t.L_f * (stream_below(&s, 2) ? between(&s, 0.001, 1) : between(&s, 0.00001, 0.001));
    c.batch = 1 + stream_below(&s, 100);
    c.tau = 1 + stream_below(&s, 50);
    c.r = 1 + stream_below(&s, 1 + stream_below(&s, (uint32_t)c.t.n));
    c.p = between(&s, 0.05, 0.95);
    c.server_stepsize = between(&s, 0.5, 4);
    return c;
}

static bool near(double a, real b)
{
    return fabsl(a - b) <= 1e-13L * fabsl(b);
}

static void theory_is_the_formula(void **state)
{
    (void)state;
    for (size_t row = 0; row < FORMULAS; row++)
        for (int regime = NONCONVEX; regime <= CONVEX; regime++)
            for (uint32_t k = 0; k < DRAWS; k++) {
                const struct at c = draw_constants(k, (enum regime)regime);
                const double said = theory_says(row, &c);
                if (!near(said, table[row].formula(&c)))
                    fail_msg("%s, row %zu, regime %d, draw %u: gamma = %.17g, not %.17Lg", table[row].method, row, regime, k,
                             said, table[row].formula(&c));
            }
}

/* No stepsize would pass for another, in any regime; and regimes that have a theorem of their own have a stepsize of their own.
 */
static void formulas_are_told_apart(void **state)
{
    (void)state;
    for (size_t row = 0; row < FORMULAS; row++)
        for (size_t other = 0; other < FORMULAS; other++) {
            int differ = 0;
            for (uint32_t k = 0; k < DRAWS && other != row; k++) {
                const struct at c = draw_constants(k, (enum regime)(k % 3));
                differ += !near(theory_says(row, &c), table[other].formula(&c));
            }
            if (other != row && differ <= DRAWS / 4) fail_msg("%s as the formula of row %zu", table[row].method, other);
        }
    static const char *const own[][2] = {{"sgd", "c"},     {"qsgd", "c"},    {"ef21-sgd", "p"},
                                         {"ef21-pp", "p"}, {"ef21-bc", "p"}, {"scaffold", "c"}};
    for (size_t q = 0; q < sizeof own / sizeof *own; q++)
        for (size_t row = 0; row < FORMULAS; row++) {
            if (strcmp(table[row].method, own[q][0]) != 0 || row == QSGD_CODE) continue;
            int differ = 0;
            for (uint32_t k = 0; k < DRAWS; k++) {
                const struct at c = draw_constants(k, own[q][1][0] == 'c' ? CONVEX : PL), d = draw_constants(k, NONCONVEX);
                differ += !near(theory_says(row, &c), table[row].formula(&d));
            }
            assert_true(differ > DRAWS / 2);
        }
}

/* Where a stepsize is the smaller of two numbers both occur. */
static void both_cases_occur(void **state)
{
    (void)state;
    int sgd_short = 0, capped[3] = {0}, scaffold_strong = 0;
    for (uint32_t k = 0; k < DRAWS; k++) {
        const struct at c = draw_constants(k, NONCONVEX), pl = draw_constants(k, PL), convex = draw_constants(k, CONVEX);
        sgd_short += near(theory_says(SGD, &c), 1 / (real)c.t.L_f);
        for (size_t row = EF21_SGD; row <= EF21_BC; row++) {
            struct at loose = pl;
            loose.t.mu = 1e-9;
            capped[row - EF21_SGD] += !near(theory_says(row, &loose), theory_says(row, &pl));
        }
        scaffold_strong += near(theory_says(SCAFFOLD, &convex),
                                (real)convex.r / convex.t.n / (15 * (real)convex.t.mu * convex.tau * convex.server_stepsize));
    }
    assert_in_range(sgd_short, 2, DRAWS - 2);
    for (int k = 0; k < 3; k++) assert_in_range(capped[k], 1, DRAWS - 2);
    assert_in_range(scaffold_strong, 1, DRAWS - 2);
}

/* Limits that need no formula: p = 1 is ef21; no compression on the way down and up leaves 1/L_f; a mu that nobody knows caps
 * nothing. */
static void limits(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < DRAWS; k++)
        for (int regime = NONCONVEX; regime <= PL; regime++) {
            struct at c = draw_constants(k, (enum regime)regime);
            c.p = 1;
            assert_true(theory_says(EF21_PP, &c) == theory_gives("ef21", NULL, &c.t, "gamma"));
            assert_true(theory_says(EF21_SGD, &c) == theory_gives("ef21", NULL, &c.t, "gamma"));
            c.t.mu = 0;
            assert_true(theory_says(EF21_BC, &c) < 1 / c.t.L_f);
            c.t.alpha = c.t.alpha_down = 1;
            for (size_t row = EF21_SGD; row <= EF21_BC; row++) assert_true(theory_says(row, &c) == 1 / c.t.L_f);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(theory_is_the_formula),
        cmocka_unit_test(formulas_are_told_apart),
        cmocka_unit_test(both_cases_occur),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
