/* EF21, error feedback without errors: Richtarik, Sokolov, Fatkhullin 2021, Algorithm 2. */
#include "../sim/sim.h"

enum { COMPRESSED, GRADIENT };
struct param { double gamma; int64_t init; };
struct mine  { vec g; };
struct all   { vec x, g; };

static const struct field params[] = {
    REAL_POS(param, gamma, "theory", INFINITY,
             "stepsize; theory: 1/(L_f + L_hat sqrt(b/t)), t = 1 - sqrt(1-alpha), b = (1-alpha)/t; under PL with 2 b/t and at most t/(2 mu)"),
    CHOICE(param, init, "compressed", "compressed|gradient", "g_i^0: compressed C_i(grad f_i(x0)) (the paper); gradient, sent uncompressed (its code)"),
    FIELDS_END};
static const struct field clients[] = {STATE(mine, g, "local estimator g_i"), FIELDS_END};
static const struct field server[] = {STATE(all, x, "model"), STATE(all, g, "mean of the g_i"), FIELDS_END};

static void theory(void *v, const struct theory *t)
{
    struct param *p = v;
    if (!isnan(p->gamma)) return;
    double contraction = 1 - sqrt(1 - t->alpha), beta = (1 - t->alpha) / contraction;
    p->gamma = 1 / (t->L_f + t->L_hat * sqrt((t->regime == PL ? 2 : 1) * beta / contraction));
    if (t->regime == PL && t->mu > 0) p->gamma = fmin(p->gamma, contraction / (2 * t->mu));
}

static void client_step(struct client *c)
{
    const struct param *p = param(c);
    struct mine *my = mine(c);
    vec delta = tmp(c, 0);

    sub(delta, gradient(c, heard(c)), my->g);    /* g_i starts at zero                                  */
    if (first(c) && p->init == GRADIENT) axpy(my->g, 1, send_dense(c, delta));
    else axpy(my->g, 1, send(c, delta));         /* c_i = C_i(grad f_i(x^{t+1}) - g_i^t)                */
}                                                /* g_i^{t+1} = g_i^t + c_i                             */

static void server_step(struct server *s)
{
    const struct param *p = param(s);
    struct all *st = state(s);
    axpy(st->g, 1, mean(s));                     /* g^{t+1} = g^t + mean c_i                            */
    axpy(st->x, -p->gamma, st->g);               /* x^{t+2} = x^{t+1} - gamma g^{t+1}                   */
}

const struct method method_ef21 = {
    .name = "ef21",
    .summary = "contractive compression of the difference to the last estimate",
    .paper = "P. Richtarik, I. Sokolov, I. Fatkhullin, EF21, NeurIPS 2021, arXiv:2106.05203, Algorithm 2",
    .explain = "start:    g_i = C_i(grad f_i(x0)) (or grad f_i(x0), sent uncompressed);  g = mean g_i\n"
               "server:   x <- x - gamma g;  broadcast x\n"
               "client i: c_i = C_i(grad f_i(x) - g_i), send c_i;  g_i <- g_i + c_i\n"
               "server:   g <- g + mean c_i\n"
               "\n"
               "Per round and client: one compressed message up, d values down, m_i sample gradients.\n"
               "E|grad f(x_random)|^2 <= 2 (f(x0) - f*)/(gamma K) + G/(t K), G = mean |g_i^0 - grad f_i(x0)|^2, t as below.\n"
               "Takes contractive compressors such as topk; an unbiased Q goes in as scaled(Q) = Q/(1+omega).",
    .needs = CONTRACTIVE,
    .dense_start = true,
    .param = params, .param_size = sizeof(struct param),
    .client = clients, .client_size = sizeof(struct mine),
    .server = server, .server_size = sizeof(struct all),
    .theory = theory, .client_step = client_step, .server_step = server_step,
};
