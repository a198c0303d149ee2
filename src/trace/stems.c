/* stems: see stems.h. */
#include "trace/stems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"

/* Function words: they do not say what a label is about. */
static const char *const binding[] = {
	"a", "about", "after", "ahead", "an", "and", "as", "at", "before", "by", "first", "for", "from", "in",
	"is", "make", "of", "on", "or", "second", "that", "the", "to", "with"
};

struct found {
	char text[CT_STEM_SIZE];
	struct ct_stem_use use;
};

static bool
binds(const char *word)
{
	for (size_t i = 0; i < sizeof binding / sizeof *binding; i++)
		if (strcmp(word, binding[i]) == 0)
			return true;
	return false;
}

/* Letters of any language, digits, and characters in labels of numbers and of endings: _7, 6-8_, -oon. */
static bool
in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '-' || (unsigned char)c >= 0x80;
}

/* The next word from *p on, in lower case; "" if there is none, or if it is longer than the room for it. */
static void
next_word(const char **p, const char *end, char word[CT_STEM_SIZE])
{
	size_t n = 0;

	while (*p < end && !in_word(**p))
		++*p;
	for (; *p < end && in_word(**p); ++*p)
		if (n < CT_STEM_SIZE - 5)	/* "say " goes before it */
			word[n++] = **p >= 'A' && **p <= 'Z' ? (char)(**p - 'A' + 'a') : **p;
	word[n] = '\0';
}

/* The words up to a comma or bracket as stems: all of them, or without function words. */
static int
read_words(char stem[CT_STEMS_OF_LABEL][CT_STEM_SIZE], const char *label, bool all)
{
	const char *p = label, *end = label + strcspn(label, ",(");
	char word[CT_STEM_SIZE];
	bool says = false, first = true;
	int n = 0;

	while (p < end && n < CT_STEMS_OF_LABEL) {
		next_word(&p, end, word);
		if (first && strcmp(word, "say") == 0)
			says = true;
		else if (*word && (all || !binds(word)))
			snprintf(stem[n++], CT_STEM_SIZE, "%s%.*s", says ? "say " : "", CT_STEM_SIZE - 5,
			    word);
		first = false;
	}
	return n;
}

int
ct_stems_of(char stem[CT_STEMS_OF_LABEL][CT_STEM_SIZE], const char *label)
{
	int n = read_words(stem, label, false);

	/* "of (input)" is about the word "of". */
	return n ? n : read_words(stem, label, true);
}

double
ct_stems_weight(const char *label, int i)
{
	return strncmp(label, CT_LABEL_MIXED, strlen(CT_LABEL_MIXED)) != 0 ? 1 : 1.0 / (i + 2);
}

bool
ct_stems_label(char dst[CT_STEM_LABEL], const char *label, int i, const char *stem)
{
	char stems[CT_STEMS_OF_LABEL][CT_STEM_SIZE];
	int n;

	if (!ct_label_candidate(dst, CT_STEM_LABEL, label, i))
		return false;
	n = ct_stems_of(stems, dst);
	while (n > 0 && strcmp(stems[n - 1], stem) != 0)
		n--;
	if (!n)
		*dst = '\0';
	return true;
}

bool
ct_stems_phrase(char dst[CT_STEM_LABEL], const char *label, int first, int last, const char *stem)
{
	bool says = strncmp(stem, "say ", 4) == 0, has = false;
	const char *p = label, *end = label + strcspn(label, ",("), *from = label;
	char word[CT_STEM_SIZE];

	*dst = '\0';
	for (int i = 0; i <= last; i++) {
		while (p < end && !in_word(*p))
			p++;
		if (p == end)
			return false;
		from = i == first ? p : from;
		next_word(&p, end, word);
		has |= i >= first && strcmp(word, says ? stem + 4 : stem) == 0;
	}
	if (has && (!says || first == 0))
		snprintf(dst, CT_STEM_LABEL, "%.*s", (int)(p - from), from);
	return true;
}

bool
ct_stems_has(const char *label, const char *phrase)
{
	size_t n = strlen(phrase);

	for (const char *p = n ? strstr(label, phrase) : NULL; p; p = strstr(p + 1, phrase))
		if ((p == label || !in_word(p[-1])) && !in_word(p[n]))
			return true;
	return false;
}

/* By text, then by feature, then what counts most. */
static int
by_text(const void *x, const void *y)
{
	const struct found *a = x, *b = y;
	int d = strcmp(a->text, b->text);

	if (d)
		return d;
	if (a->use.feature != b->use.feature)
		return a->use.feature < b->use.feature ? -1 : 1;
	return (a->use.weight < b->use.weight) - (a->use.weight > b->use.weight);
}

struct ranked {
	double total;
	int stem;
};

static int
by_total(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	if (a->total != b->total)
		return a->total > b->total ? -1 : 1;
	return (a->stem > b->stem) - (a->stem < b->stem);
}

/* Lists the stems with all their uses in labels: returns how many. list: room for them, or NULL. */
static size_t
read_labels(const struct ct_graph *g, const char *const *label, struct found *list)
{
	char stem[CT_STEMS_OF_LABEL][CT_STEM_SIZE], text[CT_STEM_LABEL];
	size_t n = 0;

	for (int i = 0; i < g->n_features; i++)
		for (int c = 0; g->nodes[i].kept && ct_label_candidate(text, sizeof text, label[i], c); c++) {
			int k = ct_stems_of(stem, text);

			for (int j = 0; j < k; j++, n++) {
				if (!list)
					continue;
				memcpy(list[n].text, stem[j], sizeof stem[j]);
				list[n].use = (struct ct_stem_use){ i, ct_stems_weight(label[i], c) };
			}
		}
	return n;
}

int
ct_stems_find(struct ct_stems *out, const struct ct_graph *g, const char *const *label, struct ct_arena *a,
    struct ct_error *err)
{
	size_t n = read_labels(g, label, NULL);
	struct found *list = ct_arena_need(a, n, sizeof *list, "labels", err);
	struct ct_stem_use *use = ct_arena_need(a, n, sizeof *use, "labels", err);
	struct ranked *rank = ct_arena_need(a, n, sizeof *rank, "labels", err);

	*out = (struct ct_stems){
		.stem = ct_arena_need(a, n, sizeof *out->stem, "labels", err),
		.order = ct_arena_need(a, n, sizeof *out->order, "labels", err)
	};
	if (!list || !use || !rank || !out->stem || !out->order)
		return CT_ENOMEM;
	if (!n)
		return CT_OK;
	read_labels(g, label, list);
	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 0; i < n; i++) {
		bool fresh = !out->n || strcmp(out->stem[out->n - 1].text, list[i].text) != 0;
		struct ct_stem *s = &out->stem[fresh ? out->n++ : out->n - 1];

		if (fresh) {
			*s = (struct ct_stem){ .use = use + i };
			memcpy(s->text, list[i].text, sizeof s->text);
		}
		if (s->n && s->use[s->n - 1].feature == list[i].use.feature)
			continue;
		s->use[s->n++] = list[i].use;
		s->total += list[i].use.weight;
	}
	for (int i = 0; i < out->n; i++)
		rank[i] = (struct ranked){ out->stem[i].total, i };
	qsort(rank, (size_t)out->n, sizeof *rank, by_total);
	for (int i = 0; i < out->n; i++)
		out->order[i] = rank[i].stem;
	return CT_OK;
}
