/* groups: the facade's function that groups and pins features automatically: see trace/groups.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "session/engine.h"
#include "trace/groups.h"

/* A node in no group gets a box of its own, and a group one, with at least these shares of the influence. */
static const double least_single = .03, least_group = .01;

/* What may become a box: a group; a word with the features that only read it; or a single node. */
struct part {
	int group, node;		/* group: index, or -1; node: of a word or single node */
	int members;			/* of a group its features; of a word itself and its features */
	double influence, effect;	/* effect on the target, with its sign */
};

/* All possible boxes. */
struct parts_of {
	const struct ct_graph *g;
	struct ct_graph_groups groups;
	struct part *list;
	int n;
	double total;			/* their influence */
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

/* A name that no other supernode has: if the label is taken, its position is added. */
static void
only_name(const struct ct_subgraph *sg, const char *plain, int pos, char name[CT_SUPERNODE_NAME])
{
	char text[120];

	snprintf(name, CT_SUPERNODE_NAME, "%s", plain);
	for (int k = 0; ct_subgraph_supernode(sg, name) >= 0; k++) {
		snprintf(text, sizeof text, k ? "%.44s @%d.%d" : "%.50s @%d", plain, pos, k + 1);
		ct_supernode_name(name, text);
	}
}

/* A name for a group: its own; else the words or the name of its member with the most influence. */
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
	only_name(sg, plain, n->pos, name);
}

static int
take_node(struct ct_subgraph *sg, const struct ct_node *n, const char *name, struct ct_error *err)
{
	struct ct_pin p = ct_pin_of(n);
	int at = ct_subgraph_pin(sg, &p, err);

	return at < 0 ? at : name ? ct_subgraph_group(sg, at, name, err) : CT_OK;
}

/* Pins a word and its features as one supernode. */
static int
take_word(struct ct_session *s, struct ct_subgraph *sg, const struct parts_of *x, const struct part *p,
    char plain[CT_SUPERNODE_NAME], struct ct_error *err)
{
	const struct ct_node *word = &s->graph->nodes[p->node];
	char name[CT_SUPERNODE_NAME], token[CT_SUPERNODE_NAME];
	int code;

	ct_supernode_name(plain, ct_text_word(token, sizeof token, ct_session_token_text(s, word->pos)));
	if (!*plain)
		ct_supernode_name(plain, "word");
	only_name(sg, plain, word->pos, name);
	code = take_node(sg, word, name, err);
	for (int i = 0; code == CT_OK && i < s->graph->n_features; i++)
		if (x->groups.word[i] == p->node)
			code = take_node(sg, &s->graph->nodes[i], name, err);
	return code;
}

static int
take_part(struct ct_session *s, struct ct_subgraph *sg, const struct parts_of *x, const struct part *p,
    struct ct_auto_groups *said, struct ct_error *err)
{
	const struct ct_graph_group *group = p->group < 0 ? NULL : &x->groups.group[p->group];
	char name[CT_SUPERNODE_NAME], *label;
	int code = CT_OK;

	if (!group && p->members == 1)
		return take_node(sg, &s->graph->nodes[p->node], NULL, err);
	label = said->label[sg->n_supernodes];
	said->word[sg->n_supernodes] = !group;
	if (!group)
		return take_word(s, sg, x, p, label, err);
	memcpy(label, group->name, CT_SUPERNODE_NAME);
	name_of(s, sg, group, name);
	for (int k = 0; code == CT_OK && k < group->n; k++)
		code = take_node(sg, &s->graph->nodes[group->node[k]], name, err);
	return code;
}

static struct part
part_of_group(const struct parts_of *x, int i)
{
	const struct ct_graph_group *group = &x->groups.group[i];
	struct part p = { .group = i, .node = -1, .members = group->n, .influence = group->influence };

	for (int k = 0; k < group->n; k++)
		p.effect += x->groups.effect[group->node[k]];
	return p;
}

/*
 * A single node, or a word with its features. All effects of these features come from the word, so its effect
 * is theirs.
 */
