/*
 * tokenizer: see tokenizer.h. Reading tokenizer.json and encoding; vocab.c, split.c and bpe.c do the parts.
 */
#include "model/tokenizer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "model/bpe.h"
#include "model/nfc.h"
#include "model/split.h"
#include "model/vocab.h"

enum { MAX_FILE = 64 << 20, MAX_PREFIX = 8 };

/* A token that is cut out of the text before anything else happens to it. */
struct added {
	const char *text;
	size_t n;
	int id;
	bool single_word, lstrip, rstrip;
	bool normalized;	/* matched in a second round, in what the first one left */
};

struct ct_tokenizer {
	struct ct_vocab vocab;
	struct ct_split split;
	struct ct_bpe bpe;
	bool is_bpe, nfc;
	struct added *added;		/* grouped by first byte, longest first */
	int n_added;
	int first_added[257];		/* added[first_added[b] .. first_added[b+1]) begin with byte b */
	void *word_class;		/* for single_word; NULL when none has it */
	int prefix[MAX_PREFIX];		/* before the text: the template's tokens, or config.json's BOS */
	int n_prefix;
	bool has_template;
};

/* ---- reading */

static int
read_normalizer(struct ct_tokenizer *t, const json_t *json, const char *path, struct ct_error *err)
{
	const char *type = "";
	const json_t *list, *child;
	size_t i;
	int code;

	if (!json || json_is_null(json))
		return CT_OK;
	code = ct_json_string(json, path, "type", true, &type, err);
	if (code != CT_OK)
		return code;
	list = json_object_get(json, "normalizers");
	if (strcmp(type, "NFC") == 0) {
		t->nfc = true;
		return CT_OK;
	}
	if (strcmp(type, "Sequence") != 0 || !json_is_array(list))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: normalizer \"%.40s\" is not supported (supported: "
		    "NFC)", path, type);
	json_array_foreach(list, i, child) {
		const char *inner = json_string_value(json_object_get(child, "type"));

		if (!inner || strcmp(inner, "NFC") != 0)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: a normalizer in a Sequence that is not NFC "
			    "is not supported", path);
		t->nfc = true;
	}
	return CT_OK;
}

static int
by_first_byte(const void *a, const void *b)
{
	const struct added *x = a, *y = b;

	if (x->text[0] != y->text[0])
		return (unsigned char)x->text[0] < (unsigned char)y->text[0] ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int
read_added(struct ct_tokenizer *t, const json_t *list, const char *path, struct ct_error *err)
{
	size_t n = json_array_size(list), i;
	json_t *v;

	t->added = ct_arena_need(&t->vocab.arena, n, sizeof *t->added, "the added tokens", err);
	if (!t->added)
		return CT_ENOMEM;
	json_array_foreach(list, i, v) {
		struct added *a = &t->added[t->n_added];
		const struct ct_word *w;
		struct {
			const char *key;
			bool *out;
		} flags[] = {
			{ "single_word", &a->single_word },
			{ "lstrip", &a->lstrip },
			{ "rstrip", &a->rstrip },
			{ "normalized", &a->normalized },
		};

		a->id = (int)json_integer_value(json_object_get(v, "id"));
		w = &t->vocab.words[a->id];
		a->text = w->key;
		a->n = strlen(w->key);
		for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
			int code = ct_json_bool(v, path, flags[k].key, false, flags[k].out, err);

			if (code != CT_OK)
				return code;
		}
		if (a->single_word && !t->word_class) {
			int code = ct_word_class(&t->word_class, err);

			if (code != CT_OK)
				return code;
		}
		t->n_added += a->n > 0;
	}
	if (t->n_added)
		qsort(t->added, (size_t)t->n_added, sizeof *t->added, by_first_byte);
	for (int b = 0, k = 0; b <= 256; b++) {
		while (k < t->n_added && (unsigned char)t->added[k].text[0] < b)
			k++;
		t->first_added[b] = k;
	}
	return CT_OK;
}

/* The ids that a template's token stands for, by its "special_tokens"; they need not be the vocabulary's. */
static int
read_template_token(struct ct_tokenizer *t, const json_t *json, const char *name, const char *path,
    struct ct_error *err)
{
	const json_t *ids = json_object_get(json_object_get(json_object_get(json, "special_tokens"), name),
	    "ids"), *v;
	size_t i;

