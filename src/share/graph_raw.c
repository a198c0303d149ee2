/* graph_raw: see graph_raw.h. */
#include "share/graph_raw.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/json.h"

enum { MAX_LAYER = 9999, REPORT_EVERY = 4096 };

static const char *const section_names[CT_N_SECTIONS] = { "metadata", "qParams", "nodes", "links", "ctrace" };

static const struct {
	const char *name;
	enum ct_node_kind kind;
} types[] = {
	{ "cross layer transcoder", CT_NODE_FEATURE },
	{ "unexplored node", CT_NODE_FEATURE },		/* Anthropic's word for one without a row of edges */
	{ "mlp reconstruction error", CT_NODE_ERROR },
	{ "embedding", CT_NODE_EMBEDDING },
	{ "logit", CT_NODE_TARGET },
};

int
ct_raw_open(struct ct_raw_graph *p, const char *where, char *text, size_t n, ct_progress_fn progress, void *ctx,
    struct ct_error *err)
{
	char *key;
	int r;

	*p = (struct ct_raw_graph){ .s = { .where = where, .text = text, .n = n }, .progress = progress, .ctx = ctx };
	if ((r = ct_stream_object(&p->s, err)) < 0)
		return r;
	while ((r = ct_stream_key(&p->s, &key, err)) > 0) {
		int which = 0;

		while (which < CT_N_SECTIONS && strcmp(key, section_names[which]) != 0)
			which++;
		ct_stream_peek(&p->s);
		if (which < CT_N_SECTIONS && p->start[which])
			return ct_stream_fail(&p->s, p->s.at, err, "a second \"%s\"", key);
		if (which < CT_N_SECTIONS)
			p->start[which] = p->s.at;
		if ((r = ct_stream_skip(&p->s, err)) < 0)
			return r;
		if (which < CT_N_SECTIONS)
			p->end[which] = p->s.at;
	}
	if (r < 0 || (r = ct_stream_end(&p->s, err)) < 0)
		return r;
	for (int i = 0; i < CT_N_SECTIONS; i++)
		if (!p->start[i] && i != CT_SECTION_QPARAMS && i != CT_SECTION_CTRACE)
			return ct_fail(err, CT_EFORMAT,
			    "%s: \"%s\" is missing: expected graph JSON with metadata, nodes and links", where,
			    section_names[i]);
	return CT_OK;
}

void
ct_raw_close(struct ct_raw_graph *p)
{
	free(p->nodes);
	free(p->slots);
	free(p->links);
}

int
ct_raw_tree(const struct ct_raw_graph *p, enum ct_section which, json_t **out, struct ct_error *err)
{
	*out = NULL;
	if (!p->start[which])
		return CT_OK;
	return ct_json_parse_part(out, p->s.where, p->s.text, p->start[which], p->end[which] - p->start[which], err);
}

static int
report(const struct ct_raw_graph *p, struct ct_error *err)
{
	if (p->progress && !p->progress(p->ctx, "reading the graph", (long)p->s.at, (long)p->s.n))
		return ct_fail(err, CT_ECANCELLED, "reading %s cancelled", p->s.where);
	return CT_OK;
}

/* Room for one more element of a growing array. */
static int
grow(void **list, int n, size_t size, struct ct_error *err)
{
	void *grown;

	if (n < 64 ? n != 0 : (n & (n - 1)) != 0)
		return CT_OK;
	grown = realloc(*list, (n < 64 ? 64 : 2 * (size_t)n) * size);
	if (!grown)
		return ct_fail_memory(err, 2 * (size_t)n * size, "a graph");
	*list = grown;
	return CT_OK;
}

/* ---- nodes */

/* Where a node's message points: its number and, once known, its id. */
static int
node_fail(const struct ct_raw_graph *p, const struct ct_raw_node *n, struct ct_error *err)
{
	char id[80], msg[sizeof err->msg];

	if (!err)
		return CT_EFORMAT;
	ct_text_clean(id, sizeof id, n->id ? n->id : "", n->id ? strlen(n->id) : 0);
	snprintf(msg, sizeof msg, "%.3000s", err->msg);
	return ct_fail(err, err->code, "%s (in nodes[%d]%s%s%s)", msg, p->n_nodes, n->id ? " '" : "", id,
	    n->id ? "'" : "");
}

