/* attribution: see attribution.h. */
#include "trace/attribution.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "math/blas.h"
#include "math/kernels.h"

enum {
	/* gradient rows (targets x positions) of one chunk, so that its buffers stay in cache */
	CHUNK_ROWS = 1024,
	CHUNK_TARGETS = 128,
	CHUNK_LOGITS = 5, /* fewer, since all threads share the few targets with which a trace begins */
};

/* One layer of a chunk takes at most so many operations, so that a cancel never waits longer. */
static const double step_flops = 2.5e9;

/* Targets at one position, deepest layer first: those that the backward pass has reached are a prefix. */
struct chunk {
	struct ct_row *rows;
	int n;
	int pos;
	double weight;	/* how much its rows matter: the larger come first */
};

/* A backward pass in progress, which may pause between layers. */
struct lane {
	struct chunk *c; /* NULL: none */
	int l;	/* the layer that comes next */
	int n, spread; /* targets that the pass has reached; G of the first `spread` is at every position */
	float *G; /* (n,T',D) gradient with respect to the residual stream */
	struct ct_back back;
	float *E; /* (n,width) edges of the chunk, in the layout of its deepest layer */
	double *bias; /* (n) */
	double *size; /* (n) see finish_row */
	float *tmp; /* (D) */
	float *tile; /* (dec_most,D) decoder rows that are not kept */
};

struct ct_attribution {
	const struct ct_local_model *lrm;
	const struct ct_layout *layout;
	struct chunk *chunks;	/* those before `next` are done or under way */
	int n_chunks;
	struct lane *lanes;
	int n_lanes;
	atomic_int next, done;
	/* The present call; the calling thread asks its job between the layers of its own chunks. */
	const struct ct_job *job;
	double until;
	atomic_bool cancelled, stopped;
};

/* Sources of the local replacement model, as ct_layout_init counts them. */
static int
count_sources(const void *ctx, enum ct_node_kind kind, int l, int t)
{
	const struct ct_local_model *lrm = ctx;

	switch (kind) {
	case CT_NODE_FEATURE:
		return l < 0 ? 0 : lrm->first[l * lrm->T + t + 1] - lrm->first[l * lrm->T + t];
	case CT_NODE_ERROR:
		return l >= 0;
	case CT_NODE_EMBEDDING:
		return l < 0;
	case CT_NODE_TARGET:
	case CT_NODE_OTHER:
		break;
	}
	return 0;
}

int
ct_attribution_layout(struct ct_layout *y, const struct ct_local_model *lrm, struct ct_arena *a,
    struct ct_error *err)
{
	return ct_layout_init(y, lrm->T, lrm->m->cfg.L, count_sources, lrm, a, err);
}

/* The length of one row of the chunk's edges, which is that of its deepest layer. */
static size_t
chunk_width(const struct ct_attribution *j, const struct chunk *c)
{
	return ct_layout_length(j->layout, c->rows[0].target.layer, c->pos);
}

/* Where the sources of a kind at position t begin in such a row. */
static size_t
chunk_at(const struct ct_attribution *j, const struct chunk *c, enum ct_node_kind kind, int t)
{
	return ct_layout_at(j->layout, kind, c->rows[0].target.layer, t);
}

/*
 * Edges from everything that writes to MLP output m. G of the first `spread` targets lives at every
 * position.
 */
static void
mlp_edges(const struct ct_attribution *j, struct lane *w, const struct chunk *c, int m, int spread, int n)
{
	const struct ct_local_model *lrm = j->lrm;
	int T = lrm->T, D = lrm->m->cfg.D, Tp = c->pos + 1;
	size_t ld = chunk_width(j, c);

	for (int t = 0; t < Tp; t++) {
		int count = t == c->pos ? n : spread;
		int below = lrm->tc->kind == CT_CLT ? 0 : ct_layout_count(j->layout, CT_NODE_FEATURE, m, t);
		size_t at = chunk_at(j, c, CT_NODE_FEATURE, t) + (size_t)below;
		size_t error_at = chunk_at(j, c, CT_NODE_ERROR, t) + (size_t)m;
		const float *error = lrm->error + ((size_t)m * T + t) * D;
		const float *constant = ct_local_model_constant(lrm, m, t, w->tmp);

		if (count)
			ct_sgemm(false, true, count, lrm->dec_n[m * T + t], D, 1, w->G + (size_t)t * D,
			    Tp * D, ct_local_model_decoders(lrm, m, t, w->tile), D, 1, w->E + at, (int)ld);
		for (int b = 0; b < count; b++) {
			const float *G = w->G + ((size_t)b * Tp + t) * D;

			if (t >= lrm->pass->start)
				w->E[b * ld + error_at] = ct_sdot(D, G, error);
			w->bias[b] += ct_sdot(D, G, constant);
		}
	}
}

