/* naive_neurons: the oracle of model/neurons.c: one neuron at a time, as the formulas stand. See naive.h. */
#include "naive.h"

#include <math.h>

static double
weight(const struct ct_linear *l, int o, int i)
{
	return (double)ct_matrix_at(&l->w, o, i);
}

static double
act_of(enum ct_act act, double x)
{
	switch (act) {
	case CT_SILU:
		return x / (1 + exp(-x));
	case CT_GELU:
		return 0.5 * x * (1 + erf(x / sqrt(2)));
	case CT_GELU_TANH:
		return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
	case CT_RELU:
		return x > 0 ? x : 0;
	}
	return NAN;
}

void
naive_neuron(const struct ct_model *m, int l, int n, const double *in, struct naive_neuron *out)
{
	const struct ct_layer *ly = &m->layers[l];
	const struct ct_linear *maps[] = { &ly->gate, &ly->up };
	double pre[2] = { 0 }, r;

	for (int k = m->cfg.gated ? 0 : 1; k < 2; k++) {
		pre[k] = maps[k]->b ? (double)maps[k]->b[n] : 0;
		for (int d = 0; d < m->cfg.D; d++)
			pre[k] += weight(maps[k], n, d) * in[d];
	}
	if (!m->cfg.gated)
		pre[0] = pre[1];
	out->act = act_of(m->cfg.act, pre[0]) * (m->cfg.gated ? pre[1] : 1);
	/* The limit at 0 is the slope there. */
	r = pre[0] != 0 ? act_of(m->cfg.act, pre[0]) / pre[0] : act_of(m->cfg.act, 1e-6) / 1e-6;
	for (int d = 0; d < m->cfg.D; d++)
		out->map[d] = m->cfg.gated ? r * pre[1] / 2 * weight(&ly->gate, n, d) +
		    r * pre[0] / 2 * weight(&ly->up, n, d) : r * weight(&ly->up, n, d);
}
