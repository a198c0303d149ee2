/*
 * Attention patterns that are made anew against those that are kept: random models of every family on a
 * prompt of several tiles, everything that reads patterns, once with each; and what a prompt takes in memory.
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
#include "trace/clamped.h"
#include "trace/generate.h"
#include "trace/heads.h"
#include "trace/qk.h"

enum { TOKENS = 141, FEATURES = 60, GENERATED = 3, SHAPES = 36 };

/* One model and prompt, run both ways; pattern_bytes says how runs to come keep theirs. */
struct both {
	struct ct_model *m;
	struct ct_transcoder *tc;
	struct ct_arena arena, scratch;
	int ids[TOKENS];
	struct ct_prompt *kept, *anew;
};

static void
ok(int code, const struct ct_error *err)
{
	if (code < 0)
		fail_msg("%s", err->msg);
}

static void
set_kept(struct both *b, bool kept)
{
	b->m->pattern_bytes = kept ? CT_PATTERN_BYTES : 0;
}

static void
open_both(struct both *b, const struct ct_shape *s)
{
	struct ct_error err = { 0 };

	memset(b, 0, sizeof *b);
	ok(ct_model_random(&b->m, s, &err), &err);
	if (s->act == CT_TC_NEURONS)
		ok(ct_transcoder_neurons(&b->tc, b->m, &err), &err);
	else
		ok(ct_transcoder_random(&b->tc, s, &err), &err);
	for (int i = 0; i < TOKENS; i++)
		b->ids[i] = (i * 7 + i * i / 5 + 1 + (int)s->seed) % s->cfg.V;
	ok(ct_prompt_run(&b->kept, b->m, b->tc, b->ids, TOKENS, &b->arena, NULL, &err), &err);
	set_kept(b, false);
	ok(ct_prompt_run(&b->anew, b->m, b->tc, b->ids, TOKENS, &b->arena, NULL, &err), &err);
	assert_non_null(b->kept->pass.pattern);
	assert_null(b->anew->pass.pattern);
}

static void
close_both(struct both *b)
{
	ct_transcoder_close(b->tc);
	ct_model_close(b->m);
	ct_arena_free(&b->arena);
	ct_arena_free(&b->scratch);
}

/* The largest difference must be within `near` of the largest value. */
static void
same(const char *what, const float *x, const float *y, size_t n, double near)
{
	double worst = 0, largest = 1e-9;

	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)x[i] - (double)y[i]));
		largest = fmax(largest, fabs((double)x[i]));
	}
	if (!(worst <= near * largest))
		fail_msg("%s: %g apart, of %g", what, worst, largest);
}

static void
check_patterns(const struct both *b)
{
	const struct ct_config *c = &b->m->cfg;
	float row[TOKENS];

	for (int l = 0; l < c->L; l++)
		for (int h = 0; h < c->H; h++)
			for (int q = 0; q < TOKENS; q++)
				same("a row", ct_pattern_row(&b->kept->pass, l, h, q, NULL),
				    ct_pattern_row(&b->anew->pass, l, h, q, row), TOKENS, 4e-6);
	same("the last stream", b->kept->pass.final, b->anew->pass.final, (size_t)TOKENS * c->D, 3e-6);
}

/* Node by node and edge by edge. */
static void
same_graph(const struct ct_graph *x, const struct ct_graph *y, double near)
{
	float *row = malloc(2 * (size_t)x->n_nodes * sizeof *row);

	assert_int_equal(x->n_nodes, y->n_nodes);
	assert_true(y->check.max_edge_residual < 1e-5);
	for (int i = 0; i < x->n_nodes; i++) {
		const struct ct_node *n = &x->nodes[i], *o = &y->nodes[i];

		assert_true(n->kind == o->kind && n->layer == o->layer && n->pos == o->pos &&
		    n->index == o->index);
		if (!n->attributed)
			continue;
		for (int k = 0; k < x->n_nodes; k++) {
			row[k] = ct_graph_edge(x, i, k);
			row[x->n_nodes + k] = ct_graph_edge(y, i, k);
		}
		same("edges", row, row + x->n_nodes, (size_t)x->n_nodes, near);
		assert_true(fabs((double)n->bias - (double)o->bias) <=
		    near * (n->inputs + fabs((double)n->bias)));
		assert_true(fabs(n->influence - o->influence) <= near * x->influence);
	}
	free(row);
}

static struct ct_graph *
trace(struct both *b, const struct ct_prompt *p, bool kept)
{
	const struct ct_trace_plan plan = { .pos = TOKENS - 2, .max_features = FEATURES };
	struct ct_error err = { 0 };
	struct ct_graph *g;

	set_kept(b, kept);
	ok(ct_prompt_trace(&g, p, &plan, &b->arena, &b->arena, NULL, &err), &err);
	return g;
}

