/* aggregate: see aggregate.h. */
#include "share/aggregate.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Two open-addressing hash tables of indices + 1, and the nodes that the present line names. */
struct ct_aggregate_index {
	int *nodes;
	size_t *edges;
	size_t node_slots, edge_slots;
	size_t node_room, edge_room;
	int *at;			/* the node of each element of the line's list */
	size_t at_room, line_room;
};

enum { FIRST_SLOTS = 1024 };

double
ct_stat_mean(const struct ct_stat *s)
{
	return s->known > 0 ? s->mean : NAN;
}

double
ct_stat_sd(const struct ct_stat *s)
{
	return s->known > 1 ? sqrt(s->squares / (double)(s->known - 1)) : NAN;
}

/* x: NAN if the prompt has no value. */
static void
push(struct ct_stat *s, double x)
{
	double before = x - s->mean;

	s->n++;
	if (isnan(x))
		return;
	s->known++;
	s->mean += before / (double)s->known;
	s->squares += before * (x - s->mean);
}

int
ct_aggregate_init(struct ct_aggregate *a, struct ct_error *err)
{
	struct ct_aggregate_index *x = calloc(1, sizeof *x);

	*a = (struct ct_aggregate){ .index = x };
	if (x) {
		x->node_slots = x->edge_slots = FIRST_SLOTS;
		x->nodes = calloc(FIRST_SLOTS, sizeof *x->nodes);
		x->edges = calloc(FIRST_SLOTS, sizeof *x->edges);
	}
	if (x && x->nodes && x->edges)
		return CT_OK;
	ct_aggregate_free(a);
	return ct_fail_memory(err, FIRST_SLOTS * (sizeof *x->nodes + sizeof *x->edges), "an aggregate");
}

void
ct_aggregate_free(struct ct_aggregate *a)
{
	for (int i = 0; i < a->n_nodes; i++) {
		free(a->nodes[i].name);
		free(a->nodes[i].label);
		free(a->nodes[i].gaps.run);
	}
	for (size_t i = 0; i < a->n_edges; i++)
		free(a->edges[i].gaps.run);
	free(a->nodes);
	free(a->edges);
	free(a->model);
	free(a->transcoder);
	free(a->weights);
	free(a->line);
	if (a->index) {
		free(a->index->nodes);
		free(a->index->edges);
		free(a->index->at);
	}
	free(a->index);
	*a = (struct ct_aggregate){ 0 };
}

static uint64_t
hash_name(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h ^ h >> 32;
}

static uint64_t
hash_pair(int source, int target)
{
	uint64_t h = ((uint64_t)(uint32_t)source << 32 | (uint32_t)target) * 0x9E3779B97F4A7C15u;

	return h ^ h >> 32;
}

static size_t
node_slot(const struct ct_aggregate *a, const char *name)
{
	const struct ct_aggregate_index *x = a->index;
	size_t i = (size_t)hash_name(name) & (x->node_slots - 1);

	while (x->nodes[i] && strcmp(a->nodes[x->nodes[i] - 1].name, name) != 0)
		i = (i + 1) & (x->node_slots - 1);
	return i;
}

static size_t
edge_slot(const struct ct_aggregate *a, int source, int target)
{
	const struct ct_aggregate_index *x = a->index;
	size_t i = (size_t)hash_pair(source, target) & (x->edge_slots - 1);

	for (; x->edges[i]; i = (i + 1) & (x->edge_slots - 1)) {
		const struct ct_recurring_edge *e = &a->edges[x->edges[i] - 1];

		if (e->source == source && e->target == target)
			break;
	}
	return i;
}

/* An array that holds at least n elements of a size. */
static int
reserve(void **list, size_t *room, size_t n, size_t size, struct ct_error *err)
{
	size_t want = *room ? *room : 256;
	void *grown;

	if (n <= *room)
		return CT_OK;
	while (want < n)
		want *= 2;
	grown = realloc(*list, want * size);
	if (!grown)
		return ct_fail_memory(err, want * size, "an aggregate");
	*list = grown;
	*room = want;
	return CT_OK;
}

