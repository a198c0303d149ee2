/* groups: see groups.h. */
#include "trace/groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"
#include "trace/stems.h"

enum { NO_STEM = -1 };

/* Two features whose profiles are alike. */
struct pair {
	int a, b;		/* nodes, a < b */
	double cosine;
};

struct grouping {
	const struct ct_graph *g;
	const char *const *label;
	struct ct_stems stems;
	double *effect;			/* (n_nodes) on the first target, signed */
	int *word;			/* (n_features) as in the result */
	int *parent;			/* (n_features) of a union-find forest; roots are the lowest nodes */
	int *stem;			/* (n_features) of a root: what its group is about, or NO_STEM */
	struct ct_edge *row;		/* (n_nodes) */
	int *column;			/* (n_nodes) place among kept nodes, or -1 */
	int *slot;			/* (n_nodes) place among the features that are compared, or -1 */
	int n_kept;
	struct ct_arena *scratch;
};

/* Whether a feature can be in a group. */
static bool
counts(const struct grouping *w, int i)
{
	return w->g->nodes[i].kept && w->word[i] < 0;
}

static int
root(const struct grouping *w, int i)
{
	while (w->parent[i] != i)
		i = w->parent[i];
	return i;
}

/* Joins two groups, unless they are about different things. */
static void
unite(struct grouping *w, int a, int b)
{
	int x = root(w, a), y = root(w, b), stem = w->stem[x] == NO_STEM ? w->stem[y] : w->stem[x];

	if (x == y || (w->stem[y] != NO_STEM && w->stem[y] != stem))
		return;
	w->parent[x > y ? x : y] = x < y ? x : y;
	w->stem[x < y ? x : y] = stem;
}

static int
sign_of(const struct grouping *w, int i)
{
	return (w->effect[i] > 0) - (w->effect[i] < 0);
}

/* Signed influence on the first target: nodes are by layer, so that each is complete when its turn comes. */
static void
find_effects(struct grouping *w)
{
	const struct ct_graph *g = w->g;
	int target = g->n_nodes - g->n_targets;

	w->effect[target] = 1;
	for (int k = g->n_features; k >= 0; k--) {
		int t = k == g->n_features ? target : k;
		int n = w->effect[t] != 0 && g->nodes[t].inputs > 0 ? ct_graph_row(g, t, w->row) : 0;

		for (int i = 0; i < n; i++)
			w->effect[w->row[i].source] += w->effect[t] * (double)w->row[i].weight /
			    g->nodes[t].inputs;
	}
}

/* Joins features that share a stem, the commonest stem first. */
static void
join_labels(struct grouping *w)
{
	const struct ct_stems *s = &w->stems;
	const struct ct_node *nodes = w->g->nodes;

	for (int k = 0; k < s->n; k++) {
		const struct ct_stem *stem = &s->stem[s->order[k]];

		for (int i = 0; i < stem->n; i++) {
			int f = stem->use[i].feature;
			bool joined = false;

			if (w->stem[root(w, f)] != NO_STEM)
				continue;
			for (int j = i + 1; j < stem->n; j++) {
				int h = stem->use[j].feature;

				if (nodes[h].pos != nodes[f].pos || sign_of(w, h) != sign_of(w, f) ||
				    w->stem[root(w, h)] != NO_STEM)
					continue;
				unite(w, f, h);
				joined = true;
			}
			if (joined)
				w->stem[root(w, f)] = s->order[k];
		}
	}
	/* A feature whose label fits well is not joined with features whose labels say something else. */
	for (int k = 0; k < s->n; k++)
		for (int i = 0; i < s->stem[s->order[k]].n; i++) {
			const struct ct_stem_use *u = &s->stem[s->order[k]].use[i];

			if (u->weight == 1 && w->stem[root(w, u->feature)] == NO_STEM)
				w->stem[root(w, u->feature)] = s->order[k];
		}
}

