/* logistic_nonconvex.c - logistic regression with a bounded, non-convex regulariser. */
#include "../margin.h"
#include "../problem.h"
#include "../regularisers.h"

struct logistic_nonconvex {
    double lambda;
};

static const struct field param[] = {REAL(logistic_nonconvex, lambda, "0.1", 0, 1e12, "strength of lambda sum_j x_j^2/(1+x_j^2)"),
                                     FIELDS_END};

static void loss(const void *p, int64_t count, const double *t, const double *y, double *value, double *slope, double *curve)
{
    (void)p;
    margin_log_loss(count, t, y, value, slope, curve);
}

static double curvature(const void *p)
{
    (void)p;
    return 0.25;
}

static double reg(const void *p, int64_t d, const double *x, double *grad, const double *v, double *hess_v)
{
    return bounded_ridge(((const struct logistic_nonconvex *)p)->lambda, d, x, grad, v, hess_v);
}

static void reg_bounds(const void *p, double *low, double *high)
{
    const double lambda = ((const struct logistic_nonconvex *)p)->lambda;
    *low = -lambda / 2;
    *high = 2 * lambda;
}

const struct problem problem_logistic_nonconvex = {
    .name = "logistic-nonconvex",
    .formula = "f_i(x) = mean_j log(1 + exp(-y_ij <a_ij, x>)) + lambda sum_k x_k^2/(1+x_k^2)",
    .paper = "Richtarik, Sokolov, Fatkhullin 2021, arXiv 2106.05203 (EF21), experiments with lambda = 0.1",
    .explain =
        "Logistic regression with a bounded regulariser that is not convex; the EF21 papers' test problem.\n"
        "  l(z) = log(1+exp(-z)),  l'(z) = -(1-sigma(z)),  l''(z) in (0, 1/4]\n"
        "  r(t) = t^2/(1+t^2),  r'(t) = 2t/(1+t^2)^2,\n"
        "  r''(t) = (2-6t^2)/(1+t^2)^3 in [-1/2, 2], lowest at t = +-1, highest at 0\n"
        "It adds 2 lambda to every smoothness constant; f is weakly convex with lambda/2.  L_i = lambda_max(A_i^T A_i)/(4 m_i)\n"
        "+ 2 lambda is smoothness = spectral here and the formula of the EF21 paper.",
    .param = param,
    .param_size = sizeof(struct logistic_nonconvex),
    .needs_data = true,
    .two_classes = true,
    .convex = false,
    .loss = loss,
    .curvature = curvature,
    .reg = reg,
    .reg_bounds = reg_bounds,
};
