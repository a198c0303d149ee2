/* added: see added.h. */
#include "model/added.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/split.h"

static int
by_first_byte(const void *a, const void *b)
{
	const struct ct_added_token *x = a, *y = b;

	if (x->text[0] != y->text[0])
		return (unsigned char)x->text[0] < (unsigned char)y->text[0] ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void
sort_round(struct ct_added_round *r)
{
	if (r->n)
		qsort(r->list, (size_t)r->n, sizeof *r->list, by_first_byte);
	for (int b = 0, k = 0; b <= 256; b++) {
		while (k < r->n && (unsigned char)r->list[k].text[0] < b)
			k++;
		r->first[b] = k;
	}
}

/* A token's text as the normalizer changes it. */
static int
normalize_token(struct ct_added_token *t, struct ct_vocab *v, const struct ct_normalizer *z,
    struct ct_error *err)
{
	struct ct_piece in = { .s = t->text, .n = t->n }, out;
	struct ct_changed_text own = { 0 };
	int code = ct_normalizer_run(z, &in, &out, &own, err);
	char *kept = code == CT_OK ? ct_arena_need(&v->arena, out.n + 1, 1, "the added tokens", err) : NULL;

	if (kept) {
		memcpy(kept, out.s, out.n);
		kept[out.n] = '\0';
		t->text = kept;
		t->n = out.n;
	}
	ct_changed_free(&own);
	return kept ? CT_OK : code != CT_OK ? code : CT_ENOMEM;
}

static int
read_token(struct ct_added *a, const json_t *json, struct ct_vocab *v, const struct ct_normalizer *z,
    const char *path, struct ct_error *err)
{
	struct ct_added_token t = { .id = (int)json_integer_value(json_object_get(json, "id")) };
	bool normalized = false;
	struct {
		const char *key;
		bool *out;
	} flags[] = {
		{ "single_word", &t.single_word },
		{ "lstrip", &t.lstrip },
		{ "rstrip", &t.rstrip },
		{ "normalized", &normalized },
	};
	int code = CT_OK;

	t.text = v->words[t.id].key;
	t.n = strlen(t.text);
	for (size_t i = 0; i < sizeof flags / sizeof *flags && code == CT_OK; i++)
		code = ct_json_bool(json, path, flags[i].key, false, flags[i].out, err);
	if (code == CT_OK && t.single_word && !a->word)
		code = ct_word_class(&a->word, err);
	if (code == CT_OK && normalized && z->n)
		code = normalize_token(&t, v, z, err);
	if (code == CT_OK && t.n)
		a->round[normalized].list[a->round[normalized].n++] = t;
	return code;
}

int
ct_added_read(struct ct_added *a, const json_t *list, struct ct_vocab *v, const struct ct_normalizer *z,
    const char *path, struct ct_error *err)
{
	size_t n = json_array_size(list), i;
	json_t *json;

	*a = (struct ct_added){ .word = NULL };
	for (int k = 0; k < 2; k++) {
		a->round[k].list = ct_arena_need(&v->arena, n, sizeof *a->round[k].list, "the added tokens",
		    err);
		if (!a->round[k].list)
			return CT_ENOMEM;
	}
	json_array_foreach(list, i, json) {
		int code = read_token(a, json, v, z, path, err);

		if (code != CT_OK)
			return code;
	}
	sort_round(&a->round[0]);
	sort_round(&a->round[1]);
	return CT_OK;
}

void
ct_added_free(struct ct_added *a)
{
	ct_regex_free(a->word);
	*a = (struct ct_added){ .word = NULL };
}

static bool
ends_in_word(const struct ct_added *a, const char *s, size_t n)
{
	size_t start = n ? n - 1 : 0;

	while (start > 0 && ((unsigned char)s[start] & 0xC0) == 0x80)
		start--;
	return n && ct_regex_begins(a->word, s + start, n - start);
}

static bool
stands_alone(const struct ct_added *a, const char *s, size_t n, size_t start, size_t end)
{
	return !ends_in_word(a, s, start) && !(end < n && ct_regex_begins(a->word, s + end, n - end));
}

/* The longest token that begins at s[i], even if it then fails the test of single_word. */
static const struct ct_added_token *
match_at(const struct ct_added_round *r, const char *s, size_t n, size_t i)
{
	int last = r->first[(unsigned char)s[i] + 1];

	for (int k = r->first[(unsigned char)s[i]]; k < last; k++)
		if (r->list[k].n <= n - i && memcmp(s + i, r->list[k].text, r->list[k].n) == 0)
			return &r->list[k];
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

int
ct_added_cut(const struct ct_added *a, int round, const struct ct_piece *p, ct_added_fn fn, void *ctx,
    struct ct_error *err)
{
	const char *s = p->s;
	size_t n = p->n, done = 0;
	int code = CT_OK;

	/*
	 * Hugging Face continues its search right after the token, not after the blanks that rstrip takes: a
	 * token among these blanks counts too, and what follows it is text again. Models were trained with
	 * these ids.
	 */
	for (size_t i = 0; i < n && code == CT_OK;) {
		const struct ct_added_token *t = match_at(&a->round[round], s, n, i);
		struct ct_piece part;
		size_t start = i;

		if (!t) {
			i++;
			continue;
		}
		i += t->n;
		if (t->single_word && !stands_alone(a, s, n, start, i))
			continue;
		if (t->lstrip)
			start = start < done ? done : skip_space_back(s, done, start);
		if (i <= start)
			continue;
		if (done < start) {
			part = ct_piece_part(p, done, start);
			code = fn(ctx, &part, -1, err);
		}
		part = ct_piece_part(p, start, i);
		if (code == CT_OK)
			code = fn(ctx, &part, t->id, err);
		done = t->rstrip ? skip_space(s, n, i) : i;
	}
	if (code == CT_OK && done < n) {
		struct ct_piece part = ct_piece_part(p, done, n);

		code = fn(ctx, &part, -1, err);
	}
	return code;
}
