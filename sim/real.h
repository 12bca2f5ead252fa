/* real.h - arithmetic whose bits depend on nothing but the arguments.
 *
 * Everything on the numeric path is built from + - * / and sqrt, which IEEE 754 rounds exactly; libm's exp, log, pow
 * and the like are not used, because their bits change with the CPU.  Build with -ffp-contract=off, never -ffast-math.
 * Sums have one order: plain loops run in index order; real_dot and real_sum use eight accumulators s[i % 8] joined by
 * the fixed tree ((s0+s4)+(s2+s6)) + ((s1+s5)+(s3+s7)), so that any vector width gives the same bits. */
#ifndef REAL_H
#define REAL_H
#include <stdbool.h>
#include <stddef.h>

double real_exp(double x);                 /* e^x: <= 1.2 ulp; 0 below -745.2, +inf above 709.8, NaN stays NaN       */
double real_log(double x);                 /* natural log: <= 1 ulp; log 0 = -inf, negative gives NaN, subnormals ok  */
double real_log1p_exp_neg(double a);       /* log(1 + e^-a) for a >= 0, to ~2 ulp                                     */
double real_sigmoid(double z);             /* 1/(1+e^-z), stable for every z                                          */
double real_pow(double base, double expo); /* base > 0: exp(expo * log base); for stepsize rules, not for hot loops   */

/* Element by element the same bits as the scalar functions; written so that the compiler vectorises them.
 * n: how many; x and y may be the same array. */
void real_exp_array(size_t n, const double *x, double *y);
void real_log1p_array(size_t n, const double *u, double *y); /* log(1 + u) for 0 <= u <= 1; u = e^-a: real_log1p_exp_neg(a) */

double real_dot(size_t n, const double *x, const double *y);
double real_sum(size_t n, const double *x);
double real_norm_sq(size_t n, const double *x);

/* Every NaN becomes the same one: which sign and payload it comes with depends on CPU and compiler. */
void real_same_nan(size_t n, double *x);

/* True when this build rounds as the contract asks (no contraction to FMA, no excess precision, round to nearest,
 * subnormals kept).  main() refuses to run otherwise. */
bool real_build_is_sound(void);
#endif
