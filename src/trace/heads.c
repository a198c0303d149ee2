/* heads: see heads.h. */
#include "trace/heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/blas.h"
#include "trace/gradient.h"

/* What the layers pass on: the source's part of one run, and the target's gradient. */
struct split {
	const struct ct_local_model *lrm;
	const struct ct_head_source *source;
	const struct ct_target *target;
	struct ct_heads *out;
	int T, D, kv, width;
	float *write; /* (L,T,D) what the source adds to the stream after each MLP */
	float *before; /* (L,T,D) its part of the stream before each layer */
	float *V; /* (L,T,H_kv*head) the heads' values of that part */
	float *scratch; /* ct_layer_scratch, or rows of (T,D) */
	float *tmp; /* (D) */
	float *tile; /* (dec_most,D) decoder rows that are not kept */
	float *row; /* (T) of a pattern */
	float *O; /* (H*head) the gradient of one query, before the heads' output */
	float *mid, *read, *skip; /* (T,D) */
	struct ct_gradient gradient;
	double later; /* what the source writes above the present layer */
	double first; /* what its part of the embeddings adds */
	struct ct_arena *a; /* of out->loads */
	size_t room;
	/* Of a graph: sums of parts (L,H,T,T), and this target's weight in them. NULL: loads are listed. */
	float *parts;
	double weight;
};

/* The whole stream, including constants of the layers below. */
static bool
is_whole(const struct ct_head_source *source)
{
	return source->everything && source->pos < 0;
}

static float *
row(const struct split *s, float *of, int l, int t)
{
	return of + ((size_t)l * s->T + t) * s->D;
}

/* Where the decoder rows of active feature i are: see struct ct_local_model. */
static int
decoder_place(const struct ct_local_model *lrm, int i)
{
	const struct ct_active *f = &lrm->active[i];
	int at = i - lrm->first[f->layer * lrm->T + f->pos];

	for (int l = 0; l < f->layer && lrm->tc->kind == CT_CLT; l++)
		at += lrm->first[l * lrm->T + f->pos + 1] - lrm->first[l * lrm->T + f->pos];
	return at;
}

/* Everything written at one position, except by a skip path, which the forward pass follows. */
static void
write_all(const struct split *s, int m, int t)
{
	const struct ct_local_model *lrm = s->lrm;
	const float *constant = ct_local_model_constant(lrm, m, t, s->tmp);
	const float *dec = ct_local_model_decoders(lrm, m, t, s->tile);
	float *dst = row(s, s->write, m, t);

	memcpy(dst, constant, (size_t)s->D * sizeof *dst);
	for (int i = 0; i < lrm->dec_n[m * s->T + t]; i++)
		ct_saxpy(s->D, 1, dec + (size_t)i * s->D, dst);
	ct_saxpy(s->D, 1, row(s, lrm->error, m, t), dst);
}

/* What the source adds to the stream after each MLP, and to `before` of layer 0 at the embedding. */
static void
place_source(const struct split *s)
{
	const struct ct_head_source *source = s->source;
	const struct ct_local_model *lrm = s->lrm;
	int L = lrm->m->cfg.L, active;

	for (int t = 0; t < s->T; t++) {
		if (source->everything ? source->pos >= 0 && source->pos != t : source->pos != t)
			continue;
		if (source->everything)
			memcpy(row(s, s->before, 0, t), row(s, lrm->pass->x, 0, t),
			    (size_t)s->D * sizeof *s->before);
		else if (source->kind == CT_NODE_EMBEDDING)
			ct_embed_row(lrm->m, lrm->pass->ids[t], row(s, s->before, 0, t));
		else if (source->kind == CT_NODE_ERROR)
			memcpy(row(s, s->write, source->layer, t), row(s, lrm->error, source->layer, t),
			    (size_t)s->D * sizeof *s->write);
		for (int m = 0; m < L && source->everything; m++)
			write_all(s, m, t);
	}
	if (source->everything || source->kind != CT_NODE_FEATURE ||
	    (active = ct_local_model_active(lrm, source->layer, source->pos, source->index)) < 0)
		return;
	for (int m = source->layer; m < source->layer + ct_transcoder_reach(lrm->tc, source->layer); m++)
		memcpy(row(s, s->write, m, source->pos),
		    ct_local_model_decoders(lrm, m, source->pos, s->tile) +
		    (size_t)decoder_place(lrm, active) * s->D,
		    (size_t)s->D * sizeof *s->write);
}

