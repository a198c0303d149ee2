/*
 * tokenizer: see tokenizer.h. Opening, encoding and looking up; normalize.c, added.c, split.c, vocab.c, bpe.c
 * and post.c do the parts.
 */
#include "model/tokenizer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/folder.h"
#include "model/added.h"
#include "model/bpe.h"
#include "model/normalize.h"
#include "model/onig.h"
#include "model/post.h"
#include "model/split.h"
#include "model/tokenizer_config.h"
#include "model/vocab.h"

enum { MAX_FILE = 64 << 20 };

struct ct_tokenizer {
	struct ct_vocab vocab;
	struct ct_normalizer normalizer;
	struct ct_added added;
	struct ct_split split;
	struct ct_bpe bpe;
	struct ct_prefix prefix;	/* the template's, or config.json's BOS */
	bool is_bpe;
	bool needs_tables;		/* some pattern needs newer Unicode tables: see regex.h */
	int limit;			/* ids from here on are beyond the model's embedding */
	uint32_t digest;		/* of the file */
	struct ct_notes notes;
};

/* Refuses unknown keys of an object, since they might change ids. */
static int
check_keys(const json_t *json, const char *const *known, const char *where, const char *path,
    struct ct_error *err)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)json, key, v) {
		char shown[80];
		bool found = json_is_null(v) || json_is_false(v);

		for (const char *const *k = known; *k && !found; k++)
			found = strcmp(*k, key) == 0;
		if (found)
			continue;
		ct_text_clean(shown, sizeof shown, key, strlen(key));
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %sthe key \"%s\" is not known", path, where, shown);
	}
	return CT_OK;
}

/* What Hugging Face insists on: one key that is missing is noted. */
static int
check_added(struct ct_tokenizer *t, const json_t *list, const char *path, struct ct_error *err)
{
	static const char *const flags[] = { "single_word", "lstrip", "rstrip", "normalized", "special" };
	const json_t *token;
	size_t i;

	if (list && !json_is_array(list))
		return ct_fail(err, CT_EFORMAT, "%s: \"added_tokens\": expected a list", path);
	json_array_foreach(list, i, token)
		for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
			const json_t *flag = json_object_get(token, flags[k]);

			if (flag && !json_is_null(flag))
				continue;
			ct_note(&t->notes, "%s: added_tokens[%zu]: \"%s\" is missing and taken for false; "
			    "Hugging Face refuses the file", path, i, flags[k]);
			return CT_OK;
		}
	return CT_OK;
}

static int
check_root(struct ct_tokenizer *t, const json_t *root, const char *path, struct ct_error *err)
{
	static const char *const known[] = { "version", "truncation", "padding", "added_tokens", "normalizer",
		"pre_tokenizer", "post_processor", "decoder", "model", NULL };
	static const char *const aside[] = { "truncation", "padding" };

	for (size_t i = 0; i < 2; i++)
		if (json_is_object(json_object_get(root, aside[i])))
			ct_note(&t->notes, "%s: \"%s\" is ignored, as transformers does", path, aside[i]);
	if (check_added(t, json_object_get(root, "added_tokens"), path, err) != CT_OK)
		return CT_EFORMAT;
	return check_keys(root, known, "", path, err);
}

