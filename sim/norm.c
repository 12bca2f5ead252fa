/* norm.c - norms that neither overflow nor vanish before their results do. */
#include "norm.h"
#include "real.h"
#include <math.h>

static double largest(int64_t n, const double *x)
{
    double most = 0;
    for (int64_t j = 0; j < n; j++) {
        double a = fabs(x[j]);
        if (a > most || isnan(a)) most = a; /* a NaN is never exceeded, so it stays */
    }
    return most;
}

/* Scaling by a power of two is exact and the order of the sum is that of real_norm_sq, so that 2^e x has the norm of x
 * times 2^e, bit for bit. */
static double scaled_norm2(int64_t n, const double *x, int exponent)
{
    double sum[8] = {0};
    for (int64_t j = 0; j < n; j++) {
        double a = ldexp(x[j], -exponent);
        sum[j % 8] += a * a;
    }
    double even = (sum[0] + sum[4]) + (sum[2] + sum[6]), odd = (sum[1] + sum[5]) + (sum[3] + sum[7]);
    return ldexp(sqrt(even + odd), exponent);
}

double vector_norm(enum norm which, int64_t n, const double *x)
{
    double most = largest(n, x);
    if (which == NORM_INF || most == 0 || !isfinite(most)) return most;
    int exponent;
    (void)frexp(most, &exponent);
    /* Squares of such numbers, 2^32 of them, stay within 2^-960 .. 2^992. */
    if (exponent > -480 && exponent < 480) return sqrt(real_norm_sq((size_t)n, x));
    return scaled_norm2(n, x, exponent);
}

double vector_mean_abs(int64_t n, const double *x)
{
    double most = largest(n, x);
    if (most == 0 || !isfinite(most)) return most;
    int exponent;
    (void)frexp(most, &exponent);
    if (exponent < 900) exponent = 0; /* 2^32 such numbers have a finite sum */
    double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += fabs(ldexp(x[j], -exponent));
    return ldexp(sum / (double)n, exponent);
}

double norm_sent(double norm, unsigned value_bits)
{
    if (value_bits == 32) {
        float narrow = (float)norm;
        if ((double)narrow < norm) narrow = nextafterf(narrow, INFINITY);
        norm = (double)narrow;
    }
    return isfinite(norm) ? norm : NAN;
}
