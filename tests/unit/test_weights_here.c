/* A feature's weights next to the graph: every row against a search of all nodes and edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "world.h"

/* Is a node what a row is about? A word is only the one at the feature's position. */
static bool
is_row(const struct ct_node *n, const struct ct_weight_here *r, int pos)
{
	if (n->kind != r->kind || n->index != r->index)
		return false;
	return r->kind == CT_NODE_FEATURE ? n->layer == r->layer : r->kind == CT_NODE_TARGET || n->pos == pos;
}

/* Returns how many rows have an edge. */
static int
check_rows(const struct ct_graph *g, const struct ct_weights_here *w, bool inputs, int pos)
{
	int n = inputs ? w->n_in : w->n_out, some = 0;

	for (int k = 0; k < n; k++) {
		const struct ct_weight_here *r = inputs ? &w->in[k] : &w->out[k];
		double sum = 0, most = -1;
		int nodes = 0, best = -1;

		for (int i = 0; i < g->n_nodes; i++) {
			double e;

			if (!is_row(&g->nodes[i], r, pos))
				continue;
			e = w->node < 0 ? 0 : inputs ? (double)ct_graph_edge(g, w->node, i) :
			    (double)ct_graph_edge(g, i, w->node);
			sum += e;
			nodes++;
			if (fabs(e) > most) {
				most = fabs(e);
				best = i;
			}
		}
		assert_int_equal(isnan(r->here), !nodes || w->node < 0);
		assert_int_equal(r->node, best);
		if (!isnan(r->here))
			assert_true(fabs(r->here - sum) < 1e-9 * (1 + fabs(sum)));
		some += sum != 0;
	}
	return some;
}

/* The rows of features are those of the engine, in its order. */
static void
check_weights(const struct ct_weight_here *row, int n, const struct ct_weight_row *from, int n_from)
{
	for (int i = 0; i < n_from; i++) {
		const struct ct_weight_here *r = &row[n - n_from + i];

		assert_int_equal(r->kind, CT_NODE_FEATURE);
		assert_int_equal(r->layer, from[i].layer);
		assert_int_equal(r->index, from[i].feature);
		assert_true(r->weight == from[i].weight);
		assert_true(isnan(r->together) && isnan(r->adds));	/* there is no corpus */
	}
}

static void
test_rows(void **state)
{
	struct world *w = *state;
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };
	struct ct_weights_here x;
	const struct ct_graph *g;
	int in = 0, out = 0;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	for (int i = 0; i < g->n_features; i += 3) {
		const struct ct_node *n = &g->nodes[i];

		world_ok(ct_session_weights(w->s, n->layer, n->index, n->pos, &x, &a, NULL, &err), &err);
		assert_int_equal(x.node, i);
		assert_int_equal(x.n_in, 1 + n->layer * F);
		assert_int_equal(x.n_out, g->n_targets + (L - 1 - n->layer) * F);
		assert_int_equal(x.in[0].kind, CT_NODE_EMBEDDING);
		assert_int_equal(x.in[0].index, ct_session_token(w->s, n->pos));
		assert_true(x.in[0].weight == (double)x.all.all.read[x.in[0].index]);
		for (int t = 0; t < g->n_targets; t++)
			assert_true(x.out[t].weight == (double)x.all.all.written[x.out[t].index]);
		check_weights(x.in, x.n_in, x.all.in, x.all.n_in);
		check_weights(x.out, x.n_out, x.all.out, x.all.n_out);
		in += check_rows(g, &x, true, n->pos);
		out += check_rows(g, &x, false, n->pos);
		ct_arena_free(&a);
	}
	assert_true(in > 100 && out > 100);
}

/* A feature that is not active there has weights, and no edges; so has one without a graph. */
static void
test_elsewhere(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .n = 1, .pos = -1, .list = { {
		.kind = CT_TARGET_FEATURE, .layer = 2, .pos = T - 1 } } } };
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };
	struct ct_weights_here x;
	const struct ct_graph *g;
	int feature = 0;

	world_prompt(w->s, PROMPT);
	world_ok(ct_engine_count(w->e, NULL, &err), &err);	/* there is no corpus */
	world_ok(ct_session_weights(w->s, 1, 3, 2, &x, &a, NULL, &err), &err);
	assert_false(x.all.counted);
	assert_int_equal(x.node, -1);
	assert_int_equal(x.n_in, F);
	assert_int_equal(x.n_out, F);
	g = world_trace(w->s, NULL);
	while (ct_graph_find(g, CT_NODE_FEATURE, 2, T - 1, feature) >= 0)
		feature++;
	world_ok(ct_session_weights(w->s, 2, feature, T - 1, &x, &a, NULL, &err), &err);
	assert_int_equal(x.node, -1);
	assert_int_equal(check_rows(g, &x, true, T - 1) + check_rows(g, &x, false, T - 1), 0);
	/* As the target it is a node, with what feeds it. */
	opt.targets.list[0].index = feature;
	g = world_trace(w->s, &opt);
	world_ok(ct_session_weights(w->s, 2, feature, T - 1, &x, &a, NULL, &err), &err);
	assert_int_equal(x.node, g->n_nodes - 1);
	assert_true(check_rows(g, &x, true, T - 1) > 5);
	assert_int_equal(x.n_out, 0);
	assert_true(ct_session_weights(w->s, 3, 0, 1, &x, &a, NULL, &err) < 0);
	assert_true(ct_session_weights(w->s, 0, F, 1, &x, &a, NULL, &err) < 0);
	ct_arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { WORLD_TEST(test_rows), WORLD_TEST(test_elsewhere) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
