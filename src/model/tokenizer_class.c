/*
 * tokenizer_class: see tokenizer_class.h. Source: transformers 4.57, models/auto/tokenization_auto.py and
 * tokenization_*_fast.py.
 */
#include "model/tokenizer_class.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "model/model.h"

#define LLAMA .own_template = true, .bos = "<s>", .eos = "</s>", .unk = "<unk>"
#define GPT2 .bos = "<|endoftext|>", .eos = "<|endoftext|>", .unk = "<|endoftext|>"

static const struct ct_tokenizer_class classes[] = {
	{ .name = "PreTrainedTokenizer" },
	{ .name = "TokenizersBackend" },	/* the same in transformers 5 */
	{ .name = "LlamaTokenizer", LLAMA, .from_model = true },
	{ .name = "CodeLlamaTokenizer", LLAMA,
	    .more = (const char *const[]){ "▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>", NULL } },
	{ .name = "GemmaTokenizer", .own_template = true, .bos = "<bos>", .eos = "<eos>", .unk = "<unk>",
	    .pad = "<pad>" },
	{ .name = "CohereTokenizer", .own_template = true, .bos = "<BOS_TOKEN>",
	    .eos = "<|END_OF_TURN_TOKEN|>", .unk = "<UNK>" },
	{ .name = "GPTNeoXTokenizer", GPT2, .own_template = true, .bos_on_demand = true },
	{ .name = "GPT2Tokenizer", GPT2 },
	{ .name = "Qwen2Tokenizer", .eos = "<|endoftext|>", .unk = "<|endoftext|>", .pad = "<|endoftext|>" },
};

void
ct_tokenizer_files_set(struct ct_tokenizer_files *m, json_t *object, const char *key, json_t *value)
{
	m->full |= json_object_set_new(object, key, value) != 0;
	m->changed = true;
}

json_t *
ct_tokenizer_files_special(const struct ct_tokenizer_files *m, const char *key, bool *in_map)
{
	json_t *value = json_object_get(m->map, key);

	*in_map = value;
	return value ? value : json_object_get(m->config, key);
}

bool
ct_tokenizer_files_row(const struct ct_tokenizer_files *m, long long id)
{
	const json_t *V = json_object_get(m->model, "vocab_size");

	if (!V)
		V = json_object_get(json_object_get(m->model, "text_config"), "vocab_size");
	return !V || id < json_integer_value(V);
}

void
ct_tokenizer_files_refused(const struct ct_tokenizer_files *m, const char *path, const char *key,
    const char *expected)
{
	char shown[80];

	ct_text_clean(shown, sizeof shown, key, strlen(key));
	ct_note(m->notes, "%s: \"%s\": expected %s; it is ignored, but transformers refuses the file", path,
	    shown, expected);
}

/* The class of that name, with or without "Fast", or NULL. */
static const struct ct_tokenizer_class *
find(const char *name)
{
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		size_t n = strlen(classes[i].name);

		if (strncmp(name, classes[i].name, n) == 0 &&
		    (strcmp(name + n, "") == 0 || strcmp(name + n, "Fast") == 0))
			return &classes[i];
	}
	return NULL;
}

void
ct_tokenizer_class_choose(struct ct_tokenizer_files *m)
{
	const char *name = json_string_value(json_object_get(m->config, "tokenizer_class"));
	const char *type = json_string_value(json_object_get(m->model, "model_type"));
	const struct ct_family *family = type ? ct_family_find(type) : NULL;
	char shown[80];

	m->class_path = name ? m->path : m->model_path;
	if (!name)
		name = json_string_value(json_object_get(m->model, "tokenizer_class"));
	if (!name && family)
		name = family->tokenizer_class;
	if (!name)
		return;
	m->class = find(name);
	ct_text_clean(shown, sizeof shown, name, strlen(name));
	if (!m->class)
		ct_note(m->notes, "%s: what the \"tokenizer_class\" \"%s\" changes is not known here; "
		    "tokenizer.json is used as it is", m->class_path, shown);
}

/*
 * A ByteLevel that stands alone takes the value from the class, whose default is false; that of llama leaves
 * it alone.
 */
static void
merge_prefix_space(struct ct_tokenizer_files *m)
{
	json_t *pre = json_object_get(m->root, "pre_tokenizer");
	const char *type = json_string_value(json_object_get(pre, "type"));
	const json_t *given = json_object_get(m->config, "add_prefix_space");
	bool wanted = json_is_true(given), has = json_is_true(json_object_get(pre, "add_prefix_space"));

	if (!type || strcmp(type, "ByteLevel") != 0 || wanted == has || json_is_null(given) ||
	    (!given && m->class && m->class->from_model))
		return;
	ct_note(m->notes, "%s: \"add_prefix_space\" is %s, and counts, as in transformers; "
	    "tokenizer.json has %s", m->path, wanted ? "true" : json_is_false(given) ? "false" :
	    "missing, which means false", has ? "true" : "false");
	ct_tokenizer_files_set(m, pre, "add_prefix_space", json_boolean(wanted));
}

/* Puts a value in the place of another; whether that changed anything. Takes the value over. */
static bool
replace(struct ct_tokenizer_files *m, const char *key, json_t *value)
{
	const json_t *old = json_object_get(m->root, key);
	bool same = json_equal(old ? old : json_null(), value);

	m->full |= !value;
	if (same || !value)
		json_decref(value);
	else
		ct_tokenizer_files_set(m, m->root, key, value);
	return !same;
}

/*
 * With add_prefix_space, true or false, transformers does not read tokenizer.json, but makes the tokenizer
 * from tokenizer.model: the same pieces, with these steps before them.
 */