/* Forwards: the source's part of the stream before each layer, and of the heads' values. */
static void
sweep_forwards(const struct split *s)
{
	const struct ct_local_model *lrm = s->lrm;
	size_t all = (size_t)s->T * s->D;

	for (int l = 0; l < s->out->layers; l++) {
		float *x = row(s, s->before, l, 0);

		/* Everything in the stream, including biases of the attention below: the stream itself. */
		if (is_whole(s->source))
			memcpy(x, row(s, lrm->pass->x, l, 0), all * sizeof *x);
		ct_attention_values(lrm->pass, l, x, s->V + (size_t)l * s->T * s->kv, s->scratch);
		if (l + 1 == s->out->layers || is_whole(s->source))
			continue;
		ct_attention_frozen(lrm->pass, l, x, s->mid, s->scratch);
		memset(s->skip, 0, all * sizeof *s->skip);
		for (int t = 0; t < s->T && lrm->tc->skip; t++)
			ct_read_frozen(
			    lrm->pass, lrm->tc, l, t, s->mid + (size_t)t * s->D, s->read + (size_t)t * s->D);
		if (lrm->tc->skip)
			ct_skip_frozen(lrm->tc, l, s->T, s->read, s->skip);
		for (int t = 0; t < s->T; t++) {
			float *next = row(s, s->before, l + 1, t);

			ct_write_frozen(lrm->pass, lrm->tc, l, t, s->skip + (size_t)t * s->D, next);
			ct_saxpy(s->D, 1, s->mid + (size_t)t * s->D, next);
			ct_saxpy(s->D, 1, row(s, s->write, l, t), next);
		}
	}
}

