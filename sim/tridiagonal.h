/* tridiagonal.h - eigenvalues of symmetric matrices through tridiagonal ones; deterministic, + - * / and sqrt only. */
#ifndef TRIDIAGONAL_H
#define TRIDIAGONAL_H
#include <stdint.h>

/* T has diagonal[0..n) and off-diagonal off[0..n-1). */

/* How many eigenvalues of T are below x (Sturm sequence). */
int64_t tridiagonal_count_below(int64_t n, const double *diagonal, const double *off, double x);
/* The k-th smallest eigenvalue, k = 0 .. n-1, by bisection to rounding level of |T|. */
double tridiagonal_eigenvalue(int64_t n, const double *diagonal, const double *off, int64_t k);
/* |last component| of the unit eigenvector of the largest eigenvalue `top`, for positive off-diagonals; work: 3 n. */
double tridiagonal_top_vector_end(int64_t n, const double *diagonal, const double *off, double top, double *work);

/* Householder reduction of the dense symmetric n x n matrix a (its lower triangle; destroyed) to tridiagonal form. */
void symmetric_to_tridiagonal(int64_t n, double *a, double *diagonal, double *off);
#endif
