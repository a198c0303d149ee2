/*
 * weights_here: the facade's question what a feature does in every prompt, next to what it does in this one.
 */
#include <math.h>

#include "session/engine.h"

/* The rows of one side while they are compared with the graph. */
struct side {
	const struct ct_session *s;
	struct ct_weights_here *all;
	bool inputs;
	int words;			/* rows before those of features */
	struct ct_weight_here *row;
	int *at;			/* by layer and number of a feature: its row */
	int *first;			/* (L) where a layer begins in `at`; -1: it is not on this side */
};

/* The edge between the feature and a node, in the direction of this side; NAN: unknown. */
static double
edge_of(const struct side *x, int node)
{
	const struct ct_graph *g = x->s->graph;
	int target = x->inputs ? x->all->node : node, source = x->inputs ? node : x->all->node;

	if (x->all->node < 0 || !g->nodes[target].attributed)
		return NAN;
	return (double)ct_graph_edge(g, target, source);
}

static void
add_edge(const struct side *x, struct ct_weight_here *row, int node)
{
	double edge = edge_of(x, node);

	if (isnan(edge)) {
		row->node = row->node < 0 ? node : row->node;
		return;
	}
	row->here = isnan(row->here) ? edge : row->here + edge;
	if (row->node < 0 || fabs(edge) > fabs(edge_of(x, row->node)))
		row->node = node;
}

/* The token of an embedding or a target, as the first rows. */
static void
add_token(struct side *x, int node, double weight)
{
	const struct ct_node *n = &x->s->graph->nodes[node];
	struct ct_weight_here *row = &x->row[x->words++];

	*row = (struct ct_weight_here){ .kind = n->kind, .layer = -1, .index = n->index, .weight = weight,
		.together = NAN, .adds = NAN, .here = NAN, .node = -1 };
	add_edge(x, row, node);
}

static void
add_tokens(struct side *x, int pos)
{
	const struct ct_graph *g = x->s->graph;
	const struct ct_weights *w = &x->all->all.all;
	int word = g ? ct_graph_find(g, CT_NODE_EMBEDDING, -1, pos, 0) : -1;

	if (x->inputs && word >= 0)
		add_token(x, word, (double)w->read[g->nodes[word].index]);
	for (int i = 0; g && !x->inputs && i < g->n_targets; i++) {
		int node = g->n_nodes - g->n_targets + i;

		if (g->nodes[node].target == CT_TARGET_LOGIT)
			add_token(x, node, (double)w->written[g->nodes[node].index]);
	}
}

static void
add_features(struct side *x, const struct ct_weight_row *from, int n)
{
	const struct ct_transcoder *tc = x->s->e->transcoder;
	const struct ct_graph *g = x->s->graph;
	int layer = x->all->all.all.layer, room = 0;

	for (int l = 0; l < tc->L; l++) {
		bool here = x->inputs ? l < layer : l > layer;

		x->first[l] = here ? room : -1;
		room += here ? tc->layers[l].F : 0;
	}
	for (int i = 0; i < n; i++) {
		x->row[x->words + i] = (struct ct_weight_here){ CT_NODE_FEATURE, from[i].layer,
			from[i].feature, from[i].weight, from[i].together, from[i].adds, NAN, -1 };
		x->at[x->first[from[i].layer] + from[i].feature] = x->words + i;
	}
	for (int i = 0; g && i < g->n_features; i++)
		if (x->first[g->nodes[i].layer] >= 0)
			add_edge(x, &x->row[x->at[x->first[g->nodes[i].layer] + g->nodes[i].index]], i);
}

static int
fill_side(struct side *x, int pos, const struct ct_weight_row *from, int n, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_graph *g = x->s->graph;
	size_t tokens = g ? (size_t)g->n_targets + 1 : 0;
	struct ct_arena tmp = { 0 };

	x->row = ct_arena_need(a, (size_t)n + tokens, sizeof *x->row, "weights", err);
	x->at = ct_arena_need(&tmp, (size_t)n, sizeof *x->at, "weights", err);
	x->first = ct_arena_need(&tmp, (size_t)x->s->e->transcoder->L, sizeof *x->first, "weights", err);
	if (x->row && x->at && x->first) {
		add_tokens(x, pos);
		add_features(x, from, n);
	}
	ct_arena_free(&tmp);
	return x->row && x->at && x->first ? CT_OK : CT_ENOMEM;
}

int
ct_session_weights(struct ct_session *s, int layer, int feature, int pos, struct ct_weights_here *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_pin own = { CT_NODE_FEATURE, layer, pos, feature, -1, -1 };
	struct side in = { .s = s, .all = out, .inputs = true }, to = { .s = s, .all = out };
	int code;

	*out = (struct ct_weights_here){ .node = -1 };
	code = ct_engine_weights_known(s->e, layer, feature, &out->all, a, job, err);
	if (code < 0)
		return code;
	if (s->graph)
		out->node = ct_graph_find(s->graph, CT_NODE_FEATURE, layer, pos, feature);
	/* A target that is a feature has inputs, whether or not it is active. */
	if (s->graph && out->node < 0)
		out->node = ct_pin_node(s->graph, &own);
	if ((code = fill_side(&in, pos, out->all.in, out->all.n_in, a, err)) < 0 ||
	    (code = fill_side(&to, pos, out->all.out, out->all.n_out, a, err)) < 0)
		return code;
	out->in = in.row;
	out->out = to.row;
	out->n_in = in.words + out->all.n_in;
	out->n_out = to.words + out->all.n_out;
	return CT_OK;
}
