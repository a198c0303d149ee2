/*
 * The graph of a clamped run, on random models of every family and in each mode: the run against the naive
 * program's, edges against sources run forwards in double, errors against what their definition says, and
 * every node's sum.
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
#include "trace/clamped.h"

enum { CLAMPS = 3 };

/* Twice a feature of the first layer, one that is not active set, and one of the last layer taken away. */
static int
choose(const struct fixture *f, struct ct_clamp out[CLAMPS])
{
	const struct ct_local_model *lrm = &f->prompt->lrm;
	const struct ct_active *a = fixture_active(f, 0, 0), *c = fixture_active(f, f->tc->L - 1, 1);
	int n = 0, feature = 0;

	if (a) {
		out[n] = clamp_on(a, CT_ABSOLUTE, 2 * (double)a->act);
		n++;
	}
	for (int i = lrm->first[f->T + 2]; i < lrm->first[f->T + 3] && lrm->active[i].feature == feature; i++)
		feature++;
	if (feature < f->tc->layers[1].F)
		out[n++] = (struct ct_clamp){ .layer = 1, .pos = 2, .feature = feature,
			.unit = CT_ABSOLUTE, .amount = 1.5 };
	if (c)
		out[n++] = clamp_on(c, CT_ABSOLUTE, 0);
	return n;
}

/* Largest difference in terms of the largest value. */
static double
apart(const float *x, const double *y, size_t n)
{
	double worst = 0, largest = 1e-9;

	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)x[i] - y[i]));
		largest = fmax(largest, fabs(y[i]));
	}
	return worst / largest;
}

/* y (D) = b_dec + W_skip read + what all features write to layer l at t, by their encoders alone. */
static void
naive_reconstruct(const struct fixture *f, const struct ct_prompt *q, int l, int t, double *y)
{
	const struct ct_transcoder *tc = f->tc;
	int D = f->m->cfg.D, T = f->T;

	for (int d = 0; d < D; d++) {
		const float *read = q->lrm.read + ((size_t)l * T + t) * D;

		y[d] = (double)ct_transcoder_offset(tc, l)[d];
		for (int k = 0; tc->skip && k < D; k++)
			y[d] += naive_skip(tc, l, d, k) * (double)read[k];
	}
	for (int from = tc->kind == CT_CLT ? 0 : l; from <= l; from++) {
		const float *read = q->lrm.read + ((size_t)from * T + t) * D;
		int F = tc->layers[from].F;
		double *h = malloc(F * sizeof *h), *a = malloc(F * sizeof *a);

		for (int i = 0; i < F; i++) {
			h[i] = (double)ct_transcoder_bias(tc, from, i);
			for (int d = 0; d < D; d++)
				h[i] += naive_enc(tc, from, i, d) * (double)read[d];
		}
		naive_activate(tc, from, h, a);
		for (int i = 0; i < F; i++)
			for (int d = 0; d < D && a[i] != 0; d++)
				y[d] += a[i] * naive_dec(tc, from, i, l, d);
		free(h);
		free(a);
	}
}

/* The run in double; errors are what the MLPs say there beyond what features write by their encoders. */
static void
check_run(const struct fixture *f, const struct ct_prompt *q, const struct ct_clamp *clamps, int n,
    enum ct_mode mode, const struct ct_shape *s)
{
	const struct ct_config *c = &f->m->cfg;
	size_t TD = (size_t)f->T * c->D, patterns = (size_t)c->L * ct_pattern_size(f->m, f->T);
	double *held = malloc(patterns * sizeof *held), *y = malloc(c->D * sizeof *y);
	struct naive_hold hold = { .tc = f->tc, .clamps = clamps, .n_clamps = n };
	double tolerance = 2e-5 * fixture_rounding(s);
	struct naive_run r;

	for (size_t i = 0; i < patterns; i++)
		held[i] = (double)f->prompt->pass.pattern[i];
	if (mode == CT_FROZEN) {
		hold.pattern = held;
		hold.n_held = f->T;
	}
	naive_run(&r, f->m, f->ids, f->T, NULL, NULL, &hold);
	assert_true(apart(q->pass.x, r.x, (c->L + 1) * TD) < tolerance);
	assert_true(apart(q->pass.mid, r.mid, c->L * TD) < tolerance);
	assert_true(apart(q->pass.mlp_in, r.mlp_in, c->L * TD) < tolerance);
	assert_true(apart(q->pass.pattern, r.pattern, patterns) < tolerance);
	assert_true(apart(q->pass.final, r.final, TD) < tolerance);
	for (int l = 0; l < c->L && s->write == CT_WRITE_STREAM; l++)
		for (int t = 1; t < f->T; t++) {
			const double *out = r.mlp_out + l * TD + (size_t)t * c->D;

			naive_reconstruct(f, q, l, t, y);
			for (int d = 0; d < c->D; d++) {
				double error = (double)q->lrm.error[l * TD + (size_t)t * c->D + d];

				assert_true(fabs(out[d] - y[d] - error) <
				    tolerance * 10 * (1 + fabs(y[d]) + fabs(out[d])));
			}
		}
	naive_run_free(&r);
	free(held);
	free(y);
}

