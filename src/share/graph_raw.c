/* graph_raw: see graph_raw.h. */
#include "share/graph_raw.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/json.h"

enum { MAX_LAYER = 9999, REPORT_EVERY = 4096 };

static const char *const section_names[CT_N_SECTIONS] = { "metadata", "qParams", "nodes", "links", "ctrace" };

/* Room for one more element of a growing array. */
static int
grow(void **list, int n, size_t size, struct ct_error *err)
{
	void *grown;

	if (n < 64 ? n != 0 : (n & (n - 1)) != 0)
		return CT_OK;
	size *= n < 64 ? 64 : 2 * (size_t)n;
	grown = realloc(*list, size);
	if (!grown)
		return ct_fail_memory(err, size, "a graph");
	*list = grown;
	return CT_OK;
}

static int
read_field_of_file(struct ct_raw_graph *p, const char *key, struct ct_error *err)
{
	struct ct_raw_field f = { .section = CT_N_SECTIONS };
	int code;

	for (int i = 0; i < CT_N_SECTIONS; i++)
		if (strcmp(key, section_names[i]) == 0)
			f.section = (enum ct_section)i;
	f.key = p->s.key_span;
	ct_stream_peek(&p->s);
	f.value.start = p->s.at;
	if ((code = ct_stream_skip(&p->s, err)) < 0 ||
	    (code = grow((void **)&p->fields, p->n_fields, sizeof f, err)) < 0)
		return code;
	f.value.end = p->s.at;
	if (f.section < CT_N_SECTIONS)
		p->section[f.section] = f.value;
	p->fields[p->n_fields++] = f;
	return CT_OK;
}

int
ct_raw_open(struct ct_raw_graph *p, const char *where, const char *text, size_t n, struct ct_arena *strings,
    struct ct_arena *scratch, struct ct_error *err)
{
	/* UTF-8's byte order mark, with which some editors begin files */
	static const char mark[] = "\xef\xbb\xbf";
	const char *key;
	int code;

	p->s = (struct ct_stream){ .where = where, .text = text, .n = n, .strings = strings };
	p->s.at = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
	p->scratch = scratch;
	if ((code = ct_stream_object(&p->s, err)) < 0)
		return code;
	while ((code = ct_stream_key(&p->s, &key, err)) > 0)
		if ((code = read_field_of_file(p, key, err)) < 0)
			return code;
	if (code < 0 || (code = ct_stream_end(&p->s, err)) < 0)
		return code;
	for (int i = 0; i < CT_N_SECTIONS; i++)
		if (!p->section[i].end && i != CT_SECTION_QPARAMS && i != CT_SECTION_CTRACE)
			return ct_fail(err, CT_EFORMAT,
			    "%s: \"%s\" is missing: expected graph JSON with metadata, nodes and links",
			    where, section_names[i]);
	return CT_OK;
}

void
ct_raw_close(struct ct_raw_graph *p)
{
	free(p->fields);
	free(p->nodes);
	free(p->slots);
	free(p->links);
	free(p->link_at);
}

int
ct_raw_tree(const struct ct_raw_graph *p, enum ct_section which, json_t **out, struct ct_error *err)
{
	const struct ct_stream_span *at = &p->section[which];

	*out = NULL;
	if (!at->end)
		return CT_OK;
	return ct_json_parse_lenient(out, p->s.where, p->s.text, at->start, at->end - at->start, err);
}

static int
report(const struct ct_raw_graph *p, struct ct_error *err)
{
	if (!ct_job_go_on(p->job, "reading the graph", (long)p->s.at, (long)p->s.n))
		return ct_fail(err, CT_ECANCELLED, "reading %s cancelled", p->s.where);
	return CT_OK;
}

void
ct_raw_leave_out(struct ct_raw_graph *p, const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	if (p->left_out++ > 0)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	ct_fail(&p->why, CT_EFORMAT, "%s: %s", p->s.where, msg);
}

/*
 * Reads one element of a section. If it is not JSON, that is an error; if it is JSON but invalid, it is left
 * out. Both kinds of failure say which element it was.
 */
static int
read_element(struct ct_raw_graph *p, const char *section,
    int (*read)(struct ct_raw_graph *p, const struct ct_stream_span *at, struct ct_error *err),
    struct ct_error *err)
{
	struct ct_error why;
	struct ct_stream_span at;
	int code;

