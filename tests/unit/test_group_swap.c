/*
 * Whether groups find the hidden variable, and what their swap gives: counted again by plain loops, one run
 * each.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cards/activity.h"
#include "eval/group_swap.h"
#include "eval_world.h"
#include "trace/groups.h"

enum { MOST = LENGTH * 3 * 64 };

struct plan {
	struct fixture *f;
	struct world *w;
	struct ct_feature_labels *labels;
};

struct group {
	int n;
	struct ct_clamp member[MOST];
};

/* The features of a sentence's group, by the definition. */
static void
find(const struct plan *p, int sentence, struct group *out)
{
	struct fixture *f = p->f;
	const char **text;
	struct ct_graph_groups x;
	struct ct_error err;

	fixture_run(f, p->w->tokens + sentence * LENGTH, ANSWER + 1);
	fixture_trace(f, NULL);
	text = calloc((size_t)f->graph->n_features + 1, sizeof *text);
	for (int i = 0; i < f->graph->n_features; i++) {
		const struct ct_node *n = &f->graph->nodes[i];
		size_t k = p->labels->first[n->layer] + (size_t)n->index;

		text[i] = p->labels->f1[k] >= .5 ? p->w->labels[p->labels->label[k]] : "";
	}
	assert_int_equal(ct_graph_groups(&x, f->graph, text, NULL, &f->arena, NULL, &err), CT_OK);
	out->n = 0;
	for (int i = 0; i < f->graph->n_features; i++) {
		const struct ct_node *n = &f->graph->nodes[i];
		bool in = false;

		for (int k = 0; k < f->graph->n_features; k++) {
			const struct ct_node *m = &f->graph->nodes[k];
			size_t at = p->labels->first[m->layer] + (size_t)m->index;
			bool named = m->kept && p->labels->f1[at] >= .5 &&
			    p->labels->label[at] == p->w->sentences[sentence].about;

			in |= named && (k == i || (x.of[k] >= 0 && x.of[k] == x.of[i]));
		}
		if (in)
			out->member[out->n++] = (struct ct_clamp){ .layer = n->layer, .feature = n->index,
				.pos = n->pos, .unit = CT_ABSOLUTE };
	}
	free(text);
}

static int
token_of(const struct world *w, int s)
{
	return w->tokens[s * LENGTH + ANSWER + 1];
}

static int
other_of(const struct world *w, int s)
{
	for (int k = 1; k < SENTENCES; k++) {
		int i = (s + k) % SENTENCES;
		const struct ct_sentence *a = &w->sentences[s], *b = &w->sentences[i];

		if (b->held_out && b->kind == a->kind && b->relation == a->relation && b->about != a->about &&
		    token_of(w, i) != token_of(w, s))
			return i;
	}
	return -1;
}

static int
likeliest(const float *logits)
{
	int best = 0;

	for (int v = 1; v < VOCAB; v++)
		if (logits[v] > logits[best])
			best = v;
	return best;
}

/* Sums over sentences. */
struct counts {
	int n, found, features, swaps, given, changed;
};

/* One held-out sentence, and its swap with another. */
static void
count_sentence(const struct plan *p, int s, struct counts *c)
{
	static struct group own, other;
	static struct ct_clamp all[2 * MOST];
	int partner = other_of(p->w, s), n, before;
	float logits[VOCAB];

	c->n++;
	find(p, s, &own);
	c->found += own.n > 0;
	c->features += own.n;
	if (!own.n || partner < 0)
		return;
	find(p, partner, &other);
	memcpy(all, own.member, (size_t)own.n * sizeof *all);
	memcpy(all + own.n, other.member, (size_t)other.n * sizeof *all);
	n = own.n + other.n;
	for (int i = 0; i < n; i++)
		all[i].amount = (double)activation(p->f, all[i].layer, all[i].feature, all[i].pos);
	fixture_run(p->f, p->w->tokens + s * LENGTH, ANSWER + 1);
	run_clamped(p->f, all, 0, CT_FREE, logits);
	before = likeliest(logits);
	run_clamped(p->f, all, n, CT_FREE, logits);
	c->swaps++;
	c->given += likeliest(logits) == token_of(p->w, partner);
	c->changed += likeliest(logits) != before;
}

static void
test_swaps(void **state)
{
	static struct world w;
	int answers[VALUES][RELATIONS];
	struct ct_feature_labels labels;
	struct ct_group_swap_figures got;
	struct counts c = { 0 };
	struct ct_activity *activity;
	struct ct_subject subject;
	struct fixture f;
	struct ct_error err;

	(void)state;
	make_world(&w);
	fixture_open(&f, "llama-clt");
	answer_as_the_model(&f, &w, answers);
	assert_int_equal(ct_activity_collect(&activity, f.m, f.tc, &w.c, NULL, &err), CT_OK);
	assert_int_equal(ct_feature_labels_find(&labels, &w.c, activity, &err), CT_OK);
	for (size_t k = 0; k < labels.first[labels.L]; k++) {
		labels.f1[k] = k % 3 == 0 ? .4 : .6;
		labels.label[k] = (int)(k % VALUES);
	}
	subject = (struct ct_subject){ f.m, f.tc, &w.c, &labels };
	assert_int_equal(ct_group_swap_measure(&got, &subject, 0, NULL, &err), CT_OK);
	for (int s = 0; s < SENTENCES; s++)
		if (w.sentences[s].held_out)
			count_sentence(&(struct plan){ &f, &w, &labels }, s, &c);
	assert_true(c.found > 0 && c.swaps > 0 && c.changed > 0);
	assert_int_equal(got.n, c.n);
	assert_true(fabs(got.found - (double)c.found / c.n) < 1e-9);
	assert_true(fabs(got.features - (double)c.features / c.found) < 1e-9);
	assert_int_equal(got.n_swaps, c.swaps);
	assert_true(fabs(got.given - (double)c.given / c.swaps) < 1e-9);
	assert_true(fabs(got.changed - (double)c.changed / c.swaps) < 1e-9);
	/* Labels that fit nothing find nothing. */
	for (size_t k = 0; k < labels.first[labels.L]; k++)
		labels.f1[k] = .4;
	assert_int_equal(ct_group_swap_measure(&got, &subject, 0, NULL, &err), CT_OK);
	assert_true(got.found == 0 && got.n_swaps == 0 && isnan(got.given));
	ct_feature_labels_free(&labels);
	ct_activity_free(activity);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
