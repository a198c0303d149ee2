/*
 * What must hold on every model: random ones of both families' features, CLT and PLT, each activation and
 * read point, grouped queries, tied embeddings, skip paths, one token and many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive.h"

static void
each(const struct ct_config *cfg, int T, void (*check)(struct fixture *, const struct ct_shape *))
{
	struct ct_shape s;

	for (int i = 0; fixture_shape(&s, cfg, i); i++) {
		struct fixture f;

		fixture_random(&f, &s, T);
		check(&f, &s);
		fixture_close(&f);
	}
}

static void
each_family(int T, void (*check)(struct fixture *, const struct ct_shape *))
{
	each(&fixture_llama, T, check);
	each(&fixture_gpt2, T, check);
	each(&fixture_qwen3, T, check);
	each(&fixture_gemma2, T, check);
	each(&fixture_gemma3, T, check);
}

/* edges + bias = value for every target, and the local replacement model gives the original logits. */
static void
check_exact(struct fixture *f, const struct ct_shape *s)
{
	struct ct_error err = { 0 };
	double error = 1;

	assert_true(f->graph->check.max_edge_residual < 1e-5);
	assert_int_equal(ct_local_model_check(&f->prompt->lrm, f->T - 1, &f->scratch, &error, NULL, &err),
	    CT_OK);
	assert_true(error < 2e-6 * fixture_rounding(s));
	/* The prompt is long enough that the invariant says something. */
	if (f->bare && s->act != CT_TC_JUMPRELU)
		assert_true(f->prompt->lrm.first[1] > 0);
	assert_true(f->T == 1 || f->graph->n_features > s->cfg.L);
}

static void
test_exact(void **state)
{
	(void)state;
	each_family(9, check_exact);
	each(&fixture_llama, 1, check_exact);
	each(&fixture_gpt2, 1, check_exact);
	each(&fixture_llama, 2, check_exact);
	each(&fixture_gpt2, 40, check_exact);
	each(&fixture_gemma3, 40, check_exact);
}

/* The walk backwards and the naive walk forwards share no code. */
static void
check_edges(struct fixture *f, const struct ct_shape *s)
{
	(void)s;
	naive_check_edges(f->prompt, f->graph, 3);
}

static void
test_edges(void **state)
{
	(void)state;
	each_family(6, check_edges);
}

/* Without BOS the first position has features and an error like any other, and all adds up as before. */
static void
test_without_bos(void **state)
{
	struct ct_shape s;

	(void)state;
	for (int family = 0; family < 2; family++)
		for (int i = 0; fixture_shape(&s, family ? &fixture_gpt2 : &fixture_llama, i); i++)
			for (int T = 1; T <= 6; T += 5) {
				struct fixture f;

				fixture_random_bare(&f, &s, T);
				check_exact(&f, &s);
				check_edges(&f, &s);
				fixture_close(&f);
			}
}

/* Doubling a source's vector under the freeze moves each target by its edge: direct mode is the graph. */
static void
check_direct(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;
	struct ct_clamp_options opt = { .mode = CT_DIRECT };
	struct ct_error err = { 0 };
	struct ct_clamp clamps[2];
	struct ct_effects o;
	struct ct_changed run;
	struct ct_clamp_sites sites;
	int a = 0, b = g->n_features / 2;

	(void)s;
	for (int i = 0; i < 2; i++) {
		const struct ct_node *n = &g->nodes[i ? b : a];

		clamps[i] = (struct ct_clamp){ .layer = n->layer,
			.feature = n->index,
			.pos = n->pos,
			.unit = CT_MULTIPLE,
			.amount = i ? 0 : 2 };
	}
	assert_int_equal(ct_clamp_sites_init(&sites, &f->prompt->lrm, clamps, 2, &f->arena, &err), CT_OK);
	assert_int_equal(ct_intervene(&run, &f->prompt->lrm, &sites, &opt, &f->arena, &err), CT_OK);
	assert_int_equal(ct_effects_init(&o, &f->prompt->lrm, g, &sites, &opt, &run, &f->arena, &err), CT_OK);
	for (int i = 0; i < o.n_effects; i++) {
		const struct ct_effect *e = &o.effects[i];
		double edges = (double)ct_graph_edge(g, e->node, a) - (double)ct_graph_edge(g, e->node, b);

		if (fabs((double)e->observed - edges) > 5e-4 + 1e-3 * fabs(edges))
			fail_msg(
			    "node %d moved by %g, its edges say %g", e->node, (double)e->observed, edges);
	}
	assert_true(o.max_direct_error < 1e-4);
}

