/* Automatic groups, against a dense program in double, and what must hold whatever the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"
#include "fixture.h"
#include "trace/groups.h"
#include "trace/stems.h"

static struct ct_error err;

/* Labels, and by hand what their stems are and count. */
static const struct known {
	const char *label;
	struct { const char *stem; double weight; } stem[5];
} known[] = {
	{ "", { { NULL, 0 } } },
	{ "", { { NULL, 0 } } },
	{ "in Texas", { { "texas", 1 } } },
	{ "Texas, answering", { { "texas", 1 } } },
	{ "say a capital", { { "say capital", 1 } } },
	{ "the capital of Texas", { { "capital", 1 }, { "texas", 1 } } },
	{ "capital (input)", { { "capital", 1 } } },
	{ "mixed: bird Wren / in Texas", { { "bird", .5 }, { "wren", .5 }, { "texas", 1.0 / 3 } } },
	{ "mixed: Ohio / say Ohio / say a capital",
	    { { "ohio", .5 }, { "say ohio", 1.0 / 3 }, { "say capital", .25 } } },
	{ "of (input)", { { "of", 1 } } },
	{ "first _6-9 + second _7", { { "_6-9", 1 }, { "_7", 1 } } },
};
enum { KNOWN = sizeof known / sizeof *known };

static double
has(int label, const char *stem)
{
	for (int i = 0; i < 5 && known[label].stem[i].stem; i++)
		if (strcmp(known[label].stem[i].stem, stem) == 0)
			return known[label].stem[i].weight;
	return 0;
}

static void
test_stems(void **state)
{
	char text[CT_STEM_LABEL], stem[CT_STEMS_OF_LABEL][CT_STEM_SIZE], longest[300];

	(void)state;
	for (int k = 0; k < KNOWN; k++) {
		int all = 0;

		for (int c = 0; ct_label_candidate(text, sizeof text, known[k].label, c); c++) {
			int n = ct_stems_of(stem, text);

			for (int i = 0; i < n; i++, all++)
				assert_true(has(k, stem[i]) == ct_stems_weight(known[k].label, c));
		}
		assert_true(all == 5 || !known[k].stem[all].stem);
	}
	/* Nothing but binding words, no words, endless ones, and ones past the end. */
	assert_int_equal(ct_stems_of(stem, "is (input)"), 1);
	assert_string_equal(stem[0], "is");
	assert_int_equal(ct_stems_of(stem, " + ?! "), 0);
	assert_int_equal(ct_stems_of(stem, "say"), 0);
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(ct_stems_of(stem, longest), 1);
	assert_true(strlen(stem[0]) < CT_STEM_SIZE);
	assert_false(ct_label_candidate(text, sizeof text, "in Texas", 1));
	assert_false(ct_label_candidate(text, sizeof text, "mixed: a / b", 2));
	assert_true(ct_label_candidate(text, sizeof text, "mixed: a / b", 1));
	assert_string_equal(text, "b");
}

/* The reference: everything dense, groups as numbers that are written over. */
struct naive {
	const struct ct_graph *g;
	const int *label;
	double *m;		/* (n_nodes, n_nodes) A / inputs */
	double *effect;
	int *group;		/* (n_features) -1: pruned */
	const char **stem;	/* (n_features) of a group's number */
};

static int
sign(double v)
{
	return v > 0 ? 1 : v < 0 ? -1 : 0;
}

static bool
may_meet(const struct naive *w, int i, int j)
{
	return w->group[i] >= 0 && w->group[j] >= 0 && sign(w->effect[i]) == sign(w->effect[j]);
}

static void
merge(struct naive *w, int i, int j)
{
	int to = w->group[i] < w->group[j] ? w->group[i] : w->group[j], from = w->group[i] + w->group[j] - to;
	const char *a = w->stem[to], *b = w->stem[from];

	if (to == from || (a && b && strcmp(a, b) != 0))
		return;
	w->stem[to] = a ? a : b;
	for (int k = 0; k < w->g->n_features; k++)
		if (w->group[k] == from)
			w->group[k] = to;
}