static void
join_neighbours(struct grouping *w)
{
	const struct ct_graph *g = w->g;

	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];
		int next = !counts(w, i) ? -1 :
		    ct_graph_find(g, CT_NODE_FEATURE, n->layer, n->pos + 1, n->index);

		if (next >= 0 && counts(w, next) && sign_of(w, next) == sign_of(w, i))
			unite(w, i, next);
	}
}

static void
normalise(double *v, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += v[i] * v[i];
	for (int i = 0; i < n && sum > 0; i++)
		v[i] /= sqrt(sum);
}

/* p (n, 2 * n_kept): the profiles of n features at one position. */
static void
fill_profiles(const struct grouping *w, const int *feature, int n, double *p)
{
	const struct ct_graph *g = w->g;
	size_t wide = 2 * (size_t)w->n_kept;

	for (int k = 0; k < n; k++)
		w->slot[feature[k]] = k;
	for (int t = 0; t < g->n_nodes; t++) {
		bool later = g->nodes[t].pos >= g->nodes[feature[0]].pos;
		bool counts = w->column[t] >= 0 && later && g->nodes[t].inputs > 0;
		int edges = counts ? ct_graph_row(g, t, w->row) : 0;

		for (int i = 0; i < edges; i++) {
			int s = w->row[i].source;
			double v = (double)w->row[i].weight / g->nodes[t].inputs;

			if (w->slot[t] >= 0 && w->column[s] >= 0)
				p[(size_t)w->slot[t] * wide + (size_t)w->column[s]] = v;
			if (w->slot[s] >= 0)
				p[(size_t)w->slot[s] * wide + (size_t)(w->n_kept + w->column[t])] = v;
		}
	}
	for (int k = 0; k < n; k++) {
		w->slot[feature[k]] = -1;
		normalise(p + (size_t)k * wide, w->n_kept);
		normalise(p + (size_t)k * wide + w->n_kept, w->n_kept);
	}
}

static double
cosine(const double *x, const double *y, size_t n)
{
	double xy = 0, xx = 0, yy = 0;

	for (size_t i = 0; i < n; i++) {
		xy += x[i] * y[i];
		xx += x[i] * x[i];
		yy += y[i] * y[i];
	}
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* The most similar pairs first; of equally similar ones, those with the lowest nodes. */
static int
by_likeness(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;

	if (p->cosine != q->cosine)
		return p->cosine > q->cosine ? -1 : 1;
	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	return (p->b > q->b) - (p->b < q->b);
}

/* Pairs of n features at one position whose profiles are alike: appended to *pairs, which grows. */
static int
compare_profiles(struct grouping *w, const int *feature, int n, struct pair **pairs, int *n_pairs,
    struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(w->scratch);
	size_t wide = 2 * (size_t)w->n_kept;
	double *p = ct_arena_need(w->scratch, (size_t)n * wide, sizeof *p, "profiles of features", err);
	size_t most = (size_t)*n_pairs + (size_t)n * (size_t)n;
	struct pair *more = p ? realloc(*pairs, most * sizeof *more) : NULL;

	if (!more) {
		ct_arena_release(w->scratch, mark);
		return p ? ct_fail_memory(err, most * sizeof *more, "pairs of features") : CT_ENOMEM;
	}
	*pairs = more;
	fill_profiles(w, feature, n, p);
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++) {
			double c = sign_of(w, feature[i]) != sign_of(w, feature[j]) ? 0 :
			    cosine(p + (size_t)i * wide, p + (size_t)j * wide, wide);

			if (c >= CT_GROUPS_COSINE)
				more[(*n_pairs)++] = (struct pair){ feature[i], feature[j], c };
		}
	ct_arena_release(w->scratch, mark);
	return CT_OK;
}

