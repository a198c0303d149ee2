/*
 * The strongest paths against a naive program that walks every path: on small random graphs all shares agree,
 * and each path that is given exists. On random models' graphs the shares of all paths sum to the words'
 * influence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "fixture.h"
#include "trace/edges.h"
#include "trace/paths.h"

enum { LAYERS = 3, PER_LAYER = 4, ERRORS = 3, WORDS = 4, TARGETS = 2, MOST = 20000 };
enum { NODES = LAYERS * PER_LAYER + ERRORS + WORDS + TARGETS };

/* A graph as a file holds it: lists of edges, each from a lower layer. */
struct small {
	struct ct_graph g;
	struct ct_edges edges;
	struct ct_node nodes[NODES];
	struct ct_edge links[NODES * NODES];
	size_t first[NODES + 1];
};

static void
draw(struct small *x, struct ct_rng *r, uint32_t density)
{
	struct ct_graph *g = &x->g;
	size_t n = 0;

	*x = (struct small){ .g = {
		.n_nodes = NODES, .n_features = LAYERS * PER_LAYER, .n_errors = ERRORS,
		.n_embeddings = WORDS, .n_targets = TARGETS, .L = LAYERS, .T = WORDS
	} };
	g->nodes = x->nodes;
	x->edges = (struct ct_edges){ .list = x->links, .first = x->first };
	g->edges = &x->edges;
	for (int i = 0; i < NODES; i++) {
		int after = i - g->n_features - ERRORS - WORDS;

		if (i < g->n_features)
			x->nodes[i] = (struct ct_node){ .kind = CT_NODE_FEATURE, .layer = i / PER_LAYER };
		else if (after >= 0)
			x->nodes[i] = (struct ct_node){ .kind = CT_NODE_TARGET, .layer = LAYERS };
		else if (after >= -WORDS)
			x->nodes[i] = (struct ct_node){ .kind = CT_NODE_EMBEDDING, .layer = -1 };
		else
			x->nodes[i] = (struct ct_node){ .kind = CT_NODE_ERROR };
	}
	for (int t = 0; t < NODES; t++) {
		x->first[t] = n;
		for (int s = 0; s < NODES; s++) {
			enum ct_node_kind kind = x->nodes[t].kind;
			bool ends = kind == CT_NODE_ERROR || kind == CT_NODE_EMBEDDING;
			float w = (float)ct_rng_uniform(r) * (ct_rng_below(r, 2) ? 1 : -1);

			if (!ends && x->nodes[s].layer < x->nodes[t].layer && ct_rng_below(r, 100) < density)
				x->links[n++] = (struct ct_edge){ s, t, w };
		}
	}
	x->first[NODES] = n;
}

/* Every path back from a node, as the shares of those that end at a word. */
static void
walk(const struct ct_graph *g, int node, double share, double *out, int *n)
{
	double sum = 0;

	if (g->nodes[node].kind == CT_NODE_EMBEDDING) {
		assert_true(*n < MOST);
		out[(*n)++] = share;
	}
	for (int s = 0; s < g->n_nodes; s++)
		sum += fabs((double)ct_graph_edge(g, node, s));
	for (int s = 0; s < g->n_nodes; s++)
		if (ct_graph_edge(g, node, s) != 0)
			walk(g, s, share * fabs((double)ct_graph_edge(g, node, s)) / sum, out, n);
}

static int
descending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/* A path's edges exist, and its share and sign are theirs. */
static void
check_path(const struct ct_graph *g, const struct ct_path *p, int target)
{
	double share = 1, sign = 1;

	assert_true(p->n >= 2 && p->node[p->n - 1] == target);
	assert_true(g->nodes[p->node[0]].kind == CT_NODE_EMBEDDING);
	for (int i = 0; i + 1 < p->n; i++) {
		double sum = 0;

		assert_true(p->edge[i] != 0 && p->edge[i] == ct_graph_edge(g, p->node[i + 1], p->node[i]));
		for (int s = 0; s < g->n_nodes; s++)
			sum += fabs((double)ct_graph_edge(g, p->node[i + 1], s));
		share *= fabs((double)p->edge[i]) / sum;
		sign *= p->edge[i] < 0 ? -1 : 1;
	}
	assert_true(fabs(share - p->share) <= 1e-12 && sign == p->sign);
}