/* Tables stay at most half full. */
static int
grow_tables(struct ct_aggregate *a, struct ct_error *err)
{
	struct ct_aggregate_index *x = a->index;

	if (2 * (size_t)a->n_nodes >= x->node_slots) {
		int *old = x->nodes;

		x->nodes = calloc(2 * x->node_slots, sizeof *x->nodes);
		if (!x->nodes) {
			x->nodes = old;
			return ct_fail_memory(err, 2 * x->node_slots * sizeof *x->nodes, "an aggregate");
		}
		x->node_slots *= 2;
		free(old);
		for (int i = 0; i < a->n_nodes; i++)
			x->nodes[node_slot(a, a->nodes[i].name)] = i + 1;
	}
	if (2 * a->n_edges >= x->edge_slots) {
		size_t *old = x->edges;

		x->edges = calloc(2 * x->edge_slots, sizeof *x->edges);
		if (!x->edges) {
			x->edges = old;
			return ct_fail_memory(err, 2 * x->edge_slots * sizeof *x->edges, "an aggregate");
		}
		x->edge_slots *= 2;
		free(old);
		for (size_t i = 0; i < a->n_edges; i++)
			x->edges[edge_slot(a, a->edges[i].source, a->edges[i].target)] = i + 1;
	}
	return CT_OK;
}

static int
find_node(struct ct_aggregate *a, const char *name, const struct ct_line_node *is, struct ct_error *err)
{
	struct ct_aggregate_index *x = a->index;
	size_t at;
	int code;

	if ((code = grow_tables(a, err)) < 0 || (code =
	    reserve((void **)&a->nodes, &x->node_room, (size_t)a->n_nodes + 1,
	    sizeof *a->nodes, err)) < 0)
		return code;
	at = node_slot(a, name);
	if (!x->nodes[at]) {
		struct ct_recurring_node *n = &a->nodes[a->n_nodes];

		*n = (struct ct_recurring_node){ .is = *is };
		n->name = strdup(name);
		n->label = strdup("");
		if (!n->name || !n->label) {
			free(n->name);
			free(n->label);
			return ct_fail_memory(err, strlen(name), "an aggregate");
		}
		x->nodes[at] = ++a->n_nodes;
	}
	return x->nodes[at] - 1;
}

static int
make_edge(struct ct_aggregate *a, int source, int target, struct ct_error *err)
{
	struct ct_aggregate_index *x = a->index;
	size_t at;
	int code;

	if ((code = grow_tables(a, err)) < 0 ||
	    (code = reserve((void **)&a->edges, &x->edge_room, a->n_edges + 1, sizeof *a->edges, err)) < 0)
		return code;
	at = edge_slot(a, source, target);
	if (!x->edges[at]) {
		a->edges[a->n_edges] = (struct ct_recurring_edge){ .source = source, .target = target };
		x->edges[at] = ++a->n_edges;
	}
	return CT_OK;
}

/* The first line sets the model that all others must have: features of two models have nothing in common. */
static int
check_model(struct ct_aggregate *a, const json_t *line, const char *where, long number, struct ct_error *err)
{
	const json_t *settings = json_object_get(line, "settings");
	const char *model = json_string_value(json_object_get(settings, "model"));
	const char *transcoder = json_string_value(json_object_get(settings, "transcoder"));
	const char *weights = json_string_value(json_object_get(settings, "fingerprint"));
	char clean[120];

	if (!model || !transcoder)
		return ct_fail(err, CT_EFORMAT, "%s:%ld: expected a line of ctrace trace --batch, with "
		    "settings", where, number);
	weights = weights ? weights : "";
	if (!a->model) {
		a->model = strdup(model);
		a->transcoder = strdup(transcoder);
		a->weights = strdup(weights);
		if (!a->model || !a->transcoder || !a->weights)
			return ct_fail_memory(err, strlen(model), "an aggregate");
	}
	if (strcmp(a->model, model) == 0 && strcmp(a->transcoder, transcoder) == 0)
		return strcmp(a->weights, weights) == 0 ? CT_OK : ct_fail(err, CT_EINVAL,
		    "%s:%ld: this line was made with other weights than the first one: aggregate them "
		    "separately",
		    where, number);
	ct_text_clean(clean, sizeof clean, model, strlen(model));
	return ct_fail(err, CT_EINVAL, "%s:%ld: this line is of another model than the first one: %s %s; "
	    "aggregate them separately", where, number, clean, transcoder);
}

