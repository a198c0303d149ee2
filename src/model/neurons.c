/* neurons: see neurons.h. */
#include "model/neurons.h"

#include <math.h>

#include "math/blas.h"
#include "model/maps.h"

/* Tiles of pre-activations, small enough for the stack. */
enum { TOKENS = 64, COLUMNS = 256 };

/* act(g) / g, which is bounded; its limit where g is 0. */
static float
factor(enum ct_act act, float g)
{
	switch (act) {
	case CT_SILU:
		return 1.0f / (1.0f + expf(-g));
	case CT_GELU:
		return 0.5f * (1.0f + erff(g * 0.70710678f));
	case CT_GELU_TANH:
		return 0.5f * (1.0f + tanhf(0.7978845608f * (g + 0.044715f * g * g * g)));
	case CT_RELU:
		break;
	}
	return g > 0 ? 1 : 0;
}

/* From the pre-activations: u is that of `up`, g that of `gate`. */
static struct ct_neuron
local(const struct ct_config *c, float g, float u)
{
	float r = factor(c->act, c->gated ? g : u);

	if (c->gated)
		return (struct ct_neuron){ .act = r * g * u, .gate = 0.5f * r * u, .up = 0.5f * r * g };
	return (struct ct_neuron){ .act = r * u, .gate = 0, .up = r };
}

static float
bias_of(const struct ct_linear *lin, int n)
{
	return lin->b ? lin->b[n] : 0;
}

struct ct_neuron
ct_neuron_at(const struct ct_model *m, int l, int n, const float *x)
{
	const struct ct_layer *ly = &m->layers[l];
	float g = m->cfg.gated ? ct_matrix_row_dot(&ly->gate.w, n, x) + bias_of(&ly->gate, n) : 0;

	return local(&m->cfg, g, ct_matrix_row_dot(&ly->up.w, n, x) + bias_of(&ly->up, n));
}

/* tile (n_t,n) = pre-activations of neurons first..first+n-1 at x, with or without biases. */
static void
preactivate(const struct ct_linear *lin, int n_t, const float *x, int first, int n, bool bias, float *tile)
{
	struct ct_matrix part = ct_matrix_part(&lin->w, first, n);

	ct_matrix_apply(&part, n_t, x, lin->w.cols, 0, tile, n);
	for (int i = 0; i < n_t * n && bias && lin->b; i++)
		tile[i] += lin->b[first + i % n];
}

void
ct_neurons_at(const struct ct_model *m, int l, int T, const float *x, const struct ct_neuron_rows *out)
{
	const struct ct_layer *ly = &m->layers[l];
	int D = m->cfg.D, F = m->cfg.mlp;
	float gate[TOKENS * COLUMNS] = { 0 }, up[TOKENS * COLUMNS];

	for (int t = 0; t < T; t += TOKENS)
		for (int f = 0; f < F; f += COLUMNS) {
			int n_t = T - t < TOKENS ? T - t : TOKENS, n = F - f < COLUMNS ? F - f : COLUMNS;

			preactivate(&ly->up, n_t, x + (size_t)t * D, f, n, true, up);
			if (m->cfg.gated)
				preactivate(&ly->gate, n_t, x + (size_t)t * D, f, n, true, gate);
			for (int i = 0; i < n_t * n; i++) {
				struct ct_neuron a = local(&m->cfg, gate[i], up[i]);
				size_t at = (size_t)(t + i / n) * F + (size_t)(f + i % n);

				if (out->act)
					out->act[at] = a.act;
				if (out->gate)
					out->gate[at] = a.gate;
				if (out->up)
					out->up[at] = a.up;
			}
		}
}

