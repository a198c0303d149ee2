/* group: see group.h. */
#include "cli/group.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json_out.h"

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
