/* store: see store.h. */
#include "cards/store.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "cards/record.h"
#include "io/deflate.h"
#include "io/json.h"
#include "io/json_out.h"
#include "io/sniff.h"
#include "model/fingerprint.h"

enum {
	INDEX_MAX = 64 << 20,		/* bytes of index.json.gz */
	INDEX_TEXT_MAX = 256 << 20,	/* and uncompressed, */
	/* at most so many times the compressed size, so that a small file cannot fill memory */
	INDEX_RATIO = 32,
	LAYERS_MAX = 1024,
	LABEL_MAX = 256			/* bytes of a label as it is shown */
};

struct layer {
	int F;
	char *path;			/* of the layer file */
	size_t *offsets;		/* (F+1) */
	const char **labels;		/* (F) or NULL */
	float *f1;			/* (F) or NULL */
	uint32_t weights;
	const char *made_with;		/* or NULL */
};

struct ct_store {
	int L;
	const char *dir;
	struct layer *layers;		/* (L); F is 0 for layers that the index lacks */
	struct ct_arena arena;
};

static const char index_name[] = "index.json.gz";

static char *
arena_path(struct ct_arena *a, const char *dir, const char *name)
{
	char *joined = ct_path_join(dir, name), *kept = joined ? ct_arena_strdup(a, joined) : NULL;

	free(joined);
	return kept;
}

/* A file name in the index must be that of a file in the same directory. */
static bool
plain_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static int
load_offsets(struct ct_store *s, struct layer *l, const json_t *j, const char *where, int index,
    struct ct_error *err)
{
	const json_t *list = json_object_get(j, "offsets"), *v;
	size_t i, n = json_array_size(list);	/* 0 if it is no array */
	json_int_t last = 0;

	if (n < 1 || n > INDEX_TEXT_MAX)
		return ct_fail(err, CT_EFORMAT, "%s: layer %d: expected a list offsets of F+1 byte positions",
		    where, index);
	l->offsets = ct_arena_need(&s->arena, n, sizeof *l->offsets, where, err);
	if (!l->offsets)
		return CT_ENOMEM;
	for (i = 0; i < n; i++) {
		v = json_array_get(list, i);
		if (!json_is_integer(v) || json_integer_value(v) < last)
			return ct_fail(err, CT_EFORMAT, "%s: layer %d: offsets[%zu] must be an integer >= %"
			    JSON_INTEGER_FORMAT, where, index, i, last);
		last = json_integer_value(v);
		l->offsets[i] = (size_t)last;
	}
	l->F = (int)n - 1;
	return CT_OK;
}

static int
load_labels(struct ct_store *s, struct layer *l, const json_t *j, const char *where, int index,
    struct ct_error *err)
{
	const json_t *labels = json_object_get(j, "labels"), *f1 = json_object_get(j, "label_f1"), *v;
	char clean[LABEL_MAX];
	int i;

	if (!labels)
		return CT_OK;
	if (json_array_size(labels) != (size_t)l->F || (f1 && json_array_size(f1) != (size_t)l->F))
		return ct_fail(err, CT_EFORMAT,
		    "%s: layer %d: labels and label_f1 must have one entry for each of its %d features",
		    where, index, l->F);
	l->labels = ct_arena_need(&s->arena, (size_t)l->F, sizeof *l->labels, where, err);
	l->f1 = ct_arena_need(&s->arena, (size_t)l->F, sizeof *l->f1, where, err);
	if (!l->labels || !l->f1)
		return CT_ENOMEM;
	for (i = 0; i < l->F; i++) {
		v = json_array_get(labels, (size_t)i);
		if (!json_is_string(v))
			return ct_fail(
			    err, CT_EFORMAT, "%s: layer %d: labels[%d] must be text", where, index, i);
		l->labels[i] = "";
		if (json_string_length(v) > 0) {
			ct_text_clean(clean, sizeof clean, json_string_value(v), json_string_length(v));
			l->labels[i] = ct_arena_strdup(&s->arena, clean);
			if (!l->labels[i])
				return ct_fail_memory(err, sizeof clean, where);
		}
		v = json_array_get(f1, (size_t)i);
		l->f1[i] = json_is_number(v) ? (float)json_number_value(v) : NAN;
	}
	return CT_OK;
}