static bool
same(const struct ct_path *a, const struct ct_path *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (a->node[i] != b->node[i])
			return false;
	return true;
}

static void
check_small(const struct ct_graph *g, int target, int max)
{
	static double all[MOST];
	struct ct_arena a = { 0 }, scratch = { 0 };
	struct ct_paths p;
	struct ct_error err;
	double total = 0, listed = 0;
	int n = 0;

	walk(g, target, 1, all, &n);
	qsort(all, (size_t)n, sizeof *all, descending);
	for (int i = 0; i < n; i++)
		total += all[i];
	assert_int_equal(ct_paths_find(&p, g, target, max, &a, &scratch, &err), CT_OK);
	assert_int_equal(p.n, n < max ? n : max);
	assert_true(p.target == target && fabs(p.total - total) <= 1e-12);
	for (int i = 0; i < p.n; i++) {
		assert_true(fabs(p.path[i].share - all[i]) <= 1e-12);
		check_path(g, &p.path[i], target);
		listed += p.path[i].share;
		for (int k = 0; k < i; k++)
			assert_false(same(&p.path[i], &p.path[k]));
	}
	assert_true(fabs(p.listed - listed) <= 1e-12);
	ct_arena_free(&scratch);
	ct_arena_free(&a);
}

static void
test_small(void **state)
{
	static const int most[] = { 1, 2, 3, 7, 50, 3000 };
	static struct small x;
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 5, 1);
	for (int i = 0; i < 24; i++) {
		draw(&x, &r, (uint32_t)(10 + 30 * (i % 4)));
		for (int t = NODES - TARGETS; t < NODES; t++)
			for (size_t k = 0; k < sizeof most / sizeof *most; k++)
				check_small(&x.g, t, most[k]);
	}
}

/* Equal shares come in the order of the graph, and only targets have paths. */
static void
test_edges(void **state)
{
	static struct small x;
	struct ct_arena a = { 0 }, scratch = { 0 };
	struct ct_paths p;
	struct ct_error err;
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 1, 1);
	draw(&x, &r, 100);
	for (size_t i = 0; i < x.first[NODES]; i++)
		x.links[i].weight = 1;
	for (int repeat = 0; repeat < 2; repeat++) {
		assert_int_equal(ct_paths_find(&p, &x.g, NODES - 1, WORDS, &a, &scratch, &err), CT_OK);
		for (int i = 0; i < WORDS; i++)
			assert_true(p.path[i].n == 2 && p.path[i].node[0] == LAYERS * PER_LAYER + ERRORS + i);
	}
	assert_int_equal(ct_paths_find(&p, &x.g, 0, 3, &a, &scratch, &err), CT_EINVAL);
	assert_int_equal(ct_paths_find(&p, &x.g, NODES, 3, &a, &scratch, &err), CT_EINVAL);
	ct_arena_free(&scratch);
	ct_arena_free(&a);
}

/* Over the targets, weighted, all paths from words make up the words' influence. */
static void
check_model(struct fixture *f, const struct ct_shape *shape)
{
	const struct ct_graph *g;
	struct ct_arena a = { 0 };
	double words = 0, paths = 0;

	(void)shape;
	g = f->graph;
	for (int i = 0; i < g->n_embeddings; i++)
		words += g->nodes[g->n_features + g->n_errors + i].influence;
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		struct ct_paths p;
		struct ct_error err;

		assert_int_equal(ct_paths_find(&p, g, i, 20, &a, &f->scratch, &err), CT_OK);
		paths += (double)g->nodes[i].weight * p.total;
		for (int k = 0; k < p.n; k++)
			check_path(g, &p.path[k], i);
	}
	assert_true(fabs(paths - words) <= 1e-9 * words);
	ct_arena_free(&a);
}

static void
test_models(void **state)
{
	(void)state;
	fixture_each(5, check_model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_models),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