void
ct_neurons_change(const struct ct_model *m, int l, int T, const float *x, const float *dx, float *change)
{
	enum { ROWS = TOKENS / 4 };
	const struct ct_layer *ly = &m->layers[l];
	int D = m->cfg.D, F = m->cfg.mlp;
	float gate[ROWS * COLUMNS] = { 0 }, up[ROWS * COLUMNS];
	float gate_change[ROWS * COLUMNS] = { 0 }, up_change[ROWS * COLUMNS];

	for (int t = 0; t < T; t += ROWS)
		for (int f = 0; f < F; f += COLUMNS) {
			int n_t = T - t < ROWS ? T - t : ROWS, n = F - f < COLUMNS ? F - f : COLUMNS;

			preactivate(&ly->up, n_t, x + (size_t)t * D, f, n, true, up);
			preactivate(&ly->up, n_t, dx + (size_t)t * D, f, n, false, up_change);
			if (m->cfg.gated) {
				preactivate(&ly->gate, n_t, x + (size_t)t * D, f, n, true, gate);
				preactivate(&ly->gate, n_t, dx + (size_t)t * D, f, n, false, gate_change);
			}
			for (int i = 0; i < n_t * n; i++) {
				struct ct_neuron a = local(&m->cfg, gate[i], up[i]);

				change[(size_t)(t + i / n) * F + (size_t)(f + i % n)] =
				    a.gate * gate_change[i] + a.up * up_change[i];
			}
		}
}

float
ct_neuron_apply(const struct ct_model *m, int l, int n, const struct ct_neuron *at, const float *x, bool bias)
{
	const struct ct_layer *ly = &m->layers[l];
	float sum = at->up * (ct_matrix_row_dot(&ly->up.w, n, x) + (bias ? bias_of(&ly->up, n) : 0));

	if (m->cfg.gated)
		sum += at->gate *
		    (ct_matrix_row_dot(&ly->gate.w, n, x) + (bias ? bias_of(&ly->gate, n) : 0));
	return sum;
}

double
ct_neuron_row(const struct ct_model *m, int l, int n, const struct ct_neuron *at, float *row)
{
	const struct ct_layer *ly = &m->layers[l];
	int D = m->cfg.D;
	double bias = (double)at->up * (double)bias_of(&ly->up, n);
	float piece[COLUMNS];

	ct_matrix_read(&ly->up.w, n, 0, D, row);
	for (int d = 0; d < D; d++)
		row[d] *= at->up;
	if (!m->cfg.gated)
		return bias;
	for (int d = 0; d < D; d += COLUMNS) {
		int k = D - d < COLUMNS ? D - d : COLUMNS;

		ct_matrix_read(&ly->gate.w, n, d, k, piece);
		for (int i = 0; i < k; i++)
			row[d + i] += at->gate * piece[i];
	}
	return bias + (double)at->gate * (double)bias_of(&ly->gate, n);
}

void
ct_neurons_back(const struct ct_model *m, int l, int T, const float *g, const struct ct_neuron_rows *rows,
    float *restrict gx)
{
	const struct ct_layer *ly = &m->layers[l];
	size_t all = (size_t)T * m->cfg.mlp;

	for (size_t i = 0; i < all; i++)
		rows->up[i] *= g[i];
	ct_linear_back(&ly->up, T, rows->up, 0, gx);
	if (!m->cfg.gated)
		return;
	for (size_t i = 0; i < all; i++)
		rows->gate[i] *= g[i];
	ct_linear_back(&ly->gate, T, rows->gate, 1, gx);
}

void
ct_neurons_write(const struct ct_model *m, int l, int T, const float *act, float *restrict y)
{
	ct_linear(&m->layers[l].down, T, act, false, y);
}

void
ct_neurons_write_back(const struct ct_model *m, int l, int T, const float *g, float *restrict effect)
{
	ct_linear_back(&m->layers[l].down, T, g, 0, effect);
}

double
ct_neurons_bias_dot(const struct ct_model *m, int l, const float *g)
{
	const float *b = m->layers[l].down.b;

	return b ? (double)ct_sdot(m->cfg.D, g, b) : 0;
}

void
ct_neuron_decoder(const struct ct_model *m, int l, int n, float *dst)
{
	struct ct_matrix columns = ct_matrix_transpose(&m->layers[l].down.w);

	ct_matrix_read(&columns, n, 0, m->cfg.D, dst);
}
