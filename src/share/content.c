/* content: see content.h. */
#include "share/content.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share/graph_id.h"

static bool
is_pinned(const struct ct_export *x, int node)
{
	struct ct_pin p = ct_pin_of(&x->graph->nodes[node]);

	return ct_subgraph_find(x->subgraph, &p) >= 0;
}

/* Whether an active feature is also the target of the graph. */
static bool
is_target_too(const struct ct_graph *g, const struct ct_node *n)
{
	for (int i = g->n_nodes - g->n_targets; n->kind == CT_NODE_FEATURE && i < g->n_nodes; i++) {
		const struct ct_node *t = &g->nodes[i];

		if (t->target == CT_TARGET_FEATURE && t->layer == n->layer && t->index == n->index &&
		    t->pos == n->pos)
			return true;
	}
	return false;
}

const bool *
ct_content_written(const struct ct_export *x, struct ct_arena *a)
{
	const struct ct_graph *g = x->graph;
	bool *written = ct_arena_alloc(a, (size_t)g->n_nodes, sizeof *written);

	for (int i = 0; written && i < g->n_nodes; i++)
		written[i] = (g->nodes[i].kept || (x->subgraph->n_pins > 0 && is_pinned(x, i))) &&
		    !g->nodes[i].missing && !is_target_too(g, &g->nodes[i]);
	return written;
}

void
ct_content_edges(const struct ct_export *x, const bool *written,
    void (*put)(void *ctx, const struct ct_edge *e), void *ctx)
{
	const struct ct_graph *g = x->graph;
	const struct ct_subgraph *sg = x->subgraph;
	int node[CT_MAX_PINS], n = 0;

	for (int i = 0; i < g->n_pruned; i++)
		if (written[g->pruned[i].source] && written[g->pruned[i].target])
			put(ctx, &g->pruned[i]);
	for (int i = 0; i < sg->n_pins; i++) {
		int at = ct_pin_node(g, &sg->pin[i]), k = 0;

		while (k < n && node[k] != at)
			k++;
		if (at >= 0 && written[at] && k == n)
			node[n++] = at;
	}
	for (int t = 0; t < n; t++)
		for (int s = 0; s < n; s++) {
			struct ct_edge e = { node[s], node[t], 0 };

			if (g->nodes[e.source].kept && g->nodes[e.target].kept)
				continue;
			e.weight = ct_graph_edge(g, e.target, e.source);
			if (e.weight != 0)
				put(ctx, &e);
		}
}

static void
add_node(struct ct_content *c, const struct ct_export *x, int node)
{
	const struct ct_node *n = &x->graph->nodes[node];
	char buf[CT_NODE_ID];

	c->part[c->n_parts++] = (struct ct_content_part){ .node = node, .supernode = -1, .n = 1, .name = "",
		.id = ct_arena_strdup(&c->arena, ct_graph_node_id(x, node, buf)), .layer = n->layer,
		    .pos = n->pos,
		.activation = ct_node_traits(n->kind)->has_activation ? (double)n->activation : NAN,
		.cumulative = n->kind == CT_NODE_TARGET ? NAN : n->cumulative };
}

struct adder {
	struct ct_content *c;
	const int *part_of;		/* (n_nodes) */
	size_t room;
	bool lost;
};

static void
add_edge(void *ctx, const struct ct_edge *e)
{
	struct adder *a = ctx;
	struct ct_content *c = a->c;

	if (c->n_edges == a->room) {
		size_t room = a->room ? 2 * a->room : 1024;
		struct ct_content_edge *grown = realloc(c->edge, room * sizeof *grown);

		a->lost |= !grown;
		if (!grown)
			return;
		c->edge = grown;
		a->room = room;
	}
	c->edge[c->n_edges++] = (struct ct_content_edge){ a->part_of[e->source], a->part_of[e->target],
		(double)e->weight };
}

