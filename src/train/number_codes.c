/* number_codes: see number_codes.h. */
#include "train/number_codes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"

/* Directions in the order in which they are drawn. */
struct directions {
	float *list;			/* (n, D) */
	int n, D;
	double length;
	struct ct_rng *rng;
};

/* Draws one more direction, at right angles to the others while there is room for that. */
static const float *
draw(struct directions *s)
{
	int D = s->D;
	float *v = s->list + (size_t)s->n * D;
	double scale;

	for (int d = 0; d < D; d++)
		v[d] = ct_rng_normal(s->rng);
	for (int j = 0; j < s->n && s->n < D; j++) {
		const float *u = s->list + (size_t)j * D;

		ct_saxpy(D, -ct_sdot(D, u, v) / ct_sdot(D, u, u), u, v);
	}
	scale = s->length / sqrt(ct_sdot(D, v, v));
	for (int d = 0; d < D; d++)
		v[d] *= (float)scale;
	s->n++;
	return v;
}

static void
freeze(struct ct_net *net, size_t at)
{
	for (int k = 0; k < net->params.n; k++)
		if (net->params.list[k].at == at)
			net->params.list[k].rate = 0;
}

/*
 * A word's row is the sum of its codes' directions and of `common`. A word without codes gets a random row of
 * the same length, so that norms treat all words alike.
 */
static void
lay_words(struct ct_net *net, size_t table, const struct ct_corpus *c, const float *codes,
    const float *common, struct directions *s)
{
	int D = net->s.D;

	for (int v = 0; v < c->n_words; v++) {
		float *w = net->params.w + table + (size_t)v * D;
		const int *of = c->codes + (size_t)v * CT_CORPUS_CODES;

		memset(w, 0, (size_t)D * sizeof *w);
		if (common)
			ct_saxpy(D, 1, common, w);
		if (of[0] < 0)
			ct_saxpy(D, (float)sqrt(CT_CORPUS_CODES), draw(s), w);
		for (int i = 0; i < CT_CORPUS_CODES && of[0] >= 0; i++)
			ct_saxpy(D, 1, codes + (size_t)of[i] * D, w);
	}
	freeze(net, table);
}

/*
 * Queries and keys read only what all words have in common, so that a head looks a fixed number of tokens
 * back whatever these are: for each pair of rotated entries, the product q k is largest at the angle back *
 * theta. Only fast rotations are used; slow ones would not tell neighbours apart.
 */
static void
lay_looking(struct ct_net *net, int layer, int h, int back, const float *common)
{
	enum { SHARP = 14 };
	const struct ct_net_shape *s = &net->s;
	int D = s->D, half = s->head / 2;
	float *q = net->params.w + net->layers[layer].qkv + (size_t)h * s->head * D;
	float *k = q + (size_t)s->H * s->head * D;
	float size = SHARP / ct_sdot(D, common, common);

	memset(q, 0, (size_t)s->head * D * sizeof *q);
	memset(k, 0, (size_t)s->head * D * sizeof *k);
	for (int i = 0; i < half; i++) {
		double theta = pow(s->theta, -2.0 * i / s->head), angle = back * theta;

		if (theta < .4)
			break;
		ct_saxpy(D, size * (float)cos(angle), common, q + (size_t)i * D);
		ct_saxpy(D, -size * (float)sin(angle), common, q + (size_t)(half + i) * D);
		ct_saxpy(D, size, common, k + (size_t)i * D);
	}
}

/* Makes a head write each of n codes as a direction of its own; n = 0: nothing. */
static void
lay_writing(struct ct_net *net, int layer, int h, const float *codes, int n, struct directions *s)
{
	int D = net->s.D, head = net->s.head, wide = net->s.H * head;
	float *v = net->params.w + net->layers[layer].qkv + (size_t)(2 * wide + h * head) * D;
	float *o = net->params.w + net->layers[layer].o + (size_t)h * head;

	memset(v, 0, (size_t)head * D * sizeof *v);
	for (int d = 0; d < D; d++)
		memset(o + (size_t)d * wide, 0, (size_t)head * sizeof *o);
	for (int c = 0; c < n; c++) {
		const float *to = draw(s);

		/*
		 * After the norm a code has a length of about sqrt(D) / 2; it is written with its original
		 * length.
		 */
		ct_saxpy(D, (float)(2 / s->length / sqrt(D)), codes + (size_t)c * D, v + (size_t)c * D);
		for (int d = 0; d < D; d++)
			o[(size_t)d * wide + c] = to[d];
	}
}

static void
lay_heads(struct ct_net *net, int layer, const struct ct_corpus *c, const float *codes, struct directions *s)
{
	const struct ct_net_layer *w = &net->layers[layer];
	size_t wide = (size_t)net->s.H * net->s.head * net->s.D;

	for (int h = 0; h < net->s.H; h++) {
		lay_looking(net, layer, h, layer == 0 ? c->look_back[h % CT_CORPUS_LOOKS] : 0,
		    codes + (size_t)c->n_codes * net->s.D);
		lay_writing(net, layer, h, codes, layer == 0 ? c->n_codes : 0, s);
	}
	for (int k = 0; k < 3; k++)
		freeze(net, w->qkv + k * wide);
	freeze(net, w->o);
	freeze(net, w->norm1);
}

int
ct_number_codes_check(const struct ct_net_shape *s, const struct ct_corpus *c, struct ct_error *err)
{
	if (c->n_codes == 0)
		return ct_fail(err, CT_EINVAL, "number codes need numbers in the corpus: expected "
		    "`generator: sums`");
	if (s->H_kv != s->H || s->H < CT_CORPUS_LOOKS || s->head < c->n_codes)
		return ct_fail(err, CT_EINVAL, "number codes need at least %d heads, at least %d wide, each "
		    "with its own keys and values", CT_CORPUS_LOOKS, c->n_codes);
	return CT_OK;
}

int
ct_number_codes_build(struct ct_net *net, const struct ct_corpus *c, double size, struct ct_rng *rng,
    struct ct_error *err)
{
	struct directions s = { .D = net->s.D, .length = size * sqrt(net->s.D), .rng = rng };
	size_t most = (size_t)(2 * (c->n_codes + c->n_words) + 1 + net->s.H * c->n_codes);
	const float *codes, *common, *said;

	s.list = malloc(most * (size_t)s.D * sizeof *s.list);
	if (!s.list)
		return ct_fail_memory(err, most * (size_t)s.D * sizeof *s.list, "number codes");
	codes = s.list;
	while (s.n < c->n_codes)
		draw(&s);
	common = draw(&s);
	lay_words(net, net->embed, c, codes, common, &s);
	said = s.list + (size_t)s.n * s.D;
	for (int i = 0; i < c->n_codes; i++)
		draw(&s);
	lay_words(net, net->unembed, c, said, NULL, &s);
	for (int l = 0; l < net->s.L; l++)
		lay_heads(net, l, c, codes, &s);
	free(s.list);
	return CT_OK;
}
