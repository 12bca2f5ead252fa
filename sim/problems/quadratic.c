/* quadratic.c - quadratics with a chosen spectrum and chosen differences between clients; every constant in closed form. */
#include "../memory.h"
#include "../problem.h"
#include "../real.h"
#include "../rng.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct quadratic {
    int64_t dim;
    double L, mu, heterogeneity;
    int64_t rotate;
    double noise, diagonal_noise;
};

static const struct field param[] = {
    INTEGER(quadratic, dim, "100", 1, 2000000000, "dimension d"),
    REAL_POS(quadratic, L, "1", 1e100, "largest eigenvalue of the mean of the A_i"),
    REAL_POS(quadratic, mu, "0.01", 1e100, "smallest eigenvalue of the mean of the A_i; at most L"),
    REAL(quadratic, heterogeneity, "0", 0, 1e6,
         "h: client spectra are (1 +- h) times the mean one, their own minimisers are about h away from x*; above 1, A_i are "
         "indefinite"),
    BOOLEAN(quadratic, rotate, "yes", "no: A_i are diagonal; yes: they share the eigenvectors of a random reflection"),
    REAL(quadratic, noise, "0", 0, 1e100,
         "sigma: a sample's gradient is A_i x - b_i + sigma z + tau u x, z ~ N(0, I), u ~ N(0, 1)"),
    REAL(quadratic, diagonal_noise, "0", 0, 1e100,
         "tau: noise on the diagonal of A_i, which differences of gradients do not cancel"),
    FIELDS_END};

/* In the coordinates u = H x, H = I - 2 w w^T, |w| = 1 (or H = I):
 *   f_i = sum_j (1/2) D_ij u_j^2 - c_ij u_j,  D_ij = lambda_j (1 + h S_ij),  c_ij = lambda_j (u*_j + h T_ij/sqrt d).
 * Signs S, T are random for client 0, 2, 4, ..., opposite for its partner 1, 3, 5, ..., and 0 for a last one without a
 * partner, so that means over clients are lambda_j and lambda_j u*_j. */
struct spectrum {
    int64_t d, words; /* words: 64-bit words of d signs                         */
    double h, shift;  /* shift = h / sqrt d                                     */
    double *lambda;   /* d: eigenvalues of the mean, from L down to mu          */
    double *c;        /* d: lambda_j u*_j                                       */
    double *w;        /* d: the reflection's unit vector; NULL: none            */
    uint64_t *sign;   /* S and T of every pair of clients; NULL when h = 0      */
    uint64_t data_seed;
    struct quadratic param;
};

/* +flip where the j-th sign is set, else -flip; no branch, which random signs would mispredict. */
static inline double signed_by(const uint64_t *sign, int64_t j, double flip)
{
    return (double)(2 * (int)(sign[j >> 6] >> (j & 63) & 1) - 1) * flip;
}

/* +1, -1 or 0: how client i uses its pair's signs; where they are. */
static double client_signs(const struct objective *o, int64_t client, const uint64_t **s, const uint64_t **t)
{
    const struct spectrum *q = o->self;
    if (!q->sign || (client == o->n - 1 && client % 2 == 0)) return 0;
    *s = q->sign + client / 2 * 2 * q->words;
    *t = *s + q->words;
    return client % 2 == 0 ? 1 : -1;
}

/* y = H x; y may be x. */
static void reflect(const struct spectrum *q, const double *x, double *y)
{
    if (!q->w) {
        if (y != x) memcpy(y, x, (size_t)q->d * sizeof *y);
        return;
    }
    const double twice = 2 * real_dot((size_t)q->d, q->w, x);
    for (int64_t j = 0; j < q->d; j++) y[j] = x[j] - twice * q->w[j];
}

/* out = times D_i u - c_i (linear: without c_i). */
static void diagonal_gradient(const struct objective *o, int64_t client, const double *u, double times, bool linear, double *out)
{
    const struct spectrum *q = o->self;
    const double *lambda = q->lambda, *c = q->c, keep = linear ? 0 : 1;
    const uint64_t *s = NULL, *t = NULL;
    const double flip = client_signs(o, client, &s, &t), h = flip * q->h, shift = flip * q->shift;
    if (h == 0)
        for (int64_t j = 0; j < q->d; j++) out[j] = lambda[j] * u[j] * times - keep * c[j];
    else
        for (int64_t j = 0; j < q->d; j++) {
            const double image = lambda[j] * (1 + signed_by(s, j, h)) * u[j];
            const double own = c[j] + lambda[j] * signed_by(t, j, shift);
            out[j] = image * times - keep * own;
        }
}

static void gradient(const struct objective *o, int64_t client, const double *x, double *out, double *value,
                     struct oracle_work *w)
{
    const struct spectrum *q = o->self;
    const size_t d = (size_t)q->d;
    double *u = work_room(&w->b, &w->room_b, d);
    reflect(q, x, u);
    if (value) {
        diagonal_gradient(o, client, u, 0.5, false, out);
        *value = real_dot(d, u, out);
    }
    diagonal_gradient(o, client, u, 1, false, out);
    reflect(q, out, out);
}