static void
test_direct(void **state)
{
	(void)state;
	each_family(8, check_direct);
}

/* A clamp to the value a feature has anyway changes no bit, whatever is frozen and whatever carries on. */
static void
check_no_change(struct fixture *f, const struct ct_shape *s)
{
	static const enum ct_mode modes[] = { CT_DIRECT, CT_FROZEN, CT_FREE, CT_RANGE };
	size_t TD = (size_t)f->T * s->cfg.D;

	for (int through = 0; through < 2; through++)
		for (int k = 0; k < 4; k++) {
			const struct ct_node *n = &f->graph->nodes[f->graph->n_features / 3];
			struct ct_clamp c = { .layer = n->layer,
				.feature = n->index,
				.pos = n->pos,
				.unit = CT_MULTIPLE,
				.amount = 1 };
			struct ct_clamp_options opt = { .mode = modes[k],
				.first = 0,
				.last = 1,
				.through = through ? CT_REPLACEMENT : CT_MODEL };
			struct ct_error err = { 0 };
			struct ct_changed run;
			struct ct_clamp_sites sites;

			assert_int_equal(ct_clamp_sites_init(&sites, &f->prompt->lrm, &c, 1, &f->arena, &err),
			    CT_OK);
			assert_int_equal(ct_intervene(&run, &f->prompt->lrm, &sites, &opt, &f->arena, &err),
			    CT_OK);
			assert_memory_equal(run.final, f->prompt->pass.final, TD * sizeof(float));
			for (int i = 0; i < f->prompt->lrm.n; i++)
				assert_true(run.pre[i] == f->prompt->lrm.active[i].pre);
		}
}

static void
test_no_change(void **state)
{
	(void)state;
	each_family(7, check_no_change);
}

/* A range over every layer is direct mode. */
static void
check_range(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_node *n = &f->graph->nodes[f->graph->n_features / 2];
	struct ct_clamp c = { .layer = n->layer,
		.feature = n->index,
		.pos = CT_ALL_POSITIONS,
		.unit = CT_ABSOLUTE,
		.amount = -2 };
	struct ct_clamp_options direct = { .mode = CT_DIRECT },
				range = { .mode = CT_RANGE, .first = 0, .last = s->cfg.L - 1 };
	struct ct_changed a, b;
	struct ct_error err = { 0 };
	struct ct_clamp_sites sites;

	assert_int_equal(ct_clamp_sites_init(&sites, &f->prompt->lrm, &c, 1, &f->arena, &err), CT_OK);
	assert_int_equal(sites.n, f->T - 1);
	assert_int_equal(ct_intervene(&a, &f->prompt->lrm, &sites, &direct, &f->arena, &err), CT_OK);
	assert_int_equal(ct_intervene(&b, &f->prompt->lrm, &sites, &range, &f->arena, &err), CT_OK);
	assert_memory_equal(a.final, b.final, (size_t)f->T * s->cfg.D * sizeof(float));
}

static void
test_range(void **state)
{
	(void)state;
	each_family(5, check_range);
}