	ct_stream_peek(&p->s);
	at.start = p->s.at;
	if ((code = ct_stream_skip(&p->s, &why)) == CT_OK) {
		at.end = p->s.at;
		p->s.at = at.start;
		code = read(p, &at, &why);
		if (code == CT_EFORMAT) {
			char msg[400];

			snprintf(msg, sizeof msg, "%.380s", why.msg);
			if (p->left_out++ == 0)
				ct_fail(&p->why, CT_EFORMAT, "%s (in %s[%d])", msg, section, p->n_seen);
			code = CT_OK;
		}
		p->s.at = at.end;
		p->s.first = 0;
	}
	p->n_seen++;
	return code < 0 ? ct_fail(err, code, "%s (in %s[%d])", why.msg, section, p->n_seen - 1) : CT_OK;
}

/* What is no string, or an unknown word, is a kind of node of another program. */
static int
read_type(struct ct_raw_graph *p, struct ct_raw_node *n, struct ct_error *err)
{
	char *name;
	int code;

	if (ct_stream_peek(&p->s) != '"')
		return ct_stream_skip(&p->s, err);
	if ((code = ct_stream_string(&p->s, "\"feature_type\"", &name, err)) < 0)
		return code;
	n->type = name;
	n->kind = ct_node_kind_of_json(name);
	return CT_OK;
}

/* "E", "12" or 12; -1 for embeddings. */
static int
read_layer(struct ct_raw_graph *p, int *layer, struct ct_error *err)
{
	size_t at;
	char *text;
	long v;
	int code;

	if (ct_stream_peek(&p->s) != '"') {
		code = ct_stream_long(&p->s, "\"layer\"", -1, MAX_LAYER, &v, err);
		*layer = (int)v;
		return code;
	}
	at = p->s.at;
	if ((code = ct_stream_string(&p->s, "\"layer\"", &text, err)) < 0)
		return code;
	*layer = -1;
	if (strcmp(text, "E") == 0)
		return CT_OK;
	if (!ct_text_long(text, &v) || v < -1 || v > MAX_LAYER)
		return ct_stream_fail(&p->s, at, err, "\"layer\": expected \"E\" or a number from -1 to %d",
		    MAX_LAYER);
	*layer = (int)v;
	return CT_OK;
}

/* A number; anything else is none. */
static int
read_maybe(struct ct_raw_graph *p, const char *what, double *out, struct ct_error *err)
{
	return ct_stream_peek(&p->s) == '0' ? ct_stream_double(&p->s, what, out, err) :
	    ct_stream_skip(&p->s, err);
}

static int
read_maybe_text(struct ct_raw_graph *p, const char *what, const char **out, struct ct_error *err)
{
	char *text = NULL;
	int code = ct_stream_peek(&p->s) == '"' ? ct_stream_string(&p->s, what, &text, err) :
	    ct_stream_skip(&p->s, err);

	if (text)
		*out = text;
	return code;
}

/*
 * The inverse of the number that identifies a feature of a layer in all layers (Cantor's pairing, as in
 * circuit-tracer); or -1.
 */
static int
unpair(double number, int layer)
{
	double sum = floor((sqrt(8 * number + 1) - 1) / 2), feature = number - sum * (sum + 1) / 2;

	return number >= 0 && sum - feature == layer && feature < INT_MAX / 2 ? (int)feature : -1;
}

/*
 * The index in an id of the form "{layer}_{index}_{pos}", or Llamascopium's "{layer}_cro_{index}_{pos}"; or
 * -1.
 */
static int
index_in_id(const struct ct_raw_node *n)
{
	int layer, index, pos, end = 0;

	if (n->kind == CT_NODE_EMBEDDING)
		return sscanf(n->id, "E_%9d_%9d%n", &index, &pos, &end) == 2 && !n->id[end] &&
		    pos == n->pos ? index : -1;
	if (sscanf(n->id, "%9d_%9d_%9d%n", &layer, &index, &pos, &end) != 3 || n->id[end])
		end = 0;
	if (!end && (sscanf(n->id, "%9d_%*3[a-z]_%9d_%9d%n", &layer, &index, &pos, &end) != 3 || n->id[end]))
		return -1;
	return pos == n->pos && index >= 0 && (layer == n->layer || n->kind == CT_NODE_TARGET) ? index : -1;
}

/*
 * Finds the feature or token of a node from its id; else from the number by which the frontend looks features
 * up. If both fail it is unknown.
 */
