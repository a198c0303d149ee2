/*
 * tokenizer_config: see tokenizer_config.h. Source: transformers 4.57, tokenization_utils_fast.py,
 * tokenization_utils_base.py and models/{llama,gemma}/tokenization_*_fast.py.
 */
#include "model/tokenizer_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/text.h"

enum { MAX_FILE = 64 << 20 };

/* Classes that replace the template of tokenizer.json with one of their own, and their bos_token. */
static const struct own_template {
	const char *name, *bos;
} own_templates[] = {
	{ "LlamaTokenizer", "<s>" }, { "LlamaTokenizerFast", "<s>" },
	{ "CodeLlamaTokenizer", "<s>" }, { "CodeLlamaTokenizerFast", "<s>" },
	{ "GemmaTokenizer", "<bos>" }, { "GemmaTokenizerFast", "<bos>" },
	{ "CohereTokenizer", "<BOS_TOKEN>" }, { "CohereTokenizerFast", "<BOS_TOKEN>" },
};

struct merge {
	json_t *root;
	const json_t *config;
	json_t *added;			/* {text: one of root's added tokens, ...} */
	const char *path;		/* of tokenizer_config.json */
	struct ct_notes *notes;
	bool changed;
	bool full;			/* a change failed: out of memory */
};

static void
set(struct merge *m, json_t *object, const char *key, json_t *value)
{
	m->full |= json_object_set_new(object, key, value) != 0;
	m->changed = true;
}

/* A ByteLevel that stands alone takes the value from the class, whose default is false. */
static void
merge_prefix_space(struct merge *m)
{
	json_t *pre = json_object_get(m->root, "pre_tokenizer");
	const char *type = json_string_value(json_object_get(pre, "type"));
	const json_t *given = json_object_get(m->config, "add_prefix_space");
	bool wanted = json_is_true(given), has = json_is_true(json_object_get(pre, "add_prefix_space"));

	if (!type || strcmp(type, "ByteLevel") != 0 || wanted == has)
		return;
	ct_note(m->notes, "%s: \"add_prefix_space\" is %s, and counts, as in transformers; "
	    "tokenizer.json has %s", m->path, wanted ? "true" : json_is_false(given) ? "false" :
	    "missing, which means false", has ? "true" : "false");
	set(m, pre, "add_prefix_space", json_boolean(wanted));
}

/* tokenizer.json's added tokens by their texts: Gemma 3 has thousands. */
static void
index_added(struct merge *m)
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
next_id(const struct merge *m, const json_t *list, const char *content)
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
merge_token(struct merge *m, json_t *list, const json_t *token)
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
		set(m, there, flags[i], json_boolean(wanted));
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

/* Notes the tokens that were changed or added, and names the first. */
struct added {
	json_t *list;
	size_t n;
	char first[80];
};

static void
add(struct merge *m, struct added *a, const json_t *token)
{
	const char *text = json_string_value(json_object_get(token, "content"));

	if (m->full || !merge_token(m, a->list, token))
		return;
	m->changed = true;
	if (!a->n++)
		ct_text_clean(a->first, sizeof a->first, text, strlen(text));
}

/* {"32000": {"content": "<x>", "lstrip": false, ...}, ...}, in the order of the numbers. */
static void
merge_decoder(struct merge *m, struct added *a)
{
	const json_t *decoder = json_object_get(m->config, "added_tokens_decoder");
	const char **keys = calloc(json_object_size(decoder) + 1, sizeof *keys), *key;
	json_t *token;
	size_t n = 0;

	m->full |= !keys;
	if (!keys)
		return;
	json_object_foreach((json_t *)(uintptr_t)decoder, key, token)
		if (json_is_string(json_object_get(token, "content")))
			keys[n++] = key;
	if (n)
		qsort(keys, n, sizeof *keys, by_number);
	for (size_t i = 0; i < n; i++)
		add(m, a, json_object_get(decoder, keys[i]));
	free(keys);
}

/* "<s>" or {"content": "<s>", ...}: adds special tokens that have not been added yet. */
static void
merge_special(struct merge *m, struct added *a, const json_t *value)
{
	const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;
	const char *text = json_string_value(content);
	json_t *token;

	if (!text || !*text || json_object_get(m->added, text))
		return;
	token = json_pack("{s:O, s:b}", "content", content, "special", 1);
	m->full |= !token;
	if (token)
		add(m, a, token);
	json_decref(token);
}

static void
merge_added(struct merge *m)
{
	static const char *const names[] = { "bos_token", "eos_token", "unk_token", "sep_token",
	    "pad_token",
		"cls_token", "mask_token" };
	const json_t *more = json_object_get(m->config, "additional_special_tokens"), *value;
	struct added a = { .list = json_object_get(m->root, "added_tokens") };
	size_t i;

	if (!a.list) {
		a.list = json_array();
		m->full |= json_object_set_new(m->root, "added_tokens", a.list) != 0;
	}
	if (m->full || !json_is_array(a.list))
		return;
	merge_decoder(m, &a);
	for (i = 0; i < sizeof names / sizeof *names; i++)
		merge_special(m, &a, json_object_get(m->config, names[i]));
	json_array_foreach(more, i, value)
		merge_special(m, &a, value);
	if (a.n)
		ct_note(m->notes, "%s: %zu added token%s, such as \"%s\", %s missing from tokenizer.json "
		    "or %s other flags there; what stands here counts, as in transformers", m->path, a.n,
		    a.n > 1 ? "s" : "", a.first, a.n > 1 ? "are" : "is", a.n > 1 ? "have" : "has");
}

