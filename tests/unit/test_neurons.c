/*
 * Neurons as features: activations and linear maps against the naive program, edges against its walk
 * forwards, effects by all paths against sums over the graph's edges, clamps against whole runs; on random
 * models of every family, gated and plain, with biases and without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "model/neurons.h"
#include "naive.h"
#include "trace/clamped.h"
#include "trace/neuron_choice.h"

static const struct ct_config *const families[] = { &fixture_llama, &fixture_gpt2, &fixture_qwen3,
	&fixture_gemma2, &fixture_gemma3 };

/* Four models of each family: every activation function, with biases and without. */
static void
each(int T, void (*check)(struct fixture *))
{
	for (size_t family = 0; family < sizeof families / sizeof *families; family++)
		for (int i = 0; i < 4; i++) {
			struct ct_shape s;
			struct fixture f;

			fixture_shape(&s, families[family], i);
			s.cfg.act = (enum ct_act)i;
			fixture_neurons(&f, &s, T);
			check(&f);
			fixture_close(&f);
		}
}

static void
check_exact(struct fixture *f)
{
	const struct ct_graph *g = f->graph;
	struct ct_error err = { 0 };
	double error = 1;

	assert_true(g->check.max_edge_residual < 1e-5);
	assert_int_equal(ct_local_model_check(&f->prompt->lrm, f->T - 1, &f->scratch, &error, NULL, &err),
	    CT_OK);
	assert_true(error < 2e-6);
	assert_int_equal(g->n_errors, 0);
	/* All of them have room: nothing is left out. */
	assert_true(f->prompt->lrm.left_out == 0);
	assert_true(f->m->cfg.act == CT_RELU ||
	    g->n_features == f->m->cfg.L * (f->T - 1) * f->m->cfg.mlp);
	for (int i = 0; i < g->n_nodes; i++)
		assert_true(fabs((double)g->nodes[i].omitted) < 1e-20);
}

/* The fewest nodes with .8 of the influence: the largest is taken away until the rest is small enough. */
static void
check_fewest(struct fixture *f)
{
	const struct ct_graph *g = f->graph;
	int n = g->n_nodes - g->n_targets, taken = 0;
	double *left = calloc((size_t)n, sizeof *left), total = 0, sum = 0;

	for (int i = 0; i < n; i++)
		total += left[i] = g->nodes[i].influence;
	while (sum < 0.8 * total) {
		int best = 0;

		for (int i = 1; i < n; i++)
			best = left[i] > left[best] ? i : best;
		sum += left[best];
		left[best] = 0;
		taken++;
	}
	assert_int_equal(ct_graph_fewest(g, 0.8), taken);
	free(left);
}

static void
test_fewest(void **state)
{
	(void)state;
	each(4, check_fewest);
}

static void
test_exact(void **state)
{
	(void)state;
	each(7, check_exact);
	each(1, check_exact);
}

/* Activations and maps at every place, one by one, all at once, and applied. */
static void
check_maps(struct fixture *f)
{
	const struct ct_model *m = f->m;
	int D = m->cfg.D, F = m->cfg.mlp, T = f->T;
	size_t cells = (size_t)T * F;
	float *act = calloc(cells, sizeof *act), *row = calloc((size_t)D, sizeof *row);
	double *in = calloc((size_t)D, sizeof *in);
	struct naive_neuron want = { .map = calloc((size_t)D, sizeof *want.map) };

	for (int l = 0; l < m->cfg.L; l++) {
		const float *x = f->prompt->pass.mlp_in + (size_t)l * T * D;

		ct_neurons_at(m, l, T, x, &(struct ct_neuron_rows){ .act = act });
		for (int t = 0; t < T; t++)
			for (int n = 0; n < F; n += 3) {
				struct ct_neuron at = ct_neuron_at(m, l, n, x + (size_t)t * D);
				double sum = ct_neuron_row(m, l, n, &at, row), scale = fabs(sum);

				for (int d = 0; d < D; d++)
					in[d] = (double)x[(size_t)t * D + d];
				naive_neuron(m, l, n, in, &want);
				for (int d = 0; d < D; d++) {
					assert_true(fabs((double)row[d] - want.map[d]) < 1e-5);
					sum += want.map[d] * in[d];
					scale += fabs(want.map[d] * in[d]);
				}
				scale = 1e-5 * scale + 1e-7;
				assert_true(fabs((double)at.act - want.act) < scale);
				assert_true(fabs((double)act[(size_t)t * F + n] - want.act) < scale);
				/* The map at x times x, with its biases, is the activation. */
				assert_true(fabs(sum - want.act) < scale);
				sum = (double)ct_neuron_apply(m, l, n, &at, x + (size_t)t * D, true);
				assert_true(fabs(sum - want.act) < scale);
			}
	}
	free(act);
	free(row);
	free(in);
	free(want.map);
}

