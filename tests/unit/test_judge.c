/*
 * Judging an explanation: each run by the naive program in double, with the features left out at 0; what the
 * random control draws; and how stable it is, against the graphs of sentences with the same answer.
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

#include "base/pool.h"
#include "naive.h"
#include "scratch.h"
#include "trace/judge.h"
#include "world.h"

enum { DRAWS = 2, PARTS = 2 };

/* The logits (V) of the naive program without the features that are left out. */
static double *
naive_logits(const struct fixture *f, const bool *left_out)
{
	int words = f->m->cfg.V, n = 0;
	struct ct_clamp *clamps = calloc((size_t)f->prompt->lrm.n + 1, sizeof *clamps);
	struct naive_hold hold = { .tc = f->tc, .clamps = clamps };
	double *logits = malloc((size_t)words * sizeof *logits);
	struct naive_run r;

	for (int i = 0; i < f->prompt->lrm.n; i++) {
		const struct ct_active *a = &f->prompt->lrm.active[i];

		if (left_out[i])
			clamps[n++] = (struct ct_clamp){
				.layer = a->layer, .feature = a->feature, .pos = a->pos
			};
	}
	hold.n_clamps = n;
	naive_run(&r, f->m, f->ids, f->T, NULL, NULL, &hold);
	for (int v = 0; v < words; v++)
		logits[v] = naive_logit(f->m, v, r.final + (f->T - 1) * f->m->cfg.D);
	naive_run_free(&r);
	free(clamps);
	return logits;
}

static void
check_run(const struct fixture *f, const struct ct_judgement *j, const struct ct_judged *got,
    const bool *left_out, double tolerance)
{
	double *logits = naive_logits(f, left_out), sum = 0, largest = 1;

	for (int v = 0; v < f->m->cfg.V; v++) {
		sum += exp(logits[v] - logits[j->answer]);
		largest = fmax(largest, fabs(logits[v]));
	}
	assert_true(fabs(got->lead - (logits[j->answer] - logits[j->against])) < tolerance * largest);
	assert_true(fabs(got->prob - 1 / sum) < tolerance * largest);
	/* Of two that are nearly equal either may be said. */
	for (int v = 0; v < f->m->cfg.V; v++)
		assert_true(logits[v] - logits[got->said] < 2 * tolerance * largest);
	free(logits);
}

static void
check_draw(struct fixture *f, const struct ct_judge_plan *plan, int draw, const struct ct_judgement *j,
    bool *drawn)
{
	struct ct_error err = { 0 };
	int n = ct_judge_draw(&f->prompt->lrm, plan, draw, drawn, &f->scratch, &err), count = 0;

	assert_int_equal(n, j->n_random);
	for (int i = 0; i < f->prompt->lrm.n; i++) {
		assert_false(drawn[i] && plan->inside[i]);
		count += drawn[i];
	}
	assert_int_equal(count, n);
}

static void
check_controls(struct fixture *f, const struct ct_judge_plan *plan, const struct ct_judgement *j,
    double tolerance)
{
	int n = f->prompt->lrm.n;
	bool *drawn = calloc((size_t)n + 1, sizeof *drawn);
	double without = 0, alone = 0, lead = j->whole.lead;

	for (int d = 0; d < DRAWS; d++) {
		double *logits;

		check_draw(f, plan, d, j, drawn);
		logits = naive_logits(f, drawn);
		without += (logits[j->answer] - logits[j->against]) / lead / DRAWS;
		free(logits);
		for (int i = 0; i < n; i++)
			drawn[i] = !drawn[i];
		logits = naive_logits(f, drawn);
		alone += (logits[j->answer] - logits[j->against]) / lead / DRAWS;
		free(logits);
	}
	assert_true(fabs(j->random_necessity - (1 - without)) < tolerance * 20 / lead);
	assert_true(fabs(j->random_sufficiency - alone) < tolerance * 20 / lead);
	free(drawn);
}

