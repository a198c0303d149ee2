/* graph: traces and prunes, and answers simple questions about a session's graph. See ctrace.h. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "session/engine.h"
#include "trace/schedule.h"

/* Checks one target, and sets its position, probability and weight. */
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

/* Turns the options into a plan for the pipeline; the plan points to targets. */
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

/* Whether computing all rows would take more than a moment, by an estimate of the operations. */
static bool
takes_long(const struct ct_session *s, int most)
{
	static const double moment = 2e10;
	const struct ct_local_model *lrm = &s->prompt->lrm;
	double D = s->e->model->cfg.D, flops = 0;

	for (int i = 0; i < lrm->n; i++)
		flops += 4 * D * D * lrm->active[i].layer * (lrm->active[i].pos + 1);
	return flops * (most < lrm->n ? (double)most / lrm->n : 1) > moment;
}

/* A traced graph with its memory. */
struct traced {
	struct ct_graph *graph;
	struct ct_building *building;	/* NULL: it is complete */
	struct ct_arena arena, pruned;
};

static void
traced_free(struct traced *t)
{
	ct_building_end(t->building);
	ct_arena_free(&t->pruned);
	ct_arena_free(&t->arena);
}

static int
look(struct traced *t, const struct ct_trace_plan *plan, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code = ct_building_look(t->building, &t->graph, &t->arena, job, err);

	if (code == CT_OK)
		code = ct_graph_prune(t->graph, plan->node_threshold, plan->edge_threshold, &t->pruned, &tmp,
		    job, err);
	ct_arena_free(&tmp);
	return code;
}

/* Puts a new graph in place. Effects refer to its nodes, so the clamps in force are run again first. */
static int
install(struct ct_session *s, struct traced *t, struct ct_error *err)
{
	struct ct_clamp_options keep = s->clamp_options;
	int code = CT_OK;

	if (s->n_clamps)
		code = ct_session_apply_clamps(s, t->graph, s->clamps, s->n_clamps, &keep, err);
	if (code < 0)
		return code;
	ct_session_drop_graph(s);
	s->graph_arena = t->arena;
	s->pruned_arena = t->pruned;
	s->graph = t->graph;
	s->building = t->building;
	return CT_OK;
}

/*
 * With neurons, the features are those that matter to the targets. So for other targets than the default ones
 * at the end of the prompt, the local model is built again, in the graph's arena.
 */
static int
choose_neurons(struct ct_session *s, const struct ct_trace_plan *plan, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_local_run run = { .pass = &s->prompt->pass, .read = s->by_default.read };
	const struct ct_transcoder *tc = s->by_default.tc;
	int code;

	if (!s->e->info.neurons || s->of_clamps)
		return CT_OK;
	s->prompt->lrm = s->by_default;
	if (ct_trace_plan_is_default(plan, s->T))
		return CT_OK;
	code = ct_prompt_neurons(&run, tc, plan, a, job, err);
	return code < 0 ? code : ct_local_model_of(&s->prompt->lrm, tc, &run, a, job, err);
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
	struct traced t = { .graph = NULL };
	struct ct_local_model was;
	double start = ct_seconds();
	int most = plan.max_features > 0 ? plan.max_features : CT_DEFAULT_FEATURES;
	int code = ct_engine_check(s->e, err);

	if (code < 0 || (code = resolve(s, &targets, &plan, err)) < 0)
		return code;
	was = s->prompt->lrm;
	if (plan.node_threshold == 0 && plan.edge_threshold == 0) {
		plan.node_threshold = CT_DEFAULT_NODES;
		plan.edge_threshold = CT_DEFAULT_EDGES;
	}
	if (opt->pace == CT_NODES_ALONE)
		plan.max_features = CT_NO_ROWS;
	if ((code = check_thresholds(plan.node_threshold, plan.edge_threshold, err)) < 0 ||
	    (code = choose_neurons(s, &plan, &t.arena, &own, err)) < 0 ||
	    (code = ct_prompt_trace_begin(&t.building, s->prompt, &plan, &t.arena, &own, err)) < 0)
		goto fail;
	if (opt->pace == CT_NODES_ALONE) {
		code = ct_building_bare(t.building, &t.graph, &t.arena, err);
		ct_building_end(t.building);
		t.building = NULL;
	} else if (opt->pace == CT_ROW_BY_ROW || (opt->pace == CT_BY_AND_BY && takes_long(s, most))) {
		code = look(&t, &plan, &own, err);
	} else {
		code = ct_prompt_trace_end(&t.graph, s->prompt, t.building, &plan, &t.arena, &t.pruned, &own,
		    err);
		ct_building_end(t.building);
		t.building = NULL;
	}
	if (code < 0 || (code = ct_engine_check(s->e, err)) < 0 || (code = install(s, &t, err)) < 0)
		goto fail;
	s->looked_at = ct_seconds();
	s->trace_seconds = ct_seconds() - start + s->prompt_seconds;
	if (s->e->info.neurons)
		ct_session_note_choice(s);
	return CT_OK;
fail:
	s->prompt->lrm = was;
	traced_free(&t);
	return code;
}

