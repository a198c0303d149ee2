/*
 * Surveys, sweeps and patterns frozen and free, against clamps run one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "naive.h"
#include "trace/survey.h"
#include "trace/sweep.h"

/* softmax of the logits after a final stream, at the graph's position; in double. */
static void
shares(const struct fixture *f, const float *final, double *prob)
{
	int D = f->m->cfg.D, V = f->m->cfg.V;
	double top = -INFINITY, sum = 0;

	final += (size_t)f->graph->pos * D;
	for (int v = 0; v < V; v++) {
		prob[v] = 0;
		for (int d = 0; d < D; d++)
			prob[v] += (double)ct_matrix_at(&f->m->unembed, v, d) * (double)final[d];
		prob[v] = naive_cap(prob[v], f->m->cfg.final_softcap);
		top = fmax(top, prob[v]);
	}
	for (int v = 0; v < V; v++)
		sum += exp(prob[v] - top);
	for (int v = 0; v < V; v++)
		prob[v] = exp(prob[v] - top) / sum;
}

static double
kl(const double *p, const double *q, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += p[i] * log(p[i] / q[i]);
	return sum;
}

static void
near(double x, double y, double tolerance)
{
	if (!(fabs(x - y) <= tolerance * (1 + fabs(y))))
		fail_msg("%.9g is not %.9g", x, y);
}

/* Each kept feature once, its figures those of a clamp of its own; largest first; the ranks of the whole. */
static void
check_survey(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;
	struct ct_clamp_options how = { .mode = CT_FROZEN };
	int V = s->cfg.V, kept = 0, first = g->n_nodes - g->n_targets;
	double *p = calloc((size_t)V, sizeof *p), *q = calloc((size_t)V, sizeof *q);
	double *influence, *effect, want;
	struct ct_survey v;
	struct ct_error err = { 0 };

	if (s->seed % 3)
		goto done;
	assert_int_equal(ct_survey_run(&v, &f->prompt->lrm, g, &f->arena, NULL, &err), CT_OK);
	influence = ct_arena_alloc(&f->arena, (size_t)v.n, sizeof *influence);
	effect = ct_arena_alloc(&f->arena, (size_t)v.n, sizeof *effect);
	for (int i = 0; i < g->n_features; i++)
		kept += g->nodes[i].kept;
	assert_int_equal(v.n, kept);
	shares(f, f->prompt->pass.final, p);
	for (int i = 0; i < v.n; i++) {
		const struct ct_node *n = &g->nodes[v.items[i].node];
		struct ct_clamp c = { .layer = n->layer, .feature = n->index, .pos = n->pos };
		struct ct_changed run = fixture_clamp(f, &c, 1, how);

		assert_true(n->kept && n->kind == CT_NODE_FEATURE);
		assert_true(i == 0 || v.items[i].kl <= v.items[i - 1].kl);
		assert_true(v.items[i].influence == ct_graph_influence_share(g, v.items[i].node));
		for (int k = 0; k < i; k++)
			assert_int_not_equal(v.items[k].node, v.items[i].node);
		shares(f, run.final, q);
		near(v.items[i].kl, kl(p, q, V), 1e-4);
		near((double)v.items[i].effect, (double)ct_target_change(&f->prompt->lrm, g, &run, first),
		    1e-5);
		influence[i] = n->influence;
		effect[i] = v.items[i].kl;
	}
	assert_int_equal(ct_spearman(&want, influence, effect, v.n, &f->scratch, &err), CT_OK);
	if (isfinite(want))
		near(v.spearman_kl, want, 1e-9);
	else
		assert_false(isfinite(v.spearman_kl));
done:
	free(p);
	free(q);
}

static void
test_survey(void **state)
{
	(void)state;
	fixture_each(5, check_survey);
}

static void
test_threads(void **state)
{
	struct ct_survey one, two;
	struct ct_error err = { 0 };
	struct ct_pool *pool;
	struct fixture f;
	struct ct_shape s;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 7);
	assert_int_equal(ct_pool_open(&pool, 3, &err), CT_OK);
	assert_int_equal(ct_survey_run(&one, &f.prompt->lrm, f.graph, &f.arena, NULL, &err), CT_OK);
	assert_int_equal(ct_survey_run(&two, &f.prompt->lrm, f.graph, &f.arena,
	    &(struct ct_job){ pool, NULL, NULL }, &err), CT_OK);
	assert_int_equal(one.n, two.n);
	for (int i = 0; i < one.n; i++)
		assert_true(one.items[i].node == two.items[i].node && one.items[i].kl == two.items[i].kl);
	ct_pool_close(pool);
	fixture_close(&f);
}

