/* test_formulas.c - the parameters of the variance-reduced methods once more, from the papers' formulas in long double, at many
 * constants; and the numbers of the code released with the MARINA paper. */
#include "lab.h"
#include "theory_kit.h"

typedef long double real;

/* The constants of one comparison: what theory is told, and the parameters that the user sets. */
struct at {
    struct theory t;
    int64_t batch, big, r;
    double p, b; /* set only where a formula has them as free */
};

/* --- formulas.  sq: square; n, d, w: clients, dimension, omega ----------------------------------------------------------- */

static real sq(real v)
{
    return v * v;
}
static real least(real a, real b)
{
    return a < b ? a : b;
}
static real omega(const struct at *c)
{
    return c->t.omega;
}
static real clients(const struct at *c)
{
    return (real)c->t.n;
}
static real density(const struct at *c)
{
    return (real)c->t.zeta / (real)c->t.d;
}
/* under PL gamma is at most half of a probability over mu */
static real at_most(const struct at *c, real gamma, real probability)
{
    return c->t.regime == PL ? least(gamma, probability / (2 * (real)c->t.mu)) : gamma;
}
static real pl_twice(const struct at *c)
{
    return c->t.regime == PL ? 2 : 1;
}

/* p = min(zeta/d, b'/(b' + m)), online b for m */
static real vr_marina_p(const struct at *c)
{
    return least(density(c), c->batch / (c->batch + (real)c->t.m));
}
static real vr_marina_online_p(const struct at *c)
{
    return least(density(c), c->batch / (real)(c->batch + c->big));
}
static real vr_marina_with(const struct at *c, real p)
{
    const real n = clients(c), w = omega(c), L = c->t.L_hat, script_L = c->t.L_cal;
    const real inside = (1 - p) / (p * n) * (w * sq(L) + (1 + w) * sq(script_L) / c->batch);
    return at_most(c, 1 / (L + sqrtl(pl_twice(c) * inside)), p);
}
static real vr_marina_gamma(const struct at *c)
{
    return vr_marina_with(c, vr_marina_p(c));
}
static real vr_marina_online_gamma(const struct at *c)
{
    return vr_marina_with(c, vr_marina_online_p(c));
}

/* p = zeta r/(d n), gamma = 1/(L (1 + sqrt((1-p)(1+omega)/(p r)))) */
static real pp_marina_p(const struct at *c)
{
    return density(c) * c->r / clients(c);
}
static real pp_marina_gamma(const struct at *c)
{
    const real p = pp_marina_p(c), L = c->t.L_hat;
    return at_most(c, 1 / (L * (1 + sqrtl(pl_twice(c) * (1 - p) * (1 + omega(c)) / (p * c->r)))), p);
}

/* p = b'/(b' + m), gamma = 1/(L + L_cal sqrt((1-p)/(p b'))), with n clients b' n for b' */
static real page_p(const struct at *c)
{
    return c->batch / (c->batch + (real)c->t.m);
}
static real page_gamma(const struct at *c)
{
    const real p = page_p(c);
    return at_most(c, 1 / (c->t.L_f + c->t.L_cal * sqrtl(pl_twice(c) * (1 - p) / (p * c->batch * clients(c)))), p);
}

/* alpha = 1/(1+omega), p = b/m; gamma = 1/(10 L (1+omega/n)^(1/2) ((m/b)^(2/3) + omega + 1)); strongly convex
 * 1/(L_f + 6 (omega/n) max L_i + (6 + 30 omega) L_max/(n b)), which is 1/(L_f + (6 + 36 omega) L_max/n) for L_i = L_max, b = 1 */
static real vr_diana_alpha(const struct at *c)
{
    return 1 / (1 + omega(c));
}
static real vr_diana_p(const struct at *c)
{
    return least(1, c->batch / (real)c->t.m);
}
static real vr_diana_gamma(const struct at *c)
{
    const real w = omega(c), n = clients(c), epochs = (real)c->t.m / c->batch;
    if (c->t.regime == CONVEX) return 1 / (c->t.L_f + 6 * w * c->t.L_i_max / n + (6 + 30 * w) * c->t.L_max / (n * c->batch));
    return 1 / (10 * c->t.L_max * sqrtl(1 + w / n) * (powl(epochs, 2 / (real)3) + w + 1));
}

/* --- the DASHA family: a = 1/(2 omega + 1); v = omega (2 omega + 1)/n ---------------------------------------------------- */