/* Set features are nodes with their values and nothing else; all others add up. */
static void
check_graph(const struct ct_prompt *q, const struct ct_graph *g, const struct ct_clamp *clamps, int n,
    const struct ct_shape *s)
{
	int set = 0;

	assert_true(g->check.max_edge_residual < 1e-5 * fixture_rounding(s));
	assert_true(g->check.max_logit_error < 2e-6 * fixture_rounding(s));
	for (int i = 0; i < n; i++) {
		int node = ct_graph_find(g, CT_NODE_FEATURE, clamps[i].layer, clamps[i].pos,
		    clamps[i].feature);

		assert_true(node >= 0);
		assert_true(g->nodes[node].set && !g->nodes[node].attributed);
		assert_true(g->nodes[node].activation == (float)clamps[i].amount);
		assert_int_equal(ct_graph_inputs(g, node, false, NULL, 0), 0);
	}
	for (int i = 0; i < g->n_nodes; i++)
		set += g->nodes[i].set;
	assert_int_equal(set, n);
	naive_check_edges(q, g, 5);
}

static void
check_mode(struct fixture *f, const struct ct_shape *s, struct ct_clamp_options how)
{
	const struct ct_trace_plan plan = { .pos = f->T - 1 };
	struct ct_clamp clamps[CLAMPS];
	int n = choose(f, clamps);
	struct ct_clamp_sites sites = fixture_sites(f, clamps, n);
	struct ct_changed run = fixture_clamp(f, clamps, n, how);
	struct ct_error err = { 0 };
	struct ct_prompt *q;
	struct ct_graph *g;

	assert_true(n > 0);
	if (ct_prompt_clamped(&q, f->prompt, &sites, &how, &f->arena, NULL, &err) < 0 ||
	    ct_prompt_trace(&g, q, &plan, &f->arena, &f->arena, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	assert_memory_equal(run.final, q->pass.final, (size_t)f->T * f->m->cfg.D * sizeof *run.final);
	check_graph(q, g, clamps, n, s);
	if (how.mode != CT_DIRECT && how.through == CT_MODEL)
		check_run(f, q, clamps, n, how.mode, s);
}

static void
check_modes(struct fixture *f, const struct ct_shape *s)
{
	check_mode(f, s, (struct ct_clamp_options){ .mode = CT_FROZEN });
	check_mode(f, s, (struct ct_clamp_options){ .mode = CT_FREE });
	check_mode(f, s, (struct ct_clamp_options){ .mode = CT_DIRECT });
	check_mode(f, s, (struct ct_clamp_options){ .mode = CT_FROZEN, .through = CT_REPLACEMENT });
}

static void
test_modes(void **state)
{
	(void)state;
	fixture_each(5, check_modes);
}

/* Without clamps it is the same graph, bit for bit; in direct mode edges are those of the first graph. */
static void
check_same(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_trace_plan plan = { .pos = f->T - 1 };
	const struct ct_clamp_options direct = { .mode = CT_DIRECT }, frozen = { .mode = CT_FROZEN };
	const struct ct_node *first = &f->graph->nodes[0];
	struct ct_clamp c = { .layer = first->layer, .feature = first->index, .pos = first->pos,
		.unit = CT_MULTIPLE, .amount = 3 };
	struct ct_clamp_sites none = fixture_sites(f, NULL, 0), one = fixture_sites(f, &c, 1);
	struct ct_error err = { 0 };
	struct ct_prompt *q, *d;
	struct ct_graph *g, *h;

	(void)s;
	assert_int_equal(ct_prompt_clamped(&q, f->prompt, &none, &frozen, &f->arena, NULL, &err), CT_OK);
	assert_int_equal(ct_prompt_trace(&g, q, &plan, &f->arena, &f->arena, NULL, &err), CT_OK);
	assert_int_equal(g->n_nodes, f->graph->n_nodes);
	assert_int_equal(ct_prompt_clamped(&d, f->prompt, &one, &direct, &f->arena, NULL, &err), CT_OK);
	/* The same targets, whatever is likeliest now. */
	assert_int_equal(ct_graph_build(&h, &d->lrm, &(struct ct_target){ .kind = CT_TARGET_LOGIT,
	    .pos = f->T - 1, .index = f->graph->nodes[g->n_nodes - g->n_targets].index, .weight = 1 }, 1,
	    CT_DEFAULT_FEATURES, &f->arena, NULL, &err), CT_OK);
	for (int t = 0; t < g->n_nodes; t++)
		for (int k = 0; k < g->n_nodes - g->n_targets; k++) {
			float edge = ct_graph_edge(f->graph, t, k);

			assert_true(ct_graph_edge(g, t, k) == edge);
			if (t > 0 && t < h->n_nodes - 1)
				assert_true(fabs((double)ct_graph_edge(h, t, k) -
				    (k ? 1 : 3) * (double)edge) <= 1e-5 * f->graph->nodes[t].inputs);
		}
}

static void
test_same(void **state)
{
	(void)state;
	fixture_each(4, check_same);
}

/* What lies inside a range is not what lies behind it. */
static void
test_range(void **state)
{
	const struct ct_clamp_options some = { .mode = CT_RANGE, .first = 0, .last = 0 };
	struct ct_clamp_options all = { .mode = CT_RANGE };
	struct ct_clamp clamps[CLAMPS];
	struct ct_error err = { 0 };
	struct ct_clamp_sites sites;
	struct ct_prompt *q;
	struct ct_shape s;
	struct fixture f;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 1));
	fixture_random(&f, &s, 5);
	sites = fixture_sites(&f, clamps, choose(&f, clamps));
	all.last = f.m->cfg.L - 1;
	assert_int_equal(ct_prompt_clamped(&q, f.prompt, &sites, &some, &f.arena, NULL, &err),
	    CT_EUNSUPPORTED);
	assert_string_equal(err.msg, "a run with MLPs frozen only in layers 0-0 has no graph: "
	    "choose the mode frozen, free or direct");
	assert_int_equal(ct_prompt_clamped(&q, f.prompt, &sites, &all, &f.arena, NULL, &err), CT_OK);
	assert_true(q->lrm.fixed);
	fixture_close(&f);
}

