/*
 * tokenizer_config: see tokenizer_config.h. Source: transformers 4.57, tokenization_utils_fast.py,
 * tokenization_utils_base.py and models/auto/tokenization_auto.py; tokenizer_class.c has the classes.
 */
#include "model/tokenizer_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/sort.h"
#include "base/text.h"
#include "model/tokenizer_class.h"

enum { MAX_FILE = 64 << 20 };

/* Notes the tokens that one file changes or adds, and names the first. */
struct added {
	const char *path;
	size_t n;
	char first[80];
};

/* tokenizer.json's added tokens by their texts: Gemma 3 has thousands. */
static void
index_added(struct ct_tokenizer_files *m)
{
	json_t *list = json_object_get(m->root, "added_tokens"), *token;
	size_t i;

	m->added = json_object();
	m->full |= !m->added;
	json_array_foreach(list, i, token) {
		const char *text = json_string_value(json_object_get(token, "content"));

		if (text && !json_object_get(m->added, text))
			m->full |= json_object_set(m->added, text, token) != 0;
	}
}

/* The id that the tokenizers library gives to a token that is added after the others. */
static long long
next_id(const struct ct_tokenizer_files *m, const json_t *list, const char *content)
{
	const json_t *vocab = json_object_get(json_object_get(m->root, "model"), "vocab"), *token;
	const json_t *known = json_object_get(vocab, content);
	long long next = (long long)json_object_size(vocab);
	size_t i;

	if (known)
		return json_integer_value(known);
	json_array_foreach(list, i, token) {
		long long id = json_integer_value(json_object_get(token, "id"));

		next = id >= next ? id + 1 : next;
	}
	return next;
}

/*
 * Adds a token to those of tokenizer.json, or gives it the same flags there. Returns whether that changed
 * anything.
 */
static bool
merge_token(struct ct_tokenizer_files *m, json_t *list, const json_t *token)
{
	static const char *const flags[] = { "single_word", "lstrip", "rstrip", "normalized", "special" };
	const json_t *content = json_object_get(token, "content");
	json_t *there = json_object_get(m->added, json_string_value(content));
	bool special = json_is_true(json_object_get(token, "special")), changed = !there;

	if (!there) {
		long long id = next_id(m, list, json_string_value(content));

		there = json_pack("{s:O, s:I}", "content", content, "id", (json_int_t)id);
		if (!there || json_array_append_new(list, there) != 0 ||
		    json_object_set(m->added, json_string_value(content), there) != 0) {
			m->full = true;
			return false;
		}
	}
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		const json_t *given = json_object_get(token, flags[i]);
		bool wanted = given ? json_is_true(given) : strcmp(flags[i], "normalized") == 0 &&
		    !special;

		if (json_is_true(json_object_get(there, flags[i])) == wanted)
			continue;
		/* A token that is looked for before the text is normalized still is. */
		if (json_is_false(json_object_get(there, flags[i])) && strcmp(flags[i], "normalized") == 0)
			continue;
		ct_tokenizer_files_set(m, there, flags[i], json_boolean(wanted));
		changed = true;
	}
	return changed;
}

static int
by_number(const void *a, const void *b)
{
	long x = strtol(*(char *const *)a, NULL, 10), y = strtol(*(char *const *)b, NULL, 10);

	return x < y ? -1 : x > y;
}

static void
add(struct ct_tokenizer_files *m, struct added *a, const json_t *token)
{
	const char *text = json_string_value(json_object_get(token, "content"));

	if (m->full || !merge_token(m, json_object_get(m->root, "added_tokens"), token))
		return;
	m->changed = true;
	if (!a->n++)
		ct_text_clean(a->first, sizeof a->first, text, strlen(text));
}

/* {"32000": {"content": "<x>", "lstrip": false, ...}, ...}, in the order of the numbers. */
static void
merge_decoder(struct ct_tokenizer_files *m, struct added *a)
{
	const json_t *decoder = json_object_get(m->config, "added_tokens_decoder");
	const char **keys = calloc(json_object_size(decoder) + 1, sizeof *keys), *key;
	json_t *token;
	size_t n = 0;

	m->full |= !keys;
	if (decoder && !json_is_object(decoder))
		ct_tokenizer_files_refused(m, a->path, "added_tokens_decoder",
		    "an object {\"id\": {...}, ...}");
	if (!keys)
		return;
	json_object_foreach((json_t *)(uintptr_t)decoder, key, token)
		if (json_is_string(json_object_get(token, "content")))
			keys[n++] = key;
		else
			ct_tokenizer_files_refused(m, a->path, "added_tokens_decoder",
			    "objects with a \"content\" in it");
	if (n)
		qsort(keys, n, sizeof *keys, by_number);
	for (size_t i = 0; i < n; i++)
		add(m, a, json_object_get(decoder, keys[i]));
	free(keys);
}

