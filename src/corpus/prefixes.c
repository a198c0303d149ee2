/*
 * prefixes: labels for what can follow the beginning of a sentence.
 *
 * Sentences with the same first tokens form a group. If the group has only a few next tokens (or planned
 * words), its last common token is labelled with each of them: "say Austin", "moon ahead", "plans moon".
 */
#include <stdlib.h>

#include "base/sort.h"
#include "corpus/build.h"

enum { FEW = 4 };

struct few {
	int n;			/* FEW + 1: too many */
	int words[FEW];
};

static void
add_few(struct few *f, int word)
{
	if (word < 0 || f->n > FEW)
		return;
	for (int i = 0; i < f->n; i++)
		if (f->words[i] == word)
			return;
	if (f->n < FEW)
		f->words[f->n] = word;
	f->n++;
}

static int
compare_sentences(const void *a, const void *b, void *ctx)
{
	const struct ct_build *build = ctx;
	const struct ct_sentence *x = &build->sentences[*(const int *)a],
				 *y = &build->sentences[*(const int *)b];

	for (int i = 0; i < x->n && i < y->n; i++) {
		int s = build->tokens[x->first + i], t = build->tokens[y->first + i];

		if (s != t)
			return s < t ? -1 : 1;
	}
	return (x->n > y->n) - (x->n < y->n);
}

static void
label_group(struct ct_build *b, const int *order, int n, int pos)
{
	struct few next = { 0 }, plan = { 0 };

	for (int i = 0; i < n; i++) {
		const struct ct_sentence *s = &b->sentences[order[i]];

		if (pos + 1 < s->n)
			add_few(&next, b->tokens[s->first + pos + 1]);
		if (pos <= s->answer)
			add_few(&plan, s->plan);
	}
	for (int i = 0; i < n; i++) {
		const struct ct_sentence *s = &b->sentences[order[i]];

		for (int k = 0; k < next.n && next.n <= FEW; k++)
			ct_build_label_at(b, s->first + pos, "say %s", b->words.text[next.words[k]]);
		for (int k = 0; k < plan.n && plan.n <= FEW; k++)
			ct_build_label_at(b, s->first + pos, pos == s->plan_at ? "plans %s" : "%s ahead",
			    b->words.text[plan.words[k]]);
	}
}

/* The sentences of order[0..n) are sorted and share the tokens 0..pos. Depth: the longest sentence. */
static void
walk(struct ct_build *b, const int *order, int n, int pos)
{
	label_group(b, order, n, pos);
	for (int i = 0, j; i < n; i = j) {
		const struct ct_sentence *s = &b->sentences[order[i]];

		j = i + 1;
		if (pos + 1 >= s->n)
			continue;
		while (j < n &&
		       b->tokens[b->sentences[order[j]].first + pos + 1] == b->tokens[s->first + pos + 1])
			j++;
		walk(b, order + i, j - i, pos + 1);
	}
}

void
ct_build_label_prefixes(struct ct_build *b)
{
	int *order;

	if (b->failed || b->n_sentences == 0)
		return;
	order = malloc((size_t)b->n_sentences * sizeof *order);
	if (!order) {
		b->failed = true;
		return;
	}
	for (int i = 0; i < b->n_sentences; i++)
		order[i] = i;
	ct_sort(order, (size_t)b->n_sentences, sizeof *order, compare_sentences, b);
	walk(b, order, b->n_sentences, 0);
	free(order);
}