/* The noise of sample xi of a client, u before z, is a function of its number alone: the same at every point. */
static void batch(const struct objective *o, int64_t client, const uint32_t *xi, int64_t count, const double *x, double *out,
                  struct oracle_work *w)
{
    const struct spectrum *q = o->self;
    const double sigma = q->param.noise, tau = q->param.diagonal_noise, many = (double)count;
    gradient(o, client, x, out, NULL, w);
    for (int64_t k = 0; k < count && (sigma > 0 || tau > 0); k++) {
        struct stream s = stream(q->data_seed, FOR_NOISE, 0, xi[k], (uint32_t)client);
        const double u = tau * stream_gaussian(&s);
        for (int64_t j = 0; j < q->d && sigma > 0; j++) out[j] += sigma * stream_gaussian(&s) / many;
        for (int64_t j = 0; j < q->d && tau > 0; j++) out[j] += u * x[j] / many;
    }
}

static double variance(const struct objective *o, int64_t client, const double *x)
{
    (void)client;
    const struct spectrum *q = o->self;
    const double sigma = q->param.noise, tau = q->param.diagonal_noise;
    return sigma * sigma * (double)q->d + tau * tau * real_norm_sq((size_t)q->d, x);
}

static void hessian_times(const struct objective *o, int64_t client, const double *x, const double *v, double *out,
                          struct oracle_work *w)
{
    (void)x;
    const struct spectrum *q = o->self;
    double *u = work_room(&w->b, &w->room_b, (size_t)q->d);
    reflect(q, v, u);
    diagonal_gradient(o, client, u, 1, true, out);
    reflect(q, out, out);
}

/* L_i = max_j |D_ij|; the mean of the A_i has the spectrum lambda. */
static void smoothness(const struct objective *o, bool spectral, struct smoothness *s, struct oracle_work *w)
{
    (void)spectral, (void)w;
    const struct spectrum *q = o->self;
    double squares = 0;
    for (int64_t i = 0; i < o->n; i++) {
        const uint64_t *sign = NULL, *unused = NULL;
        const double h = client_signs(o, i, &sign, &unused) * q->h;
        double largest = 0;
        for (int64_t j = 0; j < q->d; j++) { /* with fmax, gcc 12 for aarch64 stops in an internal error */
            const double L_j = fabs(h == 0 ? q->lambda[j] : q->lambda[j] * (1 + signed_by(sign, j, h)));
            largest = L_j > largest ? L_j : largest;
        }
        s->L_i[i] = largest;
        s->L_max = fmax(s->L_max, largest);
        squares += largest * largest;
    }
    const double tau = q->param.diagonal_noise;
    s->L_max = sqrt(s->L_max * s->L_max + tau * tau);
    s->L_cal = sqrt(squares / (double)o->n + tau * tau);
    s->L_f = q->lambda[0];
    s->mu = q->lambda[q->d - 1];
}

static void close_quadratic(struct objective *o)
{
    struct spectrum *q = o->self;
    free(q->lambda);
    free(q->c);
    free(q->w);
    free(q->sign);
    free(q);
}

/* lambda_j = L (mu/L)^(j/(d-1)), log-spaced, ends exact. */
static void draw_spectrum(struct spectrum *q, uint64_t data_seed)
{
    const size_t bytes = (size_t)q->d * sizeof *q->lambda;
    q->lambda = xmalloc(bytes);
    const double step = q->d > 1 ? real_log(q->param.mu / q->param.L) / (double)(q->d - 1) : 0;
    for (int64_t j = 0; j < q->d; j++)
        q->lambda[j] = fmax(q->param.mu, fmin(q->param.L, q->param.L * real_exp(step * (double)j)));
    if (q->d > 1) q->lambda[q->d - 1] = q->param.mu;
    q->lambda[0] = q->param.L;
    if (!q->param.rotate) return;
    q->w = xmalloc(bytes);
    struct stream s = stream(data_seed, FOR_GENERATOR, 0, 0, STREAM_SHARED);
    for (int64_t j = 0; j < q->d; j++) q->w[j] = stream_gaussian(&s);
    const double norm = sqrt(real_norm_sq((size_t)q->d, q->w));
    for (int64_t j = 0; j < q->d; j++) q->w[j] /= norm;
}

/* u* ~ N(0, I/d), so |x*| ~ 1; c = lambda u*, x* = H u*, f* = -(1/2) sum c u*. */
static void draw_optimum(struct objective *o, struct spectrum *q, uint64_t data_seed)
{
    const double root = sqrt((double)q->d);
    struct stream s = stream(data_seed, FOR_GENERATOR, 1, 0, STREAM_SHARED);
    q->c = xmalloc((size_t)q->d * sizeof *q->c);
    o->x_star = xmalloc((size_t)q->d * sizeof *o->x_star);
    for (int64_t j = 0; j < q->d; j++) {
        o->x_star[j] = stream_gaussian(&s) / root;
        q->c[j] = q->lambda[j] * o->x_star[j];
    }
    o->f_star = -real_dot((size_t)q->d, q->c, o->x_star) / 2;
    reflect(q, o->x_star, o->x_star);
}

