/*
 * lexicon: searching a vocabulary by text, prefix and likeness; see vocab.h.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/best.h"
#include "base/text.h"
#include "model/vocab.h"

int
ct_vocab_find(const struct ct_vocab *v, const char *before, const char *text)
{
	size_t skip = strlen(before), n = strlen(text);

	for (int id = 0; id < v->size; id++) {
		const struct ct_word *w = &v->words[id];

		if (w->key && w->n == skip + n && memcmp(w->text, before, skip) == 0 &&
		    memcmp(w->text + skip, text, n) == 0)
			return id;
	}
	return -1;
}

int
ct_vocab_complete(const struct ct_vocab *v, const char *prefix, int *ids, int max)
{
	size_t n = strlen(prefix);
	int count = 0;

	for (int id = 0; id < v->size; id++) {
		const struct ct_word *w = &v->words[id];

		if (!w->key || w->n < n || memcmp(w->text, prefix, n) != 0)
			continue;
		if (count < max)
			ids[count] = id;
		count++;
	}
	return count;
}

enum { MAX_WORD = 128 };

static void
lower(char out[MAX_WORD], const char *s)
{
	size_t i;

	for (i = 0; i < MAX_WORD - 1 && s[i]; i++)
		out[i] = (char)tolower((unsigned char)s[i]);
	out[i] = '\0';
}

/*
 * How different two words are; -1: too different. A difference in case counts less than one in letters:
 * "dallas" is nearer to "Dallas" than to "dollar". Words of which this is only the beginning ("massach") come
 * after all misspellings.
 */
static int
unlikeness(const char *word, const char *lowered, const char *other, int limit)
{
	char other_lowered[MAX_WORD];
	int distance, cased;

	lower(other_lowered, other);
	distance = ct_text_distance(lowered, other_lowered, limit);
	if (distance > limit)
		return strncmp(lowered, other_lowered, strlen(lowered)) == 0 ? 4 * (limit + 1) : -1;
	cased = ct_text_distance(word, other, 3);
	return 4 * distance + (cased < 3 ? cased : 3);
}

struct near {
	int id, unlike;
};

static int
by_unlikeness(const void *a, const void *b, void *ctx)
{
	const struct near *x = a, *y = b;

	(void)ctx;
	return (x->unlike > y->unlike) - (x->unlike < y->unlike);
}

int
ct_vocab_nearest(const struct ct_vocab *v, const char *word, int *ids, int max)
{
	size_t n = strlen(word);
	int limit = n / 3 < 4 ? (int)(n / 3) + 1 : 4;
	char lowered[MAX_WORD];
	struct near *near;
	int count = 0;

	if (n == 0 || n >= MAX_WORD || max <= 0)
		return 0;
	near = malloc((size_t)max * sizeof *near);
	if (!near)
		return 0;
	lower(lowered, word);
	for (int id = 0; id < v->size; id++) {
		const struct ct_word *w = &v->words[id];
		int unlike;

		if (!w->key || w->special || w->n >= MAX_WORD)
			continue;
		unlike = unlikeness(word, lowered, w->text, limit);
		if (unlike >= 0)
			ct_best_keep(near, &count, max, &(struct near){ id, unlike }, sizeof *near,
			    by_unlikeness, NULL);
	}
	for (int i = 0; i < count; i++)
		ids[i] = near[i].id;
	free(near);
	return count;
}
