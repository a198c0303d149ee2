/* Pins, supernodes, and the sums over their members, against sums over single edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "trace/subgraph.h"

static struct ct_error err;

static struct ct_pin
feature(int layer, int index, int pos)
{
	return (struct ct_pin){ CT_NODE_FEATURE, layer, pos, index, -1, -1 };
}

static void
test_pins(void **state)
{
	static struct ct_subgraph sg;
	struct ct_pin a = feature(0, 1, 2), b = feature(0, 1, 3), c = feature(1, 1, 2);
	struct ct_pin austin = { CT_NODE_TARGET, 4, 8, 7, -1, -1 },
	    apart = { CT_NODE_TARGET, 4, 8, 7, 9, -1 };

	(void)state;
	sg = (struct ct_subgraph){ 0 };
	assert_int_equal(ct_subgraph_pin(&sg, &a, &err), 0);
	assert_int_equal(ct_subgraph_pin(&sg, &b, &err), 1);
	assert_int_equal(ct_subgraph_pin(&sg, &a, &err), 0);	/* once is enough */
	assert_int_equal(ct_subgraph_pin(&sg, &austin, &err), 2);
	/* a difference is not its first logit */
	assert_int_equal(ct_subgraph_pin(&sg, &apart, &err), 3);
	assert_int_equal(ct_subgraph_find(&sg, &c), -1);
	ct_subgraph_unpin(&sg, 1);
	assert_int_equal(sg.n_pins, 3);
	assert_int_equal(ct_subgraph_find(&sg, &b), -1);
	assert_int_equal(ct_subgraph_find(&sg, &apart), 2);

	for (int i = 0; sg.n_pins < CT_MAX_PINS; i++) {
		struct ct_pin p = feature(3, i, 1);

		assert_true(ct_subgraph_pin(&sg, &p, &err) >= 0);
	}
	assert_int_equal(ct_subgraph_pin(&sg, &b, &err), CT_EINVAL);
	assert_int_equal(ct_subgraph_pin(&sg, &a, &err), 0);
}

static void
test_supernodes(void **state)
{
	static struct ct_subgraph sg;
	struct ct_pin pin[4] = { feature(0, 1, 2), feature(0, 2, 2), feature(1, 3, 2), feature(2, 4, 2) };
	char name[CT_SUPERNODE_NAME], text[300];

	(void)state;
	sg = (struct ct_subgraph){ 0 };
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ct_subgraph_pin(&sg, &pin[i], &err), i);
		assert_int_equal(ct_subgraph_group(&sg, i, i < 2 ? "Texas" : "say a capital", &err), 0);
	}
	assert_int_equal(sg.n_supernodes, 2);
	assert_int_equal(ct_subgraph_supernode(&sg, "say a capital"), 1);
	assert_int_equal(sg.pin[3].supernode, 1);

	/* A name is one supernode's; a renamed one keeps its members. */
	assert_int_equal(ct_subgraph_rename(&sg, 1, "Texas", &err), CT_EINVAL);
	assert_int_equal(ct_subgraph_rename(&sg, 1, " capital \"now\" ", &err), 0);
	assert_string_equal(sg.name[1], "capital 'now'");
	assert_int_equal(ct_subgraph_rename(&sg, 1, "  ", &err), CT_EINVAL);

	/* Moving the last member away ends a supernode; the ones behind it move up with their members. */
	assert_int_equal(ct_subgraph_group(&sg, 0, "capital 'now'", &err), 0);
	assert_int_equal(ct_subgraph_group(&sg, 1, NULL, &err), 0);
	assert_int_equal(sg.n_supernodes, 1);
	assert_string_equal(sg.name[0], "capital 'now'");
	assert_int_equal(sg.pin[0].supernode, 0);
	assert_int_equal(sg.pin[1].supernode, -1);
	assert_int_equal(sg.pin[2].supernode, 0);
	assert_int_equal(ct_subgraph_group(&sg, 1, "", &err), CT_EINVAL);
	assert_int_equal(sg.pin[1].supernode, -1);

	assert_int_equal(ct_subgraph_group(&sg, 1, "b", &err), 0);
	ct_subgraph_unpin(&sg, 1);
	assert_int_equal(sg.n_supernodes, 1);
	ct_subgraph_ungroup(&sg, 0);
	assert_int_equal(sg.n_supernodes, 0);
	assert_int_equal(sg.n_pins, 3);
	assert_int_equal(sg.pin[2].supernode, -1);

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	ct_supernode_name(name, text);
	assert_int_equal(strlen(name), CT_SUPERNODE_NAME - 1);
	/* Where it is cut, it does not end with a blank. */
	text[CT_SUPERNODE_NAME - 2] = text[CT_SUPERNODE_NAME - 3] = ' ';
	ct_supernode_name(name, text);
	assert_int_equal(strlen(name), CT_SUPERNODE_NAME - 3);
	ct_supernode_name(name, "a\033[1mb");
	assert_null(strchr(name, '\033'));
}