static int
relabel(struct ct_recurring_node *n, const json_t *v, struct ct_error *err)
{
	const char *label = json_string_value(json_object_get(v, "label"));
	char *copy;

	if (!label || n->is.group || strcmp(label, n->label) == 0)
		return CT_OK;
	if (!(copy = strdup(label)))
		return ct_fail_memory(err, strlen(label), "a label");
	free(n->label);
	n->label = copy;
	return CT_OK;
}

/* The edge that an element of the line names, once it has been added. */
static struct ct_recurring_edge *
known_edge(struct ct_aggregate *a, const json_t *v)
{
	const int *at = a->index->at;
	size_t slot = edge_slot(a, at[json_integer_value(json_array_get(v, 0))],
	    at[json_integer_value(json_array_get(v, 1))]);

	return &a->edges[a->index->edges[slot] - 1];
}

/* Makes room for one more run of prompts that lack it, unless the most runs are kept already. */
static int
reserve_gap(const struct ct_aggregate *a, struct ct_gaps *g, struct ct_error *err)
{
	int most = ct_aggregate_groups(a->by) ? CT_GROUP_GAPS : CT_GAPS;
	int room = g->room ? 2 * g->room : 2;
	struct ct_gap *grown;

	if (g->n < g->room || g->room == most)
		return CT_OK;
	room = room < most ? room : most;
	grown = realloc(g->run, (size_t)room * sizeof *grown);
	if (!grown)
		return ct_fail_memory(err, (size_t)room * sizeof *grown, "an aggregate");
	g->run = grown;
	g->room = room;
	return CT_OK;
}

/* Finds or makes all that the line names. Nothing is counted yet. */
static int
prepare(struct ct_aggregate *a, const json_t *nodes, const json_t *edges, struct ct_error *err)
{
	struct ct_aggregate_index *x = a->index;
	struct ct_line_node n;
	const json_t *v;
	char name[CT_AGGREGATE_NAME];
	size_t i;
	int code;

	if ((code = reserve((void **)&x->at, &x->at_room, json_array_size(nodes), sizeof *x->at, err)) < 0)
		return code;
	json_array_foreach(nodes, i, v) {
		ct_aggregate_identify(a->by, v, &n, name);
		if ((code = x->at[i] = find_node(a, name, &n, err)) < 0 ||
		    (code = reserve_gap(a, &a->nodes[x->at[i]].gaps, err)) < 0 ||
		    (code = relabel(&a->nodes[x->at[i]], v, err)) < 0)
			return code;
	}
	json_array_foreach(edges, i, v) {
		int source, target;

		if (!ct_aggregate_counts(a->by, v))
			continue;
		source = x->at[json_integer_value(json_array_get(v, 0))];
		target = x->at[json_integer_value(json_array_get(v, 1))];
		if ((code = make_edge(a, source, target, err)) < 0 ||
		    (code = reserve_gap(a, &known_edge(a, v)->gaps, err)) < 0)
			return code;
	}
	return CT_OK;
}

/* Records that something occurs in this prompt; last: the prompt in which it last occurred, 0: none. */
static void
note_gap(struct ct_gaps *g, long last, long prompt)
{
	last = labs(last);
	if (prompt == last + 1)
		return;
	if (g->n < g->room)
		g->run[g->n] = (struct ct_gap){ last + 1, prompt - 1 };
	g->n++;
}