	if (!json_array_size(ids))
		return ct_fail(err, CT_EFORMAT, "%s: TemplateProcessing: \"special_tokens\" has no \"ids\" "
		    "for \"%.60s\"", path, name);
	json_array_foreach(ids, i, v) {
		if (t->n_prefix == MAX_PREFIX)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: only up to %d tokens "
			    "before the text are supported", path, MAX_PREFIX);
		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) >= t->vocab.size ||
		    !t->vocab.words[json_integer_value(v)].key)
			return ct_fail(err, CT_EFORMAT, "%s: TemplateProcessing: \"ids\" of \"%.60s\": "
			    "expected ids of the vocabulary", path, name);
		t->prefix[t->n_prefix++] = (int)json_integer_value(v);
	}
	return CT_OK;
}

/* "single": special tokens, then the text itself. */
static int
read_template(struct ct_tokenizer *t, const json_t *json, const char *path, struct ct_error *err)
{
	const json_t *list = json_object_get(json, "single"), *v;
	bool text = false;
	size_t i;

	if (!json_is_array(list))
		return ct_fail(err, CT_EFORMAT, "%s: TemplateProcessing: \"single\": expected a list", path);
	t->has_template = true;
	json_array_foreach(list, i, v) {
		const json_t *special = json_object_get(v, "SpecialToken");
		const char *name = json_string_value(json_object_get(special, "id"));
		int code;

		if (special && text)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: tokens after the text "
			    "are not supported", path);
		if (!special && text)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: the text twice is not "
			    "supported", path);
		if (!special) {
			text = true;
			continue;
		}
		code = read_template_token(t, json, name ? name : "", path, err);
		if (code != CT_OK)
			return code;
	}
	if (!text)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: \"single\" leaves out the "
		    "text", path);
	return CT_OK;
}

static int
read_post(struct ct_tokenizer *t, const json_t *json, const char *path, bool nested, struct ct_error *err)
{
	const json_t *list = json_object_get(json, "processors"), *child;
	const char *type = "";
	size_t i;
	int code;

	if (!json || json_is_null(json))
		return CT_OK;
	code = ct_json_string(json, path, "type", true, &type, err);
	if (code != CT_OK || strcmp(type, "ByteLevel") == 0)
		return code;		/* ByteLevel here concerns offsets alone */
	if (strcmp(type, "TemplateProcessing") == 0)
		return read_template(t, json, path, err);
	if (strcmp(type, "Sequence") != 0 || nested || !json_is_array(list))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: post_processor \"%.40s\" is not supported "
		    "(supported: TemplateProcessing, ByteLevel, and one Sequence of these)", path, type);
	json_array_foreach(list, i, child) {
		code = read_post(t, child, path, true, err);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

static int
read_model(struct ct_tokenizer *t, const json_t *root, const char *path, struct ct_error *err)
{
	const json_t *model = json_object_get(root, "model"), *added = json_object_get(root, "added_tokens");
	/* Old files of GPT-2 don't name the type. */
	const char *type = json_object_get(model, "merges") ? "BPE" : "WordLevel";
	int code;

	if (!json_is_object(model))
		return ct_fail(err, CT_EFORMAT, "%s: \"model\": expected an object", path);
	code = ct_json_string(model, path, "type", false, &type, err);
	if (code != CT_OK)
		return code;
	t->is_bpe = strcmp(type, "BPE") == 0;
	if (!t->is_bpe && strcmp(type, "WordLevel") != 0)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: model \"%.40s\" is not supported (supported: "
		    "WordLevel, BPE)", path, type);
	if (t->is_bpe != t->split.byte_level)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %s", path, t->is_bpe
		    ? "BPE is supported with a ByteLevel pre_tokenizer only"
		    : "a ByteLevel pre_tokenizer is supported with BPE only");
	code = ct_vocab_read(&t->vocab, json_object_get(model, "vocab"), added, t->is_bpe, path, err);
	if (code == CT_OK && t->is_bpe)
		code = ct_bpe_read(&t->bpe, model, &t->vocab, path, err);
	if (code == CT_OK)
		code = read_added(t, added, path, err);
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
	else
		code = ct_json_load(&root, path, MAX_FILE, err);
	if (code == CT_OK)
		code = ct_split_read(&t->split, json_object_get(root, "pre_tokenizer"), path, err);
	if (code == CT_OK)
		code = read_normalizer(t, json_object_get(root, "normalizer"), path, err);
	if (code == CT_OK)
		code = read_model(t, root, path, err);
	if (code == CT_OK)
		code = read_post(t, json_object_get(root, "post_processor"), path, false, err);
	json_decref(root);
	free(path);
	if (code != CT_OK) {
		ct_tokenizer_close(t);
		return code;
	}
	*out = t;
	return CT_OK;
}

