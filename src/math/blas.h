/*
 * blas: matrix products on OpenBLAS. The only file that includes cblas.h.
 *
 * All matrices are row-major; ld* is the distance between rows. OpenBLAS runs single-threaded inside a call
 * unless ct_blas_threads says otherwise: parallel work is split over the worker pool instead.
 */
#ifndef CT_MATH_BLAS_H
#define CT_MATH_BLAS_H

#include <stdbool.h>

/* Threads OpenBLAS may use inside one call, for the whole process; the default here is 1. */
void ct_blas_threads(int n);

/* Name, version and build of the library in use, as it reports them. */
const char *ct_blas_version(void);

/*
 * C = alpha * op(A) op(B) + beta * C
 *   op(A) in (M,K): A is (M,K) with lda, or (K,M) when ta.
 *   op(B) in (K,N): B is (K,N) with ldb, or (N,K) when tb.
 *   C out (M,N) with ldc; must not alias A or B. beta 0 overwrites (NaN in C is ignored).
 * 2*M*N*K flops. Any size may be 0. Oracle: tests/unit/naive.c
 */
void ct_sgemm(bool ta, bool tb, int M, int N, int K, float alpha, const float *A, int lda, const float *B,
    int ldb, float beta, float *restrict C, int ldc);

float ct_sdot(int n, const float *x, const float *y);
void ct_saxpy(int n, float a, const float *x, float *restrict y);	/* y += a x */

#endif