static int
open_whole(struct ct_content *c, const struct ct_export *x, const bool *written)
{
	const struct ct_graph *g = x->graph;
	int *part_of = ct_arena_alloc(&c->arena, (size_t)g->n_nodes, sizeof *part_of);
	struct adder a = { .c = c, .part_of = part_of };

	c->part = ct_arena_alloc(&c->arena, (size_t)g->n_nodes, sizeof *c->part);
	if (!part_of || !c->part)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_nodes; i++)
		if (written[i]) {
			part_of[i] = c->n_parts;
			add_node(c, x, i);
		}
	ct_content_edges(x, written, add_edge, &a);
	return a.lost ? CT_ENOMEM : CT_OK;
}

/* A node may be in several supernodes, so its places are a list. */
struct place {
	int part, next;			/* next: -1 ends the list */
};

struct merger {
	struct ct_content *c;
	int *first;			/* (n_nodes) -1: the node is in no part */
	struct place *places;
	int n_places;
	double *sum;			/* (n_parts,n_parts) target by source */
};

static void
put_in(struct merger *m, int node, int part)
{
	for (int i = m->first[node]; i >= 0; i = m->places[i].next)
		if (m->places[i].part == part)
			return;
	m->places[m->n_places] = (struct place){ part, m->first[node] };
	m->first[node] = m->n_places++;
}

/* Makes one node of the members of a supernode that are in the graph. */
static void
add_supernode(struct merger *m, const struct ct_export *x, int supernode)
{
	const struct ct_subgraph *sg = x->subgraph;
	struct ct_content_part *p = &m->c->part[m->c->n_parts];
	double layers = 0;
	char id[CT_NODE_ID];

	snprintf(id, sizeof id, "supernode-%d", supernode);
	*p = (struct ct_content_part){ .node = -1, .supernode = supernode, .name = sg->name[supernode],
	    .cumulative = 1,
		.id = ct_arena_strdup(&m->c->arena, id) };
	for (int i = 0; i < sg->n_pins; i++) {
		int at = sg->pin[i].supernode == supernode ? ct_pin_node(x->graph, &sg->pin[i]) : -1;
		const struct ct_node *n = at < 0 ? NULL : &x->graph->nodes[at];

		if (!n)
			continue;
		put_in(m, at, m->c->n_parts);
		p->n++;
		layers += n->layer;
		p->pos = n->pos > p->pos ? n->pos : p->pos;
		p->activation += ct_node_traits(n->kind)->has_activation &&
		    !isnan(n->activation) ? (double)n->activation : 0;
		if (n->kind != CT_NODE_TARGET)
			p->cumulative = fmin(p->cumulative, n->cumulative);
	}
	if (p->n == 0)
		return;
	p->layer = (int)fmax(0, round(layers / p->n));
	m->c->n_parts++;
}

static void
merge_edge(void *ctx, const struct ct_edge *e)
{
	struct merger *m = ctx;

	for (int t = m->first[e->target]; t >= 0; t = m->places[t].next)
		for (int s = m->first[e->source]; s >= 0; s = m->places[s].next)
			if (m->places[s].part != m->places[t].part)
				m->sum[(size_t)m->places[t].part * (size_t)m->c->n_parts +
				    (size_t)m->places[s].part] +=
				    (double)e->weight;
}

/* A graph must explain something: if no output is pinned as a single node, the likeliest one is added. */
static int
needed_target(const struct ct_export *x, const struct merger *m)
{
	const struct ct_graph *g = x->graph;
	int best = -1;

	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		if (m->first[i] >= 0 && m->c->part[m->places[m->first[i]].part].node == i)
			return -1;
		if (g->nodes[i].kept && (best < 0 || g->nodes[i].prob > g->nodes[best].prob))
			best = i;
	}
	return best;
}

static void
add_single(struct merger *m, const struct ct_export *x, int node)
{
	m->first[node] = -1;		/* it is then a single node, not part of a supernode */
	put_in(m, node, m->c->n_parts);
	add_node(m->c, x, node);
}

