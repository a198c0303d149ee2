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

int
cli_group_parts(struct ct_session *s, const struct ct_auto_groups *said, struct ct_error *err)
{
	const struct ct_graph *g = ct_session_graph(s);
	const struct ct_parts *x;
	char text[2 * CLI_PART + 8], column[4 * CLI_PART], percent[16];
	int code = ct_session_parts(s, &x, err);
	double all = 0;

	if (code < 0)
		return code;
	for (int i = 0; i < g->n_nodes; i++)
		all += g->nodes[i].influence;
	cli_line("%s", "");
	cli_line("groups      %d of %d nodes; %d node%s alone; together %s of the pruned graph's influence",
	    said->groups, said->members, said->singles, said->singles == 1 ? "" : "s",
	    cli_percent(percent, said->influence));
	if (said->against)
		cli_line("            left out: %d node%s with %s, on balance against it", said->against,
		    said->against == 1 ? "" : "s", cli_percent(percent, said->against_influence));
	for (int i = 0, e = 0; i < x->n; i++) {
		const struct ct_subgraph_part *p = &x->part[i];
		int node = p->node[0];

		part_text(s, p, text, sizeof text);
		if (g->nodes[node].kind == CT_NODE_TARGET && g->nodes[node].target == CT_TARGET_LOGIT)
			cli_percent(percent, (double)g->nodes[node].prob);
		else
			cli_percent(percent, all > 0 ? p->influence / all : 0);
		cli_line("%s %7s%s", cli_column(column, sizeof column, text, 44), percent,
		    g->nodes[node].kind == CT_NODE_TARGET ? "  probability" :
		    i == 1 ? "  of all influence" : "");
		for (; e < x->n_edges && x->edge[e].target == i; e++) {
			if (fabs(x->edge[e].share) < least_share)
				continue;
			part_text(s, &x->part[x->edge[e].source], text, sizeof text);
			cli_line("  <- %s %+9.3f %6.1f%%", cli_column(column, sizeof column, text, 39),
			    x->edge[e].weight, 100 * x->edge[e].share);
		}
	}
	return CT_OK;
}
