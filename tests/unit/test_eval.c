/* eval: graph figures and bridge swaps on a golden model and a small two-hop world, recomputed plainly. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "cards/activity.h"
#include "eval/eval.h"
#include "eval/interchange.h"
#include "eval/interchange_parts.h"
#include "eval_world.h"
#include "math/kernels.h"

/* Mean rank of x[i] among x, by counting. */
static double
naive_rank(const double *x, int n, int i)
{
	double below = 0, equal = 0;
	int k;

	for (k = 0; k < n; k++) {
		below += x[k] < x[i];
		equal += x[k] == x[i];
	}
	return below + (equal - 1) / 2;
}

static double
naive_spearman(const double *x, const double *y, int n)
{
	double a, b, aa = 0, bb = 0, ab = 0, middle = (n - 1) / 2.0;
	int i;

	for (i = 0; i < n; i++) {
		a = naive_rank(x, n, i) - middle;
		b = naive_rank(y, n, i) - middle;
		aa += a * a;
		bb += b * b;
		ab += a * b;
	}
	return ab / sqrt(aa * bb);
}

static double
naive_kl(const float *p, const float *q)
{
	double sum_p = 0, sum_q = 0, kl = 0;
	int i;

	for (i = 0; i < VOCAB; i++) {
		sum_p += exp((double)p[i]);
		sum_q += exp((double)q[i]);
	}
	for (i = 0; i < VOCAB; i++)
		kl += exp((double)p[i]) / sum_p *
		    log(exp((double)p[i]) / sum_p / (exp((double)q[i]) / sum_q));
	return kl;
}

/*
 * What is left of the answer's lead over the runner-up without the kept features, or without the others;
 * NAN if it leads by less than 0.1.
 */
static double
naive_lead(struct fixture *f, const float *original, bool kept)
{
	static struct ct_clamp clamps[4096];
	float changed[VOCAB];
	int top = 0, next = -1, n = 0;

	for (int v = 0; v < VOCAB; v++)
		top = original[v] > original[top] ? v : top;
	for (int v = 0; v < VOCAB; v++)
		next = v != top && (next < 0 || original[v] > original[next]) ? v : next;
	for (int i = 0; i < f->graph->n_features; i++)
		if (f->graph->nodes[i].kept == kept)
			clamps[n++] = (struct ct_clamp){ .layer = f->graph->nodes[i].layer,
				.feature = f->graph->nodes[i].index, .pos = f->graph->nodes[i].pos };
	if (original[top] - original[next] < .1f)
		return NAN;
	run_clamped(f, clamps, n, CT_FREE, changed);
	return (double)(changed[top] - changed[next]) / (double)(original[top] - original[next]);
}

/* Adds what is left without the kept features, and with them alone. False: the lead is too small. */
static bool
add_leads(struct fixture *f, const float *original, double *without, double *alone)
{
	double left = naive_lead(f, original, true);

	if (isnan(left))
		return false;
	*without += left;
	*alone += naive_lead(f, original, false);
	return true;
}

/* Influence and ablation effect of every kept feature. Returns how many there are. */
static int
naive_ablations(struct fixture *f, const float *original, double *influence, double *effect)
{
	float changed[VOCAB];
	int n = 0;

	for (int i = 0; i < f->graph->n_features; i++) {
		const struct ct_node *node = &f->graph->nodes[i];
		struct ct_clamp clamp = {.layer = node->layer, .feature = node->index, .pos = node->pos};

		if (!node->kept)
			continue;
		run_clamped(f, &clamp, 1, CT_FROZEN, changed);
		influence[n] = node->influence;
		effect[n++] = naive_kl(original, changed);
	}
	return n;
}

