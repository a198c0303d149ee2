/* graph_line: see graph_line.h. */
#include "share/graph_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
word(const struct ct_graph_names *names, int token)
{
	return names->token(names->ctx, token);
}

/* The text of a target, a token or A - B; and its id if it is one token. */
static void
write_target(struct ct_writer *w, const struct ct_graph_names *names, const struct ct_node *n)
{
	char text[1100];

	if (n->target == CT_TARGET_LOGIT) {
		ct_writer_string(w, "token", word(names, n->index));
		ct_writer_integer(w, "id", n->index);
		return;
	}
	snprintf(text, sizeof text, "%.500s - %.500s", word(names, n->index), word(names, n->other));
	ct_writer_string(w, "token", text);
}

/* all: the total, of which each node's influence is a share. */
static void
write_node(struct ct_writer *w, const struct ct_graph_names *names, const struct ct_node *n, double all)
{
	ct_writer_object(w, NULL);
	ct_writer_string(w, "kind", ct_node_traits(ct_node_subject(n))->name);
	ct_writer_integer(w, "pos", n->pos);
	if (ct_node_subject(n) == CT_NODE_FEATURE || n->kind == CT_NODE_ERROR)
		ct_writer_integer(w, "layer", n->layer);
	if (ct_node_subject(n) == CT_NODE_FEATURE) {
		ct_writer_integer(w, "feature", n->index);
		ct_writer_string(w, "label", names->label(names->ctx, n->layer, n->index));
	} else if (n->kind == CT_NODE_TARGET) {
		write_target(w, names, n);
	} else {
		ct_writer_string(w, "token", word(names, names->tokens[n->pos]));
	}
	if (ct_node_traits(n->kind)->has_activation)
		ct_writer_number(w, "activation", (double)n->activation);
	if (n->kind == CT_NODE_TARGET)
		ct_writer_number(w, "weight", (double)n->weight);
	else
		ct_writer_number(w, "influence", all > 0 ? n->influence / all : 0);
	ct_writer_end(w);
}

static void
write_head(struct ct_writer *w, const struct ct_graph *g, const struct ct_graph_names *names)
{
	ct_writer_list(w, "tokens");
	for (int t = 0; t < g->T; t++)
		ct_writer_string(w, NULL, word(names, names->tokens[t]));
	ct_writer_end(w);
	ct_writer_list(w, "token_ids");
	for (int t = 0; t < g->T; t++)
		ct_writer_integer(w, NULL, names->tokens[t]);
	ct_writer_end(w);
	ct_writer_list(w, "targets");
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];

		ct_writer_object(w, NULL);
		if (n->target == CT_TARGET_LOGIT) {
			write_target(w, names, n);
			ct_writer_number(w, "prob", (double)n->prob);
		} else {
			ct_writer_number(w, "value", (double)n->value);
		}
		ct_writer_end(w);
	}
	ct_writer_end(w);
	ct_writer_object(w, "scores");
	ct_writer_number(w, "replacement", g->scores.replacement);
	ct_writer_number(w, "completeness", g->scores.completeness);
	ct_writer_end(w);
	ct_writer_number(w, "self_check", fmax(g->check.max_edge_residual, g->check.max_logit_error));
}

static void
write_group(struct ct_writer *w, const struct ct_graph *g, const struct ct_subgraph_part *p,
    const struct ct_line_group *called, const int *at, double all)
{
	double influence = 0;

	ct_writer_object(w, NULL);
	ct_writer_string(w, "kind", called->kind);
	ct_writer_string(w, "name", called->name);
	if (*called->class)
		ct_writer_string(w, "class", called->class);
	else
		ct_writer_null(w, "class");
	ct_writer_list(w, "members");
	for (int k = 0; k < p->n; k++)
		if (p->node[k] >= 0 && g->nodes[p->node[k]].kept) {
			ct_writer_integer(w, NULL, at[p->node[k]]);
			influence += all > 0 ? g->nodes[p->node[k]].influence / all : 0;
		}
	ct_writer_end(w);
	ct_writer_number(w, "influence", strcmp(called->kind, CT_LINE_OUTPUT) == 0 ? NAN : influence);
	ct_writer_number(w, "rest", p->fed ? p->rest : NAN);
	ct_writer_number(w, "rest_share", p->fed ? p->rest_share : NAN);
	ct_writer_end(w);
}

static void
write_groups(struct ct_writer *w, const struct ct_graph *g, const struct ct_line_groups *groups,
    const int *at, double all)
{
	const struct ct_parts *x = groups->parts;

	ct_writer_list(w, "groups");
	for (int i = 0; i < x->n; i++)
		write_group(w, g, &x->part[i], &groups->group[i], at, all);
	ct_writer_end(w);
	ct_writer_list(w, "group_edges");
	for (int i = 0; i < x->n_edges; i++) {
		ct_writer_list(w, NULL);
		ct_writer_integer(w, NULL, x->edge[i].source);
		ct_writer_integer(w, NULL, x->edge[i].target);
		ct_writer_number(w, NULL, x->edge[i].weight);
		ct_writer_number(w, NULL, x->edge[i].share);
		ct_writer_end(w);
	}
	ct_writer_end(w);
}

int
ct_graph_line(struct ct_writer *w, const struct ct_graph *g, const struct ct_graph_names *names,
    const struct ct_line_groups *groups, struct ct_error *err)
{
	int *at = malloc(((size_t)g->n_nodes + 1) * sizeof *at), n = 0;
	double all = 0;

	if (!at)
		return ct_fail_memory(err, (size_t)g->n_nodes * sizeof *at, "a graph");
	write_head(w, g, names);
	for (int i = 0; i < g->n_nodes - g->n_targets; i++)
		all += g->nodes[i].influence;
	ct_writer_list(w, "nodes");
	for (int i = 0; i < g->n_nodes; i++)
		if (g->nodes[i].kept) {
			at[i] = n++;
			write_node(w, names, &g->nodes[i], all);
		}
	ct_writer_end(w);
	ct_writer_list(w, "edges");
	for (int i = 0; i < g->n_pruned; i++) {
		const struct ct_edge *e = &g->pruned[i];

		ct_writer_list(w, NULL);
		ct_writer_integer(w, NULL, at[e->source]);
		ct_writer_integer(w, NULL, at[e->target]);
		ct_writer_number(w, NULL, (double)e->weight);
		ct_writer_end(w);
	}
	ct_writer_end(w);
	if (groups)
		write_groups(w, g, groups, at, all);
	free(at);
	return CT_OK;
}