static void
check_heads(struct both *b, const struct ct_graph *g)
{
	const struct ct_node *n = &g->nodes[g->n_nodes - 1];
	const struct ct_target target = ct_node_target(n);
	const struct ct_head_source everything = { .everything = true, .pos = -1 };
	struct ct_heads x, y;
	struct ct_error err = { 0 };

	set_kept(b, true);
	ok(ct_heads_split(&x, &b->kept->lrm, &everything, &target, &b->arena, NULL, &err), &err);
	set_kept(b, false);
	ok(ct_heads_split(&y, &b->anew->lrm, &everything, &target, &b->arena, NULL, &err), &err);
	assert_true(y.residual < 1e-5);
	assert_int_equal(x.layers, y.layers);
	for (int i = 0; i < x.layers * x.H; i++)
		assert_true(fabs(x.loading[i] - y.loading[i]) <= 1e-5 * (fabs(x.total) + fabs(x.loading[i])));
}

static void
check_qk(struct both *b)
{
	const struct ct_qk_question at = { .layer = b->m->cfg.L - 1, .head = b->m->cfg.H - 1,
		.query = TOKENS - 4, .key = TOKENS - 5 };
	struct ct_error err = { 0 };
	struct ct_qk qk;

	set_kept(b, false);
	ok(ct_qk_split(&qk, &b->anew->lrm, &at, &b->arena, NULL, &err), &err);
	assert_true(qk.pattern_error < 1e-5);
	assert_true(qk.pattern > 0);
}

/* A clamp in one mode: the run, what is generated behind it, and the graph of it. */
static void
check_clamp(struct both *b, enum ct_mode mode)
{
	const struct ct_clamp_options opt = { .mode = mode };
	const struct ct_prompt *p[2] = { b->kept, b->anew };
	const struct ct_active *f = &p[0]->lrm.active[p[0]->lrm.n / 3];
	const struct ct_clamp clamp = clamp_on(f, CT_ABSOLUTE, 3 * (double)f->act + 1);
	size_t D = (size_t)b->m->cfg.D, V = (size_t)b->m->cfg.V;
	struct ct_clamp_sites sites;
	struct ct_changed run[2];
	struct ct_generator g[2];
	struct ct_prompt *now[2];
	struct ct_error err = { 0 };

	for (int i = 0; i < 2; i++) {
		set_kept(b, i == 0);
		ok(ct_clamp_sites_init(&sites, &p[i]->lrm, &clamp, 1, &b->arena, &err), &err);
		ok(ct_intervene(&run[i], &p[i]->lrm, &sites, &opt, &b->arena, &err), &err);
		ok(ct_generator_init(&g[i], &p[i]->lrm, GENERATED, &(struct ct_generator_start){ run[i].k,
		    run[i].v, run[i].final + (TOKENS - 1) * D, &clamp, 1 }, &b->arena, &err), &err);
		for (int k = 0; k < GENERATED; k++)
			ok(ct_generator_push(&g[i], k, &err), &err);
		ok(ct_prompt_clamped(&now[i], p[i], &sites, &opt, &b->arena, NULL, &err), &err);
	}
	same("a clamped run", run[0].final, run[1].final, TOKENS * D, 1e-5);
	same("what is generated", ct_generator_logits(&g[0]), ct_generator_logits(&g[1]), V, 1e-5);
	if (now[0]->lrm.n == now[1]->lrm.n)
		same_graph(trace(b, now[0], true), trace(b, now[1], false), 2e-5);
}

static void
check_shape(const struct ct_shape *s)
{
	struct ct_graph *kept, *anew;
	struct both b;

	open_both(&b, s);
	check_patterns(&b);
	assert_int_equal(b.kept->lrm.n, b.anew->lrm.n);
	kept = trace(&b, b.kept, true);
	anew = trace(&b, b.anew, false);
	same_graph(kept, anew, 5e-6);
	check_heads(&b, kept);
	check_qk(&b);
	check_clamp(&b, CT_FROZEN);
	check_clamp(&b, CT_FREE);
	check_clamp(&b, CT_DIRECT);
	close_both(&b);
}

/* One shape of each family; every fourth time neurons. */
static void
test_same(void **state)
{
	const struct ct_config *const families[] = { &fixture_llama, &fixture_gpt2, &fixture_qwen3,
		&fixture_gemma2, &fixture_gemma3 };

	(void)state;
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 4; k++) {
			struct ct_shape s;

			assert_true(fixture_shape(&s, families[i], (7 * i + 11 * k) % SHAPES));
			s.cfg.context = TOKENS + GENERATED;
			/* Windows narrower and wider than a tile. */
			s.cfg.window *= k % 2 ? 30 : 4;
			if (k == 3)
				s.act = CT_TC_NEURONS;
			check_shape(&s);
		}
}

/* What is kept does not depend on the machine, and what a pass takes grows as it says. */
static void
test_bytes(void **state)
{
	struct ct_error err = { 0 };
	struct ct_shape s;
	struct ct_model *m;
	int T = 1;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	ok(ct_model_random(&m, &s, &err), &err);
	while (ct_pattern_kept(m, 2 * T))
		T *= 2;
	assert_true((double)s.cfg.L * s.cfg.H * 16 * T * T > CT_PATTERN_BYTES);
	/* Without patterns memory grows with the length, not with its square. */
	assert_true(ct_pass_bytes(m, 16 * T) < 5 * ct_pass_bytes(m, 4 * T));
	assert_true(ct_pattern_scratch(m, T) == 0);
	assert_true(ct_pattern_scratch(m, 4 * T) > 0);
	ct_model_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
