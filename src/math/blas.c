/* blas: see blas.h. */
#include "math/blas.h"

#include <cblas.h>

/* A constructor, so that no caller can meet OpenBLAS with its own threads beside our pool's. */
__attribute__((constructor)) static void
single_threaded(void)
{
	ct_blas_threads(1);
}

void
ct_blas_threads(int n)
{
	openblas_set_num_threads(n > 0 ? n : 1);
}

const char *
ct_blas_version(void)
{
	return openblas_get_config();
}

void
ct_sgemm(bool ta, bool tb, int M, int N, int K, float alpha, const float *A, int lda, const float *B, int ldb,
    float beta, float *restrict C, int ldc)
{
	if (M <= 0 || N <= 0)
		return;
	cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, M, N, K,
	    alpha, A, lda > 0 ? lda : 1, B, ldb > 0 ? ldb : 1, beta, C, ldc > 0 ? ldc : 1);
}

float
ct_sdot(int n, const float *x, const float *y)
{
	return cblas_sdot(n, x, 1, y, 1);
}

void
ct_saxpy(int n, float a, const float *x, float *restrict y)
{
	cblas_saxpy(n, a, x, 1, y, 1);
}