/* The stem that is next after `last` in the order of how common they are; NULL after the rarest. */
static const char *
next_stem(const struct naive *w, const char *last, double *total)
{
	const char *best = NULL;
	double most = -1, before = *total;

	for (int k = 0; k < KNOWN; k++)
		for (int i = 0; i < 5 && known[k].stem[i].stem; i++) {
			const char *s = known[k].stem[i].stem;
			double sum = 0;

			for (int f = 0; f < w->g->n_features; f++)
				sum += w->g->nodes[f].kept ? has(w->label[f], s) : 0;
			if (sum == 0 || (last && (sum > before || (sum == before && strcmp(s, last) <= 0))))
				continue;
			if (sum > most || (sum == most && strcmp(s, best) < 0)) {
				best = s;
				most = sum;
			}
		}
	*total = most;
	return best;
}

static void
naive_labels(struct naive *w)
{
	int n = w->g->n_features;
	double total = 0;

	for (const char *s = next_stem(w, NULL, &total); s; s = next_stem(w, s, &total))
		for (int i = 0; i < n; i++) {
			bool any = false;

			if (w->group[i] < 0 || w->stem[w->group[i]] || !has(w->label[i], s))
				continue;
			for (int j = 0; j < n; j++) {
				if (j == i || w->g->nodes[i].pos != w->g->nodes[j].pos ||
				    !may_meet(w, i, j) || w->stem[w->group[j]] || !has(w->label[j], s))
					continue;
				merge(w, i, j);
				any = true;
			}
			if (any)
				w->stem[w->group[i]] = s;
		}
	total = 0;
	for (const char *s = next_stem(w, NULL, &total); s; s = next_stem(w, s, &total))
		for (int i = 0; i < n; i++)
			if (w->group[i] >= 0 && !w->stem[w->group[i]] && has(w->label[i], s) == 1)
				w->stem[w->group[i]] = s;
}

static double
naive_cosine(const struct naive *w, int i, int j)
{
	const struct ct_graph *g = w->g;
	double norm[2][2] = { { 0 } }, sum = 0, of[2] = { 0 };

	for (int pass = 0; pass < 2; pass++)
		for (int k = 0; k < g->n_nodes; k++) {
			int n = g->n_nodes;
			double x[2][2] = { { w->m[i * n + k], w->m[j * n + k] },
			    { w->m[k * n + i], w->m[k * n + j] } };

			for (int side = 0; g->nodes[k].kept && side < 2; side++) {
				if (!pass) {
					norm[side][0] += x[side][0] * x[side][0];
					norm[side][1] += x[side][1] * x[side][1];
				} else if (norm[side][0] > 0 && norm[side][1] > 0) {
					sum += x[side][0] * x[side][1] / sqrt(norm[side][0] * norm[side][1]);
				}
			}
		}
	for (int side = 0; side < 2; side++)
		for (int k = 0; k < 2; k++)
			of[k] += norm[side][k] > 0;
	return of[0] > 0 && of[1] > 0 ? sum / sqrt(of[0] * of[1]) : 0;
}

static void
naive_profiles(struct naive *w)
{
	const struct ct_graph *g = w->g;
	double last = 2;
	int li = -1, lj = -1;

	for (;;) {	/* the next pair after (last, li, lj) */
		double best = -1;
		int bi = -1, bj = -1;

		for (int i = 0; i < g->n_features; i++)
			for (int j = i + 1; j < g->n_features; j++) {
				double c;

				if (!may_meet(w, i, j) || g->nodes[i].pos != g->nodes[j].pos)
					continue;
				c = naive_cosine(w, i, j);
				if (c < CT_GROUPS_COSINE || c > last ||
				    (c == last && (i < li || (i == li && j <= lj))) || c <= best)
					continue;
				best = c;
				bi = i;
				bj = j;
			}
		if (bi < 0)
			return;
		merge(w, bi, bj);
		last = best;
		li = bi;
		lj = bj;
	}
}