static int
join_profiles(struct grouping *w, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_graph *g = w->g;
	int *feature = ct_arena_need(w->scratch, (size_t)g->n_features, sizeof *feature, "groups", err);
	int n_pairs = 0, code = feature ? CT_OK : CT_ENOMEM;
	struct pair *pairs = NULL;

	for (int pos = 0; code == CT_OK && pos < g->T; pos++) {
		int n = 0;

		if (!ct_job_go_on(job, "groups", pos, g->T))
			code = ct_fail(err, CT_ECANCELLED, "grouping cancelled");
		for (int i = 0; i < g->n_features; i++)
			if (counts(w, i) && g->nodes[i].pos == pos)
				feature[n++] = i;
		if (n > 1 && code == CT_OK)
			code = compare_profiles(w, feature, n, &pairs, &n_pairs, err);
	}
	if (code == CT_OK && n_pairs) {
		qsort(pairs, (size_t)n_pairs, sizeof *pairs, by_likeness);
		for (int i = 0; i < n_pairs; i++)
			unite(w, pairs[i].a, pairs[i].b);
	}
	free(pairs);
	return code;
}

/* How much other groups feed a group: sum (n_features), at the index of each group's root. */
static void
sum_sources(const struct grouping *w, int group, double *sum)
{
	const struct ct_graph *g = w->g;

	memset(sum, 0, (size_t)g->n_features * sizeof *sum);
	for (int t = group; t < g->n_features; t++) {
		int edges = counts(w, t) && root(w, t) == group && g->nodes[t].inputs > 0 ?
		    ct_graph_row(g, t, w->row) : 0;

		for (int i = 0; i < edges; i++) {
			int s = w->row[i].source;

			if (s < g->n_features && g->nodes[s].kept && root(w, s) != group)
				sum[root(w, s)] += fabs((double)w->row[i].weight) / g->nodes[t].inputs;
		}
	}
}

/* Step 4: joins a group to the one that feeds it most. All pairs are chosen before any are joined. */
static int
join_carried(struct grouping *w, struct ct_error *err)
{
	const struct ct_graph *g = w->g;
	size_t n = (size_t)g->n_features;
	double *sum = ct_arena_need(w->scratch, n, sizeof *sum, "groups", err);
	int *from = ct_arena_need(w->scratch, n, sizeof *from, "groups", err);

	if (!sum || !from)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_features; i++) {
		int best = -1;

		from[i] = -1;
		if (!counts(w, i) || w->parent[i] != i || w->stem[i] == NO_STEM)
			continue;
		sum_sources(w, i, sum);
		for (int s = 0; s < g->n_features; s++)
			if (sum[s] > 0 && (best < 0 || sum[s] > sum[best]))
				best = s;
		if (best >= 0 && counts(w, best) && w->stem[best] == w->stem[i] &&
		    g->nodes[best].pos != g->nodes[i].pos && sign_of(w, best) == sign_of(w, i))
			from[i] = best;
	}
	for (int i = 0; i < g->n_features; i++)
		if (from[i] >= 0)
			unite(w, i, from[i]);
	return CT_OK;
}

/* How often a text is a label of the members, each weighted by how much it counts. */
static double
count_label(const struct grouping *w, const struct ct_graph_group *group, const char *text)
{
	char other[CT_STEM_LABEL];
	double sum = 0;

	for (int i = 0; i < group->n; i++) {
		const char *label = w->label[group->node[i]];

		for (int c = 0; ct_label_candidate(other, sizeof other, label, c); c++)
			if (strcmp(text, other) == 0)
				sum += ct_stems_weight(label, c);
	}
	return sum;
}

/* The c-th label of the k-th member that may name the group, "" without the stem; false after the last. */
static bool
naming_label(const struct grouping *w, const struct ct_graph_group *group, int k, int c, const char *stem,
    bool guesses, char text[CT_STEM_LABEL])
{
	const char *label = w->label[group->node[k]];

	return (guesses || ct_stems_weight(label, 0) == 1) && ct_stems_label(text, label, c, stem);
}

static bool
all_have(const struct grouping *w, const struct ct_graph_group *group, const char *stem, bool guesses,
    const char *phrase)
{
	char text[CT_STEM_LABEL];

	for (int k = 0; k < group->n; k++)
		for (int c = 0; naming_label(w, group, k, c, stem, guesses, text); c++)
			if (*text && !ct_stems_has(text, phrase))
				return false;
	return true;
}

