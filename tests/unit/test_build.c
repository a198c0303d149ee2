/*
 * A graph that is built in pieces, with whatever a reader opens in between: in the end it is the
 * graph that is built at once, bit for bit; and on the way what there is of it is right.
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
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "naive.h"

static void
ok(int code, const struct ct_error *err)
{
	if (code < 0)
		fail_msg("%s", err->msg);
}

/* The nodes and edges of two graphs, every bit. */
static void
assert_same(const struct ct_graph *a, const struct ct_graph *b)
{
	struct ct_edge *x = calloc((size_t)a->n_nodes, sizeof *x), *y = calloc((size_t)a->n_nodes, sizeof *y);

	assert_int_equal(a->n_nodes, b->n_nodes);
	assert_int_equal(a->n_features, b->n_features);
	assert_int_equal(a->n_targets, b->n_targets);
	assert_int_equal(a->n_edges, b->n_edges);
	assert_int_equal(a->pos, b->pos);
	assert_false(a->partial || b->partial);
	assert_memory_equal(&a->scores, &b->scores, sizeof a->scores);
	assert_memory_equal(&a->check.max_edge_residual, &b->check.max_edge_residual, sizeof(double));
	for (int i = 0; i < a->n_nodes; i++) {
		const struct ct_node *m = &a->nodes[i], *n = &b->nodes[i];
		int edges = ct_graph_row(a, i, x);

		assert_true(m->kind == n->kind && m->layer == n->layer && m->pos == n->pos);
		assert_int_equal(m->index, n->index);
		assert_memory_equal(&m->value, &n->value, sizeof m->value);
		assert_memory_equal(&m->bias, &n->bias, sizeof m->bias);
		assert_memory_equal(&m->omitted, &n->omitted, sizeof m->omitted);
		assert_memory_equal(&m->inputs, &n->inputs, sizeof m->inputs);
		assert_memory_equal(&m->influence, &n->influence, sizeof m->influence);
		assert_memory_equal(&m->cumulative, &n->cumulative, sizeof m->cumulative);
		assert_int_equal(ct_graph_row(b, i, y), edges);
		for (int k = 0; k < edges; k++) {
			assert_int_equal(x[k].source, y[k].source);
			assert_memory_equal(&x[k].weight, &y[k].weight, sizeof x[k].weight);
		}
	}
	free(x);
	free(y);
}

/* The row of an opened node is that of the whole graph, but for rounding. */
static void
assert_row(const struct ct_graph *part, const struct ct_graph *all, int node)
{
	const struct ct_node *n = &part->nodes[node];
	int same = ct_graph_find(all, n->kind, n->layer, n->pos, n->index);

	assert_true(n->attributed);
	if (same < 0)
		return;
	assert_true(fabs((double)n->value - (double)all->nodes[same].value) < 1e-5 + 1e-5 * n->inputs);
	assert_true(fabs(n->inputs - all->nodes[same].inputs) < 1e-5 + 1e-5 * n->inputs);
}

/* A reader who opens nodes, looks, stops the work after a layer or two, and goes on. */
static void
read_along(struct fixture *f, const struct ct_target *targets, int n, int most, struct ct_pool *pool,
    uint64_t seed)
{
	const struct ct_local_model *lrm = &f->prompt->lrm;
	const struct ct_job job = { .pool = pool };
	struct ct_graph *want, *part = NULL, *got;
	struct ct_building *b;
	struct ct_error err = { 0 };
	struct ct_rng rng;
	int rounds = 0;

	ct_rng_seed(&rng, seed, 3);
	ok(ct_graph_build(&want, lrm, targets, n, most, &f->arena, NULL, &err), &err);
	ok(ct_building_begin(&b, lrm, targets, n, most, &f->arena, &job, &err), &err);
	while (!ct_building_done(b)) {
		/* A run whose time is over goes one step at most. */
		ok(ct_building_run(b, ct_seconds(), &f->arena, &job, &err), &err);
		if (ct_rng_below(&rng, 3) == 0 || !part) {
			ok(ct_building_look(b, &part, &f->arena, &job, &err), &err);
			assert_true(part->partial && part->n_features == lrm->n);
			assert_true(part->seen >= 0 && part->seen <= 1);
		}
		if (part->n_features && ct_rng_below(&rng, 2)) {
			int node = (int)ct_rng_below(&rng, (uint32_t)part->n_features);

			ok(ct_building_open(b, node, &f->arena, &job, &err), &err);
			assert_row(part, want, node);
		}
		if (rounds++ > 20)
			ok(ct_building_run(b, ct_seconds() + 0.001, &f->arena, &job, &err), &err);
	}
	ok(ct_building_look(b, &part, &f->arena, &job, &err), &err);
	assert_true(most < lrm->n || fabs(part->seen - 1) < 1e-9);
	ok(ct_building_finish(b, &got, &f->arena, &job, &err), &err);
	ct_building_end(b);
	assert_same(want, got);
}