static int
index_of(const struct ct_raw_node *n, double feature)
{
	int index = n->kind == CT_NODE_ERROR ? -1 : index_in_id(n);

	if (index >= 0 || n->kind == CT_NODE_ERROR || n->kind == CT_NODE_EMBEDDING)
		return index;
	if (n->kind != CT_NODE_TARGET && unpair(feature, n->layer) >= 0)
		return unpair(feature, n->layer);
	return feature >= 0 && feature < INT_MAX / 2 && feature == floor(feature) ? (int)feature : -1;
}

enum { HAS_ID = 1, HAS_LAYER = 2, HAS_POS = 4 };

static int
read_field(struct ct_raw_graph *p, struct ct_raw_node *n, const char *key, double *feature, int *seen,
    struct ct_error *err)
{
	int code;
	long v;

	if (strcmp(key, "node_id") == 0) {
		*seen |= HAS_ID;
		return ct_stream_string(&p->s, "\"node_id\"", (char **)&n->id, err);
	}
	if (strcmp(key, "layer") == 0) {
		*seen |= HAS_LAYER;
		return read_layer(p, &n->layer, err);
	}
	if (strcmp(key, "ctx_idx") == 0) {
		*seen |= HAS_POS;
		code = ct_stream_long(&p->s, "\"ctx_idx\"", 0, p->T - 1, &v, err);
		n->pos = (int)v;
		return code;
	}
	if (strcmp(key, "feature_type") == 0)
		return read_type(p, n, err);
	if (strcmp(key, "feature") == 0)
		return read_maybe(p, "\"feature\"", feature, err);
	if (strcmp(key, "clerp") == 0)
		return read_maybe_text(p, "\"clerp\"", &n->clerp, err);
	if (strcmp(key, "jsNodeId") == 0)
		return read_maybe_text(p, "\"jsNodeId\"", &n->js_id, err);
	if (strcmp(key, "influence") == 0)
		return read_maybe(p, "\"influence\"", &n->cumulative, err);
	if (strcmp(key, "activation") == 0)
		return read_maybe(p, "\"activation\"", &n->activation, err);
	if (strcmp(key, "token_prob") == 0)
		return read_maybe(p, "\"token_prob\"", &n->prob, err);
	if (strcmp(key, "is_target_logit") == 0)
		n->is_target = ct_stream_peek(&p->s) == 't';
	return ct_stream_skip(&p->s, err);
}

static int
read_node(struct ct_raw_graph *p, const struct ct_stream_span *at, struct ct_error *err)
{
	static const char *const needed[] = { "node_id", "layer", "ctx_idx" };
	struct ct_raw_node n = { .kind = CT_NODE_OTHER, .type = "", .clerp = "", .js_id = "",
	    .cumulative = NAN,
		.activation = NAN, .prob = NAN, .span = *at, .place = p->n_nodes, .same_id = -1 };
	double feature = -1;
	int seen = 0, code;
	const char *key;

	if ((code = ct_stream_object(&p->s, err)) < 0)
		return code;
	while ((code = ct_stream_key(&p->s, &key, err)) > 0)
		if ((code = read_field(p, &n, key, &feature, &seen, err)) < 0)
			return code;
	for (int i = 0; code == CT_OK && i < 3; i++)
		if (!(seen & 1 << i))
			code = ct_stream_fail(&p->s, at->start, err, "\"%s\" is missing", needed[i]);
	if (code == CT_OK && (n.kind == CT_NODE_FEATURE || n.kind == CT_NODE_ERROR) && n.layer < 0)
		code = ct_stream_fail(&p->s, at->start, err, "\"layer\": expected a number from 0 on, "
		    "found the layer of embeddings");
	if (code < 0)
		return code;
	if (n.kind == CT_NODE_EMBEDDING)
		n.layer = -1;
	n.number = n.index = index_of(&n, feature);
	if ((code = grow((void **)&p->nodes, p->n_nodes, sizeof *p->nodes, err)) < 0)
		return code;
	p->nodes[p->n_nodes++] = n;
	return CT_OK;
}

/* The slot of an id, or the free one where it belongs. */
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
 * The old form of an error's id, 0_{layer}_{pos}, may also be the id of a feature of layer 0. Then the id
 * finds the feature, which refers to the error. Of other nodes with the same id, the first is kept.
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
			ct_raw_leave_out(p, "a second node has the id '%s'", clean);
			n->gone = true;
		}
	}
	return CT_OK;
}