/* The commonest label that has the stem, or ""; of equally common ones the first in the alphabet. */
static void
commonest(const struct grouping *w, const struct ct_graph_group *group, const char *stem, bool guesses,
    char best[CT_STEM_LABEL])
{
	char text[CT_STEM_LABEL];
	double most = 0;

	*best = '\0';
	for (int k = 0; k < group->n; k++)
		for (int c = 0; naming_label(w, group, k, c, stem, guesses, text); c++) {
			double sum = *text ? count_label(w, group, text) : 0;

			if (sum > most || (sum == most && sum > 0 && strcmp(text, best) < 0)) {
				most = sum;
				memcpy(best, text, CT_STEM_LABEL);
			}
		}
}

/* The longest phrase with the stem that all labels share with this one; the stem itself if there is none. */
static void
in_common(const struct grouping *w, const struct ct_graph_group *group, const char *stem, bool guesses,
    const char *label, char best[CT_STEM_LABEL])
{
	char text[CT_STEM_LABEL];
	bool any = false;

	for (int first = 0; ct_stems_phrase(text, label, first, first, stem); first++)
		for (int last = first; ct_stems_phrase(text, label, first, last, stem); last++)
			if (*text && (!any || strlen(text) > strlen(best)) &&
			    all_have(w, group, stem, guesses, text)) {
				memcpy(best, text, CT_STEM_LABEL);
				any = true;
			}
	if (!any)
		snprintf(best, CT_STEM_LABEL, "%s", stem);
}

/*
 * Mixed labels only name a group in which no other label has the stem, and then as a guess. If labels differ,
 * the name is what they have in common: of "in Texas" and "Texas, answering" it is "Texas".
 */
static void
name_group(const struct grouping *w, const struct ct_graph_group *group, int stem,
    char name[CT_SUPERNODE_NAME])
{
	char best[CT_STEM_LABEL] = "", text[CT_STEM_LABEL], marked[CT_STEM_LABEL + sizeof CT_LABEL_GUESS];
	const char *word = stem == NO_STEM ? "" : w->stems.stem[stem].text;
	bool guesses = false;

	commonest(w, group, word, false, best);
	if (!*best) {
		guesses = true;
		commonest(w, group, word, true, best);
	}
	memcpy(text, best, sizeof text);
	if (!all_have(w, group, word, guesses, best))
		in_common(w, group, word, guesses, best, text);
	snprintf(marked, sizeof marked, "%s%s", *text && guesses ? CT_LABEL_GUESS : "", text);
	ct_supernode_name(name, marked);
}

/* Groups of two and more, from the forest. */
static int
collect(struct ct_graph_groups *out, struct grouping *w, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_graph *g = w->g;
	size_t features = (size_t)g->n_features;
	int *size = ct_arena_need(w->scratch, features, sizeof *size, "groups", err);
	int *members = ct_arena_need(a, features, sizeof *members, "groups", err), n = 0, used = 0;

	out->of = ct_arena_need(a, features, sizeof *out->of, "groups", err);
	if (!size || !members || !out->of)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_features; i++) {
		out->of[i] = -1;
		n += counts(w, i) && ++size[root(w, i)] == 2;
	}
	if (!(out->group = ct_arena_need(a, (size_t)n, sizeof *out->group, "groups", err)))
		return CT_ENOMEM;
	for (int i = 0; i < g->n_features; i++) {
		struct ct_graph_group *group = &out->group[out->n];

		if (!counts(w, i) || w->parent[i] != i || size[i] < 2)
			continue;
		*group = (struct ct_graph_group){ .node = members + used, .sign = sign_of(w, i) };
		for (int k = i; k < g->n_features; k++)
			if (counts(w, k) && root(w, k) == i) {
				group->node[group->n++] = k;
				group->influence += g->nodes[k].influence;
				out->of[k] = out->n;
			}
		used += group->n;
		name_group(w, group, w->stem[i], group->name);
		out->n++;
	}
	return CT_OK;
}

