/* plan_theory.c - what theory knows of a run's problem and compressor, and the parameters it gives the method. */
#include "memory.h"
#include "plan.h"
#include <math.h>

static int64_t fewest_samples(const struct objective *o)
{
    int64_t least = o->samples[0];
    for (int64_t i = 1; i < o->n; i++)
        if (o->samples[i] < least) least = o->samples[i];
    return least;
}

/* Costs a pass over all samples: only for methods that draw some, and once. */
static double sigma_sq(const struct planned *run)
{
    struct instance *i = run->instance;
    if (run->spec.method->samples == FULL_GRADIENTS_ONLY) return NAN;
    if (isnan(i->sigma_sq_start)) i->sigma_sq_start = objective_variance(&i->objective, i->x0);
    return i->sigma_sq_start;
}

static struct theory theory_of(const struct planned *run, const struct compressor_constants *q)
{
    const struct experiment_params *c = run->settings.data;
    const struct instance *i = run->instance;
    const struct smoothness *L = &i->L;
    return (struct theory){.regime = (enum regime)c->regime,
                           .n = i->objective.n,
                           .d = i->objective.d,
                           .rounds = c->rounds,
                           .m = (double)i->objective.total / (double)i->objective.n,
                           .m_min = fewest_samples(&i->objective),
                           .finite_sum = i->objective.finite_sum,
                           .sigma_sq = sigma_sq(run),
                           .grad_norm_sq = i->grad_norm_sq_start,
                           .L_f = L->L_f,
                           .L_bar = L->L_bar,
                           .L_hat = L->L_hat,
                           .L_i_max = L->L_i_max,
                           .L_max = L->L_max,
                           .L_cal = L->L_cal,
                           .mu = L->mu,
                           .omega = q->omega,
                           .omega_n = q->ab_a,
                           .ab_b = q->ab_b,
                           .alpha = q->alpha,
                           .zeta = q->zeta,
                           .bits_ratio = q->bits / ((double)i->objective.d * (c->value_bits ? 32 : 64))};
}

static bool has_samples(const struct planned *run, struct fail *f)
{
    const struct method *m = run->spec.method;
    const struct objective *o = run->spec.objective;
    const char *problem = run->instance->problem->name;
    if (m->samples == FINITE_SUM && !o->finite_sum)
        return fail_set(f, "method %s needs a finite sum, which problem %s is not; allowed: problems with a data set", m->name,
                        problem);
    if (m->samples == SAMPLED && !o->batch)
        return fail_set(f,
                        "method %s draws samples, which problem %s does not have; allowed: problems with a data set, quadratic",
                        m->name, problem);
    return true;
}

/* whose: "compressor" or "server_compressor", which is called `named`. */
static bool fits(const struct method *m, enum needs needs, const struct compressor_constants *q, const char *whose,
                 const char *named, struct fail *f)
{
    if (needs == UNBIASED && !q->unbiased)
        return fail_set(f, "method %s needs an unbiased %s, which %s is not; allowed: randk, qsgd, natural, ...", m->name, whose,
                        named);
    if (needs == CONTRACTIVE && !(q->alpha > 0))
        return fail_set(f, "method %s needs a contractive %s, which %s is not; allowed: topk, sign, scaled(%s), ...", m->name,
                        whose, named, named);
    return true;
}

static bool finish_chain(struct run_spec *s, struct chain *c, int64_t n, struct compressor_constants *q, struct fail *f)
{
    chain_shape(c, s->objective->d, s->objective->rows);
    for (int k = 0; k < c->length; k++)
        if (!settings_finish(&c->settings[k], c->link[k]->name, f)) return false;
    if (!chain_check(c, s->objective->d, n, f)) return false;
    chain_constants(c, s->objective->d, n, s->value_bits, q);
    return true;
}

/* A method's theory as settings_theory calls it. */
struct question {
    const struct method *method;
    const struct theory *theory;
};
static void ask_theory(void *param, const void *user)
{
    const struct question *q = user;
    q->method->theory(param, q->theory);
}

static bool fits_into_memory(const struct run_spec *s, struct fail *f)
{
    return memory_fits(s->objective->bytes + run_bytes(s), f, "n = %lld clients, d = %lld and the method's lists and batches",
                       (long long)s->objective->n, (long long)s->objective->d);
}

bool plan_apply_theory(struct planned *run, struct fail *f)
{
    struct run_spec *s = &run->spec;
    const struct method *m = s->method;
    const struct experiment_params *c = run->settings.data;
    const struct compressor_constants dense = {.unbiased = true, .alpha = 1, .zeta = (double)s->objective->d};
    struct compressor_constants up = dense, down = dense;
    if (s->compressed &&
        (!finish_chain(s, &s->chain, s->objective->n, &up, f) || !fits(m, m->needs, &up, "compressor", c->compressor, f)))
        return false;
    if (s->compressed_down &&
        (!finish_chain(s, &s->down, 1, &down, f) || !fits(m, m->needs_down, &down, "server_compressor", c->server_compressor, f)))
        return false;
    if (!has_samples(run, f)) return false;
    struct theory t = theory_of(run, &up);
    t.omega_down = down.omega;
    t.alpha_down = down.alpha;
    if (m->theory) settings_theory(&s->param, ask_theory, &(struct question){m, &t});
    return settings_finish(&s->param, m->name, f) && (!m->check || m->check(s->param.data, &t, f)) && fits_into_memory(s, f);
}