static void
naive_effects(struct naive *w)
{
	const struct ct_graph *g = w->g;
	int n = g->n_nodes, target = n - g->n_targets;

	for (int t = 0; t < n; t++)
		for (int s = 0; s < n; s++)
			w->m[(size_t)t * (size_t)n + (size_t)s] = g->nodes[t].inputs > 0 ?
			    (double)ct_graph_edge(g, t, s) / g->nodes[t].inputs : 0;
	w->effect[target] = 1;
	for (int s = 0; s < g->n_features; s++)
		w->effect[s] = 0;
	for (int s = g->n_features - 1; s >= 0; s--) {	/* from what it feeds, which stands behind it */
		w->effect[s] = w->m[(size_t)target * (size_t)n + (size_t)s];
		for (int t = s + 1; t < g->n_features; t++)
			w->effect[s] += w->effect[t] * w->m[(size_t)t * (size_t)n + (size_t)s];
	}
}

/* What group a has from group b, whose numbers are their lowest nodes: sum |A| / inputs. */
static double
had_from(const struct naive *w, int a, int b)
{
	int n = w->g->n_nodes;
	double sum = 0;

	for (int t = 0; t < w->g->n_features; t++)
		for (int s = 0; w->group[t] == a && s < w->g->n_features; s++)
			if (w->group[s] == b)
				sum += fabs(w->m[(size_t)t * (size_t)n + (size_t)s]);
	return sum;
}

/* Each group joins the one that it has most from, where that is about the same at another position. */
static void
naive_carried(struct naive *w)
{
	int n = w->g->n_features, *to = malloc(((size_t)n + 1) * sizeof *to);

	for (int a = 0; a < n; a++) {
		double most = 0;
		int best = -1;

		to[a] = -1;
		for (int b = 0; w->group[a] == a && b < n; b++) {
			double sum = a == b ? 0 : had_from(w, a, b);

			if (sum > most) {
				most = sum;
				best = b;
			}
		}
		if (best >= 0 && w->stem[a] && w->stem[best] && strcmp(w->stem[a], w->stem[best]) == 0 &&
		    w->g->nodes[a].pos != w->g->nodes[best].pos && may_meet(w, a, best))
			to[a] = best;
	}
	for (int a = 0; a < n; a++)
		if (to[a] >= 0)
			merge(w, a, to[a]);
	free(to);
}

static void
naive_run(struct naive *w)
{
	const struct ct_graph *g = w->g;

	naive_effects(w);
	for (int i = 0; i < g->n_features; i++)
		w->group[i] = g->nodes[i].kept ? i : -1;
	naive_labels(w);
	for (int i = 0; i < g->n_features; i++)
		for (int j = i + 1; j < g->n_features; j++) {
			const struct ct_node *a = &g->nodes[i], *b = &g->nodes[j];

			if (a->layer == b->layer && a->index == b->index && abs(a->pos - b->pos) == 1 &&
			    may_meet(w, i, j))
				merge(w, i, j);
		}
	naive_profiles(w);
	naive_carried(w);
}

/* Every kept feature is in one group, or single; members are as the header says; influence adds up. */
static void
check_partition(const struct ct_graph_groups *x, const struct ct_graph *g, const int *group)
{
	int *seen = calloc((size_t)g->n_features, sizeof *seen);

	for (int i = 0; i < x->n; i++) {
		const struct ct_graph_group *p = &x->group[i];
		double influence = 0;

		assert_true(p->n >= 2);
		assert_true(i == 0 || p[-1].node[0] < p->node[0]);
		for (int k = 0; k < p->n; k++) {
			assert_true(g->nodes[p->node[k]].kept);
			assert_int_equal(x->of[p->node[k]], i);
			assert_int_equal(seen[p->node[k]]++, 0);
			assert_true(k == 0 || p->node[k - 1] < p->node[k]);
			influence += g->nodes[p->node[k]].influence;
		}
		assert_true(fabs(influence - p->influence) < 1e-12);
	}
	for (int i = 0; i < g->n_features; i++) {
		assert_int_equal(seen[i], x->of[i] >= 0);
		for (int j = 0; group && j < i; j++)
			if (group[i] >= 0 && group[j] >= 0)
				assert_int_equal(group[i] == group[j], x->of[i] >= 0 && x->of[i] == x->of[j]);
	}
	free(seen);
}

static int n_groups, n_alike, n_words;