static void
test_graph_figures(void **state)
{
	static struct world w;
	static double influence[4096], effect[4096];
	struct fixture f;
	struct ct_pool *pool;
	struct ct_graph_figures got, one;
	struct ct_error err;
	double replacement = 0, completeness = 0, spearman = 0, necessity = 0, sufficiency = 0, words = 0;
	struct ct_direct direct;
	struct ct_subject subject;
	float original[VOCAB];
	int n, prompts = 0, leading = 0;

	(void)state;
	make_world(&w);
	fixture_open(&f, "llama-clt");
	subject = (struct ct_subject){ .m = f.m, .tc = f.tc, .c = &w.c };
	assert_int_equal(ct_pool_open(&pool, 2, &err), CT_OK);
	assert_int_equal(ct_graph_figures_measure(&got, &subject, 0, &(struct ct_job){ pool, NULL, NULL },
	    &err), CT_OK);
	for (int s = 0; s < SENTENCES; s++) {
		if (!w.sentences[s].held_out)
			continue;
		fixture_run(&f, w.tokens + s * LENGTH, ANSWER + 1);
		fixture_trace(&f, NULL);
		ct_logits(f.m, 1, f.prompt->pass.final + ANSWER * f.m->cfg.D, original);
		n = naive_ablations(&f, original, influence, effect);
		assert_true(n > 5);
		replacement += f.graph->scores.replacement;
		completeness += f.graph->scores.completeness;
		spearman += naive_spearman(influence, effect, n);
		leading += add_leads(&f, original, &necessity, &sufficiency);
		assert_int_equal(ct_direct_split(&direct, f.graph, f.graph->n_nodes - f.graph->n_targets,
		    &f.scratch, &err), CT_OK);
		words += direct.absolute[CT_DIRECT_WORDS];
		prompts++;
	}
	assert_true(got.n == prompts && leading > 0 && got.n_lead == leading);
	assert_true(fabs(got.replacement - replacement / prompts) < 1e-6);
	assert_true(fabs(got.completeness - completeness / prompts) < 1e-6);
	assert_true(fabs(got.spearman - spearman / prompts) < 1e-3);
	assert_true(fabs(got.necessity - (1 - necessity / leading)) < 1e-4);
	assert_true(fabs(got.sufficiency - sufficiency / leading) < 1e-4);
	assert_true(fabs(got.direct_absolute[CT_DIRECT_WORDS] - words / prompts) < 1e-9);
	assert_true(got.n_alike == prompts && got.stability > 0 && got.stability < 1);
	assert_true(got.max_edge_residual > 0 && got.max_edge_residual < 1e-5);
	assert_true(got.max_logit_error > 0 && got.max_logit_error < 1e-5);
	assert_int_equal(ct_graph_figures_measure(&one, &subject, 0, NULL, &err), CT_OK);
	assert_true(one.replacement == got.replacement && one.spearman == got.spearman);
	assert_int_equal(ct_graph_figures_measure(&one, &subject, 3, &(struct ct_job){ pool, NULL, NULL },
	    &err), CT_OK);
	assert_int_equal(one.n, 3);
	ct_pool_close(pool);
	fixture_close(&f);
}

/*
 * Whether the answer changes when the features at a position are set as in the next sentence with the same
 * value.
 */
static bool
naive_same(struct fixture *f, const struct world *w, int s, int pos)
{
	static struct ct_clamp clamps[3 * 64];
	float logits[VOCAB];
	int t = s, n = 0, said;

	do
		t = (t + 1) % SENTENCES;
	while (w->sentences[t].about != w->sentences[s].about || w->sentences[t].row == w->sentences[s].row ||
	    w->sentences[t].relation != w->sentences[s].relation);
	fixture_run(f, w->tokens + t * LENGTH, ANSWER + 1);
	for (int l = 0; l < 3; l++)
		for (int x = 0; x < f->tc->layers[l].F; x++)
			clamps[n++] = (struct ct_clamp){.layer = l, .feature = x, .pos = pos,
			    .unit = CT_ABSOLUTE,
			    .amount = (double)activation(f, l, x, pos)};
	fixture_run(f, w->tokens + s * LENGTH, ANSWER + 1);
	for (int i = n - 1; i >= 0; i--)	/* features that are active in neither are left alone */
		if (clamps[i].amount == 0 && activation(f, clamps[i].layer, clamps[i].feature, pos) == 0)
			clamps[i] = clamps[--n];
	run_clamped(f, clamps, 0, CT_FREE, logits);
	said = ct_likeliest(VOCAB, logits);
	run_clamped(f, clamps, n, CT_FREE, logits);
	return ct_likeliest(VOCAB, logits) != said;
}

static void
check_same(const struct ct_interchange_figures *got, struct fixture *f, const struct world *w)
{
	double same[2] = {0};
	int prompts = 0;

	for (int s = 0; s < SENTENCES; s++) {
		if (!w->sentences[s].held_out)
			continue;
		same[0] += naive_same(f, w, s, ANSWER);
		same[1] += naive_same(f, w, s, 1);
		prompts++;
	}
	assert_int_equal(got->n_same, prompts);
	assert_true(fabs(got->changed[CT_CONTROL_SAME][CT_INTERCHANGE_ANSWER] - same[0] / prompts) < 1e-9);
	assert_true(fabs(got->changed[CT_CONTROL_SAME][CT_INTERCHANGE_WRITTEN] - same[1] / prompts) < 1e-9);
	assert_true(got->changed[CT_CONTROL_RANDOM][CT_INTERCHANGE_ANSWER] >= 0);
	assert_true(got->changed[CT_CONTROL_RANDOM][CT_INTERCHANGE_WRITTEN] <= 1);
}