static void
test_maps(void **state)
{
	(void)state;
	each(4, check_maps);
}

/* The rule's factor where the activation function's argument is 0: all weights into the neuron are 0. */
static void
test_zero(void **state)
{
	struct ct_shape s;
	struct fixture f;
	float *zeros;

	(void)state;
	fixture_shape(&s, &fixture_llama, 0);
	fixture_neurons(&f, &s, 3);
	zeros = calloc((size_t)s.cfg.mlp * s.cfg.D, sizeof *zeros);
	f.m->layers[1].gate.w = ct_matrix_of(zeros, s.cfg.mlp, s.cfg.D);
	for (int act = CT_SILU; act <= CT_RELU; act++) {
		const float *x = f.prompt->pass.mlp_in + (size_t)f.T * s.cfg.D;
		struct ct_neuron at;

		f.m->cfg.act = (enum ct_act)act;
		at = ct_neuron_at(f.m, 1, 5, x);
		assert_true(at.act == 0 && at.up == 0);
		/* Half the slope of the activation function at 0, times u. */
		assert_true(fabs((double)at.gate - (act == CT_RELU ? 0 : 0.25) *
		    (double)ct_matrix_row_dot(&f.m->layers[1].up.w, 5, x)) < 1e-6);
	}
	free(zeros);
	fixture_close(&f);
}

/* Of a target, how much a unit of change at read points (L,T,D) and the final stream (T,D) moves it. */
static double
moved(const struct fixture *f, const struct ct_node *target, const double *read, const double *final)
{
	int D = f->m->cfg.D, at = (target->layer * f->T + target->pos) * D;
	struct naive_neuron n = { .map = calloc((size_t)D, sizeof *n.map) };
	double *in = calloc((size_t)D, sizeof *in), sum = 0;

	for (int d = 0; d < D && target->kind == CT_NODE_FEATURE; d++)
		in[d] = (double)f->prompt->pass.mlp_in[at + d];
	if (target->kind == CT_NODE_FEATURE)
		naive_neuron(f->m, target->layer, target->index, in, &n);
	for (int d = 0; d < D; d++)
		sum += target->kind == CT_NODE_FEATURE ? n.map[d] * read[at + d]
			: ((double)ct_matrix_at(&f->m->unembed, target->index, d) -
			      (double)ct_model_unembed_mean(f->m)[d]) * final[target->pos * D + d];
	free(n.map);
	free(in);
	return sum;
}