static void
check_groups(struct fixture *f, const struct ct_shape *shape)
{
	const struct ct_graph *g = f->graph;
	size_t n = (size_t)g->n_nodes, features = (size_t)g->n_features;
	int *label = calloc(features + 1, sizeof *label);
	const char **text = calloc(features + 1, sizeof *text);
	struct naive w = { .g = g, .label = label, .m = calloc(n * n, sizeof *w.m),
	    .effect = calloc(n, sizeof *w.effect), .group = calloc(features + 1, sizeof *w.group),
	    .stem = calloc(features + 1, sizeof *w.stem) };
	struct ct_graph_groups x;

	(void)shape;
	/* The same label for a feature wherever it is. */
	for (size_t i = 0; i < features; i++) {
		label[i] = (g->nodes[i].index * 7 + g->nodes[i].layer * 3) % KNOWN;
		text[i] = known[label[i]].label;
	}
	assert_int_equal(ct_graph_groups(&x, g, text, NULL, &f->arena, NULL, &err), 0);
	naive_run(&w);
	check_partition(&x, g, w.group);
	n_groups += x.n;
	/* Without labels only what profiles say, and no names. */
	for (size_t i = 0; i < features; i++) {
		label[i] = 0;
		text[i] = "";
		w.stem[i] = NULL;
	}
	assert_int_equal(ct_graph_groups(&x, g, text, NULL, &f->arena, NULL, &err), 0);
	naive_run(&w);
	check_partition(&x, g, w.group);
	n_alike += x.n;
	for (int i = 0; i < x.n; i++)
		assert_string_equal(x.group[i].name, "");
	free(w.stem);
	free(w.group);
	free(w.effect);
	free(w.m);
	free(text);
	free(label);
}

static void
test_reference(void **state)
{
	(void)state;
	fixture_each(6, check_groups);
	assert_true(n_groups > 20 && n_alike > 2);	/* else it compared nothing */
}

/* Edges between supernodes made of groups are the sums of their members' edges. */
static void
check_sums(struct fixture *f, const struct ct_shape *shape)
{
	static struct ct_subgraph sg;
	const struct ct_graph *g = f->graph;
	const char **text = calloc((size_t)g->n_features + 1, sizeof *text);
	struct ct_graph_groups x;
	struct ct_parts parts;
	char name[20];

	(void)shape;
	sg = (struct ct_subgraph){ 0 };
	for (int i = 0; i < g->n_features; i++)
		text[i] = known[g->nodes[i].index % KNOWN].label;
	assert_int_equal(ct_graph_groups(&x, g, text, NULL, &f->arena, NULL, &err), 0);
	for (int i = 0; i < x.n && i < CT_MAX_SUPERNODES; i++)
		for (int k = 0; k < x.group[i].n && sg.n_pins < CT_MAX_PINS; k++) {
			struct ct_pin p = ct_pin_of(&g->nodes[x.group[i].node[k]]);
			int at = ct_subgraph_pin(&sg, &p, &err);

			snprintf(name, sizeof name, "%d", i);
			assert_int_equal(ct_subgraph_group(&sg, at, name, &err), 0);
		}
	assert_int_equal(ct_parts_init(&parts, &sg, g, &f->arena, &err), 0);
	for (int e = 0; e < parts.n_edges; e++) {
		const struct ct_subgraph_part *s = &parts.part[parts.edge[e].source];
		const struct ct_subgraph_part *t = &parts.part[parts.edge[e].target];
		double sum = 0;

		for (int i = 0; i < t->n; i++)
			for (int k = 0; k < s->n; k++)
				sum += (double)ct_graph_edge(g, t->node[i], s->node[k]);
		assert_true(fabs(sum - parts.edge[e].weight) <= 1e-9 * fabs(sum) + 1e-12);
	}
	free(text);
}

static void
test_sums(void **state)
{
	(void)state;
	fixture_each(5, check_sums);
}

/* What a group is called whose members have one or the other of two labels. */
static const struct {
	const char *label[2], *name;
} pairs[] = {
	{ { "in Texas", "Texas, answering" }, "Texas" },
	{ { "in Texas", "in Texas (input)" }, "in Texas" },
	{ { "in Texas", "in Texasville or Texas" }, "Texas" },
	{ { "capital of Texas", "Texan capital of Texas, answering" }, "capital of Texas" },
	{ { "second _7", "first _6 + second _7" }, "second _7" },
	{ { "say a capital", "say a capital of Ohio" }, "say a capital" },
	{ { "say a capital", "say the capital" }, "say capital" },
	{ { "in Texas", "TEXAS" }, "texas" },
	{ { "in Texas", "mixed: Texas (input) / a bird" }, "in Texas" },
	{ { "mixed: in Texas / a bird", "mixed: say Ohio / in Texas, answering" }, "\342\211\210 in Texas" },
};
enum { PAIRS = sizeof pairs / sizeof *pairs };
static int n_named[PAIRS];

