/*
 * kernels: the small pure functions of a transformer's forward and linearised backward pass.
 *
 * No allocation, no state, cannot fail. All arrays are row-major; a row is one token. Oracles for all of
 * them: tests/unit/naive.c.
 */
#ifndef CT_MATH_KERNELS_H
#define CT_MATH_KERNELS_H

#include <stdbool.h>

/*
 * scale[t] = 1/sqrt(mean_d x[t,d]^2 + eps);  y[t,d] = x[t,d] * scale[t] * w[d]
 *   y out (T,D), may be x; scale out (T); w in (D). Sums in double.
 */
void ct_rmsnorm(int T, int D, const float *x, const float *w, double eps, float *y, float *scale);

/*
 * scale[t] = 1/sqrt(var_d x[t,d] + eps);  y[t,d] = (x[t,d] - mean_t) * scale[t] * w[d] + b[d]
 *   b in (D) or NULL; the rest as ct_rmsnorm.
 */
void ct_layernorm(int T, int D, const float *x, const float *w, const float *b, double eps, float *y,
    float *scale);

/*
 * A norm whose scale is frozen is linear. Forward on a change dx, and its transpose on a gradient:
 *   y = (dx - [centre] mean dx) * scale * w            g' = scale * (w*g - [centre] mean(w*g))
 * One row of D; w may be NULL (all ones); y may be dx.
 */
void ct_norm_linear(int D, int centre, const float *dx, const float *w, float scale, float *y);
void ct_norm_linear_back(int D, int centre, const float *g, const float *w, float scale, float *y);

/* x[i] = silu, gelu (erf), gelu_new (tanh) or relu of x[i]. */
void ct_silu(int n, float *x);
void ct_gelu(int n, float *x);
void ct_gelu_tanh(int n, float *x);
void ct_relu(int n, float *x);

/*
 * Rotates pairs (i, i + head/2) of each head by position * freq[i] (HF's half-split rotary embedding).
 *   x in/out (T, heads*head), first row at position `first`; freq in (head/2)
 */
void ct_rope(int T, int first, int heads, int head, const double *freq, float *x);

/* Whether all of x[0..n) are finite. */
bool ct_all_finite(int n, const float *x);

/* The index of the largest of n logits; of equal ones the lowest index. */
int ct_likeliest(int n, const float *logits);

/* In-place softmax of x[0..n), sums in double. */
void ct_softmax(int n, float *x);

/*
 * The softmax of n logits in double is p(i) = exp(x[i] - top) / sum_j exp(x[j] - top), where top is the
 * largest. The first function returns that sum, the second one p(i).
 */
double ct_softmax_sum(int n, const float *x, double *top);
double ct_probability(int n, const float *x, int i);

/*
 * The steps of a softmax, for rows that are computed more than once: the largest of x[0..n), n > 0; the sum
 * of exp(x[i] - top), in double; and x[i] = exp(x[i] - top) * scale. No x may exceed top by more than
 * rounding. exp is exact to 2e-7; below -86 it is exp(-86).
 */
float ct_largest(int n, const float *x);
double ct_exp_sum(int n, float top, const float *x);
void ct_exp_scaled(int n, float top, float scale, float *x);

/* x[i] = cap * tanh(x[i] / cap), in double; cap 0: does nothing. */
void ct_softcap(int n, double cap, float *x);

/* KL(softmax(p) || softmax(q)) of two rows of n logits, in nats and in double; never below 0. */
double ct_kl_logits(int n, const float *p, const float *q);

#endif