static void
check_shape(struct fixture *f, const struct ct_shape *s)
{
	int n = f->prompt->lrm.n;
	bool *inside = calloc((size_t)n + 1, sizeof *inside), *out = calloc((size_t)n + 1, sizeof *out);
	int *part = calloc((size_t)n + 1, sizeof *part);
	struct ct_judge_plan plan = { .inside = inside, .pos = f->T - 1, .answer = -1, .against = -1,
		.part = part, .n_parts = PARTS, .draws = DRAWS };
	double tolerance = 1e-4 * fixture_rounding(s);
	struct ct_error err = { 0 };
	struct ct_judgement j;

	ct_judge_kept(&f->prompt->lrm, f->graph, inside);
	for (int i = 0; i < n; i++) {
		const struct ct_active *a = &f->prompt->lrm.active[i];
		int node = ct_graph_find(f->graph, CT_NODE_FEATURE, a->layer, a->pos, a->feature);

		assert_true(inside[i] == (node >= 0 && f->graph->nodes[node].kept));
		part[i] = inside[i] ? i % 3 - 1 : -1;
	}
	assert_int_equal(ct_judge(&j, f->prompt, &plan, &f->scratch, NULL, &err), CT_OK);
	assert_int_equal(j.n_inside + j.n_outside, n);
	check_run(f, &j, &j.whole, out, tolerance);
	check_run(f, &j, &j.without, inside, tolerance);
	for (int i = 0; i < n; i++)
		out[i] = !inside[i];
	check_run(f, &j, &j.alone, out, tolerance);
	for (int k = 0; k < PARTS; k++) {
		for (int i = 0; i < n; i++)
			out[i] = part[i] == k;
		check_run(f, &j, &j.part[k], out, tolerance);
	}
	assert_true(j.whole.lead > 0 && j.whole.said == j.answer);
	if (j.whole.lead >= 0.1) {
		assert_true(fabs(j.necessity - (1 - j.without.lead / j.whole.lead)) < 1e-9);
		assert_true(fabs(j.sufficiency - j.alone.lead / j.whole.lead) < 1e-9);
		if (j.n_random)
			check_controls(f, &plan, &j, tolerance);
	}
	free(inside);
	free(out);
	free(part);
}

static void
test_runs(void **state)
{
	(void)state;
	fixture_each(5, check_shape);
}

/* With everything inside nothing is lost alone, and there is nothing to draw from; threads change nothing. */
static void
test_extremes(void **state)
{
	struct ct_judge_plan plan = { .answer = -1, .against = -1, .draws = DRAWS };
	struct ct_error err = { 0 };
	struct ct_judgement all, none, again;
	struct ct_pool *pool;
	struct ct_shape s;
	struct fixture f;
	bool *inside;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 6);
	inside = calloc((size_t)f.prompt->lrm.n, sizeof *inside);
	plan.inside = inside;
	plan.pos = f.T - 1;
	assert_int_equal(ct_judge(&none, f.prompt, &plan, &f.scratch, NULL, &err), CT_OK);
	assert_true(none.necessity == 0 && none.n_random == 0 && isnan(none.random_necessity));
	memset(inside, 1, (size_t)f.prompt->lrm.n);
	assert_int_equal(ct_judge(&all, f.prompt, &plan, &f.scratch, NULL, &err), CT_OK);
	assert_true(all.sufficiency == 1 && all.without.lead == none.alone.lead);
	assert_int_equal(ct_pool_open(&pool, 3, &err), CT_OK);
	memset(inside, 0, (size_t)f.prompt->lrm.n / 2);
	assert_int_equal(ct_judge(&all, f.prompt, &plan, &f.scratch, NULL, &err), CT_OK);
	assert_int_equal(ct_judge(&again, f.prompt, &plan, &f.scratch,
	    &(struct ct_job){ pool, NULL, NULL }, &err), CT_OK);
	assert_true(again.without.lead == all.without.lead && again.alone.lead == all.alone.lead);
	assert_true(again.random_necessity == all.random_necessity);
	/* The other way round the lead is negative, and there is none to lose. */
	plan.answer = all.against;
	plan.against = all.answer;
	assert_int_equal(ct_judge(&again, f.prompt, &plan, &f.scratch, NULL, &err), CT_OK);
	assert_true(again.whole.lead == -all.whole.lead && isnan(again.necessity));
	ct_pool_close(pool);
	free(inside);
	fixture_close(&f);
}

