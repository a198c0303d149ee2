/*
 * graph_place: turns nodes and links of a file into those of a graph. See graph_reader.h.
 *
 * The graph has every error and embedding node, as traced graphs have; those that the file lacks are marked
 * as missing and have no edges.
 */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "share/graph_file.h"
#include "share/graph_reader.h"
#include "trace/influence.h"

enum { MAX_TARGETS = 1024, MAX_POSITIONS = INT_MAX / 2 };
static const size_t slack = (size_t)64 << 20;

/* Whether a node is the target of a graph that explains a feature. */
bool
ct_reader_is_target(const struct ct_raw_node *n)
{
	return n->kind == CT_NODE_TARGET || (n->kind == CT_NODE_FEATURE && n->is_target);
}

/*
 * The order within a layer: attention features ("lorsa") come before features of the MLP, which reads what
 * attention writes. Biases and unknown kinds come first, since edges mostly lead from them. Edges lead from
 * earlier to later nodes.
 */
static char
stage(const struct ct_raw_node *n)
{
	return n->kind == CT_NODE_FEATURE ? 2 : strcmp(n->type, "lorsa") == 0;
}

static int
by_feature(const void *a, const void *b)
{
	const struct ct_raw_node *x = *(struct ct_raw_node *const *)a, *y = *(struct ct_raw_node *const *)b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (stage(x) != stage(y))
		return stage(x) - stage(y);
	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* What a node stands for, as numbers; false: no other node can be the same. */
static bool
identity(const struct ct_raw_node *n, long id[4])
{
	bool feature = n->kind == CT_NODE_FEATURE, grid = n->kind == CT_NODE_ERROR ||
	    n->kind == CT_NODE_EMBEDDING;

	id[0] = n->kind;
	id[1] = feature || n->kind == CT_NODE_ERROR ? n->layer : 0;
	id[2] = n->pos;
	id[3] = grid ? 0 : n->number;
	return grid || (n->kind != CT_NODE_OTHER && n->number >= 0);
}

static int
by_identity(const void *a, const void *b)
{
	const struct ct_raw_node *x = *(struct ct_raw_node *const *)a, *y = *(struct ct_raw_node *const *)b;
	long p[4], q[4];

	identity(x, p);
	identity(y, q);
	for (int i = 0; i < 4; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

static int
drop_doubles(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_raw_node **list = ct_arena_need(&r->tmp, (size_t)r->raw.n_nodes, sizeof *list, "a graph",
	    err);
	long id[4], last[4];
	int n = 0;

	if (!list)
		return CT_ENOMEM;
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (!r->raw.nodes[i].gone && identity(&r->raw.nodes[i], id))
			list[n++] = &r->raw.nodes[i];
	qsort(list, (size_t)n, sizeof *list, by_identity);
	for (int i = 1; i < n; i++) {
		identity(list[i - 1], last);
		identity(list[i], id);
		if (memcmp(id, last, sizeof id) != 0)
			continue;
		ct_raw_leave_out(&r->raw, "nodes[%d] stands for the same thing as nodes[%d]", list[i]->place,
		    list[i - 1]->place);
		list[i]->gone = true;
	}
	return CT_OK;
}

/*
 * Finds the sizes of the graph from its nodes; layers count from 0. Programs number the layer of outputs
 * differently: the one after the last layer, or one more.
 */
static int
measure(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	int own;
	size_t grid;

	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *n = &r->raw.nodes[i];

		if (n->gone)
			continue;
		if (n->kind != CT_NODE_TARGET && n->layer >= g->L)
			g->L = n->layer + 1;
		if (n->kind == CT_NODE_FEATURE && n->number >= f->F)
			f->F = n->number + 1;
		g->n_targets += ct_reader_is_target(n);
		g->n_features += (n->kind == CT_NODE_FEATURE || n->kind == CT_NODE_OTHER) &&
		    !ct_reader_is_target(n);
	}
	if (g->n_targets == 0)
		return ct_fail(err, CT_EFORMAT, "%s: no node of type \"logit\": an attribution graph "
		    "explains an output", r->raw.s.where);
	if (g->n_targets > MAX_TARGETS)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %d outputs are more than the %d that a graph may "
		    "have",
		    r->raw.s.where, g->n_targets, MAX_TARGETS);
	g->L = ct_reader_size(r, "layers", g->L > 0 ? g->L : 1);
	f->F = ct_reader_size(r, "features", f->F);
	own = f->F;
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (r->raw.nodes[i].kind == CT_NODE_OTHER ||
		    (r->raw.nodes[i].kind == CT_NODE_FEATURE && r->raw.nodes[i].number < 0))
			r->raw.nodes[i].index = own++;
	grid = (size_t)g->L * (size_t)g->T;
	if ((grid + (size_t)g->T) * sizeof *g->nodes > r->raw.s.n + slack)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %d layers and %d tokens are more than a file of "
		    "%zu bytes may have", r->raw.s.where, g->L, g->T, r->raw.s.n);
	g->n_errors = (int)grid;
	g->n_embeddings = g->T;
	g->n_nodes = g->n_features + g->n_errors + g->n_embeddings + g->n_targets;
	return CT_OK;
}