static const int first[CT_INTERCHANGE_PLACES] = {[CT_INTERCHANGE_ANSWER] = ANSWER,
    [CT_INTERCHANGE_WRITTEN] = 1, [CT_INTERCHANGE_ONWARDS] = 1};
static const int last[CT_INTERCHANGE_PLACES] = {[CT_INTERCHANGE_ANSWER] = ANSWER,
    [CT_INTERCHANGE_WRITTEN] = 1, [CT_INTERCHANGE_ONWARDS] = ANSWER};

/* Returns how many swaps hit. */
static int
check_swaps(const char *name)
{
	static struct world w;
	float (*mean)[LENGTH][3][64] = calloc(VALUES, sizeof *mean);
	static struct ct_clamp clamps[LENGTH * 3 * 64];
	struct fixture f;
	struct ct_activity *activity;
	struct ct_interchange_figures got;
	struct ct_job job = { 0 };
	struct ct_error err;
	int s, k, v, n, place, tried = 0, hits = 0, hit,
	    given[CT_INTERCHANGE_PLACES][CT_INTERCHANGE_STRENGTHS] = {{0}};
	int answers[VALUES][RELATIONS];
	float logits[VOCAB];

	make_world(&w);
	fixture_open(&f, name);
	assert_true(mean && f.tc->F <= 64 && f.tc->L == 3);
	answer_as_the_model(&f, &w, answers);
	assert_int_equal(ct_pool_open(&job.pool, 2, &err), CT_OK);
	assert_int_equal(ct_activity_collect(&activity, f.m, f.tc, &w.c, &job, &err), CT_OK);
	assert_int_equal(ct_interchange_measure(&got, f.m, f.tc, &w.c, activity, 99, &job, &err), CT_OK);
	naive_means(&f, &w, mean);
	for (s = 0; s < SENTENCES; s++) {
		int own = w.sentences[s].about, relation = w.sentences[s].relation;

		if (!w.sentences[s].held_out)
			continue;
		fixture_run(&f, w.tokens + s * LENGTH, ANSWER + 1);
		for (v = 0; v < VALUES; v++) {
			if (answers[v][relation] == answers[own][relation])
				continue;
			for (place = 0; place < CT_INTERCHANGE_PLACES; place++) {
				for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
					n = naive_clamps(&f, mean[own], mean[v], first[place], last[place],
					    ct_interchange_strengths[k], .1f, clamps);
					assert_true(n > 0);
					run_clamped(&f, clamps, n, CT_FREE, logits);
					hit = ct_likeliest(VOCAB, logits) == answers[v][relation];
					given[place][k] += hit;
				}
			}
			tried++;
		}
	}
	assert_int_equal(got.n, tried);
	for (place = 0; place < CT_INTERCHANGE_PLACES; place++) {
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
			assert_true(fabs(got.share[place][k] - (double)given[place][k] / tried) < 1e-9);
			hits += given[place][k];
		}
	}
	assert_true(tried > 5);
	check_same(&got, &f, &w);
	ct_activity_free(activity);
	ct_pool_close(job.pool);
	fixture_close(&f);
	free(mean);
	return hits;
}

static void
test_swap(void **state)
{
	(void)state;
	assert_true(check_swaps("llama-clt") + check_swaps("llama-skip") > 5);
}

/* Mean activations at the answer position of training sentences with a label. */
static void
label_means(struct fixture *f, const struct world *w, int label, float mean[3][64])
{
	int s, l, x, n = 0;

	memset(mean, 0, 3 * sizeof *mean);
	for (s = 0; s < SENTENCES; s++) {
		const struct ct_sentence *t = &w->sentences[s];

		if (t->held_out || (label < VALUES ? t->about != label : t->relation != label - VALUES))
			continue;
		n++;
		fixture_run(f, w->tokens + t->first, ANSWER + 1);
		for (l = 0; l < 3; l++)
			for (x = 0; x < f->tc->layers[l].F; x++)
				mean[l][x] += activation(f, l, x, ANSWER);
	}
	for (l = 0; l < 3; l++)
		for (x = 0; x < 64; x++)
			mean[l][x] /= (float)n;
}