static void draw_signs(struct spectrum *q, int64_t clients, uint64_t data_seed)
{
    if (q->h == 0 || clients < 2) return;
    q->words = (q->d + 63) / 64;
    q->sign = xmalloc((size_t)(clients / 2 * 2 * q->words) * sizeof *q->sign);
    for (int64_t pair = 0; pair < clients / 2; pair++) {
        struct stream s = stream(data_seed, FOR_GENERATOR, 2, 0, (uint32_t)pair);
        for (int64_t k = 0; k < 2 * q->words; k++) q->sign[pair * 2 * q->words + k] = stream_u64(&s);
    }
}

static bool open_quadratic(struct objective *o, const void *p, const struct shards *shards, int64_t clients, uint64_t data_seed,
                           struct fail *f)
{
    (void)shards;
    const struct quadratic *asked = p;
    if (asked->mu > asked->L) return fail_set(f, "problem quadratic: mu = %g is above L = %g; 0 < mu <= L", asked->mu, asked->L);
    if (asked->dim == 1 && asked->mu < asked->L)
        return fail_set(f, "problem quadratic: dim = 1 has one eigenvalue; mu = %g and L = %g must be equal", asked->mu,
                        asked->L);
    if (clients < 1) return fail_set(f, "problem quadratic: clients = %lld; at least 1", (long long)clients);
    const double n = (double)clients, d = (double)asked->dim, signs = asked->heterogeneity > 0 ? n * d / 8 : 0;
    if (!memory_fits(BYTES_OF_CLIENT * n + 32 * d + signs, f, "problem quadratic: clients = %lld and dim = %lld",
                     (long long)clients, (long long)asked->dim))
        return false;
    struct spectrum *q = xcalloc(1, sizeof *q);
    q->param = *asked;
    q->data_seed = data_seed;
    q->d = asked->dim;
    q->h = asked->heterogeneity;
    q->shift = q->h / sqrt((double)q->d);
    draw_spectrum(q, data_seed);
    draw_optimum(o, q, data_seed);
    draw_signs(q, clients, data_seed);
    o->self = q;
    o->param = &q->param;
    o->d = q->d;
    o->n = o->total = clients;
    o->bytes = 8 * ((q->w ? 4 : 3) * d + (q->sign ? n / 2 * 2 * (double)q->words : 0));
    o->samples = xmalloc((size_t)clients * sizeof *o->samples);
    for (int64_t i = 0; i < clients; i++) o->samples[i] = 1;
    snprintf(o->title, sizeof o->title, "quadratic");
    o->gradient = gradient;
    o->batch = batch;
    o->variance = variance;
    o->hessian_times = hessian_times;
    o->smoothness = smoothness;
    o->close = close_quadratic;
    return true;
}

const struct problem problem_quadratic = {
    .name = "quadratic",
    .formula = "f_i(x) = (1/2) x^T A_i x - b_i^T x",
    .paper =
        "generated; as in the synthetic experiments of Szlendak, Tyurin, Richtarik 2021, arXiv 2110.03300, with known spectra",
    .explain =
        "Quadratics whose constants are known exactly, in any dimension.\n"
        "  A_i = H D_i H,  H = I - 2 w w^T a random reflection (rotate = no: H = I),  D_i diagonal\n"
        "  mean of the D_i: log-spaced from L down to mu;  D_ij = lambda_j (1 + h S_ij),  h = heterogeneity\n"
        "  b_i = H c_i,  c_ij = lambda_j (u*_j + h T_ij / sqrt d),  u* ~ N(0, I/d)\n"
        "Signs S_ij, T_ij = +-1 are random and opposite for the clients of each pair (0,1), (2,3), ...; a last client without a\n"
        "partner has 0.  So grad f(x) = A (x - x*) with A = H diag(lambda) H whatever h is: L_f = L, mu, x* = H u*, and\n"
        "f* = -(1/2) sum lambda_j u*_j^2 are exact, L_i = max_j |D_ij|, and h alone moves the clients apart.\n"
        "As an expectation: methods that draw samples see A_i x - b_i + sigma z + tau u x, Gaussian z and u drawn per sample.  "
        "The\n"
        "first noise is the same at every point, the second is a random multiple of x: L_cal^2 = mean L_i^2 + tau^2.\n"
        "Memory: three or four numbers per coordinate, and one bit per coordinate and client when h > 0.",
    .param = param,
    .param_size = sizeof(struct quadratic),
    .needs_data = false,
    .convex = true,
    .quadratic = true,
    .open = open_quadratic,
};