static int
read_model(struct ct_tokenizer *t, const json_t *root, const char *path, struct ct_error *err)
{
	static const char *const word_keys[] = { "type", "vocab", "unk_token", NULL };
	const json_t *model = json_object_get(root, "model"), *added = json_object_get(root, "added_tokens");
	/* Old files of GPT-2 do not name the type. */
	const char *type = json_object_get(model, "merges") ? "BPE" : "WordLevel";
	const char *blank = ct_split_blank(&t->split) ? ct_split_blank(&t->split)
						      : ct_normalizer_blank(&t->normalizer);
	struct ct_vocab_style style = { .byte_level = t->split.byte_level, .blank = blank };
	char shown[48];
	int code;

	if (!json_is_object(model))
		return ct_fail(err, CT_EFORMAT, "%s: \"model\": expected an object", path);
	code = ct_json_string(model, path, "type", false, &type, err);
	if (code == CT_OK)
		code = ct_json_bool(model, path, "byte_fallback", false, &style.byte_fallback, err);
	if (code != CT_OK)
		return code;
	t->is_bpe = strcmp(type, "BPE") == 0;
	ct_text_clean(shown, sizeof shown, type, strlen(type));
	if (!t->is_bpe && strcmp(type, "WordLevel") != 0)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: model \"%s\" is not supported (supported: "
		    "WordLevel, BPE)", path, shown);
	if (!t->is_bpe && t->split.byte_level)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: a ByteLevel pre_tokenizer is supported with BPE "
		    "only", path);
	if (!t->is_bpe)
		code = check_keys(model, word_keys, "model: ", path, err);
	if (code == CT_OK)
		code = ct_vocab_read(&t->vocab, json_object_get(model, "vocab"), added, &style, path, err);
	if (code == CT_OK && t->is_bpe)
		code = ct_bpe_read(&t->bpe, model, &t->vocab, t->split.byte_level, path, err);
	if (code == CT_OK)
		code = ct_added_read(&t->added, added, &t->vocab, &t->normalizer, path, err);
	return code;
}

int
ct_tokenizer_open(struct ct_tokenizer **out, const char *dir, struct ct_error *err)
{
	struct ct_tokenizer *t = calloc(1, sizeof *t);
	char *path = ct_path_join(dir, "tokenizer.json");
	json_t *root = NULL;
	int code;

	*out = NULL;
	if (!t || !path)
		code = ct_fail_memory(err, sizeof *t, "the tokenizer");
	else if (ct_file_missing(path) && ct_folder_explain(dir, CT_FOLDER_TOKENIZER, err) != CT_OK)
		code = CT_EUNSUPPORTED;
	else
		code = ct_json_load_mended(&root, path, MAX_FILE, &t->notes, &t->digest, err);
	if (code == CT_OK)
		code = check_root(t, root, path, err);
	if (code == CT_OK)
		code = ct_tokenizer_config_merge(root, dir, &t->notes, &t->digest, err);
	if (code == CT_OK)
		code = ct_split_read(&t->split, json_object_get(root, "pre_tokenizer"), path, err);
	if (code == CT_OK)
		code = ct_normalizer_read(&t->normalizer, json_object_get(root, "normalizer"), path, err);
	if (code == CT_OK)
		code = read_model(t, root, path, err);
	if (code == CT_OK)
		code = ct_prefix_read(&t->prefix, json_object_get(root, "post_processor"), &t->vocab, path,
		    err);
	json_decref(root);
	free(path);
	if (code != CT_OK) {
		ct_tokenizer_close(t);
		return code;
	}
	t->limit = t->vocab.size;
	t->needs_tables = ct_split_needs_tables(&t->split) || ct_normalizer_needs_tables(&t->normalizer);
	*out = t;
	return CT_OK;
}

void
ct_tokenizer_close(struct ct_tokenizer *t)
{
	if (!t)
		return;
	ct_added_free(&t->added);
	ct_normalizer_free(&t->normalizer);
	ct_bpe_free(&t->bpe);
	ct_split_free(&t->split);
	ct_vocab_free(&t->vocab);
	free(t);
}

const struct ct_notes *
ct_tokenizer_notes(const struct ct_tokenizer *t)
{
	return &t->notes;
}

uint32_t
ct_tokenizer_digest(const struct ct_tokenizer *t)
{
	return t->digest;
}

int
ct_tokenizer_limit(struct ct_tokenizer *t, int V, struct ct_error *err)
{
	int beyond = 0;

	for (int id = V; id < t->vocab.size; id++) {
		if (!t->vocab.words[id].key)
			continue;
		if (!t->vocab.words[id].added)
			return ct_fail(err, CT_EFORMAT, "tokenizer.json has %d tokens, but config.json's "
			    "vocab_size is %d", t->vocab.size, V);
		beyond++;
	}
	if (beyond)
		ct_note(&t->notes, "tokenizer.json: %d added token%s not in the model, whose embedding has "
		    "%d rows; prompts with %s are refused", beyond, beyond > 1 ? "s are" : " is", V,
		    beyond > 1 ? "them" : "it");
	if (V < t->limit)
		t->limit = V;
	return CT_OK;
}

