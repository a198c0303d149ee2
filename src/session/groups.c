/* groups: the facade's part that pins and groups without a person: see trace/groups.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/engine.h"
#include "trace/groups.h"

/* A node that is in no group has a box of its own from this share of the influence of all kept nodes on. */
static const double least_share = .03;

/* What may become a box: a group, or a node that is in none. */
struct part {
	int group, node;		/* -1: not */
	double influence;
};

static int
by_influence(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	if (a->influence != b->influence)
		return a->influence > b->influence ? -1 : 1;
	if (a->group != b->group)
		return a->group > b->group ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

/* A name for a group that no other one has: its own, or what its strongest member writes, or is called. */
static void
name_of(struct ct_session *s, const struct ct_subgraph *sg, const struct ct_graph_group *group,
    char name[CT_SUPERNODE_NAME])
{
	const struct ct_node *n = &s->graph->nodes[group->node[0]];
	char text[120], plain[CT_SUPERNODE_NAME];

	for (int k = 1; k < group->n; k++)
		if (s->graph->nodes[group->node[k]].influence > n->influence)
			n = &s->graph->nodes[group->node[k]];
	memcpy(plain, group->name, sizeof plain);
	if (!*plain && ct_session_words(s, n->layer, n->index, n->pos, text, sizeof text) != CT_WORDS_NONE)
		ct_supernode_name(plain, text);
	if (!*plain) {
		ct_engine_feature_name(s->e, n->layer, n->index, text, sizeof text);
		ct_supernode_name(plain, text);
	}
	memcpy(name, plain, sizeof plain);
	for (int k = 0; ct_subgraph_supernode(sg, name) >= 0; k++) {
		/* The same label elsewhere, or of the other sign. */
		snprintf(text, sizeof text, k ? "%.44s @%d.%d" : "%.50s @%d", plain, n->pos, k + 1);
		ct_supernode_name(name, text);
	}
}

static int
take_node(struct ct_subgraph *sg, const struct ct_node *n, const char *name, struct ct_error *err)
{
	struct ct_pin p = ct_pin_of(n);
	int at = ct_subgraph_pin(sg, &p, err);

	return at < 0 ? at : name ? ct_subgraph_group(sg, at, name, err) : CT_OK;
}

static int
take_part(struct ct_session *s, struct ct_subgraph *sg, const struct ct_graph_groups *groups,
    const struct part *p, struct ct_error *err)
{
	const struct ct_graph_group *group = p->group < 0 ? NULL : &groups->group[p->group];
	char name[CT_SUPERNODE_NAME];
	int code = CT_OK;

	if (!group)
		return take_node(sg, &s->graph->nodes[p->node], NULL, err);
	name_of(s, sg, group, name);
	for (int k = 0; code == CT_OK && k < group->n; k++)
		code = take_node(sg, &s->graph->nodes[group->node[k]], name, err);
	return code;
}

/* Everything that could be a box, the strongest first; *total: their influence. */
static int
list_parts(const struct ct_graph *g, const struct ct_graph_groups *groups, struct part **out, double *total,
    struct ct_arena *a, struct ct_error *err)
{
	struct part *list = ct_arena_need(a, (size_t)g->n_nodes, sizeof *list, "groups", err);
	int n = 0;

	*out = list;
	*total = 0;
	if (!list)
		return CT_ENOMEM;
	for (int i = 0; i < groups->n; i++)
		list[n++] = (struct part){ i, -1, groups->group[i].influence };
	for (int i = 0; i < g->n_nodes - g->n_targets; i++)
		if (g->nodes[i].kept && (i >= g->n_features || groups->of[i] < 0))
			list[n++] = (struct part){ -1, i, g->nodes[i].influence };
	for (int i = 0; i < n; i++)
		*total += list[i].influence;
	if (n)
		qsort(list, (size_t)n, sizeof *list, by_influence);
	return n;
}

/* Pins the first target, then part by part as long as there is room. */
static int
take_parts(struct ct_session *s, struct ct_subgraph *sg, const struct ct_graph_groups *groups,
    struct ct_auto_groups *said, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	struct part *list;
	double total;
	int n = list_parts(g, groups, &list, &total, a, err);
	int code = n < 0 ? n : take_node(sg, &g->nodes[g->n_nodes - g->n_targets], NULL, err);

	for (int i = 0; code == CT_OK && i < n; i++) {
		int members = list[i].group < 0 ? 1 : groups->group[list[i].group].n;
		bool room = sg->n_pins + members <= CT_MAX_PINS &&
		    (list[i].group < 0 || sg->n_supernodes < CT_MAX_SUPERNODES);

		if (!room || (list[i].group < 0 && list[i].influence < least_share * total)) {
			said->left_out += members;
			continue;
		}
		code = take_part(s, sg, groups, &list[i], err);
		said->singles += list[i].group < 0;
		said->groups += list[i].group >= 0;
		said->members += list[i].group >= 0 ? members : 0;
		said->influence += list[i].influence / total;
	}
	return code;
}

int
ct_session_auto_groups(struct ct_session *s, struct ct_subgraph *out, struct ct_auto_groups *said,
    struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	struct ct_arena tmp = { 0 };
	struct ct_graph_groups groups;
	const char **label;
	int code;

	*out = (struct ct_subgraph){ .n_pins = 0 };
	*said = (struct ct_auto_groups){ 0 };
	if (!g || !g->n_targets)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	if ((code = ct_session_need_whole(s, err)) < 0)
		return code;
	label = ct_arena_need(&tmp, (size_t)g->n_features, sizeof *label, "labels", err);
	code = label ? CT_OK : CT_ENOMEM;
	for (int i = 0; code == CT_OK && i < g->n_features; i++)
		label[i] = ct_engine_label(s->e, g->nodes[i].layer, g->nodes[i].index);
	if (code == CT_OK)
		code = ct_graph_groups(&groups, g, label, &tmp, err);
	if (code == CT_OK)
		code = take_parts(s, out, &groups, said, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}