static int
read_type(struct ct_raw_graph *p, enum ct_node_kind *kind, struct ct_error *err)
{
	char *name, clean[80];
	size_t at;
	int r;

	ct_stream_peek(&p->s);
	at = p->s.at;
	if ((r = ct_stream_string(&p->s, "\"feature_type\"", &name, err)) < 0)
		return r;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, name) == 0) {
			*kind = types[i].kind;
			return CT_OK;
		}
	ct_text_clean(clean, sizeof clean, name, strlen(name));
	return ct_stream_fail(&p->s, at, err, "\"feature_type\": expected cross layer transcoder, mlp reconstruction "
	    "error, embedding or logit, found \"%s\"", clean);
}

/* "E", "12" or 12. */
static int
read_layer(struct ct_raw_graph *p, int *layer, struct ct_error *err)
{
	size_t at;
	char *text;
	long v;
	int r;

	if (ct_stream_peek(&p->s) != '"') {
		r = ct_stream_long(&p->s, "\"layer\"", 0, MAX_LAYER, &v, err);
		*layer = (int)v;
		return r;
	}
	at = p->s.at;
	if ((r = ct_stream_string(&p->s, "\"layer\"", &text, err)) < 0)
		return r;
	*layer = -1;
	if (strcmp(text, "E") == 0)
		return CT_OK;
	if (!ct_text_long(text, &v) || v < 0 || v > MAX_LAYER)
		return ct_stream_fail(&p->s, at, err, "\"layer\": expected \"E\" or a number from 0 to %d", MAX_LAYER);
	*layer = (int)v;
	return CT_OK;
}

/* A number, or null for none. */
static int
read_maybe(struct ct_raw_graph *p, const char *what, double *out, struct ct_error *err)
{
	return ct_stream_peek(&p->s) == 'n' ? ct_stream_skip(&p->s, err) : ct_stream_double(&p->s, what, out, err);
}

static int
read_maybe_text(struct ct_raw_graph *p, const char *what, char **out, struct ct_error *err)
{
	return ct_stream_peek(&p->s) == 'n' ? ct_stream_skip(&p->s, err) : ct_stream_string(&p->s, what, out, err);
}

/* The number that one feature of a layer has across layers (the reference's pairing), back to the feature; or -1. */
static int
unpair(double number, int layer)
{
	double sum = floor((sqrt(8 * number + 1) - 1) / 2), feature = number - sum * (sum + 1) / 2;

	return number >= 0 && sum - feature == layer && feature < INT_MAX ? (int)feature : -1;
}

/*
 * The middle of an id says which feature or token it is: "{layer}_{index}_{pos}". Ids of another form leave it to
 * the number that the frontend looks features up by.
 */
static int
index_of(const struct ct_raw_node *n, double feature)
{
	int layer, index, pos, end = 0;

	if (n->kind == CT_NODE_ERROR)
		return -1;
	if (n->kind == CT_NODE_EMBEDDING)
		return sscanf(n->id, "E_%9d_%9d%n", &index, &pos, &end) == 2 && !n->id[end] && pos == n->pos ? index : -1;
	if (sscanf(n->id, "%9d_%9d_%9d%n", &layer, &index, &pos, &end) == 3 && !n->id[end] && pos == n->pos &&
	    index >= 0 && (layer == n->layer || n->kind == CT_NODE_TARGET))
		return index;
	if (n->kind == CT_NODE_FEATURE && unpair(feature, n->layer) >= 0)
		return unpair(feature, n->layer);
	return feature >= 0 && feature < INT_MAX ? (int)feature : -1;
}

enum { HAS_ID = 1, HAS_TYPE = 2, HAS_LAYER = 4, HAS_POS = 8, HAS_ALL = 15 };

static int
read_field(struct ct_raw_graph *p, struct ct_raw_node *n, const char *key, int T, double *feature, int *seen,
    struct ct_error *err)
{
	int bit = 0, r;
	long v = 0;
	bool is;

