/* prompt: see prompt.h. */
#include "trace/prompt.h"

#include <string.h>

#include "trace/influence.h"

int
ct_prompt_run(struct ct_prompt **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const int *ids, int T, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_prompt *p = ct_arena_need(a, 1, sizeof *p, "a prompt", err);
	struct ct_arena tmp = { 0 };
	float *scratch = ct_arena_need(&tmp, ct_layer_scratch(m, T), sizeof *scratch, "a run", err);
	int code = CT_ENOMEM;

	if (!p || !scratch || !(p->ids = ct_arena_need(a, (size_t)T, sizeof *p->ids, "a prompt", err)))
		goto done;
	p->T = T;
	memcpy(p->ids, ids, (size_t)T * sizeof *ids);
	if ((code = ct_pass_init(&p->pass, m, T, a, err)) < 0)
		goto done;
	if (!ct_forward(&p->pass, p->ids, scratch, job)) {
		code = ct_fail(err, CT_ECANCELLED, "prompt cancelled");
		goto done;
	}
	code = ct_local_model_init(&p->lrm, tc, &p->pass, a, job, err);
	if (code == CT_OK)
		*out = p;
done:
	ct_arena_free(&tmp);
	return code;
}

float *
ct_prompt_logits(const struct ct_prompt *p, const float *final, int pos, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_model *m = p->pass.m;
	float *logits = ct_arena_need(a, (size_t)m->cfg.V, sizeof *logits, "logits", err);

	if (logits)
		ct_logits(m, 1, final + (size_t)pos * m->cfg.D, logits);
	return logits;
}

/* The self-check at every position that a target sits at: the largest error. */
static int
check(const struct ct_prompt *p, const struct ct_target *targets, int n, double *error,
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code = CT_OK;

	*error = 0;
	for (int i = 0; i < n && code == CT_OK; i++) {
		double found = 0;
		bool done = false;

		for (int k = 0; k < i && !done; k++)
			done = targets[k].pos == targets[i].pos;
		if (!done)
			code = ct_local_model_check(&p->lrm, targets[i].pos, &tmp, &found, job, err);
		/* A NaN stays. */
		if (!(found <= *error))
			*error = found;
	}
	ct_arena_free(&tmp);
	return code;
}

int
ct_prompt_trace(struct ct_graph **out, const struct ct_prompt *p, const struct ct_trace_plan *plan,
    struct ct_arena *a, struct ct_arena *pruned, const struct ct_job *job, struct ct_error *err)
{
	int max_targets = plan->max_targets > 0 ? plan->max_targets : CT_DEFAULT_TARGETS;
	double share = plan->target_share > 0 ? plan->target_share : CT_DEFAULT_COVERAGE;
	const struct ct_target *targets = plan->targets;
	int n = plan->n_targets, code;
	int most = plan->max_features > 0 ? plan->max_features : CT_DEFAULT_FEATURES;
	double nodes = plan->node_threshold, edges = plan->edge_threshold;
	struct ct_arena tmp = { 0 };
	struct ct_graph *g = NULL;

	if (nodes == 0 && edges == 0) {
		nodes = CT_DEFAULT_NODES;
		edges = CT_DEFAULT_EDGES;
	}
	if (n == 0) {
		float *logits = ct_prompt_logits(p, p->pass.final, plan->pos, &tmp, err);
		struct ct_target *chosen = ct_arena_need(&tmp, (size_t)max_targets, sizeof *chosen, "targets",
		    err);

		code = CT_ENOMEM;
		if (!logits || !chosen)
			goto done;
		n = ct_default_targets(logits, p->pass.m->cfg.V, plan->pos, share, chosen, max_targets);
		targets = chosen;
	}
	if ((code = ct_graph_build(&g, &p->lrm, targets, n, most, a, job, err)) < 0 ||
	    (code = check(p, targets, n, &g->check.max_logit_error, job, err)) < 0 ||
	    (code = ct_graph_prune(g, nodes, edges, pruned, &tmp, job, err)) < 0)
		goto done;
	*out = g;
done:
	ct_arena_free(&tmp);
	return code;
}
