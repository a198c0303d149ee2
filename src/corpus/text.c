/* text: see text.h. */
#include "corpus/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/sniff.h"

enum { FILE_MAX = 64 << 20, LEAST_TOKENS = 3 };

struct reader {
	struct ct_corpus *c;
	const struct ct_tokenizer *t;
	const char *path;
	int max_tokens;
	struct ct_token_span *spans;
	size_t n_spans;
};

/* Room for the tokens of n bytes: at most one each, and a BOS. */
static int
need_spans(struct reader *r, size_t n, struct ct_error *err)
{
	struct ct_token_span *grown;

	if (n + 2 <= r->n_spans)
		return CT_OK;
	grown = realloc(r->spans, (n + 2) * sizeof *grown);
	if (!grown)
		return ct_fail_memory(err, (n + 2) * sizeof *grown, "the tokens of a line");
	r->spans = grown;
	r->n_spans = n + 2;
	return CT_OK;
}

static int
add_line(struct reader *r, const char *line, size_t n, int number, struct ct_error *err)
{
	struct ct_corpus *c = r->c;
	int count, i, code;

	if (strspn(line, " \t\r") >= n)
		return CT_OK;
	code = need_spans(r, n, err);
	if (code != CT_OK)
		return code;
	count = ct_tokenizer_encode(r->t, line, n, r->spans, (int)r->n_spans, NULL, err);
	if (count < 0)
		return ct_fail_in(err, "%s:%d", r->path, number);
	if (count > r->max_tokens)
		count = r->max_tokens;
	if (count < LEAST_TOKENS)
		return CT_OK;
	c->sentences[c->n_sentences++] = (struct ct_sentence){ .first = c->n_tokens,
		.n = count,
		.held_out = true,
		.answer = count - 2,
		.no_bos = !ct_tokenizer_special(r->t, r->spans[0].id),
		.row = -1,
		.relation = -1,
		.about = -1,
		.repeat = 1 };
	for (i = 0; i < count; i++)
		c->tokens[c->n_tokens++] = r->spans[i].id;
	return CT_OK;
}

static int
read_lines(struct reader *r, const char *text, size_t n, struct ct_error *err)
{
	struct ct_corpus *c = r->c;
	size_t at, lines = 1, length;
	int number = 0, code = CT_OK;

	for (at = 0; at < n; at++)
		lines += text[at] == '\n';
	if (lines > CT_CORPUS_MAX_SENTENCES)
		return ct_fail(err, CT_EINVAL, "%s has %zu lines; a corpus may have %d", r->path, lines,
		    CT_CORPUS_MAX_SENTENCES);
	c->sentences = ct_arena_need(&c->arena, lines, sizeof *c->sentences, "sentences", err);
	c->tokens = ct_arena_need(&c->arena, n + 2 * lines, sizeof *c->tokens, "tokens", err);
	if (!c->sentences || !c->tokens)
		return CT_ENOMEM;
	for (at = 0; at < n && code == CT_OK; at += length + 1) {
		length = strcspn(text + at, "\n");
		code = add_line(r, text + at, length, ++number, err);
	}
	if (code == CT_OK && c->n_sentences == 0)
		code = ct_fail(err, CT_EINVAL, "%s has no line of at least two tokens", r->path);
	return code;
}

static const char *
name_label(struct ct_corpus *c, const char *before, int id, const char *after)
{
	char word[180], buf[200];

	snprintf(buf, sizeof buf, "%s%s%s", before, ct_text_word(word, sizeof word, c->words[id]), after);
	return ct_arena_strdup(&c->arena, buf);
}

/* Label 2*id: the token stands here; 2*id+1: it comes next. */
int
ct_corpus_annotate_text(struct ct_corpus *c, struct ct_error *err)
{
	int s, t, next, n = 0;

	c->n_labels = 2 * c->n_words;
	c->labels = ct_arena_need(&c->arena, (size_t)c->n_labels, sizeof *c->labels, "labels", err);
	c->label_start = ct_arena_need(
	    &c->arena, (size_t)c->n_tokens + 1, sizeof *c->label_start, "labels", err);
	c->label_of = ct_arena_need(&c->arena, 2 * (size_t)c->n_tokens, sizeof *c->label_of, "labels", err);
	if (!c->labels || !c->label_start || !c->label_of)
		return CT_ENOMEM;
	for (t = 0; t < c->n_words; t++) {
		c->labels[2 * t] = name_label(c, "", t, " (input)");
		c->labels[2 * t + 1] = name_label(c, "say ", t, "");
		if (!c->labels[2 * t] || !c->labels[2 * t + 1])
			return ct_fail_memory(err, 200, "labels");
	}
	for (s = 0; s < c->n_sentences; s++) {
		for (t = c->sentences[s].first; t < c->sentences[s].first + c->sentences[s].n; t++) {
			int here = 2 * c->tokens[t];

			next = t + 1 < c->sentences[s].first + c->sentences[s].n ? 2 * c->tokens[t + 1] + 1
										 : -1;
			c->label_start[t] = n;
			if (next >= 0 && next < here)	/* ascending */
				c->label_of[n++] = next;
			c->label_of[n++] = here;
			if (next > here)
				c->label_of[n++] = next;
		}
	}
	c->label_start[c->n_tokens] = n;
	return CT_OK;
}

int
ct_corpus_name_tokens(struct ct_corpus *c, const struct ct_tokenizer *t, int n_words, struct ct_error *err)
{
	int i;

	c->n_words = n_words;
	c->words = ct_arena_need(&c->arena, (size_t)n_words, sizeof *c->words, "token texts", err);
	if (!c->words)
		return CT_ENOMEM;
	for (i = 0; i < n_words; i++) {
		c->words[i] = ct_tokenizer_text(t, i, NULL);
		if (!c->words[i])
			c->words[i] = "?";
	}
	return CT_OK;
}

int
ct_corpus_text(struct ct_corpus **out, const char *path, const struct ct_tokenizer *t, int n_words,
    int max_tokens, struct ct_error *err)
{
	static const char *kind = "line";
	struct reader r = { .t = t, .path = path, .max_tokens = max_tokens };
	char *text = NULL;
	size_t n;
	int code;

	*out = NULL;
	r.c = calloc(1, sizeof *r.c);
	if (!r.c)
		return ct_fail_memory(err, sizeof *r.c, "a corpus");
	r.c->n_kinds = 1;
	r.c->kinds = &kind;
	code = ct_file_read_text(&text, &n, path, FILE_MAX, err);
	if (code == CT_OK)
		code = ct_sniff_expect(path, text, n, CT_SNIFF_OTHER, "a text file", err);
	if (code == CT_OK && memchr(text, '\0', n) != NULL)
		code = ct_fail(err, CT_EFORMAT, "%s has a NUL byte: it is not a text file", path);
	if (code == CT_OK)
		code = ct_corpus_name_tokens(r.c, t, n_words, err);
	if (code == CT_OK)
		code = read_lines(&r, text, n, err);
	if (code == CT_OK)
		code = ct_corpus_annotate_text(r.c, err);
	free(text);
	free(r.spans);
	if (code != CT_OK) {
		ct_corpus_free(r.c);
		return code;
	}
	*out = r.c;
	return CT_OK;
}
