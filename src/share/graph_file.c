/* graph_file: see graph_file.h: the file as a whole, and its head. */
#include "share/graph_file.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/sniff.h"
#include "share/graph_reader.h"

static const size_t max_bytes = (size_t)1 << 30;

static const char *
text_of(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

const char *
ct_reader_keep(struct ct_graph_reader *r, const char *s)
{
	return ct_arena_strdup(&r->f->arena, s);
}

static int
read_metadata(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	const char *where = r->raw.s.where;
	const json_t *tokens;
	int code = ct_raw_tree(&r->raw, CT_SECTION_METADATA, &r->metadata, err);

	if (code < 0)
		return code;
	if (!json_is_object(r->metadata))
		return ct_fail(err, CT_EFORMAT, "%s: \"metadata\": expected an object", where);
	tokens = json_object_get(r->metadata, "prompt_tokens");
	if (tokens && !json_is_null(tokens) && !json_is_array(tokens))
		ct_raw_leave_out(&r->raw, "metadata: \"prompt_tokens\": expected a list of tokens");
	if (json_array_size(tokens) > INT_MAX / 2)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: metadata: %zu prompt_tokens are more than a graph "
		    "may have", where, json_array_size(tokens));
	f->graph.T = (int)json_array_size(tokens);
	f->slug = ct_reader_keep(r, text_of(r->metadata, "slug"));
	f->scan = ct_reader_keep(r, text_of(r->metadata, "scan"));
	f->prompt = ct_reader_keep(r, text_of(r->metadata, "prompt"));
	return f->slug && f->scan && f->prompt ? CT_OK : ct_fail_memory(err, 1, "a graph");
}

/* A cumulative share in a settings object, or `otherwise`. */
static double
threshold(const json_t *obj, const char *key, double otherwise)
{
	const json_t *v = json_object_get(obj, key);
	double x = json_is_number(v) ? json_number_value(v) : otherwise;

	return x > 0 && x <= 1 ? x : otherwise;
}

/* ctrace's own fields; a file of another program has none, and what a file does not say is NAN. */
static int
read_extras(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	const json_t *settings = json_object_get(r->metadata, "pruning_settings"), *model;
	int code = ct_raw_tree(&r->raw, CT_SECTION_CTRACE, &r->extras, err);

	if (code < 0)
		return code;
	g->known.nodes = threshold(settings, "node_threshold", threshold(r->metadata, "node_threshold", 1));
	g->known.edges = threshold(settings, "edge_threshold", 1);
	g->known.terms = json_is_object(json_object_get(r->extras, "bias"));
	model = json_object_get(r->extras, "model");
	r->f->model = ct_reader_keep(r, text_of(model, "name"));
	r->f->transcoder = ct_reader_keep(r, text_of(model, "transcoder"));
	return r->f->model && r->f->transcoder ? CT_OK : ct_fail_memory(err, 1, "a graph");
}

double
ct_reader_extra(const struct ct_graph_reader *r, const char *section, const char *key, double otherwise)
{
	const json_t *v = json_object_get(json_object_get(r->extras, section), key);

	return json_is_number(v) ? json_number_value(v) : otherwise;
}

int
ct_reader_size(const struct ct_graph_reader *r, const char *key, int least)
{
	double v = ct_reader_extra(r, "model", key, 0);

	return v > least && v < INT_MAX / 2 ? (int)v : least;
}

static int
read_all(struct ct_graph_reader *r, struct ct_error *err)
{
	int code;

	if ((code = read_metadata(r, err)) < 0 || (code = read_extras(r, err)) < 0 ||
	    (code = ct_reader_nodes(r, err)) < 0 ||
	    (code = ct_reader_words(r, err)) < 0 || (code = ct_reader_labels(r, err)) < 0 ||
	    (code = ct_reader_edges(r, err)) < 0)
		return code;
	return ct_reader_pins(r, err);
}