/* Goes to the list in a section. */
static int
open_section(struct ct_raw_graph *p, enum ct_section which, struct ct_error *err)
{
	char found;

	p->n_seen = 0;
	p->s.at = p->section[which].start;
	found = ct_stream_peek(&p->s);
	if (found != '[')
		return ct_stream_fail(&p->s, p->s.at, err, "\"%s\": expected a list, found %s",
		    section_names[which], ct_stream_kind(found));
	return ct_stream_list(&p->s, err);
}

int
ct_raw_nodes(struct ct_raw_graph *p, int T, struct ct_error *err)
{
	int code = open_section(p, CT_SECTION_NODES, err);

	p->T = T;
	if (code < 0)
		return code;
	while ((code = ct_stream_item(&p->s, err)) > 0) {
		if (p->n_nodes == INT_MAX / 4)
			return ct_stream_fail(&p->s, p->s.at, err, "more than %d nodes", p->n_nodes);
		if ((code = read_element(p, "nodes", read_node, err)) < 0 ||
		    (p->n_nodes % REPORT_EVERY == 0 && (code = report(p, err)) < 0))
			return code;
	}
	return code < 0 ? code : index_ids(p, err);
}

static int
read_end(struct ct_raw_graph *p, const char *what, int *place, struct ct_error *err)
{
	char *id, clean[80];
	size_t at;
	int code;

	ct_stream_peek(&p->s);
	at = p->s.at;
	if ((code = ct_stream_string(&p->s, what, &id, err)) < 0)
		return code;
	*place = ct_raw_find(p, id);
	if (*place >= 0)
		return CT_OK;
	ct_text_clean(clean, sizeof clean, id, strlen(id));
	return ct_stream_fail(&p->s, at, err, "%s: there is no node '%s'", what, clean);
}

static int
read_ends(struct ct_raw_graph *p, struct ct_edge *e, double *weight, struct ct_error *err)
{
	const char *key;
	int code;

	if ((code = ct_stream_object(&p->s, err)) < 0)
		return code;
	while ((code = ct_stream_key(&p->s, &key, err)) > 0) {
		if (strcmp(key, "source") == 0)
			code = read_end(p, "\"source\"", &e->source, err);
		else if (strcmp(key, "target") == 0)
			code = read_end(p, "\"target\"", &e->target, err);
		else if (strcmp(key, "weight") == 0)
			code = ct_stream_double(&p->s, "\"weight\"", weight, err);
		else
			code = ct_stream_skip(&p->s, err);
		if (code < 0)
			return code;
	}
	return code;
}

static int
read_link(struct ct_raw_graph *p, const struct ct_stream_span *at, struct ct_error *err)
{
	struct ct_arena *strings = p->s.strings;
	struct ct_arena_mark mark = ct_arena_mark(p->scratch);
	struct ct_edge e = { -1, -1, 0 };
	double weight = NAN;
	int code;

	p->s.strings = p->scratch;
	code = read_ends(p, &e, &weight, err);
	p->s.strings = strings;
	ct_arena_release(p->scratch, mark);
	e.weight = (float)weight;
	if (code == CT_OK && (e.source < 0 || e.target < 0 || isnan(weight)))
		code = ct_stream_fail(&p->s, at->start, err, "\"%s\" is missing",
		    e.source < 0 ? "source" : e.target < 0 ? "target" : "weight");
	if (code == CT_OK && isinf(e.weight))
		code = ct_stream_fail(&p->s, at->start, err, "\"weight\": %g is too large", weight);
	if (code < 0 || (code = grow((void **)&p->links, p->n_links, sizeof *p->links, err)) < 0 ||
	    (code = grow((void **)&p->link_at, p->n_links, sizeof *p->link_at, err)) < 0)
		return code;
	p->link_at[p->n_links] = *at;
	p->links[p->n_links++] = e;
	return CT_OK;
}

int
ct_raw_links(struct ct_raw_graph *p, struct ct_error *err)
{
	int code = open_section(p, CT_SECTION_LINKS, err);

	if (code < 0)
		return code;
	while ((code = ct_stream_item(&p->s, err)) > 0) {
		if (p->n_links == INT_MAX / 4)
			return ct_stream_fail(&p->s, p->s.at, err, "more than %d links", p->n_links);
		if ((code = read_element(p, "links", read_link, err)) < 0 ||
		    (p->n_links % REPORT_EVERY == 0 && (code = report(p, err)) < 0))
			return code;
	}
	return code;
}
