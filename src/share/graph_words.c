/*
 * graph_words: reads what a file has in addition to its graph: words, labels, pins and supernodes. See
 * graph_reader.h.
 */
#include "share/graph_reader.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "share/graph_file.h"

/* Sorts words, and drops those whose id occurred before. */
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

static const char *
last_of(const char *s, const char *what)
{
	const char *at = NULL;

	for (const char *p = s; (p = strstr(p, what)); p++)
		at = p;
	return at;
}

/* A copy of s up to `end`; NULL: out of memory. */
static const char *
cut(struct ct_graph_reader *r, const char *s, const char *end)
{
	char *copy = ct_arena_alloc(&r->f->arena, (size_t)(end - s) + 1, 1);

	if (copy)
		memcpy(copy, s, (size_t)(end - s));
	return copy;
}

/*
 * Where the words of an output begin in its label: Output "Austin" (p=0.983), or Logit "Austin", or after the
 * name of a supernode in brackets, whose own quotes do not count. NULL: it is no such label.
 */
static const char *
output_words(const char *clerp)
{
	static const char *const begin[] = { "Output \"", "Logit \"" },
	    *const behind[] = { "] Output \"", "] Logit \"" };

	for (size_t i = 0; i < 2; i++)
		if (strncmp(clerp, begin[i], strlen(begin[i])) == 0)
			return clerp + strlen(begin[i]);
	for (size_t i = 0; *clerp == '[' && i < 2; i++)
		if (last_of(clerp, behind[i]))
			return last_of(clerp, behind[i]) + strlen(behind[i]);
	return NULL;
}

/* The words of a target, from its label. */
static bool
target_words(struct ct_graph_reader *r, const struct ct_raw_node *raw, struct ct_node *n, int *spare)
{
	static const char minus[] = "\" - \"";
	struct ct_graph_word *w = r->f->words;
	const char *from, *middle, *end;
	int *k = &r->f->n_words;

	if (n->target == CT_TARGET_FEATURE)
		return true;
	if (n->index < 0)
		n->index = (*spare)++;
	if (!*raw->clerp)
		return true;
	from = output_words(raw->clerp);
	if (n->target == CT_TARGET_DIFFERENCE && from && (middle = strstr(from, minus))) {
		end = last_of(middle + sizeof minus - 1, "\"");
		w[*k] = (struct ct_graph_word){ n->index, cut(r, from, middle) };
		from = middle + sizeof minus - 1;
		w[*k + 1] = (struct ct_graph_word){ n->other, cut(r, from, end ? end : from + strlen(from)) };
		*k += 2;
		return w[*k - 2].text && w[*k - 1].text;
	}
	end = from ? last_of(from, "\" (p=") : NULL;
	w[*k] = (struct ct_graph_word){ n->index, end ? cut(r, from, end) : ct_reader_keep(r, raw->clerp) };
	return w[(*k)++].text;
}

/* The word in the label of an input, such as Emb: "Dallas". */
static const char *
input_word(struct ct_graph_reader *r, const char *clerp)
{
	static const char begin[] = "Emb: \"";
	const char *from = clerp + sizeof begin - 1, *end;

	if (strncmp(clerp, begin, sizeof begin - 1) != 0 || !(end = last_of(from, "\"")))
		return clerp;
	return cut(r, from, end);
}

/*
 * texts (T): the words of the prompt, from the file's list, or if it has none, from the labels of its inputs.
 * NULL: it has neither.
 */
static int
read_texts(struct ct_graph_reader *r, const char **texts, struct ct_error *err)
{
	const json_t *list = json_object_get(r->metadata, "prompt_tokens");

	for (int t = 0; t < r->f->graph.T; t++)
		texts[t] = json_string_value(json_array_get(list, (size_t)t));
	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];

		if (raw->kind != CT_NODE_EMBEDDING || r->node[i] < 0 || texts[raw->pos] || !*raw->clerp)
			continue;
		if (!(texts[raw->pos] = input_word(r, raw->clerp)))
			return ct_fail_memory(err, strlen(raw->clerp), "tokens");
	}
	return CT_OK;
}

/*
 * Whether the tokens lack blanks that the prompt has between them. The first token may not be in the prompt.
 */
static bool
lack_blanks(const struct ct_graph_file *f, const char *const *texts)
{
	const char *at = f->prompt;

	for (int i = 0; i < f->graph.T; i++) {
		size_t n = texts[i] ? strlen(texts[i]) : 0;

		if (n > 0 && strncmp(at, texts[i], n) == 0)
			at += n;
		else if (i > 0)
			return n > 0 && *at == ' ' && strncmp(at + 1, texts[i], n) == 0;
	}
	return false;
}

