/* graph_again: see graph_again.h. */
#include "share/graph_again.h"

#include <stdlib.h>
#include <string.h>

#include "io/json_stream.h"
#include "share/content.h"
#include "share/graph_file.h"

/* What to do with a field of an object that is copied. */
enum fate { AS_IT_IS, DROPPED };

/* Decides about a field, and writes what replaces it, if anything. value: its first byte. */
typedef enum fate (*field_fn)(void *ctx, struct ct_writer *w, const char *key, const char *value);

/*
 * Copies the fields of the object in a span of the text, each under its own name. The text was read before,
 * so only memory can fail, which the writer's buffer reports.
 */
static void
copy_fields(struct ct_writer *w, const char *text, const struct ct_stream_span *at, field_fn decide,
    void *ctx)
{
	struct ct_stream s = { .where = "", .text = text, .n = at->end, .at = at->start };
	const char *key;

	if (ct_stream_object(&s, NULL) < 0)
		return;
	while (ct_stream_key(&s, &key, NULL) > 0) {
		struct ct_stream_span name = s.key_span;
		size_t start;

		ct_stream_peek(&s);
		start = s.at;
		if (ct_stream_skip(&s, NULL) < 0)
			return;
		if (decide(ctx, w, key, text + start) == AS_IT_IS)
			ct_writer_raw_field(w, text + name.start, name.end - name.start, text + start,
			    s.at - start);
	}
}

/* Adds fields of a node that viewers need and the file lacks. */
enum { HAS_CLERP = 1, HAS_JS_ID = 2, HAS_FEATURE = 4 };

static enum fate
node_field(void *ctx, struct ct_writer *w, const char *key, const char *value)
{
	static const struct {
		const char *key;
		int bit;
	} needed[] = { { "clerp", HAS_CLERP }, { "jsNodeId", HAS_JS_ID } };
	int *seen = ctx;

	(void)w;
	if (strcmp(key, "feature") == 0)
		*seen |= HAS_FEATURE;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (strcmp(key, needed[i].key) == 0) {
			if (*value != '"')	/* it is null: added below as a text */
				return DROPPED;
			*seen |= needed[i].bit;
		}
	return AS_IT_IS;
}

void
ct_graph_again_node(struct ct_writer *w, const struct ct_graph_file *f, int node)
{
	const struct ct_graph_there *n = &f->there[f->place[node]];
	int seen = 0;

	ct_writer_object(w, NULL);
	copy_fields(w, f->text, &n->span, node_field, &seen);
	if (!(seen & HAS_FEATURE))
		ct_writer_null(w, "feature");
	if (!(seen & HAS_JS_ID))
		ct_writer_string(w, "jsNodeId", n->id);
	if (!(seen & HAS_CLERP))
		ct_writer_string(w, "clerp", "");
	ct_writer_end(w);
}

struct link_job {
	struct ct_writer *w;
	const struct ct_graph_file *f;
	const struct ct_graph *g;
};

static void
put_link(void *ctx, const struct ct_edge *e)
{
	struct link_job *j = ctx;
	long i = ct_graph_listed_at(j->g, e->target, e->source);

	if (i >= 0) {
		const struct ct_stream_span *at = &j->f->link_at[i];

		ct_writer_raw(j->w, NULL, j->f->text + at->start, at->end - at->start);
	}
}

struct metadata_job {
	const struct ct_export *x;
	bool pruned;			/* more was pruned than the file had */
	int seen;
};

static const char *const needed_texts[] = { "slug", "scan", "prompt" };

static enum fate
settings_field(void *ctx, struct ct_writer *w, const char *key, const char *value)
{
	(void)ctx;
	(void)w;
	(void)value;
	return strcmp(key, "node_threshold") == 0 || strcmp(key, "edge_threshold") == 0 ? DROPPED : AS_IT_IS;
}

/* The name under which viewers find the cards may replace the file's. */
static bool
other_scan(const struct ct_export *x)
{
	return x->names->scan != x->names->file->scan;
}

