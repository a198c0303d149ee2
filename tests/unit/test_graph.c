/*
 * Reading a graph: edges, a node's strongest inputs and outputs, finding nodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "trace/edges.h"
#include "trace/measure.h"

enum { MOST = 4000 };

/* Stronger first; ties by the node at the other end. */
static int
by_strength(const void *x, const void *y)
{
	const struct ct_edge *a = x, *b = y;
	double p = fabs((double)a->weight), q = fabs((double)b->weight);

	if (p != q)
		return p > q ? -1 : 1;
	return a->source != b->source ? a->source - b->source : a->target - b->target;
}

/* The same by looking at every pair. */
static int
naive_list(const struct ct_graph *g, int node, bool inputs, bool kept_only, struct ct_edge *out)
{
	int n = 0;

	for (int i = 0; kept_only && i < g->n_pruned; i++)
		if ((inputs ? g->pruned[i].target : g->pruned[i].source) == node)
			out[n++] = g->pruned[i];
	for (int i = 0; !kept_only && i < g->n_nodes; i++) {
		int source = inputs ? i : node, target = inputs ? node : i;
		float w = ct_graph_edge(g, target, source);

		if (w != 0)
			out[n++] = (struct ct_edge){ source, target, w };
	}
	qsort(out, (size_t)n, sizeof *out, by_strength);
	return n;
}

static void
compare(const struct ct_graph *g, int node, bool inputs, bool kept_only)
{
	static const int rooms[] = { 0, 1, 2, 7, MOST };
	static struct ct_edge want[MOST], got[MOST];
	int n = naive_list(g, node, inputs, kept_only, want);

	for (size_t k = 0; k < sizeof rooms / sizeof *rooms; k++) {
		int fill = n < rooms[k] ? n : rooms[k], found;

		memset(got, 0xff, sizeof got);
		found = inputs ? ct_graph_inputs(g, node, kept_only, got, rooms[k])
			       : ct_graph_outputs(g, node, kept_only, got, rooms[k]);
		assert_int_equal(found, n);
		for (int i = 0; i < fill; i++)
			assert_memory_equal(&got[i], &want[i], sizeof *got);
		/* Nothing is written behind the room that was given. */
		if (fill < MOST)
			assert_int_equal(got[fill].source, -1);
	}
}

static void
check_lists(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;

	(void)s;
	assert_true(g->n_nodes < MOST);
	for (int i = 0; i < g->n_nodes; i += 3)
		for (int k = 0; k < 4; k++)
			compare(g, i, k & 1, k & 2);
	for (int k = 0; k < 4; k++)
		compare(g, g->n_nodes - 1, k & 1, k & 2);
}

static void
test_lists(void **state)
{
	(void)state;
	fixture_each(4, check_lists);
}

/* Equal weights, zeros and both signs: ties are settled by the nodes. */
static void
check_ties(struct fixture *f, const struct ct_shape *s)
{
	struct ct_graph *g = f->graph;

	(void)s;
	for (int t = 0; t < g->n_nodes; t++) {
		float *row = g->edges->rows[t];
		size_t n = row ? ct_layout_length(&g->edges->layout, g->nodes[t].layer, g->nodes[t].pos) : 0;

		for (size_t i = 0; i < n; i++)
			row[i] = (float)((int)((i * 7 + (size_t)t) % 5) - 2);
	}
	for (int i = 0; i < g->n_nodes; i += 5)
		for (int k = 0; k < 2; k++)
			compare(g, i, k, false);
}

static void
test_ties(void **state)
{
	(void)state;
	fixture_each(3, check_ties);
}

/* A row as a list is the row: every non-zero edge once. */
static void
check_row(struct fixture *f, const struct ct_shape *s)
{
	static struct ct_edge row[MOST];
	const struct ct_graph *g = f->graph;

	(void)s;
	for (int t = 0; t < g->n_nodes; t++) {
		int n = ct_graph_row(g, t, row), all = 0;

		for (int i = 0; i < g->n_nodes; i++)
			all += ct_graph_edge(g, t, i) != 0;
		assert_int_equal(n, all);
		for (int i = 0; i < n; i++) {
			assert_int_equal(row[i].target, t);
			assert_true(
			    row[i].weight != 0 && row[i].weight == ct_graph_edge(g, t, row[i].source));
			for (int k = 0; k < i; k++)
				assert_int_not_equal(row[k].source, row[i].source);
		}
		assert_true(ct_graph_omitted(g, t) == 0);
	}
}

static void
test_row(void **state)
{
	(void)state;
	fixture_each(4, check_row);
}

