/* inputs: see inputs.h. */
#include "session/inputs.h"

#include <math.h>
#include <stdlib.h>

/* An edge into the node, and the row that shows it. */
struct member {
	struct ct_edge edge;
	bool kept;
	int group;			/* number of its row; rows are in this order */
	double size;			/* sum of |edges| of its row, when rows are sorted by it */
};

static int
stronger(const struct member *a, const struct member *b)
{
	float x = fabsf(a->edge.weight), y = fabsf(b->edge.weight);

	if (a->kept != b->kept)
		return a->kept ? -1 : 1;
	if (x != y)
		return x > y ? -1 : 1;
	return a->edge.source < b->edge.source ? -1 : a->edge.source > b->edge.source;
}

static int
by_strength(const void *a, const void *b)
{
	return stronger(a, b);
}

static int
by_group(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->group != y->group ? (x->group < y->group ? -1 : 1) : stronger(x, y);
}

/* Rows with the largest sum of |edges| first. */
static int
by_size(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->size != y->size ? (x->size > y->size ? -1 : 1) : by_group(x, y);
}

/*
 * Collects all edges into a node, those of the pruned graph first, then the strongest; m has room for
 * g->n_nodes.
 */
static int
collect(const struct ct_graph *g, int node, struct member *m, struct ct_arena *a, struct ct_error *err)
{
	struct ct_edge *row = ct_arena_need(a, (size_t)g->n_nodes, sizeof *row, "inputs of a node", err);
	bool *kept = ct_arena_need(a, (size_t)g->n_nodes, sizeof *kept, "inputs of a node", err);
	int n;

	if (!row || !kept)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_pruned; i++)
		if (g->pruned[i].target == node)
			kept[g->pruned[i].source] = true;
	n = ct_graph_row(g, node, row);
	for (int i = 0; i < n; i++)
		m[i] = (struct member){ .edge = row[i], .kept = kept[row[i].source] };
	if (n > 0)
		qsort(m, (size_t)n, sizeof *m, by_strength);
	return n;
}

/* Index of the word whose edge is at least half of all words' edges; -1: there is none. */
static int
lone_word(const struct ct_graph *g, const struct member *m, int n)
{
	double sum = 0, most = 0;
	int best = -1;

	for (int i = 0; i < n; i++) {
		double size = fabs((double)m[i].edge.weight);

		if (g->nodes[m[i].edge.source].kind != CT_NODE_EMBEDDING)
			continue;
		sum += size;
		if (size > most) {
			most = size;
			best = i;
		}
	}
	return best >= 0 && most >= sum / 2 ? best : -1;
}

/* Row numbers: below `most` single nodes; `most` words, `most` + 1 errors, `most` + 2 the tail. */
static void
group_by_kind(const struct ct_graph *g, struct member *m, int n, int most)
{
	int word = lone_word(g, m, n), single = 0;

	for (int i = 0; i < n; i++) {
		enum ct_node_kind kind = g->nodes[m[i].edge.source].kind;

		if (kind == CT_NODE_ERROR)
			m[i].group = most + 1;
		else if (kind == CT_NODE_EMBEDDING && i != word)
			m[i].group = most;
		else
			m[i].group = single < most ? single++ : kind == CT_NODE_EMBEDDING ? most : most + 2;
	}
	qsort(m, (size_t)n, sizeof *m, by_group);
}

/* Row numbers by token or layer, the largest first; all beyond `most` are the tail. */
static int
group_by_place(const struct ct_graph *g, struct member *m, int n, enum ct_inputs_by by, int most,
    struct ct_arena *a, struct ct_error *err)
{
	int n_places = by == CT_BY_TOKEN ? g->T : g->L + 1, place = -1, last = -1;
	double *size = ct_arena_need(a, (size_t)n_places, sizeof *size, "inputs by place", err);

	if (!size)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		const struct ct_node *s = &g->nodes[m[i].edge.source];