const struct ct_graph *
ct_session_graph(const struct ct_session *s)
{
	return s->graph;
}

/*
 * Takes the graph's arena out of the session while the graph grows. The caller puts it back whatever happens.
 */
static struct traced
take_out(struct ct_session *s)
{
	struct traced t = { .graph = s->graph, .building = s->building, .arena = s->graph_arena };

	s->graph_arena = (struct ct_arena){ 0 };
	return t;
}

/* Computes influence and pruning again with the rows that exist now. */
static int
look_again(struct ct_session *s, const struct ct_job *own, struct ct_error *err)
{
	const struct ct_trace_plan plan = { .node_threshold = s->graph->node_threshold,
		.edge_threshold = s->graph->edge_threshold };
	double start = ct_seconds();
	struct traced t = take_out(s);
	int code = look(&t, &plan, own, err);

	s->graph_arena = t.arena;
	if (code < 0) {
		ct_arena_free(&t.pruned);
		return code;
	}
	ct_session_drop_survey(s);
	ct_session_drop_parts(s);
	ct_arena_free(&s->pruned_arena);
	s->pruned_arena = t.pruned;
	s->looked_at = ct_seconds();
	s->look_seconds = s->looked_at - start;
	return CT_WORK_CHANGED;
}

/* The complete graph replaces the partial one. Both are in one arena and share rows. */
static int
end_work(struct ct_session *s, const struct ct_job *own, struct ct_error *err)
{
	const struct ct_trace_plan plan = { .node_threshold = s->graph->node_threshold,
		.edge_threshold = s->graph->edge_threshold };
	struct traced t = take_out(s);
	int code = ct_prompt_trace_end(&t.graph, s->prompt, t.building, &plan, &t.arena, &t.pruned, own, err);

	t.building = NULL;
	if (code == CT_OK)
		code = ct_engine_check(s->e, err);
	if (code == CT_OK)
		code = install(s, &t, err);
	if (code == CT_OK)
		return CT_WORK_FINISHED;
	s->graph_arena = t.arena;
	ct_arena_free(&t.pruned);
	return code;
}

int
ct_session_work(struct ct_session *s, double seconds, const struct ct_job *job, struct ct_error *err)
{
	/*
	 * Look again only after `times` as long as the last look took, and not sooner than a reader notices.
	 */
	static const double times = 5, pause = 0.5;
	const struct ct_job own = ct_engine_job(s->e, job);
	double now = ct_seconds();
	int code = CT_OK;

	if (!s->building)
		return CT_WORK_NONE;
	if (!ct_building_done(s->building))
		code = ct_building_run(s->building, now + seconds, &s->graph_arena, &own, err);
	if (code < 0)
		return code;
	if (ct_building_done(s->building))
		return end_work(s, &own, err);
	now = ct_seconds() - s->looked_at;
	return now > pause && now > times * s->look_seconds ? look_again(s, &own, err) : CT_WORK_MORE;
}

int
ct_session_open_row(struct ct_session *s, int node, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);

	return s->building ? ct_building_open(s->building, node, &s->graph_arena, &own, err) : CT_OK;
}

int
ct_session_finish(struct ct_session *s, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	int code = s->building ? end_work(s, &own, err) : CT_OK;

	return code < 0 ? code : CT_OK;
}

int
ct_session_no_graph(struct ct_error *err)
{
	return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
}

int
ct_session_need_whole(const struct ct_session *s, struct ct_error *err)
{
	if (!s->graph || !s->graph->partial)
		return CT_OK;
	return ct_fail(err, CT_EINVAL, "the graph has rows that are still to be computed: let it be "
	    "finished, then ask again");
}

int
ct_session_prune(struct ct_session *s, double node_threshold, double edge_threshold, struct ct_error *err)
{
	struct ct_arena arena = { 0 }, tmp = { 0 };
	int code;

	if (!s->graph)
		return ct_session_no_graph(err);
	if ((code = check_thresholds(node_threshold, edge_threshold, err)) < 0)
		return code;
	code = ct_graph_prune(s->graph, node_threshold, edge_threshold, &arena, &tmp, NULL, err);
	ct_arena_free(&tmp);
	if (code < 0) {
		ct_arena_free(&arena);
		return code;
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
		return ct_session_no_graph(err);
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
		return ct_session_no_graph(err);
	code = ct_paths_find(out, s->graph, target, max, a, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}

double
ct_session_trace_seconds(const struct ct_session *s)
{
	return s->trace_seconds;
}