void
ct_tokenizer_set_bos(struct ct_tokenizer *t, int bos, struct ct_notes *notes)
{
	const char *text = ct_tokenizer_text(t, bos, NULL);
	char shown[80];

	if (t->prefix.has_template || !text)
		return;
	if (t->vocab.words[bos].added) {
		t->prefix.ids[t->prefix.n++] = bos;
		return;
	}
	ct_text_clean(shown, sizeof shown, text, strlen(text));
	ct_note(notes, "config.json's bos_token_id %d is the ordinary token \"%s\", so no BOS is put before "
	    "prompts", bos, shown);
}

#define TOO_LONG "the text has more than %d tokens; shorten it"

struct job {
	const struct ct_tokenizer *t;
	struct ct_token_span *out, *bad;
	int count, max;
};

static int
emit(struct job *j, int id, size_t start, size_t end, struct ct_error *err)
{
	char shown[80];

	if (j->count == j->max)
		return ct_fail(err, CT_EINVAL, TOO_LONG, j->max);
	if (id >= j->t->limit) {
		ct_text_clean(shown, sizeof shown, j->t->vocab.words[id].text, j->t->vocab.words[id].n);
		return ct_fail(err, CT_EINVAL, "the token \"%s\" at byte %zu has id %d, but the model's "
		    "embedding has %d rows", shown, start, id, j->t->limit);
	}
	j->out[j->count++] = (struct ct_token_span){ .id = id, .start = start, .end = end };
	return CT_OK;
}

static int
unknown_word(struct job *j, const struct ct_piece *p, struct ct_error *err)
{
	char shown[80], list[200] = "";
	size_t used = 0, at = ct_piece_at(p, 0);
	char *copy = strndup(p->s, p->n);
	int near[3], count = copy ? ct_tokenizer_nearest(j->t, copy, near, 3) : 0;

	for (int i = 0; i < count && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%.40s", i ? ", " : "",
		    j->t->vocab.words[near[i]].text);
	free(copy);
	if (j->bad)
		*j->bad = (struct ct_token_span){ .id = -1, .start = at, .end = ct_piece_at(p, p->n) };
	ct_text_clean(shown, sizeof shown, p->s, p->n);
	return ct_fail(err, CT_ENOTFOUND, "unknown word \"%s\" at byte %zu; %s%s", shown, at,
	    count ? "nearest in the vocabulary: " : "nothing in the vocabulary is like it", list);
}

static int
encode_piece(void *ctx, const struct ct_piece *p, struct ct_error *err)
{
	struct job *j = ctx;
	struct ct_symbol *s;
	size_t at = 0;
	int code;

	if (!j->t->is_bpe) {
		int id = ct_vocab_get(&j->t->vocab, p->s, p->n);

		return id < 0 ? unknown_word(j, p, err) : emit(j, id, ct_piece_at(p, 0), ct_piece_at(p,
		    p->n), err);
	}
	code = ct_bpe_encode(&j->t->bpe, &j->t->vocab, p->s, p->n, &s, err);
	for (int i = 0; code == CT_OK && i >= 0; at += (size_t)s[i].len, i = s[i].next)
		code = emit(j, s[i].id, ct_piece_at(p, at), ct_piece_at(p, at + (size_t)s[i].len), err);
	free(s);
	return code;
}

/* What is left after the second pass goes to the model. */
static int
encode_normalized(void *ctx, const struct ct_piece *part, int id, struct ct_error *err)
{
	struct job *j = ctx;

	if (id >= 0)
		return emit(j, id, ct_piece_at(part, 0), ct_piece_at(part, part->n), err);
	return ct_split_run(&j->t->split, part, encode_piece, j, err);
}

/* What is left after the first pass is normalized and goes through the second. */
static int
encode_plain(void *ctx, const struct ct_piece *part, int id, struct ct_error *err)
{
	struct job *j = ctx;
	struct ct_changed_text own = { 0 };
	struct ct_piece now;
	int code;

	if (id >= 0)
		return emit(j, id, ct_piece_at(part, 0), ct_piece_at(part, part->n), err);
	code = ct_normalizer_run(&j->t->normalizer, part, &now, &own, err);
	if (code == CT_OK)
		code = ct_added_cut(&j->t->added, 1, &now, encode_normalized, j, err);
	ct_changed_free(&own);
	return code;
}