void
ct_tokenizer_close(struct ct_tokenizer *t)
{
	if (!t)
		return;
	ct_word_class_free(t->word_class);
	ct_bpe_free(&t->bpe);
	ct_split_free(&t->split);
	ct_vocab_free(&t->vocab);
	free(t);
}

void
ct_tokenizer_set_bos(struct ct_tokenizer *t, int bos, struct ct_notes *notes)
{
	const char *text = ct_tokenizer_text(t, bos, NULL);
	char shown[80];

	if (t->has_template || !text)
		return;
	if (t->vocab.words[bos].added) {
		t->prefix[t->n_prefix++] = bos;
		return;
	}
	ct_text_clean(shown, sizeof shown, text, strlen(text));
	ct_note(notes, "config.json's bos_token_id %d is the ordinary token \"%s\", so no BOS is put before "
	    "prompts", bos, shown);
}

/* ---- encoding */

#define TOO_LONG "the text has more than %d tokens; shorten it"

struct job {
	const struct ct_tokenizer *t;
	const char *text;
	struct ct_token_span *out, *bad;
	int count, max;
};

static int
emit(struct job *j, int id, size_t start, size_t end, struct ct_error *err)
{
	if (j->count == j->max)
		return ct_fail(err, CT_EINVAL, TOO_LONG, j->max);
	j->out[j->count++] = (struct ct_token_span){ .id = id, .start = start, .end = end };
	return CT_OK;
}

static int
unknown_word(struct job *j, const char *word, size_t n, size_t at, struct ct_error *err)
{
	char shown[80], list[200] = "";
	char *copy = strndup(word, n);
	int near[3], count = copy ? ct_tokenizer_nearest(j->t, copy, near, 3) : 0;
	size_t used = 0;

	for (int i = 0; i < count && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%.40s", i ? ", " : "",
		    j->t->vocab.words[near[i]].text);
	free(copy);
	if (j->bad)
		*j->bad = (struct ct_token_span){ .id = -1, .start = at, .end = at + n };
	ct_text_clean(shown, sizeof shown, word, n);
	return ct_fail(err, CT_ENOTFOUND, "unknown word \"%s\" at byte %zu; %s%s", shown, at,
	    count ? "nearest in the vocabulary: " : "nothing in the vocabulary is like it", list);
}

static int
encode_piece(void *ctx, const char *piece, size_t n, size_t at, bool spaced, struct ct_error *err)
{
	struct job *j = ctx;
	struct ct_symbol *s;
	size_t end = at + n - spaced;
	int code;

	if (!j->t->is_bpe) {
		int id = ct_vocab_get(&j->t->vocab, piece, n);

		return id < 0 ? unknown_word(j, piece, n, at, err) : emit(j, id, at, end, err);
	}
	code = ct_bpe_encode(&j->t->bpe, &j->t->vocab, piece, n, &s, err);
	for (int i = 0; code == CT_OK && i >= 0; i = s[i].next) {
		size_t len = (size_t)s[i].len - (spaced && i == 0 && s[i].len > 0);

		code = emit(j, s[i].id, at, at + len, err);
		at += len;
	}
	free(s);
	return code;
}

static bool
ends_in_word(const struct ct_tokenizer *t, const char *s, size_t n)
{
	size_t start = n ? n - 1 : 0;

	while (start > 0 && ((unsigned char)s[start] & 0xC0) == 0x80)
		start--;
	return n && ct_is_word(t->word_class, s + start, n - start);
}

static bool
stands_alone(const struct ct_tokenizer *t, const char *s, size_t n, size_t start, size_t end)
{
	return !ends_in_word(t, s, start) && !(end < n && ct_is_word(t->word_class, s + end, n - end));
}

/* The added token that begins at s[i]: the longest of its round, whether it then stands alone or not. */
static const struct added *
match_added(const struct ct_tokenizer *t, const char *s, size_t n, size_t i, bool normalized)
{
	int first = t->first_added[(unsigned char)s[i]], last = t->first_added[(unsigned char)s[i] + 1];

	for (int k = first; k < last; k++) {
		const struct added *a = &t->added[k];

		if (a->normalized == normalized && a->n <= n - i && memcmp(s + i, a->text, a->n) == 0)
			return a;
	}
	return NULL;
}

