/* survey: see survey.h. */
#include "trace/survey.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "math/kernels.h"
#include "model/transformer.h"
#include "trace/intervene.h"

struct job {
	const struct ct_local_model *lrm;
	const struct ct_graph *g;
	const float *logits;		/* (V) of the original run at the graph's position */
	struct ct_ablation *items;
};

static int
ablate(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	static const struct ct_clamp_options how = { .mode = CT_FROZEN, .through = CT_MODEL };
	const struct job *j = ctx;
	const struct ct_model *m = j->lrm->m;
	struct ct_ablation *out = &j->items[item];
	const struct ct_node *node = &j->g->nodes[out->node];
	struct ct_clamp clamp = {
		.layer = node->layer, .feature = node->index, .pos = node->pos, .unit = CT_MULTIPLE, .amount =
		    0
	};
	float *logits = ct_arena_need(a, (size_t)m->cfg.V, sizeof *logits, "logits", err);
	struct ct_changed changed;
	struct ct_clamp_sites sites;
	int code;

	(void)worker;
	if (!logits)
		return CT_ENOMEM;
	if ((code = ct_clamp_sites_init(&sites, j->lrm, &clamp, 1, a, err)) < 0 ||
	    (code = ct_intervene(&changed, j->lrm, &sites, &how, a, err)) < 0)
		return code;
	ct_logits(m, 1, changed.final + (size_t)j->g->pos * m->cfg.D, logits);
	out->kl = ct_kl_logits(m->cfg.V, j->logits, logits);
	out->effect = ct_target_change(j->lrm, j->g, &changed, j->g->n_nodes - j->g->n_targets);
	return CT_OK;
}

static int
by_kl(const void *x, const void *y)
{
	const struct ct_ablation *a = x, *b = y;

	if (a->kl != b->kl)
		return a->kl > b->kl ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

static int
compare(struct ct_survey *s, struct ct_arena *tmp, struct ct_error *err)
{
	double *influence = ct_arena_need(tmp, (size_t)s->n, sizeof *influence, "ranks", err);
	double *kl = ct_arena_need(tmp, (size_t)s->n, sizeof *kl, "ranks", err);
	double *effect = ct_arena_need(tmp, (size_t)s->n, sizeof *effect, "ranks", err);
	int code;

	if (!influence || !kl || !effect)
		return CT_ENOMEM;
	for (int i = 0; i < s->n; i++) {
		influence[i] = s->items[i].influence;
		kl[i] = s->items[i].kl;
		effect[i] = fabs((double)s->items[i].effect);
	}
	code = ct_spearman(&s->spearman_kl, influence, kl, s->n, tmp, err);
	return code < 0 ? code : ct_spearman(&s->spearman_effect, influence, effect, s->n, tmp, err);
}

int
ct_survey_run(struct ct_survey *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct job j = { .lrm = lrm, .g = g };
	struct ct_arena tmp = { 0 };
	float *logits = ct_arena_need(&tmp, (size_t)lrm->m->cfg.V, sizeof *logits, "logits", err);
	double start = ct_seconds();
	int code = CT_ENOMEM;

	*out = (struct ct_survey){ 0 };
	out->items = ct_arena_need(a, (size_t)g->n_features, sizeof *out->items, "a survey", err);
	if (!logits || !out->items)
		goto done;
	for (int i = 0; i < g->n_features; i++)
		if (g->nodes[i].kept)
			out->items[out->n++] = (struct ct_ablation){ .node = i,
				.influence = ct_graph_influence_share(g, i) };
	ct_logits(lrm->m, 1, lrm->pass->final + (size_t)g->pos * lrm->m->cfg.D, logits);
	j.logits = logits;
	j.items = out->items;
	if ((code = ct_parallel_run(job, out->n, ablate, &j, "survey", err)) < 0)
		goto done;
	qsort(out->items, (size_t)out->n, sizeof *out->items, by_kl);
	code = compare(out, &tmp, err);
	out->seconds = ct_seconds() - start;
done:
	ct_arena_free(&tmp);
	return code;
}