static double
or_else(double x, double otherwise)
{
	return isnan(x) ? otherwise : x;
}

static int
place_features(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_raw_node **list = ct_arena_need(&r->tmp, (size_t)g->n_features, sizeof *list, "a graph",
	    err);
	int n = 0;

	r->stage = ct_arena_need(&r->tmp, (size_t)g->n_features, 1, "a graph", err);
	if (!list || !r->stage)
		return CT_ENOMEM;
	r->f->has_cumulative = g->n_features > 0;
	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_raw_node *raw = &r->raw.nodes[i];

		if (raw->gone || (raw->kind != CT_NODE_FEATURE && raw->kind != CT_NODE_OTHER) ||
		    ct_reader_is_target(raw))
			continue;
		list[n++] = raw;
		r->f->has_cumulative = r->f->has_cumulative &&
		    (raw->kind == CT_NODE_OTHER || !isnan(raw->cumulative));
	}
	qsort(list, (size_t)n, sizeof *list, by_feature);
	for (int i = 0; i < n; i++) {
		r->node[list[i]->place] = i;
		r->stage[i] = stage(list[i]);
		g->nodes[i] = (struct ct_node){ .kind = list[i]->kind, .layer = list[i]->layer,
		    .pos = list[i]->pos,
			.index = list[i]->index, .other = -1, .activation = (float)list[i]->activation,
			.attributed = true };
	}
	return CT_OK;
}

/* Errors and embeddings have a place for each layer and token, whether the file has them or not. */
static void
place_grids(struct ct_graph_reader *r)
{
	struct ct_graph *g = &r->f->graph;
	int errors = g->n_features, embeddings = errors + g->n_errors;

	for (int i = 0; i < g->n_errors; i++)
		g->nodes[errors + i] = (struct ct_node){ .kind = CT_NODE_ERROR, .layer = i / g->T,
		    .pos = i % g->T,
			.index = -1, .other = -1, .missing = true };
	for (int t = 0; t < g->T; t++)
		g->nodes[embeddings + t] = (struct ct_node){ .kind = CT_NODE_EMBEDDING, .layer = -1, .pos = t,
		    .index = -1,
			.other = -1, .missing = true };
	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];
		int to;

		if (raw->gone || (raw->kind != CT_NODE_ERROR && raw->kind != CT_NODE_EMBEDDING))
			continue;
		to = raw->kind == CT_NODE_ERROR ? errors + raw->layer * g->T + raw->pos : embeddings +
		    raw->pos;
		g->nodes[to].missing = false;
		g->nodes[to].index = raw->index;
		r->node[i] = to;
	}
}