/* A lead of less than 0.1 logits has no shares, however little is lost; a lead of a little more has. */
static void
test_small_leads(void **state)
{
	struct ct_judge_plan plan = { .draws = DRAWS };
	struct ct_error err = { 0 };
	int small = 0, large = 0;
	struct ct_judgement j;
	double *logits;
	struct ct_shape s;
	struct fixture f;
	bool *inside;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 6);
	inside = calloc((size_t)f.prompt->lrm.n, sizeof *inside);
	logits = naive_logits(&f, inside);
	memset(inside, 1, (size_t)f.prompt->lrm.n / 2);
	plan.inside = inside;
	plan.pos = f.T - 1;
	for (plan.answer = 0; plan.answer < f.m->cfg.V; plan.answer++)
		for (plan.against = 0; plan.against < f.m->cfg.V; plan.against++) {
			double lead = logits[plan.answer] - logits[plan.against];

			if (lead < 0.001 || lead > 0.2 || fabs(lead - 0.1) < 0.001)
				continue;
			assert_int_equal(ct_judge(&j, f.prompt, &plan, &f.scratch, NULL, &err), CT_OK);
			assert_true(isnan(j.necessity) == (lead < 0.1));
			assert_true(isnan(j.sufficiency) == (lead < 0.1));
			assert_true(isnan(j.random_necessity) == (lead < 0.1));
			assert_true(isnan(j.random_sufficiency) == (lead < 0.1));
			*(lead < 0.1 ? &small : &large) += 1;
		}
	assert_true(small && large);
	free(logits);
	free(inside);
	fixture_close(&f);
}

/* The prompt of the world, two sentences with the same answer, and one with another. */
static const char recipe[] =
    "corpus:\n"
    "  tables:\n"
    "    sort: {columns: [name, say], rows: [[w9, w10], [w8, w2]]}\n"
    "    place: {columns: [name, sort], rows: [[w19, w9], [w5, w9], [w6, w8], [w33, w9]]}\n"
    "  sentences:\n"
    "  - {name: a, over: place, template: \"{place} w10 {sort} w7 w39 w16 w31 w17 {sort.say}\",\n"
    "    answer: sort.say, about: [sort]}\n";

/* The explanation of one token's lead over another in the first prompt, and how it compares. */
static struct ct_explanation
explain(struct world *w, const char *prompt, const char *target, struct ct_arena *a)
{
	struct ct_trace_options opt = { .targets = { .pos = -1 } };
	struct ct_error err = { 0 };
	struct ct_explanation x;

	world_prompt(w->s, prompt);
	world_ok(ct_session_parse_targets(w->s, target, -1, &opt.targets, &err), &err);
	world_trace(w->s, &opt);
	world_ok(ct_session_judge(w->s, NULL, &x, a, NULL, &err), &err);
	return x;
}

static void
test_stability(void **state)
{
	enum { MOST = L * T * F };
	static const char *const alike[] = { "w5 w10 w9 w7 w39 w16 w31 w17",
		"w33 w10 w9 w7 w39 w16 w31 w17" };
	static struct ct_node own[MOST];
	struct world *w = *state;
	struct ct_arena a = { 0 };
	struct ct_explanation x, none;
	double found = 0, overlap = 0;
	char path[PATH_MAX + 16];
	int n = 0;

	snprintf(path, sizeof path, "%s/recipe.yaml", w->dir);
	scratch_text(path, recipe);
	none = explain(w, alike[0], "w2-w10", &a);	/* the sentence has another answer */
	assert_true(none.n_alike == 0 && isnan(none.found) && isnan(none.overlap));
	none = explain(w, "w5 w6", "w10-w2", &a);
	assert_true(none.n_alike == 0 && isnan(none.found) && isnan(none.overlap));
	x = explain(w, PROMPT, "w10-w2", &a);
	for (int i = 0; i < ct_session_graph(w->s)->n_features; i++)
		if (ct_session_graph(w->s)->nodes[i].kept)
			own[n++] = ct_session_graph(w->s)->nodes[i];
	assert_int_equal(x.n_alike, 2);
	for (int k = 0; k < 2; k++) {
		const struct ct_graph *g;
		int both = 0, all = n;

		world_prompt(w->s, alike[k]);
		g = world_trace(w->s, NULL);
		for (int i = 0; i < g->n_features; i++) {
			const struct ct_node *f = &g->nodes[i];
			bool shared = false;

			for (int at = 0; at < n; at++)
				shared |= own[at].layer == f->layer && own[at].pos == f->pos &&
				    own[at].index == f->index;
			both += f->kept && shared;
			all += f->kept && !shared;
		}
		found += (double)both / n / 2;
		overlap += (double)both / all / 2;
	}
	assert_true(found > 0.1 && found < 1);
	assert_true(fabs(x.found - found) < 1e-9);
	assert_true(fabs(x.overlap - overlap) < 1e-9);
	ct_arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_small_leads),
		WORLD_TEST(test_stability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