/* A target that is an inactive feature is observed too: its pre-activation before and after. */
static void
test_inactive_target(void **state)
{
	struct ct_arena edges = { 0 };
	struct ct_error err = { 0 };
	struct ct_survey v;
	struct fixture f;
	struct ct_shape s;
	struct ct_target root = { .kind = CT_TARGET_FEATURE, .other = -1, .weight = 1 };
	bool active = true, moved = false;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 5);
	root.layer = s.cfg.L - 1;
	root.pos = f.T - 1;
	for (root.index = -1; active;) {
		root.index++;
		active = false;
		for (int i = 0; i < f.prompt->lrm.n; i++)
			active |= f.prompt->lrm.active[i].layer == root.layer &&
			    f.prompt->lrm.active[i].pos == root.pos &&
				  f.prompt->lrm.active[i].feature == root.index;
	}
	assert_int_equal(ct_graph_build(&f.graph, &f.prompt->lrm, &root, 1, 1000, &f.arena, NULL, &err),
	    CT_OK);
	assert_int_equal(ct_graph_prune(f.graph, 1, 1, &edges, &f.scratch, NULL, &err), CT_OK);
	assert_int_equal(ct_survey_run(&v, &f.prompt->lrm, f.graph, &f.arena, NULL, &err), CT_OK);
	for (int i = 0; i < v.n; i++) {
		const struct ct_node *n = &f.graph->nodes[v.items[i].node];

		if (n->layer >= root.layer)
			assert_true(v.items[i].effect == 0);
		moved |= v.items[i].effect != 0;
	}
	assert_true(moved);
	ct_arena_free(&edges);
	fixture_close(&f);
}

static int
times_listed(const struct ct_sweep *w, int token)
{
	int n = 0;

	for (int k = 0; k < w->n_tokens; k++)
		n += w->tokens[k] == token;
	return n;
}

/* Every step of every row is what one run with that strength in that mode gives. */
static void
check_sweep(struct fixture *f, const struct ct_shape *s)
{
	enum { STEPS = 5 };
	struct ct_clamp c[3] = { { .layer = 1, .feature = 4, .pos = 2, .unit = CT_ABSOLUTE, .amount = 9 },
		{ .layer = 0, .feature = 3, .pos = 3, .unit = CT_ABSOLUTE },
		{ .layer = 0, .feature = 1, .pos = 1, .unit = CT_DELTA, .off = true } };
	struct ct_clamp_options how = { .mode = CT_FREE, .through = s->seed % 2 ? CT_REPLACEMENT : CT_MODEL };
	int V = s->cfg.V, first = f->graph->n_nodes - f->graph->n_targets;
	double *p = calloc((size_t)V, sizeof *p);
	struct ct_error err = { 0 };
	struct ct_sweep w;

	if (s->seed % 3)
		goto done;
	assert_int_equal(ct_sweep_run(&w, &f->prompt->lrm, f->graph,
	    &(struct ct_sweep_plan){ c, 3, &how, -2, 6, STEPS }, &f->arena, NULL, &err), CT_OK);
	assert_int_equal(w.n_steps, STEPS);
	assert_int_equal(w.n_rows, 1 + s->cfg.L);
	for (int row = 0; row < w.n_rows; row++)
		for (int i = 0; i < STEPS; i++) {
			int at = row * STEPS + i, best = 0;
			struct ct_clamp_options mode = how;
			struct ct_changed run;

			assert_int_equal(w.last[row], row - 1);
			near(w.strength[i], -2 + 2 * i, 1e-12);
			if (row > 0) {
				mode.mode = CT_RANGE;
				mode.last = row - 1;
			}
			c[0].amount = c[1].amount = w.strength[i];
			run = fixture_clamp(f, c, 3, mode);
			shares(f, run.final, p);
			for (int v = 1; v < V; v++)
				best = p[v] > p[best] ? v : best;
			near(p[w.top[at]], p[best], 1e-5);
			for (int k = 0; k < w.n_tokens; k++)
				near((double)w.prob[at * w.n_tokens + k], p[w.tokens[k]], 1e-4);
			for (int k = 0; k < w.n_tokens; k++)
				if (w.tokens[k] == f->graph->nodes[first].index)
					near((double)w.logit[at * w.n_tokens + k] -
						 (double)f->graph->nodes[first].value,
					    (double)ct_target_change(&f->prompt->lrm, f->graph, &run, first),
					    1e-4);
		}
	/* The likeliest of each run and the graph's targets are among the tokens, none twice. */
	for (int i = 0; i < w.n_rows * STEPS; i++)
		assert_int_equal(times_listed(&w, w.top[i]), 1);
	for (int i = first; i < f->graph->n_nodes; i++)
		assert_int_equal(times_listed(&w, f->graph->nodes[i].index), 1);
done:
	free(p);
}

