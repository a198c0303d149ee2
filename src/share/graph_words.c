/* graph_words: what a file says beside its graph: words, labels, pins and supernodes. See graph_reader.h. */
#include "share/graph_reader.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "share/graph_file.h"

/* Sorts words and drops those whose id came before. */
static void
sort_words(struct ct_graph_file *f)
{
	int n = 0;

	qsort(f->words, (size_t)f->n_words, sizeof *f->words, ct_reader_by_token);
	for (int i = 0; i < f->n_words; i++)
		if (n == 0 || f->words[i].id != f->words[n - 1].id)
			f->words[n++] = f->words[i];
	f->n_words = n;
}

/* The text between two marks: from the first `begin` to the last `end`. The whole when they are not there. */
static const char *
between(struct ct_graph_reader *r, const char *s, const char *begin, const char *end)
{
	const char *from = strstr(s, begin), *to = NULL;
	char *copy;

	for (const char *p = from; p && (p = strstr(p, end)); p++)
		to = p;
	if (!from || !to || to < from + strlen(begin))
		return ct_reader_keep(r, s);
	from += strlen(begin);
	copy = ct_arena_alloc(&r->f->arena, (size_t)(to - from) + 1, 1);
	if (copy)
		memcpy(copy, from, (size_t)(to - from));
	return copy;
}

/* The words of a target, from its label. */
static bool
target_words(struct ct_graph_reader *r, const struct ct_raw_node *raw, struct ct_node *n, int *spare)
{
	struct ct_graph_word *w = r->f->words;
	int *k = &r->f->n_words;

	if (n->target == CT_TARGET_FEATURE)
		return true;
	if (n->index < 0)
		n->index = (*spare)++;
	w[*k] = (struct ct_graph_word){ n->index, NULL };
	if (n->target == CT_TARGET_DIFFERENCE) {
		w[(*k)++].text = between(r, raw->clerp, "Output \"", "\" - \"");
		w[*k] = (struct ct_graph_word){ n->other, NULL };
		w[*k].text = between(r, raw->clerp, "\" - \"", "\"");
	} else {
		w[*k].text = between(r, raw->clerp, "Output \"", "\" (p=");
	}
	return w[(*k)++].text != NULL;
}

/* Tokens of the prompt get the ids of their embeddings, or one that is free. */
int
ct_reader_words(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	const json_t *texts = json_object_get(f->metadata, "prompt_tokens");
	int embeddings = g->n_features + g->n_errors, spare = ct_reader_size(r, "vocabulary", 0);
	int *tokens = ct_arena_need(&f->arena, (size_t)g->T, sizeof *tokens, "tokens", err);

	f->words = ct_arena_need(&f->arena, (size_t)g->T + 2 * (size_t)g->n_targets, sizeof *f->words, "tokens", err);
	if (!tokens || !f->words)
		return CT_ENOMEM;
	for (int i = embeddings; i < g->n_nodes; i++)
		if (g->nodes[i].target != CT_TARGET_FEATURE && g->nodes[i].index >= spare)
			spare = g->nodes[i].index + 1;
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (ct_reader_is_target(&r->raw.nodes[i]) && !target_words(r, &r->raw.nodes[i], &g->nodes[r->node[i]], &spare))
			return ct_fail_memory(err, strlen(r->raw.nodes[i].clerp), "tokens");
	/* Ids that will be written count; those of missing nodes do not. */
	for (int t = 0; t < g->T; t++)
		if (!g->nodes[embeddings + t].missing && g->nodes[embeddings + t].index < 0)
			g->nodes[embeddings + t].index = spare++;
	g->V = spare;
	for (int t = 0; t < g->T; t++) {
		const char *text = json_string_value(json_array_get(texts, (size_t)t));
		struct ct_node *n = &g->nodes[embeddings + t];

		if (n->index < 0)
			n->index = spare++;
		tokens[t] = n->index;
		f->words[f->n_words++] = (struct ct_graph_word){ n->index, text };
	}
	sort_words(f);
	f->tokens = tokens;
	return CT_OK;
}

