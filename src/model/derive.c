/* derive: what follows from a model's config and weights once, before the first run. */
#include <math.h>

#include "model/model.h"
#include "model/tokenizer.h"

static void
mean_unembed(const struct ct_model *m, double *sum, float *mean)
{
	int D = m->cfg.D, V = m->cfg.V;

	for (int v = 0; v < V; v++)
		for (int d = 0; d < D; d++)
			sum[d] += m->unembed[(size_t)v * D + d];
	for (int d = 0; d < D; d++)
		mean[d] = (float)(sum[d] / V);
}

/* What all norms of a model share; families bind weights only. */
static void
complete_norm(struct ct_norm *n, const struct ct_config *c, int width)
{
	n->kind = c->norm;
	n->width = width;
	n->eps = c->eps;
}

static void
complete_norms(struct ct_model *m)
{
	const struct ct_config *c = &m->cfg;

	for (int l = 0; l < c->L; l++) {
		struct ct_layer *ly = &m->layers[l];

		complete_norm(&ly->norm1, c, c->D);
		complete_norm(&ly->norm2, c, c->D);
		complete_norm(&ly->post1, c, c->D);
		complete_norm(&ly->post2, c, c->D);
	}
	complete_norm(&m->norm_f, c, c->D);
}

/*
 * Frequencies of the rotary embedding, with linear scaling (all slowed down by `factor`) or Llama 3's: long
 * wavelengths are slowed down, short ones kept, those between blended (Hugging Face transformers,
 * modeling_rope_utils.py).
 */
int
ct_model_prepare(struct ct_model *m, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_rope_scaling *s = &c->rope_scaling;
	double *freq = ct_arena_need(&m->arena, (size_t)c->head / 2, sizeof *freq, "rotary frequencies", err);
	double *sum = ct_arena_need(&m->arena, (size_t)c->D, sizeof *sum, "the mean unembedding", err);
	float *mean = ct_arena_need(&m->arena, (size_t)c->D, sizeof *mean, "the mean unembedding", err);

	if (!freq || !sum || !mean)
		return CT_ENOMEM;
	m->rope_freq = freq;
	m->unembed_mean = mean;
	mean_unembed(m, sum, mean);
	complete_norms(m);
	for (int i = 0; i < c->head / 2; i++) {
		double f = pow(c->rope_theta, -2.0 * i / c->head), turns, blend;

		freq[i] = f;
		if (s->factor <= 0)
			continue;
		if (!s->original_context) {
			freq[i] = f / s->factor;
			continue;
		}
		turns = s->original_context * f / (2 * M_PI);
		blend = (turns - s->low_freq_factor) / (s->high_freq_factor - s->low_freq_factor);
		blend = fmin(fmax(blend, 0), 1);
		freq[i] = (1 - blend) * f / s->factor + blend * f;
	}
	return CT_OK;
}

int
ct_model_learn_special(struct ct_model *m, const struct ct_tokenizer *t, struct ct_error *err)
{
	bool *special = ct_arena_need(&m->arena, (size_t)m->cfg.V, sizeof *special, "the special tokens",
	    err);

	if (!special)
		return CT_ENOMEM;
	for (int id = 0; id < m->cfg.V; id++)
		special[id] = ct_tokenizer_special(t, id);
	m->special = special;
	return CT_OK;
}