/* Copies the inputs that a target of this layer can have from the chunk's row to the row that is kept. */
static void
pack_row(const struct ct_attribution *j, const struct chunk *c, const float *E, struct ct_row *row)
{
	float *out = row->edges;

	for (int t = 0; t <= c->pos; t++)
		for (int k = 0; k < CT_SOURCE_KINDS; k++) {
			enum ct_node_kind kind = (enum ct_node_kind)k;
			size_t n = (size_t)ct_layout_count(j->layout, kind, row->target.layer, t);

			memcpy(out, E + chunk_at(j, c, kind, t), n * sizeof *out);
			out += n;
		}
}

/*
 * The sum of the sizes of all terms of a neuron's pre-activation, over the entries of the stream that it
 * reads. For a neuron, large terms may cancel to almost 0; rounding errors are small relative to the terms,
 * not to their sum.
 */
static double
summed_into(const struct ct_local_model *lrm, const struct ct_target *t, const float *gradient)
{
	int D = lrm->m->cfg.D;
	const float *x = lrm->pass->mid + ((size_t)t->layer * lrm->T + t->pos) * D;
	double sum = 0;

	for (int d = 0; d < D; d++)
		sum += fabs((double)gradient[d] * (double)x[d]);
	return sum;
}

/* Puts a target's gradient at its position: G is zero at all others. */
static void
inject(const struct ct_attribution *j, struct lane *w, const struct ct_row *row, int b, int Tp)
{
	const struct ct_local_model *lrm = j->lrm;
	const struct ct_target *t = &row->target;
	int D = lrm->m->cfg.D;
	float *G = w->G + (size_t)b * Tp * D, *own = G + (size_t)t->pos * D;

	memset(G, 0, (size_t)Tp * D * sizeof *G);
	w->size[b] = 0;
	if (row->gradient) {
		memcpy(own, row->gradient, (size_t)D * sizeof *own);
		w->bias[b] = row->constant;
	} else if (t->kind == CT_TARGET_FEATURE)
		ct_feature_gradient(lrm->pass, lrm->tc, t->layer, t->pos, t->index, own, &w->bias[b]);
	else
		ct_logit_gradient(lrm->pass, t->pos, t->index, t->other, own, &w->bias[b]);
	if (t->kind == CT_TARGET_FEATURE && lrm->tc->neurons && !row->gradient)
		w->size[b] = summed_into(lrm, t, own);
}

/* The target's value in the original run. */
static float
target_value(const struct ct_attribution *j, const struct ct_target *t)
{
	const struct ct_local_model *lrm = j->lrm;
	size_t D = lrm->m->cfg.D;

	if (t->kind == CT_TARGET_FEATURE && lrm->tc->neurons && lrm->fixed) {
		struct ct_tc_place at = { t->pos, t->index };
		float value;

		ct_features_local(lrm->pass, lrm->tc, t->layer, 1, &at, false,
		    lrm->read + (size_t)t->layer * lrm->T * D, &value);
		return value;
	}
	if (t->kind == CT_TARGET_FEATURE)
		return ct_transcoder_preactivation(lrm->tc, t->layer, t->index,
		    lrm->read + ((size_t)t->layer * lrm->T + t->pos) * D);
	return (float)ct_unembed_dot(lrm->m, t->index, t->other, lrm->pass->final + t->pos * D);
}

/*
 * Computes the sums of a row. size: the sum of the sizes of the terms in its value, if that exceeds the sum
 * over its edges; else 0.
 */
