/*
 * vector: element-wise arithmetic of training, over rows that are short enough to stay in the L1 cache.
 *
 * Written so that a compiler can use vector instructions without relaxed floating point: no calls inside the
 * loops, reductions in fixed lanes. The exponential is exact to 2 ulp on [-87, 88], and is clamped outside.
 */
#ifndef CT_TRAIN_VECTOR_H
#define CT_TRAIN_VECTOR_H

float ct_vec_max(int n, const float *x);		/* n > 0 */
int ct_vec_first(int n, const float *x, float value);	/* first i with x[i] >= value; n: none */

/* x = exp(x - max x) / sum; returns the sum before the division (so log p_i = x_i - max - log sum). n > 0 */
double ct_vec_softmax(int n, float *x);

/* gate_up holds g (n) and u (n): sigmoid = 1/(1 + exp(-g)), hidden = g * sigmoid * u. */
void ct_vec_gate(int n, const float *gate_up, float *restrict sigmoid, float *restrict hidden);

/* d holds the gradient of hidden in its first n and gets those of g (n) and u (n). */
void ct_vec_gate_back(int n, const float *gate_up, const float *sigmoid, float *restrict d);

#endif
