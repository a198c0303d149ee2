/* clamped: see clamped.h. */
#include "trace/clamped.h"

#include <string.h>

/* The active features of a run and the features that clamps set, each with its value. */
static int
merge(struct ct_local_run *run, const struct ct_active *found, int n, const struct ct_clamp_sites *s,
    const struct ct_local_model *lrm, struct ct_arena *a, struct ct_error *err)
{
	size_t D = (size_t)lrm->m->cfg.D;
	int i = 0, k = 0;

	run->active = ct_arena_need(a, (size_t)n + s->n, sizeof *run->active, "active features", err);
	if (!run->active)
		return CT_ENOMEM;
	while (i < n || k < s->n) {
		const struct ct_clamp_site *c = k < s->n ? &s->site[k] : NULL;
		int order = !c ? -1 : i == n ? 1 :
		    ct_place_order((struct ct_place){ found[i].layer, found[i].pos, found[i].feature },
			(struct ct_place){ c->layer, c->pos, c->feature });

		if (order < 0) {
			run->active[run->n++] = found[i++];
			continue;
		}
		run->active[run->n++] = (struct ct_active){ c->layer, c->pos, c->feature,
			ct_transcoder_preactivation(lrm->tc, c->layer, c->feature,
			    run->read + ((size_t)c->layer * lrm->T + c->pos) * D), c->value, true };
		i += order == 0;
		k++;
	}
	return CT_OK;
}

/* The active features by the encoders; in direct mode, those of the original run. */
static int
find(struct ct_local_run *run, const struct ct_changed *changed, const struct ct_local_model *lrm,
    const struct ct_clamp_sites *s, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_active_run seen = { .tc = lrm->tc, .T = lrm->T, .start = run->pass->start,
		.read = run->read };
	struct ct_arena tmp = { 0 };
	int *first = ct_arena_need(&tmp, (size_t)lrm->m->cfg.L * lrm->T + 1, sizeof *first, "feature index",
	    err);
	struct ct_active *list = NULL;
	int n = lrm->n, code = CT_ENOMEM;

	if (!first)
		goto done;
	if (!run->fixed && lrm->tc->neurons) {
		struct ct_local_run chosen = { .pass = run->pass };

		code = ct_prompt_neurons(&chosen, lrm->tc, NULL, &tmp, job, err);
		list = chosen.active;
		n = chosen.n;
		run->left_out = chosen.left_out;
	} else if (!run->fixed) {
		code = ct_active_find(&list, &n, first, &seen, &tmp, job, err);
	} else if ((list = ct_arena_need(&tmp, (size_t)n, sizeof *list, "active features", err))) {
		if (n)
			memcpy(list, lrm->active, (size_t)n * sizeof *list);
		for (int i = 0; i < n; i++)
			list[i].pre = changed->pre[i];
		code = CT_OK;
	}
	if (code == CT_OK)
		code = merge(run, list, n, s, lrm, a, err);
done:
	ct_arena_free(&tmp);
	return code;
}

int
ct_prompt_clamped(struct ct_prompt **out, const struct ct_prompt *p, const struct ct_clamp_sites *s,
    const struct ct_clamp_options *opt, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_model *m = p->pass.m;
	struct ct_local_run run = { .fixed = ct_is_direct(opt, m->cfg.L) };
	struct ct_changed changed;
	struct ct_prompt *q;
	int code;

	if (opt->mode == CT_RANGE && !run.fixed)
		return ct_fail(err, CT_EUNSUPPORTED,
		    "a run with MLPs frozen only in layers %d-%d has no graph: choose the mode frozen, free "
		    "or direct", opt->first, opt->last);
	if (!(q = ct_arena_need(a, 1, sizeof *q, "a prompt", err)))
		return CT_ENOMEM;
	q->T = p->T;
	q->ids = p->ids;
	if ((code = ct_pass_init(&q->pass, m, p->T, a, err)) < 0 ||
	    (code = ct_intervene_keep(&changed, &q->pass, &p->lrm, s, opt, a, err)) < 0)
		return code;
	run.pass = &q->pass;
	/* Neurons are the model's own MLPs, so "through the replacement" is through the model. */
	run.replaced = run.fixed || (opt->through == CT_REPLACEMENT && !p->lrm.tc->neurons);
	/* Where MLPs are frozen, so are the linear maps of neurons. */
	if (run.fixed && p->lrm.tc->neurons)
		memcpy(q->pass.mlp_in, p->pass.mlp_in,
		    (size_t)m->cfg.L * p->T * m->cfg.D * sizeof *q->pass.mlp_in);
	run.read = changed.read;
	if ((code = find(&run, &changed, &p->lrm, s, a, job, err)) < 0 ||
	    (code = ct_local_model_of(&q->lrm, p->lrm.tc, &run, a, job, err)) < 0)
		return code;
	*out = q;
	return CT_OK;
}
