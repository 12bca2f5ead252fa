/* real.c - exp, log and sums out of + - * / and sqrt alone, so that every CPU and compiler gives the same bits.
 *
 * The logarithm's polynomial: interpolation at Chebyshev nodes, computed with 80 digits and rounded to double. */
#include "real.h"
#include "exp_core.h"
#include "wide.h"
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

double real_exp(double x)
{
    return exp_core(x);
}

WIDE void real_exp_array(size_t n, const double *x, double *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) y[i] = exp_core(x[i]);
}

/* log x = k ln 2 + log(1 + f) with 1 + f in [sqrt(1/2), sqrt 2), s = f/(2 + f) and
 * log(1 + f) = 2 atanh s = f - (f^2/2 - s (f^2/2 + s^2 R(s^2))), R(z) = 2/3 + 2/5 z + ...; the form on the right loses
 * nothing to cancellation, because f is exact. */
static inline double log_of(double f, double k)
{
    double s = f / (2 + f), z = s * s, z2 = z * z, half_square = 0.5 * f * f;
    double r01 = 0x1.5555555555555p-1 + 0x1.9999999999a38p-2 * z;
    double r23 = 0x1.2492492476cccp-2 + 0x1.c71c72015917cp-3 * z;
    double r45 = 0x1.745cf9048db79p-3 + 0x1.3b1c355a96a5dp-3 * z;
    double r67 = 0x1.0fbe95d655f88p-3 + 0x1.0c039c5170eb3p-3 * z;
    double r = z * ((r01 + r23 * z2) + (r45 + r67 * z2) * (z2 * z2));
    return k * LN2_HI - ((half_square - (s * (half_square + r) + k * LN2_LO)) - f);
}

static inline double log_core(double x, double shift)
{
    const uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd);
    int64_t above = (int64_t)(bits_of(x) - sqrt_half);
    double f = double_of(bits_of(x) - ((uint64_t)above & UINT64_C(0xfff0000000000000))) - 1;
    return log_of(f, (double)(above >> 52) + shift);
}

double real_log(double x)
{
    bool small = x < DBL_MIN; /* scaled by 2^54, subnormals become normal */
    double y = log_core(small ? x * 0x1p54 : x, small ? -54 : 0);
    y = x < INFINITY ? y : x; /* +inf and NaN are their own logarithm */
    y = x < 0 ? (double)NAN : y;
    return x == 0 ? -(double)INFINITY : y;
}

/* With w the double next to 1 + u: log(1 + u) = log w + (1 + u - w)/w + O(eps^2), and 1 + u - w is exact as u - (w - 1), since
 * 0 <= u <= 1.  For such w log needs no bits, and loops are vectorised: k is 0 or 1. */
static inline double log1p_core(double u)
{
    const double w = 1 + u;
    const bool large = w >= 0x1.6a09e667f3bcdp0; /* sqrt 2 */
    return log_of((large ? 0.5 * w : w) - 1, large ? 1 : 0) + (u - (w - 1)) / w;
}

double real_log1p_exp_neg(double a)
{
    return log1p_core(exp_core(-a));
}

WIDE void real_log1p_array(size_t n, const double *u, double *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) y[i] = log1p_core(u[i]);
}

double real_sigmoid(double z)
{
    double e = exp_core(-fabs(z));
    return (z < 0 ? e : 1) / (1 + e);
}

double real_pow(double base, double expo)
{
    return exp_core(expo * real_log(base));
}

enum { LANES = 8 };

static inline double join(const double s[LANES])
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

double real_dot(size_t n, const double *x, const double *y)
{
    double s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) s[j] += x[i + j] * y[i + j];
    for (size_t j = 0; i + j < n; j++) s[j] += x[i + j] * y[i + j];
    return join(s);
}

double real_sum(size_t n, const double *x)
{
    double s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) s[j] += x[i + j];
    for (size_t j = 0; i + j < n; j++) s[j] += x[i + j];
    return join(s);
}

double real_norm_sq(size_t n, const double *x)
{
    return real_dot(n, x, x);
}

void real_same_nan(size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i])) x[i] = (double)NAN;
}

/* (1 + e)(1 - e) - 1 is 0 when the product is rounded and -e^2 under FMA. */
WIDE static bool products_are_rounded(void) /* in every clone, as FMA may be in one of them only */
{
    volatile double a = 1 + 0x1p-27, b = 1 - 0x1p-27, c = -1;
    double x = a, y = b, z = c;
    volatile double sum = x * y + z, back = z + y * x;
    return sum == 0 && back == 0;
}

/* Under directed rounding, extended precision or re-association at least one of these comes out otherwise. */
static bool sums_round_to_nearest_double(void)
{
    volatile double one = 1, tiny = 0x1p-60, tie = 0x1p-53;
    double u = one, t = tiny, h = tie;
    return (u + t) - u == 0 && (u - t) - u == 0 && (-u - t) + u == 0 && (-u + t) + u == 0 && (u + h) - u == 0 &&
           ((u + 2 * h) + h) - u == 4 * h;
}

static bool subnormals_are_kept(void)
{
    volatile double smallest = DBL_MIN, half = 0.5, subnormal = 0x1p-1074;
    volatile double below = smallest * half;
    return below > 0 && below * 2 == smallest && subnormal + smallest > smallest;
}

static bool special_values_are_kept(void)
{
    volatile double zero = 0;
    volatile double nan = zero / zero, infinite = 1 / zero;
    double x = nan, y = infinite;
    return !(x == x) && y > DBL_MAX && isnan(x) && isnan(exp_core(x)) && isnan(y - y);
}

bool real_build_is_sound(void)
{
    return products_are_rounded() && sums_round_to_nearest_double() && subnormals_are_kept() && special_values_are_kept();
}