/* The number of threads changes nothing. */
static void
test_threads(void **state)
{
	struct ct_shape s;
	struct ct_error err = { 0 };
	struct ct_pool *pool;

	(void)state;
	assert_int_equal(ct_pool_open(&pool, 3, &err), CT_OK);
	for (int i = 0; fixture_shape(&s, &fixture_llama, i); i += 7) {
		struct fixture f;
		struct ct_graph *one;

		fixture_random(&f, &s, 20);
		one = f.graph;
		fixture_trace(&f, pool);
		for (int t = 0; t < one->n_nodes; t++)
			for (int source = 0; source < one->n_nodes; source++)
				assert_true(
				    ct_graph_edge(one, t, source) == ct_graph_edge(f.graph, t, source));
		assert_int_equal(one->n_pruned, f.graph->n_pruned);
		fixture_close(&f);
	}
	ct_pool_close(pool);
}

/* With fewer nodes than features the rest is in `omitted`, and the invariant still holds. */
static void
test_omitted(void **state)
{
	struct ct_shape s;
	struct ct_error err = { 0 };

	(void)state;
	for (int i = 0; fixture_shape(&s, &fixture_llama, i); i += 5) {
		struct ct_target root = {
			.kind = CT_TARGET_LOGIT, .pos = 9, .index = 3, .other = -1, .weight = 1
		};
		struct ct_graph *g;
		struct fixture f;
		int max;

		fixture_random(&f, &s, 10);
		max = f.prompt->lrm.n / 2;
		assert_int_equal(
		    ct_graph_build(&g, &f.prompt->lrm, &root, 1, max, &f.arena, NULL, &err),
		    CT_OK);
		assert_int_equal(g->n_features, max);
		for (int t = 0; t < g->n_nodes; t++) {
			double sum = (double)g->nodes[t].bias + (double)g->nodes[t].omitted,
			       total = fabs(sum);

			if (!g->nodes[t].attributed)
				continue;
			for (int src = 0; src < g->n_nodes; src++) {
				sum += (double)ct_graph_edge(g, t, src);
				total += fabs((double)ct_graph_edge(g, t, src));
			}
			assert_true(fabs(sum - (double)g->nodes[t].value) < 1e-5 * total + 1e-6);
		}
		fixture_close(&f);
	}
}

/*
 * Which features get nodes when not all may: rounds of 256, each the most influential ones as far as the rows
 * of the rounds before tell, whose influence flows on from them in turn.
 */
static void
naive_choice(const struct ct_graph *all, int max, bool *chosen)
{
	int n = all->n_features, count = 0;
	double *influence = malloc((size_t)all->n_nodes * sizeof *influence);

	memset(chosen, 0, (size_t)n);
	while (count < max) {
		memset(influence, 0, (size_t)all->n_nodes * sizeof *influence);
		for (int t = all->n_nodes - 1; t >= 0; t--) {
			double sum = 0, flow = influence[t] + (double)all->nodes[t].weight;

			/* Targets stand last, features in the order of their layers. */
			if (!all->nodes[t].attributed || (t < n && !chosen[t]))
				continue;
			for (int s = 0; s < all->n_nodes; s++)
				sum += fabs((double)ct_graph_edge(all, t, s));
			for (int s = 0; s < n && sum > 0; s++)
				influence[s] += flow * fabs((double)ct_graph_edge(all, t, s)) / sum;
		}
		for (int round = 0; round < 256 && count < max; round++, count++) {
			int best = -1;

			for (int s = 0; s < n; s++)
				if (!chosen[s] && influence[s] >= 0 &&
				    (best < 0 || influence[s] > influence[best]))
					best = s;
			/* Marked after the round: its own rows are not known yet. */
			influence[best] = -1;
		}
		for (int s = 0; s < n; s++)
			chosen[s] = chosen[s] || influence[s] < 0;
	}
	free(influence);
}

/*
 * Targets at positions of their own: each has the edges that it has alone, and the graph's influence is
 * their sum.
 */
