/* plain.h - the methods once more, from the papers, in dense vectors and plain loops.
 *
 * Nothing of the engine is used but the compressors' draws: chain_compress, called as the engine must call it.  Gradients come
 * from dense matrices and the C library's exp.  `fault` breaks a method in one place, so that a test can see that it would
 * notice. */
#ifndef PLAIN_H
#define PLAIN_H
#include "lab.h"

struct plain {
    int64_t n, d;
    /* f_i = x^T A_i x/2 - b_i^T x, or mean over m_i rows a of loss(y <a, x>) + lambda |x|^2/2 */
    bool quadratic, sigmoid_square;
    int64_t *m;
    double **A, **b, lambda; /* A_i: d x d, or m_i x d; b_i: d, or m_i labels */

    const struct run_spec *spec;
    struct sampler sampler;
    struct message message;
    bool fault;
    int64_t round;
    double *x, *y, *g, *h, *mean, *heard; /* server; heard: the model as the clients have it */
    double **gi, **hi;                    /* clients                                         */
    double *grad, *v, *q;                 /* scratch                                         */
};

static inline double *plain_vector(int64_t d)
{
    return xcalloc((size_t)d, sizeof(double));
}

static inline double **plain_vectors(int64_t n, int64_t d)
{
    double **v = xcalloc((size_t)n, sizeof *v);
    for (int64_t i = 0; i < n; i++) v[i] = plain_vector(d);
    return v;
}

/* A_i column by column from the Hessian, b_i from the gradient at 0. */
static inline void plain_read_quadratic(struct plain *p, const struct objective *o)
{
    struct oracle_work w = {0};
    double *e = plain_vector(p->d), *column = plain_vector(p->d);
    for (int64_t i = 0; i < p->n; i++) {
        p->A[i] = plain_vector(p->d * p->d);
        p->b[i] = plain_vector(p->d);
        o->gradient(o, i, e, p->b[i], NULL, &w);
        for (int64_t j = 0; j < p->d; j++) {
            e[j] = 1;
            o->hessian_times(o, i, e, e, column, &w);
            e[j] = 0;
            p->b[i][j] = -p->b[i][j];
            for (int64_t k = 0; k < p->d; k++) p->A[i][k * p->d + j] = column[k];
        }
    }
    oracle_work_free(&w);
    free(e);
    free(column);
}

static inline void plain_read_rows(struct plain *p, const struct shards *s)
{
    for (int64_t i = 0; i < p->n; i++) {
        p->m[i] = s->first[i + 1] - s->first[i];
        p->A[i] = plain_vector(p->m[i] * p->d);
        p->b[i] = plain_vector(p->m[i]);
        for (int64_t k = 0; k < p->m[i]; k++) {
            const int64_t row = s->first[i] + k;
            double *a = p->A[i] + k * p->d;
            for (uint64_t e = s->rows.start[row]; e < s->rows.start[row + 1]; e++)
                a[s->rows.column[e]] = s->rows.value ? s->rows.value[e] : s->rows.common;
            if (s->bias) a[p->d - 1] = 1;
            p->b[i][k] = s->rows.label[row];
        }
    }
}

static inline void plain_open(struct plain *p, const struct planned *run, bool fault)
{
    const struct instance *in_ = run->instance;
    const struct objective *o = run->spec.objective;
    *p = (struct plain){.n = o->n, .d = o->d, .spec = &run->spec, .fault = fault};
    p->quadratic = strcmp(in_->problem->name, "quadratic") == 0;
    p->sigmoid_square = strcmp(in_->problem->name, "marina-loss") == 0;
    p->m = xcalloc((size_t)p->n, sizeof *p->m);
    p->A = xcalloc((size_t)p->n, sizeof *p->A);
    p->b = xcalloc((size_t)p->n, sizeof *p->b);
    if (p->quadratic)
        plain_read_quadratic(p, o);
    else {
        p->lambda = settings_real(&in_->problem_settings, state_place(in_->problem_settings.table, "lambda"));
        plain_read_rows(p, &in_->shards);
    }
    double **vectors[] = {&p->x, &p->y, &p->g, &p->h, &p->mean, &p->heard, &p->grad, &p->v, &p->q};
    for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) *vectors[k] = plain_vector(p->d);
    p->gi = plain_vectors(p->n, p->d);
    p->hi = plain_vectors(p->n, p->d);
    for (int64_t j = 0; j < p->d; j++) p->x[j] = p->y[j] = run->spec.x0[j];
}

