/* neuron_choice: see neuron_choice.h. */
#include "trace/neuron_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/neurons.h"

/* One target's gradient (T',D) with respect to the stream, and its effects at one layer. */
struct walker {
	int Tp;
	float *G;
	float *effect;			/* (T',F) of each neuron of the layer */
};

/* What a thread needs for one target at a time. */
struct bench {
	float *mlp;			/* (T',D) the gradient at the write point */
	struct ct_neuron_rows rows;	/* (T',F) */
	double bias;			/* its bias, which is not used */
	struct ct_back back;
};

struct candidate {
	double score;
	struct ct_active at;
};

struct choice {
	const struct ct_pass *p;
	const struct ct_transcoder *tc;
	const struct ct_neuron_question *q;
	int layer;			/* the layer that the walkers have reached */
	struct walker *walkers;		/* (n_targets) */
	struct bench *benches;		/* (threads) */
	struct ct_neuron_rows rows;	/* (T,F) of the layer */
	long all;			/* neurons of the prompt */
	int most;			/* how many of them to keep */
	struct candidate *kept;		/* (2*most) the largest so far, and candidates */
	int n;
	double sum;			/* of all scores */
};

static int
make_walker(const struct ct_model *m, struct walker *w, int pos, struct ct_arena *a, struct ct_error *err)
{
	size_t Tp = (size_t)pos + 1;

	w->Tp = (int)Tp;
	w->G = ct_arena_need(a, Tp * (size_t)m->cfg.D, sizeof *w->G, "gradients", err);
	w->effect = ct_arena_need(a, Tp * (size_t)m->cfg.mlp, sizeof *w->effect, "gradients", err);
	return w->G && w->effect ? CT_OK : CT_ENOMEM;
}

/* rows: positions of the target that has most. */
static int
make_bench(const struct ct_pass *p, struct bench *b, size_t rows, struct ct_arena *a, struct ct_error *err)
{
	size_t cells = rows * (size_t)p->m->cfg.mlp;

	b->mlp = ct_arena_need(a, rows * (size_t)p->m->cfg.D, sizeof *b->mlp, "gradients", err);
	b->rows.gate = ct_arena_need(a, cells, sizeof(float), "gradients", err);
	b->rows.up = ct_arena_need(a, cells, sizeof(float), "gradients", err);
	if (!b->mlp || !b->rows.gate || !b->rows.up)
		return CT_ENOMEM;
	return ct_back_init(&b->back, p->m, p->T, rows, 1, a, err);
}

unsigned long long
ct_neuron_choice_bytes(const struct ct_model *m, int T, int n_targets, int threads)
{
	unsigned long long t = (unsigned long long)T, D = (unsigned long long)m->cfg.D,
	    F = (unsigned long long)m->cfg.mlp;
	unsigned long long one = t * (D + 2 * F) + ct_back_size(m, T, (size_t)T, 1);

	return sizeof(float) * (3 * t * F + (unsigned long long)n_targets * t * (D + F) +
	    (unsigned long long)(threads < n_targets ? threads : n_targets) * one);
}

static int
make(struct choice *c, int threads, struct ct_arena *a, struct ct_error *err)
{
	size_t cells = (size_t)c->p->T * (size_t)c->p->m->cfg.mlp, rows = 0;
	int code = CT_OK;

	c->all = (long)c->p->m->cfg.L * (c->p->T - c->p->start) * c->p->m->cfg.mlp;
	c->most = c->q->most < c->all ? c->q->most : (int)c->all;
	c->walkers = ct_arena_need(a, (size_t)c->q->n_targets, sizeof *c->walkers, "gradients", err);
	c->benches = ct_arena_need(a, (size_t)threads, sizeof *c->benches, "gradients", err);
	c->rows.act = ct_arena_need(a, cells, sizeof(float), "activations", err);
	c->rows.gate = ct_arena_need(a, cells, sizeof(float), "activations", err);
	c->rows.up = ct_arena_need(a, cells, sizeof(float), "activations", err);
	c->kept = ct_arena_need(a, 2 * (size_t)c->most, sizeof *c->kept, "neurons", err);
	if (!c->walkers || !c->benches || !c->rows.act || !c->rows.gate || !c->rows.up || !c->kept)
		return CT_ENOMEM;
	for (int k = 0; k < c->q->n_targets && code == CT_OK; k++) {
		code = make_walker(c->p->m, &c->walkers[k], c->q->targets[k].pos, a, err);
		rows = (size_t)c->walkers[k].Tp > rows ? (size_t)c->walkers[k].Tp : rows;
	}
	for (int i = 0; i < threads && code == CT_OK; i++)
		code = make_bench(c->p, &c->benches[i], rows, a, err);
	return code;
}

/* Sets the gradient of a target: at the final stream, or at the input of its neuron. */
static void
start(const struct choice *c, const struct ct_target *t, struct walker *w, double *bias)
{
	float *own = w->G + (size_t)t->pos * c->p->m->cfg.D;
	int other = t->kind == CT_TARGET_DIFFERENCE ? t->other : CT_VOCAB_MEAN;

	if (t->kind == CT_TARGET_FEATURE && t->layer == c->layer)
		ct_feature_gradient(c->p, c->tc, t->layer, t->pos, t->index, own, bias);
	else if (t->kind != CT_TARGET_FEATURE && c->layer == c->p->m->cfg.L - 1)
		ct_logit_gradient(c->p, t->pos, t->index, other, own, bias);
}

