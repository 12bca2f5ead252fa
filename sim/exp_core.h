/* exp_core.h - e^x for loops: what real.h calls real_exp, to be inlined where vectors of it are taken. */
#ifndef EXP_CORE_H
#define EXP_CORE_H
#include <stdint.h>
#include <string.h>

static inline uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double double_of(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Adding this number rounds to an integer, which then stands in the low bits of the sum. */
#define ROUNDER 0x1.8p52
#define LOG2_E  0x1.71547652b82fep0
#define LN2_HI  0x1.62e42fefa38p-1 /* ln 2 to 42 bits, so that k LN2_HI is exact for |k| < 2^11 */
#define LN2_LO  0x1.ef35793c7673p-45

/* 2^k for the integer k with rounded = k + ROUNDER, -1022 <= k <= 1023. */
static inline double power_of_two(double rounded)
{
    return double_of((bits_of(rounded) + 1023) << 52);
}

/* x = k ln 2 + r, |r| <= ln 2 / 2, for an integer k. */
static inline double exp_reduce(double x, double *r)
{
    const double k = (x * LOG2_E + ROUNDER) - ROUNDER;
    *r = (x - k * LN2_HI) - k * LN2_LO;
    return k;
}

/* e^r = 1 + r + r^2 P(r); the polynomial is the interpolation at Chebyshev nodes, computed with 80 digits and rounded to double. */
static inline double exp_reduced(double r)
{
    double r2 = r * r, r4 = r2 * r2;
    double p01 = 0x1.0000000000000p-1 + 0x1.5555555555557p-3 * r;
    double p23 = 0x1.5555555555556p-5 + 0x1.11111111100dcp-7 * r;
    double p45 = 0x1.6c16c16c162d4p-10 + 0x1.a01a01abe7fe1p-13 * r;
    double p67 = 0x1.a01a01a6d889cp-16 + 0x1.71de0231960ebp-19 * r;
    double p89 = 0x1.27e4db646b17ep-22 + 0x1.af4de97ca4194p-26 * r;
    double p = (p01 + p23 * r2) + ((p45 + p67 * r2) + (p89 + 0x1.1f730349868cep-29 * r2) * r4) * r4;
    return 1 + (r + r2 * p);
}

/* No branch, so that loops over it are vectorised.  2^k is applied in two factors, since 2^1024 and the subnormal powers are no
 * normal doubles. */
static inline double exp_core(double x)
{
    x = -746 > x ? -746 : x; /* in this form NaN stays NaN */
    x = 710 < x ? 710 : x;
    double r, k = exp_reduce(x, &r), y = exp_reduced(r);
    double half = k * 0.5 + ROUNDER;
    double rest = (k - (half - ROUNDER)) + ROUNDER;
    return y * power_of_two(half) * power_of_two(rest);
}

/* The same bits for |x| <= EXP_MILD, where 2^k is one exact factor, a number added to the exponent; nothing of sense elsewhere. */
#define EXP_MILD 700
static inline double exp_mild(double x)
{
    double r, k = exp_reduce(x, &r);
    return double_of(bits_of(exp_reduced(r)) + (bits_of(k + ROUNDER) << 52));
}
#endif