static enum fate
metadata_field(void *ctx, struct ct_writer *w, const char *key, const char *value)
{
	struct metadata_job *j = ctx;

	if ((j->x->names->slug && strcmp(key, "slug") == 0) || (other_scan(j->x) && strcmp(key, "scan") == 0))
		return DROPPED;
	for (size_t i = 0; i < sizeof needed_texts / sizeof *needed_texts; i++)
		if (strcmp(key, needed_texts[i]) == 0) {
			if (*value != '"')
				return DROPPED;
			j->seen |= 1 << i;
		}
	if (!j->pruned || (strcmp(key, "node_threshold") != 0 && strcmp(key, "pruning_settings") != 0))
		return AS_IT_IS;
	if (strcmp(key, "pruning_settings") == 0 && *value == '{') {
		const struct ct_graph_file *f = j->x->names->file;
		struct ct_stream_span at = { (size_t)(value - f->text), f->n_text };

		ct_writer_object(w, key);
		copy_fields(w, f->text, &at, settings_field, NULL);
		ct_writer_number(w, "node_threshold", j->x->graph->node_threshold);
		ct_writer_number(w, "edge_threshold", j->x->graph->edge_threshold);
		ct_writer_end(w);
		j->seen |= 1 << 8;
	}
	return DROPPED;
}

static const struct ct_stream_span *
section(const struct ct_graph_file *f, enum ct_section which)
{
	const struct ct_stream_span *at = NULL;

	for (int i = 0; i < f->n_fields; i++)
		if (f->fields[i].section == which)
			at = &f->fields[i].value;
	return at;
}

void
ct_graph_again_metadata(struct ct_writer *w, const char *key, const struct ct_export *x)
{
	const struct ct_graph_file *f = x->names->file;
	const struct ct_graph *g = x->graph;
	struct metadata_job j = { .x = x,
		.pruned = g->node_threshold != g->known.nodes || g->edge_threshold != g->known.edges };

	ct_writer_object(w, key);
	if (x->names->slug)
		ct_writer_string(w, "slug", x->names->slug);
	if (other_scan(x))
		ct_writer_string(w, "scan", x->names->scan);
	j.seen = (x->names->slug ? 1 : 0) | (other_scan(x) ? 2 : 0);
	copy_fields(w, f->text, section(f, CT_SECTION_METADATA), metadata_field, &j);
	for (size_t i = 0; i < sizeof needed_texts / sizeof *needed_texts; i++)
		if (!(j.seen & 1 << i))
			ct_writer_string(w, needed_texts[i], "");
	if (j.pruned) {
		ct_writer_number(w, "node_threshold", g->node_threshold);
		if (!(j.seen & 1 << 8)) {
			ct_writer_object(w, "pruning_settings");
			ct_writer_number(w, "node_threshold", g->node_threshold);
			ct_writer_number(w, "edge_threshold", g->edge_threshold);
			ct_writer_end(w);
		}
	}
	ct_writer_end(w);
}

struct params_job {
	const struct ct_export *x;
	bool changed;
	bool pins, supernodes;		/* these fields were in the file */
};

static enum fate
params_field(void *ctx, struct ct_writer *w, const char *key, const char *value)
{
	struct params_job *j = ctx;
	bool pins = strcmp(key, "pinnedIds") == 0, supernodes = strcmp(key, "supernodes") == 0;

	(void)w;
	/* Texts that are null are left out, since viewers expect texts. */
	if (strcmp(key, "linkType") == 0 || strcmp(key, "clickedId") == 0 || strcmp(key, "sg_pos") == 0)
		return *value == '"' ? AS_IT_IS : DROPPED;
	if (!pins && !supernodes)
		return AS_IT_IS;
	if (j->changed || *value != '[')
		return DROPPED;
	j->pins |= pins;
	j->supernodes |= supernodes;
	return AS_IT_IS;
}

