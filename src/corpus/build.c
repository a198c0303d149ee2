/*
 * build: see build.h.
 */
#include "corpus/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
hash_text(const char *s)
{
	uint32_t h = 2166136261u;		/* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/* The slot that holds text, or the free one where it belongs. n_slots > 0. */
static int
find_slot(const struct ct_names *s, const char *text)
{
	int mask = s->n_slots - 1;
	int i = (int)(hash_text(text) & (uint32_t)mask);

	while (s->slots[i] >= 0 && strcmp(s->text[s->slots[i]], text) != 0)
		i = (i + 1) & mask;
	return i;
}

static bool
grow_names(struct ct_names *s)
{
	int n = s->cap ? 2 * s->cap : 64;
	const char **text = realloc(s->text, (size_t)n * sizeof *text);
	int *slots;

	if (!text)
		return false;
	s->text = text;
	slots = malloc((size_t)n * 2 * sizeof *slots);
	if (!slots)
		return false;
	free(s->slots);
	s->slots = slots;
	s->n_slots = 2 * n;
	s->cap = n;
	memset(slots, -1, (size_t)n * 2 * sizeof *slots);
	for (int i = 0; i < s->n; i++)
		slots[find_slot(s, s->text[i])] = i;
	return true;
}

int
ct_names_find(const struct ct_names *s, const char *text)
{
	return s->n_slots ? s->slots[find_slot(s, text)] : -1;
}

int
ct_names_add(struct ct_names *s, const char *text)
{
	int i = ct_names_find(s, text);
	char *copy;

	if (i >= 0)
		return i;
	if (s->n == s->cap && !grow_names(s))
		return -1;
	copy = ct_arena_strdup(s->arena, text);
	if (!copy)
		return -1;
	s->text[s->n] = copy;
	s->slots[find_slot(s, copy)] = s->n;
	return s->n++;
}

void
ct_names_free(struct ct_names *s)
{
	free(s->text);
	free(s->slots);
	*s = (struct ct_names){.arena = s->arena};
}

int
ct_build_open(struct ct_build *b, struct ct_error *err)
{
	*b = (struct ct_build){ 0 };
	b->c = calloc(1, sizeof *b->c);
	if (!b->c)
		return ct_fail_memory(err, sizeof *b->c, "the corpus");
	b->words.arena = b->labels.arena = b->kinds.arena = b->relations.arena = &b->c->arena;
	/* BOS is not id 0, because other programs skip that id. */
	b->c->unk = ct_names_add(&b->words, "<unk>");
	b->c->bos = ct_names_add(&b->words, "<bos>");
	if (b->c->bos < 0) {
		ct_build_close(b);
		return ct_fail_memory(err, 64, "the corpus");
	}
	return CT_OK;
}

void
ct_build_close(struct ct_build *b)
{
	ct_names_free(&b->words);
	ct_names_free(&b->labels);
	ct_names_free(&b->kinds);
	ct_names_free(&b->relations);
	free(b->sentences);
	free(b->tokens);
	free(b->marks);
	ct_corpus_free(b->c);
	*b = (struct ct_build){ 0 };
}

/* Makes room for one more item of an array. */
static void *
room(void *items, int n, int *cap, size_t size)
{
	if (n < *cap)
		return items;
	items = realloc(items, (size_t)(*cap ? 2 * *cap : 256) * size);
	if (items)
		*cap = *cap ? 2 * *cap : 256;
	return items;
}

static void
add_token(struct ct_build *b, int id)
{
	int *tokens = room(b->tokens, b->n_tokens, &b->cap_tokens, sizeof *tokens);

	if (!tokens || id < 0) {
		b->tokens = tokens ? tokens : b->tokens;
		b->failed = true;
		return;
	}
	b->tokens = tokens;
	tokens[b->n_tokens++] = id;
	b->sentences[b->n_sentences - 1].n++;
}

struct ct_sentence *
ct_build_sentence(struct ct_build *b, int kind)
{
	struct ct_sentence *list = room(b->sentences, b->n_sentences, &b->cap_sentences, sizeof *list);

	if (!list) {
		b->failed = true;
		return NULL;
	}
	b->sentences = list;
	list[b->n_sentences++] = (struct ct_sentence){
		.first = b->n_tokens, .answer = -1, .kind = kind, .row = -1, .relation = -1, .about = -1,
		.plan = -1, .plan_at = -1, .repeat = 1,
	};
	add_token(b, b->c->bos);
	return &list[b->n_sentences - 1];
}

void
ct_build_token(struct ct_build *b, const char *text)
{
	add_token(b, ct_names_add(&b->words, text));
}

static int label_token(struct ct_build *b, int token, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static int
label_token(struct ct_build *b, int token, const char *fmt, va_list ap)
{
	char text[256];
	int label;

	vsnprintf(text, sizeof text, fmt, ap);
	label = ct_names_add(&b->labels, text);
	if (b->n_marks == b->cap_marks) {
		size_t cap = b->cap_marks ? 2 * b->cap_marks : 4096;
		uint64_t *marks = realloc(b->marks, cap * sizeof *marks);

		if (!marks)
			label = -1;
		else {
			b->marks = marks;
			b->cap_marks = cap;
		}
	}
	if (label < 0)
		b->failed = true;
	else
		b->marks[b->n_marks++] = (uint64_t)token << 32 | (uint32_t)label;
	return label;
}

int
ct_build_label(struct ct_build *b, int pos, const char *fmt, ...)
{
	va_list ap;
	int label;

	va_start(ap, fmt);
	label = label_token(b, b->sentences[b->n_sentences - 1].first + pos, fmt, ap);
	va_end(ap);
	return label;
}

int
ct_build_label_at(struct ct_build *b, int token, const char *fmt, ...)
{
	va_list ap;
	int label;

	va_start(ap, fmt);
	label = label_token(b, token, fmt, ap);
	va_end(ap);
	return label;
}

const char *
ct_build_article(const char *noun)
{
	return noun[0] && strchr("aeiouAEIOU", noun[0]) ? "an" : "a";
}

static int
compare_marks(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted marks without repetition -> rows of labels per token. */
static int
store_labels(struct ct_build *b, struct ct_error *err)
{
	struct ct_corpus *c = b->c;
	size_t n = 0;

	if (b->n_marks)
		qsort(b->marks, b->n_marks, sizeof *b->marks, compare_marks);
	for (size_t i = 0; i < b->n_marks; i++)
		if (i == 0 || b->marks[i] != b->marks[i - 1])
			b->marks[n++] = b->marks[i];
	c->label_start = ct_arena_need(&c->arena, (size_t)c->n_tokens + 1, sizeof(int), "the labels", err);
	c->label_of = ct_arena_need(&c->arena, n, sizeof(int), "the labels", err);
	if (!c->label_start || !c->label_of)
		return CT_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		c->label_start[(b->marks[i] >> 32) + 1]++;
		c->label_of[i] = (int)(b->marks[i] & 0xffffffffu);
	}
	for (int t = 0; t < c->n_tokens; t++)
		c->label_start[t + 1] += c->label_start[t];
	return CT_OK;
}

static const char **
store_names(struct ct_arena *a, const struct ct_names *s, int *n, struct ct_error *err)
{
	const char **list = ct_arena_need(a, (size_t)s->n, sizeof *list, "the corpus", err);

	*n = s->n;
	if (list && s->n)
		memcpy(list, s->text, (size_t)s->n * sizeof *list);
	return list;
}

int
ct_build_finish(struct ct_build *b, struct ct_corpus **out, struct ct_error *err)
{
	struct ct_corpus *c = b->c;
	int code = CT_ENOMEM;

	if (b->failed) {
		ct_fail_memory(err, (unsigned long long)b->cap_marks * 16, "the corpus");
		goto done;
	}
	c->n_sentences = b->n_sentences;
	c->n_tokens = b->n_tokens;
	c->words = store_names(&c->arena, &b->words, &c->n_words, err);
	c->labels = store_names(&c->arena, &b->labels, &c->n_labels, err);
	c->kinds = store_names(&c->arena, &b->kinds, &c->n_kinds, err);
	c->relations = store_names(&c->arena, &b->relations, &c->n_relations, err);
	c->sentences = ct_arena_need(
	    &c->arena, (size_t)b->n_sentences, sizeof *c->sentences, "the corpus", err);
	c->tokens = ct_arena_need(&c->arena, (size_t)b->n_tokens, sizeof *c->tokens, "the corpus", err);
	if (!c->words || !c->labels || !c->kinds || !c->relations || !c->sentences || !c->tokens)
		goto done;
	if (b->n_sentences)
		memcpy(c->sentences, b->sentences, (size_t)b->n_sentences * sizeof *c->sentences);
	if (b->n_tokens)
		memcpy(c->tokens, b->tokens, (size_t)b->n_tokens * sizeof *c->tokens);
	code = store_labels(b, err);
	if (code == CT_OK) {
		*out = c;
		b->c = NULL;
	}
done:
	ct_build_close(b);
	return code;
}