static int
by_size(const void *a, const void *b)
{
	const struct ct_head_load *x = a, *y = b;
	float u = fabsf(x->loading), v = fabsf(y->loading);

	if (u != v)
		return u > v ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	if (x->query != y->query)
		return x->query < y->query ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* Largest first. In a long prompt their number grows with the square of its length, so only some are kept. */
static void
sort_loads(struct ct_heads *out)
{
	if (out->n)
		qsort(out->loads, (size_t)out->n, sizeof *out->loads, by_size);
	if (out->n > CT_MAX_LOADS)
		out->n = CT_MAX_LOADS;
}

static int
list_load(struct split *s, struct ct_head_load load, struct ct_error *err)
{
	struct ct_heads *out = s->out;

	if (out->n == 2 * CT_MAX_LOADS)
		sort_loads(out);
	if ((size_t)out->n == s->room) {
		size_t room = 2 * s->room + 64;
		struct ct_head_load *more = ct_arena_need(s->a, room, sizeof *more, "heads", err);

		if (!more)
			return CT_ENOMEM;
		if (out->n)
			memcpy(more, out->loads, (size_t)out->n * sizeof *more);
		out->loads = more;
		s->room = room;
	}
	out->loads[out->n++] = load;
	return CT_OK;
}

/* The product of the gradient (T',D) and the source's part of a stream (T,D). */
static double
meet(const struct split *s, const struct ct_gradient *g, const float *part)
{
	double sum = 0;

	for (int t = 0; t < g->Tp; t++)
		sum += ct_sdot(s->D, g->G + (size_t)t * s->D, part + (size_t)t * s->D);
	return sum;
}

static int
at_write(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err)
{
	struct split *s = ctx;

	(void)err;
	s->later += meet(s, g, row(s, s->write, l, 0));
	return CT_OK;
}

/* What head h of layer l carries from every key to query q, whose gradient is in s->O. */
static int
split_query(struct split *s, int l, int h, int q, struct ct_error *err)
{
	const float *pattern = ct_pattern_row(s->lrm->pass, l, h, q, s->row);
	int at = l * s->out->H + h, code;

	for (int k = 0; k <= q; k++) {
		float load = ct_head_loading(&s->lrm->m->cfg, h, pattern[k], s->O,
		    s->V + ((size_t)l * s->T + k) * s->kv);

		s->out->loading[at] += load;
		if (s->parts)
			s->parts[((size_t)at * s->T + q) * s->T + k] +=
			    (float)(s->weight * fabs((double)load));
		else if (load != 0 && (code = list_load(s, (struct ct_head_load){ l, h, q, k, load }, err)) <
		    0)
			return code;
	}
	return CT_OK;
}

/* What each head of layer l carries from every key to every query; the rest bypasses this attention. */
static int
at_attention(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err)
{
	struct split *s = ctx;
	const struct ct_pass *p = s->lrm->pass;
	int code;

	for (int q = 0; q < g->Tp; q++) {
		ct_attention_output_back(p, l, q, 1, g->G + (size_t)q * s->D, s->O, s->tmp);
		for (int h = 0; h < s->out->H; h++)
			if ((code = split_query(s, l, h, q, err)) < 0)
				return code;
	}
	s->out->bypass[l] = s->later + meet(s, g, row(s, s->before, l, 0));
	return CT_OK;
}

static int
at_entry(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err)
{
	struct split *s = ctx;

	(void)err;
	s->out->constant[l] = is_whole(s->source) ? g->bias : 0;
	if (l == 0)
		s->first = meet(s, g, row(s, s->before, 0, 0));
	return CT_OK;
}

/* Backwards: the product of the target's gradient and the source's part, at every layer. */
static const struct ct_gradient_visit visit = { at_write, at_attention, at_entry };

/*
 * The whole edge, computed independently of the splits: at the first layer the gradient is multiplied by the
 * embedding, and on the way by everything that is written later.
 */
static void
check(struct split *s)
{
	struct ct_heads *out = s->out;
	bool whole = is_whole(s->source);

	out->total = s->later + s->first;
	if (whole && s->target->kind == CT_TARGET_FEATURE)
		out->total = ct_transcoder_preactivation(s->lrm->tc, s->target->layer, s->target->index,
		    row(s, s->lrm->read, s->target->layer, s->target->pos));
	else if (whole)
		out->total = ct_unembed_dot(s->lrm->m, s->target->index, s->target->other,
		    s->lrm->pass->final + (size_t)s->target->pos * s->D);
	for (int l = 0; l < out->layers; l++) {
		double sum = out->bypass[l] + out->constant[l],
		       size = fabs(out->bypass[l]) + fabs(out->constant[l]);

		for (int h = 0; h < out->H; h++) {
			sum += out->loading[l * out->H + h];
			size += fabs(out->loading[l * out->H + h]);
		}
		if (size > 0)
			out->residual = fmax(out->residual, fabs(sum - out->total) / size);
	}
}

static int
take_memory(struct split *s, struct ct_arena *tmp, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_model *m = s->lrm->m;
	size_t L = m->cfg.L, T = s->T, D = s->D, cells = L * T;
	struct ct_heads *out = s->out;

	s->write = ct_arena_need(tmp, cells * D, sizeof *s->write, "heads", err);
	s->before = ct_arena_need(tmp, cells * D, sizeof *s->before, "heads", err);
	s->V = ct_arena_need(tmp, cells * s->kv, sizeof *s->V, "heads", err);
	s->scratch = ct_arena_need(tmp, ct_layer_scratch(m, s->T), sizeof *s->scratch, "heads", err);
	s->tmp = ct_arena_need(tmp, D, sizeof *s->tmp, "heads", err);
	s->tile = ct_arena_need(tmp, s->lrm->dec_most * D, sizeof *s->tile, "decoder rows", err);
	s->O = ct_arena_need(tmp, s->width, sizeof *s->O, "heads", err);
	s->row = ct_arena_need(tmp, T, sizeof *s->row, "heads", err);
	s->mid = ct_arena_need(tmp, T * D, sizeof *s->mid, "heads", err);
	s->read = ct_arena_need(tmp, T * D, sizeof *s->read, "heads", err);
	s->skip = ct_arena_need(tmp, T * D, sizeof *s->skip, "heads", err);
	out->loading = ct_arena_need(a, (size_t)out->layers * out->H, sizeof *out->loading, "heads", err);
	out->bypass = ct_arena_need(a, out->layers, sizeof *out->bypass, "heads", err);
	out->constant = ct_arena_need(a, out->layers, sizeof *out->constant, "heads", err);
	if (!s->write || !s->before || !s->V || !s->scratch || !s->tmp || !s->tile || !s->O || !s->row ||
	    !s->mid || !s->read || !s->skip || !out->loading || !out->bypass || !out->constant)
		return CT_ENOMEM;
	s->a = a;
	return ct_gradient_init(&s->gradient, s->lrm->pass, s->T, tmp, err);
}

/* What shares of the parts are of. All that feeds a difference of logits is a lead; it may be too small. */
static double
shared_whole(const struct split *s)
{
	double size = fabs(s->out->total);
	bool lead = is_whole(s->source) && s->target->kind == CT_TARGET_DIFFERENCE;

	return lead && size < CT_LEAST_LEAD ? NAN : size;
}

int
ct_heads_split(struct ct_heads *out, const struct ct_local_model *lrm, const struct ct_head_source *source,
    const struct ct_target *target, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_config *c = &lrm->m->cfg;
	struct ct_arena tmp = { 0 };
	struct split s = { .lrm = lrm,
		.source = source,
		.target = target,
		.out = out,
		.T = lrm->T,
		.D = c->D,
		.kv = ct_key_width(c),
		.width = ct_query_width(c) };
	int code;

	*out = (struct ct_heads){ .H = c->H, .layers = ct_target_layers(lrm, target) };
	if ((code = take_memory(&s, &tmp, a, err)) == CT_OK) {
		place_source(&s);
		sweep_forwards(&s);
		code = ct_gradient_walk(&s.gradient, lrm, target, &visit, &s, job, err);
	}
	if (code == CT_OK) {
		check(&s);
		out->whole = shared_whole(&s);
		sort_loads(out);
	}
	ct_arena_free(&tmp);
	return code;
}

/* Splits one target of a graph: its loads are parts of everything that reaches it. */
static int
add_target(struct split *s, const struct ct_node *n, const struct ct_job *job, struct ct_error *err)
{
	struct ct_target target = ct_node_target(n);
	double largest = s->out->residual;
	int code;

	s->target = &target;
	s->later = 0;
	s->out->layers = ct_target_layers(s->lrm, &target);
	s->weight = (n->kind == CT_NODE_FEATURE ? n->influence : (double)n->weight) / n->inputs;
	memset(s->out->loading, 0, (size_t)s->out->layers * s->out->H * sizeof *s->out->loading);
	if ((code = ct_gradient_walk(&s->gradient, s->lrm, &target, &visit, s, job, err)) < 0)
		return code;
	s->out->residual = 0;
	check(s);
	s->out->residual = fmax(s->out->residual, largest);
	return CT_OK;
}

/* Lists the parts, and sums them by head. */
static int
list_parts(struct split *s, struct ct_error *err)
{
	struct ct_heads *out = s->out;
	int T = s->T, code;

	for (int i = 0; i < out->layers * out->H; i++) {
		out->loading[i] = 0;
		for (int j = 0; j < T * T; j++) {
			float part = s->parts[(size_t)i * T * T + j];

			out->loading[i] += part;
			if (part > 0 &&
			    (code = list_load(s,
				 (struct ct_head_load){ i / out->H, i % out->H, j / T, j % T, part }, err)) <
				0)
				return code;
		}
	}
	sort_loads(out);
	return CT_OK;
}

int
ct_heads_graph(struct ct_heads *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_head_source *source, int pos, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_config *c = &lrm->m->cfg;
	size_t cells = (size_t)c->L * c->H * lrm->T * lrm->T;
	struct ct_arena tmp = { 0 };
	struct split s = { .lrm = lrm,
		.source = source,
		.out = out,
		.T = lrm->T,
		.D = c->D,
		.kv = ct_key_width(c),
		.width = ct_query_width(c) };
	int code = ct_memory_check(cells * sizeof *s.parts, "what heads carry",
	    "use a shorter prompt, or ask for one node", err);

	*out = (struct ct_heads){ .H = c->H, .layers = c->L, .whole = 1 };
	if (code == CT_OK)
		code = take_memory(&s, &tmp, a, err);
	if (code == CT_OK && !(s.parts = ct_arena_need(&tmp, cells, sizeof *s.parts, "heads", err)))
		code = CT_ENOMEM;
	if (code == CT_OK) {
		place_source(&s);
		sweep_forwards(&s);
	}
	for (int i = 0; i < g->n_nodes && code == CT_OK; i++) {
		const struct ct_node *n = &g->nodes[i];

		if (n->kept && n->attributed && n->inputs > 0 && (pos < 0 || n->pos == pos))
			code = add_target(&s, n, job, err);
	}
	out->layers = c->L;
	if (code == CT_OK)
		code = list_parts(&s, err);
	ct_arena_free(&tmp);
	return code;
}
