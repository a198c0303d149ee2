/* corpus: see corpus.h. */
#include "corpus/corpus.h"

#include <stdlib.h>
#include <string.h>

void
ct_corpus_free(struct ct_corpus *c)
{
	if (!c)
		return;
	ct_arena_free(&c->arena);
	free(c);
}

static int
find(const char *const *list, int n, const char *text)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return i;
	return -1;
}

int
ct_corpus_word(const struct ct_corpus *c, const char *text)
{
	return find(c->words, c->n_words, text);
}

bool
ct_corpus_allows(const struct ct_corpus *c, int sentence, int pos, int word)
{
	const struct ct_sentence *s = &c->sentences[sentence];
	const int *head = c->tokens + s->first;

	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *o = &c->sentences[i];
		const int *tokens = c->tokens + o->first;

		if (pos + 1 < o->n && tokens[pos + 1] == word &&
		    memcmp(tokens, head, ((size_t)pos + 1) * sizeof *head) == 0)
			return true;
	}
	return false;
}

int
ct_corpus_label(const struct ct_corpus *c, const char *text)
{
	return find(c->labels, c->n_labels, text);
}

bool
ct_corpus_has_validation(const struct ct_corpus *c)
{
	for (int i = 0; i < c->n_sentences; i++)
		if (c->sentences[i].validation)
			return true;
	return false;
}

void
ct_corpus_grade(struct ct_corpus *c, bool validation)
{
	for (int i = 0; i < c->n_sentences; i++) {
		struct ct_sentence *s = &c->sentences[i];

		if (s->held_out && s->validation != validation) {
			s->answer = -1;
			s->held_out = !c->text;
		}
	}
}
