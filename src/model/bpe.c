/*
 * bpe: see bpe.h. The merging is that of Hugging Face tokenizers: repeatedly the pair of lowest rank,
 * leftmost first.
 */
#include "model/bpe.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Settings of which other values would change the ids; so might unknown keys, which are refused. */
static int
refuse_settings(const json_t *model, const char *path, struct ct_error *err)
{
	static const char *const affixes[] = { "continuing_subword_prefix", "end_of_word_suffix" };
	static const char *const known[] = { "type", "vocab", "merges", "dropout", "unk_token", "fuse_unk",
		"byte_fallback", "ignore_merges", "continuing_subword_prefix", "end_of_word_suffix" };
	const json_t *dropout;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)model, key, v) {
		bool found = json_is_null(v) || json_is_false(v);
		char shown[80];

		for (size_t i = 0; i < sizeof known / sizeof *known && !found; i++)
			found = strcmp(known[i], key) == 0;
		ct_text_clean(shown, sizeof shown, key, strlen(key));
		if (!found)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: model: the key \"%s\" is not known", path,
			    shown);
	}

	dropout = json_object_get(model, "dropout");
	if (dropout && !json_is_null(dropout) && !(json_is_number(dropout) && json_number_value(dropout) ==
	    0))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: model: \"dropout\" is not supported", path);
	for (size_t i = 0; i < sizeof affixes / sizeof *affixes; i++) {
		const char *text = NULL;
		int code = ct_json_string(model, path, affixes[i], false, &text, err);

		if (code != CT_OK)
			return code;
		if (text && *text)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: model: \"%s\" \"%.40s\" is not supported",
			    path, affixes[i], text);
	}
	return CT_OK;
}

/* The two halves of "a b" or ["a", "b"]; lengths in n[]. */
static bool
halves(const json_t *v, const char *part[2], size_t n[2])
{
	if (json_is_string(v)) {
		const char *space;

		part[0] = json_string_value(v);
		space = strchr(part[0], ' ');
		if (!space || strchr(space + 1, ' '))
			return false;
		part[1] = space + 1;
		n[0] = (size_t)(space - part[0]);
		n[1] = strlen(part[1]);
		return true;
	}
	if (json_array_size(v) != 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		part[i] = json_string_value(json_array_get(v, i));
		if (!part[i])
			return false;
		n[i] = strlen(part[i]);
	}
	return true;
}

/* The vocabulary as jansson's own hash table: three look-ups per merge, hundreds of thousands of merges. */
static int
look_up(const json_t *vocab, const char *key)
{
	const json_t *id = json_object_get(vocab, key);

	return id ? (int)json_integer_value(id) : -1;
}

static int
read_merge(struct ct_merge *m, const json_t *v, const json_t *vocab, int rank, const char *path,
    struct ct_error *err)
{
	enum { MAX_KEY = 4096 };
	const char *part[2];
	char key[MAX_KEY];
	size_t n[2];

	if (!halves(v, part, n))
		return ct_fail(err, CT_EFORMAT, "%s: merges[%d]: expected \"a b\" or [\"a\", \"b\"]", path,
		    rank);
	if (n[0] + n[1] >= sizeof key)
		return ct_fail(err, CT_EFORMAT, "%s: merges[%d]: a token of %zu bytes; expected less than %d",
		    path, rank, n[0] + n[1], MAX_KEY);
	memcpy(key, part[0], n[0]);
	key[n[0]] = '\0';
	m->a = look_up(vocab, key);
	m->b = look_up(vocab, part[1]);
	memcpy(key + n[0], part[1], n[1] + 1);
	m->id = look_up(vocab, key);
	m->rank = rank;
	if (m->a < 0 || m->b < 0 || m->id < 0)
		return ct_fail(err, CT_EFORMAT, "%s: merges[%d]: \"%.60s\" or a half of it is not in the "
		    "vocabulary", path, rank, key);
	return CT_OK;
}

static int
by_pair(const void *x, const void *y)
{
	const struct ct_merge *m = x, *n = y;

	if (m->a != n->a)
		return m->a < n->a ? -1 : 1;
	if (m->b != n->b)
		return m->b < n->b ? -1 : 1;
	return m->rank < n->rank ? 1 : m->rank > n->rank ? -1 : 0;
}

