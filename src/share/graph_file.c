/*
 * graph_file: see graph_file.h.
 *
 * The graph has every error and embedding node, as traced graphs have; those that the file leaves out are marked as
 * missing and have no edges.
 */
#include "share/graph_file.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "share/graph_raw.h"
#include "trace/influence.h"

static const size_t max_bytes = (size_t)1 << 30, slack = (size_t)64 << 20;

/* What is only needed while a file is read. */
struct reader {
	struct ct_graph_file *f;
	struct ct_raw_graph raw;
	json_t *extras, *params;	/* "ctrace" and "qParams"; NULL: missing */
	int *node;			/* (raw.n_nodes) of the graph, by place in the file */
	struct ct_arena tmp;
};

static const char *
text_of(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static const char *
keep(struct reader *r, const char *s)
{
	return ct_arena_strdup(&r->f->arena, s);
}

/* ---- the head of the file */

static int
read_metadata(struct reader *r, struct ct_error *err)
{
	static const char *const needed[] = { "slug", "scan", "prompt" };
	struct ct_graph_file *f = r->f;
	const char *where = r->raw.s.where;
	const json_t *tokens, *v;
	size_t i;
	int rc = ct_raw_tree(&r->raw, CT_SECTION_METADATA, &f->metadata, err);

	if (rc < 0)
		return rc;
	if (!json_is_object(f->metadata))
		return ct_fail(err, CT_EFORMAT, "%s: \"metadata\": expected an object", where);
	for (i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!json_is_string(json_object_get(f->metadata, needed[i])))
			return ct_fail(err, CT_EFORMAT, "%s: metadata: \"%s\" is missing or no string", where, needed[i]);
	tokens = json_object_get(f->metadata, "prompt_tokens");
	if (!json_is_array(tokens) || json_array_size(tokens) == 0)
		return ct_fail(err, CT_EFORMAT, "%s: metadata: \"prompt_tokens\": expected a list of tokens", where);
	json_array_foreach(tokens, i, v)
		if (!json_is_string(v))
			return ct_fail(err, CT_EFORMAT, "%s: metadata: prompt_tokens[%zu]: expected a string", where, i);
	f->graph.T = (int)json_array_size(tokens);
	f->slug = text_of(f->metadata, "slug");
	f->scan = text_of(f->metadata, "scan");
	f->prompt = text_of(f->metadata, "prompt");
	return CT_OK;
}

/* A share in a settings object, or `otherwise`. */
static double
threshold(const json_t *obj, const char *key, double otherwise)
{
	const json_t *v = json_object_get(obj, key);
	double x = json_is_number(v) ? json_number_value(v) : otherwise;

	return x > 0 && x <= 1 ? x : otherwise;
}

/* Our own extras; a file of another program has none, and what it does not say is NAN. */
static int
read_extras(struct reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	const json_t *settings = json_object_get(r->f->metadata, "pruning_settings"), *model;
	int rc = ct_raw_tree(&r->raw, CT_SECTION_CTRACE, &r->extras, err);

	if (rc < 0)
		return rc;
	if (r->extras && !json_is_object(r->extras))
		return ct_fail(err, CT_EFORMAT, "%s: \"ctrace\": expected an object", r->raw.s.where);
	g->known.nodes = threshold(settings, "node_threshold", threshold(r->f->metadata, "node_threshold", 1));
	g->known.edges = threshold(settings, "edge_threshold", 1);
	g->known.terms = json_is_object(json_object_get(r->extras, "bias"));
	model = json_object_get(r->extras, "model");
	r->f->model = text_of(model, "name");
	r->f->transcoder = text_of(model, "transcoder");
	return CT_OK;
}

/* A number of one of the extras' objects. */
static double
extra(const struct reader *r, const char *section, const char *key, double otherwise)
{
	const json_t *v = json_object_get(json_object_get(r->extras, section), key);

	return json_is_number(v) ? json_number_value(v) : otherwise;
}

static int
extra_size(const struct reader *r, const char *key, int least)
{
	double v = extra(r, "model", key, 0);

	return v > least && v < INT_MAX / 2 ? (int)v : least;
}

/* ---- nodes */

/* Is this the target of a graph that explains a feature? */
static bool
is_target(const struct ct_raw_node *n)
{
	return n->kind == CT_NODE_TARGET || (n->kind == CT_NODE_FEATURE && n->is_target);
}

static int
by_feature(const void *a, const void *b)
{
	const struct ct_raw_node *x = *(struct ct_raw_node *const *)a, *y = *(struct ct_raw_node *const *)b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Sizes of the graph, from the nodes; layers count from 0, outputs stand above the last but one. */
static int
measure(struct reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	int top = 0;
	size_t grid;

	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *n = &r->raw.nodes[i];

		if (n->kind == CT_NODE_TARGET) {
			top = n->layer > top ? n->layer : top;
		} else if (n->layer >= g->L) {
			g->L = n->layer + 1;
		}
		if (n->kind == CT_NODE_FEATURE && n->index >= f->F)
			f->F = n->index + 1;
		g->n_targets += is_target(n);
		g->n_features += n->kind == CT_NODE_FEATURE && !is_target(n);
	}
	if (g->n_targets == 0)
		return ct_fail(err, CT_EFORMAT, "%s: no node of type \"logit\": an attribution graph explains an output",
		    r->raw.s.where);
	g->L = extra_size(r, "layers", top - 1 > g->L ? top - 1 : g->L);
	f->F = extra_size(r, "features", f->F);
	/* A node that stands for several, or does not say for which: a number of its own. */
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (r->raw.nodes[i].kind == CT_NODE_FEATURE && r->raw.nodes[i].index < 0)
			r->raw.nodes[i].index = f->F++;
	grid = (size_t)g->L * (size_t)g->T;
	if ((grid + (size_t)g->T) * sizeof *g->nodes > r->raw.s.n + slack)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %d layers and %d tokens are more than a file of %zu bytes may have",
		    r->raw.s.where, g->L, g->T, r->raw.s.n);
	g->n_errors = (int)grid;
	g->n_embeddings = g->T;
	g->n_nodes = g->n_features + g->n_errors + g->n_embeddings + g->n_targets;
	return CT_OK;
}

