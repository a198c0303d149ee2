/* solve: see solve.h. */
#include "math/solve.h"

#include <math.h>
#include <stddef.h>

bool
ct_solve_ridge(int n, int m, double add, double *A, double *b)
{
	size_t N = (size_t)n, M = (size_t)m;

	for (size_t i = 0; i < N; i++)
		A[i * N + i] += add;
	for (size_t i = 0; i < N; i++) {	/* A = L L', row by row; L in the lower half */
		for (size_t j = 0; j <= i; j++) {
			double sum = A[i * N + j];

			for (size_t k = 0; k < j; k++)
				sum -= A[i * N + k] * A[j * N + k];
			if (i == j && !(sum > 0))
				return false;
			A[i * N + j] = i == j ? sqrt(sum) : sum / A[j * N + j];
		}
	}
	for (size_t i = 0; i < N; i++)		/* L z = b */
		for (size_t c = 0; c < M; c++) {
			for (size_t k = 0; k < i; k++)
				b[i * M + c] -= A[i * N + k] * b[k * M + c];
			b[i * M + c] /= A[i * N + i];
		}
	for (size_t i = N; i-- > 0;)		/* L' x = z */
		for (size_t c = 0; c < M; c++) {
			for (size_t k = i + 1; k < N; k++)
				b[i * M + c] -= A[k * N + i] * b[k * M + c];
			b[i * M + c] /= A[i * N + i];
		}
	return true;
}