static void
finish_row(struct ct_row *row, size_t n, double bias, double size)
{
	double sum = 0, total = 0, gap;

	for (size_t i = 0; i < n; i++) {
		sum += row->edges[i];
		total += fabs((double)row->edges[i]);
	}
	row->bias = (float)bias;
	row->total = total;
	gap = fabs(row->value - sum - bias);
	total = fmax(total + fabs(bias), size);
	row->residual = total > 0 ? gap / total : gap;
}

/* The job is asked between layers, so that a person who cancels does not wait for a whole chunk. */
static bool
is_over(struct ct_attribution *j, int worker, int steps)
{
	if (worker == 0 && !atomic_load(&j->cancelled) &&
	    !ct_job_go_on(j->job, "attribution", atomic_load(&j->done), j->n_chunks))
		atomic_store(&j->cancelled, true);
	/* Even a call whose time is up makes one step, so that repeated calls finish. */
	if (steps > 0 && !atomic_load(&j->stopped) && j->until < INFINITY && ct_seconds() >= j->until)
		atomic_store(&j->stopped, true);
	return atomic_load(&j->cancelled) || (steps > 0 && atomic_load(&j->stopped));
}

/* Takes the next chunk, if there is one. */
static bool
start_walk(struct ct_attribution *j, struct lane *w)
{
	int at = atomic_fetch_add(&j->next, 1), L = j->lrm->m->cfg.L;

	if (at >= j->n_chunks) {
		atomic_fetch_sub(&j->next, 1);
		return false;
	}
	w->c = &j->chunks[at];
	w->l = L - 1;
	w->n = w->spread = 0;
	memset(w->E, 0, (size_t)w->c->n * chunk_width(j, w->c) * sizeof *w->E);
	for (; w->n < w->c->n && w->c->rows[w->n].target.layer == L; w->n++)
		inject(j, w, &w->c->rows[w->n], w->n, w->c->pos + 1);
	return true;
}

static void
walk_layer(const struct ct_attribution *j, struct lane *w)
{
	const struct ct_local_model *lrm = j->lrm;
	const struct chunk *c = w->c;
	int D = lrm->m->cfg.D, l = w->l, Tp = c->pos + 1;

	if (w->n) {
		mlp_edges(j, w, c, l, w->spread, w->n);
		ct_skip_back(lrm->pass, lrm->tc, l, w->n, Tp, w->G, w->bias, &w->back);
	}
	for (; w->n < c->n && c->rows[w->n].target.layer == l && !c->rows[w->n].gradient; w->n++)
		inject(j, w, &c->rows[w->n], w->n, Tp);
	ct_attention_back(lrm->pass, l, w->spread, Tp, w->G, w->bias, &w->back);
	ct_attention_back_own(lrm->pass, l, w->n - w->spread, Tp, w->G + (size_t)w->spread * Tp * D,
	    w->bias + w->spread, &w->back);
	w->spread = w->n;
	for (; w->n < c->n && c->rows[w->n].target.layer == l; w->n++)
		inject(j, w, &c->rows[w->n], w->n, Tp);
}

/* Adds the edges from the embeddings, which complete the rows. */
static void
end_walk(struct ct_attribution *j, struct lane *w)
{
	const struct ct_local_model *lrm = j->lrm;
	const struct chunk *c = w->c;
	int D = lrm->m->cfg.D, Tp = c->pos + 1;
	size_t ld = chunk_width(j, c);

	for (int t = 0; t < Tp; t++) {
		size_t at = chunk_at(j, c, CT_NODE_EMBEDDING, t);

		for (int b = 0; b < c->n; b++) {
			const float *G = w->G + ((size_t)b * Tp + t) * D;

			w->E[b * ld + at] = ct_embed_back(lrm->m, t, lrm->pass->ids[t], G, &w->bias[b]);
		}
	}
	for (int b = 0; b < c->n; b++) {
		struct ct_row *row = &c->rows[b];

		pack_row(j, c, w->E + b * ld, row);
		if (!row->gradient)
			row->value = target_value(j, &row->target);
		finish_row(row, ct_layout_length(j->layout, row->target.layer, row->target.pos), w->bias[b],
		    w->size[b]);
		row->done = true;
	}
	w->c = NULL;
	atomic_fetch_add(&j->done, 1);
}

