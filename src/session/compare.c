/*
 * compare: the facade's comparison of two prompts, and the test of a difference by patching one prompt with
 * the other's activations (trace/compare.h, trace/patch.h).
 */
#include <math.h>

#include "session/engine.h"
#include "trace/patch.h"

int
ct_session_compare(const struct ct_session *here, const struct ct_session *there, struct ct_comparison *out,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_alignment align;
	int code;

	if (!here->graph || !there->graph)
		return ct_session_no_graph(err);
	if ((code = ct_session_need_first(here, err)) < 0 || (code = ct_session_need_whole(here, err)) < 0 ||
	    (code = ct_session_need_whole(there, err)) < 0)
		return code;
	if ((code = ct_align(&align, here->ids, here->T, there->ids, there->T, a, err)) < 0)
		return code;
	return ct_compare(out, here->graph, there->graph, &align, a, err);
}

double
ct_session_compared_activation(const struct ct_session *s, const struct ct_comparison *c,
    const struct ct_compared_node *n, int side)
{
	int node = side ? n->there : n->here, other = side ? n->here : n->there, pos;
	const struct ct_node *x = node >= 0 ? &c->graph[side]->nodes[node] : &c->graph[!side]->nodes[other];

	if (x->kind != CT_NODE_FEATURE)
		return NAN;
	if (node >= 0)
		return (double)x->activation;
	/*
	 * The feature is not active there, is no feature of that graph, or its position has no counterpart
	 * there.
	 */
	pos = side ? c->align.there[x->pos] : c->align.here[x->pos];
	if (pos >= 0 && s->e->transcoder && s->e->transcoder->act != CT_TC_NEURONS)
		return (double)ct_session_activation(s, x->layer, x->index, pos);
	return NAN;
}

/* The token that a graph explains, or if it explains none, the likeliest next token; -1: unknown. */
static int
answer_of(struct ct_session *s)
{
	const struct ct_graph *g = s->graph;
	const struct ct_node *n = &g->nodes[g->n_nodes - g->n_targets];
	struct ct_top top;

	if (n->target == CT_TARGET_LOGIT)
		return n->index;
	return ct_session_top(s, CT_RUN_ORIGINAL, g->pos, &top, 1) == 1 ? top.token : -1;
}

int
ct_session_patch(struct ct_session *here, struct ct_session *there, const struct ct_comparison *c,
    const struct ct_patch_what *what, struct ct_patch *out, struct ct_error *err)
{
	struct ct_patch_answers answers = { .pos = here->graph->pos, .pos_there = there->graph->pos };
	int code = ct_session_need_first(here, err);

	if (code < 0 || (code = ct_engine_check(here->e, err)) < 0)
		return code;
	answers.here = answer_of(here);
	answers.there = answer_of(there);
	if (answers.here < 0 || answers.there < 0)
		return ct_fail(err, CT_EINVAL, "the answers of the two prompts are unknown");
	code = ct_patch_run(out, here->prompt, there->prompt, &c->align, what, &answers, err);
	return code < 0 ? code : ct_engine_check(here->e, err);
}

int
ct_session_patch_clamps(const struct ct_session *here, const struct ct_session *there,
    const struct ct_comparison *c, const struct ct_patch_what *what, struct ct_clamp *out, int max)
{
	return ct_patch_clamps(here->prompt, there->prompt, &c->align, what, out, max);
}
