/* direct: see direct.h. */
#include "trace/direct.h"

#include <math.h>

static const double cancelled = 1e-6;	/* a sum below this share of the sizes is only rounding */

const char *
ct_direct_name(enum ct_direct_source source)
{
	static const char *const names[] = { [CT_DIRECT_WORDS] = "words", [CT_DIRECT_FEATURES] = "features",
		[CT_DIRECT_ERRORS] = "errors" };

	return names[source];
}

static enum ct_direct_source
source_of(const struct ct_node *n)
{
	switch (n->kind) {
	case CT_NODE_EMBEDDING:
		return CT_DIRECT_WORDS;
	case CT_NODE_ERROR:
		return CT_DIRECT_ERRORS;
	default:
		return CT_DIRECT_FEATURES;
	}
}

/* Adds weight * the edges into a node. list has room for g->n_nodes edges. */
static void
add_edges(struct ct_direct *out, const struct ct_graph *g, int node, double weight, struct ct_edge *list)
{
	const struct ct_node *t = &g->nodes[node];
	int n = ct_graph_row(g, node, list);
	double listed = 0;

	for (int i = 0; i < n; i++) {
		enum ct_direct_source from = source_of(&g->nodes[list[i].source]);
		double size = fabs((double)list[i].weight);

		out->sum[from] += weight * (double)list[i].weight;
		out->size[from] += weight * size;
		listed += size;
	}
	if (ct_graph_is_listed(g))
		return;
	/* Features that the graph left out have no nodes, but the row has their sums. */
	out->sum[CT_DIRECT_FEATURES] += weight * ct_graph_omitted(g, node);
	out->size[CT_DIRECT_FEATURES] += weight * fmax(t->inputs - listed, 0);
}

static void
take_shares(struct ct_direct *d)
{
	double sum = 0, size = 0;

	for (int k = 0; k < CT_DIRECT_SOURCES; k++) {
		sum += d->sum[k];
		size += d->size[k];
	}
	for (int k = 0; k < CT_DIRECT_SOURCES; k++) {
		d->net[k] = size > 0 && fabs(sum) > cancelled * size ? d->sum[k] / sum : NAN;
		d->absolute[k] = size > 0 ? d->size[k] / size : NAN;
	}
}

/* The n nodes from `first` on, each by its weight where they are targets. */
static int
split(struct ct_direct *out, const struct ct_graph *g, int first, int n, bool targets,
    struct ct_arena *scratch, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	struct ct_edge *list = ct_arena_need(scratch, (size_t)g->n_nodes, sizeof *list, "edges of a node",
	    err);

	*out = (struct ct_direct){ 0 };
	if (!list)
		return CT_ENOMEM;
	for (int t = first; t < first + n; t++)
		add_edges(out, g, t, targets ? (double)g->nodes[t].weight : 1, list);
	take_shares(out);
	ct_arena_release(scratch, mark);
	return CT_OK;
}

int
ct_direct_split(struct ct_direct *out, const struct ct_graph *g, int node, struct ct_arena *scratch,
    struct ct_error *err)
{
	return split(out, g, node, 1, false, scratch, err);
}

int
ct_direct_targets(struct ct_direct *out, const struct ct_graph *g, struct ct_arena *scratch,
    struct ct_error *err)
{
	return split(out, g, g->n_nodes - g->n_targets, g->n_targets, true, scratch, err);
}
