/* synthetic: see synthetic.h. */
#include "model/synthetic.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"

struct maker {
	struct ct_arena *arena;
	struct ct_rng rng;
	struct ct_error *err;
	bool failed;		/* checked once, at the end */
};

/* n numbers in centre + U(-spread, spread). */
static float *
numbers(struct maker *mk, size_t n, double centre, double spread)
{
	float *x = ct_arena_need(mk->arena, n, sizeof *x, "random weights", mk->err);

	if (!x) {
		mk->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(centre + spread * (2 * (double)ct_rng_uniform(&mk->rng) - 1));
	return x;
}

static struct ct_linear
linear(struct maker *mk, int out, int in, bool bias)
{
	struct ct_linear l = { .w = ct_matrix_of(numbers(mk, (size_t)out * in, 0, 1 / sqrt(in)), out, in) };

	l.b = bias ? numbers(mk, (size_t)out, 0, 0.1) : NULL;
	return l;
}

static struct ct_matrix
table(struct maker *mk, int rows, int cols, double spread)
{
	return ct_matrix_of(numbers(mk, (size_t)rows * cols, 0, spread), rows, cols);
}

static struct ct_norm
norm(struct maker *mk, const struct ct_config *c, int width)
{
	return (struct ct_norm){ .w = numbers(mk, (size_t)width, 1, 0.1),
		.b = c->norm == CT_LAYERNORM ? numbers(mk, (size_t)width, 0, 0.1) : NULL };
}

static void
make_layer(struct maker *mk, const struct ct_config *c, struct ct_layer *ly)
{
	int width = c->H * c->head, kv = c->H_kv * c->head;

	ly->norm1 = norm(mk, c, c->D);
	ly->norm2 = norm(mk, c, c->D);
	if (c->post_norms) {
		ly->post1 = norm(mk, c, c->D);
		ly->post2 = norm(mk, c, c->D);
	}
	if (c->qk_norms) {
		ly->q_norm = norm(mk, c, c->head);
		ly->k_norm = norm(mk, c, c->head);
	}
	ly->q = linear(mk, width, c->D, c->attn_bias);
	ly->k = linear(mk, kv, c->D, c->attn_bias);
	ly->v = linear(mk, kv, c->D, c->attn_bias);
	ly->o = linear(mk, c->D, width, c->out_bias);
	if (c->gated)
		ly->gate = linear(mk, c->mlp, c->D, c->mlp_bias);
	ly->up = linear(mk, c->mlp, c->D, c->mlp_bias);
	ly->down = linear(mk, c->D, c->mlp, c->mlp_bias);
}

int
ct_model_random(struct ct_model **out, const struct ct_shape *s, struct ct_error *err)
{
	struct ct_model *m = calloc(1, sizeof *m);
	const struct ct_config *c = &s->cfg;
	struct maker mk = { .err = err };
	int code = CT_ENOMEM;

	*out = NULL;
	if (!m)
		return ct_fail_memory(err, sizeof *m, "a random model");
	m->cfg = *c;
	mk.arena = &m->arena;
	ct_rng_seed(&mk.rng, s->seed, 1);
	m->layers = ct_arena_need(&m->arena, (size_t)c->L, sizeof *m->layers, "layers", err);
	if (!m->layers)
		goto fail;
	m->embed = table(&mk, c->V, c->D, 1);
	if (c->position == CT_LEARNED)
		m->pos_embed = table(&mk, c->context, c->D, 0.5);
	for (int l = 0; l < c->L && !mk.failed; l++)
		make_layer(&mk, c, &m->layers[l]);
	m->norm_f = norm(&mk, c, c->D);
	m->unembed = c->tied ? m->embed : table(&mk, c->V, c->D, 1);
	if (mk.failed || (code = ct_model_prepare(m, err)) < 0)
		goto fail;
	*out = m;
	return CT_OK;
fail:
	ct_model_close(m);
	return code;
}

/* A matrix (rows,cols), or, if flipped, one that is stored as (cols,rows). */
static struct ct_matrix
matrix(struct maker *mk, int rows, int cols, double spread, bool flipped)
{
	struct ct_matrix w = table(mk, flipped ? cols : rows, flipped ? rows : cols, spread);

	return flipped ? ct_matrix_transpose(&w) : w;
}

static void
make_transcoder_layer(struct maker *mk, const struct ct_shape *s, int l, struct ct_tc_layer *ly)
{
	int F = s->F, D = s->cfg.D, rows = s->kind == CT_PLT ? 1 : s->square ? s->cfg.L : s->cfg.L - l;
	double in = 1 / sqrt((double)D), out = 1 / sqrt((double)s->cfg.L * (double)D);

	ly->F = F;
	ly->enc = matrix(mk, F, D, in, s->flipped);
	ly->b_enc = numbers(mk, (size_t)F, 0, 0.1);
	ly->b_dec = numbers(mk, (size_t)D, 0, 0.1);
	ly->threshold = s->act == CT_TC_JUMPRELU ? numbers(mk, (size_t)F, 0.3, 0.1) : NULL;
	if (s->skip)
		ly->skip = matrix(mk, D, D, in, s->flipped);
	ly->dec = table(mk, F, rows * D, out);
	ly->dec_rows = rows;
	ly->dec_first = s->kind == CT_CLT && s->square ? 0 : l;
}

int
ct_transcoder_random(struct ct_transcoder **out, const struct ct_shape *s, struct ct_error *err)
{
	struct ct_transcoder *tc = calloc(1, sizeof *tc);
	struct maker mk = { .err = err };

	*out = NULL;
	if (!tc)
		return ct_fail_memory(err, sizeof *tc, "a random transcoder");
	mk.arena = &tc->arena;
	ct_rng_seed(&mk.rng, s->seed, 2);
	*tc = (struct ct_transcoder){ .kind = s->kind, .act = s->act, .k = s->k, .L = s->cfg.L, .D = s->cfg.D,
		.F = s->F, .read = s->read, .write = s->write, .skip = s->skip, .centred = s->centred };
	tc->layers = ct_arena_need(&tc->arena, (size_t)tc->L, sizeof *tc->layers, "transcoder layers", err);
	tc->scan = ct_arena_strdup(&tc->arena, "random");
	mk.failed = !tc->layers || !tc->scan;
	for (int l = 0; l < tc->L && !mk.failed; l++)
		make_transcoder_layer(&mk, s, l, &tc->layers[l]);
	if (mk.failed) {
		ct_transcoder_close(tc);
		return CT_ENOMEM;
	}
	*out = tc;
	return CT_OK;
}
