/* fed_kit.h - what the tests of adiana, fedcomgate and fedsteph share: theory's parameters, refusals, two runs compared. */
#ifndef FED_KIT_H
#define FED_KIT_H
#include "rate_kit.h"
#include "theory_kit.h"

/* n = 10, omega/n = 0.9, and every L different, so that no formula can mistake one for another. */
static const struct theory fed_base = {.regime = CONVEX,
                                       .n = 10,
                                       .d = 100,
                                       .rounds = 400,
                                       .m = 7,
                                       .m_min = 7,
                                       .finite_sum = true,
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

static inline void fed_expect(const char *method, const char *words, const struct theory *t, const char *name, double expected)
{
    const double v = theory_given(method, words, t, name);
    if (!(fabs(v - expected) <= 1e-14 * fabs(expected)))
        fail_msg("%s %s: %s = %.17g, not %.17g", method, words, name, v, expected);
}

/* Nothing runs, and the message says why. */
static inline void fed_refused(const char *problem, const char *words, const char *why)
{
    struct lab l;
    struct fail f = {0};
    char all[512];
    snprintf(all, sizeof all, "%s %s", problem, words);
    const bool made = lab_make(&l, all, &f);
    lab_close(&l);
    if (made) fail_msg("\"%s\" was accepted", words);
    if (!strstr(f.text, why)) fail_msg("\"%s\": \"%s\" does not say \"%s\"", words, f.text, why);
}

static inline void fed_accepted(const char *problem, const char *words)
{
    struct lab l;
    lab_open(&l, "%s rounds=3 %s", problem, words);
    lab_finish(&l);
    for (size_t k = 0; k < l.plan.runs; k++) assert_int_equal(l.run[k]->status, RUN_DONE);
    lab_close(&l);
}

/* How far two runs are apart: models at the end, f on the way. */
static inline double fed_apart(const char *problem, const char *one, const char *other)
{
    struct lab a, b;
    lab_open(&a, "%s rounds=40 %s", problem, one);
    lab_open(&b, "%s rounds=40 %s", problem, other);
    lab_finish(&a);
    lab_finish(&b);
    const struct run *r = a.run[0], *s = b.run[0];
    assert_int_equal(r->trace.rows, s->trace.rows);
    const double most = fmax(distance(r->model, s->model, r->d), distance(run_column(r, "f"), run_column(s, "f"), r->trace.rows));
    lab_close(&a);
    lab_close(&b);
    return most;
}

static inline void fed_same(const char *one, const char *other)
{
    for (int k = 0; k < LAB_PROBLEMS; k++) {
        const double off = fed_apart(lab_problem[k], one, other);
        if (!(off <= 1e-12)) fail_msg("%s | %s and %s are %g apart", lab_problem[k], one, other, off);
    }
}

static inline void fed_unlike(const char *one, const char *other)
{
    for (int k = 0; k < LAB_PROBLEMS; k++) {
        const double off = fed_apart(lab_problem[k], one, other);
        if (!(off > 1e-6)) fail_msg("%s | %s and %s are only %g apart", lab_problem[k], one, other, off);
    }
}

/* |(1/n) sum of a client vector - v|, relative to the largest of either */
static inline double fed_mean_off(const struct run *r, const char *client, const double *v)
{
    double *mean = xcalloc((size_t)r->d, sizeof *mean), most = 0, size = 1e-300;
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++) {
            mean[j] += client_vector(r, i, client)[j] / (double)r->n;
            size = fmax(size, fabs(client_vector(r, i, client)[j]));
        }
    for (int64_t j = 0; j < r->d; j++) most = fmax(most, fabs(mean[j] - v[j]));
    free(mean);
    return most / size;
}
#endif