/* The ids of the tokens A and B of a target A - B, which are among ctrace's own fields. */
static bool
difference(const struct ct_graph_reader *r, const char *id, int *a, int *b)
{
	const json_t *pair = json_object_get(json_object_get(r->extras, "differences"), id);
	int *ids[2] = { a, b };

	for (size_t i = 0; i < 2; i++) {
		const json_t *token = json_array_get(pair, i);
		json_int_t v = json_integer_value(token);

		if (!json_is_integer(token) || v < 0 || v >= INT_MAX)
			return false;
		*ids[i] = (int)v;
	}
	return json_array_size(pair) == 2;
}

static void
place_target(struct ct_graph_reader *r, const struct ct_raw_node *raw, int to)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_node *n = &g->nodes[to];

	*n = (struct ct_node){ .kind = CT_NODE_TARGET, .target = CT_TARGET_LOGIT, .layer = g->L,
	    .pos = raw->pos,
		.index = raw->index, .other = -1, .attributed = true };
	if (raw->kind == CT_NODE_FEATURE) {
		n->target = CT_TARGET_FEATURE;
		n->layer = raw->layer;
		n->weight = 1;
	} else if (difference(r, raw->id, &n->index, &n->other)) {
		n->target = CT_TARGET_DIFFERENCE;
		n->weight = 1;
	} else {
		n->other = -1;
		n->index = raw->index;
		n->prob = (float)raw->prob;
		/* A file may have any number as a probability, but the weight of a target must be valid. */
		n->weight = raw->prob > 0 ? (float)fmin(raw->prob, 1) : 0;
	}
	r->node[raw->place] = to;
}

/* The marked target comes first, the others in the file's order. */
static void
place_targets(struct ct_graph_reader *r)
{
	struct ct_graph *g = &r->f->graph;
	int first = g->n_nodes - g->n_targets, to = first;
	float sum = 0;

	for (int marked = 1; marked >= 0; marked--)
		for (int i = 0; i < r->raw.n_nodes; i++) {
			const struct ct_raw_node *raw = &r->raw.nodes[i];

			if (!raw->gone && ct_reader_is_target(raw) && raw->is_target == (bool)marked)
				place_target(r, raw, to++);
		}
	for (int i = first; i < g->n_nodes; i++)
		sum += g->nodes[i].weight;
	for (int i = first; i < g->n_nodes && !(sum > 0); i++)
		g->nodes[i].weight = 1;
	g->pos = g->nodes[first].pos;
}

/* ctrace's own fields about single nodes; NAN: none. "omitted" lists only nodes that lack something. */
static void
read_terms(struct ct_graph_reader *r)
{
	struct ct_graph *g = &r->f->graph;
	const json_t *omitted = json_object_get(r->extras, "omitted");

	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_node *n = r->node[i] < 0 ? NULL : &g->nodes[r->node[i]];
		const char *id = r->raw.nodes[i].id;

		if (!n)
			continue;
		n->bias = (float)ct_reader_extra(r, "bias", id, NAN);
		n->omitted = (float)ct_reader_extra(r, "omitted", id, json_object_get(omitted, id) ? NAN : 0);
		n->value = (float)ct_reader_extra(r, "target_values", id, NAN);
	}
	g->check.max_edge_residual = ct_reader_extra(r, "self_check", "max_edge_residual", NAN);
	g->check.max_logit_error = ct_reader_extra(r, "self_check", "max_logit_error", NAN);
}

/* Makes the nodes. If the file has no list of tokens, there are as many as the nodes' positions need. */
static int
read_nodes(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	bool listed = g->T > 0;
	int code = ct_raw_nodes(&r->raw, listed ? g->T : MAX_POSITIONS, err);

	for (int i = 0; code == CT_OK && !listed && i < r->raw.n_nodes; i++)
		if (r->raw.nodes[i].pos >= g->T)
			g->T = r->raw.nodes[i].pos + 1;
	return code;
}