/* An edge is what the source writes, run forwards by the naive program, at what the target reads. */
static void
check_edges(struct fixture *f)
{
	const struct ct_graph *g = f->graph;
	int T = f->T, D = f->m->cfg.D;
	size_t TD = (size_t)T * D, LTD = (size_t)f->m->cfg.L * TD;
	double *out = malloc(LTD * sizeof *out), *embed = malloc(TD * sizeof *embed);
	double *read = malloc(LTD * sizeof *read), *final = malloc(TD * sizeof *final);

	for (int src = 0; src < g->n_nodes - g->n_targets; src += 37) {
		const struct ct_node *n = &g->nodes[src];
		double *own = out + (size_t)(n->layer * T + n->pos) * D, largest = 0, worst = 0;

		memset(out, 0, LTD * sizeof *out);
		memset(embed, 0, TD * sizeof *embed);
		for (int d = 0; d < D; d++)
			if (n->kind == CT_NODE_EMBEDDING)
				embed[n->pos * D + d] = naive_embedding(f->m, n->index, d);
			else
				own[d] = (double)n->activation *
				    naive_dec(f->tc, n->layer, n->index, n->layer, d);
		if (n->kind == CT_NODE_FEATURE)
			naive_write(&f->prompt->lrm, n->layer, n->pos, own);
		naive_frozen(&f->prompt->lrm, out, embed, read, final);
		for (int t = 0; t < g->n_nodes; t += t < g->n_features ? 11 : 1) {
			double want;

			if (!g->nodes[t].attributed)
				continue;
			want = moved(f, &g->nodes[t], read, final);
			largest = fmax(largest, fabs(want));
			worst = fmax(worst, fabs(want - (double)ct_graph_edge(g, t, src)));
		}
		if (worst > 1e-5 * largest + 1e-6)
			fail_msg("source %d: edges differ by %g of %g", src, worst, largest);
	}
	free(out);
	free(embed);
	free(read);
	free(final);
}

static void
test_edges(void **state)
{
	(void)state;
	each(5, check_edges);
}

/* (n_features) effects on a target by all paths: the sum over its edges and over its inputs' effects. */
static double *
effects_by_edges(const struct ct_graph *g, int target)
{
	double *flow = calloc((size_t)g->n_nodes, sizeof *flow);

	flow[target] = 1;
	for (int t = g->n_nodes - 1; t >= 0; t--)
		for (int s = 0; s < g->n_features && flow[t] != 0 && g->nodes[t].attributed; s++)
			/* What an input moves is in terms of its own value, an activation. */
			flow[s] += flow[t] * (double)ct_graph_edge(g, t, s) /
			    (t < g->n_features ? (double)g->nodes[t].activation : 1);
	return flow;
}

struct ranked {
	double score;
	int node;
};

static int
descending(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return (a->score < b->score) - (a->score > b->score);
}

/* The neurons that are chosen are those with the largest effects, and what that leaves out is right. */
static void
check_choice(struct fixture *f)
{
	const struct ct_graph *g = f->graph;
	struct ct_target targets[64];
	struct ct_neuron_question q = { .targets = targets, .n_targets = g->n_targets, .most = 60 };
	struct ct_neuron_choice chosen;
	struct ct_error err = { 0 };
	struct ranked *list = calloc((size_t)g->n_features, sizeof *list);
	double all = 0, kept = 0, cut;

	for (int i = 0; i < g->n_features; i++)
		list[i].node = i;
	for (int k = 0; k < g->n_targets; k++) {
		double *flow = effects_by_edges(g, g->n_nodes - g->n_targets + k);

		targets[k] = ct_node_target(&g->nodes[g->n_nodes - g->n_targets + k]);
		for (int i = 0; i < g->n_features; i++)
			list[i].score += fabs(flow[i]) * (double)targets[k].weight;
		free(flow);
	}
	assert_int_equal(ct_neuron_choose(&chosen, &f->prompt->pass, f->tc, &q, &f->arena, NULL, &err),
	    CT_OK);
	assert_int_equal(chosen.n, 60);
	for (int i = 0; i < g->n_features; i++)
		all += list[i].score;
	for (int i = 0; i < chosen.n; i++) {
		const struct ct_active *a = &chosen.active[i];
		int node = ct_graph_find(g, CT_NODE_FEATURE, a->layer, a->pos, a->feature);

		assert_true(node >= 0 && a->act == g->nodes[node].activation);
		kept += list[node].score;
	}
	qsort(list, (size_t)g->n_features, sizeof *list, descending);
	cut = list[59].score;
	for (int i = 0; i < 60; i++) {
		const struct ct_node *n = &g->nodes[list[i].node];
		bool found = list[i].score < cut * (1 + 1e-4);

		for (int k = 0; k < chosen.n && !found; k++)
			found = chosen.active[k].layer == n->layer && chosen.active[k].pos == n->pos &&
			    chosen.active[k].feature == n->index;
		assert_true(found);
	}
	assert_true(fabs(chosen.left_out - (1 - kept / all)) < 1e-4);
	free(list);
}

