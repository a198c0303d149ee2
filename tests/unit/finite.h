/* finite: gradients compared with finite differences of an independent program in double. */
#ifndef TEST_FINITE_H
#define TEST_FINITE_H

#include "train/param.h"

/* The loss for weights w, which are changed and set back. */
typedef double (*finite_loss)(void *ctx, double *w);

/*
 * Each gradient is that of `scale` times the loss. Tensors whose names begin with `without` (NULL: none) are
 * left out.
 */
void finite_check(const struct ct_params *p, double *w, const float *grad, double scale, const char *without,
    finite_loss loss, void *ctx);

#endif