int
ct_reader_labels(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	int n = 0, kept = 0;

	for (int i = 0; i < r->raw.n_nodes; i++)
		n += r->raw.nodes[i].kind == CT_NODE_FEATURE && *r->raw.nodes[i].clerp;
	f->labels = ct_arena_need(&f->arena, (size_t)n, sizeof *f->labels, "labels", err);
	if (!f->labels)
		return CT_ENOMEM;
	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];

		if (raw->kind != CT_NODE_FEATURE || !*raw->clerp)
			continue;
		f->labels[f->n_labels] = (struct ct_graph_label){ raw->layer, raw->index, ct_reader_keep(r, raw->clerp) };
		if (!f->labels[f->n_labels++].text)
			return ct_fail_memory(err, strlen(raw->clerp), "labels");
	}
	qsort(f->labels, (size_t)n, sizeof *f->labels, ct_reader_by_feature);
	for (int i = 0; i < n; i++)
		if (kept == 0 || ct_reader_by_feature(&f->labels[i], &f->labels[kept - 1]) != 0)
			f->labels[kept++] = f->labels[i];
	f->n_labels = kept;
	return CT_OK;
}

/* ---- pins and supernodes */

/* By its id, or by the one that the frontend keys by where that is unique; -1: no such node. */
static int
pinned_node(struct ct_graph_reader *r, const char *id)
{
	int place = ct_raw_find(&r->raw, id), found = 0;

	for (int i = 0; place < 0 && i < r->raw.n_nodes; i++)
		if (strcmp(r->raw.nodes[i].js_id, id) == 0 && found++ == 0)
			place = i;
	return place < 0 || found > 1 ? -1 : r->node[place];
}

/* Pins what the ids stand for, from the `from`-th of the list on. */
static int
read_ids(struct ct_graph_reader *r, const json_t *list, size_t from, const char *what, const char *supernode,
    struct ct_error *err)
{
	struct ct_subgraph *sg = &r->f->subgraph;

	for (size_t i = from; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));
		int node, pin = -1;
		struct ct_pin p;

		if (!id)
			return ct_fail(err, CT_EFORMAT, "%s: qParams: %s[%zu]: expected a node's id", r->raw.s.where, what, i);
		if ((node = pinned_node(r, id)) >= 0) {
			p = ct_pin_of(&r->f->graph.nodes[node]);
			pin = ct_subgraph_pin(sg, &p, NULL);
		}
		if (pin < 0 || (supernode && ct_subgraph_group(sg, pin, supernode, NULL) < 0))
			r->f->lost_pins++;
	}
	return CT_OK;
}

/* Labels need not be unique in other programs: the second "Texas" becomes "Texas 2". */
static void
name_supernode(const struct ct_subgraph *sg, char name[CT_SUPERNODE_NAME], const char *label)
{
	char base[CT_SUPERNODE_NAME];

	ct_supernode_name(base, label);
	if (!*base)
		snprintf(base, sizeof base, "supernode");
	snprintf(name, CT_SUPERNODE_NAME, "%s", base);
	for (int k = 2; ct_subgraph_supernode(sg, name) >= 0; k++)
		snprintf(name, CT_SUPERNODE_NAME, "%.*s %d", (int)ct_text_fit(base, CT_SUPERNODE_NAME - 16), base, k);
}

static int
read_supernodes(struct ct_graph_reader *r, const json_t *list, struct ct_error *err)
{
	const json_t *v;
	size_t i;
	int rc;

	json_array_foreach(list, i, v) {
		const char *label = json_string_value(json_array_get(v, 0));
		char what[64], name[CT_SUPERNODE_NAME];

		if (!label)
			return ct_fail(err, CT_EFORMAT, "%s: qParams: supernodes[%zu]: expected a list of a label and ids",
			    r->raw.s.where, i);
		name_supernode(&r->f->subgraph, name, label);
		snprintf(what, sizeof what, "supernodes[%zu]", i);
		if ((rc = read_ids(r, v, 1, what, name, err)) < 0)
			return rc;
	}
	return CT_OK;
}

int
ct_reader_pins(struct ct_graph_reader *r, struct ct_error *err)
{
	const char *where = r->raw.s.where;
	const json_t *pinned, *supernodes;
	int rc = ct_raw_tree(&r->raw, CT_SECTION_QPARAMS, &r->params, err);

	if (rc < 0 || !r->params || json_is_null(r->params))
		return rc;
	pinned = json_object_get(r->params, "pinnedIds");
	supernodes = json_object_get(r->params, "supernodes");
	if (!json_is_object(r->params))
		return ct_fail(err, CT_EFORMAT, "%s: \"qParams\": expected an object", where);
	if ((pinned && !json_is_array(pinned)) || (supernodes && !json_is_array(supernodes)))
		return ct_fail(err, CT_EFORMAT, "%s: qParams: \"%s\": expected a list", where,
		    pinned && !json_is_array(pinned) ? "pinnedIds" : "supernodes");
	if ((rc = read_ids(r, pinned, 0, "pinnedIds", NULL, err)) < 0)
		return rc;
	return read_supernodes(r, supernodes, err);
}
