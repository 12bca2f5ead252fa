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

/* p = A v for the leading m x m block, from its lower triangle alone. */
static void triangle_times(int64_t n, const double *a, int64_t m, const double *v, double *p)
{
    for (int64_t i = 0; i < m; i++) {
        const double *row = a + i * n, vi = v[i];
        p[i] = real_dot((size_t)i + 1, row, v);
        for (int64_t j = 0; j < i; j++) p[j] += vi * row[j];
    }
}

/* One reflection: row m left of the diagonal becomes (0, ..., 0, off[m-1]), A <- A - v w^T - w v^T above it. */
static void reflect(int64_t n, double *a, int64_t m, double *off, double *v, double *w)
{
    const size_t len = (size_t)m;
    const double *x = a + m * n;
    const double norm = sqrt(real_norm_sq(len, x));
    off[m - 1] = x[m - 1] > 0 ? -norm : norm;
    for (int64_t i = 0; i < m; i++) v[i] = x[i];
    v[m - 1] -= off[m - 1];
    const double vv = real_norm_sq(len, v);
    if (vv == 0) return;
    triangle_times(n, a, m, v, w);
    for (int64_t i = 0; i < m; i++) w[i] = 2 * w[i] / vv;
    const double share = real_dot(len, v, w) / vv;
    for (int64_t i = 0; i < m; i++) w[i] -= share * v[i];
    for (int64_t i = 0; i < m; i++) {
        double *row = a + i * n;
        const double vi = v[i], wi = w[i];
        for (int64_t j = 0; j <= i; j++) row[j] -= vi * w[j] + wi * v[j];
    }
}

void symmetric_to_tridiagonal(int64_t n, double *a, double *diagonal, double *off)
{
    double *v = xmalloc(2 * (size_t)n * sizeof *v);
    for (int64_t m = n - 1; m >= 2; m--) reflect(n, a, m, off, v, v + n);
    if (n > 1) off[0] = a[n];
    for (int64_t k = 0; k < n; k++) diagonal[k] = a[k * n + k];
    free(v);
}