static int
by_id(const void *a, const void *b, void *ids)
{
	json_int_t x = json_integer_value(json_object_get(ids, *(char *const *)a)),
	    y = json_integer_value(json_object_get(ids, *(char *const *)b));

	return x < y ? -1 : x > y;
}

/* {"<x>": 32000, ...}: adds what has not been added yet, in the order of ids. */
static void
merge_extra(struct ct_tokenizer_files *m, struct added *a)
{
	const char **keys = calloc(json_object_size(m->extra) + 1, sizeof *keys), *key;
	json_t *id, *token;
	size_t n = 0;

	m->full |= !keys;
	if (!keys)
		return;
	json_object_foreach(m->extra, key, id)
		if (*key && !json_object_get(m->added, key))
			keys[n++] = key;
	ct_sort(keys, n, sizeof *keys, by_id, m->extra);
	for (size_t i = 0; i < n; i++) {
		token = json_pack("{s:s}", "content", keys[i]);
		m->full |= !token;
		if (token)
			add(m, a, token);
		json_decref(token);
	}
	free(keys);
}

/*
 * "<s>" or {"content": "<s>", "lstrip": false, ...}: adds special tokens that have not been added yet. If it
 * is listed, an object's flags count even so.
 */
static void
merge_special(struct ct_tokenizer_files *m, struct added *a, const char *key, json_t *value, bool listed)
{
	const char *text = json_string_value(json_is_object(value) ? json_object_get(value, "content") :
	    value);
	json_t *token;

	if (!text && value && !json_is_null(value))
		ct_tokenizer_files_refused(m, a->path, key, "a token");
	if (!text || !*text || (json_object_get(m->added, text) && !(listed && json_is_object(value))))
		return;
	token = json_is_object(value) ? json_copy(value) : json_pack("{s:O}", "content", value);
	m->full |= !token || json_object_set_new(token, "special", json_true()) != 0 ||
	    json_object_set_new(token, "normalized", json_boolean(json_is_true(json_object_get(token,
	    "normalized")))) != 0;
	if (token)
		add(m, a, token);
	json_decref(token);
}

/*
 * A token that the class takes for special. One that the vocabulary lacks needs no note, and is left out if
 * the model has no row for it.
 */
static void
merge_default(struct ct_tokenizer_files *m, struct added *a, const char *text)
{
	const json_t *vocab = json_object_get(json_object_get(m->root, "model"), "vocab");
	struct added aside = { .n = 0 };
	json_t *value;

	if (!text || !ct_tokenizer_files_row(m, next_id(m, json_object_get(m->root, "added_tokens"), text)))
		return;
	value = json_string(text);
	m->full |= !value;
	merge_special(m, json_object_get(vocab, text) ? a : &aside, "", value, false);
	json_decref(value);
}

static void
merge_list(struct ct_tokenizer_files *m, struct added *a, const json_t *from, const char *key)
{
	json_t *more = json_object_get(from, key), *value;
	const char *name;
	size_t i;

	json_array_foreach(more, i, value)
		merge_special(m, a, key, value, true);
	json_object_foreach(more, name, value)
		merge_special(m, a, name, value, true);
	if (more && !json_is_null(more) && !json_is_array(more) && !json_is_object(more))
		ct_tokenizer_files_refused(m, a->path, key, "a list of tokens");
}

/* In the order in which transformers adds them, which gives new ones their ids. */
static void
merge_specials(struct ct_tokenizer_files *m, struct added *config, struct added *map, struct added *class)
{
	static const char *const names[] = { "bos_token", "eos_token", "unk_token", "sep_token",
		"pad_token", "cls_token", "mask_token" };
	const struct ct_tokenizer_class *c = m->class;
	const char *const defaults[] = { c ? c->bos : NULL, c ? c->eos : NULL, c ? c->unk : NULL, NULL,
		c ? c->pad : NULL, NULL, NULL };
	bool in_map;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *value = ct_tokenizer_files_special(m, names[i], &in_map);

		if (value)
			merge_special(m, in_map ? map : config, names[i], value, false);
		else
			merge_default(m, class, defaults[i]);
	}
	merge_list(m, config, m->config, "additional_special_tokens");
	merge_list(m, map, m->map, "additional_special_tokens");
	for (const char *const *text = c ? c->more : NULL; text && *text; text++)
		merge_default(m, class, *text);
	merge_list(m, config, m->config, "extra_special_tokens");
}

