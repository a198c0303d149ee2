/*
 * neurons: a model's own MLP neurons as the features of a transcoder, so that any model can be traced.
 *
 * Feature n of layer l is a neuron of the MLP's hidden layer: activation a = act(g) u (gated) or act(g), of
 * the pre-activations g = <w_gate[n], x> + b_gate[n] and u = <w_up[n], x> + b_up[n]; decoder W_down[:,n]. So
 * the MLP's output is the sum of what they write, and error nodes have nothing to carry. No single linear map
 * leads from x to a, but the RelP rule (Jafari et al. 2025) gives one for each run and position: the
 * activation function's factor r = act(g)/g is held fixed, and each factor of a product gets half of it.
 *   gated   a = gate <w_gate, x> + up <w_up, x> + biases,   gate = r u / 2, up = r g / 2
 *   plain   a = up <w_up, x> + biases,                      up = r
 * This is exact at the run's own x. r has a closed form for each activation function, also where g is 0.
 *
 * Owns nothing: the weights are the model's. ct_transcoder_neurons makes a transcoder of them; what depends
 * on a run is in linear.h.
 */
#ifndef CT_MODEL_NEURONS_H
#define CT_MODEL_NEURONS_H

#include "model/model.h"

/* A neuron at one input: its activation and the factors of its linear map. */
struct ct_neuron {
	float act, gate, up;
};

/* x (D) norm2's output. 4*D flops. Oracle of all of these: tests/unit/naive_neurons.c. */
struct ct_neuron ct_neuron_at(const struct ct_model *m, int l, int n, const float *x);

/*
 * The same for all neurons of a layer at T inputs x (T,D). act, gate and up out (T,mlp); NULL: not wanted.
 * 4*T*mlp*D flops.
 */
struct ct_neuron_rows {
	float *act, *gate, *up;
};
void ct_neurons_at(
    const struct ct_model *m, int l, int T, const float *x, const struct ct_neuron_rows *out);

/* change (T,mlp) of the activations, by the linear maps at x, if x changes by dx (T,D). 8*T*mlp*D flops. */
void ct_neurons_change(
    const struct ct_model *m, int l, int T, const float *x, const float *dx, float *change);

/* <linear map of neuron n, x> by its factors, with its biases (a value) or without (a change of x). */
float ct_neuron_apply(
    const struct ct_model *m, int l, int n, const struct ct_neuron *at, const float *x, bool bias);

/* row (D) = the linear map; returns what its biases add. */
double ct_neuron_row(const struct ct_model *m, int l, int n, const struct ct_neuron *at, float *row);

/*
 * All neurons of a layer backwards: gx (T,D) = the transpose of the linear maps on the gradients g (T,mlp) of
 * the activations. gate (gated models) and up hold the factors of each position and neuron, and are
 * multiplied by g in place.
 */
void ct_neurons_back(const struct ct_model *m, int l, int T, const float *g,
    const struct ct_neuron_rows *rows, float *restrict gx);

/*
 * What the neurons of a layer write, y (T,D) = W_down act (T,mlp); its transpose, effect (T,mlp) = W_down' g
 * (T,D); and what the MLP writes without any of them, <g, b_down>, for one g (D). 2*T*mlp*D flops.
 */
void ct_neurons_write(const struct ct_model *m, int l, int T, const float *act, float *restrict y);
void ct_neurons_write_back(const struct ct_model *m, int l, int T, const float *g, float *restrict effect);
double ct_neurons_bias_dot(const struct ct_model *m, int l, const float *g);

/* dst (D) = W_down[:,n]. */
void ct_neuron_decoder(const struct ct_model *m, int l, int n, float *dst);

#endif