static void
check_names(struct fixture *f, const struct ct_shape *shape)
{
	const struct ct_graph *g = f->graph;
	const char **text = calloc((size_t)g->n_features + 1, sizeof *text);
	struct ct_graph_groups x;

	(void)shape;
	for (int k = 0; k < PAIRS; k++) {
		for (int i = 0; i < g->n_features; i++)
			text[i] = pairs[k].label[i % 2];
		assert_int_equal(ct_graph_groups(&x, g, text, NULL, &f->arena, NULL, &err), 0);
		for (int i = 0; i < x.n; i++) {
			int n[2] = { 0, 0 };

			for (int m = 0; m < x.group[i].n; m++)
				n[x.group[i].node[m] % 2]++;
			if (!n[0] || !n[1])
				continue;
			assert_string_equal(x.group[i].name, pairs[k].name);
			n_named[k]++;
		}
	}
	free(text);
}

static void
test_group_names(void **state)
{
	(void)state;
	fixture_each(5, check_names);
	for (int k = 0; k < PAIRS; k++)
		assert_true(n_named[k] > 0);
}

/*
 * Which features are a word: those that read nothing else to speak of, and whose label says no more than the
 * token. And the signed effects that the result lends.
 */
static void
check_words(struct fixture *f, const struct ct_shape *shape)
{
	static const char *const token[] = { "<bos>", "Dallas", "is", "New Big York", "w4", "w5" };
	static const struct {
		const char *label;
		int says;		/* nothing but the token at this position; 0: of any, -1: of none */
	} words[] = {
		{ "", 0 }, { "Dallas (input)", 1 }, { "New Old York", -1 }, { "is (input)", 2 },
		{ "mixed: Dallas (input) / in Texas", 1 }, { "Dallas Cowboys (input)", -1 },
		{ "mixed: in Texas / Dallas (input)", -1 },
	};
	enum { WORDS = sizeof words / sizeof *words };
	const struct ct_graph *g = f->graph;
	size_t n = (size_t)g->n_nodes;
	const char **text = calloc(n, sizeof *text);
	struct naive w = { .g = g, .effect = calloc(n, sizeof *w.effect), .m = calloc(n * n, sizeof *w.m) };
	struct ct_graph_groups x;

	(void)shape;
	for (int i = 0; i < g->n_features; i++) {
		int word = ct_graph_find(g, CT_NODE_EMBEDDING, -1, g->nodes[i].pos, 0);

		text[i] = words[i % WORDS].label;
		/* Some get nearly all of what flows in from the word, some not quite enough. */
		g->nodes[i].inputs = fabs((double)ct_graph_edge(g, i, word)) / (i % 3 ? 0.91 : 0.89);
	}
	assert_int_equal(ct_graph_groups(&x, g, text, token, &f->arena, NULL, &err), 0);
	naive_effects(&w);
	for (int i = 0; i < g->n_features; i++)
		assert_true(fabs(x.effect[i] - w.effect[i]) <= 1e-9 * (1 + fabs(w.effect[i])));
	for (int i = 0; i < g->n_features; i++) {
		int says = words[i % WORDS].says, pos = g->nodes[i].pos;
		bool is_word = g->nodes[i].kept && i % 3 && g->nodes[i].inputs > 0 &&
		    (says == 0 || says == pos);

		assert_int_equal(x.word[i], is_word ? ct_graph_find(g, CT_NODE_EMBEDDING, -1, pos, 0) : -1);
		if (is_word)
			assert_int_equal(x.of[i], -1);
		n_words += is_word;
	}
	free(w.m);
	free(w.effect);
	free(text);
}

static void
test_words(void **state)
{
	(void)state;
	fixture_each(6, check_words);
	assert_true(n_words > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stems),
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_group_names),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
