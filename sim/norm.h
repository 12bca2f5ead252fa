/* norm.h - norms of vectors of any scale: powers of two are taken out first where squares or sums would overflow. */
#ifndef NORM_H
#define NORM_H
#include <stdint.h>

enum norm { NORM_2, NORM_INF };
/* |x|_2 or |x|_inf of n numbers; never less than the largest |x_j|; NaN when x holds a NaN, +inf when it overflows. */
double vector_norm(enum norm which, int64_t n, const double *x);
/* |x|_1 / n, summed in index order; n >= 1. */
double vector_mean_abs(int64_t n, const double *x);
/* A norm as `value_bits` bits hold it, rounded up to a float when 32, so that |x_j| / norm stays <= 1.
 * NaN when there is no such finite number: what is scaled by it must not look like a result. */
double norm_sent(double norm, unsigned value_bits);
#endif