static struct part
part_of_node(const struct parts_of *x, int i)
{
	struct part p = { .group = -1, .node = i, .members = 1, .influence = x->g->nodes[i].influence,
		.effect = x->groups.effect[i] };

	for (int k = 0; x->g->nodes[i].kind == CT_NODE_EMBEDDING && k < x->g->n_features; k++)
		if (x->groups.word[k] == i) {
			p.members++;
			p.influence += x->g->nodes[k].influence;
		}
	return p;
}

/* Lists everything that could be a box, the strongest first. */
static int
list_parts(struct parts_of *x, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_graph *g = x->g;

	x->list = ct_arena_need(a, (size_t)g->n_nodes, sizeof *x->list, "groups", err);
	if (!x->list)
		return CT_ENOMEM;
	for (int i = 0; i < x->groups.n; i++)
		x->list[x->n++] = part_of_group(x, i);
	for (int i = 0; i < g->n_nodes - g->n_targets; i++)
		if (g->nodes[i].kept && (i >= g->n_features ||
		    (x->groups.of[i] < 0 && x->groups.word[i] < 0)))
			x->list[x->n++] = part_of_node(x, i);
	for (int i = 0; i < x->n; i++)
		x->total += x->list[i].influence;
	if (x->n)
		qsort(x->list, (size_t)x->n, sizeof *x->list, by_influence);
	return CT_OK;
}

/* Pins the first target, then box after box while there is room. */
static int
take_parts(struct ct_session *s, struct ct_subgraph *sg, const struct parts_of *x,
    struct ct_auto_groups *said, struct ct_error *err)
{
	const struct ct_graph *g = x->g;
	int code = take_node(sg, &g->nodes[g->n_nodes - g->n_targets], NULL, err);

	for (int i = 0; code == CT_OK && i < x->n; i++) {
		const struct part *p = &x->list[i];
		bool many = p->members > 1, room = sg->n_pins + p->members <= CT_MAX_PINS &&
		    (!many || sg->n_supernodes < CT_MAX_SUPERNODES);

		if (p->effect < 0 && p->influence > 0) {
			said->against += p->members;
			said->against_influence += p->influence / x->total;
			continue;
		}
		if (!room || p->influence < (p->group < 0 ? least_single : least_group) * x->total) {
			said->left_out += p->members;
			said->left_out_influence += x->total > 0 ? p->influence / x->total : 0;
			continue;
		}
		code = take_part(s, sg, x, p, said, err);
		said->singles += !many;
		said->groups += many;
		said->members += many ? p->members : 0;
		said->influence += p->influence / x->total;
	}
	return code;
}

/* A guess that is too bad to be shown does not say what a feature has in common with others. */
static const char *
label_to_group_by(const struct ct_engine *e, const struct ct_node *n)
{
	const char *label = ct_engine_label(e, n->layer, n->index);
	char shown[CT_LABEL_TEXT];

	return *ct_engine_label_short(e, n->layer, n->index, shown, sizeof shown, NULL) ? label : "";
}

int
ct_session_auto_groups(struct ct_session *s, struct ct_subgraph *out, struct ct_auto_groups *said,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	const struct ct_graph *g = s->graph;
	struct ct_arena tmp = { 0 };
	struct parts_of x = { .g = g };
	const char **label, **token;
	int code;

	*out = (struct ct_subgraph){ .n_pins = 0 };
	*said = (struct ct_auto_groups){ 0 };
	if (!g || !g->n_targets)
		return ct_session_no_graph(err);
	if ((code = ct_session_need_whole(s, err)) < 0)
		return code;
	label = ct_arena_need(&tmp, (size_t)g->n_features, sizeof *label, "labels", err);
	token = ct_arena_need(&tmp, (size_t)g->T, sizeof *token, "labels", err);
	code = label && token ? CT_OK : CT_ENOMEM;
	for (int i = 0; code == CT_OK && i < g->T; i++)
		token[i] = ct_session_token_text(s, i);
	for (int i = 0; code == CT_OK && i < g->n_features; i++)
		label[i] = label_to_group_by(s->e, &g->nodes[i]);
	if (code == CT_OK)
		code = ct_graph_groups(&x.groups, g, label, token, &tmp, &own, err);
	if (code == CT_OK)
		code = list_parts(&x, &tmp, err);
	if (code == CT_OK)
		code = take_parts(s, out, &x, said, err);
	ct_arena_free(&tmp);
	return code;
}
