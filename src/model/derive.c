/* derive: what is computed once from a model's config and weights, before the first run. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/vector.h"
#include "model/model.h"
#include "model/pattern.h"
#include "model/tokenizer.h"

struct ct_mean {
	pthread_mutex_t lock;
	atomic_bool known;
	double *sum;			/* (D) */
	float *row, *mean;		/* (D) */
};

MULTIVERSION static void
add_row(int D, const float *restrict row, double *restrict sum)
{
	for (int d = 0; d < D; d++)
		sum[d] += (double)row[d];
}

const float *
ct_model_unembed_mean(const struct ct_model *m)
{
	struct ct_mean *x = m->unembed_mean;
	int D = m->cfg.D, V = m->cfg.V;

	if (atomic_load(&x->known))
		return x->mean;
	pthread_mutex_lock(&x->lock);
	if (!atomic_load(&x->known)) {
		for (int v = 0; v < V; v++)
			add_row(D, ct_matrix_row(&m->unembed, v, x->row), x->sum);
		for (int d = 0; d < D; d++)
			x->mean[d] = (float)(x->sum[d] / V);
		atomic_store(&x->known, true);
	}
	pthread_mutex_unlock(&x->lock);
	return x->mean;
}

static int
make_mean(struct ct_model *m, struct ct_error *err)
{
	struct ct_mean *x = ct_arena_need(&m->arena, 1, sizeof *x, "the mean unembedding", err);
	size_t D = m->cfg.D;

	if (!x || !(x->sum = ct_arena_need(&m->arena, D, sizeof *x->sum, "the mean unembedding", err)) ||
	    !(x->row = ct_arena_need(&m->arena, D, sizeof *x->row, "the mean unembedding", err)) ||
	    !(x->mean = ct_arena_need(&m->arena, D, sizeof *x->mean, "the mean unembedding", err)))
		return CT_ENOMEM;
	pthread_mutex_init(&x->lock, NULL);
	atomic_init(&x->known, false);
	m->unembed_mean = x;
	return CT_OK;
}

int
ct_model_check_finite(const struct ct_model *m, const float *x, size_t n, struct ct_error *err)
{
	size_t bad = 0;

	while (bad < n && isfinite(x[bad]))
		bad++;
	if (bad == n || m->allow_nonfinite)
		return CT_OK;
	for (int i = 0; m->tensors && i < ct_tensors_count(m->tensors); i++) {
		const struct ct_tensor *t = ct_tensors_at(m->tensors, i);
		long long at = ct_tensor_nonfinite(t);
		float value;

		if (at < 0)
			continue;
		ct_tensor_read(&value, t, (size_t)at, 1);
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: element %lld is %g; expected finite weights "
		    "(--allow-nonfinite reads it anyway)", t->file, t->name, at, (double)value);
	}
	return CT_OK;
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
		complete_norm(&ly->q_norm, c, c->head);
		complete_norm(&ly->k_norm, c, c->head);
	}
	complete_norm(&m->norm_f, c, c->D);
}

/*
 * Frequencies of the rotary embedding, with linear scaling (all slowed down by `factor`) or Llama 3's: long
 * wavelengths are slowed down, short ones are kept, and those between are interpolated (Hugging Face
 * transformers, modeling_rope_utils.py).
 */
static double *
make_rope(struct ct_model *m, double theta, const struct ct_rope_scaling *s, struct ct_error *err)
{
	int head = m->cfg.head;
	double *freq = ct_arena_need(&m->arena, (size_t)head / 2, sizeof *freq, "rotary frequencies", err);

	for (int i = 0; freq && i < head / 2; i++) {
		double f = pow(theta, -2.0 * i / head), turns, blend;

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
	return freq;
}

int
ct_model_prepare(struct ct_model *m, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_rope_scaling none = { 0 };
	const double *far = NULL, *near;

	if (make_mean(m, err) < 0 || !(far = make_rope(m, c->rope_theta, &c->rope_scaling, err)))
		return CT_ENOMEM;
	near = c->local_theta > 0 ? make_rope(m, c->local_theta, &none, err) : far;
	if (!near)
		return CT_ENOMEM;
	for (int l = 0; l < c->L; l++) {
		m->layers[l].rope = c->local[l] ? near : far;
		m->layers[l].window = c->local[l] ? c->window : 0;
	}
	complete_norms(m);
	m->pattern_bytes = CT_PATTERN_BYTES;
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
