/* graph_id: see graph_id.h. */
#include "share/graph_id.h"

#include <stdio.h>

#include "share/graph_file.h"

static const char *
id_there(const struct ct_graph_file *f, int node)
{
	return f->place[node] < 0 ? NULL : f->there[f->place[node]].id;
}

const char *
ct_graph_node_id(const struct ct_export *x, int node, char buf[CT_NODE_ID])
{
	const struct ct_graph *g = x->graph;
	const struct ct_node *n = &g->nodes[node];
	const char *there = x->names->file ? id_there(x->names->file, node) : NULL;
	int token = n->index;

	if (there)
		return there;
	if (n->kind == CT_NODE_ERROR)
		snprintf(buf, CT_NODE_ID, "%d_-1_%d", n->layer, n->pos);
	else if (n->kind == CT_NODE_EMBEDDING)
		snprintf(buf, CT_NODE_ID, "E_%d_%d", n->index, n->pos);
	else if (ct_node_subject(n) == CT_NODE_FEATURE)
		snprintf(buf, CT_NODE_ID, "%d_%d_%d", n->layer, n->index, n->pos);
	else {
		/* Differences have numbers after those of the vocabulary. */
		if (n->target == CT_TARGET_DIFFERENCE)
			token = g->V;
		for (int i = g->n_nodes - g->n_targets; i < node && n->target == CT_TARGET_DIFFERENCE; i++)
			token += g->nodes[i].target == CT_TARGET_DIFFERENCE;
		snprintf(buf, CT_NODE_ID, "%d_%d_%d", g->L + 1, token, n->pos);
	}
	return buf;
}

const char *
ct_graph_pin_id(const struct ct_export *x, const struct ct_pin *p, char buf[CT_NODE_ID])
{
	const struct ct_graph_file *f = x->names->file;
	int node = ct_pin_node(x->graph, p);

	if (node >= 0)
		return ct_graph_node_id(x, node, buf);
	if (f && p->kind == CT_NODE_OTHER && p->layer == CT_PIN_ABSENT && p->index < f->n_absent)
		return f->absent[p->index];
	switch (p->kind) {
	case CT_NODE_FEATURE: snprintf(buf, CT_NODE_ID, "%d_%d_%d", p->layer, p->index, p->pos); return buf;
	case CT_NODE_ERROR: snprintf(buf, CT_NODE_ID, "%d_-1_%d", p->layer, p->pos); return buf;
	case CT_NODE_EMBEDDING: snprintf(buf, CT_NODE_ID, "E_%d_%d", p->index, p->pos); return buf;
	case CT_NODE_OTHER: return NULL;
	case CT_NODE_TARGET: break;
	}
	if (p->other >= 0)
		return NULL;
	snprintf(buf, CT_NODE_ID, "%d_%d_%d", x->graph->L + 1, p->index, p->pos);
	return buf;
}