/* The ids of the prompt's tokens from the file's list, if it has one; else -1. */
static int
listed_id(const struct ct_graph_reader *r, int pos)
{
	const json_t *ids = json_object_get(r->extras, "prompt_token_ids"),
	    *id = json_array_get(ids, (size_t)pos);
	json_int_t v = json_is_integer(id) ? json_integer_value(id) : -1;

	return (int)json_array_size(ids) == r->f->graph.T && v >= 0 && v < INT_MAX / 2 ? (int)v : -1;
}

/* Makes the words of the prompt, with the ids of the list or of their embeddings, or with unused ids. */
static int
prompt_words(struct ct_graph_reader *r, const char *const *texts, int *tokens, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	int embeddings = g->n_features + g->n_errors, spare = g->V;

	for (int t = 0; t < g->T; t++) {
		struct ct_node *n = &g->nodes[embeddings + t];
		int listed = listed_id(r, t);

		if (n->index < 0)
			n->index = listed >= 0 ? listed : spare++;
		if (!n->missing && listed < 0 && n->index >= g->V)
			g->V = n->index + 1;
		tokens[t] = n->index;
		f->words[f->n_words].id = n->index;
		if (!(f->words[f->n_words++].text = ct_reader_keep(r, texts[t] ? texts[t] : "?")))
			return ct_fail_memory(err, 1, "tokens");
	}
	return CT_OK;
}

int
ct_reader_words(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	int embeddings = g->n_features + g->n_errors, spare = ct_reader_size(r, "vocabulary", 0), code;
	int *tokens = ct_arena_need(&f->arena, (size_t)g->T, sizeof *tokens, "tokens", err);
	const char **texts = ct_arena_need(&r->tmp, (size_t)g->T, sizeof *texts, "tokens", err);

	f->words = ct_arena_need(&f->arena, (size_t)g->T + 2 * (size_t)g->n_targets, sizeof *f->words,
	    "tokens", err);
	if (!tokens || !texts || !f->words)
		return CT_ENOMEM;
	if ((code = read_texts(r, texts, err)) < 0)
		return code;
	for (int i = embeddings; i < g->n_nodes; i++)
		if (g->nodes[i].target != CT_TARGET_FEATURE && g->nodes[i].index >= spare)
			spare = g->nodes[i].index + 1;
	for (int t = 0; t < g->T; t++)
		if (listed_id(r, t) >= spare)
			spare = listed_id(r, t) + 1;
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (r->node[i] >= 0 && ct_reader_is_target(&r->raw.nodes[i]) &&
		    !target_words(r, &r->raw.nodes[i], &g->nodes[r->node[i]], &spare))
			return ct_fail_memory(err, strlen(r->raw.nodes[i].clerp), "tokens");
	g->V = spare;
	f->tokens = tokens;
	f->apart = lack_blanks(f, texts);
	code = prompt_words(r, texts, tokens, err);
	sort_words(f);
	return code;
}

/* Texts of inputs, errors and outputs are not labels. */
static bool
has_label(const struct ct_graph_reader *r, int i)
{
	const struct ct_raw_node *n = &r->raw.nodes[i];

	return r->node[i] >= 0 && (n->kind == CT_NODE_FEATURE || n->kind == CT_NODE_OTHER) && *n->clerp;
}

int
ct_reader_labels(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	int n = 0, kept = 0;

	for (int i = 0; i < r->raw.n_nodes; i++)
		n += has_label(r, i);
	f->labels = ct_arena_need(&f->arena, (size_t)n, sizeof *f->labels, "labels", err);
	if (!f->labels)
		return CT_ENOMEM;
	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];

		if (!has_label(r, i))
			continue;
		f->labels[f->n_labels] = (struct ct_graph_label){ raw->layer, raw->index,
		    ct_reader_keep(r, raw->clerp) };
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

/* Finds a node by its id, or by the frontend's number if that is unique; -1: there is none. */
static int
pinned_node(struct ct_graph_reader *r, const char *id)
{
	int place = ct_raw_find(&r->raw, id), found = 0;

	for (int i = 0; place < 0 && i < r->raw.n_nodes; i++)
		if (strcmp(r->raw.nodes[i].js_id, id) == 0 && found++ == 0)
			place = i;
	return place < 0 || found > 1 ? -1 : r->node[place];
}