static int
open_pinned(struct ct_content *c, const struct ct_export *x, const bool *written)
{
	const struct ct_subgraph *sg = x->subgraph;
	size_t n_nodes = (size_t)x->graph->n_nodes, most = (size_t)(sg->n_pins + sg->n_supernodes) + 1, n;
	struct merger m = { .c = c };
	int target;

	m.first = ct_arena_alloc(&c->arena, n_nodes, sizeof *m.first);
	m.places = ct_arena_alloc(&c->arena, 2 * most, sizeof *m.places);
	m.sum = ct_arena_alloc(&c->arena, most * most, sizeof *m.sum);
	c->part = ct_arena_alloc(&c->arena, most, sizeof *c->part);
	if (!m.first || !m.places || !m.sum || !c->part)
		return CT_ENOMEM;
	for (size_t i = 0; i < n_nodes; i++)
		m.first[i] = -1;
	for (int i = 0; i < sg->n_pins; i++) {
		int at = ct_pin_node(x->graph, &sg->pin[i]);

		if (at >= 0 && sg->pin[i].supernode < 0 && m.first[at] < 0)
			add_single(&m, x, at);
	}
	target = needed_target(x, &m);
	for (int i = 0; i < sg->n_supernodes; i++)
		add_supernode(&m, x, i);
	if (target >= 0)
		add_single(&m, x, target);
	ct_content_edges(x, written, merge_edge, &m);
	n = (size_t)c->n_parts;
	c->edge = calloc(n * n + 1, sizeof *c->edge);
	if (!c->edge)
		return CT_ENOMEM;
	for (size_t t = 0; t < n; t++)
		for (size_t s = 0; s < n; s++)
			if (m.sum[t * n + s] != 0)
				c->edge[c->n_edges++] =
				    (struct ct_content_edge){ (int)s, (int)t, m.sum[t * n + s] };
	return CT_OK;
}

int
ct_content_open(struct ct_content *c, const struct ct_export *x, struct ct_error *err)
{
	const bool *written;
	int code;

	*c = (struct ct_content){ 0 };
	if (x->pinned && x->subgraph->n_pins == 0)
		return ct_fail(err, CT_ENOTFOUND, "nothing is pinned in this graph: pin nodes first");
	written = ct_content_written(x, &c->arena);
	code = !written ? CT_ENOMEM : x->pinned ? open_pinned(c, x, written) : open_whole(c, x, written);
	for (int i = 0; code == CT_OK && i < c->n_parts; i++)
		if (!c->part[i].id)
			code = CT_ENOMEM;
	if (code < 0)
		return ct_fail_memory(err, (size_t)x->graph->n_nodes * sizeof *c->part, "what is written of "
		    "a graph");
	return CT_OK;
}

void
ct_content_close(struct ct_content *c)
{
	free(c->edge);
	ct_arena_free(&c->arena);
}

void
ct_graph_pins_write(struct ct_writer *w, const struct ct_export *x)
{
	const struct ct_subgraph *sg = x->subgraph;
	char buf[CT_NODE_ID];
	const char *id;

	ct_writer_list(w, "pinnedIds");
	for (int i = 0; i < sg->n_pins; i++)
		if (ct_subgraph_find(sg, &sg->pin[i]) == i && (id = ct_graph_pin_id(x, &sg->pin[i], buf)))
			ct_writer_string(w, NULL, id);
	ct_writer_end(w);
	ct_writer_list(w, "supernodes");
	for (int k = 0; k < sg->n_supernodes; k++) {
		ct_writer_list(w, NULL);
		ct_writer_string(w, NULL, sg->name[k]);
		for (int i = 0; i < sg->n_pins; i++)
			if (sg->pin[i].supernode == k && (id = ct_graph_pin_id(x, &sg->pin[i], buf)))
				ct_writer_string(w, NULL, id);
		ct_writer_end(w);
	}
	ct_writer_end(w);
}
