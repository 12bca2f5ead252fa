/* marina_loss.c - the smooth non-convex classification loss of the MARINA and DASHA experiments. */
#include "../linear.h"
#include "../margin.h"
#include "../regularisers.h"
#include "../wide.h"
#include <math.h>

struct marina_loss {
    double lambda, curvature, ridge;
};

static const struct field param[] = {
    REAL(marina_loss, lambda, "0", 0, 1e12, "strength of the ridge: (lambda/2)|x|^2 is added"),
    REAL(marina_loss, ridge, "0", 0, 1e12,
         "not 0: lambda is this times max L_i = curvature max |a|^2 (the released MARINA scripts: 1e-6)"),
    REAL_POS(marina_loss, curvature, "0.15405857012135052", 1e6,
             "bound on |l''| that theory uses; exact by default, 0.15405 in MARINA's code, 0.15406 in DASHA's"),
    FIELDS_END};

/* s = sigma(z), c = 1 - s: l = c^2, dl/dz = -2 s c^2, d2l/dz2 = 2 s c^2 (3 s - 1). */
WIDE static void strip(int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    double s[MARGIN_STRIP], c[MARGIN_STRIP], e[MARGIN_STRIP];
    margin_sigmoid(count, t, y, s, c, e);
    if (value)
        for (int64_t k = 0; k < count; k++) value[k] = c[k] * c[k];
    if (slope)
        for (int64_t k = 0; k < count; k++) slope[k] = -2 * y[k] * (s[k] * (c[k] * c[k]));
    if (curve)
        for (int64_t k = 0; k < count; k++) curve[k] = 2 * (s[k] * (c[k] * c[k])) * (3 * s[k] - 1);
}

static void loss(const void *p, int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    (void)p;
    for (int64_t k = 0; k < count; k += MARGIN_STRIP)
        strip(count - k < MARGIN_STRIP ? count - k : MARGIN_STRIP, t + k, y + k, value ? value + k : NULL,
              slope ? slope + k : NULL, curve ? curve + k : NULL);
}

static double curvature(const void *p)
{
    return ((const struct marina_loss *)p)->curvature;
}

static double reg(const void *p, int64_t d, const double *x, double *grad, const double *v, double *hess_v)
{
    return ridge(((const struct marina_loss *)p)->lambda, d, x, grad, v, hess_v);
}

static void reg_bounds(const void *p, double *low, double *high)
{
    *low = *high = ((const struct marina_loss *)p)->lambda;
}

/* lambda = ridge * c * max |a|^2 over the rows of all clients. */
static bool open_marina_loss(struct objective *o, const void *p, const struct shards *shards, int64_t clients, uint64_t data_seed,
                             struct fail *f)
{
    (void)clients, (void)data_seed;
    const struct marina_loss *asked = p;
    if (asked->ridge > 0 && asked->lambda > 0)
        return fail_set(f, "problem marina-loss: lambda and ridge are both given; give one of them (ridge chooses lambda)");
    if (!linear_open(o, o->problem, p, shards, f)) return false;
    struct linear *a = o->self;
    double largest = 0;
    for (int64_t k = 0; asked->ridge > 0 && k < shards->first[shards->n]; k++) largest = fmax(largest, linear_row_norm_sq(a, k));
    if (asked->ridge > 0) ((struct marina_loss *)a->param)->lambda = asked->curvature * largest * asked->ridge;
    return true;
}

const struct problem problem_marina_loss = {
    .name = "marina-loss",
    .formula = "f_i(x) = mean_j (1 - sigma(y_ij <a_ij, x>))^2 + (lambda/2)|x|^2",
    .paper = "Zhao, Mammadov, Yearwood 2010 (the loss); Gorbunov, Burlachenko, Li, Richtarik 2021, arXiv 2102.07845, eq. (11)",
    .explain =
        "Binary classification by the square of a sigmoid: smooth, bounded by 1, not convex.\n"
        "  z = y <a, x>,  s = sigma(z) = 1/(1+exp(-z)),  l(z) = (1-s)^2\n"
        "  l'(z)  = -2 s (1-s)^2            |l'| <= 8/27, at s = 1/3\n"
        "  l''(z) = 2 s (1-s)^2 (3s-1)      in [-0.12020, 0.15406] = (39 -+ 55 sqrt 33)/2304,\n"
        "                                   attained where 12 s^2 - 9 s + 1 = 0, s = (9 -+ sqrt 33)/24\n"
        "Each sample is (c |a|^2)-smooth with c = sup |l''| = 0.154058570121351.  The codes released with the MARINA and DASHA\n"
        "papers use 0.15405 (a little too small) and 0.15406; set `curvature` to repeat them.  At x = 0 every sample has the\n"
        "value 1/4 and the gradient -(1/4) y a.  lambda = 0 is formula (11) of the paper; its scripts have\n"
        "lambda = 1e-6 max L_i, L_i = curvature max_j |a_ij|^2: `ridge = 1e-6`.",
    .param = param,
    .param_size = sizeof(struct marina_loss),
    .needs_data = true,
    .two_classes = true,
    .convex = false,
    .loss = loss,
    .curvature = curvature,
    .reg = reg,
    .reg_bounds = reg_bounds,
    .open = open_marina_loss,
};