static real dasha_a(const struct at *c)
{
    return 1 / (2 * omega(c) + 1);
}
static real dasha_v(const struct at *c)
{
    return omega(c) * (2 * omega(c) + 1) / clients(c);
}
static real dasha_page_paper(const struct at *c)
{
    const real p = page_p(c), Lm = c->t.L_cal, L = c->t.L_hat, B = c->batch;
    return 1 / (c->t.L_f + sqrtl(48 * dasha_v(c) * ((1 - p) * sq(Lm) / B + sq(L)) + 2 * (1 - p) * sq(Lm) / (p * clients(c) * B)));
}
static real dasha_page_derived(const struct at *c)
{
    const real p = page_p(c), Lm = c->t.L_cal, L = c->t.L_hat, B = c->batch;
    return 1 / (c->t.L_f +
                sqrtl(4 * dasha_v(c) * (2 * sq(L) + 3 * (1 - p) * sq(Lm) / B) + 2 * (1 - p) * sq(Lm) / (p * clients(c) * B)));
}
static real mvr_noise(const struct at *c)
{
    return 4 * sq(1 - (real)c->b) * sq(c->t.L_cal) / (c->b * clients(c) * c->batch);
}
static real dasha_mvr_paper(const struct at *c)
{
    const real sampled = sq(1 - (real)c->b) * sq(c->t.L_cal) / c->batch;
    return 1 / (c->t.L_f + sqrtl(96 * dasha_v(c) * (sampled + sq(c->t.L_hat)) + mvr_noise(c)));
}
static real dasha_mvr_derived(const struct at *c)
{
    const real sampled = sq(1 - (real)c->b) * sq(c->t.L_cal) / c->batch;
    return 1 / (c->t.L_f + sqrtl(4 * dasha_v(c) * (2 * sq(c->t.L_hat) + 6 * sampled) + mvr_noise(c)));
}
static real sync_with(const struct at *c, int constant)
{
    const real p = c->p, Ls = c->t.L_cal, B = c->batch;
    return 1 / (c->t.L_f + sqrtl(constant * dasha_v(c) * (1 - p) * (sq(Ls) / B + sq(c->t.L_hat)) +
                                 2 * (1 - p) * sq(Ls) / (p * clients(c) * B)));
}
static real dasha_sync_paper(const struct at *c)
{
    return sync_with(c, 12);
}
static real dasha_sync_derived(const struct at *c)
{
    return sync_with(c, 4);
}

/* --- the comparison ------------------------------------------------------------------------------------------------------ */

enum { GIVEN_BATCH = 1, GIVEN_BIG = 2, GIVEN_R = 4, GIVEN_P = 8, GIVEN_B = 16 };
static const struct {
    const char *method, *words, *param;
    unsigned given;
    real (*formula)(const struct at *);
    bool in_pl, in_convex; /* the formula stands in these regimes, too */
} table[] = {
    {"vr-marina", "", "p", GIVEN_BATCH, vr_marina_p, true, false},
    {"vr-marina", "", "gamma", GIVEN_BATCH, vr_marina_gamma, true, false},
    {"vr-marina", "form=online", "p", GIVEN_BATCH | GIVEN_BIG, vr_marina_online_p, true, false},
    {"vr-marina", "form=online", "gamma", GIVEN_BATCH | GIVEN_BIG, vr_marina_online_gamma, true, false},
    {"pp-marina", "", "p", GIVEN_R, pp_marina_p, true, false},
    {"pp-marina", "", "gamma", GIVEN_R, pp_marina_gamma, true, false},
    {"page", "", "p", GIVEN_BATCH, page_p, true, false},
    {"page", "", "gamma", GIVEN_BATCH, page_gamma, true, false},
    {"vr-diana", "", "alpha", GIVEN_BATCH, vr_diana_alpha, true, true},
    {"vr-diana", "", "p", GIVEN_BATCH, vr_diana_p, true, true},
    {"vr-diana", "", "gamma", GIVEN_BATCH, vr_diana_gamma, true, true},
    {"dasha-page", "", "a", GIVEN_BATCH, dasha_a, true, false},
    {"dasha-page", "", "p", GIVEN_BATCH, page_p, true, false},
    {"dasha-page", "rule=paper", "gamma", GIVEN_BATCH, dasha_page_paper, false, false},
    {"dasha-page", "rule=derived", "gamma", GIVEN_BATCH, dasha_page_derived, false, false},
    {"dasha-mvr", "rule=paper", "gamma", GIVEN_BATCH | GIVEN_B, dasha_mvr_paper, false, false},
    {"dasha-mvr", "rule=derived", "gamma", GIVEN_BATCH | GIVEN_B, dasha_mvr_derived, false, false},
    {"dasha-sync-mvr", "rule=paper", "gamma", GIVEN_BATCH | GIVEN_P, dasha_sync_paper, false, false},
    {"dasha-sync-mvr", "rule=derived", "gamma", GIVEN_BATCH | GIVEN_P, dasha_sync_derived, false, false},
};
enum { FORMULAS = sizeof table / sizeof *table, DRAWS = 200 };

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
    const char *words = table[row].words;
    if (*words && !settings_set(&s, strncmp(words, "form", 4) == 0 ? "form" : "rule", strchr(words, '=') + 1, &f))
        fail_msg("%s", f.text);
    if (table[row].given & GIVEN_BATCH) give(&s, "batch", (double)c->batch);
    if (table[row].given & GIVEN_BIG) give(&s, "big_batch", (double)c->big);
    if (table[row].given & GIVEN_R) give(&s, "r", (double)c->r);
    if (table[row].given & GIVEN_P) give(&s, "p", c->p);
    if (table[row].given & GIVEN_B) give(&s, "b", c->b);
    m->theory(s.data, &c->t);
    const double value = settings_real(&s, state_place(s.table, table[row].param));
    settings_free(&s);
    return value;
}

