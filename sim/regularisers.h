/* regularisers.h - separable regularisers sum_j r(x_j) that the linear models share; see problem.h, `reg`. */
#ifndef REGULARISERS_H
#define REGULARISERS_H
#include <stdint.h>

/* r(t) = (strength/2) t^2.  Strength lambda for (lambda/2)|x|^2, 2 lambda for lambda |x|^2. */
double ridge(double strength, int64_t d, const double *x, double *grad, const double *v, double *hess_v);

/* r(t) = lambda t^2/(1+t^2): r' = 2 lambda t/(1+t^2)^2, r'' = lambda (2-6t^2)/(1+t^2)^3 in [-lambda/2, 2 lambda]. */
double bounded_ridge(double lambda, int64_t d, const double *x, double *grad, const double *v, double *hess_v);
#endif
