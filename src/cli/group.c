/* group: see group.h. */
#include "cli/group.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json_out.h"

enum { CLI_PART = 200 };

/* Nodes that give less than this share of what flows into a group are not listed below it. */
static const double least_share = .01;

int
cli_group_add(struct ct_session *s, const char *spec, struct ct_error *err)
{
	const char *equals = strchr(spec, '=');
	struct ct_subgraph *sg = malloc(sizeof *sg);
	char name[CT_SUPERNODE_NAME];
	int n;

	if (!sg)
		return ct_fail_memory(err, sizeof *sg, "a subgraph");
	*sg = *ct_session_subgraph(s);
	snprintf(name, sizeof name, "%.*s", (int)(equals ? equals - spec : 0), spec);
	n = equals ? ct_session_pin_all(s, sg, equals + 1, name, NULL, err)
	    : ct_fail(err, CT_EINVAL, "expected NAME=NODE,NODE such as Texas=L1#283@8,L2#197@8");
	if (n >= 0)
		ct_session_set_subgraph(s, sg);
	free(sg);
	return n < 0 ? n : CT_OK;
}

void
cli_group_show(const struct ct_session *s, const struct ct_parts *x)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s);

	cli_line("%s", "");
	cli_line("%-40s %9s %9s", "supernodes", "active", "now");
	for (int i = 0; i < x->n; i++) {
		const struct ct_subgraph_part *p = &x->part[i];
		double level = ct_session_level(s, p);
		char text[120], column[240], now[32] = "-";

		if (p->supernode < 0)
			continue;
		snprintf(text, sizeof text, "%s  %d node%s", sg->name[p->supernode], p->n,
		    p->n == 1 ? "" : "s");
		if (isfinite(level))
			snprintf(now, sizeof now, "%.0f%%", 100 * level);
		cli_line("%s %9.3f %9s", cli_column(column, sizeof column, text, 40), p->activation, now);
	}
}

json_t *
cli_group_json(const struct ct_session *s, const struct ct_parts *x)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s);
	json_t *list = json_array();

	for (int i = 0; i < x->n; i++) {
		const struct ct_subgraph_part *p = &x->part[i];
		json_t *members = json_array();
		char name[160];

		for (int k = 0; p->supernode >= 0 && k < p->n; k++) {
			ct_session_pin_text(s, &sg->pin[p->pin[k]], name, sizeof name);
			json_array_append_new(members, ct_json_out_string(name));
		}
		if (p->supernode < 0)
			json_decref(members);
		else
			json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}",
			    "name", ct_json_out_string(sg->name[p->supernode]),
			    "members", members,
			    "activation", ct_json_out_number(p->activation),
			    "level", ct_json_out_number(ct_session_level(s, p)),
			    "influence", ct_json_out_number(p->influence)));
	}
	return list;
}

int
cli_group_auto(struct ct_session *s, struct ct_auto_groups *said, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_subgraph *sg = malloc(sizeof *sg);
	int code = sg ? ct_session_auto_groups(s, sg, said, job, err) :
	    ct_fail_memory(err, sizeof *sg, "a subgraph");

	if (code == CT_OK)
		ct_session_set_subgraph(s, sg);
	free(sg);
	return code;
}

/* "in Texas @7", "say a capital  L1#57@8", "Dallas @7" */
static void
part_text(struct ct_session *s, const struct ct_subgraph_part *p, char *buf, size_t size)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s);
	const struct ct_pin *pin = &sg->pin[p->pin[0]];
	char name[CLI_PART];
	const char *words = "";
	char text[CLI_PART];

	ct_session_pin_text(s, pin, name, sizeof name);
	if (pin->kind == CT_NODE_FEATURE &&
	    ct_session_words(s, pin->layer, pin->index, pin->pos, text, sizeof text))
		words = text;
	if (p->supernode >= 0)
		snprintf(buf, size, "%s @%d", sg->name[p->supernode], pin->pos);
	else
		snprintf(buf, size, "%s%s%s", words, *words ? "  " : "", name);
}

