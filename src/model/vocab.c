/*
 * vocab: see vocab.h. Reading and exact look-up; searching by likeness is in lexicon.c.
 */
#include "model/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/text.h"

/* Printable Latin-1 characters stand for themselves; U+0100 and up stand for the other 68 bytes. */
static bool
prints_itself(unsigned byte)
{
	return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
}

unsigned
ct_byte_symbol(unsigned char byte)
{
	unsigned others = 0;

	if (prints_itself(byte))
		return byte;
	for (unsigned b = 0; b < byte; b++)
		others += !prints_itself(b);
	return 0x100 + others;
}

/* byte_of[symbol]: the byte that a symbol below 0x144 stands for, or -1. */
static void
invert_symbols(int byte_of[0x144])
{
	for (int i = 0; i < 0x144; i++)
		byte_of[i] = -1;
	for (int b = 0; b < 256; b++)
		byte_of[ct_byte_symbol((unsigned char)b)] = b;
}

/*
 * Decodes a key into dst (strlen(key)+1 bytes). A key with characters that stand for no byte stays as it is.
 */
static size_t
decode_key(char *dst, const char *key, const int byte_of[0x144])
{
	size_t len = strlen(key), n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;

		i += (size_t)ct_utf8_decode(key + i, len - i, &cp);
		if (cp >= 0x144 || byte_of[cp] < 0) {
			memcpy(dst, key, len + 1);
			return len;
		}
		dst[n++] = (char)byte_of[cp];
	}
	dst[n] = '\0';
	return n;
}

/* Decodes a key that is plain text, except that a character stands for blanks. */
static size_t
decode_plain(char *dst, const char *key, const struct ct_vocab_style *style)
{
	size_t len = strlen(key), skip = style->blank ? strlen(style->blank) : 0, n = 0;
	unsigned byte;

	if (style->byte_fallback && len == 6 && sscanf(key, "<0x%2x>", &byte) == 1) {
		dst[0] = (char)byte;
		dst[1] = '\0';
		return 1;
	}
	for (size_t i = 0; i < len;) {
		bool is = skip && strncmp(key + i, style->blank, skip) == 0;

		dst[n++] = is ? ' ' : key[i];
		i += is ? skip : 1;
	}
	dst[n] = '\0';
	return n;
}

struct sizes {
	size_t bytes;
	long long last;
};

static int
count_id(struct sizes *s, const json_t *id, const char *key, const char *path, struct ct_error *err)
{
	if (!json_is_integer(id) || json_integer_value(id) < 0)
		return ct_fail(err, CT_EFORMAT, "%s: the id of token \"%.60s\": expected an integer from 0 "
		    "on", path, key);
	s->bytes += 2 * (strlen(key) + 1);
	s->last = json_integer_value(id) > s->last ? json_integer_value(id) : s->last;
	return CT_OK;
}

static int
measure(struct sizes *s, const json_t *map, const json_t *added, const char *path, struct ct_error *err)
{
	size_t n = json_object_size(map) + json_array_size(added), i;
	const char *key;
	json_t *id;
	int code = CT_OK;

	s->last = -1;
	json_object_foreach((json_t *)(uintptr_t)map, key, id)
		if (code == CT_OK)
			code = count_id(s, id, key, path, err);
	if (code == CT_OK && s->last < 0)
		code = ct_fail(err, CT_EFORMAT, "%s: the vocabulary is empty", path);
	json_array_foreach(added, i, id) {
		key = json_string_value(json_object_get(id, "content"));
		if (code == CT_OK && !key)
			code = ct_fail(err, CT_EFORMAT, "%s: added_tokens[%zu]: \"content\": expected a "
			    "string", path, i);
		if (code == CT_OK)
			code = count_id(s, json_object_get(id, "id"), key, path, err);
	}
	/* Tables are indexed by id, so an id far beyond the number of tokens would waste memory. */
	if (code == CT_OK && s->last > (long long)(2 * n + 65536))
		code = ct_fail(err, CT_EFORMAT, "%s: token id %lld is too large for a vocabulary of %zu "
		    "tokens", path, s->last, json_object_size(map));
	return code;
}

static int
add(struct ct_vocab *v, char **pool, const char *key, const json_t *id, const char *path,
    struct ct_error *err)
{
	struct ct_word *w = &v->words[json_integer_value(id)];
	size_t n = strlen(key) + 1;

	if (w->key && strcmp(w->key, key) == 0)
		return CT_OK;
	if (w->key)
		return ct_fail(err, CT_EFORMAT, "%s: tokens \"%.60s\" and \"%.60s\" have the same id %lld",
		    path, w->key, key, (long long)json_integer_value(id));
	w->key = memcpy(*pool, key, n);
	*pool += n;
	return CT_OK;
}