static double between(struct stream *s, double low, double high)
{
    return low + (high - low) * stream_uniform(s);
}

/* Constants as unlike each other as they come: L_f <= L_hat <= L_i_max <= L_max, L_hat <= L_cal. */
static struct at draw_constants(uint32_t k, enum regime regime)
{
    struct stream s = stream(1, FOR_TEST, 0, k, 0);
    struct at c = {
        .t = {.regime = regime, .finite_sum = true, .rounds = 100, .sigma_sq = 3, .grad_norm_sq = 2, .bits_ratio = 0.5}};
    c.t.n = 1 + stream_below(&s, 40);
    c.t.d = 2 + stream_below(&s, 1000);
    c.t.m = 1 + stream_below(&s, 20000);
    c.t.m_min = (int64_t)c.t.m;
    c.t.zeta = 1 + stream_below(&s, (uint32_t)c.t.d);
    c.t.omega = stream_below(&s, 4) == 0 ? between(&s, 0, 1) : (double)c.t.d / c.t.zeta - 1;
    c.t.omega_n = c.t.omega / (double)c.t.n;
    c.t.L_f = between(&s, 0.1, 10);
    c.t.L_bar = c.t.L_f * between(&s, 1, 2);
    c.t.L_hat = c.t.L_bar * between(&s, 1, 2);
    c.t.L_i_max = c.t.L_hat * between(&s, 1, 3);
    c.t.L_cal = c.t.L_hat * between(&s, 1, 10);
    c.t.L_max = fmax(c.t.L_i_max, c.t.L_cal) * between(&s, 1, 3);
    c.t.mu = c.t.L_f * between(&s, 0.001, 1);
    c.batch = 1 + stream_below(&s, (uint32_t)c.t.m);
    c.big = c.batch + stream_below(&s, 1000);
    c.r = 1 + stream_below(&s, (uint32_t)c.t.n);
    c.p = between(&s, 0.01, 1);
    c.b = between(&s, 0.01, 1);
    return c;
}

static bool near(double a, real b)
{
    return fabsl(a - b) <= 1e-13L * fabsl(b);
}

static bool stands(size_t row, enum regime regime)
{
    return regime == NONCONVEX || (regime == PL ? table[row].in_pl : table[row].in_convex);
}

static void theory_is_the_formula(void **state)
{
    (void)state;
    for (size_t row = 0; row < FORMULAS; row++)
        for (int regime = NONCONVEX; regime <= CONVEX; regime++)
            for (uint32_t k = 0; k < DRAWS && stands(row, (enum regime)regime); k++) {
                const struct at c = draw_constants(k, (enum regime)regime);
                const double said = theory_says(row, &c);
                if (!near(said, table[row].formula(&c)))
                    fail_msg("%s %s, regime %d, draw %u: %s = %.17g, not %.17Lg", table[row].method, table[row].words, regime, k,
                             table[row].param, said, table[row].formula(&c));
            }
}

