/* generate: see generate.h. */
#include "trace/generate.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"

int
ct_generator_init(struct ct_generator *g, const struct ct_local_model *lrm, int n,
    const struct ct_generator_start *start, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_config *c = &lrm->m->cfg;
	size_t D = c->D, kv = ct_kv_size(lrm->m, 1), max = (size_t)lrm->T + n, prompt = (size_t)lrm->T * kv;
	struct {
		float **to;
		size_t n;
	} table[] = {
		{ &g->k, c->L * max * kv },
		{ &g->v, c->L * max * kv },
		{ &g->x, D },
		{ &g->mid, D },
		{ &g->in, D },
		{ &g->mlp, D },
		{ &g->read, D },
		{ &g->row, D },
		{ &g->scales, 4 },
		{ &g->scratch, ct_layer_scratch_last(lrm->m, 1, (int)max) + (size_t)lrm->tc->F },
		{ &g->out, c->L * D },
		{ &g->final, D },
		{ &g->logits, (size_t)c->V },
		{ &g->act, 2 * (size_t)lrm->tc->F },
	};

	*g = (struct ct_generator){
		.lrm = lrm, .T = lrm->T, .max = (int)max, .clamps = start->clamps, .n_clamps = start->n_clamps
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!(*table[i].to = ct_arena_need(a, table[i].n, sizeof(float), "generation", err)))
			return CT_ENOMEM;
	for (int l = 0; l < c->L; l++) {
		memcpy(g->k + l * max * kv, start->k + l * prompt, prompt * sizeof *g->k);
		memcpy(g->v + l * max * kv, start->v + l * prompt, prompt * sizeof *g->v);
	}
	memcpy(g->final, start->final, D * sizeof *g->final);
	ct_logits(lrm->m, 1, g->final, g->logits);
	return CT_OK;
}

const float *
ct_generator_logits(const struct ct_generator *g)
{
	return g->logits;
}

static bool
in_force(const struct ct_clamp *c, int l, int pos)
{
	return c->layer == l && !c->off && (c->pos == CT_ALL_POSITIONS || (c->onwards && c->pos <= pos));
}

static void
clamp_layer(struct ct_generator *g, int l, int pos)
{
	const struct ct_transcoder *tc = g->lrm->tc;
	int D = tc->D, F = tc->layers[l].F;
	float *act = g->act, *pre = act + tc->F;
	bool encoded = false;

	for (int i = 0; i < g->n_clamps; i++) {
		const struct ct_clamp *c = &g->clamps[i];
		bool last = true;
		double current, value;

		if (!in_force(c, l, pos))
			continue;
		/* Of several clamps on one feature, the last one that includes this position counts. */
		for (int k = i + 1; k < g->n_clamps && last; k++)
			last = g->clamps[k].feature != c->feature || !in_force(&g->clamps[k], l, pos);
		if (!last)
			continue;
		if (!encoded) {
			ct_transcoder_encode(tc, l, 1, g->read, pre);
			ct_transcoder_activate(tc, l, pre, act, g->scratch);
			encoded = true;
		}
		if (c->feature >= F)
			continue;
		current = act[c->feature];
		value = c->unit == CT_ABSOLUTE	 ? c->amount
			: c->unit == CT_MULTIPLE ? c->amount * current
						 : current + c->amount;
		for (int m = l; m < l + ct_transcoder_reach(tc, l); m++) {
			ct_transcoder_decoder_row(tc, l, c->feature, m, g->row);
			ct_saxpy(D, (float)(value - current), g->row, g->out + (size_t)m * D);
		}
	}
}

int
ct_generator_push(struct ct_generator *g, int token, struct ct_error *err)
{
	const struct ct_model *m = g->lrm->m;
	const struct ct_config *c = &m->cfg;
	int D = c->D, pos = g->T;
	size_t kv = ct_kv_size(m, g->max);
	struct ct_layer_rows r = { .first = pos, .T = pos + 1, .scale1 = g->scales,
		.scale2 = g->scales + 1, .post1 = g->scales + 2, .post2 = g->scales + 3 };

	if (pos >= g->max)
		return ct_fail(err, CT_EINVAL, "no room for a token at position %d", pos);
	memset(g->out, 0, (size_t)c->L * D * sizeof *g->out);
	ct_embed(m, 1, pos, &token, g->x);
	for (int l = 0; l < c->L; l++) {
		r.k = g->k + l * kv;
		r.v = g->v + l * kv;
		ct_layer_attention(m, l, &r, g->x, g->mid, g->scratch);
		ct_layer_mlp(m, l, 1, g->mid, g->in, r.scale2, g->mlp, g->scratch);
		ct_to_write_point(m, g->lrm->tc, l, 1, g->mlp, r.post2);
		ct_read_stream(m, g->lrm->tc, 1, g->mid, g->in, r.scale2, g->read);
		clamp_layer(g, l, pos);
		for (int d = 0; d < D; d++)
			g->mlp[d] += g->out[(size_t)l * D + d];
		ct_from_write_point(m, g->lrm->tc, l, 1, g->mlp, r.post2);
		for (int d = 0; d < D; d++) {
			g->x[d] = g->mid[d] + g->mlp[d];
			if (!isfinite(g->x[d]))
				return ct_fail(err, CT_EINVAL,
				    "the clamps make layer %d's activations infinite at position %d: use "
				    "smaller strengths", l, pos);
		}
	}
	ct_final_norm(m, 1, g->x, g->final, r.scale2);
	ct_logits(m, 1, g->final, g->logits);
	g->T++;
	return CT_OK;
}

int
ct_sample(const float *logits, int V, double temperature, struct ct_rng *rng)
{
	double sum = 0, draw;
	int best = ct_likeliest(V, logits);

	if (temperature <= 0)
		return best;
	for (int v = 0; v < V; v++)
		sum += exp(((double)logits[v] - (double)logits[best]) / temperature);
	draw = (double)ct_rng_uniform(rng) * sum;
	for (int v = 0; v < V; v++) {
		draw -= exp(((double)logits[v] - (double)logits[best]) / temperature);
		if (draw < 0)
			return v;
	}
	return best;
}