static int
read_merges(struct ct_bpe *b, const json_t *model, const char *path, struct ct_error *err)
{
	const json_t *list = json_object_get(model, "merges"), *vocab = json_object_get(model, "vocab"), *v;
	size_t n = json_array_size(list), i;
	int kept = 0;

	if (!json_is_array(list))
		return ct_fail(err, CT_EFORMAT, "%s: model: \"merges\": expected a list", path);
	b->merges = calloc(n + 1, sizeof *b->merges);
	if (!b->merges)
		return ct_fail_memory(err, n * sizeof *b->merges, "the merges");
	json_array_foreach(list, i, v) {
		int code = read_merge(&b->merges[i], v, vocab, (int)i, path, err);

		if (code != CT_OK)
			return code;
	}
	qsort(b->merges, n, sizeof *b->merges, by_pair);
	/* Of a pair that is listed twice, the later entry counts; so it is sorted first. */
	for (i = 0; i < n; i++)
		if (!i || b->merges[i].a != b->merges[kept - 1].a || b->merges[i].b != b->merges[kept - 1].b)
			b->merges[kept++] = b->merges[i];
	b->n_merges = kept;
	return CT_OK;
}

int
ct_bpe_read(struct ct_bpe *b, const json_t *model, const struct ct_vocab *v, bool byte_level,
    const char *path, struct ct_error *err)
{
	const char *unk = NULL;
	bool byte_fallback = false;
	int code;

	*b = (struct ct_bpe){ .unk = -1, .byte_level = byte_level };
	code = refuse_settings(model, path, err);
	if (code == CT_OK)
		code = ct_json_string(model, path, "unk_token", false, &unk, err);
	if (code == CT_OK)
		code = ct_json_bool(model, path, "byte_fallback", false, &byte_fallback, err);
	if (code == CT_OK)
		code = ct_json_bool(model, path, "fuse_unk", false, &b->fuse_unk, err);
	if (code == CT_OK)
		code = ct_json_bool(model, path, "ignore_merges", false, &b->ignore_merges, err);
	if (code == CT_OK)
		code = read_merges(b, model, path, err);
	if (code != CT_OK) {
		ct_bpe_free(b);
		return code;
	}
	if (unk)
		b->unk = ct_vocab_get(v, unk, strlen(unk));
	for (int i = 0; i < 256; i++) {
		char symbol[4], name[8];
		int n = ct_utf8_encode(ct_byte_symbol((unsigned char)i), symbol);

		b->byte_id[i] = ct_vocab_get(v, symbol, (size_t)n);
		snprintf(name, sizeof name, "<0x%02X>", (unsigned)i);
		b->fallback_id[i] = byte_fallback ? ct_vocab_get(v, name, 6) : -1;
	}
	return CT_OK;
}

void
ct_bpe_free(struct ct_bpe *b)
{
	free(b->merges);
	*b = (struct ct_bpe){ .unk = -1 };
}

/* A pair that could be merged: the symbol at pos with its right neighbour. */
struct candidate {
	int rank, pos, id;
};

struct heap {
	struct candidate *c;
	int n;
};

static bool
before(const struct candidate *x, const struct candidate *y)
{
	return x->rank != y->rank ? x->rank < y->rank : x->pos < y->pos;
}