static int
load_layer(struct ct_store *s, struct layer *l, const json_t *j, const char *dir, const char *where,
    int index, struct ct_error *err)
{
	const char *name = json_string_value(json_object_get(j, "filename"));
	const char *weights = json_string_value(json_object_get(j, "weights"));
	const char *made_with = json_string_value(json_object_get(j, "made_with"));
	int code;

	if (!name || !plain_name(name))
		return ct_fail(err, CT_EFORMAT,
		    "%s: layer %d: expected filename, the name of a file in the folder of the "
		    "index", where, index);
	l->path = arena_path(&s->arena, dir, name);
	if (!l->path)
		return ct_fail_memory(err, strlen(name), where);
	if (weights)
		l->weights = (uint32_t)strtoul(weights, NULL, 16);
	if (made_with && ct_fingerprint_valid(made_with)) {
		l->made_with = ct_arena_strdup(&s->arena, made_with);
		if (!l->made_with)
			return ct_fail_memory(err, CT_FINGERPRINT, where);
	}
	code = load_offsets(s, l, j, where, index, err);
	return code == CT_OK ? load_labels(s, l, j, where, index, err) : code;
}

/* "0", "1", ...: the layer number, or -1. */
static int
layer_number(const char *key)
{
	char *end;
	long n = strtol(key, &end, 10);

	return key[0] >= '0' && key[0] <= '9' && *end == '\0' && n < LAYERS_MAX ? (int)n : -1;
}

