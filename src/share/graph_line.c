/* graph_line: see graph_line.h. */
#include "share/graph_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/json_out.h"

static const char *
word(const struct ct_graph_names *names, int token)
{
	return names->token(names->ctx, token);
}

/* The text of a target: a token, or A - B. */
static json_t *
target_text(const struct ct_graph_names *names, const struct ct_node *n)
{
	char text[1100];

	if (n->target == CT_TARGET_LOGIT)
		return ct_json_out_string(word(names, n->index));
	snprintf(text, sizeof text, "%.500s - %.500s", word(names, n->index), word(names, n->other));
	return ct_json_out_string(text);
}

static bool
is_feature(const struct ct_node *n)
{
	return n->kind == CT_NODE_FEATURE || (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE);
}

/* all: the sum of what is passed on, of which each node's influence is a share. */
static json_t *
node_json(const struct ct_graph_names *names, const struct ct_node *n, double all)
{
	json_t *o = json_pack("{s:s, s:i}", "kind",
	    is_feature(n) ? "feature" : n->kind == CT_NODE_ERROR ? "error" :
	    n->kind == CT_NODE_EMBEDDING ? "input" : "output", "pos", n->pos);

	if (is_feature(n) || n->kind == CT_NODE_ERROR)
		json_object_set_new(o, "layer", json_integer(n->layer));
	if (is_feature(n)) {
		json_object_set_new(o, "feature", json_integer(n->index));
		json_object_set_new(o, "label", ct_json_out_string(names->label(names->ctx, n->layer,
		    n->index)));
	} else if (n->kind == CT_NODE_TARGET) {
		json_object_set_new(o, "token", target_text(names, n));
	} else {
		json_object_set_new(o, "token", ct_json_out_string(word(names, names->tokens[n->pos])));
	}
	if (n->kind == CT_NODE_FEATURE)
		json_object_set_new(o, "activation", ct_json_out_number((double)n->activation));
	if (n->kind == CT_NODE_TARGET)
		json_object_set_new(o, "weight", ct_json_out_number((double)n->weight));
	else
		json_object_set_new(o, "influence", ct_json_out_number(all > 0 ? n->influence / all : 0));
	return o;
}

static json_t *
targets_json(const struct ct_graph *g, const struct ct_graph_names *names)
{
	json_t *list = json_array();

	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];

		if (n->target == CT_TARGET_LOGIT)
			json_array_append_new(list,
			    json_pack("{s:o, s:o}", "token", target_text(names, n), "prob",
			    ct_json_out_number((double)n->prob)));
		else
			json_array_append_new(list,
			    json_pack("{s:o}", "value", ct_json_out_number((double)n->value)));
	}
	return list;
}

int
ct_graph_line(json_t *line, const struct ct_graph *g, const struct ct_graph_names *names,
    struct ct_error *err)
{
	json_t *nodes = json_array(), *edges = json_array(), *tokens = json_array();
	int *at = malloc(((size_t)g->n_nodes + 1) * sizeof *at), n = 0;
	double all = 0;

	for (int i = 0; i < g->n_nodes - g->n_targets; i++)
		all += g->nodes[i].influence;
	for (int i = 0; at && i < g->n_nodes; i++)
		if (g->nodes[i].kept) {
			at[i] = n++;
			json_array_append_new(nodes, node_json(names, &g->nodes[i], all));
		}
	for (int i = 0; at && i < g->n_pruned; i++) {
		const struct ct_edge *e = &g->pruned[i];

		json_array_append_new(edges, json_pack("[i, i, o]", at[e->source], at[e->target],
		    ct_json_out_number((double)e->weight)));
	}
	for (int t = 0; t < g->T; t++)
		json_array_append_new(tokens, ct_json_out_string(word(names, names->tokens[t])));
	json_object_set_new(line, "tokens", tokens);
	json_object_set_new(line, "targets", targets_json(g, names));
	json_object_set_new(line, "scores", json_pack("{s:o, s:o}", "replacement",
	    ct_json_out_number(g->scores.replacement), "completeness",
	    ct_json_out_number(g->scores.completeness)));
	json_object_set_new(line, "self_check", ct_json_out_number(fmax(g->check.max_edge_residual,
	    g->check.max_logit_error)));
	json_object_set_new(line, "nodes", nodes);
	json_object_set_new(line, "edges", edges);
	if (!at)
		return ct_fail_memory(err, (size_t)g->n_nodes * sizeof *at, "a graph");
	free(at);
	return CT_OK;
}