static void
merge_from_model(struct ct_tokenizer_files *m)
{
	const json_t *given = json_object_get(m->config, "add_prefix_space");
	const json_t *legacy = json_object_get(m->config, "legacy");
	bool old = !json_is_false(legacy), space = json_is_true(given), changed;
	char *path;

	if (!m->class || !m->class->from_model ||
	    (!json_is_boolean(given) && !json_is_true(json_object_get(m->config, "from_slow"))))
		return;
	path = ct_path_join(m->dir, "tokenizer.model");
	m->full |= !path;
	if (!path)
		return;
	if (ct_file_missing(path)) {
		ct_note(m->notes, "%s: \"add_prefix_space\" makes transformers read tokenizer.model, "
		    "which is missing; tokenizer.json is used as it is", m->path);
		free(path);
		return;
	}
	free(path);
	changed = replace(m, "normalizer", !old ? json_null() : space ?
	    json_pack("{s:s, s:[{s:s, s:s}, {s:s, s:{s:s}, s:s}]}", "type", "Sequence", "normalizers",
	    "type", "Prepend", "prepend", "▁",
	    "type", "Replace", "pattern", "String", " ", "content", "▁") :
	    json_pack("{s:s, s:[{s:s, s:{s:s}, s:s}]}", "type", "Sequence", "normalizers",
	    "type", "Replace", "pattern", "String", " ", "content", "▁"));
	changed |= replace(m, "pre_tokenizer", old ? json_null() :
	    json_pack("{s:s, s:s, s:s, s:b}", "type", "Metaspace", "replacement", "▁",
	    "prepend_scheme", space ? "first" : "never", "split", 0));
	if (changed)
		ct_note(m->notes, "%s: \"add_prefix_space\" is %s, so transformers makes the tokenizer "
		    "from tokenizer.model, and blanks become what it makes of them; tokenizer.json has it "
		    "otherwise", m->path, space ? "true" : "false");
}

void
ct_tokenizer_class_steps(struct ct_tokenizer_files *m)
{
	merge_prefix_space(m);
	merge_from_model(m);
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
set_bos(struct ct_tokenizer_files *m, const char *bos)
{
	const json_t *post = json_object_get(m->root, "post_processor");
	const json_t *token = json_object_get(m->added, bos);
	const json_t *id = json_object_get(token, "id");
	const json_t *template = find_template(post);
	const char *has = template ? "another template" : "no template";
	char shown[80];
	json_t *own;

	ct_text_clean(shown, sizeof shown, bos, strlen(bos));
	if (!json_is_integer(id) || !ct_tokenizer_files_row(m, json_integer_value(id))) {
		ct_note(m->notes, "%s: the \"bos_token\" \"%s\" that transformers' %s puts before texts is "
		    "not in the model; tokenizer.json, which has %s, is used as it is", m->class_path, shown,
		    m->class->name, has);
		return;
	}
	if (is_bos_alone(template, bos, json_integer_value(id)))
		return;
	own = json_pack("{s:s, s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}], s:{s:{s:[O]}}}",
	    "type", "TemplateProcessing", "single", "SpecialToken", "id", bos, "type_id", 0,
	    "Sequence", "id", "A", "type_id", 0,
	    "special_tokens", bos, "ids", id);
	ct_note(m->notes, "%s: \"%s\" stands before every text, as transformers' %s has it; "
	    "tokenizer.json has %s", m->class_path, shown, m->class->name, has);
	ct_tokenizer_files_set(m, m->root, "post_processor", own);
}

/* A template of the text alone: then no BOS of config.json is put before texts, either. */
static void
set_no_bos(struct ct_tokenizer_files *m, bool given)
{
	const json_t *old = find_template(json_object_get(m->root, "post_processor"));
	json_t *alone = json_pack("{s:s, s:[{s:{s:s, s:i}}]}", "type", "TemplateProcessing", "single",
	    "Sequence", "id", "A", "type_id", 0);

	if (given)
		ct_note(m->notes, "%s: \"add_bos_token\" is false, and counts, as in transformers: "
		    "nothing is put before texts", m->path);
	else if (old && json_array_size(json_object_get(old, "single")) != 1)
		ct_note(m->notes, "%s: nothing is put before texts, as transformers' %s has it; the "
		    "template in tokenizer.json is not used", m->class_path, m->class->name);
	ct_tokenizer_files_set(m, m->root, "post_processor", alone);
}

void
ct_tokenizer_class_template(struct ct_tokenizer_files *m)
{
	const json_t *add = json_object_get(m->config, "add_bos_token"), *bos;
	const char *text;
	bool in_map, wanted;

	if (json_is_true(json_object_get(m->config, "add_eos_token")))
		ct_note(m->notes, "%s: \"add_eos_token\" is true, but nothing is put after prompts "
		    "here", m->path);
	if (json_is_true(json_object_get(m->config, "split_special_tokens")))
		ct_note(m->notes, "%s: \"split_special_tokens\" is not supported: special tokens "
		    "in prompts stay whole", m->path);
	if (!m->class || !m->class->own_template)
		return;
	wanted = add ? json_is_true(add) : !m->class->bos_on_demand;
	bos = ct_tokenizer_files_special(m, "bos_token", &in_map);
	text = json_string_value(json_is_object(bos) ? json_object_get(bos, "content") : bos);
	if (!wanted)
		set_no_bos(m, add);
	else if (bos && (!text || !*text))
		ct_tokenizer_files_refused(m, in_map ? m->map_path : m->path, "bos_token",
		    "the token that \"add_bos_token\" puts before texts");
	else
		set_bos(m, text ? text : m->class->bos);
}