static inline void plain_close(struct plain *p)
{
    double *vectors[] = {p->x, p->y, p->g, p->h, p->mean, p->heard, p->grad, p->v, p->q};
    for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) free(vectors[k]);
    double **lists[] = {p->A, p->b, p->gi, p->hi};
    for (size_t k = 0; k < 4; k++) {
        for (int64_t i = 0; i < p->n; i++) free(lists[k][i]);
        free(lists[k]);
    }
    free(p->m);
    sampler_free(&p->sampler);
    message_free(&p->message);
}

/* p->grad = grad f_i at what the clients heard */
static inline double *plain_gradient(struct plain *p, int64_t i)
{
    const double *A = p->A[i], *b = p->b[i], *x = p->heard;
    double *g = p->grad;
    const int64_t d = p->d, rows = p->quadratic ? d : p->m[i];
    for (int64_t j = 0; j < d; j++) g[j] = 0;
    for (int64_t k = 0; k < rows; k++) {
        double t = 0;
        for (int64_t j = 0; j < d; j++) t += A[k * d + j] * x[j];
        if (p->quadratic) {
            g[k] = t - b[k];
            continue;
        }
        const double s = 1 / (1 + exp(-b[k] * t));
        const double slope = p->sigmoid_square ? -2 * s * (1 - s) * (1 - s) * b[k] : -(1 - s) * b[k];
        for (int64_t j = 0; j < d; j++) g[j] += slope * A[k * d + j];
    }
    for (int64_t j = 0; j < d && !p->quadratic; j++) g[j] = g[j] / (double)p->m[i] + p->lambda * x[j];
    return g;
}

/* p->q = Q_i(v) or, dense, v as the wire holds it; added to the mean of the round */
static inline const double *plain_send(struct plain *p, int64_t i, const double *v, bool dense)
{
    const struct run_spec *s = p->spec;
    struct compress_call call = {.seed = s->seed,
                                 .round = (uint32_t)p->round,
                                 .client = (uint32_t)i,
                                 .d = p->d,
                                 .n = p->n,
                                 .value_bits = s->value_bits,
                                 .sampler = &p->sampler};
    for (int64_t j = 0; j < p->d; j++) p->q[j] = dense ? (s->value_bits == 32 ? (double)(float)v[j] : v[j]) : 0;
    if (!dense) {
        if (p->fault && strcmp(s->method->name, "qgd") == 0) call.client = 0; /* one client's draws for all */
        chain_compress(&s->chain, &call, v, &p->message);
        for (int64_t k = 0; k < p->message.count; k++) p->q[p->message.dense ? k : p->message.index[k]] = p->message.value[k];
    }
    for (int64_t j = 0; j < p->d; j++) p->mean[j] += p->q[j] / (double)p->n;
    return p->q;
}

static inline double plain_param(const struct plain *p, const char *name)
{
    return settings_real(&p->spec->param, state_place(p->spec->param.table, name));
}

/* --- the methods: one round each, p->x being x^k before and x^{k+1} after -------------------------------------------- */

static inline void plain_gd(struct plain *p)
{
    for (int64_t i = 0; i < p->n; i++) plain_send(p, i, plain_gradient(p, i), true);
    for (int64_t j = 0; j < p->d; j++) p->x[j] -= plain_param(p, "gamma") * p->mean[j];
}

/* fault: the momentum starts from the point before last */
static inline void plain_agd(struct plain *p)
{
    const double k = (double)p->round, momentum = plain_param(p, "momentum");
    const double beta = momentum == 1 ? k / (k + 3) : momentum;
    for (int64_t i = 0; i < p->n; i++) plain_send(p, i, plain_gradient(p, i), true);
    for (int64_t j = 0; j < p->d; j++) {
        const double y = p->x[j] - plain_param(p, "gamma") * p->mean[j];
        p->x[j] = y + beta * (y - (p->fault ? p->x[j] : p->y[j]));
        p->y[j] = y;
    }
}

static inline void plain_qgd(struct plain *p)
{
    for (int64_t i = 0; i < p->n; i++) plain_send(p, i, plain_gradient(p, i), false);
    for (int64_t j = 0; j < p->d; j++) p->x[j] -= plain_param(p, "gamma") * p->mean[j];
}

