/*
 * naive: the engine's oracle. The same mathematics in double, written as plainly as possible: no products by a
 * library, no batches, no caches. Slow on purpose.
 */
#ifndef NAIVE_H
#define NAIVE_H

#include "fixture.h"

/* C (M,N) = op(A) op(B) in double. */
void naive_gemm(bool ta, bool tb, int M, int N, int K, const float *A, int lda, const float *B, int ldb, double *C);

/*
 * The frozen linear network, forwards: what a change of the MLP outputs (L,T,D) and of the embeddings (T,D) adds
 * to the read point of every layer (L,T,D) and to the final norm's output (T,D).
 */
void naive_frozen(const struct ct_local *lo, const double *dout, const double *dembed, double *dread,
    double *dfinal);

#endif
