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

/* ---- the head of the file */

static int
read_metadata(struct ct_graph_reader *r, struct ct_error *err)
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
read_extras(struct ct_graph_reader *r, struct ct_error *err)
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

/* ---- all of it */

static int
read_all(struct ct_graph_reader *r, struct ct_error *err)
{
	int rc;

	if ((rc = read_metadata(r, err)) < 0 || (rc = read_extras(r, err)) < 0 || (rc = ct_reader_nodes(r, err)) < 0 ||
	    (rc = ct_reader_words(r, err)) < 0 || (rc = ct_reader_labels(r, err)) < 0 ||
	    (rc = ct_reader_edges(r, err)) < 0)
		return rc;
	return ct_reader_pins(r, err);
}

int
ct_graph_file_parse(struct ct_graph_file **out, const char *where, char *text, size_t n, ct_progress_fn progress,
    void *ctx, struct ct_error *err)
{
	struct ct_graph_reader r = { .f = calloc(1, sizeof *r.f) };
	int rc;

	*out = NULL;
	if (!r.f)
		return ct_fail_memory(err, sizeof *r.f, "a graph");
	rc = ct_raw_open(&r.raw, where, text, n, progress, ctx, err);
	if (rc == CT_OK)
		rc = read_all(&r, err);
	/* What the extras lend is copied: the tree goes. */
	if (rc == CT_OK && (!(r.f->model = ct_reader_keep(&r, r.f->model)) || !(r.f->transcoder = ct_reader_keep(&r, r.f->transcoder))))
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
	rc = ct_sniff_expect(path, text, n, CT_SNIFF_OTHER, "graph JSON", err);
	if (rc == CT_OK)
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
