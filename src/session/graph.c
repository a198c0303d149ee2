/* graph: tracing and pruning, and what is read off the graph of a session. See ctrace.h. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "session/engine.h"

/* Checks one target, and gives it its position, probability and weight. */
static int
resolve_target(struct ct_session *s, struct ct_target *t, struct ct_error *err)
{
	const struct ct_transcoder *tc = s->e->transcoder;
	int V = s->e->model->cfg.V, code;

	if (t->pos < 0)
		t->pos = s->T - 1;
	if ((code = ct_session_check_position(s, t->pos, err)) < 0)
		return code;
	t->weight = 1;
	if (t->kind == CT_TARGET_FEATURE) {
		if (t->layer < 0 || t->layer >= tc->L || t->index < 0 || t->index >= tc->layers[t->layer].F)
			return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d in this transcoder", t->layer,
			    t->index);
		if (t->pos < ct_session_start(s))
			return ct_fail(err, CT_EINVAL,
			    "position 0 is BOS, which has no features: positions start at 1");
		return CT_OK;
	}
	if (t->index < 0 || t->index >= V)
		return ct_fail(err, CT_ENOTFOUND, "no token %d in this model", t->index);
	if (t->kind == CT_TARGET_DIFFERENCE) {
		if (t->other < 0 || t->other >= V)
			return ct_fail(err, CT_ENOTFOUND, "no token %d in this model", t->other);
		if (t->index == t->other)
			return ct_fail(err, CT_EINVAL,
			    "the difference of \"%s\" from itself is 0: name two tokens, as in A-B",
			    ct_engine_token(s->e, t->index));
		return CT_OK;
	}
	if (!ct_session_logits(s, CT_RUN_ORIGINAL, t->pos, err))
		return err ? err->code : CT_ENOMEM;
	t->prob = t->weight = ct_session_prob(s, CT_RUN_ORIGINAL, t->pos, t->index);
	return CT_OK;
}

/* What the options ask for, in the words of the pipeline; it lends its targets to the plan. */
static int
resolve(struct ct_session *s, struct ct_targets *targets, struct ct_trace_plan *plan, struct ct_error *err)
{
	int code;

	plan->pos = targets->pos < 0 ? s->T - 1 : targets->pos;
	plan->targets = targets->list;
	plan->n_targets = targets->n;
	if (targets->n == 0)
		return ct_session_check_position(s, plan->pos, err);
	for (int i = 0; i < targets->n; i++)
		if ((code = resolve_target(s, &targets->list[i], err)) < 0)
			return code;
	return CT_OK;
}

static int
check_thresholds(double node, double edge, struct ct_error *err)
{
	if (node > 0 && node <= 1 && edge > 0 && edge <= 1)
		return CT_OK;
	return ct_fail(
	    err, CT_EINVAL, "pruning thresholds are shares above 0 and up to 1, not %g,%g", node, edge);
}

int
ct_session_trace(struct ct_session *s, const struct ct_trace_options *opt, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_trace_plan plan = { .max_features = opt->max_feature_nodes,
		.max_targets = opt->max_targets, .target_share = opt->target_share,
		.node_threshold = opt->node_threshold, .edge_threshold = opt->edge_threshold };
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_targets targets = opt->targets;
	struct ct_arena arena = { 0 }, pruned = { 0 };
	struct ct_graph *g = NULL;
	double start = ct_seconds();
	int r = ct_engine_check(s->e, err);

	if (r < 0 || (r = resolve(s, &targets, &plan, err)) < 0 ||
	    ((plan.node_threshold != 0 || plan.edge_threshold != 0) &&
		(r = check_thresholds(plan.node_threshold, plan.edge_threshold, err)) < 0) ||
	    (r = ct_prompt_trace(&g, s->prompt, &plan, &arena, &pruned, &own, err)) < 0 ||
	    (r = ct_engine_check(s->e, err)) < 0)
		goto fail;
	/* Effects refer to nodes of the graph, so clamps in force are compared with the new one. */
	if (s->n_clamps) {
		struct ct_clamp_options keep = s->clamp_options;

		if ((r = ct_session_apply_clamps(s, g, s->clamps, s->n_clamps, &keep, err)) < 0)
			goto fail;
	}
	ct_session_drop_graph(s);
	s->graph_arena = arena;
	s->pruned_arena = pruned;
	s->graph = g;
	s->trace_seconds = ct_seconds() - start + s->prompt_seconds;
	return CT_OK;
fail:
	ct_arena_free(&pruned);
	ct_arena_free(&arena);
	return r;
}

const struct ct_graph *
ct_session_graph(const struct ct_session *s)
{
	return s->graph;
}

int
ct_session_prune(struct ct_session *s, double node_threshold, double edge_threshold, struct ct_error *err)
{
	struct ct_arena arena = { 0 }, tmp = { 0 };
	int r;

	if (!s->graph)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	if ((r = check_thresholds(node_threshold, edge_threshold, err)) < 0)
		return r;
	r = ct_graph_prune(s->graph, node_threshold, edge_threshold, &arena, &tmp, NULL, err);
	ct_arena_free(&tmp);
	if (r < 0) {
		ct_arena_free(&arena);
		return r;
	}
	ct_session_drop_survey(s);
	ct_arena_free(&s->pruned_arena);
	s->pruned_arena = arena;
	return CT_OK;
}

int
ct_session_direct(const struct ct_session *s, int node, struct ct_direct *out, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code;

	if (!s->graph)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	if (node < 0)
		code = ct_direct_targets(out, s->graph, &tmp, err);
	else
		code = ct_direct_split(out, s->graph, node, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}

int
ct_session_paths(const struct ct_session *s, int target, int max, struct ct_paths *out, struct ct_arena *a,
    struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code;

	if (!s->graph)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	code = ct_paths_find(out, s->graph, target, max, a, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}

double
ct_session_trace_seconds(const struct ct_session *s)
{
	return s->trace_seconds;
}