static void
run_lane(void *arg, int task, int worker)
{
	struct ct_attribution *j = arg;
	struct lane *w = &j->lanes[task];
	int steps = 0;

	while (!is_over(j, worker, steps) && (w->c || start_walk(j, w))) {
		for (; w->l >= 0; w->l--, steps++) {
			if (is_over(j, worker, steps))
				return;
			walk_layer(j, w);
		}
		end_walk(j, w);
	}
}

/*
 * Late positions come first, since they cost most, and small ones fill the gaps at the end. Within a layer,
 * features come first, since they read the stream after attention.
 */
static int
by_place(const void *a, const void *b)
{
	const struct ct_row *u = a, *v = b;
	const struct ct_target *x = &u->target, *y = &v->target;

	if (x->pos != y->pos)
		return x->pos > y->pos ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer > y->layer ? -1 : 1;
	if (!u->gradient != !v->gradient)
		return v->gradient ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->other < y->other ? -1 : x->other > y->other;
}

/*
 * The most targets that a chunk at a position has. This and the order of rows decide which rows are computed
 * together, and so every bit of the result; neither threads nor pauses may change it.
 */
static int
chunk_limit(const struct ct_target *first, int L, int D)
{
	int rows = step_flops < 4.0 * CHUNK_ROWS * D * D ? (int)(step_flops / (4.0 * D * D)) : CHUNK_ROWS;
	int limit = rows / (first->pos + 1);

	if (first->layer == L)
		return CHUNK_LOGITS;
	return limit < 8 ? 8 : limit > CHUNK_TARGETS ? CHUNK_TARGETS : limit;
}

/* The largest sizes that any chunk needs. */
struct sizes {
	size_t rows, targets, edges;
};

static int
make_lane(struct lane *w, const struct ct_local_model *lrm, const struct sizes *z, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_model *m = lrm->m;
	size_t D = m->cfg.D;

	w->G = ct_arena_need(a, z->rows * D, sizeof *w->G, "gradients", err);
	w->E = ct_arena_need(a, z->edges, sizeof *w->E, "edges", err);
	w->bias = ct_arena_need(a, z->targets, sizeof *w->bias, "gradients", err);
	w->size = ct_arena_need(a, z->targets, sizeof *w->size, "gradients", err);
	w->tmp = ct_arena_need(a, D, sizeof *w->tmp, "gradients", err);
	w->tile = ct_arena_need(a, lrm->dec_most * D, sizeof *w->tile, "decoder rows", err);
	if (!w->G || !w->E || !w->bias || !w->size || !w->tmp || !w->tile)
		return CT_ENOMEM;
	return ct_back_init(&w->back, m, lrm->T, z->rows, z->targets, a, err);
}

unsigned long long
ct_attribution_bytes(const struct ct_model *m, int T, int n, int threads)
{
	int chunk = n < CHUNK_LOGITS ? n : CHUNK_LOGITS, lanes = (n + CHUNK_LOGITS - 1) / CHUNK_LOGITS;
	size_t rows = (size_t)chunk * (size_t)T;

	return sizeof(float) * (unsigned long long)(lanes < threads ? lanes : threads) *
	    (rows * (size_t)m->cfg.D + ct_back_size(m, T, rows, (size_t)chunk));
}

/* Cuts the sorted rows into chunks; returns how many. */
static int
make_chunks(const struct ct_attribution *j, struct ct_row *rows, int n, struct sizes *z)
{
	const struct ct_config *cfg = &j->lrm->m->cfg;
	int count = 0;

	for (int i = 0; i < n; i += j->chunks[count++].n) {
		struct chunk *c = &j->chunks[count];
		int limit = chunk_limit(&rows[i].target, cfg->L, cfg->D);
		size_t cells, edges;

		*c = (struct chunk){ .rows = rows + i, .pos = rows[i].target.pos };
		while (i + c->n < n && rows[i + c->n].target.pos == c->pos && c->n < limit)
			c->n++;
		cells = (size_t)c->n * (c->pos + 1);
		edges = (size_t)c->n * chunk_width(j, c);
		z->rows = cells > z->rows ? cells : z->rows;
		z->edges = edges > z->edges ? edges : z->edges;
		z->targets = (size_t)c->n > z->targets ? (size_t)c->n : z->targets;
	}
	return count;
}

