/*
 * group_line: the facade's part that says what the groups of one prompt are called in all prompts, for the
 * lines of a batch: share/graph_line.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/label.h"
#include "base/text.h"
#include "corpus/classes.h"
#include "session/engine.h"
#include "share/graph_line.h"

/* The classes of the values in its recipe's tables; *out NULL: it has no recipe. Lent by the engine. */
static int
classes_of(struct ct_engine *e, const struct ct_classes **out, struct ct_error *err)
{
	char *path = e->classes || e->file ? NULL : ct_path_join(e->info.dir, "recipe.yaml");
	int code = CT_OK;

	if (path && ct_file_exists(path))
		code = ct_classes_open(&e->classes, path, err);
	else if (!path && !e->classes && !e->file)
		code = ct_fail_memory(err, strlen(e->info.dir), "a path");
	free(path);
	*out = e->classes;
	return code;
}

/* A label that says something: of one that is mixed nobody knows in what other prompts it holds. */
static bool
is_label(const char *label)
{
	return *label && strncmp(label, CT_LABEL_MIXED, sizeof CT_LABEL_MIXED - 1) != 0 &&
	    strncmp(label, CT_LABEL_GUESS, sizeof CT_LABEL_GUESS - 1) != 0;
}

static void
name_feature(const struct ct_session *s, const struct ct_node *n, const char *label,
    const struct ct_classes *classes, struct ct_line_group *out)
{
	if (is_label(label)) {
		snprintf(out->name, sizeof out->name, "%s", label);
		ct_classes_of(classes, label, out->class, sizeof out->class);
	} else {
		ct_engine_feature_name(s->e, n->layer, n->index, out->name, sizeof out->name);
	}
}

static void
name_word(const char *word, const struct ct_classes *classes, struct ct_line_group *out)
{
	out->kind = CT_LINE_INPUT;
	snprintf(out->name, sizeof out->name, "%s", word);
	ct_classes_of(classes, word, out->class, sizeof out->class);
}

static const struct ct_node *
strongest(const struct ct_graph *g, const struct ct_subgraph_part *p)
{
	const struct ct_node *best = NULL;

	for (int k = 0; k < p->n; k++) {
		const struct ct_node *n = p->node[k] < 0 ? NULL : &g->nodes[p->node[k]];

		if (n && (!best || n->influence > best->influence))
			best = n;
	}
	return best;
}

static void
name_part(const struct ct_session *s, const struct ct_subgraph_part *p, const struct ct_auto_groups *said,
    const struct ct_classes *classes, struct ct_line_group *out)
{
	const struct ct_node *n = strongest(s->graph, p);
	char word[CT_LABEL_TEXT];

	if (!n)
		return;
	ct_text_word(word, sizeof word, ct_session_token_text(s, n->pos));
	if (n->kind == CT_NODE_TARGET) {
		out->kind = CT_LINE_OUTPUT;
		ct_session_node_text(s, n, out->name, sizeof out->name);
	} else if (p->supernode >= 0 && !said->word[p->supernode]) {
		out->kind = CT_LINE_GROUP;
		name_feature(s, n, said->label[p->supernode], classes, out);
	} else if (p->supernode >= 0 || n->kind == CT_NODE_EMBEDDING) {
		name_word(word, classes, out);
	} else if (n->kind == CT_NODE_ERROR) {
		out->kind = CT_LINE_ERROR;
		snprintf(out->name, sizeof out->name, "%sL%d", ct_node_traits(n->kind)->label, n->layer);
	} else {
		out->kind = CT_LINE_FEATURE;
		name_feature(s, n, ct_engine_label(s->e, n->layer, n->index), classes, out);
	}
}

int
ct_session_line_groups(struct ct_session *s, const struct ct_auto_groups *said, struct ct_line_groups *out,
    struct ct_arena *a, struct ct_error *err)
{
	const struct ct_classes *classes = NULL;
	struct ct_line_group *list;
	int code = ct_session_parts(s, &out->parts, err);

	if (code == CT_OK)
		code = classes_of(s->e, &classes, err);
	if (code < 0)
		return code;
	list = ct_arena_need(a, (size_t)out->parts->n, sizeof *list, "groups", err);
	for (int i = 0; list && i < out->parts->n; i++)
		name_part(s, &out->parts->part[i], said, classes, &list[i]);
	out->group = list;
	return list ? CT_OK : CT_ENOMEM;
}