static void
test_choice(void **state)
{
	(void)state;
	each(4, check_choice);
}

/* A neuron without a node can be clamped like any other: it has its activation, not 0. */
static void
check_left_out(const struct fixture *all, struct fixture *some)
{
	const struct ct_node *n = &all->graph->nodes[0];

	while (ct_graph_find(some->graph, CT_NODE_FEATURE, n->layer, n->pos, n->index) >= 0)
		n++;
	assert_true(n < all->graph->nodes + all->graph->n_features);
	for (int unit = CT_ABSOLUTE; unit <= CT_DELTA; unit++) {
		struct ct_clamp c = { .layer = n->layer, .pos = n->pos, .feature = n->index,
			.unit = (enum ct_unit)unit, .amount = 2 };
		struct ct_clamp_sites s = fixture_sites(some, &c, 1);
		double was = (double)n->activation;

		assert_true(fabs((double)s.site[0].original - was) < 1e-5 * fabs(was) + 1e-6);
		assert_true(fabs((double)s.site[0].value - (unit == CT_ABSOLUTE ? 2 : unit == CT_MULTIPLE ?
		    2 * was : was + 2)) < 1e-5 * fabs(was) + 1e-5);
	}
}

/* The neurons of a plan are those of the targets that it traces, also where it says how many these are. */
static void
check_plan(struct fixture *f)
{
	const struct ct_trace_plan plans[] = { { .pos = f->T - 1, .max_targets = 1 },
		{ .pos = f->T - 1, .max_targets = 30, .target_share = 1 } };
	int k = f->tc->k;

	f->tc->k = 40;
	for (int i = 0; i < 2; i++) {
		struct ct_local_run run = { .pass = &f->prompt->pass }, same = run;
		struct ct_trace_plan named = { .pos = f->T - 1 };
		struct ct_target targets[30];
		struct ct_error err = { 0 };
		struct ct_graph *g;

		assert_int_equal(ct_prompt_trace(&g, f->prompt, &plans[i], &f->arena, &f->arena, NULL, &err),
		    CT_OK);
		assert_true(i == 0 ? g->n_targets == 1 : g->n_targets > CT_DEFAULT_TARGETS);
		for (int t = 0; t < g->n_targets; t++)
			targets[t] = ct_node_target(&g->nodes[g->n_nodes - g->n_targets + t]);
		named.targets = targets;
		named.n_targets = g->n_targets;
		assert_int_equal(ct_prompt_neurons(&run, f->tc, &plans[i], &f->arena, NULL, &err), CT_OK);
		assert_int_equal(ct_prompt_neurons(&same, f->tc, &named, &f->arena, NULL, &err), CT_OK);
		assert_true(run.n == 40 && same.n == 40 && run.left_out == same.left_out);
		for (int n = 0; n < 40; n++)
			assert_true(run.active[n].feature == same.active[n].feature &&
			    run.active[n].pos == same.active[n].pos);
	}
	f->tc->k = k;
}

static void
test_plan(void **state)
{
	(void)state;
	each(5, check_plan);
}