/* What is kept of the reader: the places in the text, and what was left out. */
static int
keep_text(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	size_t nodes = (size_t)r->raw.n_nodes;

	f->fields = ct_arena_need(&f->arena, (size_t)r->raw.n_fields, sizeof *f->fields, "a graph", err);
	f->there = ct_arena_need(&f->arena, nodes, sizeof *f->there, "a graph", err);
	f->place = ct_arena_need(&f->arena, (size_t)f->graph.n_nodes, sizeof *f->place, "a graph", err);
	f->own = ct_arena_need(&f->arena, nodes, sizeof *f->own, "a graph", err);
	f->left_out = r->raw.left_out;
	f->trouble = ct_reader_keep(r, r->raw.left_out ? r->raw.why.msg : "");
	if (!f->fields || !f->there || !f->place || !f->own || !f->trouble)
		return ct_fail_memory(err, nodes * sizeof *f->there, "a graph");
	memcpy(f->fields, r->raw.fields, (size_t)r->raw.n_fields * sizeof *f->fields);
	f->n_fields = r->raw.n_fields;
	for (int i = 0; i < f->graph.n_nodes; i++)
		f->place[i] = -1;
	for (size_t i = 0; i < nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];

		if (r->node[i] < 0)
			continue;
		if (raw->index >= f->F && (raw->kind == CT_NODE_FEATURE || raw->kind == CT_NODE_OTHER))
			f->own[raw->index - f->F] = f->n_there;
		f->place[r->node[i]] = f->n_there;
		f->there[f->n_there++] = (struct ct_graph_there){ raw->id, raw->type, raw->number, r->node[i],
		    raw->span };
	}
	return CT_OK;
}

int
ct_graph_file_parse(struct ct_graph_file **out, const char *where, char *text, size_t n,
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_graph_reader r = { .f = calloc(1, sizeof *r.f), .raw = { .job = job } };
	int code;

	*out = NULL;
	if (!r.f) {
		free(text);
		return ct_fail_memory(err, sizeof *r.f, "a graph");
	}
	r.f->text = text;
	r.f->n_text = n;
	code = ct_raw_open(&r.raw, where, text, n, &r.f->arena, &r.tmp, err);
	if (code == CT_OK)
		code = read_all(&r, err);
	if (code == CT_OK)
		code = keep_text(&r, err);
	json_decref(r.metadata);
	json_decref(r.extras);
	json_decref(r.params);
	ct_raw_close(&r.raw);
	ct_arena_free(&r.tmp);
	if (code < 0)
		ct_graph_file_close(r.f);
	else
		*out = r.f;
	return code;
}

int
ct_graph_file_open(struct ct_graph_file **out, const char *path, const struct ct_job *job,
    struct ct_error *err)
{
	char *text;
	size_t n;
	int code = ct_file_read_text(&text, &n, path, max_bytes, err);

	*out = NULL;
	if (code < 0)
		return code;
	code = ct_sniff_expect(path, text, n, CT_SNIFF_OTHER, "graph JSON", err);
	if (code == CT_OK)
		return ct_graph_file_parse(out, path, text, n, job, err);
	free(text);
	return code;
}

void
ct_graph_file_close(struct ct_graph_file *f)
{
	if (!f)
		return;
	free(f->text);
	ct_arena_free(&f->arena);
	free(f);
}

int
ct_reader_by_token(const void *a, const void *b)
{
	const struct ct_graph_word *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int
ct_graph_file_word(const struct ct_graph_file *f, int token)
{
	struct ct_graph_word key = { token, NULL }, *w;

	w = bsearch(&key, f->words, (size_t)f->n_words, sizeof key, ct_reader_by_token);
	return w ? (int)(w - f->words) : -1;
}

int
ct_reader_by_feature(const void *a, const void *b)
{
	const struct ct_graph_label *x = a, *y = b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	return x->feature < y->feature ? -1 : x->feature > y->feature;
}

int
ct_graph_file_label(const struct ct_graph_file *f, int layer, int feature)
{
	struct ct_graph_label key = { layer, feature, NULL }, *l;

	l = bsearch(&key, f->labels, (size_t)f->n_labels, sizeof key, ct_reader_by_feature);
	return l ? (int)(l - f->labels) : -1;
}

const struct ct_graph_there *
ct_graph_file_there(const struct ct_graph_file *f, int index)
{
	return index >= f->F ? &f->there[f->own[index - f->F]] : NULL;
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
		.prompt = f->prompt, .features = f->F, .tokens = f->tokens, .token = word, .label = label,
		    .ctx = f,
		.apart = f->apart, .file = f };
}