static void
heap_push(struct heap *h, struct candidate c)
{
	int i = h->n++;

	while (i > 0 && before(&c, &h->c[(i - 1) / 2])) {
		h->c[i] = h->c[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->c[i] = c;
}

static struct candidate
heap_pop(struct heap *h)
{
	struct candidate top = h->c[0], last = h->c[--h->n];
	int i = 0;

	for (;;) {
		int child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && before(&h->c[child + 1], &h->c[child]))
			child++;
		if (!before(&h->c[child], &last))
			break;
		h->c[i] = h->c[child];
		i = child;
	}
	h->c[i] = last;
	return top;
}

static const struct ct_merge *
find_merge(const struct ct_bpe *b, int x, int y)
{
	int lo = 0, hi = b->n_merges;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		const struct ct_merge *m = &b->merges[mid];

		if (m->a == x && m->b == y)
			return m;
		if (m->a < x || (m->a == x && m->b < y))
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void
consider(const struct ct_bpe *b, struct heap *h, const struct ct_symbol *s, int pos)
{
	const struct ct_merge *m;

	if (pos < 0 || s[pos].next < 0)
		return;
	m = find_merge(b, s[pos].id, s[s[pos].next].id);
	if (m)
		heap_push(h, (struct candidate){ .rank = m->rank, .pos = pos, .id = m->id });
}

static void
merge_all(const struct ct_bpe *b, struct heap *h, struct ct_symbol *s, int n)
{
	for (int i = 0; i < n; i++)
		consider(b, h, s, i);
	while (h->n) {
		struct candidate c = heap_pop(h);
		struct ct_symbol *left = &s[c.pos], *right;
		const struct ct_merge *m;

		/* An earlier merge may have removed or changed the pair. */
		if (left->id < 0 || left->next < 0)
			continue;
		right = &s[left->next];
		m = find_merge(b, left->id, right->id);
		if (!m || m->id != c.id)
			continue;
		left->id = c.id;
		left->len += right->len;
		left->next = right->next;
		if (right->next >= 0)
			s[right->next].prev = c.pos;
		right->id = -1;
		consider(b, h, s, left->prev);
		consider(b, h, s, c.pos);
	}
}

static void
append(struct ct_symbol *s, int *n, int id, int len)
{
	s[*n] = (struct ct_symbol){ .id = id, .len = len, .prev = *n - 1, .next = -1 };
	if (*n)
		s[*n - 1].next = *n;
	++*n;
}

/* How the i-th byte or character of a piece is written in keys: *n bytes at the result. */
static const char *
symbol_at(const struct ct_bpe *b, const char *piece, size_t len, size_t i, char buf[4], int *n)
{
	uint32_t cp;

	if (b->byte_level) {
		*n = ct_utf8_encode(ct_byte_symbol((unsigned char)piece[i]), buf);
		return buf;
	}
	*n = ct_utf8_decode(piece + i, len - i, &cp);
	return piece + i;
}

/* The tokens of a symbol that is not in the vocabulary: <0xNN> for each of its bytes. */
static bool
append_fallback(const struct ct_bpe *b, struct ct_symbol *s, int *count, const char *symbol, int n)
{
	for (int i = 0; i < n; i++)
		if (b->fallback_id[(unsigned char)symbol[i]] < 0)
			return false;
	for (int i = 0; i < n; i++)
		append(s, count, b->fallback_id[(unsigned char)symbol[i]], b->byte_level ? i == 0 : 1);
	return true;
}

/*
 * One symbol per byte or character. Hugging Face holds an unknown token back until a known symbol comes, so
 * that fallback tokens come before it. Models were trained with ids in that order.
 */
static int
first_symbols(const struct ct_bpe *b, const struct ct_vocab *v, const char *piece, size_t len,
    struct ct_symbol *s, int *count, struct ct_error *err)
{
	int held = 0;		/* bytes of the unknown token that is held back */

	for (size_t i = 0; i < len;) {
		char buf[4], shown[40];
		int n, id, bytes;
		const char *symbol = symbol_at(b, piece, len, i, buf, &n);

		bytes = b->byte_level ? 1 : n;
		id = b->byte_level ? b->byte_id[(unsigned char)piece[i]] : ct_vocab_get(v, symbol, (size_t)n);
		i += (size_t)bytes;
		if (id < 0 && append_fallback(b, s, count, symbol, n))
			continue;
		if (id < 0 && b->unk < 0) {
			ct_text_clean(shown, sizeof shown, symbol, (size_t)n);
			if (b->byte_level)
				return ct_fail(err, CT_ENOTFOUND, "the tokenizer has no token for the byte "
				    "0x%02x", (unsigned)(unsigned char)piece[i - 1]);
			return ct_fail(err, CT_ENOTFOUND, "the tokenizer has no token for \"%s\"", shown);
		}
		if (held && (id >= 0 || !b->fuse_unk)) {
			append(s, count, b->unk, held);
			held = 0;
		}
		if (id >= 0)
			append(s, count, id, bytes);
		else
			held += bytes;
	}
	if (held)
		append(s, count, b->unk, held);
	return CT_OK;
}

/* The whole piece as one token, or -1. */
static int
whole(const struct ct_bpe *b, const struct ct_vocab *v, const char *piece, size_t n)
{
	char key[512];
	size_t len = 0;

	if (!b->byte_level)
		return ct_vocab_get(v, piece, n);
	for (size_t i = 0; i < n; i++) {
		if (len + 4 > sizeof key)
			return -1;
		len += (size_t)ct_utf8_encode(ct_byte_symbol((unsigned char)piece[i]), key + len);
	}
	return ct_vocab_get(v, key, len);
}

int
ct_bpe_encode(const struct ct_bpe *b, const struct ct_vocab *v, const char *piece, size_t n,
    struct ct_symbol **out, struct ct_error *err)
{
	struct ct_symbol *s = NULL;
	struct heap h = { 0 };
	int count = 0, code;

	*out = NULL;
	/* A byte can become two symbols; each symbol and each merge adds at most two candidates. */
	if (n > INT_MAX / 16)
		return ct_fail(err, CT_EINVAL, "a piece of %zu bytes without a break is too long", n);
	s = malloc(2 * n * sizeof *s);
	h.c = malloc(6 * n * sizeof *h.c);
	if (!s || !h.c) {
		code = ct_fail_memory(err, 8ull * n * sizeof *s, "tokenizing");
		goto fail;
	}
	if (b->ignore_merges && whole(b, v, piece, n) >= 0) {
		append(s, &count, whole(b, v, piece, n), (int)n);
	} else {
		code = first_symbols(b, v, piece, n, s, &count, err);
		if (code != CT_OK)
			goto fail;
		merge_all(b, &h, s, count);
	}
	free(h.c);
	*out = s;
	return CT_OK;
fail:
	free(h.c);
	free(s);
	return code;
}