static void
check_find(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;

	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];

		assert_int_equal(ct_graph_find(g, n->kind, n->layer, n->pos, n->index), i);
		assert_int_equal(n->other, -1);
	}
	/* What tells errors apart is their place, embeddings their position. */
	assert_int_equal(ct_graph_find(g, CT_NODE_ERROR, 1, 2, 77), g->n_features + f->T + 2);
	assert_true(ct_graph_find(g, CT_NODE_EMBEDDING, 5, 1, 77) > 0);
	assert_int_equal(ct_graph_find(g, CT_NODE_FEATURE, 0, 0, 0), -1);
	assert_int_equal(ct_graph_find(g, CT_NODE_FEATURE, 0, 1, s->F), -1);
	assert_int_equal(ct_graph_find(g, CT_NODE_TARGET, s->cfg.L, 0, g->nodes[g->n_nodes - 1].index), -1);
	assert_int_equal(ct_graph_find(g, CT_NODE_ERROR, s->cfg.L, 1, -1), -1);
}

static void
test_find(void **state)
{
	(void)state;
	fixture_each(4, check_find);
}

/* The names of phases, one letter each; a graph is stopped where `until` names its phase. */
struct phases {
	char seen[32], until;
};

static bool
note_phase(void *ctx, const char *phase, long done, long total)
{
	struct phases *p = ctx;
	size_t n = strlen(p->seen);

	assert_true(done <= total);
	/* Small ones may have been done by the other thread alone, which does not report. */
	if (strcmp(phase, "decoders") != 0 && (n == 0 ||
	    p->seen[n - 1] != *phase) && n + 1 < sizeof p->seen)
		p->seen[n] = *phase;
	return *phase != p->until;
}

static void
test_random_shape_is_measured(void **state)
{
	const struct ct_shape shape = {
		.cfg = { .D = 8, .L = 3, .H = 2, .H_kv = 2, .head = 4, .mlp = 32, .V = 20, .context = 6,
		    .norm = CT_LAYERNORM, .act = CT_GELU_TANH, .position = CT_LEARNED, .eps = 1e-5,
		    .tied = true },
		.kind = CT_CLT, .act = CT_TC_TOPK, .read = CT_READ_NORM2, .F = 12, .k = 4, .seed = 1
	};
	struct phases all = { .until = '-' }, some = { .until = 'a' };
	struct ct_arena arena = { 0 };
	struct ct_measured m[3];
	struct ct_pool *pool;
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_pool_open(&pool, 2, &err), CT_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ct_measure_shape(&m[i], &shape, 6, &arena,
		    &(struct ct_job){ pool, note_phase, &all }, &err), CT_OK);
		assert_true(m[i].seconds > 0);
		assert_true(m[i].graph->check.max_logit_error < 1e-4);
	}
	/*
	 * Twice: prompt, features, errors, attribution, edges, influence, check, influence among the kept,
	 * pruning.
	 */
	assert_string_equal(all.seen, "pfeaeicipfeaeicip");
	/* The features of each layer and token but BOS, at most k of them; and the same again. */
	assert_true(m[0].graph->n_features > 0 && m[0].graph->n_features <= 3 * 5 * 4);
	assert_int_equal(m[0].graph->n_features, m[1].graph->n_features);
	assert_true(m[0].graph->n_pruned > 0);
	assert_int_equal(m[0].graph->n_pruned, m[1].graph->n_pruned);
	for (int i = 0; i < m[0].graph->n_pruned; i++)
		assert_true(m[0].graph->pruned[i].weight == m[1].graph->pruned[i].weight);
	assert_int_equal(ct_measure_shape(&m[2], &shape, 6, &arena,
	    &(struct ct_job){ pool, note_phase, &some }, &err), CT_ECANCELLED);
	ct_pool_close(pool);
	ct_arena_free(&arena);
}

/*
 * The self-check tells a wrong local replacement model from rounding on every family, whatever the size of
 * the logits: flat ones are sums that cancel.
 */
static void
check_notices(struct fixture *f, const struct ct_shape *shape)
{
	struct ct_local_model *lrm = &f->prompt->lrm;
	int D = f->m->cfg.D, at = ((f->m->cfg.L - 1) * f->T + f->T - 1) * D;
	struct ct_error err;
	double error;

	assert_true(f->graph->check.max_logit_error < 2e-6 * fixture_rounding(shape));
	for (int d = 0; d < D; d++)
		lrm->error[at + d] *= 1.01f;
	assert_int_equal(ct_local_model_check(lrm, f->T - 1, &f->scratch, &error, NULL, &err), CT_OK);
	assert_true(error > 1e-5);
	lrm->error[at] = NAN;
	assert_int_equal(ct_local_model_check(lrm, f->T - 1, &f->scratch, &error, NULL, &err), CT_OK);
	assert_true(isnan(error));
}

static void
test_self_check(void **state)
{
	(void)state;
	fixture_each(5, check_notices);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_random_shape_is_measured),
		cmocka_unit_test(test_self_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
