/*
 * heads: the facade's question which attention heads carried what: see trace/heads.h. Questions are parsed
 * from typed text.
 */
#include "session/engine.h"
#include "session/names_feature.h"
#include "trace/heads.h"

/* A node of the graph as the source to follow. */
static struct ct_head_source
source_of(const struct ct_node *n)
{
	return (
	    struct ct_head_source){ .kind = n->kind, .layer = n->layer, .index = n->index, .pos = n->pos };
}

/* Reads a node, or a place if the text begins with @. */
static int
read_end(const struct ct_session *s, const char *text, int *node, int *pos, struct ct_error *err)
{
	struct ct_clamp place = { .pos = -1 };
	int code;

	if (*text != '@')
		return (*node = ct_session_find_node(s, text, err)) < 0 ? *node : CT_OK;
	if ((code = ct_place_read(s, text, &place, err)) < 0)
		return code;
	if (place.pos < 0 || place.onwards)
		return ct_fail(err, CT_EINVAL, "%s: expected one position, such as @8 or @Dallas", text);
	*pos = place.pos;
	return CT_OK;
}

int
ct_session_parse_heads(const struct ct_session *s, const char *from, const char *to,
    struct ct_heads_question *q, struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	int code = CT_OK;

	*q = (struct ct_heads_question){ .target = -1, .source = -1, .pos = -1, .to_pos = -1 };
	if (!g)
		return ct_session_no_graph(err);
	if (to && (code = read_end(s, to, &q->target, &q->to_pos, err)) < 0)
		return code;
	/* With a source alone, the target is the first one of the graph. */
	if (from && !to)
		q->target = g->n_nodes - g->n_targets;
	return from ? read_end(s, from, &q->source, &q->pos, err) : CT_OK;
}

int
ct_session_heads(const struct ct_session *s, const struct ct_heads_question *q, struct ct_heads *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_head_source source = { .everything = true, .pos = q->pos };
	const struct ct_job own = ct_engine_job(s->e, job);
	const struct ct_node *n;
	struct ct_target target;
	int code = ct_engine_check(s->e, err);

	if (code < 0)
		return code;
	if (!s->graph)
		return ct_session_no_graph(err);
	if (q->source >= 0)
		source = source_of(&s->graph->nodes[q->source]);
	if (source.kind == CT_NODE_TARGET && q->source >= 0)
		return ct_fail(err, CT_EINVAL,
		    "outputs have no edges out of them: name a word, a feature or an error");
	if (q->target < 0) {
		code = ct_session_need_whole(s, err);
		if (code == CT_OK)
			code = ct_heads_graph(out, &s->prompt->lrm, s->graph, &source, q->to_pos, a, &own,
			    err);
	} else {
		n = &s->graph->nodes[q->target];
		if (!ct_node_traits(n->kind)->has_inputs)
			return ct_fail(err, CT_EINVAL,
			    "words and errors have no edges into them: name a feature or an output");
		target = ct_node_target(n);
		code = ct_heads_split(out, &s->prompt->lrm, &source, &target, a, &own, err);
	}
	return code < 0 ? code : ct_engine_check(s->e, err);
}