	if (strcmp(key, "node_id") == 0) {
		bit = HAS_ID;
		r = ct_stream_string(&p->s, "\"node_id\"", &n->id, err);
	} else if (strcmp(key, "feature_type") == 0) {
		bit = HAS_TYPE;
		r = read_type(p, &n->kind, err);
	} else if (strcmp(key, "layer") == 0) {
		bit = HAS_LAYER;
		r = read_layer(p, &n->layer, err);
	} else if (strcmp(key, "ctx_idx") == 0) {
		bit = HAS_POS;
		r = ct_stream_long(&p->s, "\"ctx_idx\"", 0, T - 1, &v, err);
		n->pos = (int)v;
	} else if (strcmp(key, "feature") == 0) {
		r = read_maybe(p, "\"feature\"", feature, err);
	} else if (strcmp(key, "clerp") == 0) {
		r = read_maybe_text(p, "\"clerp\"", &n->clerp, err);
	} else if (strcmp(key, "jsNodeId") == 0) {
		r = read_maybe_text(p, "\"jsNodeId\"", &n->js_id, err);
	} else if (strcmp(key, "influence") == 0) {
		r = read_maybe(p, "\"influence\"", &n->cumulative, err);
	} else if (strcmp(key, "activation") == 0) {
		r = read_maybe(p, "\"activation\"", &n->activation, err);
	} else if (strcmp(key, "token_prob") == 0) {
		r = read_maybe(p, "\"token_prob\"", &n->prob, err);
	} else if (strcmp(key, "is_target_logit") == 0) {
		is = ct_stream_peek(&p->s) == 't';
		n->is_target = is;
		r = ct_stream_skip(&p->s, err);
	} else {
		r = ct_stream_skip(&p->s, err);
	}
	if (r == CT_OK && bit && *seen & bit)
		r = ct_stream_fail(&p->s, p->s.at, err, "a second \"%s\"", key);
	*seen |= bit;
	return r;
}

static int
read_node(struct ct_raw_graph *p, int T, struct ct_error *err)
{
	static const char *const needed[] = { "node_id", "feature_type", "layer", "ctx_idx" };
	static char none[] = "";
	struct ct_raw_node n = { .clerp = none, .js_id = none, .cumulative = NAN, .activation = NAN, .prob = NAN,
		.place = p->n_nodes, .same_id = -1 };
	double feature = -1;
	int seen = 0, r;
	size_t at;
	char *key;

	ct_stream_peek(&p->s);
	at = p->s.at;
	if (ct_stream_object(&p->s, err) < 0)
		return node_fail(p, &n, err);
	while ((r = ct_stream_key(&p->s, &key, err)) > 0)
		if ((r = read_field(p, &n, key, T, &feature, &seen, err)) < 0)
			break;
	for (int i = 0; r == CT_OK && i < 4; i++)
		if (!(seen & 1 << i))
			r = ct_stream_fail(&p->s, at, err, "\"%s\" is missing", needed[i]);
	if (r == CT_OK && (n.kind == CT_NODE_FEATURE || n.kind == CT_NODE_ERROR) && n.layer < 0)
		r = ct_stream_fail(&p->s, at, err, "\"layer\": expected a number, found \"E\"");
	if (r == CT_OK)
		n.index = index_of(&n, feature);
	if (r < 0)
		return node_fail(p, &n, err);
	if ((r = grow((void **)&p->nodes, p->n_nodes, sizeof *p->nodes, err)) < 0)
		return r;
	p->nodes[p->n_nodes++] = n;
	return CT_OK;
}

/* ---- the index of ids */

