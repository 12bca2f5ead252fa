/* plan_theory.c - what theory knows of a run's problem and compressor, and the parameters it gives the method. */
#include "plan.h"

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

static bool fits(const struct planned *run, const struct compressor_constants *q, struct fail *f)
{
    const struct experiment_params *c = run->settings.data;
    const char *name = run->spec.method->name;
    if (run->spec.method->needs == UNBIASED && !q->unbiased)
        return fail_set(f, "method %s needs an unbiased compressor, which %s is not; allowed: randk, qsgd, natural, ...", name,
                        c->compressor);
    if (run->spec.method->needs == CONTRACTIVE && !(q->alpha > 0))
        return fail_set(f, "method %s needs a contractive compressor, which %s is not; allowed: topk, sign, scaled(%s), ...",
                        name, c->compressor, c->compressor);
    return true;
}

bool plan_apply_theory(struct planned *run, struct fail *f)
{
    struct run_spec *s = &run->spec;
    struct compressor_constants q = {.unbiased = true, .alpha = 1, .zeta = (double)run->instance->objective.d};
    if (s->compressed) {
        int64_t d = s->objective->d, n = s->objective->n;
        for (int k = 0; k < s->chain.length; k++)
            if (!settings_finish(&s->chain.settings[k], s->chain.link[k]->name, f)) return false;
        if (!chain_check(&s->chain, d, n, f)) return false;
        chain_constants(&s->chain, d, n, s->value_bits, &q);
        if (!fits(run, &q, f)) return false;
    }
    struct theory t = theory_of(run, &q);
    if (s->method->theory) s->method->theory(s->param.data, &t);
    return settings_finish(&s->param, s->method->name, f) && (!s->method->check || s->method->check(s->param.data, &t, f));
}