/* What the groups have of the influence of all kept nodes, and what the other nodes have: together 100 %. */
static void
show_coverage(const struct ct_auto_groups *said)
{
	char percent[16];

	cli_line("groups      %d of %d nodes; %d node%s alone; together %s of the pruned graph's influence",
	    said->groups, said->members, said->singles, said->singles == 1 ? "" : "s",
	    cli_percent(percent, said->influence));
	if (said->against)
		cli_line("            left out: %d node%s with %s, on balance against it", said->against,
		    said->against == 1 ? "" : "s", cli_percent(percent, said->against_influence));
	if (said->left_out_influence > 5e-5)
		cli_line("            left out: %d node%s with %s, too weak alone", said->left_out,
		    said->left_out == 1 ? "" : "s", cli_percent(percent, said->left_out_influence));
}

/* "  probability", "  of all influence", "  1 of 2 set by hand": what is said about a part's figure. */
static const char *
remark(char *dst, size_t size, const struct ct_graph *g, const struct ct_subgraph_part *p, bool first)
{
	int set = 0;

	for (int k = 0; k < p->n; k++)
		set += p->node[k] >= 0 && g->nodes[p->node[k]].set;
	if (g->nodes[p->node[0]].kind == CT_NODE_TARGET)
		return g->nodes[p->node[0]].target == CT_TARGET_LOGIT ? "  probability" : "  value";
	if (!set)
		return first ? "  of all influence" : "";
	if (set == p->n)
		snprintf(dst, size, "%s  set by hand", first ? "  of all influence" : "");
	else
		snprintf(dst, size, "%s  %d of %d set by hand", first ? "  of all influence" : "", set, p->n);
	return dst;
}

/*
 * What feeds a part, and the rest, so that shares by size add up to 100 %. Returns the index of the first
 * edge into the next part.
 */
static int
show_inputs(struct ct_session *s, const struct ct_parts *x, int part, int e)
{
	const struct ct_subgraph_part *p = &x->part[part];
	double rest = p->rest, share = p->rest_share;
	char text[2 * CLI_PART + 8], column[4 * CLI_PART];

	for (; e < x->n_edges && x->edge[e].target == part; e++) {
		const struct ct_subgraph_edge *edge = &x->edge[e];

		if (fabs(edge->share) < least_share) {
			rest += edge->weight;
			share += fabs(edge->share);
			continue;
		}
		part_text(s, &x->part[edge->source], text, sizeof text);
		cli_line("  <- %s %+9.3f %6.1f%%", cli_column(column, sizeof column, text, 39), edge->weight,
		    100 * edge->share);
	}
	/* Rounding leaves a little where nothing is left. */
	if (share > 5e-4)
		cli_line("  <- %s %+9.3f %6.1f%%", cli_column(column, sizeof column, "the rest", 39), rest,
		    100 * share);
	return e;
}

int
cli_group_parts(struct ct_session *s, const struct ct_auto_groups *said, struct ct_error *err)
{
	const struct ct_graph *g = ct_session_graph(s);
	const struct ct_parts *x;
	char text[2 * CLI_PART + 8], column[4 * CLI_PART], percent[16], note[64];
	int code = ct_session_parts(s, &x, err);
	double left = 1;

	if (code < 0)
		return code;
	cli_line("%s", "");
	show_coverage(said);
	for (int i = 0, e = 0; i < x->n; i++) {
		const struct ct_subgraph_part *p = &x->part[i];
		const struct ct_node *n = &g->nodes[p->node[0]];
		double share = g->influence > 0 ? p->influence / g->influence : 0;

		part_text(s, p, text, sizeof text);
		if (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_LOGIT)
			cli_percent(percent, (double)n->prob);
		else if (n->kind == CT_NODE_TARGET)
			snprintf(percent, sizeof percent, "%+.3f", (double)n->value);
		else
			cli_percent(percent, share);
		left -= share;
		cli_line("%s %7s%s", cli_column(column, sizeof column, text, 44), percent,
		    remark(note, sizeof note, g, p, i == 1));
		e = show_inputs(s, x, i, e);
	}
	if (left > 5e-4)
		cli_line("%s %7s  in none of these", cli_column(column, sizeof column,
		    "the rest of the graph", 44), cli_percent(percent, left));
	return CT_OK;
}
