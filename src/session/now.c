/*
 * now: the facade's explanation of what the model says under clamps: a session on the clamped run, with the
 * graph of that run (trace/clamped.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "session/engine.h"
#include "trace/clamped.h"

int
ct_session_need_first(const struct ct_session *s, struct ct_error *err)
{
	return !s->of_clamps ? CT_OK : ct_fail(err, CT_EUNSUPPORTED,
	    "this is the graph of a clamped run, which cannot be run again: go back to the graph without "
	    "clamps first");
}

bool
ct_session_is_clamped(const struct ct_session *s)
{
	return s->of_clamps;
}

/* The targets of the first graph, to explain the same again. */
static void
same_targets(const struct ct_graph *g, struct ct_targets *out)
{
	out->n = 0;
	out->pos = g->pos;
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes && out->n < CT_MAX_TARGETS; i++)
		out->list[out->n++] = ct_node_target(&g->nodes[i]);
}

/* Fills in the run of `now`; it uses memory of s and the arena of the new session. */
static int
run(struct ct_session *now, struct ct_session *s, const struct ct_job *job, struct ct_error *err)
{
	double start = ct_seconds();
	int code = ct_prompt_clamped(&now->prompt, s->prompt, &s->sites, &s->clamp_options,
	    &now->prompt_arena, job, err);

	now->text = s->text;
	now->T = s->T;
	now->ids = s->ids;
	now->words = s->words;
	now->of_clamps = s;
	if (code == CT_OK)
		code = ct_session_logits_init(&now->original, now, now->prompt->pass.final,
		    &now->prompt_arena, err);
	now->prompt_seconds = ct_seconds() - start;
	return code;
}

int
ct_session_now(struct ct_session **out, struct ct_session *s, const struct ct_trace_options *opt, bool follow,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_trace_options trace = *opt;
	struct ct_session *now;
	int code = ct_session_need_first(s, err);

	*out = NULL;
	if (code < 0 || (code = ct_engine_check(s->e, err)) < 0)
		return code;
	if (!s->n_clamps)
		return ct_fail(err, CT_EINVAL, "there are no clamps: clamp a feature first");
	if ((code = ct_session_open(&now, s->e, err)) < 0)
		return code;
	if (follow)
		trace.targets = (struct ct_targets){ .pos = s->graph->pos };
	else
		same_targets(s->graph, &trace.targets);
	if ((code = run(now, s, &own, err)) < 0 || (code = ct_session_trace(now, &trace, job, err)) < 0) {
		ct_session_close(now);
		return code;
	}
	now->subgraph = s->subgraph;
	*out = now;
	return CT_OK;
}