/* As many as possible of the nodes in three supernodes, the first with what reads it, and some alone. */
static void
pin_all(struct ct_subgraph *sg, const struct ct_graph *g)
{
	static const char *const names[] = { "a", "b", "c", NULL };

	*sg = (struct ct_subgraph){ 0 };
	for (int t = 1; t < g->n_nodes && sg->n_pins == 0; t++)
		for (int k = 0; k < 2 && ct_graph_edge(g, t, 0) != 0; k++) {
			struct ct_pin p = ct_pin_of(&g->nodes[k ? t : 0]);
			int at = ct_subgraph_pin(sg, &p, &err);

			assert_int_equal(ct_subgraph_group(sg, at, "a", &err), 0);
		}
	for (int i = g->n_nodes - 1; i >= 0 && sg->n_pins < 60; i -= 1 + i % 3) {
		struct ct_pin p = ct_pin_of(&g->nodes[i]);
		int at = ct_subgraph_pin(sg, &p, &err);

		assert_true(at >= 0);
		if (at > 1 && at % 5 < 3)
			assert_int_equal(ct_subgraph_group(sg, at, names[at % 5], &err), 0);
	}
}

/*
 * The published rule, edge by edge: w / outside inputs of its target * that target's weight in its supernode.
 */
static void
naive_edge(const struct ct_parts *x, const struct ct_graph *g, int source, int target, double *weight,
    double *share)
{
	const struct ct_subgraph_part *s = &x->part[source], *t = &x->part[target];
	double outside[64], own[64], total = 0;

	*weight = *share = 0;
	for (int k = 0; k < t->n; k++) {
		outside[k] = g->nodes[t->node[k]].inputs;
		for (int i = 0; i < t->n; i++)
			outside[k] -= fabs((double)ct_graph_edge(g, t->node[k], t->node[i]));
		own[k] = g->nodes[t->node[k]].inputs > 0 ? outside[k] / g->nodes[t->node[k]].inputs : 0;
		total += own[k];
	}
	for (int k = 0; k < t->n; k++)
		for (int i = 0; i < s->n; i++) {
			double w = (double)ct_graph_edge(g, t->node[k], s->node[i]);

			*weight += w;
			if (w != 0)
				*share += w / outside[k] * own[k] / total;
		}
}

/* What nodes in no part, and those left out of the graph, bring to a part. */
static double
naive_rest(const struct ct_parts *x, const struct ct_graph *g, int target)
{
	const struct ct_subgraph_part *t = &x->part[target];
	double sum = 0;

	for (int k = 0; k < t->n; k++) {
		sum += (double)g->nodes[t->node[k]].omitted;
		for (int i = 0; i < g->n_nodes; i++) {
			bool alone = true;

			for (int s = 0; s < x->n; s++)
				for (int j = 0; j < x->part[s].n; j++)
					alone &= x->part[s].node[j] != i;
			sum += alone ? (double)ct_graph_edge(g, t->node[k], i) : 0;
		}
	}
	return sum;
}

static void
check_rest(const struct ct_subgraph_part *p, const struct ct_graph *g, double rest, double left)
{
	bool fed = false;

	for (int k = 0; k < p->n; k++)
		fed |= g->nodes[p->node[k]].inputs > 0;
	assert_int_equal(p->fed, fed);
	assert_true(fabs(p->rest - rest) <= 1e-6 * (1 + fabs(rest)));
	assert_true(fabs(p->rest_share - (fed ? fmax(left, 0) : 0)) <= 1e-6);
}

