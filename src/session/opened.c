/* opened: the facade's question which neurons an error node is made of: see trace/opened.h. */
#include "session/engine.h"
#include "trace/opened.h"

int
ct_session_open_error(const struct ct_session *s, int target, int error, struct ct_opened *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	const struct ct_graph *g = s->graph;
	const struct ct_node *from, *to;
	struct ct_target into;
	int code = ct_engine_check(s->e, err);

	if (code < 0)
		return code;
	if (!g)
		return ct_session_no_graph(err);
	from = &g->nodes[error];
	to = &g->nodes[target < 0 ? g->n_nodes - g->n_targets : target];
	if (from->kind != CT_NODE_ERROR)
		return ct_fail(err, CT_EINVAL, "only error nodes can be split into neurons: name one, "
		    "such as error L1@8");
	if (!ct_node_traits(to->kind)->has_inputs)
		return ct_fail(err, CT_EINVAL,
		    "words and errors have no edges into them: name a feature or an output");
	into = ct_node_target(to);
	code = ct_opened_find(out, &s->prompt->lrm, &into, from->layer, from->pos, a, &own, err);
	return code < 0 ? code : ct_engine_check(s->e, err);
}
