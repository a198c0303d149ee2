/* The split of a node's edges by where they come from, against a naive sum over all pairs of nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "trace/direct.h"

static void
naive_split(const struct ct_graph *g, int t, double sum[3], double size[3])
{
	memset(sum, 0, 3 * sizeof *sum);
	memset(size, 0, 3 * sizeof *size);
	for (int s = 0; s < g->n_nodes; s++) {
		enum ct_node_kind kind = g->nodes[s].kind;
		int k = kind == CT_NODE_EMBEDDING ? 0 : kind == CT_NODE_FEATURE ? 1 : 2;

		sum[k] += (double)ct_graph_edge(g, t, s);
		size[k] += fabs((double)ct_graph_edge(g, t, s));
	}
}

static void
near(double a, double b, double most)
{
	if (!(fabs(a - b) <= most))
		fail_msg("%.9g is not %.9g", a, b);
}

static void
check_split(struct fixture *f, const struct ct_shape *s)
{
	struct ct_graph *g = f->graph;
	struct ct_error err = { 0 };
	struct ct_direct d;
	double sum[3], size[3], all[3] = { 0 }, whole = 0;
	int words = 0;

	(void)s;
	for (int t = 0; t < g->n_nodes; t++) {
		double total = 0, signed_total = 0;

		assert_int_equal(ct_direct_split(&d, g, t, &f->scratch, &err), CT_OK);
		naive_split(g, t, sum, size);
		for (int k = 0; k < 3; k++) {
			total += size[k];
			signed_total += sum[k];
		}
		for (int k = 0; k < 3; k++) {
			near(d.sum[k], sum[k], 1e-5 * total + 1e-9);
			near(d.size[k], size[k], 1e-5 * total + 1e-9);
			if (g->nodes[t].kind == CT_NODE_TARGET)
				all[k] += (double)g->nodes[t].weight * d.size[k];
		}
		if (total == 0) {
			assert_true(isnan(d.absolute[0]) && isnan(d.net[0]));
			continue;
		}
		words += d.size[CT_DIRECT_WORDS] > 0;
		near(d.absolute[0] + d.absolute[1] + d.absolute[2], 1, 1e-9);
		if (fabs(signed_total) > 1e-3 * total)
			near(d.net[0] + d.net[1] + d.net[2], 1, 1e-9);
		/* With the bias they are the node's value: the invariant of every graph. */
		near(d.sum[0] + d.sum[1] + d.sum[2] + (double)g->nodes[t].bias,
		    g->nodes[t].kind == CT_NODE_TARGET ? (double)g->nodes[t].value :
		    signed_total + (double)g->nodes[t].bias, 1e-4 * (total + fabs((double)g->nodes[t].bias)));
	}
	assert_true(words > 0);
	assert_int_equal(ct_direct_targets(&d, g, &f->scratch, &err), CT_OK);
	for (int k = 0; k < 3; k++)
		whole += all[k];
	for (int k = 0; k < 3; k++)
		near(d.absolute[k], all[k] / whole, 1e-9);
}

static void
splits_match_the_edges(void **state)
{
	(void)state;
	fixture_each(5, check_split);
}

/* Features that a graph left out still count: the split of a target is the same in the whole graph. */
static void
left_out_features_count(void **state)
{
	struct ct_error err = { 0 };
	struct ct_direct whole, small;
	struct fixture f;
	struct ct_shape s;
	struct ct_target root = { .kind = CT_TARGET_LOGIT, .index = 3, .other = -1, .weight = 1 };
	struct ct_graph *g;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 6);
	root.layer = s.cfg.L;
	root.pos = f.T - 1;
	root.prob = .5f;
	assert_int_equal(ct_graph_build(&g, &f.prompt->lrm, &root, 1, 10000, &f.arena, NULL, &err), CT_OK);
	assert_int_equal(ct_direct_split(&whole, g, g->n_nodes - 1, &f.scratch, &err), CT_OK);
	assert_int_equal(ct_graph_build(&g, &f.prompt->lrm, &root, 1, 3, &f.arena, NULL, &err), CT_OK);
	assert_int_equal(g->n_features, 3);
	assert_int_equal(ct_direct_split(&small, g, g->n_nodes - 1, &f.scratch, &err), CT_OK);
	for (int k = 0; k < CT_DIRECT_SOURCES; k++) {
		near(small.sum[k], whole.sum[k], 1e-5 * whole.size[k]);
		near(small.size[k], whole.size[k], 1e-5 * whole.size[k]);
	}
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_match_the_edges),
		cmocka_unit_test(left_out_features_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