/* No parameter would pass for another: every two different formulas are told apart by many of the draws. */
static void formulas_are_told_apart(void **state)
{
    (void)state;
    for (size_t row = 0; row < FORMULAS; row++)
        for (size_t other = 0; other < FORMULAS; other++) {
            if (table[row].formula == table[other].formula) continue;
            int differ = 0;
            for (uint32_t k = 0; k < DRAWS; k++) {
                const struct at c = draw_constants(k, NONCONVEX);
                differ += !near(theory_says(row, &c), table[other].formula(&c));
            }
            if (differ <= DRAWS / 4) fail_msg("%s %s as the formula of row %zu", table[row].method, table[row].param, other);
        }
}

/* In the PL regime both stepsizes occur: the theorem's, and half of a probability over mu. */
static void pl_has_two_cases(void **state)
{
    (void)state;
    int capped = 0;
    for (uint32_t k = 0; k < DRAWS; k++) {
        const struct at c = draw_constants(k, PL);
        capped += near(theory_says(1, &c), vr_marina_p(&c) / (2 * (real)c.t.mu));
    }
    assert_in_range(capped, DRAWS / 20, DRAWS - DRAWS / 20);
}

/* --- the released code: n = 5, a ridge of 1e-6 L, b' = ceil(m/100) -------------------------------------------------------- */

static const struct {
    double L, m, d;
    int64_t batch;
    struct {
        double zeta, p, gamma, refresh, diana;
    } row[3];
} released[2] = {
    {3.3891033891,
     1624,
     113,
     17,
     {{1, 0.008849557522123894, 0.005614603438775429, 0.010467980295566502, 4.555491521446002e-05},
      {5, 0.010359536867763558, 0.013454459758004389, 0.010467980295566502, 0.0002941009840906898},
      {10, 0.010359536867763558, 0.019068594936968913, 0.010467980295566502, 0.0005238828962480333}}},
    {2.31075231075,
     6512,
     124,
     66,
     {{1, 0.008064516129032258, 0.007669533642866067, 0.010135135135135134, 5.884429634870294e-05},
      {5, 0.010033444816053512, 0.018945868308951282, 0.010135135135135134, 0.0003906977817161236},
      {10, 0.010033444816053512, 0.026843199965290693, 0.010135135135135134, 0.0007079536894450946}}},
};

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-14 * fabs(b))) fail_msg("%.17g, not %.17g", a, b);
}

static void the_released_codes_parameters(void **state)
{
    (void)state;
    for (int set = 0; set < 2; set++)
        for (int k = 0; k < 3; k++) {
            const double L = released[set].L, zeta = released[set].row[k].zeta, omega_k = released[set].d / zeta - 1;
            const struct theory t = {.regime = NONCONVEX,
                                     .n = 5,
                                     .d = (int64_t)released[set].d,
                                     .rounds = 1000,
                                     .m = released[set].m,
                                     .m_min = (int64_t)released[set].m,
                                     .finite_sum = true,
                                     .sigma_sq = 1,
                                     .grad_norm_sq = 1,
                                     .L_f = L,
                                     .L_bar = L,
                                     .L_hat = L,
                                     .L_i_max = L,
                                     .L_max = L,
                                     .L_cal = L,
                                     .omega = omega_k,
                                     .omega_n = omega_k / 5,
                                     .zeta = zeta,
                                     .bits_ratio = 1};
            assert_near(theory_gives("vr-marina", NULL, &t, "batch"), (double)released[set].batch);
            assert_near(theory_gives("vr-marina", NULL, &t, "p"), released[set].row[k].p);
            assert_near(theory_gives("vr-marina", NULL, &t, "gamma"), released[set].row[k].gamma);
            assert_near(theory_gives("vr-diana", NULL, &t, "batch"), (double)released[set].batch);
            assert_near(theory_gives("vr-diana", NULL, &t, "p"), released[set].row[k].refresh);
            assert_near(theory_gives("vr-diana", NULL, &t, "alpha"), zeta / released[set].d);
            assert_near(theory_gives("vr-diana", "horvath", &t, "gamma"), released[set].row[k].diana);
            struct theory off = t; /* without the ridge: seen */
            off.L_hat = off.L_cal = L / (1 + 1e-6);
            assert_true(fabs(theory_gives("vr-marina", NULL, &off, "gamma") / released[set].row[k].gamma - 1) > 1e-7);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(theory_is_the_formula),
        cmocka_unit_test(formulas_are_told_apart),
        cmocka_unit_test(pl_has_two_cases),
        cmocka_unit_test(the_released_codes_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
