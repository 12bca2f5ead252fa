/* regularisers.c - the ridge and its bounded, non-convex relative. */
#include "regularisers.h"
#include "real.h"
#include <stddef.h>

double ridge(double strength, int64_t d, const double *x, double *grad, const double *v, double *hess_v)
{
    if (strength == 0) return 0; /* adds nothing, rather than zeros */
    if (grad)
        for (int64_t j = 0; j < d; j++) grad[j] += strength * x[j];
    if (hess_v)
        for (int64_t j = 0; j < d; j++) hess_v[j] += strength * v[j];
    return strength / 2 * real_norm_sq((size_t)d, x);
}

double bounded_ridge(double lambda, int64_t d, const double *x, double *grad, const double *v, double *hess_v)
{
    if (lambda == 0) return 0;
    double sum = 0;
    for (int64_t j = 0; j < d; j++) {
        /* With q = 1/(1+t^2), which is 0 where t^2 overflows: r = t (t q), r' = 2 t q^2, r'' = q^2 (8 q - 6). */
        const double q = 1 / (1 + x[j] * x[j]);
        sum += q > 0 ? x[j] * (x[j] * q) : 1;
        if (grad) grad[j] += lambda * (2 * (x[j] * q) * q);
        if (hess_v) hess_v[j] += lambda * (q * q * (8 * q - 6)) * v[j];
    }
    return lambda * sum;
}