/* The node ids of two places in the file: "nodes[3] and nodes[7]". */
static int
twice(const struct reader *r, const struct ct_raw_node *a, const struct ct_raw_node *b, struct ct_error *err)
{
	int first = a->place < b->place ? a->place : b->place, second = a->place + b->place - first;

	return ct_fail(err, CT_EFORMAT, "%s: nodes[%d] and nodes[%d] stand for the same thing", r->raw.s.where, first,
	    second);
}

static double
or_else(double x, double otherwise)
{
	return isnan(x) ? otherwise : x;
}

static int
place_features(struct reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_raw_node **list = ct_arena_need(&r->tmp, (size_t)g->n_features, sizeof *list, "a graph", err);
	int n = 0;

	if (!list)
		return CT_ENOMEM;
	r->f->has_shares = g->n_features > 0;
	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_raw_node *raw = &r->raw.nodes[i];

		if (raw->kind != CT_NODE_FEATURE || is_target(raw))
			continue;
		list[n++] = raw;
		r->f->has_shares = r->f->has_shares && !isnan(raw->share);
	}
	qsort(list, (size_t)n, sizeof *list, by_feature);
	for (int i = 0; i < n; i++) {
		if (i > 0 && by_feature(&list[i - 1], &list[i]) == 0)
			return twice(r, list[i - 1], list[i], err);
		r->node[list[i]->place] = i;
		g->nodes[i] = (struct ct_node){ .kind = CT_NODE_FEATURE, .layer = list[i]->layer, .pos = list[i]->pos,
			.index = list[i]->index, .other = -1, .activation = (float)list[i]->activation,
			.attributed = true };
	}
	return CT_OK;
}