static size_t
skip_space(const char *s, size_t n, size_t i)
{
	while (i < n) {
		uint32_t cp;
		int len = ct_utf8_decode(s + i, n - i, &cp);

		if (!ct_is_space(cp))
			break;
		i += (size_t)len;
	}
	return i;
}

static size_t
skip_space_back(const char *s, size_t from, size_t i)
{
	while (i > from) {
		size_t start = i - 1;
		uint32_t cp;

		while (start > from && ((unsigned char)s[start] & 0xC0) == 0x80)
			start--;
		ct_utf8_decode(s + start, i - start, &cp);
		if (!ct_is_space(cp))
			break;
		i = start;
	}
	return i;
}

/* text[from..to): cuts out the added tokens of this round; the rest goes to the next, then to the model. */
static int
encode_range(struct job *j, size_t from, size_t to, int round, struct ct_error *err)
{
	const char *s = j->text + from;
	size_t n = to - from, done = 0;
	int code = CT_OK;

	if (round == 2)
		return ct_split_run(&j->t->split, s, n, from, encode_piece, j, err);
	for (size_t i = 0; i < n && code == CT_OK;) {
		const struct added *a = match_added(j->t, s, n, i, round == 1);
		size_t start = i, end;

		if (!a) {
			i++;
			continue;
		}
		end = i += a->n;
		if (a->single_word && !stands_alone(j->t, s, n, start, end))
			continue;
		if (a->lstrip)
			start = skip_space_back(s, done, start);
		if (a->rstrip)
			end = i = skip_space(s, n, end);
		if (start < done)
			start = done;
		if (start > done)
			code = encode_range(j, from + done, from + start, round + 1, err);
		if (code == CT_OK)
			code = emit(j, a->id, from + start, from + end, err);
		done = end;
	}
	if (code == CT_OK && done < n)
		code = encode_range(j, from + done, from + n, round + 1, err);
	return code;
}

static int
check_text(const struct ct_tokenizer *t, const char *text, size_t n, struct ct_error *err)
{
	size_t at;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		int len = ct_utf8_decode(text + i, n - i, &cp);

		if (cp == 0xFFFD && len == 1)
			return ct_fail(err, CT_EINVAL, "the text is not UTF-8: byte %zu is 0x%02x", i,
			    (unsigned)(unsigned char)text[i]);
		i += (size_t)len;
	}
	if (t->nfc && !ct_nfc_check(text, n, &at))
		return ct_fail(err, CT_EUNSUPPORTED, "the character at byte %zu may need Unicode "
		    "normalization (NFC), which is not supported; use its composed form", at);
	return CT_OK;
}

int
ct_tokenizer_encode(const struct ct_tokenizer *t, const char *text, size_t n, struct ct_token_span *out,
    int max, struct ct_token_span *bad, struct ct_error *err)
{
	struct job j = { .t = t, .text = text, .out = out, .bad = bad, .max = max };
	int code = check_text(t, text, n, err), have = 0;

	if (code == CT_OK)
		code = encode_range(&j, 0, n, 0, err);
	if (code != CT_OK)
		return code;
	/* Without a template, a text that begins with a special token of its own has its BOS. */
	if (!t->has_template && j.count > 0 && ct_tokenizer_special(t, out[0].id))
		return j.count;
	/* A text that brings the template's tokens along does not get them twice. */
	while (have < t->n_prefix && have < j.count && out[have].id == t->prefix[have])
		have++;
	if (have == t->n_prefix)
		return j.count;
	if (j.count > max - t->n_prefix)
		return ct_fail(err, CT_EINVAL, TOO_LONG, max);
	memmove(out + t->n_prefix, out, (size_t)j.count * sizeof *out);
	for (int i = 0; i < t->n_prefix; i++)
		out[i] = (struct ct_token_span){ .id = t->prefix[i] };
	return j.count + t->n_prefix;
}

/* ---- looking up */

bool
ct_tokenizer_special(const struct ct_tokenizer *t, int id)
{
	for (int i = 0; i < t->n_prefix; i++)
		if (t->prefix[i] == id)
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
	return t->vocab.size;
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