static void
check_positions(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_target targets[] = { { .pos = 5, .index = 3, .weight = 0.5f },
		{ .kind = CT_TARGET_DIFFERENCE, .pos = 2, .index = 3, .other = 4, .weight = 0.25f },
		{ .pos = 2, .index = 3, .weight = 0.25f } };
	const struct ct_trace_plan plan = { .targets = targets, .n_targets = 3 };
	struct ct_error err = { 0 };
	struct ct_graph *g, *one[3];
	double sum, largest = 0;

	(void)s;
	assert_int_equal(ct_prompt_trace(&g, f->prompt, &plan, &f->arena, &f->arena, NULL, &err), CT_OK);
	assert_true(g->n_targets == 3 && g->check.max_edge_residual < 1e-5 &&
	    g->check.max_logit_error < 1e-4);
	for (int i = 0; i < 3; i++) {
		const struct ct_trace_plan alone = { .targets = targets + i, .n_targets = 1 };
		int node = g->n_nodes - 3 + i;
		float most = 0;		/* a small edge may be a sum of large parts */

		assert_int_equal(ct_prompt_trace(&one[i], f->prompt, &alone, &f->arena, &f->arena, NULL,
		    &err), CT_OK);
		assert_true(g->nodes[node].pos == targets[i].pos && g->nodes[node].index == 3);
		for (int k = 0; k < g->n_nodes - 3; k++)
			most = fmaxf(most, fabsf(ct_graph_edge(one[i], one[i]->n_nodes - 1, k)));
		for (int k = 0; k < g->n_nodes - 3; k++)
			assert_true(fabsf(ct_graph_edge(g, node, k) -
			    ct_graph_edge(one[i], one[i]->n_nodes - 1, k)) <= 2e-5f * most);
	}
	for (int k = 0; k < g->n_nodes - 3; k++)
		largest = fmax(largest, g->nodes[k].influence);
	for (int k = 0; k < g->n_nodes - 3; k++) {
		sum = one[0]->nodes[k].influence + one[1]->nodes[k].influence + one[2]->nodes[k].influence;
		assert_true(fabs(sum - g->nodes[k].influence) <= 1e-6 * largest);
	}
}

static void
test_positions(void **state)
{
	(void)state;
	fixture_each(6, check_positions);
}

static void
test_chosen(void **state)
{
	static const int maxima[] = { 1, 40, 256, 300, 520 };
	struct ct_error err = { 0 };
	struct ct_shape s;

	(void)state;
	for (int i = 0; fixture_shape(&s, &fixture_llama, i); i += 7) {
		struct ct_target roots[] = { { .pos = 11, .index = 3, .other = -1, .weight = 0.7f },
			{ .pos = 11, .index = 8, .other = -1, .weight = 0.2f } };
		struct ct_graph *all, *g;
		struct fixture f;
		bool *chosen;

		s.F = 80;
		s.k = 16;
		fixture_random(&f, &s, 12);
		assert_true(f.prompt->lrm.n > 300);
		assert_int_equal(ct_graph_build(&all, &f.prompt->lrm, roots, 2, f.prompt->lrm.n, &f.arena,
		    NULL, &err), CT_OK);
		chosen = malloc((size_t)all->n_features);
		for (size_t k = 0; k < sizeof maxima / sizeof *maxima && maxima[k] < f.prompt->lrm.n; k++) {
			assert_int_equal(ct_graph_build(&g, &f.prompt->lrm, roots, 2, maxima[k], &f.arena,
			    NULL, &err),
			    CT_OK);
			naive_choice(all, maxima[k], chosen);
			assert_int_equal(g->n_features, maxima[k]);
			for (int n = 0; n < all->n_features; n++) {
				const struct ct_node *node = &all->nodes[n];

				assert_int_equal(chosen[n],
				    ct_graph_find(g, node->kind, node->layer, node->pos, node->index) >= 0);
			}
		}
		free(chosen);
		fixture_close(&f);
	}
}

