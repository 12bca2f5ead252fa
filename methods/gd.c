/* Gradient descent, every client sending its gradient in full: the yardstick of every other method. */
#include "../sim/sim.h"

struct param { double gamma; };
struct all   { vec x; };

static const struct field params[] = {REAL_POS(param, gamma, "theory", INFINITY, "stepsize; theory: 1/L_f"), FIELDS_END};
static const struct field server[] = {STATE(all, x, "model"), FIELDS_END};

static void theory(void *v, const struct theory *t)
{
    struct param *p = v;
    if (isnan(p->gamma)) p->gamma = 1 / t->L_f;
}

static void client_step(struct client *c)
{
    send_dense(c, gradient(c, heard(c)));        /* grad f_i(x^k)                         */
}

static void server_step(struct server *s)
{
    const struct param *p = param(s);
    struct all *st = state(s);
    axpy(st->x, -p->gamma, mean(s));             /* x^{k+1} = x^k - gamma grad f(x^k)     */
}

const struct method method_gd = {
    .name = "gd",
    .summary = "gradient descent with uncompressed gradients",
    .paper = "A.-L. Cauchy, 1847; distributed over n clients",
    .explain = "server:   broadcast x\n"
               "client i: send grad f_i(x), uncompressed\n"
               "server:   x <- x - gamma * mean of the gradients\n"
               "\n"
               "Per round and client: d values up, d values down, m_i sample gradients.\n"
               "With gamma = 1/L_f, after K rounds min |grad f|^2 <= 2 L_f (f(x0) - f*)/K;\n"
               "under PL, f - f* is multiplied by 1 - mu/L_f or less in a round.",
    .needs = NO_COMPRESSOR,
    .param = params, .param_size = sizeof(struct param),
    .server = server, .server_size = sizeof(struct all),
    .theory = theory, .client_step = client_step, .server_step = server_step,
};