/* Errors and embeddings lie on their grids, there or missing. */
static int
place_grids(struct reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int errors = g->n_features, embeddings = errors + g->n_errors;
	int *at = ct_arena_need(&r->tmp, (size_t)g->n_nodes, sizeof *at, "a graph", err);

	if (!at)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_errors; i++)
		g->nodes[errors + i] = (struct ct_node){ .kind = CT_NODE_ERROR, .layer = i / g->T, .pos = i % g->T,
			.index = -1, .other = -1, .missing = true };
	for (int t = 0; t < g->T; t++)
		g->nodes[embeddings + t] = (struct ct_node){ .kind = CT_NODE_EMBEDDING, .layer = -1, .pos = t, .index = -1,
			.other = -1, .missing = true };
	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];
		int to;

		if (raw->kind != CT_NODE_ERROR && raw->kind != CT_NODE_EMBEDDING)
			continue;
		to = raw->kind == CT_NODE_ERROR ? errors + raw->layer * g->T + raw->pos : embeddings + raw->pos;
		if (!g->nodes[to].missing)
			return twice(r, &r->raw.nodes[at[to]], raw, err);
		g->nodes[to].missing = false;
		g->nodes[to].index = raw->index;
		at[to] = i;
		r->node[i] = to;
	}
	return CT_OK;
}

/* The ids of the tokens A and B of a target A - B, which the extras hold. */
static bool
difference(const struct reader *r, const char *id, int *a, int *b)
{
	const json_t *pair = json_object_get(json_object_get(r->extras, "differences"), id);
	json_int_t x = json_integer_value(json_array_get(pair, 0)), y = json_integer_value(json_array_get(pair, 1));

	*a = (int)x;
	*b = (int)y;
	return json_array_size(pair) == 2 && x >= 0 && y >= 0 && x < INT_MAX && y < INT_MAX;
}

static void
place_target(struct reader *r, const struct ct_raw_node *raw, int to)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_node *n = &g->nodes[to];

	*n = (struct ct_node){ .kind = CT_NODE_TARGET, .target = CT_TARGET_LOGIT, .layer = g->L, .pos = raw->pos,
		.index = raw->index, .other = -1, .attributed = true };
	if (raw->kind == CT_NODE_FEATURE) {
		n->target = CT_TARGET_FEATURE;
		n->layer = raw->layer;
		n->weight = 1;
	} else if (difference(r, raw->id, &n->index, &n->other)) {
		n->target = CT_TARGET_DIFFERENCE;
		n->weight = 1;
	} else {
		n->other = -1;
		n->index = raw->index;
		n->prob = n->weight = (float)or_else(raw->prob, 0);
	}
	r->node[raw->place] = to;
}

/* The one that is marked comes first, the others as they come. */
static void
place_targets(struct reader *r)
{
	struct ct_graph *g = &r->f->graph;
	int first = g->n_nodes - g->n_targets, to = first;
	float sum = 0;

	for (int marked = 1; marked >= 0; marked--)
		for (int i = 0; i < r->raw.n_nodes; i++) {
			const struct ct_raw_node *raw = &r->raw.nodes[i];

			if (is_target(raw) && raw->is_target == (bool)marked)
				place_target(r, raw, to++);
		}
	for (int i = first; i < g->n_nodes; i++)
		sum += g->nodes[i].weight;
	for (int i = first; i < g->n_nodes && !(sum > 0); i++)
		g->nodes[i].weight = 1;
	g->pos = g->nodes[first].pos;
}

/* What the extras say of single nodes. */
static void
read_terms(struct reader *r)
{
	struct ct_graph *g = &r->f->graph;

	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_node *n = &g->nodes[r->node[i]];
		const char *id = r->raw.nodes[i].id;

		n->bias = (float)extra(r, "bias", id, 0);
		n->omitted = (float)extra(r, "omitted", id, 0);
		n->value = (float)extra(r, "target_values", id, 0);
	}
	g->check.max_edge_residual = extra(r, "self_check", "max_edge_residual", NAN);
	g->check.max_logit_error = extra(r, "self_check", "max_logit_error", NAN);
}

/* ---- links */

struct indexed {
	struct ct_edge e;
	int at;				/* in the file */
};