static int
load_index(struct ct_store *s, const json_t *j, const char *dir, const char *where, struct ct_error *err)
{
	const char *key;
	json_t *value;
	int l, code;

	if (!json_is_object(j))
		return ct_fail(err, CT_EFORMAT, "%s: expected an object with an entry per layer", where);
	json_object_foreach((json_t *)j, key, value) {
		l = layer_number(key);
		if (l >= s->L)
			s->L = l + 1;
	}
	s->layers = ct_arena_need(&s->arena, (size_t)s->L, sizeof *s->layers, where, err);
	if (!s->layers)
		return CT_ENOMEM;
	json_object_foreach((json_t *)j, key, value) {
		l = layer_number(key);
		if (l < 0)
			continue;	/* other programs may add keys */
		code = load_layer(s, &s->layers[l], value, dir, where, l, err);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

int
ct_store_open(struct ct_store **out, const char *dir, struct ct_error *err)
{
	struct ct_store *s = calloc(1, sizeof *s);
	char *path = ct_path_join(dir, index_name), *packed = NULL, *text = NULL;
	json_t *j = NULL;
	size_t n_packed, n_text, max;
	int code;

	*out = NULL;
	if (!s || !path || (s->dir = ct_arena_strdup(&s->arena, dir)) == NULL) {
		code = ct_fail_memory(err, sizeof *s, "the index of the feature cards");
		goto fail;
	}
	code = ct_file_read(&packed, &n_packed, path, INDEX_MAX, err);
	if (code == CT_OK)
		code = ct_sniff_expect(path, packed, n_packed, CT_SNIFF_GZIP, "the index of feature cards",
		    err);
	if (code == CT_OK) {
		max = INDEX_RATIO * n_packed + 65536;
		code = ct_inflate(
		    &text, &n_text, packed, n_packed, max < INDEX_TEXT_MAX ? max : INDEX_TEXT_MAX, path, err);
	}
	if (code == CT_OK)
		code = ct_json_parse(&j, path, text, n_text, err);
	if (code == CT_OK)
		code = load_index(s, j, dir, path, err);
	if (code == CT_OK) {
		*out = s;
		s = NULL;
	}
fail:
	ct_store_close(s);
	json_decref(j);
	free(text);
	free(packed);
	free(path);
	return code;
}

void
ct_store_close(struct ct_store *s)
{
	if (!s)
		return;
	ct_arena_free(&s->arena);
	free(s);
}

int
ct_store_layers(const struct ct_store *s)
{
	return s->L;
}

int
ct_store_features(const struct ct_store *s, int layer)
{
	return layer >= 0 && layer < s->L ? s->layers[layer].F : 0;
}

static bool
has(const struct ct_store *s, int layer, int feature)
{
	return feature >= 0 && feature < ct_store_features(s, layer);
}

const char *
ct_store_label(const struct ct_store *s, int layer, int feature)
{
	return has(s, layer, feature) && s->layers[layer].labels ? s->layers[layer].labels[feature]
									 : "";
}

double
ct_store_label_f1(const struct ct_store *s, int layer, int feature)
{
	return has(s, layer, feature) && s->layers[layer].f1 ? (double)s->layers[layer].f1[feature]
								     : NAN;
}

uint32_t
ct_store_weights(const struct ct_store *s, int layer)
{
	return layer >= 0 && layer < s->L ? s->layers[layer].weights : 0;
}

/* Encoder biases and thresholds are small, and change with every step of training. */
uint32_t
ct_store_checksum(const struct ct_transcoder *tc, int layer)
{
	const struct ct_tc_layer *l = &tc->layers[layer];
	uInt bytes = (uInt)((size_t)l->F * sizeof(float));
	uLong crc = crc32(0, (const Bytef *)l->b_enc, bytes);

	if (l->threshold)
		crc = crc32(crc, (const Bytef *)l->threshold, bytes);
	return crc != 0 ? (uint32_t)crc : 1;	/* 0 stands for "none" */
}

int
ct_store_fits(const struct ct_store *s, const struct ct_transcoder *tc, const char *fingerprint,
    struct ct_error *err)
{
	char differs[80];

	for (int l = 0; l < s->L && l < tc->L; l++) {
		const struct layer *layer = &s->layers[l];

		if ((layer->weights != 0 && layer->weights != ct_store_checksum(tc, l)) ||
		    layer->F > tc->layers[l].F)
			return ct_fail(err, CT_EFORMAT, "%s: the cards were made from other weights; run "
			    "\"ctrace features\" again", s->dir);
		if (!layer->made_with || !fingerprint || *fingerprint == '\0')
			continue;
		if (*ct_fingerprint_differs(layer->made_with, fingerprint, differs, sizeof differs))
			return ct_fail(err, CT_EFORMAT, "%s: the cards were made for different files: %s (%s "
			    "there, %s here); run \"ctrace features\" "
			    "again", s->dir, differs, layer->made_with,
			    fingerprint);
	}
	return CT_OK;
}

static void
record_name(char *buf, size_t size, const struct layer *l, int feature)
{
	snprintf(buf, size, "%s: feature %d at byte %zu", l->path, feature, l->offsets[feature]);
}

/* Other programs leave out features that are never active: their range is empty. */
static bool
has_card(const struct ct_store *s, int layer, int feature)
{
	return has(s, layer, feature) &&
	    s->layers[layer].offsets[feature + 1] > s->layers[layer].offsets[feature];
}

/*
 * Reads the bytes of one record. The file is not kept open or mapped, since it may be large, shrink or be
 * replaced.
 */
static int
read_record(unsigned char **out, size_t *n, const struct ct_store *s, int layer, int feature,
    struct ct_error *err)
{
	const struct layer *l;
	char where[512];
	int code;

	*out = NULL;
	if (!has_card(s, layer, feature))
		return ct_fail(err, CT_ENOTFOUND, "no card for feature L%d#%d", layer, feature);
	l = &s->layers[layer];
	record_name(where, sizeof where, l, feature);
	*n = l->offsets[feature + 1] - l->offsets[feature];
	if (*n > CT_RECORD_MAX)
		return ct_fail(err, CT_EFORMAT,
		    "%s: the index gives the record %zu bytes, but at most %d can be read", where, *n,
		    CT_RECORD_MAX);
	*out = malloc(*n + 1);
	if (*out == NULL)
		return ct_fail_memory(err, *n, where);
	code = ct_file_read_at(*out, *n, l->path, l->offsets[feature], err);
	if (code != CT_OK) {
		free(*out);
		*out = NULL;
	}
	return code;
}

int
ct_store_card(struct ct_card **out, const struct ct_store *s, int layer, int feature, struct ct_error *err)
{
	unsigned char *record;
	char where[512];
	size_t n;
	int code = read_record(&record, &n, s, layer, feature, err);

	*out = NULL;
	if (code != CT_OK)
		return code;
	record_name(where, sizeof where, &s->layers[layer], feature);
	code = ct_record_read(out, record, n, layer, feature, where, err);
	free(record);
	return code;
}

void
ct_store_json_name(char *dst, size_t size, int layer, int feature)
{
	unsigned long long sum = (unsigned long long)layer + (unsigned long long)feature;

	snprintf(dst, size, "%llu.json", sum * (sum + 1) / 2 + (unsigned long long)feature);
}

/* The JSON of a record for viewers that join its tokens: tokens without blanks get them. */
static int
with_blanks(char **text, size_t *n, const char *where, struct ct_error *err)
{
	json_t *card = NULL;
	char *plain = *text;
	int code = ct_json_parse(&card, where, plain, *n, err);

	if (code != CT_OK)
		return code;
	if (ct_record_blanks(card, true) < 0)
		code = ct_fail_memory(err, *n, "a feature card");
	else
		code = ct_json_out_text(text, n, card, false, err);
	json_decref(card);
	if (code == CT_OK)
		free(plain);
	else
		*text = plain;
	return code;
}

static int
export_one(const struct ct_store *s, int layer, int feature, const char *to, bool apart, struct ct_error *err)
{
	char name[40], where[512], *path = NULL, *text = NULL;
	unsigned char *record = NULL;
	size_t n, n_text;
	int code = read_record(&record, &n, s, layer, feature, err);

	if (code != CT_OK)
		return code;
	ct_store_json_name(name, sizeof name, layer, feature);
	record_name(where, sizeof where, &s->layers[layer], feature);
	path = ct_path_join(to, name);
	if (!path)
		code = ct_fail_memory(err, strlen(to), "a path");
	if (code == CT_OK)
		code = ct_record_text(&text, &n_text, record, n, where, err);
	if (code == CT_OK && apart)
		code = with_blanks(&text, &n_text, where, err);
	if (code == CT_OK)
		code = ct_file_replace(path, text, n_text, err);
	free(text);
	free(path);
	free(record);
	return code;
}

int
ct_store_export(const struct ct_store *s, const char *to, bool apart, const struct ct_job *job,
    struct ct_error *err)
{
	long total = 0, done = 0;
	int l, f, code = ct_dir_make(to, err);

	for (l = 0; l < s->L; l++)
		total += s->layers[l].F;
	for (l = 0; code == CT_OK && l < s->L; l++) {
		for (f = 0; code == CT_OK && f < s->layers[l].F; f++) {
			if (has_card(s, l, f))
				code = export_one(s, l, f, to, apart, err);
			done++;
			if (done % 64 == 0 && !ct_job_go_on(job, "export", done, total))
				return ct_fail(err, CT_ECANCELLED, "export cancelled after %ld of %ld cards",
				    done, total);
		}
	}
	return code;
}

static json_t *
index_entry(const struct ct_store_layer *l, const char *name)
{
	json_t *j = json_object(), *offsets = json_array(), *labels = json_array(), *f1 = json_array();
	char weights[16];
	json_int_t at = 0;
	int f;

	json_array_append_new(offsets, json_integer(0));
	for (f = 0; f < l->F; f++) {
		at += (json_int_t)l->sizes[f];
		json_array_append_new(offsets, json_integer(at));
		json_array_append_new(labels, ct_json_out_shown(l->labels[f]));
		json_array_append_new(f1, isfinite(l->f1[f]) ? json_real(l->f1[f]) : json_null());
	}
	snprintf(weights, sizeof weights, "%08" PRIx32, l->weights);
	json_object_set_new(j, "filename", json_string(name));
	json_object_set_new(j, "offsets", offsets);
	json_object_set_new(j, "labels", labels);
	json_object_set_new(j, "label_f1", f1);
	json_object_set_new(j, "weights", json_string(weights));
	if (l->made_with && *l->made_with != '\0')
		json_object_set_new(j, "made_with", json_string(l->made_with));
	return j;
}

static int
write_layer(const char *dir, const char *name, const struct ct_store_layer *l, struct ct_error *err)
{
	char *path = ct_path_join(dir, name);
	struct ct_part *parts = calloc((size_t)l->F + 1, sizeof *parts);
	int f, code;

	if (!path || !parts) {
		code = ct_fail_memory(err, (size_t)l->F * sizeof *parts, name);
	} else {
		for (f = 0; f < l->F; f++)
			parts[f] = (struct ct_part){ .data = l->records[f], .size = l->sizes[f] };
		code = ct_file_replace_parts(path, parts, l->F, err);
	}
	free(parts);
	free(path);
	return code;
}

int
ct_store_write(const char *dir, const struct ct_store_layer *layers, int L, struct ct_error *err)
{
	char name[32], key[16], *path = ct_path_join(dir, index_name), *text = NULL;
	json_t *index = json_object();
	unsigned char *packed = NULL;
	size_t n;
	int l, code;

	if (!path) {
		code = ct_fail_memory(err, strlen(dir), "a path");
		goto fail;
	}
	code = ct_dir_make(dir, err);
	if (code != CT_OK)
		goto fail;
	if (unlink(path) != 0 && errno != ENOENT) {
		code = ct_fail(err, CT_EIO, "%s: cannot be removed: %s", path, strerror(errno));
		goto fail;
	}
	for (l = 0; l < L && code == CT_OK; l++) {
		snprintf(name, sizeof name, "layer_%d.bin", l);
		snprintf(key, sizeof key, "%d", l);
		code = write_layer(dir, name, &layers[l], err);
		json_object_set_new(index, key, index_entry(&layers[l], name));
	}
	if (code != CT_OK)
		goto fail;
	text = json_dumps(index, JSON_COMPACT | JSON_REAL_PRECISION(4));
	if (!text) {
		code = ct_fail_memory(err, 1 << 20, "the index of the feature cards");
		goto fail;
	}
	code = ct_deflate(&packed, &n, text, strlen(text), CT_GZIP, err);
	if (code == CT_OK)
		code = ct_file_replace(path, packed, n, err);
fail:
	free(packed);
	free(text);
	json_decref(index);
	free(path);
	return code;
}
