/* lanczos.h - the largest eigenvalue of a symmetric operator. */
#ifndef LANCZOS_H
#define LANCZOS_H
#include <stdbool.h>
#include <stdint.h>

struct ritz {
    double value;    /* the Ritz value: never above the eigenvalue but for rounding, and near it to residual^2 over the gap */
    double residual; /* |A u - value u| for the unit Ritz vector u: some eigenvalue is within this of the value            */
    int64_t steps;
    bool converged;  /* residual <= tolerance |value|, or the Krylov space is exhausted                                     */
};

/* times(context, v, out): out = A v, d numbers.  The start vector is drawn from stream(0, FOR_LANCZOS, 0, 0, which). */
struct ritz lanczos_largest(int64_t d, void (*times)(void *context, const double *v, double *out), void *context,
                            double tolerance, uint32_t which);
#endif