/* Direct mode freezes the maps of neurons: what a change does by all paths stays the same. */
static void
check_total_of_direct(struct fixture *f)
{
	const struct ct_active *a = fixture_active(f, 1, 5);
	const struct ct_clamp_options direct = { .mode = CT_DIRECT };
	struct ct_clamp first = clamp_on(a, CT_MULTIPLE, -9);
	struct ct_clamp then = { .layer = 0, .pos = 2, .feature = 7, .unit = CT_DELTA, .amount = 1 };
	struct ct_clamp_sites sites = fixture_sites(f, &first, 1);
	size_t TD = (size_t)f->T * f->m->cfg.D;
	struct ct_error err = { 0 };
	struct ct_prompt *p;
	float *got[2];
	double size = 0;

	assert_int_equal(ct_prompt_clamped(&p, f->prompt, &sites, &direct, &f->arena, NULL, &err), CT_OK);
	for (int i = 0; i < 2; i++) {
		const struct ct_local_model *lrm = i ? &p->lrm : &f->prompt->lrm;
		float *pre = calloc((size_t)lrm->n + 1, sizeof *pre);

		got[i] = calloc(TD, sizeof **got);
		assert_int_equal(ct_clamp_sites_init(&sites, lrm, &then, 1, &f->arena, &err), CT_OK);
		assert_int_equal(ct_predict(lrm, &sites, true, got[i], pre, &f->scratch, &err), CT_OK);
		free(pre);
	}
	for (size_t i = 0; i < TD; i++)
		size = fmax(size, fabs((double)got[0][i]));
	for (size_t i = 0; i < TD; i++)
		assert_true(fabs((double)got[0][i] - (double)got[1][i]) < 1e-5 * size + 1e-7);
	free(got[0]);
	free(got[1]);
}

static void
test_total_of_direct(void **state)
{
	static const struct ct_config *const families[] = { &fixture_llama, &fixture_gpt2, &fixture_gemma3 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct ct_shape s;
		struct fixture f;

		fixture_shape(&s, families[i], i);
		fixture_neurons(&f, &s, 5);
		check_total_of_direct(&f);
		fixture_close(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_total_of_direct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