static void
check_parts(struct fixture *f, const struct ct_shape *shape)
{
	static struct ct_subgraph sg;
	const struct ct_graph *g = f->graph;
	struct ct_parts x;
	int n = 0, edges = 0, some = 0;

	(void)shape;
	pin_all(&sg, g);
	assert_int_equal(ct_parts_init(&x, &sg, g, &f->arena, &err), 0);
	for (int i = 0; i < x.n; i++) {
		const struct ct_subgraph_part *p = &x.part[i];
		double activation = 0, influence = 0;

		n += p->n;
		assert_int_equal(p->n, p->n_nodes);
		for (int k = 0; k < p->n; k++) {
			assert_int_equal(sg.pin[p->pin[k]].supernode, p->supernode);
			assert_int_equal(p->node[k], ct_pin_node(g, &sg.pin[p->pin[k]]));
			activation += (double)g->nodes[p->node[k]].activation;
			influence += g->nodes[p->node[k]].influence;
		}
		assert_true(fabs(p->activation - activation) < 1e-9 && fabs(p->influence - influence) < 1e-9);
		assert_true(i == 0 || p[-1].layer >= p->layer);
	}
	assert_int_equal(n, sg.n_pins);
	assert_true(fabs(x.whole.replacement - g->scores.replacement) < 1e-9);
	assert_true(fabs(x.whole.completeness - g->scores.completeness) < 1e-9);
	for (int t = 0; t < x.n; t++) {
		double left = 1;

		for (int s = 0; s < x.n; s++) {
			double weight, share;

			if (s == t)
				continue;
			naive_edge(&x, g, s, t, &weight, &share);
			if (weight == 0)
				continue;
			for (int i = 0; i < x.n_edges; i++)
				if (x.edge[i].source == s && x.edge[i].target == t) {
					edges++;
					assert_true(fabs(x.edge[i].weight - weight) <= 1e-9 * fabs(weight) +
					    1e-12);
					assert_true(fabs(x.edge[i].share - share) <= 1e-6 * fabs(share) +
					    1e-9);
					assert_true(fabs(share) <= 1 + 1e-6);
					left -= fabs(share);
				}
		}
		check_rest(&x.part[t], g, naive_rest(&x, g, t), left);
		some += x.part[t].rest_share > .01;
	}
	assert_true(some > 3);
	assert_int_equal(edges, x.n_edges);
	for (int i = 1; i < x.n_edges; i++)
		assert_true(x.edge[i - 1].target < x.edge[i].target ||
			    fabs(x.edge[i - 1].weight) >= fabs(x.edge[i].weight));
}

static void
test_parts(void **state)
{
	(void)state;
	fixture_each(6, check_parts);
}

/* Pins outlive another graph of the same prompt; what is not in it waits, and counts for nothing. */
static void
test_elsewhere(void **state)
{
	static struct ct_subgraph sg;
	struct ct_pin nowhere = feature(0, 100000, 1);
	struct ct_parts here, there;
	struct ct_shape shape;
	struct fixture f;

	(void)state;
	assert_true(fixture_shape(&shape, &fixture_llama, 0));
	fixture_random(&f, &shape, 6);
	pin_all(&sg, f.graph);
	assert_int_equal(ct_parts_init(&here, &sg, f.graph, &f.arena, &err), 0);
	assert_true(ct_subgraph_pin(&sg, &nowhere, &err) > 0);
	assert_int_equal(ct_graph_prune(f.graph, .3, .5, &f.arena, &f.scratch, NULL, &err), 0);
	assert_int_equal(ct_parts_init(&there, &sg, f.graph, &f.arena, &err), 0);
	assert_int_equal(there.n, here.n + 1);
	assert_int_equal(there.part[here.n].n_nodes, 0);
	assert_int_equal(there.n_edges, here.n_edges);
	assert_true(there.scores.replacement == here.scores.replacement);
	assert_true(there.scores.completeness == here.scores.completeness);
	fixture_close(&f);

	/* Nothing is pinned: all that features write is error. */
	sg = (struct ct_subgraph){ 0 };
	fixture_random(&f, &shape, 6);
	assert_int_equal(ct_parts_init(&here, &sg, f.graph, &f.arena, &err), 0);
	assert_int_equal(here.n, 0);
	assert_true(here.scores.replacement < f.graph->scores.replacement);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_supernodes),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