/* Where an id is, or belongs. */
static size_t
slot(const struct ct_raw_graph *p, const char *id)
{
	uint64_t h = 14695981039346656037u;

	for (const char *c = id; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	for (size_t i = (size_t)(h ^ h >> 32);; i++) {
		i &= p->n_slots - 1;
		if (!p->slots[i] || strcmp(p->nodes[p->slots[i] - 1].id, id) == 0)
			return i;
	}
}

int
ct_raw_find(const struct ct_raw_graph *p, const char *id)
{
	return p->slots[slot(p, id)] - 1;
}

/*
 * The old form of an error's id, 0_{layer}_{pos}, may be that of a feature of layer 0 too. The id then finds the
 * feature, which knows the error.
 */
static int
index_ids(struct ct_raw_graph *p, struct ct_error *err)
{
	for (p->n_slots = 64; p->n_slots < 2 * (size_t)p->n_nodes;)
		p->n_slots *= 2;
	if (!(p->slots = calloc(p->n_slots, sizeof *p->slots)))
		return ct_fail_memory(err, p->n_slots * sizeof *p->slots, "a graph");
	for (int i = 0; i < p->n_nodes; i++) {
		struct ct_raw_node *n = &p->nodes[i], *other;
		size_t at = slot(p, n->id);
		char clean[80];

		if (!p->slots[at]) {
			p->slots[at] = i + 1;
			continue;
		}
		other = &p->nodes[p->slots[at] - 1];
		if (other->same_id < 0 && other->kind == CT_NODE_FEATURE && n->kind == CT_NODE_ERROR) {
			other->same_id = i;
		} else if (other->kind == CT_NODE_ERROR && n->kind == CT_NODE_FEATURE) {
			n->same_id = other->place;
			p->slots[at] = i + 1;
		} else {
			ct_text_clean(clean, sizeof clean, n->id, strlen(n->id));
			return ct_fail(err, CT_EFORMAT, "%s: nodes[%d] and nodes[%d] have the same id '%s'", p->s.where,
			    other->place, i, clean);
		}
	}
	return CT_OK;
}

/* Goes to the list that a section is. */
static int
open_section(struct ct_raw_graph *p, enum ct_section which, struct ct_error *err)
{
	char found;

	p->s.at = p->start[which];
	found = ct_stream_peek(&p->s);
	if (found != '[')
		return ct_stream_fail(&p->s, p->s.at, err, "\"%s\": expected a list, found %s", section_names[which],
		    ct_stream_kind(found));
	return ct_stream_list(&p->s, err);
}

int
ct_raw_nodes(struct ct_raw_graph *p, int T, struct ct_error *err)
{
	int r = open_section(p, CT_SECTION_NODES, err);

	if (r < 0)
		return r;
	while ((r = ct_stream_item(&p->s, err)) > 0) {
		if (p->n_nodes == INT_MAX / 4)
			return ct_stream_fail(&p->s, p->s.at, err, "more than %d nodes", p->n_nodes);
		if ((r = read_node(p, T, err)) < 0 || (p->n_nodes % REPORT_EVERY == 0 && (r = report(p, err)) < 0))
			return r;
	}
	return r < 0 ? r : index_ids(p, err);
}

/* ---- links */

static int
link_fail(const struct ct_raw_graph *p, struct ct_error *err)
{
	char msg[sizeof err->msg];

	if (!err)
		return CT_EFORMAT;
	snprintf(msg, sizeof msg, "%.3000s", err->msg);
	return ct_fail(err, err->code, "%s (in links[%d])", msg, p->n_links);
}

static int
read_end(struct ct_raw_graph *p, const char *what, int *place, struct ct_error *err)
{
	char *id, clean[80];
	size_t at;
	int r;

	ct_stream_peek(&p->s);
	at = p->s.at;
	if ((r = ct_stream_string(&p->s, what, &id, err)) < 0)
		return r;
	*place = ct_raw_find(p, id);
	if (*place >= 0)
		return CT_OK;
	ct_text_clean(clean, sizeof clean, id, strlen(id));
	return ct_stream_fail(&p->s, at, err, "%s: there is no node '%s'", what, clean);
}

static int
read_link(struct ct_raw_graph *p, struct ct_error *err)
{
	struct ct_edge e = { -1, -1, 0 };
	double weight = NAN;
	size_t at;
	char *key;
	int r;

	ct_stream_peek(&p->s);
	at = p->s.at;
	if (ct_stream_object(&p->s, err) < 0)
		return link_fail(p, err);
	while ((r = ct_stream_key(&p->s, &key, err)) > 0) {
		if (strcmp(key, "source") == 0)
			r = read_end(p, "\"source\"", &e.source, err);
		else if (strcmp(key, "target") == 0)
			r = read_end(p, "\"target\"", &e.target, err);
		else if (strcmp(key, "weight") == 0)
			r = ct_stream_double(&p->s, "\"weight\"", &weight, err);
		else
			r = ct_stream_skip(&p->s, err);
		if (r < 0)
			break;
	}
	e.weight = (float)weight;
	if (r == CT_OK && (e.source < 0 || e.target < 0 || isnan(weight)))
		r = ct_stream_fail(&p->s, at, err, "\"%s\" is missing",
		    e.source < 0 ? "source" : e.target < 0 ? "target" : "weight");
	if (r == CT_OK && isinf(e.weight))
		r = ct_stream_fail(&p->s, at, err, "\"weight\": %g is too large", weight);
	if (r < 0)
		return link_fail(p, err);
	if ((r = grow((void **)&p->links, p->n_links, sizeof *p->links, err)) < 0)
		return r;
	p->links[p->n_links++] = e;
	return CT_OK;
}

int
ct_raw_links(struct ct_raw_graph *p, struct ct_error *err)
{
	int r = open_section(p, CT_SECTION_LINKS, err);

	if (r < 0)
		return r;
	while ((r = ct_stream_item(&p->s, err)) > 0) {
		if (p->n_links == INT_MAX / 4)
			return ct_stream_fail(&p->s, p->s.at, err, "more than %d links", p->n_links);
		if ((r = read_link(p, err)) < 0 || (p->n_links % REPORT_EVERY == 0 && (r = report(p, err)) < 0))
			return r;
	}
	return r;
}