static int
by_source(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;

	if (x->e.source != y->e.source)
		return x->e.source < y->e.source ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static int
check_link(const struct reader *r, int i, const struct ct_node *s, const struct ct_node *t, struct ct_error *err)
{
	const char *why = NULL;

	if (s->kind == CT_NODE_TARGET)
		why = "its source is an output, from which nothing follows";
	else if (t->kind == CT_NODE_EMBEDDING || t->kind == CT_NODE_ERROR)
		why = "its target is an embedding or error, which nothing leads to";
	else if (s->layer >= t->layer)
		why = "it leads from a layer to itself or to an earlier one";
	else if (s->pos > t->pos)
		why = "it leads from a position to an earlier one";
	return why ? ct_fail(err, CT_EFORMAT, "%s: links[%d]: %s", r->raw.s.where, i, why) : CT_OK;
}

/* The edges of the file as nodes of the graph, in its order. */
static int
convert_links(struct reader *r, struct ct_edge *edges, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int rc;

	for (int i = 0; i < r->raw.n_links; i++) {
		struct ct_edge e = r->raw.links[i];

		edges[i] = (struct ct_edge){ r->node[e.source], r->node[e.target], e.weight };
		if ((rc = check_link(r, i, &g->nodes[edges[i].source], &g->nodes[edges[i].target], err)) < 0)
			return rc;
	}
	return CT_OK;
}

/*
 * Sorts the edges into one node. The same edge twice is an error, unless its id is that of a feature and of an error:
 * then the second one is the error's, which is the order that the reference writes.
 */
static int
sort_inputs(struct reader *r, struct indexed *in, size_t n, struct ct_edge *edges, struct ct_error *err)
{
	const struct ct_node *nodes = r->f->graph.nodes;
	bool again = false;
	int rc;

	qsort(in, n, sizeof *in, by_source);
	for (size_t k = 1; k < n; k++) {
		const struct ct_raw_node *raw = &r->raw.nodes[r->raw.links[in[k].at].source];

		if (in[k].e.source != in[k - 1].e.source)
			continue;
		if (raw->same_id < 0 || edges[in[k].at].source != r->node[raw->place])
			return ct_fail(err, CT_EFORMAT, "%s: links[%d] and links[%d] lead from the same node to the same",
			    r->raw.s.where, in[k - 1].at, in[k].at);
		edges[in[k].at].source = r->node[raw->same_id];
		again = true;
		if ((rc = check_link(r, in[k].at, &nodes[r->node[raw->same_id]], &nodes[in[k].e.target], err)) < 0)
			return rc;
	}
	for (size_t k = 0; again && k < n; k++)
		in[k].e = edges[in[k].at];
	if (again)
		qsort(in, n, sizeof *in, by_source);
	return CT_OK;
}

static int
connect(struct reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_arena *a = &r->f->arena;
	size_t n = (size_t)r->raw.n_links, nodes = (size_t)g->n_nodes;
	struct ct_edge *edges = ct_arena_need(a, n, sizeof *edges, "edges", err);
	struct ct_edge *links = ct_arena_need(a, n, sizeof *links, "edges", err);
	struct indexed *sorted = ct_arena_need(&r->tmp, n, sizeof *sorted, "edges", err);
	size_t *first = ct_arena_need(a, nodes + 1, sizeof *first, "edges", err);
	size_t *fill = ct_arena_need(&r->tmp, nodes, sizeof *fill, "edges", err);
	int rc;

	if (!edges || !links || !sorted || !first || !fill)
		return CT_ENOMEM;
	if ((rc = convert_links(r, edges, err)) < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		first[edges[i].target + 1]++;
	for (size_t i = 0; i < nodes; i++)
		first[i + 1] += first[i];
	memcpy(fill, first, nodes * sizeof *fill);
	for (size_t i = 0; i < n; i++)
		sorted[fill[edges[i].target]++] = (struct indexed){ edges[i], (int)i };
	for (size_t t = 0; t < nodes; t++)
		if ((rc = sort_inputs(r, sorted + first[t], first[t + 1] - first[t], edges, err)) < 0)
			return rc;
	for (size_t i = 0; i < n; i++) {
		links[i] = sorted[i].e;
		g->nodes[links[i].target].inputs += fabs((double)links[i].weight);
	}
	g->links = links;
	g->first = first;
	g->pruned = edges;
	g->n_pruned = (int)n;
	g->n_edges = (long)extra(r, "model", "edges", (double)n);
	return CT_OK;
}

/* Influence: as the links give it, but the shares and scores that the file gives are those of the whole graph. */
static int
weigh(struct reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int rc = ct_graph_influence(g, &r->tmp, err);

	if (rc < 0)
		return rc;
	g->scores.replacement = extra(r, "scores", "replacement", NAN);
	g->scores.completeness = extra(r, "scores", "completeness", NAN);
	g->node_threshold = g->known.nodes;
	g->edge_threshold = g->known.edges;
	for (int i = 0; i < g->n_nodes; i++) {
		g->nodes[i].kept = !g->nodes[i].missing;
		g->known.missing += g->nodes[i].missing;
	}
	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_node *n = &g->nodes[r->node[i]];

		if (r->f->has_shares)
			n->share = or_else(r->raw.nodes[i].share, 1);
		n->inputs = extra(r, "inputs", r->raw.nodes[i].id, n->inputs);
		g->n_kept += n->kept;
	}
	return CT_OK;
}

/* ---- words and labels */

static int
by_id(const void *a, const void *b)
{
	const struct ct_graph_word *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Sorts words and drops those whose id came before. */
static void
sort_words(struct ct_graph_file *f)
{
	int n = 0;

	qsort(f->words, (size_t)f->n_words, sizeof *f->words, by_id);
	for (int i = 0; i < f->n_words; i++)
		if (n == 0 || f->words[i].id != f->words[n - 1].id)
			f->words[n++] = f->words[i];
	f->n_words = n;
}

/* The text between two marks: from the first `begin` to the last `end`. The whole when they are not there. */
static const char *
between(struct reader *r, const char *s, const char *begin, const char *end)
{
	const char *from = strstr(s, begin), *to = NULL;
	char *copy;

	for (const char *p = from; p && (p = strstr(p, end)); p++)
		to = p;
	if (!from || !to || to < from + strlen(begin))
		return keep(r, s);
	from += strlen(begin);
	copy = ct_arena_alloc(&r->f->arena, (size_t)(to - from) + 1, 1);
	if (copy)
		memcpy(copy, from, (size_t)(to - from));
	return copy;
}

/* The words of a target, from its label. */
static bool
target_words(struct reader *r, const struct ct_raw_node *raw, struct ct_node *n, int *spare)
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
static int
read_words(struct reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	const json_t *texts = json_object_get(f->metadata, "prompt_tokens");
	int embeddings = g->n_features + g->n_errors, spare = extra_size(r, "vocabulary", 0);
	int *tokens = ct_arena_need(&f->arena, (size_t)g->T, sizeof *tokens, "tokens", err);

	f->words = ct_arena_need(&f->arena, (size_t)g->T + 2 * (size_t)g->n_targets, sizeof *f->words, "tokens", err);
	if (!tokens || !f->words)
		return CT_ENOMEM;
	for (int i = embeddings; i < g->n_nodes; i++)
		if (g->nodes[i].target != CT_TARGET_FEATURE && g->nodes[i].index >= spare)
			spare = g->nodes[i].index + 1;
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (is_target(&r->raw.nodes[i]) && !target_words(r, &r->raw.nodes[i], &g->nodes[r->node[i]], &spare))
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

static int
by_place(const void *a, const void *b)
{
	const struct ct_graph_label *x = a, *y = b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static int
read_labels(struct reader *r, struct ct_error *err)
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
		f->labels[f->n_labels] = (struct ct_graph_label){ raw->layer, raw->index, keep(r, raw->clerp) };
		if (!f->labels[f->n_labels++].text)
			return ct_fail_memory(err, strlen(raw->clerp), "labels");
	}
	qsort(f->labels, (size_t)n, sizeof *f->labels, by_place);
	for (int i = 0; i < n; i++)
		if (kept == 0 || by_place(&f->labels[i], &f->labels[kept - 1]) != 0)
			f->labels[kept++] = f->labels[i];
	f->n_labels = kept;
	return CT_OK;
}

/* ---- pins and supernodes */

/* By its id, or by the one that the frontend keys by where that is unique; -1: no such node. */
static int
pinned_node(struct reader *r, const char *id)
{
	int place = ct_raw_find(&r->raw, id), found = 0;

	for (int i = 0; place < 0 && i < r->raw.n_nodes; i++)
		if (strcmp(r->raw.nodes[i].js_id, id) == 0 && found++ == 0)
			place = i;
	return place < 0 || found > 1 ? -1 : r->node[place];
}

/* Pins what the ids stand for, from the `from`-th of the list on. */
static int
read_ids(struct reader *r, const json_t *list, size_t from, const char *what, const char *supernode,
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
read_supernodes(struct reader *r, const json_t *list, struct ct_error *err)
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

static int
read_pins(struct reader *r, struct ct_error *err)
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

/* ---- all of it */

static int
read_all(struct reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int rc;

	if ((rc = read_metadata(r, err)) < 0 || (rc = read_extras(r, err)) < 0 ||
	    (rc = ct_raw_nodes(&r->raw, g->T, err)) < 0 || (rc = measure(r, err)) < 0)
		return rc;
	g->nodes = ct_arena_need(&r->f->arena, (size_t)g->n_nodes, sizeof *g->nodes, "a graph", err);
	r->node = ct_arena_need(&r->tmp, (size_t)r->raw.n_nodes, sizeof *r->node, "a graph", err);
	if (!g->nodes || !r->node)
		return CT_ENOMEM;
	if ((rc = place_features(r, err)) < 0 || (rc = place_grids(r, err)) < 0)
		return rc;
	place_targets(r);
	read_terms(r);
	if ((rc = read_words(r, err)) < 0 || (rc = read_labels(r, err)) < 0 || (rc = ct_raw_links(&r->raw, err)) < 0 ||
	    (rc = connect(r, err)) < 0 || (rc = weigh(r, err)) < 0)
		return rc;
	return read_pins(r, err);
}

int
ct_graph_file_parse(struct ct_graph_file **out, const char *where, char *text, size_t n, ct_progress_fn progress,
    void *ctx, struct ct_error *err)
{
	struct reader r = { .f = calloc(1, sizeof *r.f) };
	int rc;

	*out = NULL;
	if (!r.f)
		return ct_fail_memory(err, sizeof *r.f, "a graph");
	rc = ct_raw_open(&r.raw, where, text, n, progress, ctx, err);
	if (rc == CT_OK)
		rc = read_all(&r, err);
	/* What the extras lend is copied: the tree goes. */
	if (rc == CT_OK && (!(r.f->model = keep(&r, r.f->model)) || !(r.f->transcoder = keep(&r, r.f->transcoder))))
		rc = ct_fail_memory(err, 1, "a graph");
	json_decref(r.extras);
	json_decref(r.params);
	ct_raw_close(&r.raw);
	ct_arena_free(&r.tmp);
	if (rc < 0)
		ct_graph_file_close(r.f);
	else
		*out = r.f;
	return rc;
}

int
ct_graph_file_open(struct ct_graph_file **out, const char *path, ct_progress_fn progress, void *ctx,
    struct ct_error *err)
{
	char *text;
	size_t n;
	int rc = ct_file_read(&text, &n, path, max_bytes, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = ct_graph_file_parse(out, path, text, n, progress, ctx, err);
	free(text);
	return rc;
}

void
ct_graph_file_close(struct ct_graph_file *f)
{
	if (!f)
		return;
	json_decref(f->metadata);
	ct_arena_free(&f->arena);
	free(f);
}

int
ct_graph_file_word(const struct ct_graph_file *f, int token)
{
	struct ct_graph_word key = { token, NULL }, *w;

	w = bsearch(&key, f->words, (size_t)f->n_words, sizeof key, by_id);
	return w ? (int)(w - f->words) : -1;
}

int
ct_graph_file_label(const struct ct_graph_file *f, int layer, int feature)
{
	struct ct_graph_label key = { layer, feature, NULL }, *l;

	l = bsearch(&key, f->labels, (size_t)f->n_labels, sizeof key, by_place);
	return l ? (int)(l - f->labels) : -1;
}

static const char *
word(const void *ctx, int token)
{
	const struct ct_graph_file *f = ctx;
	int at = ct_graph_file_word(f, token);

	return at >= 0 ? f->words[at].text : "?";
}

static const char *
label(const void *ctx, int layer, int feature)
{
	const struct ct_graph_file *f = ctx;
	int at = ct_graph_file_label(f, layer, feature);

	return at >= 0 ? f->labels[at].text : "";
}

struct ct_graph_names
ct_graph_file_names(const struct ct_graph_file *f)
{
	return (struct ct_graph_names){ .model = f->model, .scan = f->scan, .transcoder = f->transcoder,
		.prompt = f->prompt, .features = f->F, .tokens = f->tokens, .token = word, .label = label, .ctx = f,
		.metadata = f->metadata };
}