/* One target at one layer: the effects of its neurons, and the gradient before the layer. */
static void
walk_layer(void *ctx, int task, int worker)
{
	struct choice *c = ctx;
	struct walker *w = &c->walkers[task];
	struct bench *b = &c->benches[worker];
	const struct ct_target *target = &c->q->targets[task];
	const struct ct_model *m = c->p->m;
	int D = m->cfg.D, l = c->layer, before = c->p->start < w->Tp ? c->p->start : w->Tp;
	size_t cells = (size_t)w->Tp * (size_t)m->cfg.mlp;
	bool open = target->kind != CT_TARGET_FEATURE || l < target->layer;

	memset(w->effect, 0, cells * sizeof *w->effect);
	start(c, target, w, &b->bias);
	if (open) {
		for (int t = 0; t < w->Tp; t++)
			ct_write_back(c->p, c->tc, l, t, w->G + (size_t)t * D, b->mlp + (size_t)t * D);
		/* BOS's MLP output is a constant, so its neurons do not count. */
		memset(b->mlp, 0, (size_t)before * D * sizeof *b->mlp);
		ct_neurons_write_back(m, l, w->Tp, b->mlp, w->effect);
		memcpy(b->rows.gate, c->rows.gate, cells * sizeof *b->rows.gate);
		memcpy(b->rows.up, c->rows.up, cells * sizeof *b->rows.up);
		ct_neurons_back(m, l, w->Tp, w->effect, &b->rows, b->mlp);
		for (int t = 0; t < w->Tp; t++) {
			float *row = b->mlp + (size_t)t * D;

			ct_read_back(c->p, c->tc, l, t, row, row, &b->bias);
			for (int d = 0; d < D; d++)
				w->G[(size_t)t * D + d] += row[d];
		}
	}
	for (size_t i = 0; i < cells; i++)
		w->effect[i] *= c->rows.act[i];
	if (open || l == target->layer)
		ct_attention_back(c->p, l, 1, w->Tp, w->G, &b->bias, &b->back);
}

static int
by_place(const void *x, const void *y)
{
	const struct ct_active *a = x, *b = y;

	return ct_place_order((struct ct_place){ a->layer, a->pos, a->feature },
	    (struct ct_place){ b->layer, b->pos, b->feature });
}

static int
by_score(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return by_place(&a->at, &b->at);
}

static void
keep_largest(struct choice *c)
{
	qsort(c->kept, (size_t)c->n, sizeof *c->kept, by_score);
	if (c->n > c->most)
		c->n = c->most;
}

/*
 * Scores the layer's neurons by their weighted effects on the targets. Without effect they count as active.
 */
static void
rank_layer(struct choice *c)
{
	int F = c->p->m->cfg.mlp;

	for (int t = c->p->start; t < c->p->T; t++)
		for (int f = 0; f < F; f++) {
			size_t i = (size_t)t * F + (size_t)f;
			float act = c->rows.act[i];
			double score = 0;

			for (int k = 0; k < c->q->n_targets; k++)
				if (t < c->walkers[k].Tp)
					score += fabs((double)c->q->targets[k].weight *
					    (double)c->walkers[k].effect[i]);
			if (act == 0)
				continue;
			c->sum += score;
			if (c->n / 2 == c->most)
				keep_largest(c);
			c->kept[c->n++] = (struct candidate){ .score = score,
				.at = { .layer = c->layer, .pos = t, .feature = f, .pre = act, .act = act } };
		}
}

/* The chosen neurons, sorted by place. */
static int
finish(struct ct_neuron_choice *out, struct choice *c, struct ct_arena *a, struct ct_error *err)
{
	double kept = 0;

	keep_largest(c);
	out->n = c->n;
	out->all = c->all;
	out->active = ct_arena_need(a, (size_t)c->n, sizeof *out->active, "active neurons", err);
	if (!out->active)
		return CT_ENOMEM;
	for (int i = 0; i < c->n; i++) {
		out->active[i] = c->kept[i].at;
		kept += c->kept[i].score;
	}
	out->left_out = c->n < c->q->most || !(c->sum > kept) ? 0 : 1 - kept / c->sum;
	qsort(out->active, (size_t)c->n, sizeof *out->active, by_place);
	return CT_OK;
}

int
ct_neuron_choose(struct ct_neuron_choice *out, const struct ct_pass *p, const struct ct_transcoder *tc,
    const struct ct_neuron_question *q, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct choice c = { .p = p, .tc = tc, .q = q };
	int L = p->m->cfg.L, code = make(&c,
	    ct_pool_threads(ct_job_pool(job)), &tmp, err);

	*out = (struct ct_neuron_choice){ 0 };
	for (c.layer = L - 1; c.layer >= 0 && code == CT_OK; c.layer--) {
		const float *x = p->mlp_in + (size_t)c.layer * p->T * p->m->cfg.D;

		if (!ct_job_go_on(job, "neurons", L - 1 - c.layer, L)) {
			code = ct_fail(err, CT_ECANCELLED, "prompt cancelled");
			break;
		}
		ct_neurons_at(p->m, c.layer, p->T, x, &c.rows);
		ct_pool_run(ct_job_pool(job), q->n_targets, walk_layer, &c);
		rank_layer(&c);
	}
	if (code == CT_OK)
		code = finish(out, &c, a, err);
	ct_arena_free(&tmp);
	return code;
}