static int
grouping_init(struct grouping *w, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_graph *g = w->g;
	size_t nodes = (size_t)g->n_nodes, features = (size_t)g->n_features;

	w->effect = ct_arena_need(a, nodes, sizeof *w->effect, "groups", err);
	w->word = ct_arena_need(a, features, sizeof *w->word, "groups", err);
	w->parent = ct_arena_need(w->scratch, features, sizeof *w->parent, "groups", err);
	w->stem = ct_arena_need(w->scratch, features, sizeof *w->stem, "groups", err);
	w->row = ct_arena_need(w->scratch, nodes, sizeof *w->row, "groups", err);
	w->column = ct_arena_need(w->scratch, nodes, sizeof *w->column, "groups", err);
	w->slot = ct_arena_need(w->scratch, nodes, sizeof *w->slot, "groups", err);
	if (!w->effect || !w->word || !w->parent || !w->stem || !w->row || !w->column || !w->slot)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_features; i++) {
		w->parent[i] = i;
		w->stem[i] = NO_STEM;
		w->word[i] = -1;
	}
	for (int i = 0; i < g->n_nodes; i++) {
		w->column[i] = g->nodes[i].kept ? w->n_kept++ : -1;
		w->slot[i] = -1;
	}
	return CT_OK;
}

/* Whether a label is only about the token. Looks at a label that fits well, or at the best of several. */
static bool
says_token(const char *label, const char *token)
{
	char stem[CT_STEMS_OF_LABEL][CT_STEM_SIZE], word[CT_STEMS_OF_LABEL][CT_STEM_SIZE];
	char text[CT_STEM_LABEL];
	int n;

	if (!ct_label_candidate(text, sizeof text, label, 0) || !*text)
		return true;
	n = ct_stems_of(stem, text);
	if (n <= 0 || ct_stems_of(word, token) != n)
		return false;
	while (n > 0 && strcmp(stem[n - 1], word[n - 1]) == 0)
		n--;
	return n == 0;
}

/* Finds the features that are words as the model reads them; their labels join nothing. */
static void
find_words(struct grouping *w, const char **label, const char *const *token)
{
	const struct ct_graph *g = w->g;

	for (int i = 0; token && i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];
		int word = !n->kept || n->kind != CT_NODE_FEATURE ? -1 :
		    ct_graph_find(g, CT_NODE_EMBEDDING, -1, n->pos, 0);

		if (word < 0 || n->inputs <= 0 || !says_token(label[i], token[n->pos]) ||
		    fabs((double)ct_graph_edge(g, i, word)) < CT_GROUPS_WORD * n->inputs)
			continue;
		w->word[i] = word;
		label[i] = "";
	}
}

int
ct_graph_groups(struct ct_graph_groups *out, const struct ct_graph *g, const char *const *label,
    const char *const *token, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena scratch = { 0 };
	struct grouping w = { .g = g, .scratch = &scratch };
	int code = grouping_init(&w, a, err);
	const char **own = ct_arena_need(&scratch, (size_t)g->n_features, sizeof *own, "labels", err);

	*out = (struct ct_graph_groups){ .word = w.word, .effect = w.effect };
	if (!own)
		code = CT_ENOMEM;
	if (code == CT_OK) {
		if (g->n_features)
			memcpy(own, label, (size_t)g->n_features * sizeof *own);
		w.label = own;
		find_words(&w, own, token);
		code = ct_stems_find(&w.stems, g, own, &scratch, err);
	}
	if (code == CT_OK && g->n_targets) {
		find_effects(&w);
		join_labels(&w);
		join_neighbours(&w);
		if ((code = join_profiles(&w, job, err)) == CT_OK)
			code = join_carried(&w, err);
	}
	if (code == CT_OK)
		code = collect(out, &w, a, err);
	ct_arena_free(&scratch);
	return code;
}
