/* least_squares.c - linear regression with real labels. */
#include "../problem.h"
#include "../regularisers.h"

struct least_squares {
    double lambda;
};

static const struct field param[] = {REAL(least_squares, lambda, "0", 0, 1e12, "ridge: (lambda/2)|x|^2 is added"), FIELDS_END};

static void loss(const void *p, int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    (void)p;
    if (value)
        for (int64_t k = 0; k < count; k++) value[k] = (t[k] - y[k]) * (t[k] - y[k]) / 2;
    if (slope)
        for (int64_t k = 0; k < count; k++) slope[k] = t[k] - y[k];
    if (curve)
        for (int64_t k = 0; k < count; k++) curve[k] = 1;
}

static double one(const void *p)
{
    (void)p;
    return 1;
}

static double reg(const void *p, int64_t d, const double *x, double *grad, const double *v, double *hess_v)
{
    return ridge(((const struct least_squares *)p)->lambda, d, x, grad, v, hess_v);
}

static void reg_bounds(const void *p, double *low, double *high)
{
    *low = *high = ((const struct least_squares *)p)->lambda;
}

const struct problem problem_least_squares = {
    .name = "least-squares",
    .formula = "f_i(x) = mean_j (1/2)(<a_ij, x> - y_ij)^2 + (lambda/2)|x|^2",
    .paper =
        "linear regression; as an example of the Polyak-Lojasiewicz condition: Karimi, Nutini, Schmidt 2016, arXiv 1608.04636",
    .explain =
        "Least squares; labels are numbers, taken as they stand in the file.\n"
        "  l(t) = (t-y)^2/2,  l'(t) = t-y,  l''(t) = 1\n"
        "Each sample is |a|^2-smooth; L_i = lambda_max(A_i^T A_i)/m_i.  Without ridge f satisfies the Polyak-Lojasiewicz\n"
        "inequality |grad f|^2 >= 2 mu (f - f*) with mu the smallest nonzero eigenvalue of 1/n sum_i A_i^T A_i/m_i, even when\n"
        "there are fewer rows than features; with ridge mu is the smallest eigenvalue plus lambda.",
    .param = param,
    .param_size = sizeof(struct least_squares),
    .needs_data = true,
    .two_classes = false,
    .convex = true,
    .quadratic = true,
    .loss = loss,
    .curvature = one,
    .loss_mu = one,
    .reg = reg,
    .reg_bounds = reg_bounds,
};