static void
check_reader(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_target targets[] = {
		{ .pos = f->T - 1, .index = 3, .other = -1, .weight = 0.6f },
		{ .pos = f->T - 1, .index = 7, .other = -1, .weight = 0.3f },
		{ .kind = CT_TARGET_FEATURE, .layer = 1, .pos = f->T - 2, .index = 2, .other = -1,
		    .weight = 1 },
	};

	read_along(f, targets, 3, f->prompt->lrm.n, NULL, s->seed);
	read_along(f, targets, 1, f->prompt->lrm.n / 2, NULL, s->seed + 100);
}

static void
test_reader(void **state)
{
	(void)state;
	fixture_each(9, check_reader);
}

/* Enough features for several rounds, each chosen by what the rounds before found; two threads. */
static void
test_rounds(void **state)
{
	struct ct_error err = { 0 };
	struct ct_pool *pool;
	struct ct_shape s;

	(void)state;
	ok(ct_pool_open(&pool, 2, &err), &err);
	for (int i = 0; fixture_shape(&s, &fixture_gemma3, i); i += 11) {
		const struct ct_target target = { .pos = 14, .index = 3, .other = -1, .weight = 1 };
		struct fixture f;

		s.F = 80;
		s.k = 16;
		fixture_random(&f, &s, 15);
		assert_true(f.prompt->lrm.n > 600);
		read_along(&f, &target, 1, f.prompt->lrm.n, pool, s.seed);
		read_along(&f, &target, 1, 520, pool, s.seed);
		fixture_close(&f);
	}
	ct_pool_close(pool);
}

/* The first look has the targets' rows alone, and says so. */
static void
check_first(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_target target = { .pos = f->T - 1, .index = 3, .other = -1, .weight = 1 };
	struct ct_graph *part, *all;
	struct ct_error err = { 0 };
	struct ct_building *b;
	double waiting = 0, ended = 0;
	int n;

	(void)s;
	ok(ct_building_begin(&b, &f->prompt->lrm, &target, 1, 10000, &f->arena, NULL, &err), &err);
	ok(ct_building_look(b, &part, &f->arena, NULL, &err), &err);
	ok(ct_graph_build(&all, &f->prompt->lrm, &target, 1, 10000, &f->arena, NULL, &err), &err);
	n = part->n_nodes;
	assert_int_equal(n, all->n_nodes);
	for (int i = 0; i < n; i++) {
		assert_int_equal(part->nodes[i].attributed, i == n - 1);
		if (i < part->n_features)
			waiting += part->nodes[i].influence;
		else if (i < n - 1)
			ended += part->nodes[i].influence;
	}
	/* All that the target passes on is at a feature, at an error or at a word. */
	assert_true(fabs(waiting + ended - 1) < 1e-9);
	assert_true(fabs(part->seen - ended) < 1e-9);
	for (int i = 0; i < n; i++) {
		float a = ct_graph_edge(part, n - 1, i), c = ct_graph_edge(all, n - 1, i);

		assert_memory_equal(&a, &c, sizeof a);
	}
	ok(ct_graph_prune(part, .8, .98, &f->arena, &f->scratch, NULL, &err), &err);
	/* A feature without a row is no dead end. */
	for (int i = 0; i < part->n_pruned; i++)
		assert_true(part->nodes[part->pruned[i].source].kept);
	assert_true(part->n_pruned > 0);
	ct_building_end(b);
}

static void
test_first(void **state)
{
	(void)state;
	fixture_each(7, check_first);
}

/* What features write is not kept where memory is short, and the graph is the same, bit for bit. */
static void
test_memory(void **state)
{
	const struct ct_target target = { .pos = 20, .index = 3, .other = -1, .weight = 1 };
	struct ct_shape s = { .cfg = fixture_llama, .kind = CT_CLT, .act = CT_TC_TOPK, .F = 1500, .k = 1300,
		.seed = 1 };
	struct rlimit before, tight;
	struct ct_error err = { 0 };
	struct ct_prompt *roomy, *p;
	struct ct_graph *want, *got;
	struct fixture f;
	int ids[24], code;
	long pages = 0;
	bool known;
	FILE *statm = fopen("/proc/self/statm", "r");

	(void)state;
	if (!statm || fscanf(statm, "%ld", &pages) != 1)
		pages = 0;
	if (statm)
		fclose(statm);
	if (pages == 0)
		skip();
	s.cfg.D = 96;
	s.cfg.head = 16;
	fixture_random(&f, &s, 2);
	for (int i = 0; i < 24; i++)
		ids[i] = i % s.cfg.V;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	tight = before;
	tight.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)(120 << 20);
	assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
	/* Some systems do not tell how much of its limit a process has used. */
	known = ct_memory_available() <= 120 << 20;
	code = ct_prompt_run(&p, f.m, f.tc, ids, 24, &f.arena, NULL, &err);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	ok(code, &err);
	if (!known) {
		fixture_close(&f);
		skip();
	}
	assert_null(p->lrm.dec[30]);
	ok(ct_prompt_run(&roomy, f.m, f.tc, ids, 24, &f.arena, NULL, &err), &err);
	assert_non_null(roomy->lrm.dec[30]);
	ok(ct_graph_build(&want, &roomy->lrm, &target, 1, 40, &f.arena, NULL, &err), &err);
	ok(ct_graph_build(&got, &p->lrm, &target, 1, 40, &f.arena, NULL, &err), &err);
	assert_same(want, got);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