		m[i].group = by == CT_BY_TOKEN ? s->pos : s->layer + 1;
		size[m[i].group] += fabs((double)m[i].edge.weight);
	}
	for (int i = 0; i < n; i++)
		m[i].size = size[m[i].group];
	qsort(m, (size_t)n, sizeof *m, by_size);
	for (int i = 0; i < n; i++) {
		if (m[i].group != last)
			place++;
		last = m[i].group;
		m[i].group = place < most ? place : most + 2;
	}
	qsort(m, (size_t)n, sizeof *m, by_group);
	return CT_OK;
}

/* Sets a row's kind and key once all its members are known. */
static void
name_row(const struct ct_graph *g, struct ct_input *row, int group, enum ct_inputs_by by, int most)
{
	const struct ct_node *first = &g->nodes[row->edge->source];

	row->key = -1;
	if (row->n == 1) {
		row->kind = CT_INPUT_NODE;
		row->key = row->edge->source;
	} else if (group == most + 2) {
		row->kind = CT_INPUT_REST;
	} else if (by == CT_BY_TOKEN) {
		row->kind = CT_INPUT_TOKEN;
		row->key = first->pos;
	} else if (first->kind == CT_NODE_EMBEDDING) {
		row->kind = CT_INPUT_WORDS;
	} else if (by == CT_BY_LAYER) {
		row->kind = CT_INPUT_LAYER;
		row->key = first->layer;
	} else {
		row->kind = CT_INPUT_ERRORS;
	}
}

static int
make_rows(struct ct_inputs *out, const struct ct_graph *g, const struct member *m, enum ct_inputs_by by,
    int most, struct ct_arena *a, struct ct_error *err)
{
	int n = out->n_edges;

	out->edge = ct_arena_need(a, (size_t)n, sizeof *out->edge, "inputs of a node", err);
	out->input = ct_arena_need(a, (size_t)n + 1, sizeof *out->input, "inputs of a node", err);
	if (!out->edge || !out->input)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		struct ct_input *row = &out->input[out->n - 1];

		out->edge[i] = m[i].edge;
		if (i == 0 || m[i].group != m[i - 1].group) {
			row = &out->input[out->n++];
			*row = (struct ct_input){ .edge = &out->edge[i] };
		}
		row->n++;
		row->kept |= m[i].kept;
		*(m[i].edge.weight < 0 ? &row->minus : &row->plus) += (double)m[i].edge.weight;
		out->size += fabs((double)m[i].edge.weight);
		if (i + 1 == n || m[i + 1].group != m[i].group)
			name_row(g, row, m[i].group, by, most);
	}
	return CT_OK;
}

/* Adds a row for what the graph left out; without it the rows would not add up to the node's value. */
static void
add_left_out(struct ct_inputs *out, const struct ct_graph *g, int node)
{
	double sum = ct_graph_is_listed(g) ? 0 : ct_graph_omitted(g, node);

	if (sum != 0)
		out->input[out->n++] = (struct ct_input){ .kind = CT_INPUT_LEFT_OUT, .key = -1,
			.plus = fmax(sum, 0), .minus = fmin(sum, 0) };
}

int
ct_inputs_of(struct ct_inputs *out, const struct ct_graph *g, int node, enum ct_inputs_by by, int most,
    struct ct_arena *a, struct ct_error *err)
{
	struct member *m = ct_arena_need(a, (size_t)g->n_nodes, sizeof *m, "inputs of a node", err);
	int n = m ? collect(g, node, m, a, err) : CT_ENOMEM, code = n;

	*out = (struct ct_inputs){ .n_edges = n > 0 ? n : 0 };
	most = most < 0 ? 0 : most < g->n_nodes ? most : g->n_nodes;
	if (n > 0 && by == CT_BY_KIND)
		group_by_kind(g, m, n, most);
	else if (n > 0)
		code = group_by_place(g, m, n, by, most, a, err);
	if (code < 0)
		return code;
	code = make_rows(out, g, m, by, most, a, err);
	if (code == CT_OK)
		add_left_out(out, g, node);
	/* Of what was left out only the sum is known, but the node's inputs count its parts in full. */
	out->size = fmax(out->size, g->nodes[node].inputs);
	return code;
}