static void
test_exchange(void **state)
{
	static struct world w;
	static struct ct_clamp clamps[LENGTH * 3 * 64];
	static float from[LENGTH][3][64], to[LENGTH][3][64];
	struct ct_interchange_parts_figures got[2];
	struct fixture f;
	struct ct_activity *activity;
	struct ct_error err;
	int answers[VALUES][RELATIONS], s, i, k, part, n, item = 0, tried[2] = {0},
	    given[2][CT_INTERCHANGE_STRENGTHS] = {{0}};
	float logits[VOCAB];

	(void)state;
	make_world(&w);
	w.c.parts = w.parts;
	w.c.n_parts = 2;
	fixture_open(&f, "llama-clt");
	answer_as_the_model(&f, &w, answers);
	assert_int_equal(ct_activity_collect(&activity, f.m, f.tc, &w.c, NULL, &err), CT_OK);
	assert_int_equal(ct_interchange_parts_measure(got, f.m, f.tc, &w.c, activity, 3, NULL, &err), CT_OK);
	for (s = 0; s < SENTENCES; s++) {
		struct ct_rng rng;

		if (!w.sentences[s].held_out)
			continue;
		ct_rng_seed(&rng, 2, (uint64_t)item++);
		for (part = 0; part < 2; part++) {
			int own = part ? w.sentences[s].relation : w.sentences[s].about;

			for (i = 0; i < 3; i++) {
				int v = (int)ct_rng_below(&rng, part ? RELATIONS : VALUES);
				int wanted = part ? answers[w.sentences[s].about][v] :
				    answers[v][w.sentences[s].relation];

				if (v == own)
					continue;
				tried[part]++;
				label_means(&f, &w, part * VALUES + own, from[ANSWER]);
				label_means(&f, &w, part * VALUES + v, to[ANSWER]);
				fixture_run(&f, w.tokens + s * LENGTH, ANSWER + 1);
				for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
					n = naive_clamps(&f, from, to, ANSWER, ANSWER,
					    ct_interchange_strengths[k], .02f, clamps);
					run_clamped(&f, clamps, n, CT_FREE, logits);
					given[part][k] += ct_likeliest(VOCAB, logits) == wanted;
				}
			}
		}
	}
	for (part = 0; part < 2; part++) {
		assert_true(tried[part] > 5);
		assert_int_equal(got[part].n, tried[part]);
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
			assert_true(fabs(got[part].share[k] - (double)given[part][k] / tried[part]) < 1e-9);
	}
	ct_activity_free(activity);
	fixture_close(&f);
}

/* Figures that do not exist are NAN, tests that do not apply are left out. */
static void
test_nothing_held_out(void **state)
{
	static struct world w;
	struct ct_eval_options opt = {.others = 1};
	struct fixture f;
	struct ct_eval *e;
	struct ct_error err;
	int s;

	(void)state;
	make_world(&w);
	for (s = 0; s < SENTENCES; s++)
		w.sentences[s].held_out = false;
	fixture_open(&f, "llama-clt");
	assert_int_equal(ct_eval_run(&e, f.m, f.tc, &w.c, &opt, NULL, &err), CT_OK);
	assert_int_equal(e->fidelity->n_answers, 0);
	assert_true(isnan(e->fidelity->accuracy) && isnan(e->fidelity->kl));
	assert_true(isnan(e->fidelity->layers[0].explained_variance));
	assert_int_equal(e->graphs.n, 0);
	assert_true(isnan(e->graphs.replacement) && isnan(e->graphs.spearman));
	assert_int_equal(e->n_causal, 0);
	assert_int_equal(e->labels.values, VALUES);
	assert_int_equal(e->labels.features, f.tc->layers[0].F + f.tc->layers[1].F + f.tc->layers[2].F);
	ct_eval_free(e);
	fixture_close(&f);
}

static bool
stop(void *ctx, const char *phase, long done, long total)
{
	int *left = ctx;

	(void)phase;
	(void)done;
	(void)total;
	return (*left)-- > 0;
}

static void
test_cancel(void **state)
{
	static struct world w;
	struct ct_eval_options opt = {.others = 1};
	struct fixture f;
	struct ct_eval *e;
	struct ct_error err;
	int calls, left;

	(void)state;
	make_world(&w);
	fixture_open(&f, "llama-clt");
	for (calls = 0; calls < 4; calls++) {
		left = calls;
		assert_int_equal(ct_eval_run(&e, f.m, f.tc, &w.c, &opt,
		    &(struct ct_job){ NULL, stop, &left }, &err), CT_ECANCELLED);
		assert_null(e);
	}
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_graph_figures),
	    cmocka_unit_test(test_swap),
	    cmocka_unit_test(test_exchange),
	    cmocka_unit_test(test_nothing_held_out),
	    cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