static int
check_text(const struct ct_tokenizer *t, const char *text, size_t n, struct ct_error *err)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		int len = ct_utf8_decode(text + i, n - i, &cp);

		if (cp == 0xFFFD && len == 1)
			return ct_fail(err, CT_EINVAL, "the text is not UTF-8: byte %zu is 0x%02x", i,
			    (unsigned)(unsigned char)text[i]);
		if (t->needs_tables && ct_is_new(cp))
			return ct_fail(err, CT_EUNSUPPORTED, "the character U+%04X at byte %zu is newer "
			    "than this system's Unicode tables, which this tokenizer's pattern needs",
			    (unsigned)cp, i);
		i += (size_t)len;
	}
	return CT_OK;
}

int
ct_tokenizer_encode(const struct ct_tokenizer *t, const char *text, size_t n, struct ct_token_span *out,
    int max, struct ct_token_span *bad, struct ct_error *err)
{
	struct job j = { .t = t, .out = out, .bad = bad, .max = max };
	const struct ct_piece all = { .s = text, .n = n };
	const struct ct_prefix *p = &t->prefix;
	int code = check_text(t, text, n, err), have = 0;

	if (code == CT_OK)
		code = ct_added_cut(&t->added, 0, &all, encode_plain, &j, err);
	if (code != CT_OK)
		return code;
	/* Without a template, a special token at the beginning of the text counts as its BOS. */
	if (!p->has_template && j.count > 0 && ct_tokenizer_special(t, out[0].id))
		return j.count;
	/* A text that already begins with the template's tokens does not get them twice. */
	while (have < p->n && have < j.count && out[have].id == p->ids[have])
		have++;
	if (have == p->n)
		return j.count;
	if (j.count > max - p->n)
		return ct_fail(err, CT_EINVAL, TOO_LONG, max);
	memmove(out + p->n, out, (size_t)j.count * sizeof *out);
	for (int i = 0; i < p->n; i++)
		out[i] = (struct ct_token_span){ .id = p->ids[i] };
	return j.count + p->n;
}

bool
ct_tokenizer_special(const struct ct_tokenizer *t, int id)
{
	for (int i = 0; i < t->prefix.n; i++)
		if (t->prefix.ids[i] == id)
			return true;
	return id >= 0 && id < t->vocab.size && t->vocab.words[id].special;
}

bool
ct_tokenizer_spaced(const struct ct_tokenizer *t)
{
	return t->is_bpe;
}

int
ct_tokenizer_size(const struct ct_tokenizer *t)
{
	return t->limit;
}

const char *
ct_tokenizer_text(const struct ct_tokenizer *t, int id, size_t *n)
{
	if (id < 0 || id >= t->vocab.size || !t->vocab.words[id].key)
		return NULL;
	if (n)
		*n = t->vocab.words[id].n;
	return t->vocab.words[id].text;
}

size_t
ct_tokenizer_decode(const struct ct_tokenizer *t, const int *ids, int n, char *dst, size_t size)
{
	size_t total = 0;

	for (int i = 0; i < n; i++) {
		size_t len, space = i && !t->is_bpe;
		const char *text = ct_tokenizer_text(t, ids[i], &len);

		if (!text)
			continue;
		if (space && total + 1 < size)
			dst[total] = ' ';
		total += space;
		if (total < size)
			memcpy(dst + total, text, len < size - total ? len : size - total);
		total += len;
	}
	if (size)
		dst[total < size ? total : size - 1] = '\0';
	return total;
}

int
ct_tokenizer_find(const struct ct_tokenizer *t, const char *text)
{
	int id = ct_vocab_find(&t->vocab, "", text);

	return id < 0 && t->is_bpe ? ct_vocab_find(&t->vocab, " ", text) : id;
}

int
ct_tokenizer_complete(const struct ct_tokenizer *t, const char *prefix, int *ids, int max)
{
	return ct_vocab_complete(&t->vocab, prefix, ids, max);
}

int
ct_tokenizer_nearest(const struct ct_tokenizer *t, const char *word, int *ids, int max)
{
	return ct_vocab_nearest(&t->vocab, word, ids, max);
}
