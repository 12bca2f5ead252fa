/* tridiagonal.c - Sturm bisection, and Householder reduction (Golub, Van Loan, Matrix Computations, 8.3 and 8.4). */
#include "tridiagonal.h"
#include "fail.h"
#include "real.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

int64_t tridiagonal_count_below(int64_t n, const double *diagonal, const double *off, double x)
{
    int64_t count = 0;
    double q = 1;
    for (int64_t i = 0; i < n; i++) {
        q = diagonal[i] - x - (i > 0 ? off[i - 1] * off[i - 1] / q : 0);
        if (fabs(q) < 1e-290) q = -1e-290;
        count += q < 0;
    }
    return count;
}

/* Every eigenvalue is in [low, high] (Gershgorin), widened a little for rounding. */
static void gershgorin(int64_t n, const double *diagonal, const double *off, double *low, double *high)
{
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        const double radius = (i > 0 ? fabs(off[i - 1]) : 0) + (i + 1 < n ? fabs(off[i]) : 0);
        least = fmin(least, diagonal[i] - radius);
        most = fmax(most, diagonal[i] + radius);
    }
    const double margin = 4 * DBL_EPSILON * fmax(fabs(least), fabs(most)) + DBL_MIN;
    *low = least - margin;
    *high = most + margin;
}

double tridiagonal_eigenvalue(int64_t n, const double *diagonal, const double *off, int64_t k)
{
    double low, high;
    gershgorin(n, diagonal, off, &low, &high);
    for (int i = 0; i < 200; i++) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) break;
        if (tridiagonal_count_below(n, diagonal, off, middle) > k)
            high = middle;
        else
            low = middle;
    }
    return low + (high - low) / 2;
}

/* Inverse iteration with a shift just above the largest eigenvalue, where shift - T is positive definite and elimination
 * needs no pivots; the vector sought has positive components, so a start of ones is never orthogonal to it. */
double tridiagonal_top_vector_end(int64_t n, const double *diagonal, const double *off, double top, double *work)
{
    double *pivot = work, *v = work + n;
    const double shift = top + 8 * DBL_EPSILON * fabs(top) + DBL_MIN;
    for (int64_t i = 0; i < n; i++) {
        pivot[i] = shift - diagonal[i] - (i > 0 ? off[i - 1] * off[i - 1] / pivot[i - 1] : 0);
        if (!(pivot[i] > DBL_EPSILON * fabs(top))) pivot[i] = DBL_EPSILON * fabs(top) + DBL_MIN;
        v[i] = 1;
    }
    for (int sweep = 0; sweep < 3; sweep++) {
        for (int64_t i = 1; i < n; i++) v[i] += off[i - 1] / pivot[i - 1] * v[i - 1];
        for (int64_t i = n; i-- > 0;) v[i] = (v[i] + (i + 1 < n ? off[i] * v[i + 1] : 0)) / pivot[i];
        const double norm = sqrt(real_norm_sq((size_t)n, v));
        for (int64_t i = 0; i < n; i++) v[i] /= norm;
    }
    return fabs(v[n - 1]);
}

/* One reflection: the column below (k, k) becomes (off[k], 0, ..., 0), A <- A - v w^T - w v^T on the rest. */
static void reflect(int64_t n, double *a, int64_t k, double *off, double *v, double *w)
{
    const int64_t m = n - k - 1;
    const size_t len = (size_t)m;
    const double *x = a + k * n + k + 1; /* row k, which by symmetry is the column */
    const double norm = sqrt(real_norm_sq(len, x));
    off[k] = x[0] > 0 ? -norm : norm;
    for (int64_t i = 0; i < m; i++) v[i] = x[i];
    v[0] -= off[k];
    const double vv = real_norm_sq(len, v);
    if (vv == 0) return;
    for (int64_t i = 0; i < m; i++) w[i] = 2 * real_dot(len, a + (k + 1 + i) * n + k + 1, v) / vv;
    const double share = real_dot(len, v, w) / vv;
    for (int64_t i = 0; i < m; i++) w[i] -= share * v[i];
    for (int64_t i = 0; i < m; i++) {
        double *row = a + (k + 1 + i) * n + k + 1;
        const double vi = v[i], wi = w[i];
        for (int64_t j = 0; j < m; j++) row[j] -= vi * w[j] + wi * v[j];
    }
}

void symmetric_to_tridiagonal(int64_t n, double *a, double *diagonal, double *off)
{
    double *v = xmalloc(2 * (size_t)n * sizeof *v);
    for (int64_t k = 0; k + 2 < n; k++) reflect(n, a, k, off, v, v + n);
    if (n > 1) off[n - 2] = a[(n - 2) * n + n - 1];
    for (int64_t k = 0; k < n; k++) diagonal[k] = a[k * n + k];
    free(v);
}
