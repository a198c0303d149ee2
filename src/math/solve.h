/*
 * solve: systems of linear equations, small and dense, in double.
 *
 * Owns Cholesky's method, written here because LAPACK would be one more dependency for a few hundred
 * unknowns.
 */
#ifndef CT_MATH_SOLVE_H
#define CT_MATH_SOLVE_H

#include <stdbool.h>

/*
 * x = (A + ridge I)^-1 b by Cholesky's method; A (n,n) is symmetric and is overwritten, b (n,m) becomes x.
 * Returns false if A + ridge I is not positive definite. Cost: n^3 / 3 + 2 n^2 m. Oracle:
 * tests/unit/test_control.c
 */
bool ct_solve_ridge(int n, int m, double ridge, double *A, double *b);

#endif