/* Any feature can be a target, active or not: edges + bias = its pre-activation. */
static void
test_feature_targets(void **state)
{
	struct ct_shape s;
	struct ct_error err = { 0 };

	(void)state;
	for (int i = 0; fixture_shape(&s, &fixture_gpt2, i); i += 5) {
		struct fixture f;

		fixture_random(&f, &s, 8);
		for (int feature = 0; feature < s.F; feature += 4) {
			struct ct_target root = { .kind = CT_TARGET_FEATURE,
				.layer = 2,
				.pos = 5,
				.index = feature,
				.other = -1,
				.weight = 1 };
			const struct ct_node *n;
			struct ct_graph *g;

			assert_int_equal(ct_graph_build(&g, &f.prompt->lrm, &root, 1, 7500, &f.arena, NULL,
			    &err), CT_OK);
			n = &g->nodes[g->n_nodes - 1];
			assert_int_equal(n->kind, CT_NODE_TARGET);
			assert_int_equal(n->target, CT_TARGET_FEATURE);
			assert_true(g->check.max_edge_residual < 1e-5);
		}
		fixture_close(&f);
	}
}

/* A difference of two tokens is the difference of their rows. */
static void
test_difference(void **state)
{
	struct ct_shape s;
	struct ct_error err = { 0 };

	(void)state;
	for (int i = 0; fixture_shape(&s, &fixture_gpt2, i); i += 9) {
		struct ct_target two[] = { { .pos = 6, .index = 4, .other = -1, .weight = 0.5f },
			{ .pos = 6, .index = 9, .other = -1, .weight = 0.5f } };
		struct ct_target root = {
			.kind = CT_TARGET_DIFFERENCE, .pos = 6, .index = 4, .other = 9, .weight = 1
		};
		struct ct_graph *g, *h;
		struct fixture f;

		fixture_random(&f, &s, 7);
		assert_int_equal(
		    ct_graph_build(&g, &f.prompt->lrm, &root, 1, 7500, &f.arena, NULL, &err),
		    CT_OK);
		assert_int_equal(
		    ct_graph_build(&h, &f.prompt->lrm, two, 2, 7500, &f.arena, NULL, &err),
		    CT_OK);
		for (int src = 0; src < g->n_nodes - 1; src++) {
			double a = ct_graph_edge(h, h->n_nodes - 2, src),
			       b = ct_graph_edge(h, h->n_nodes - 1, src);

			double both = ct_graph_edge(g, g->n_nodes - 1, src);

			assert_true(fabs(both - (a - b)) <= 1e-5 * (fabs(a) + fabs(b)) + 1e-6);
		}
		fixture_close(&f);
	}
}

/* The same numbers where no float can lie. */
static void
misalign(struct ct_arena *a, struct ct_matrix *w)
{
	size_t n = (size_t)w->rows * (size_t)w->cols;
	char *copy = ct_arena_alloc(a, n + 1, sizeof(float));

	assert_non_null(copy);
	w->data = memcpy(copy + 1, w->data, n * sizeof(float));
	assert_true((uintptr_t)w->data % sizeof(float) != 0);
}

/* Encoders that are not float in memory are read by tiles and rows, with the same result. */
static void
test_rows_on_demand(void **state)
{
	struct ct_shape s;
	struct ct_error err = { 0 };

	(void)state;
	for (int i = 0; fixture_shape(&s, &fixture_llama, i); i += 4) {
		struct fixture f;
		struct ct_graph *whole;

		fixture_random(&f, &s, 9);
		whole = f.graph;
		for (int l = 0; l < s.cfg.L; l++)
			misalign(&f.arena, &f.tc->layers[l].enc);
		assert_int_equal(ct_local_model_init(&f.prompt->lrm, f.tc, &f.prompt->pass, &f.arena, NULL,
		    &err), CT_OK);
		fixture_trace(&f, NULL);
		assert_int_equal(f.graph->n_features, whole->n_features);
		for (int t = 0; t < whole->n_nodes; t++)
			assert_float_equal(f.graph->nodes[t].value, whole->nodes[t].value, 1e-5);
		assert_true(f.graph->check.max_edge_residual < 1e-5);
		fixture_close(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_without_bos),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_no_change),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_omitted),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_feature_targets),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_rows_on_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
