/* Accelerated gradient descent (Nesterov 1983, 2004): gradients at an extrapolated point. */
#include "../sim/sim.h"

struct param { double gamma, momentum; };
struct all   { vec x, y, step; };

static const struct field params[] = {
    REAL_POS(param, gamma, "theory", INFINITY, "stepsize; theory: 1/L_f"),
    REAL(param, momentum, "theory", 0, 1,
         "extrapolation; theory: (1-q)/(1+q), q = sqrt(mu gamma), or if mu = 0 the value 1, which stands for k/(k+3) in round k = 0, 1, ..."),
    FIELDS_END};
static const struct field server[] = {STATE(all, x, "extrapolated point, where gradients are taken"), STATE(all, y, "model"),
                                      STATE(all, step, "y^{k+1} - y^k"), FIELDS_END};

static void theory(void *v, const struct theory *t)
{
    struct param *p = v;
    if (isnan(p->gamma)) p->gamma = 1 / t->L_f;
    if (isnan(p->momentum)) {
        double q = sqrt(fmin(t->mu * p->gamma, 1));
        p->momentum = t->mu > 0 ? (1 - q) / (1 + q) : 1;
    }
}

static void start(struct server *s)
{
    struct all *st = state(s);
    copy(st->x, st->y);                          /* x^0 = y^0                             */
}

static void open_round(struct server *s)
{
    struct all *st = state(s);
    broadcast(s, st->x);
}

static void client_step(struct client *c)
{
    send_dense(c, gradient(c, heard(c)));        /* grad f_i(x^k)                         */
}

static void server_step(struct server *s)
{
    const struct param *p = param(s);
    struct all *st = state(s);
    double k = (double)rounds_made(s), beta = p->momentum < 1 ? p->momentum : k / (k + 3);

    copy(st->step, st->y);
    copy(st->y, st->x);
    axpy(st->y, -p->gamma, mean(s));             /* y^{k+1} = x^k - gamma grad f(x^k)     */
    sub(st->step, st->y, st->step);
    copy(st->x, st->y);
    axpy(st->x, beta, st->step);                 /* x^{k+1} = y^{k+1} + beta (y^{k+1} - y^k) */
}

const struct method method_agd = {
    .name = "agd",
    .summary = "Nesterov's accelerated gradient descent, uncompressed",
    .paper = "Yu. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2), 1983; Introductory Lectures, 2004",
    .explain = "server:   broadcast x\n"
               "client i: send grad f_i(x), uncompressed\n"
               "server:   y+ <- x - gamma * mean of the gradients\n"
               "          x  <- y+ + beta (y+ - y);  y <- y+\n"
               "\n"
               "The model is y. Per round and client: d values up, d values down, m_i sample gradients.\n"
               "Strongly convex, q = sqrt(mu/L_f), beta = (1-q)/(1+q):\n"
               "  f(y^k) - f* <= (1-q)^k (f(x0) - f* + (mu/2) |x0 - x*|^2).\n"
               "Convex (mu = 0), beta_k = k/(k+3), k = 0, 1, ...:\n"
               "  f(y^k) - f* <= 2 L_f |x0 - x*|^2 / (k+1)^2.",
    .needs = NO_COMPRESSOR,
    .model = "y",
    .param = params, .param_size = sizeof(struct param),
    .server = server, .server_size = sizeof(struct all),
    .theory = theory, .start = start, .open_round = open_round, .client_step = client_step, .server_step = server_step,
};