/* Some of the neurons: what the others write is there, without nodes, and every sum still adds up. */
static void
check_some(struct fixture *f)
{
	struct ct_error err = { 0 };
	double error = 1, omitted = 0;
	struct fixture some = { .m = f->m, .tc = f->tc };

	f->tc->k = 50;
	fixture_run(&some, f->ids, f->T);
	fixture_trace(&some, NULL);
	assert_int_equal(some.graph->n_features, 50);
	assert_int_equal(some.graph->n_errors, 0);
	assert_true(some.graph->check.max_edge_residual < 1e-5);
	assert_int_equal(ct_local_model_check(&some.prompt->lrm, f->T - 1, &f->scratch, &error, NULL, &err),
	    CT_OK);
	assert_true(error < 2e-6);
	/* Edges between those that are there are those of the whole graph. */
	for (int t = 0; t < some.graph->n_nodes; t++) {
		const struct ct_node *n = &some.graph->nodes[t];
		int other = n->kind == CT_NODE_FEATURE ? ct_graph_find(f->graph, n->kind, n->layer, n->pos,
		    n->index) : t - some.graph->n_nodes + f->graph->n_nodes;

		omitted += fabs((double)n->omitted);
		for (int s = 0; s < 50; s++) {
			const struct ct_node *from = &some.graph->nodes[s];
			int source = ct_graph_find(f->graph, CT_NODE_FEATURE, from->layer, from->pos,
			    from->index);
			double want = (double)ct_graph_edge(f->graph, other, source);

			assert_true(fabs((double)ct_graph_edge(some.graph, t, s) - want) <
			    1e-5 * fabs(want) + 1e-6);
		}
	}
	assert_true(omitted > 0.01);
	check_left_out(f, &some);
	ct_arena_free(&some.arena);
	ct_arena_free(&some.scratch);
}

static void
test_some(void **state)
{
	(void)state;
	each(5, check_some);
}

/* Direct mode is the graph, for neurons that are in it and for those that are not. */
static void
check_direct(struct fixture *f)
{
	struct ct_clamp_options opt = { .mode = CT_DIRECT };
	struct ct_error err = { 0 };
	struct ct_changed run;
	struct ct_clamp_sites sites;
	struct ct_effects o;
	const struct ct_active *a = fixture_active(f, 0, 3);
	struct ct_clamp clamps[] = {
		{ .layer = 1, .pos = 2, .feature = 7, .unit = CT_MULTIPLE, .amount = -1 },
		clamp_on(a, CT_MULTIPLE, 0),
	};

	sites = fixture_sites(f, clamps, 2);
	run = fixture_clamp(f, clamps, 2, opt);
	assert_int_equal(ct_effects_init(&o, &f->prompt->lrm, f->graph, &sites, &opt, &run, &f->arena, &err),
	    CT_OK);
	assert_true(o.max_direct_error < 1e-4);
	for (int i = 0; i < o.n_effects; i++)
		assert_true(fabs((double)o.effects[i].observed - (double)o.effects[i].predicted_direct) <
		    1e-4 * fabs((double)o.effects[0].observed) + 1e-4);
}

static void
test_direct(void **state)
{
	(void)state;
	each(5, check_direct);
}

/* Live, by attention frozen and free: as a whole run of the naive program with that neuron held. */
static void
check_live(struct fixture *f)
{
	const struct ct_active *a = fixture_active(f, 1, 5);
	struct ct_clamp clamp = clamp_on(a, CT_ABSOLUTE, 1.5);
	const struct ct_pass *p = &f->prompt->pass;
	size_t n = (size_t)f->m->cfg.L * f->m->cfg.H * f->T * f->T;
	double *pattern = calloc(n, sizeof *pattern);
	struct naive_hold hold = { .pattern = pattern, .tc = f->tc, .clamps = &clamp, .n_clamps = 1 };

	for (size_t i = 0; i < n; i++)
		pattern[i] = (double)p->pattern[i];
	for (int through = 0; through < 2; through++)
		for (int mode = CT_FROZEN; mode <= CT_FREE; mode++) {
			struct ct_clamp_options opt = { .mode = (enum ct_mode)mode,
				.through = (enum ct_through)through };
			struct ct_changed run = fixture_clamp(f, &clamp, 1, opt);
			struct naive_run want;

			hold.n_held = mode == CT_FROZEN ? f->T : 0;
			naive_run(&want, f->m, f->ids, f->T, NULL, NULL, &hold);
			for (int i = 0; i < f->T * f->m->cfg.D; i++)
				assert_true(fabs((double)run.final[i] - want.final[i]) < 2e-5);
			naive_run_free(&want);
		}
	free(pattern);
}

