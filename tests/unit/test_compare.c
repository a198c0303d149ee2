/*
 * Two prompts compared, on random models: alignments worked out by hand, classes of nodes and edges
 * against a plain search, and patches against the other prompt's run and against clamps set by hand.
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
#include "trace/compare.h"
#include "trace/patch.h"

/* -1: not aligned. */
static void
test_align(void **state)
{
	static const struct {
		int T, U, here[8], there[8], want[8], equal;
	} list[] = {
		{ 4, 4, { 0, 1, 2, 3 }, { 0, 1, 9, 3 }, { 0, 1, 2, 3 }, 3 },
		/* A city of two tokens: it stands for neither of them alone. */
		{ 4, 5, { 0, 1, 2, 3 }, { 0, 1, 8, 9, 3 }, { 0, 1, -1, 4 }, 3 },
		/* One word more in front; of the two that differ, each stands for the other. */
		{ 4, 5, { 0, 1, 2, 3 }, { 0, 7, 1, 9, 3 }, { 0, 2, 3, 4 }, 3 },
		{ 2, 5, { 0, 3 }, { 0, 1, 2, 3, 4 }, { 0, 3 }, 2 },
		{ 5, 2, { 0, 1, 2, 3, 4 }, { 0, 3 }, { 0, -1, -1, 1, -1 }, 2 },
		{ 2, 3, { 0, 1 }, { 5, 6, 7 }, { -1, -1 }, 0 },
		{ 3, 2, { 0, 1, 5 }, { 0, 6 }, { 0, -1, -1 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct ct_arena a = { 0 };
		struct ct_error err = { 0 };
		struct ct_alignment x;

		assert_int_equal(ct_align(&x, list[i].here, list[i].T, list[i].there, list[i].U, &a, &err),
		    CT_OK);
		assert_int_equal(x.equal, list[i].equal);
		for (int t = 0; t < list[i].T; t++) {
			assert_int_equal(x.there[t], list[i].want[t]);
			if (x.there[t] >= 0)
				assert_int_equal(x.here[x.there[t]], t);
		}
		ct_arena_free(&a);
	}
}

/* Another prompt of the same fixture's model, with other tokens at some places. */
struct other {
	struct ct_prompt *prompt;
	struct ct_graph *graph;
	struct ct_alignment align;
	struct ct_comparison c;
};

static void
make_other(struct other *o, struct fixture *f, int change)
{
	const struct ct_trace_plan plan = { .pos = f->T - 1 };
	struct ct_error err = { 0 };
	int ids[64];

	memcpy(ids, f->ids, (size_t)f->T * sizeof *ids);
	ids[change] = (ids[change] + 3) % f->m->cfg.V;
	if (ct_prompt_run(&o->prompt, f->m, f->tc, ids, f->T, &f->arena, NULL, &err) < 0 ||
	    ct_prompt_trace(&o->graph, o->prompt, &plan, &f->arena, &f->arena, NULL, &err) < 0 ||
	    ct_align(&o->align, f->ids, f->T, ids, f->T, &f->arena, &err) < 0 ||
	    ct_compare(&o->c, f->graph, o->graph, &o->align, &f->arena, &err) < 0)
		fail_msg("%s", err.msg);
}

static bool
has_edge(const struct ct_graph *g, int source, int target)
{
	for (int i = 0; i < g->n_pruned; i++)
		if (g->pruned[i].source == source && g->pruned[i].target == target)
			return true;
	return false;
}

/* The plain search: a node of the same kind, layer, position and index. */
static int
plain_twin(const struct ct_graph *g, const struct ct_node *n)
{
	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *x = &g->nodes[i];

		if (x->kind == n->kind && x->pos == n->pos && x->layer == n->layer && x->index == n->index &&
		    x->other == n->other)
			return i;
	}
	return -1;
}

static void
check_nodes(const struct fixture *f, const struct other *o)
{
	const struct ct_comparison *c = &o->c;
	int kept[2] = { 0 }, seen[CT_SIDES] = { 0 };

	for (int i = 0; i < c->n; i++) {
		const struct ct_compared_node *n = &c->node[i];
		bool here = n->here >= 0 && f->graph->nodes[n->here].kept;
		bool there = n->there >= 0 && o->graph->nodes[n->there].kept;

		assert_true(here || there);
		assert_int_equal(n->side, here && there ? CT_SHARED : here ? CT_ONLY_HERE : CT_ONLY_THERE);
		if (n->here >= 0)
			assert_int_equal(plain_twin(o->graph, &f->graph->nodes[n->here]), n->there);
		else
			assert_int_equal(plain_twin(f->graph, &o->graph->nodes[n->there]), -1);
		kept[0] += here;
		kept[1] += there;
		seen[n->side]++;
		assert_true(i == 0 || c->node[i - 1].side <= n->side);
	}
	assert_int_equal(kept[0], f->graph->n_kept);
	assert_int_equal(kept[1], o->graph->n_kept);
	for (int s = 0; s < CT_SIDES; s++)
		assert_int_equal(seen[s], c->count[s]);
}

static void
check_edges(const struct fixture *f, const struct other *o)
{
	const struct ct_comparison *c = &o->c;
	int here = 0, there = 0;

	for (int i = 0; i < c->n_edges; i++) {
		const struct ct_compared_edge *e = &c->edge[i];
		const struct ct_compared_node *s = &c->node[e->source], *t = &c->node[e->target];
		bool in_here = s->here >= 0 && t->here >= 0 && has_edge(f->graph, s->here, t->here);
		bool in_there = s->there >= 0 && t->there >= 0 && has_edge(o->graph, s->there, t->there);

		assert_int_equal(e->side, in_here && in_there ? CT_SHARED : in_here ? CT_ONLY_HERE :
		    CT_ONLY_THERE);
		assert_true(in_here || in_there);
		assert_true(e->here == (s->here >= 0 && t->here >= 0 ?
		    ct_graph_edge(f->graph, t->here, s->here) : 0));
		assert_true(e->there == (s->there >= 0 && t->there >= 0 ?
		    ct_graph_edge(o->graph, t->there, s->there) : 0));
		here += in_here;
		there += in_there;
	}
	assert_int_equal(here, f->graph->n_pruned);
	assert_int_equal(there, o->graph->n_pruned);
}

static double
gap_at(const struct ct_prompt *p, int here, int there, int pos, const float *final)
{
	double sum = 0;

	for (int d = 0; d < p->pass.m->cfg.D; d++)
		sum += ((double)ct_matrix_at(&p->pass.m->unembed, there, d) -
			   (double)ct_matrix_at(&p->pass.m->unembed, here, d)) *
		    (double)final[(size_t)pos * p->pass.m->cfg.D + d];
	return sum;
}

static double
gap(const struct ct_prompt *p, int here, int there, const float *final)
{
	return gap_at(p, here, there, p->T - 1, final);
}

/* A patch is what the same clamps do; one of a feature that does not differ does nothing. */
static void
check_patch(struct fixture *f, const struct other *o)
{
	const struct ct_patch_answers answers = { .pos = f->T - 1, .pos_there = f->T - 1, .here = 1,
		.there = 2 };
	struct ct_patch_answers elsewhere = answers;
	struct ct_patch_what all = { .layer = -1, .feature = -1, .pos = -1 }, one = { 0 };
	struct ct_clamp clamps[512];
	struct ct_error err = { 0 };
	struct ct_changed run;
	struct ct_patch p;
	int n = ct_patch_clamps(f->prompt, o->prompt, &o->align, &all, clamps, 512), differ = 0;

	assert_true(n <= 512);
	for (int i = 0; i < n; i++)
		differ += clamps[i].pos < 3;	/* nothing before the changed token can differ */
	assert_int_equal(differ, 0);
	assert_int_equal(ct_patch_run(&p, f->prompt, o->prompt, &o->align, &all, &answers, &err), CT_OK);
	assert_int_equal(p.features, n);
	run = fixture_clamp(f, clamps, n, (struct ct_clamp_options){ .mode = CT_FROZEN });
	assert_true(fabs(gap(f->prompt, 1, 2, run.final) - gap(f->prompt, 1, 2, f->prompt->pass.final) -
	    (double)p.moved) < 1e-4);
	assert_true(fabs(gap(o->prompt, 1, 2, o->prompt->pass.final) -
	    gap(f->prompt, 1, 2, f->prompt->pass.final) - (double)p.gap) < 1e-4);
	assert_true(fabs((double)p.moved / (double)p.gap - (double)p.share) < 1e-5);
	/* The other prompt's answer is where its graph is, whatever that position is aligned with. */
	elsewhere.pos_there = f->T - 2;
	assert_int_equal(ct_patch_run(&p, f->prompt, o->prompt, &o->align, &all, &elsewhere, &err), CT_OK);
	assert_true(fabs(gap_at(o->prompt, 1, 2, f->T - 2, o->prompt->pass.final) -
	    gap(f->prompt, 1, 2, f->prompt->pass.final) - (double)p.gap) < 1e-4);
	/* With one answer the gap is between like values: its share would be noise. */
	elsewhere.there = elsewhere.here;
	assert_int_equal(ct_patch_run(&p, f->prompt, o->prompt, &o->align, &all, &elsewhere, &err), CT_OK);
	assert_true(isnan(p.share) && isfinite(p.moved) && isfinite(p.gap));
	if (n > 0) {
		one = (struct ct_patch_what){ clamps[0].layer, clamps[0].feature, clamps[0].pos };
		assert_int_equal(ct_patch_clamps(f->prompt, o->prompt, &o->align, &one, clamps, 512), 1);
	}
	one = (struct ct_patch_what){ 0, 0, 1 };
	assert_int_equal(ct_patch_run(&p, f->prompt, o->prompt, &o->align, &one, &answers, &err), CT_OK);
	assert_int_equal(p.features, 0);
	assert_true(p.moved == 0);
}

static void
check_all(struct fixture *f, const struct ct_shape *s)
{
	struct other o;

	(void)s;
	make_other(&o, f, 3);
	check_nodes(f, &o);
	check_edges(f, &o);
	check_patch(f, &o);
}

static void
test_compare(void **state)
{
	(void)state;
	fixture_each(6, check_all);
}

/* A prompt beside itself: everything is shared, and alike. */
static void
test_itself(void **state)
{
	struct ct_error err = { 0 };
	struct ct_alignment align;
	struct ct_comparison c;
	struct ct_shape s;
	struct fixture f;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 1));
	fixture_random(&f, &s, 6);
	assert_int_equal(ct_align(&align, f.ids, f.T, f.ids, f.T, &f.arena, &err), CT_OK);
	assert_int_equal(ct_compare(&c, f.graph, f.graph, &align, &f.arena, &err), CT_OK);
	assert_int_equal(c.count[CT_SHARED], f.graph->n_kept);
	assert_int_equal(c.n, f.graph->n_kept);
	assert_int_equal(c.n_edges, f.graph->n_pruned);
	for (int i = 0; i < c.n; i++)
		assert_true(ct_compared_share(&c, 0, c.node[i].here) ==
		    ct_compared_share(&c, 1, c.node[i].there));
	for (int i = 0; i < c.n_edges; i++)
		assert_true(c.edge[i].here == c.edge[i].there);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