/* fault: the step uses the shifts as they are after the round */
static inline void plain_diana(struct plain *p)
{
    const double alpha = plain_param(p, "alpha"), gamma = plain_param(p, "gamma");
    for (int64_t i = 0; i < p->n; i++) {
        const double *g = plain_gradient(p, i);
        for (int64_t j = 0; j < p->d; j++) p->v[j] = g[j] - p->hi[i][j];
        const double *q = plain_send(p, i, p->v, false);
        for (int64_t j = 0; j < p->d; j++) p->hi[i][j] += alpha * q[j];
    }
    for (int64_t j = 0; j < p->d; j++) {
        const double old = p->h[j];
        p->h[j] += alpha * p->mean[j];
        p->x[j] -= gamma * ((p->fault ? p->h[j] : old) + p->mean[j]);
    }
}

/* gi: grad f_i(x^k).  fault: the coin is that of the next round */
static inline void plain_marina(struct plain *p)
{
    struct stream s = stream(p->spec->seed, FOR_COIN, 0, (uint32_t)p->round + p->fault, STREAM_SHARED);
    const bool dense = p->round == 0 || stream_uniform(&s) < plain_param(p, "p");
    for (int64_t i = 0; i < p->n; i++) {
        const double *g = plain_gradient(p, i);
        for (int64_t j = 0; j < p->d; j++) {
            p->v[j] = dense ? g[j] : g[j] - p->gi[i][j];
            p->gi[i][j] = g[j];
        }
        plain_send(p, i, p->v, dense);
    }
    for (int64_t j = 0; j < p->d; j++) {
        p->g[j] = dense ? p->mean[j] : p->g[j] + p->mean[j];
        p->x[j] -= plain_param(p, "gamma") * p->g[j];
    }
}

/* fault: a multiplies g_i - h_i^{t+1} instead of g_i - h_i^t */
static inline void plain_dasha(struct plain *p)
{
    const bool from_zero = plain_param(p, "init") != 0, start = p->round == 0;
    const double a = plain_param(p, "a");
    for (int64_t i = 0; i < p->n; i++) {
        const double *h = plain_gradient(p, i);
        double *gi = p->gi[i], *hi = p->hi[i];
        for (int64_t j = 0; j < p->d; j++) {
            p->v[j] = start ? h[j] : h[j] - hi[j] - a * (gi[j] - (p->fault ? h[j] : hi[j]));
            hi[j] = h[j];
        }
        if (start && from_zero) continue;
        const double *q = plain_send(p, i, p->v, start);
        for (int64_t j = 0; j < p->d; j++) gi[j] += q[j];
    }
    for (int64_t j = 0; j < p->d; j++) {
        p->g[j] += p->mean[j];
        p->x[j] -= plain_param(p, "gamma") * p->g[j];
    }
}

/* fault: the server averages the messages alone */
static inline void plain_ef21(struct plain *p)
{
    const bool dense = p->round == 0 && plain_param(p, "init") != 0;
    for (int64_t i = 0; i < p->n; i++) {
        const double *g = plain_gradient(p, i);
        for (int64_t j = 0; j < p->d; j++) p->v[j] = g[j] - p->gi[i][j];
        const double *c = plain_send(p, i, p->v, dense);
        for (int64_t j = 0; j < p->d; j++) p->gi[i][j] += c[j];
    }
    for (int64_t j = 0; j < p->d; j++) {
        p->g[j] = (p->fault ? 0 : p->g[j]) + p->mean[j];
        p->x[j] -= plain_param(p, "gamma") * p->g[j];
    }
}

static const struct {
    const char *name;
    void (*round)(struct plain *);
} plain_methods[] = {{"gd", plain_gd},         {"agd", plain_agd},     {"qgd", plain_qgd},  {"diana", plain_diana},
                     {"marina", plain_marina}, {"dasha", plain_dasha}, {"ef21", plain_ef21}};

static inline void plain_round(struct plain *p)
{
    for (int64_t j = 0; j < p->d; j++) {
        p->mean[j] = 0;
        p->heard[j] = p->spec->value_bits == 32 ? (double)(float)p->x[j] : p->x[j];
    }
    for (size_t k = 0; k < sizeof plain_methods / sizeof *plain_methods; k++)
        if (strcmp(plain_methods[k].name, p->spec->method->name) == 0) plain_methods[k].round(p);
    p->round++;
}

/* What the engine measures. */
static inline const double *plain_model(const struct plain *p)
{
    return strcmp(p->spec->method->name, "agd") == 0 ? p->y : p->x;
}
#endif