static const struct own_template *
find_class(const struct merge *m)
{
	const char *name = json_string_value(json_object_get(m->config, "tokenizer_class"));

	for (size_t i = 0; name && i < sizeof own_templates / sizeof *own_templates; i++)
		if (strcmp(own_templates[i].name, name) == 0)
			return &own_templates[i];
	return NULL;
}

/* The TemplateProcessing of a post_processor, alone or in a Sequence, or NULL. */
static const json_t *
find_template(const json_t *post)
{
	const char *type = json_string_value(json_object_get(post, "type"));
	const json_t *list = json_object_get(post, "processors"), *child;
	size_t i;

	if (type && strcmp(type, "TemplateProcessing") == 0)
		return post;
	json_array_foreach(list, i, child) {
		const json_t *found = find_template(child);

		if (found)
			return found;
	}
	return NULL;
}

/* Whether a template is just this token and the text. */
static bool
is_bos_alone(const json_t *template, const char *bos, long long id)
{
	const json_t *single = json_object_get(template, "single");
	const json_t *special = json_object_get(json_array_get(single, 0), "SpecialToken");
	const char *name = json_string_value(json_object_get(special, "id"));
	const json_t *ids = json_object_get(json_object_get(json_object_get(template, "special_tokens"),
	    name ? name : ""), "ids");

	return json_array_size(single) == 2 && name && strcmp(name, bos) == 0 && json_array_size(ids) == 1 &&
	    json_integer_value(json_array_get(ids, 0)) == id;
}

static void
set_bos(struct merge *m, const char *class, const char *bos)
{
	const json_t *post = json_object_get(m->root, "post_processor");
	const json_t *token = json_object_get(m->added, bos);
	const json_t *id = token ? json_object_get(token, "id") : json_object_get(json_object_get(
	    json_object_get(m->root, "model"), "vocab"), bos);
	const json_t *template = find_template(post);
	bool had = template;
	char shown[80];
	json_t *own;

	ct_text_clean(shown, sizeof shown, bos, strlen(bos));
	if (!json_is_integer(id)) {
		ct_note(m->notes, "%s: the \"bos_token\" \"%s\" is not in tokenizer.json, whose "
		    "template counts", m->path, shown);
		return;
	}
	if (is_bos_alone(template, bos, json_integer_value(id)))
		return;
	own = json_pack("{s:s, s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}], s:{s:{s:[O]}}}",
	    "type", "TemplateProcessing", "single", "SpecialToken", "id", bos, "type_id", 0,
	    "Sequence", "id", "A", "type_id", 0,
	    "special_tokens", bos, "ids", id);
	set(m, m->root, "post_processor", own);
	ct_note(m->notes, "%s: \"%s\" stands before every text, as transformers' %s has it; "
	    "tokenizer.json has %s", m->path, shown, class, had ? "another template" : "no template");
}

static void
merge_template(struct merge *m)
{
	const struct own_template *own = find_class(m);
	const json_t *bos = json_object_get(m->config, "bos_token"), *add;
	const char *text = json_string_value(json_is_object(bos) ? json_object_get(bos, "content") : bos);

	if (json_is_true(json_object_get(m->config, "add_eos_token")))
		ct_note(m->notes, "%s: \"add_eos_token\" is true, but nothing is put after prompts "
		    "here", m->path);
	if (json_is_true(json_object_get(m->config, "split_special_tokens")))
		ct_note(m->notes, "%s: \"split_special_tokens\" is not supported: special tokens "
		    "in prompts stay whole", m->path);
	add = json_object_get(m->config, "add_bos_token");
	if (!own)
		return;
	if (!json_is_false(add)) {
		set_bos(m, own->name, text ? text : own->bos);
	} else if (find_template(json_object_get(m->root, "post_processor"))) {
		set(m, m->root, "post_processor", json_null());
		ct_note(m->notes, "%s: \"add_bos_token\" is false, and counts, as in transformers: "
		    "the template in tokenizer.json is not used", m->path);
	}
}

/* A checksum of everything that may have been changed. */
static int
add_digest(const json_t *root, uint32_t *digest, struct ct_error *err)
{
	static const char *const names[] = { "added_tokens", "pre_tokenizer", "post_processor" };

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

int
ct_tokenizer_config_merge(json_t *root, const char *dir, struct ct_notes *notes, uint32_t *digest,
    struct ct_error *err)
{
	char *path = ct_path_join(dir, "tokenizer_config.json");
	struct ct_error why = { 0 };
	json_t *config = NULL;
	struct merge m = { .root = root, .path = path, .notes = notes };
	int code = CT_OK;

	if (!path)
		return ct_fail_memory(err, strlen(dir), "a path");
	if (!ct_file_missing(path))
		code = ct_json_load_mended(&config, path, MAX_FILE, notes, NULL, &why);
	if (code == CT_ENOMEM) {
		ct_fail(err, code, "%s", why.msg);
	} else if (code != CT_OK) {
		ct_note(notes, "%s; the file is ignored", why.msg);
		code = CT_OK;
	} else if (json_is_object(config)) {
		m.config = config;
		merge_prefix_space(&m);
		index_added(&m);
		merge_added(&m);
		merge_template(&m);
		if (m.full)
			code = ct_fail_memory(err, sizeof m, path);
	}
	if (code == CT_OK && m.changed)
		code = add_digest(root, digest, err);
	json_decref(m.added);
	json_decref(config);
	free(path);
	return code;
}