int
ct_reader_nodes(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int code;

	if ((code = read_nodes(r, err)) < 0 || (code = drop_doubles(r, err)) < 0 ||
	    (code = measure(r, err)) < 0)
		return code;
	g->nodes = ct_arena_need(&r->f->arena, (size_t)g->n_nodes, sizeof *g->nodes, "a graph", err);
	r->node = ct_arena_need(&r->tmp, (size_t)r->raw.n_nodes, sizeof *r->node, "a graph", err);
	if (!g->nodes || !r->node)
		return CT_ENOMEM;
	for (int i = 0; i < r->raw.n_nodes; i++)
		r->node[i] = -1;
	if ((code = place_features(r, err)) < 0)
		return code;
	place_grids(r);
	place_targets(r);
	read_terms(r);
	return CT_OK;
}

struct indexed {
	struct ct_edge e;
	int at;				/* in the file */
	bool gone;			/* left out */
};

static int
by_source(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;

	if (x->e.source != y->e.source)
		return x->e.source < y->e.source ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* Why an edge cannot be in a graph; NULL: it can. */
static const char *
why_not(const struct ct_graph_reader *r, int source, int target)
{
	const struct ct_graph *g = &r->f->graph;
	const struct ct_node *s = source < 0 ? NULL : &g->nodes[source],
	    *t = target < 0 ? NULL : &g->nodes[target];

	if (!s || !t)
		return "one of its nodes was left out";
	if (s->kind == CT_NODE_TARGET)
		return "its source is an output, from which nothing follows";
	if (!ct_node_traits(t->kind)->has_inputs)
		return "its target is an embedding or error, which nothing leads to";
	if (ct_node_subject(t) == CT_NODE_TARGET || s->kind == CT_NODE_EMBEDDING)
		return NULL;
	if (s->layer < t->layer || (s->layer == t->layer && s->kind != CT_NODE_ERROR &&
	    t->kind != CT_NODE_TARGET &&
	    r->stage[source] < r->stage[target]))
		return NULL;
	return "it leads from a layer to itself or to an earlier one";
}

/*
 * Sorts the edges into one node. A repeated edge is left out, unless its id is both a feature's and an
 * error's: then the second edge is the error's, since circuit-tracer writes them in this order.
 */
static void
sort_inputs(struct ct_graph_reader *r, struct indexed *in, size_t n)
{
	bool again = false;
	size_t first = 0;		/* number of edges from one source */

	qsort(in, n, sizeof *in, by_source);
	for (size_t k = 1; k < n; k++) {
		const struct ct_raw_node *raw = &r->raw.nodes[r->raw.links[in[k].at].source];
		int error = raw->same_id < 0 ? -1 : r->node[raw->same_id];

		if (in[k].e.source != in[first].e.source) {
			first = k;
		} else if (k == first + 1 && error >= 0 && !why_not(r, error, in[k].e.target)) {
			in[k].e.source = error;
			again = true;
		} else {
			ct_raw_leave_out(&r->raw, "links[%d] leads from the same node to the same as "
			    "links[%d]", in[k].at, in[first].at);
			in[k].gone = true;
		}
	}
	if (again)
		qsort(in, n, sizeof *in, by_source);
}

/*
 * Lists the file's links that can be edges, sorted by target; first (n_nodes + 1) says where those into a
 * node begin.
 */
static int
sort_links(struct ct_graph_reader *r, struct indexed *sorted, size_t *first, struct ct_error *err)
{
	size_t nodes = (size_t)r->f->graph.n_nodes;
	size_t *fill = ct_arena_need(&r->tmp, nodes, sizeof *fill, "edges", err);
	bool *in = ct_arena_need(&r->tmp, (size_t)r->raw.n_links, sizeof *in, "edges", err);

	if (!fill || !in)
		return CT_ENOMEM;
	for (int i = 0; i < r->raw.n_links; i++) {
		struct ct_edge *e = &r->raw.links[i];
		const char *why = why_not(r, r->node[e->source], r->node[e->target]);

		if (why)
			ct_raw_leave_out(&r->raw, "links[%d]: %s", i, why);
		else
			first[r->node[e->target] + 1]++;
		in[i] = !why;
	}
	for (size_t i = 0; i < nodes; i++)
		first[i + 1] += first[i];
	memcpy(fill, first, nodes * sizeof *fill);
	for (int i = 0; i < r->raw.n_links; i++) {
		const struct ct_edge *e = &r->raw.links[i];

		if (in[i])
			sorted[fill[r->node[e->target]]++] = (struct indexed){ .at = i,
				.e = { r->node[e->source], r->node[e->target], e->weight } };
	}
	for (size_t t = 0; t < nodes; t++)
		sort_inputs(r, sorted + first[t], first[t + 1] - first[t]);
	return CT_OK;
}

static int
by_place(const void *a, const void *b)
{
	return ((const struct indexed *)a)->at < ((const struct indexed *)b)->at ? -1 : 1;
}

static int
connect(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_arena *a = &r->f->arena;
	size_t n = (size_t)r->raw.n_links, nodes = (size_t)g->n_nodes, to = 0, from = 0;
	struct ct_edge *edges = ct_arena_need(a, n, sizeof *edges, "edges", err);
	struct ct_edge *links = ct_arena_need(a, n, sizeof *links, "edges", err);
	struct indexed *sorted = ct_arena_need(&r->tmp, n, sizeof *sorted, "edges", err);
	size_t *first = ct_arena_need(a, nodes + 1, sizeof *first, "edges", err);
	int code;

	r->f->link_at = ct_arena_need(a, n, sizeof *r->f->link_at, "edges", err);
	if (!edges || !links || !sorted || !first || !r->f->link_at)
		return CT_ENOMEM;
	if ((code = sort_links(r, sorted, first, err)) < 0)
		return code;
	for (size_t t = 0; t < nodes; t++) {
		size_t end = first[t + 1];

		for (first[t] = to; from < end; from++) {
			if (sorted[from].gone)
				continue;
			g->nodes[t].inputs += fabs((double)sorted[from].e.weight);
			r->f->link_at[to] = r->raw.link_at[sorted[from].at];
			links[to] = sorted[from].e;
			sorted[to++] = sorted[from];
		}
	}
	first[nodes] = to;
	qsort(sorted, to, sizeof *sorted, by_place);
	for (size_t i = 0; i < to; i++)
		edges[i] = sorted[i].e;
	if ((code = ct_graph_set_list(g, links, first, a, err)) < 0)
		return code;
	g->pruned = edges;
	g->n_pruned = (int)to;
	g->n_edges = (long)ct_reader_extra(r, "model", "edges", (double)to);
	return CT_OK;
}

/*
 * Computes influence from the links, but keeps the shares and scores of the file, which are those of the
 * whole graph.
 */
static int
weigh(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int code = ct_graph_influence(g, &r->tmp, NULL, err);

	if (code < 0)
		return code;
	g->scores.replacement = ct_reader_extra(r, "scores", "replacement", NAN);
	g->scores.completeness = ct_reader_extra(r, "scores", "completeness", NAN);
	g->node_threshold = g->known.nodes;
	g->edge_threshold = g->known.edges;
	for (int i = 0; i < g->n_nodes; i++) {
		g->nodes[i].kept = !g->nodes[i].missing;
		g->known.missing += g->nodes[i].missing;
	}
	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_node *n = r->node[i] < 0 ? NULL : &g->nodes[r->node[i]];

		if (!n)
			continue;
		if (r->f->has_cumulative)
			n->cumulative = or_else(r->raw.nodes[i].cumulative, 1);
		n->inputs = ct_reader_extra(r, "inputs", r->raw.nodes[i].id, n->inputs);
		g->n_kept += n->kept;
	}
	return CT_OK;
}

int
ct_reader_edges(struct ct_graph_reader *r, struct ct_error *err)
{
	int code = ct_raw_links(&r->raw, err);

	if (code == CT_OK)
		code = connect(r, err);
	return code == CT_OK ? weigh(r, err) : code;
}