static void
test_sweep(void **state)
{
	(void)state;
	fixture_each(5, check_sweep);
}

static void
test_bad_sweeps(void **state)
{
	struct ct_clamp c[2] = { { .layer = 0, .feature = 3, .pos = 1, .unit = CT_MULTIPLE },
		{ .layer = 0, .feature = 3, .pos = 2, .unit = CT_DELTA } };
	struct ct_clamp_options how = { .mode = CT_FROZEN };
	struct ct_error err = { 0 };
	struct ct_sweep w;
	struct fixture f;
	struct ct_shape s;
	const struct {
		int n, steps;
		double from, to;
		const char *says;
	} bad[] = { { 2, 3, 0, 1, "one unit" }, { 0, 3, 0, 1, "no clamp is on" }, { 1, 1, 0, 1,
	    "2 to 1000 steps" },
		{ 1, 1001, 0, 1, "2 to 1000 steps" }, { 1, 3, 0, INFINITY, "finite" } };

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 4);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(ct_sweep_run(&w, &f.prompt->lrm, f.graph,
		    &(struct ct_sweep_plan){ c, bad[i].n, &how, bad[i].from, bad[i].to, bad[i].steps },
		    &f.arena, NULL,
		    &err), CT_EINVAL);
		assert_non_null(strstr(err.msg, bad[i].says));
	}
	fixture_close(&f);
}

static void
check_contrast(struct fixture *f, const struct ct_shape *s)
{
	struct ct_clamp c = { .layer = 0, .feature = 3, .pos = 2, .amount = 5 };
	struct ct_clamp_options how = { .mode = CT_DIRECT }, modes[2] = { { .mode = CT_FROZEN }, { .mode =
	    CT_FREE } };
	int V = s->cfg.V, first = f->graph->n_nodes - f->graph->n_targets;
	double *p = calloc((size_t)V, sizeof *p), *q = calloc((size_t)V, sizeof *q), seen = 0, unseen = 0;
	struct ct_contrast x;
	struct ct_error err = { 0 };

	assert_int_equal(ct_contrast_run(&x, &f->prompt->lrm, f->graph, &c, 1, &how, &f->arena, &err), CT_OK);
	shares(f, f->prompt->pass.final, p);
	for (int i = 0; i < 2; i++) {
		struct ct_changed run = fixture_clamp(f, &c, 1, modes[i]);
		const struct ct_effects *o = i ? &x.free : &x.frozen;

		shares(f, run.final, q);
		near(i ? x.kl_free : x.kl_frozen, kl(p, q, V), 1e-4);
		for (int v = 0; v < V; v++)
			near((double)(i ? x.prob_free : x.prob_frozen)[v], q[v], 1e-5);
		assert_int_equal(o->options.mode, modes[i].mode);
		for (int t = 0; t < o->n_targets; t++)
			near((double)o->effects[t].observed,
			    (double)ct_target_change(&f->prompt->lrm, f->graph, &run, first + t), 1e-5);
	}
	for (int t = 0; t < x.frozen.n_targets; t++) {
		seen += fabs((double)x.frozen.effects[t].observed);
		unseen += fabs((double)x.free.effects[t].observed - (double)x.frozen.effects[t].observed);
	}
	near(x.pattern_share, unseen / (seen + unseen), 1e-6);
	free(p);
	free(q);
}

static void
test_contrast(void **state)
{
	(void)state;
	fixture_each(5, check_contrast);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_survey),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_inactive_target),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_bad_sweeps),
		cmocka_unit_test(test_contrast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