int
ct_aggregate_absent(const struct ct_aggregate *a, const struct ct_gaps *gaps, long last, long *out, int max)
{
	int n = 0;

	for (int i = 0; i < gaps->n && i < gaps->room; i++)
		for (long k = gaps->run[i].first; k <= gaps->run[i].last && n < max; k++)
			out[n++] = a->line[k - 1];
	for (long k = labs(last) + 1; gaps->n <= gaps->room && k <= a->prompts && n < max; k++)
		out[n++] = a->line[k - 1];
	return n;
}

/* A value of a node; NAN: it has no such value. */
static double
value(const json_t *v, const char *key)
{
	const json_t *x = json_object_get(v, key);

	return json_is_number(x) ? json_number_value(x) : NAN;
}

static double
plus(double sum, double x)
{
	return isnan(sum) ? x : isnan(x) ? sum : sum + x;
}

/* Sums over the positions of this prompt, then adds one value for each to the statistics. Cannot fail. */
static void
count(struct ct_aggregate *a, const json_t *nodes, const json_t *edges, long line)
{
	const int *at = a->index->at;
	struct ct_recurring_edge *e;
	const json_t *v;
	size_t i;

	a->line[a->prompts++] = line;
	json_array_foreach(nodes, i, v) {
		struct ct_recurring_node *n = &a->nodes[at[i]];

		if (n->prompt != a->prompts) {
			note_gap(&n->gaps, n->prompt, a->prompts);
			n->now = n->most = NAN;
			n->times = 0;
		}
		n->prompt = a->prompts;
		n->times++;
		n->now = plus(n->now, value(v, "influence"));
		n->most = fmax(n->most, value(v, "activation"));	/* fmax ignores NAN */
	}
	json_array_foreach(edges, i, v) {
		if (!ct_aggregate_counts(a->by, v))
			continue;
		e = known_edge(a, v);
		if (e->prompt != a->prompts) {
			note_gap(&e->gaps, e->prompt, a->prompts);
			e->now = e->share_now = 0;
		}
		e->prompt = a->prompts;
		e->now += json_number_value(json_array_get(v, 2));
		e->share_now += json_number_value(json_array_get(v, 3)) / a->nodes[e->target].times;
	}
	/* Adds each node once: a negative number marks it as done. */
	json_array_foreach(nodes, i, v) {
		struct ct_recurring_node *n = &a->nodes[at[i]];

		if (n->prompt < 0)
			continue;
		push(&n->influence, n->now);
		push(&n->activation, n->most);
		n->prompt = -n->prompt;
	}
	json_array_foreach(edges, i, v) {
		e = ct_aggregate_counts(a->by, v) ? known_edge(a, v) : NULL;
		if (!e || e->prompt < 0)
			continue;
		push(&e->weight, e->now);
		push(&e->share, e->share_now);
		e->prompt = -e->prompt;
	}
}

int
ct_aggregate_add(struct ct_aggregate *a, const json_t *line, const char *where, long number,
    struct ct_error *err)
{
	bool groups = ct_aggregate_groups(a->by);
	const json_t *nodes = json_object_get(line, groups ? "groups" : "nodes");
	const json_t *edges = json_object_get(line, groups ? "group_edges" : "edges");
	const json_t *place = json_object_get(line, "line");
	int code = check_model(a, line, where, number, err);

	if (code < 0)
		return code;
	if (json_object_get(line, "error")) {
		a->failed++;
		return CT_OK;
	}
	if (groups && !nodes && json_object_get(line, "nodes"))
		return ct_fail(err, CT_EINVAL, "%s:%ld: this line has no groups: trace its batch with "
		    "--groups, or count features by label with --labels", where, number);
	if ((code = ct_aggregate_check(a->by, nodes, edges, where, number, err)) < 0 ||
	    (code = prepare(a, nodes, edges, err)) < 0 ||
	    (code = reserve((void **)&a->line, &a->index->line_room, (size_t)a->prompts + 1, sizeof *a->line,
	    err)) < 0)
		return code;
	count(a, nodes, edges, json_is_integer(place) ? (long)json_integer_value(place) : number);
	return CT_OK;
}