static void
note_added(const struct ct_tokenizer_files *m, const struct added *a)
{
	if (a->n)
		ct_note(m->notes, "%s: %zu added token%s, such as \"%s\", %s missing from tokenizer.json "
		    "or %s other flags there; what stands here counts, as in transformers", a->path, a->n,
		    a->n > 1 ? "s" : "", a->first, a->n > 1 ? "are" : "is", a->n > 1 ? "have" : "has");
}

static void
merge_added(struct ct_tokenizer_files *m)
{
	struct added config = { .path = m->path }, map = { .path = m->map_path },
	    extra = { .path = m->added_path }, class = { .path = m->class_path };
	json_t *list = json_object_get(m->root, "added_tokens");

	if (!list)
		m->full |= json_object_set_new(m->root, "added_tokens", json_array()) != 0;
	if (m->full || (list && !json_is_array(list)))
		return;
	merge_decoder(m, &config);
	merge_extra(m, &extra);
	merge_specials(m, &config, &map, &class);
	note_added(m, &config);
	note_added(m, &map);
	note_added(m, &extra);
	if (class.n)
		ct_note(m->notes, "%s: the tokens of transformers' %s, such as \"%s\", are special, and "
		    "are found in texts before anything else; tokenizer.json does not say so",
		    class.path, m->class->name, class.first);
}

/* A checksum of everything that may have been changed. */
static int
add_digest(const json_t *root, uint32_t *digest, struct ct_error *err)
{
	static const char *const names[] = { "added_tokens", "normalizer", "pre_tokenizer",
		"post_processor" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const json_t *value = json_object_get(root, names[i]);
		char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
		    JSON_SORT_KEYS) : NULL;

		if (value && !text)
			return ct_fail_memory(err, 0, "tokenizer_config.json");
		if (text)
			*digest = (uint32_t)crc32_z(*digest, (const Bytef *)text, strlen(text));
		free(text);
	}
	return CT_OK;
}

/* *out = the object in a file beside tokenizer.json, or NULL if there is none that can be read. */
static int
load(struct ct_tokenizer_files *m, json_t **out, char **path, const char *name, struct ct_notes *notes,
    struct ct_error *err)
{
	struct ct_error why = { 0 };
	int code = CT_OK;

	*path = ct_path_join(m->dir, name);
	if (!*path)
		return ct_fail_memory(err, strlen(m->dir), "a path");
	if (!ct_file_missing(*path))
		code = ct_json_load_mended(out, *path, MAX_FILE, notes, NULL, &why);
	if (code == CT_ENOMEM)
		return ct_fail(err, code, "%s", why.msg);
	if (code != CT_OK)
		ct_note(notes, "%s; the file is ignored", why.msg);
	if (*out && !json_is_object(*out)) {
		ct_note(notes, "%s: expected an object {...}; the file is ignored", *path);
		json_decref(*out);
		*out = NULL;
	}
	return CT_OK;
}

static int
load_all(struct ct_tokenizer_files *m, struct ct_error *err)
{
	struct ct_notes own = { .n = 0 };	/* about config.json, of which the model's reader speaks */
	int code = load(m, &m->config, &m->path, "tokenizer_config.json", m->notes, err);

	if (code == CT_OK)
		code = load(m, &m->model, &m->model_path, "config.json", &own, err);
	if (code != CT_OK || json_object_get(m->config, "added_tokens_decoder") ||
	    (!m->config && !m->model))
		return code;
	/* What older versions of transformers wrote. Newer ones read it if the key is missing. */
	code = load(m, &m->map, &m->map_path, "special_tokens_map.json", m->notes, err);
	if (code == CT_OK)
		code = load(m, &m->extra, &m->added_path, "added_tokens.json", m->notes, err);
	return code;
}

int
ct_tokenizer_config_merge(json_t *root, const char *dir, struct ct_notes *notes, uint32_t *digest,
    struct ct_error *err)
{
	struct ct_tokenizer_files m = { .root = root, .dir = dir, .notes = notes };
	int code = load_all(&m, err);

	if (code == CT_OK && (m.config || m.model)) {
		if (!m.config)
			m.config = json_object();
		m.full = !m.config;
		ct_tokenizer_class_choose(&m);
		ct_tokenizer_class_steps(&m);
		index_added(&m);
		merge_added(&m);
		ct_tokenizer_class_template(&m);
		if (m.full)
			code = ct_fail_memory(err, sizeof m, m.path);
	}
	if (code == CT_OK && m.changed)
		code = add_digest(root, digest, err);
	json_decref(m.added);
	json_decref(m.config);
	json_decref(m.map);
	json_decref(m.extra);
	json_decref(m.model);
	free(m.path);
	free(m.map_path);
	free(m.added_path);
	free(m.model_path);
	return code;
}
