/* neuron_choice: see neuron_choice.h. */
#include "trace/neuron_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/neurons.h"

/* One target's gradient (T',D) with respect to the stream, and one layer's neurons (T',F). */
struct walker {
	int Tp;
	float *G;
	float *effect;			/* of each neuron of the layer */
	float *mlp;			/* (T',D) the gradient at the write point */
	struct ct_neuron_rows rows;
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
	struct ct_neuron_rows rows;	/* (T,F) of the layer */
	long all;			/* neurons of the prompt */
	int most;			/* how many of them to keep */
	struct candidate *kept;		/* (2*most) the largest so far, and candidates */
	int n;
	double sum;			/* of all scores */
};

static int
make_walker(struct choice *c, struct walker *w, int pos, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_model *m = c->p->m;
	size_t Tp = (size_t)pos + 1, cells = Tp * (size_t)m->cfg.mlp, D = (size_t)m->cfg.D;
	struct {
		float **to;
		size_t n;
	} table[] = {
		{ &w->G, Tp * D },
		{ &w->mlp, Tp * D },
		{ &w->effect, cells },
		{ &w->rows.gate, cells },
		{ &w->rows.up, cells },
	};

	w->Tp = (int)Tp;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!(*table[i].to = ct_arena_need(a, table[i].n, sizeof(float), "gradients", err)))
			return CT_ENOMEM;
	return ct_back_init(&w->back, m, Tp, 1, a, err);
}

static int
make(struct choice *c, struct ct_arena *a, struct ct_error *err)
{
	size_t cells = (size_t)c->p->T * (size_t)c->p->m->cfg.mlp;
	int code = CT_OK;

	c->all = (long)c->p->m->cfg.L * (c->p->T - c->p->start) * c->p->m->cfg.mlp;
	c->most = c->q->most < c->all ? c->q->most : (int)c->all;
	c->walkers = ct_arena_need(a, (size_t)c->q->n_targets, sizeof *c->walkers, "gradients", err);
	c->rows.act = ct_arena_need(a, cells, sizeof(float), "activations", err);
	c->rows.gate = ct_arena_need(a, cells, sizeof(float), "activations", err);
	c->rows.up = ct_arena_need(a, cells, sizeof(float), "activations", err);
	c->kept = ct_arena_need(a, 2 * (size_t)c->most, sizeof *c->kept, "neurons", err);
	if (!c->walkers || !c->rows.act || !c->rows.gate || !c->rows.up || !c->kept)
		return CT_ENOMEM;
	for (int k = 0; k < c->q->n_targets && code == CT_OK; k++)
		code = make_walker(c, &c->walkers[k], c->q->targets[k].pos, a, err);
	return code;
}

/* Sets the gradient of a target: at the final stream, or at the input of its neuron. */
static void
start(const struct choice *c, const struct ct_target *t, struct walker *w)
{
	float *own = w->G + (size_t)t->pos * c->p->m->cfg.D;
	int other = t->kind == CT_TARGET_DIFFERENCE ? t->other : CT_VOCAB_MEAN;

	if (t->kind == CT_TARGET_FEATURE && t->layer == c->layer)
		ct_feature_gradient(c->p, c->tc, t->layer, t->pos, t->index, own, &w->bias);
	else if (t->kind != CT_TARGET_FEATURE && c->layer == c->p->m->cfg.L - 1)
		ct_logit_gradient(c->p, t->pos, t->index, other, own, &w->bias);
}

/* One target at one layer: the effects of its neurons, and the gradient before the layer. */
static void
walk_layer(void *ctx, int task, int worker)
{
	struct choice *c = ctx;
	struct walker *w = &c->walkers[task];
	const struct ct_target *target = &c->q->targets[task];
	const struct ct_model *m = c->p->m;
	int D = m->cfg.D, l = c->layer, before = c->p->start < w->Tp ? c->p->start : w->Tp;
	size_t cells = (size_t)w->Tp * (size_t)m->cfg.mlp;
	bool open = target->kind != CT_TARGET_FEATURE || l < target->layer;

	(void)worker;
	memset(w->effect, 0, cells * sizeof *w->effect);
	start(c, target, w);
	if (open) {
		for (int t = 0; t < w->Tp; t++)
			ct_write_back(c->p, c->tc, l, t, w->G + (size_t)t * D, w->mlp + (size_t)t * D);
		/* BOS's MLP output is a constant, so its neurons do not count. */
		memset(w->mlp, 0, (size_t)before * D * sizeof *w->mlp);
		ct_neurons_write_back(m, l, w->Tp, w->mlp, w->effect);
		memcpy(w->rows.gate, c->rows.gate, cells * sizeof *w->rows.gate);
		memcpy(w->rows.up, c->rows.up, cells * sizeof *w->rows.up);
		ct_neurons_back(m, l, w->Tp, w->effect, &w->rows, w->mlp);
		for (int t = 0; t < w->Tp; t++) {
			float *row = w->mlp + (size_t)t * D;

			ct_read_back(c->p, c->tc, l, t, row, row, &w->bias);
			for (int d = 0; d < D; d++)
				w->G[(size_t)t * D + d] += row[d];
		}
	}
	for (size_t i = 0; i < cells; i++)
		w->effect[i] *= c->rows.act[i];
	if (open || l == target->layer)
		ct_attention_back(c->p, l, 1, w->Tp, w->G, &w->bias, &w->back);
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
	int L = p->m->cfg.L, code = make(&c, &tmp, err);

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