static void
write_params(struct ct_writer *w, const struct ct_export *x)
{
	const struct ct_graph_file *f = x->names->file;
	const struct ct_stream_span *at = section(f, CT_SECTION_QPARAMS);
	struct params_job j = { .x = x, .changed = !ct_subgraph_same(x->subgraph, &f->subgraph) };

	ct_writer_object(w, "qParams");
	if (at && f->text[at->start] == '{')
		copy_fields(w, f->text, at, params_field, &j);
	if (j.changed) {
		ct_graph_pins_write(w, x);
	} else {
		if (!j.pins) {
			ct_writer_list(w, "pinnedIds");
			ct_writer_end(w);
		}
		if (!j.supernodes) {
			ct_writer_list(w, "supernodes");
			ct_writer_end(w);
		}
	}
	ct_writer_end(w);
}

/* Only files by ctrace have ctrace's "format"; another program's field of that name is kept. */
static bool
is_ours(const struct ct_graph_file *f)
{
	static const char version[] = "\"ctrace_version\"";

	for (int i = 0; i < f->n_fields; i++) {
		const struct ct_stream_span *key = &f->fields[i].key;

		if (key->end - key->start == sizeof version - 1 &&
		    memcmp(f->text + key->start, version, sizeof version - 1) == 0)
			return true;
	}
	return false;
}

static bool
is_head(const struct ct_graph_file *f, const struct ct_raw_field *field)
{
	size_t n = field->key.end - field->key.start;
	const char *key = f->text + field->key.start;

	return (n == 16 && memcmp(key, "\"ctrace_version\"", n) == 0) ||
	    (n == 8 && memcmp(key, "\"format\"", n) == 0);
}

static void
write_section(struct ct_writer *w, const struct ct_export *x, enum ct_section which, const bool *written)
{
	const struct ct_graph_file *f = x->names->file;
	struct link_job j = { w, f, x->graph };

	switch (which) {
	case CT_SECTION_METADATA: ct_graph_again_metadata(w, "metadata", x); break;
	case CT_SECTION_QPARAMS: write_params(w, x); break;
	case CT_SECTION_NODES:
		ct_writer_list(w, "nodes");
		for (int i = 0; i < f->n_there; i++)
			if (written[f->there[i].node])
				ct_graph_again_node(w, f, f->there[i].node);
		ct_writer_end(w);
		break;
	case CT_SECTION_LINKS:
		ct_writer_list(w, "links");
		ct_content_edges(x, written, put_link, &j);
		ct_writer_end(w);
		break;
	default: break;
	}
}

int
ct_graph_again_write(struct ct_buffer *to, bool indent, const struct ct_export *x, struct ct_error *err)
{
	const struct ct_graph_file *f = x->names->file;
	struct ct_arena a = { 0 };
	const bool *written = ct_content_written(x, &a);
	bool ours = is_ours(f), foreign = false;
	struct ct_writer w;

	if (!written)
		return ct_fail_memory(err, (size_t)x->graph->n_nodes, "the JSON of a graph");
	for (int i = 0; i < f->n_fields; i++)
		foreign |= !ours && is_head(f, &f->fields[i]);
	ct_writer_init(&w, to, indent);
	if (foreign)
		ct_writer_object(&w, NULL);
	else
		ct_writer_document(&w, to, indent, CT_GRAPH_JSON_FORMAT);
	for (int i = 0; i < f->n_fields; i++) {
		const struct ct_raw_field *field = &f->fields[i];
		const struct ct_stream_span *key = &field->key, *value = &field->value;

		if (field->section < CT_SECTION_CTRACE) {
			if (section(f, field->section) == value)	/* the last field of that name */
				write_section(&w, x, field->section, written);
		} else if (!ours || !is_head(f, field)) {
			ct_writer_raw_field(&w, f->text + key->start, key->end - key->start,
			    f->text + value->start, value->end - value->start);
		}
	}
	if (!section(f, CT_SECTION_QPARAMS))
		write_params(&w, x);
	ct_writer_end(&w);
	ct_arena_free(&a);
	return CT_OK;
}