/* Memory for the rows that are kept; refused at once if they cannot fit. */
static int
make_rows(
    const struct ct_layout *layout, struct ct_row *rows, int n, struct ct_arena *a, struct ct_error *err)
{
	unsigned long long bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += ct_layout_length(layout, rows[i].target.layer,
		    rows[i].target.pos) * sizeof *rows[i].edges;
	if (ct_memory_check(bytes, "the graph's edges", "allow fewer nodes with --max-feature-nodes", err) <
	    0)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		rows[i].edges = ct_arena_need(a, ct_layout_length(layout, rows[i].target.layer,
		    rows[i].target.pos), sizeof *rows[i].edges, "edges", err);
		if (!rows[i].edges)
			return CT_ENOMEM;
	}
	return CT_OK;
}

int
ct_attribution_begin(struct ct_attribution **out, const struct ct_local_model *lrm,
    const struct ct_layout *layout, const struct ct_rows *rows, int threads, struct ct_arena *scratch,
    struct ct_error *err)
{
	struct ct_attribution *j = ct_arena_need(scratch, 1, sizeof *j, "attribution", err);
	struct sizes z = { 0 };
	int n = rows->n, code;

	if (!j)
		return CT_ENOMEM;
	*j = (struct ct_attribution){ .lrm = lrm, .layout = layout };
	j->chunks = ct_arena_need(scratch, (size_t)n, sizeof *j->chunks, "attribution", err);
	if (!j->chunks)
		return CT_ENOMEM;
	qsort(rows->row, (size_t)n, sizeof *rows->row, by_place);
	j->n_chunks = make_chunks(j, rows->row, n, &z);
	j->n_lanes = threads < j->n_chunks ? threads : j->n_chunks;
	j->lanes = ct_arena_need(scratch, (size_t)j->n_lanes, sizeof *j->lanes, "attribution", err);
	if (!j->lanes)
		return CT_ENOMEM;
	if ((code = make_rows(layout, rows->row, n, rows->edges, err)) < 0)
		return code;
	for (int i = 0; i < j->n_lanes; i++)
		if ((code = make_lane(&j->lanes[i], lrm, &z, scratch, err)) < 0)
			return code;
	atomic_init(&j->next, 0);
	atomic_init(&j->done, 0);
	*out = j;
	return CT_OK;
}

static int
by_weight(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->rows < y->rows ? -1 : x->rows > y->rows;
}

void
ct_attribution_order(struct ct_attribution *j,
    double (*weight)(const void *ctx, const struct ct_row *row), const void *ctx)
{
	int from = atomic_load(&j->next);

	for (int i = from; i < j->n_chunks; i++) {
		j->chunks[i].weight = 0;
		for (int k = 0; k < j->chunks[i].n; k++)
			j->chunks[i].weight += weight(ctx, &j->chunks[i].rows[k]);
	}
	qsort(j->chunks + from, (size_t)(j->n_chunks - from), sizeof *j->chunks, by_weight);
}

int
ct_attribution_run(struct ct_attribution *j, double until, const struct ct_job *job, struct ct_error *err)
{
	j->job = job;
	j->until = until;
	atomic_init(&j->cancelled, false);
	atomic_init(&j->stopped, false);
	ct_pool_run(ct_job_pool(job), j->n_lanes, run_lane, j);
	/* The other threads may have computed a small graph before the job was asked. */
	if (!atomic_load(&j->cancelled) && !ct_job_go_on(job, "attribution", atomic_load(&j->done),
	    j->n_chunks))
		atomic_store(&j->cancelled, true);
	j->job = NULL;
	return atomic_load(&j->cancelled) ? ct_fail(err, CT_ECANCELLED, "attribution cancelled") : CT_OK;
}

bool
ct_attribution_done(const struct ct_attribution *j)
{
	return atomic_load(&j->done) == j->n_chunks;
}

int
ct_attribute(const struct ct_local_model *lrm, const struct ct_layout *layout, struct ct_row *rows, int n,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct ct_attribution *j;
	const struct ct_rows all = { rows, n, a };
	int code = ct_attribution_begin(&j, lrm, layout, &all, ct_pool_threads(ct_job_pool(job)), &tmp, err);

	if (code == CT_OK)
		code = ct_attribution_run(j, INFINITY, job, err);
	ct_arena_free(&tmp);
	return code;
}