/* The pin of an id. If it names no node, it is kept as it is: a pin whose node is absent. */
static bool
pin_of(struct ct_graph_reader *r, const char *id, struct ct_pin *p)
{
	struct ct_graph_file *f = r->f;
	int node = pinned_node(r, id), i = 0;

	if (node >= 0) {
		*p = ct_pin_of(&f->graph.nodes[node]);
		return true;
	}
	while (i < f->n_absent && strcmp(f->absent[i], id) != 0)
		i++;
	if (i == f->n_absent) {
		if (!f->absent)
			f->absent = ct_arena_alloc(&f->arena, CT_MAX_PINS, sizeof *f->absent);
		if (!f->absent || i == CT_MAX_PINS || !(f->absent[i] = ct_reader_keep(r, id)))
			return false;
		f->n_absent++;
	}
	*p = (struct ct_pin){ .kind = CT_NODE_OTHER, .layer = CT_PIN_ABSENT, .index = i, .other = -1,
	    .supernode = -1 };
	return true;
}

/* Pins what an id stands for, in a supernode or in none (-1). If it is in two, it is pinned twice. */
static void
pin_id(struct ct_graph_reader *r, const char *id, int supernode)
{
	struct ct_subgraph *sg = &r->f->subgraph;
	struct ct_pin p;
	int at = pin_of(r, id, &p) ? ct_subgraph_pin(sg, &p, NULL) : -1;

	if (at >= 0 && supernode >= 0 && sg->pin[at].supernode >= 0 && sg->pin[at].supernode != supernode)
		at = sg->n_pins < CT_MAX_PINS ? sg->n_pins++ : -1;
	if (at < 0) {
		r->f->lost_pins++;
		return;
	}
	if (supernode < 0)
		return;
	p.supernode = supernode;
	sg->pin[at] = p;
}

/* Other programs may use a label twice: the second "Texas" becomes "Texas 2". */
static void
name_supernode(const struct ct_subgraph *sg, char name[CT_SUPERNODE_NAME], const char *label)
{
	char base[CT_SUPERNODE_NAME];

	ct_supernode_name(base, label);
	if (!*base)
		snprintf(base, sizeof base, "supernode");
	snprintf(name, CT_SUPERNODE_NAME, "%s", base);
	for (int k = 2; ct_subgraph_supernode(sg, name) >= 0; k++)
		snprintf(name, CT_SUPERNODE_NAME, "%.*s %d", (int)ct_text_fit(base, CT_SUPERNODE_NAME - 16),
		    base, k);
}

/* A supernode without members is dropped. */
static void
read_supernode(struct ct_graph_reader *r, const json_t *list)
{
	struct ct_subgraph *sg = &r->f->subgraph;
	const char *label = json_string_value(json_array_get(list, 0));
	int supernode = sg->n_supernodes;
	bool some = false;

	if (!label) {
		ct_raw_leave_out(&r->raw, "qParams: a supernode must be a list of a label and ids");
		return;
	}
	for (size_t i = 1; i < json_array_size(list); i++)
		some |= json_is_string(json_array_get(list, i));
	if (!some)
		return;
	if (supernode == CT_MAX_SUPERNODES) {
		r->f->lost_pins += (int)json_array_size(list) - 1;
		return;
	}
	name_supernode(sg, sg->name[supernode], label);
	sg->n_supernodes++;
	for (size_t i = 1; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));

		if (id)
			pin_id(r, id, supernode);
	}
	some = false;
	for (int i = 0; i < sg->n_pins; i++)
		some |= sg->pin[i].supernode == supernode;
	sg->n_supernodes -= !some;
}

int
ct_reader_pins(struct ct_graph_reader *r, struct ct_error *err)
{
	const json_t *pinned, *supernodes, *v;
	size_t i;
	int code = ct_raw_tree(&r->raw, CT_SECTION_QPARAMS, &r->params, err);

	if (code < 0)
		return code;
	pinned = json_object_get(r->params, "pinnedIds");
	supernodes = json_object_get(r->params, "supernodes");
	if ((pinned && !json_is_array(pinned) && !json_is_null(pinned)) ||
	    (supernodes && !json_is_array(supernodes) && !json_is_null(supernodes)))
		ct_raw_leave_out(&r->raw, "qParams: pinnedIds and supernodes must be lists");
	json_array_foreach(pinned, i, v)
		if (json_is_string(v))
			pin_id(r, json_string_value(v), -1);
	json_array_foreach(supernodes, i, v)
		read_supernode(r, v);
	return CT_OK;
}