static void
test_live(void **state)
{
	(void)state;
	each(5, check_live);
}

/*
 * The prediction by all paths: the naive program's frozen network with every MLP open by its neurons' maps. A
 * small clamp live moves the run as that says to first order only where the rule is the derivative, so the
 * judge is the sum over paths of the graph's edges.
 */
static void
check_total(struct fixture *f)
{
	const struct ct_graph *g = f->graph;
	struct ct_clamp_options opt = { .mode = CT_FROZEN };
	struct ct_error err = { 0 };
	struct ct_clamp_sites sites;
	struct ct_changed run;
	struct ct_effects o;
	int node = g->n_features / 3;
	const struct ct_node *n = &g->nodes[node];
	struct ct_clamp clamp = { .layer = n->layer, .feature = n->index, .pos = n->pos, .unit = CT_MULTIPLE,
		.amount = 0 };

	sites = fixture_sites(f, &clamp, 1);
	run = fixture_clamp(f, &clamp, 1, opt);
	assert_int_equal(ct_effects_init(&o, &f->prompt->lrm, g, &sites, &opt, &run, &f->arena, &err), CT_OK);
	for (int i = 0; i < o.n_targets; i++) {
		double *flow = effects_by_edges(g, o.effects[i].node);

		assert_true(fabs((double)o.effects[i].predicted_total + flow[node]) <
		    1e-4 * fabs(flow[node]) + 1e-5);
		free(flow);
	}
}

static void
test_total(void **state)
{
	(void)state;
	each(5, check_total);
}

/* The graph of a clamped run adds up, too, whatever is frozen, and has the clamped neuron without inputs. */
static void
check_clamped(struct fixture *f)
{
	const struct ct_active *a = fixture_active(f, 1, 5);
	struct ct_clamp clamps[] = { clamp_on(a, CT_MULTIPLE, -1),
		{ .layer = 0, .pos = 2, .feature = 7, .unit = CT_ABSOLUTE, .amount = 1.5 } };
	struct ct_clamp_sites sites = fixture_sites(f, clamps, 2);

	for (int mode = CT_FROZEN; mode <= CT_DIRECT; mode++) {
		struct ct_clamp_options opt = { .mode = (enum ct_mode)mode };
		const struct ct_trace_plan plan = { .pos = f->T - 1 };
		struct ct_error err = { 0 };
		struct ct_prompt *p;
		struct ct_graph *g;
		int node;

		assert_int_equal(ct_prompt_clamped(&p, f->prompt, &sites, &opt, &f->arena, NULL, &err),
		    CT_OK);
		assert_int_equal(ct_prompt_trace(&g, p, &plan, &f->arena, &f->arena, NULL, &err), CT_OK);
		assert_true(g->check.max_edge_residual < 1e-5);
		assert_true(g->check.max_logit_error < 2e-6);
		node = ct_graph_find(g, CT_NODE_FEATURE, 0, 2, 7);
		assert_true(node >= 0 && g->nodes[node].activation == 1.5f);
		assert_int_equal(ct_graph_inputs(g, node, false, NULL, 0), 0);
	}
}

static void
test_clamped(void **state)
{
	(void)state;
	each(5, check_clamped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_fewest),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_some),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_total),
		cmocka_unit_test(test_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