/*
 * Hugging Face does not take the ids of added tokens from the file: each has its id in the vocabulary, or the
 * next one after all others. highest: the largest id so far.
 */
static int
check_added_id(const json_t *map, const json_t *token, long long highest, const char *path,
    struct ct_error *err)
{
	const char *content = json_string_value(json_object_get(token, "content"));
	long long id = json_integer_value(json_object_get(token, "id")), n = (long long)json_object_size(map);
	const json_t *known = json_object_get(map, content);
	long long wanted = known ? json_integer_value(known) : highest >= n ? highest + 1 : n;
	char shown[80];

	if (id == wanted)
		return CT_OK;
	ct_text_clean(shown, sizeof shown, content, strlen(content));
	return ct_fail(err, CT_EFORMAT, "%s: added_tokens: \"%s\" has the id %lld, but Hugging Face would "
	    "give it %lld", path, shown, id, wanted);
}

static int
compare_keys(const void *a, const void *b, void *words)
{
	const struct ct_word *w = words;

	return strcmp(w[*(const int *)a].key, w[*(const int *)b].key);
}

static int
fill(struct ct_vocab *v, const json_t *map, const json_t *added, const struct ct_vocab_style *style,
    char *pool, const char *path, struct ct_error *err)
{
	int byte_of[0x144], code;
	long long highest = -1;
	const char *key;
	json_t *t;
	size_t i;

	invert_symbols(byte_of);
	json_object_foreach((json_t *)(uintptr_t)map, key, t) {
		struct ct_word *w = &v->words[json_integer_value(t)];

		code = add(v, &pool, key, t, path, err);
		if (code != CT_OK)
			return code;
		v->by_key[v->n_keys++] = (int)json_integer_value(t);
		w->text = pool;
		w->n = style->byte_level ? decode_key(pool, w->key, byte_of) : decode_plain(pool, w->key,
		    style);
		pool += w->n + 1;
	}
	ct_sort(v->by_key, (size_t)v->n_keys, sizeof *v->by_key, compare_keys, v->words);
	json_array_foreach(added, i, t) {
		const json_t *id = json_object_get(t, "id");
		struct ct_word *w = &v->words[json_integer_value(id)];

		code = add(v, &pool, json_string_value(json_object_get(t, "content")), id, path, err);
		if (code == CT_OK)
			code = check_added_id(map, t, highest, path, err);
		if (code != CT_OK)
			return code;
		highest = json_integer_value(id) > highest ? json_integer_value(id) : highest;
		/* Gemma's runs of blanks, which are added tokens, also stand for blanks. */
		w->text = style->byte_level ? w->key : pool;
		w->n = style->byte_level ? strlen(w->key) : decode_plain(pool, w->key, style);
		pool += style->byte_level ? 0 : w->n + 1;
		w->added = true;
		w->special = json_is_true(json_object_get(t, "special"));
	}
	return CT_OK;
}

int
ct_vocab_read(struct ct_vocab *v, const json_t *map, const json_t *added, const struct ct_vocab_style *style,
    const char *path, struct ct_error *err)
{
	struct sizes s = { 0 };
	char *pool;
	int code;

	*v = (struct ct_vocab){ 0 };
	if (!json_is_object(map))
		return ct_fail(err, CT_EFORMAT, "%s: \"vocab\": expected an object {\"token\": id, ...}",
		    path);
	code = measure(&s, map, added, path, err);
	if (code != CT_OK)
		return code;
	v->size = (int)s.last + 1;
	v->words = ct_arena_need(&v->arena, (size_t)v->size, sizeof *v->words, "the vocabulary", err);
	v->by_key = ct_arena_need(&v->arena, json_object_size(map), sizeof *v->by_key, "the vocabulary", err);
	pool = ct_arena_need(&v->arena, s.bytes, 1, "the vocabulary", err);
	code = v->words && v->by_key && pool ? fill(v, map, added, style, pool, path, err) : CT_ENOMEM;
	if (code != CT_OK)
		ct_vocab_free(v);
	return code;
}

void
ct_vocab_free(struct ct_vocab *v)
{
	ct_arena_free(&v->arena);
	*v = (struct ct_vocab){ 0 };
}

int
ct_vocab_get(const struct ct_vocab *v, const char *key, size_t n)
{
	int lo = 0, hi = v->n_keys;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2, id = v->by_key[mid];
		int order = strncmp(v->words[id].key, key, n);

		if (order == 0 && v->words[id].key[n] == '\0')
			return id;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}
