/*
 * A feature's weights next to the graph: every row against a search of all nodes and edges; and their means
 * over a corpus, against the activations of each sentence run as a prompt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus/corpus.h"
#include "session/engine.h"
#include "world.h"

/* Is a node what a row is about? A word is only the one at the feature's position. */
static bool
is_row(const struct ct_node *n, const struct ct_weight_here *r, int pos)
{
	if (n->kind != r->kind || n->index != r->index)
		return false;
	return r->kind == CT_NODE_FEATURE ? n->layer == r->layer : r->kind == CT_NODE_TARGET || n->pos == pos;
}

/* Returns how many rows have an edge. */
static int
check_rows(const struct ct_graph *g, const struct ct_weights_here *w, bool inputs, int pos)
{
	int n = inputs ? w->n_in : w->n_out, some = 0;

	for (int k = 0; k < n; k++) {
		const struct ct_weight_here *r = inputs ? &w->in[k] : &w->out[k];
		double sum = 0, most = -1;
		int nodes = 0, best = -1;

		for (int i = 0; i < g->n_nodes; i++) {
			double e;

			if (!is_row(&g->nodes[i], r, pos))
				continue;
			e = w->node < 0 ? 0 : inputs ? (double)ct_graph_edge(g, w->node, i) :
			    (double)ct_graph_edge(g, i, w->node);
			sum += e;
			nodes++;
			if (fabs(e) > most) {
				most = fabs(e);
				best = i;
			}
		}
		assert_int_equal(isnan(r->here), !nodes || w->node < 0);
		assert_int_equal(r->node, best);
		if (!isnan(r->here))
			assert_true(fabs(r->here - sum) < 1e-9 * (1 + fabs(sum)));
		some += sum != 0;
	}
	return some;
}

/* The rows of features are those of the engine, in its order. */
static void
check_weights(const struct ct_weight_here *row, int n, const struct ct_weight_row *from, int n_from)
{
	for (int i = 0; i < n_from; i++) {
		const struct ct_weight_here *r = &row[n - n_from + i];

		assert_int_equal(r->kind, CT_NODE_FEATURE);
		assert_int_equal(r->layer, from[i].layer);
		assert_int_equal(r->index, from[i].feature);
		assert_true(r->weight == from[i].weight);
		assert_true(isnan(r->together) && isnan(r->adds));	/* there is no corpus */
	}
}

static void
test_rows(void **state)
{
	struct world *w = *state;
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };
	struct ct_weights_here x;
	const struct ct_graph *g;
	int in = 0, out = 0;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	for (int i = 0; i < g->n_features; i += 3) {
		const struct ct_node *n = &g->nodes[i];

		world_ok(ct_session_weights(w->s, n->layer, n->index, n->pos, &x, &a, NULL, &err), &err);
		assert_int_equal(x.node, i);
		assert_int_equal(x.n_in, 1 + n->layer * F);
		assert_int_equal(x.n_out, g->n_targets + (L - 1 - n->layer) * F);
		assert_int_equal(x.in[0].kind, CT_NODE_EMBEDDING);
		assert_int_equal(x.in[0].index, ct_session_token(w->s, n->pos));
		assert_true(x.in[0].weight == (double)x.all.all.read[x.in[0].index]);
		for (int t = 0; t < g->n_targets; t++)
			assert_true(x.out[t].weight == (double)x.all.all.written[x.out[t].index]);
		check_weights(x.in, x.n_in, x.all.in, x.all.n_in);
		check_weights(x.out, x.n_out, x.all.out, x.all.n_out);
		in += check_rows(g, &x, true, n->pos);
		out += check_rows(g, &x, false, n->pos);
		ct_arena_free(&a);
	}
	assert_true(in > 100 && out > 100);
}

/* A feature that is not active there has weights, and no edges; so has one without a graph. */
static void
test_elsewhere(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .n = 1, .pos = -1, .list = { {
		.kind = CT_TARGET_FEATURE, .layer = 2, .pos = T - 1 } } } };
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };
	struct ct_weights_here x;
	const struct ct_graph *g;
	int feature = 0;

	world_prompt(w->s, PROMPT);
	world_ok(ct_engine_count(w->e, NULL, &err), &err);	/* there is no corpus */
	world_ok(ct_session_weights(w->s, 1, 3, 2, &x, &a, NULL, &err), &err);
	assert_false(x.all.counted);
	assert_int_equal(x.node, -1);
	assert_int_equal(x.n_in, F);
	assert_int_equal(x.n_out, F);
	g = world_trace(w->s, NULL);
	while (ct_graph_find(g, CT_NODE_FEATURE, 2, T - 1, feature) >= 0)
		feature++;
	world_ok(ct_session_weights(w->s, 2, feature, T - 1, &x, &a, NULL, &err), &err);
	assert_int_equal(x.node, -1);
	assert_int_equal(check_rows(g, &x, true, T - 1) + check_rows(g, &x, false, T - 1), 0);
	/* As the target it is a node, with what feeds it. */
	opt.targets.list[0].index = feature;
	g = world_trace(w->s, &opt);
	world_ok(ct_session_weights(w->s, 2, feature, T - 1, &x, &a, NULL, &err), &err);
	assert_int_equal(x.node, g->n_nodes - 1);
	assert_true(check_rows(g, &x, true, T - 1) > 5);
	assert_int_equal(x.n_out, 0);
	assert_true(ct_session_weights(w->s, 3, 0, 1, &x, &a, NULL, &err) < 0);
	assert_true(ct_session_weights(w->s, 0, F, 1, &x, &a, NULL, &err) < 0);
	ct_arena_free(&a);
}

enum { ROOM = 64 };		/* for the tokens of the corpus below */

static void
write_recipe(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("corpus:\n  tables:\n    place:\n      columns: [name, here, there]\n      rows:\n"
	    "      - [w1, w19, w10]\n      - [w39, w16, w31]\n      - [w17, w2, w26]\n      - [w8, w33, w9]\n"
	    "  sentences:\n  - {name: a, over: place, answer: place.there,\n"
	    "    template: \"w5 {place} w9 {place.here} w7 {place.there}\"}\n"
	    "  - {name: b, over: place, answer: place.here, template: \"{place} w3 w7 {place.here}\"}\n", f);
	assert_int_equal(fclose(f), 0);
}

/* act: of every feature at every token of the corpus, 0 at BOS. */
static void
run_sentences(const struct world *w, const struct ct_corpus *c, double act[L][F][ROOM])
{
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *x = &c->sentences[i];
		char *text = ct_engine_text(w->e, c->tokens + x->first + 1, x->n - 1);

		assert_non_null(text);
		world_prompt(w->s, text);
		free(text);
		for (int l = 0; l < L; l++)
			for (int f = 0; f < F; f++)
				for (int t = 1; t < x->n; t++)
					act[l][f][x->first + t] =
					    (double)ct_session_activation(w->s, l, f, t);
	}
}

/* The mean of x over the tokens where a feature is active; 0 if it never is. */
static double
mean_where(const double *feature, const double *x, int n)
{
	double sum = 0, active = 0;

	for (int t = 0; t < n; t++) {
		sum += feature[t] > 0 ? x[t] : 0;
		active += feature[t] > 0;
	}
	return active > 0 ? sum / active : 0;
}

/* Returns whether the feature is active on several tokens of the corpus. */
static bool
check_means(const struct world *w, const struct ct_corpus *c, double act[L][F][ROOM], int layer, int feature)
{
	const double *own = act[layer][feature];
	double read[ROOM], together[ROOM], features = 0, mean, word;
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };
	struct ct_feature_weights x;
	long active = 0;

	world_ok(ct_engine_weights(w->e, layer, feature, &x, &a, NULL, &err), &err);
	for (int t = 0; t < c->n_tokens; t++) {
		read[t] = (double)x.all.read[c->tokens[t]];
		active += own[t] > 0;
	}
	assert_true(x.counted && x.n_active == active);
	for (int i = 0; active > 0 && i < x.n_in; i++) {
		const double *from = act[x.in[i].layer][x.in[i].feature];
		double adds = x.in[i].weight * mean_where(own, from, c->n_tokens);

		for (int t = 0; t < c->n_tokens; t++)
			together[t] = from[t] > 0;
		assert_true(fabs(x.in[i].together - mean_where(own, together, c->n_tokens)) < 1e-9);
		assert_true(fabs(x.in[i].adds - adds) < 1e-4);
		features += adds;
	}
	for (int i = 0; active > 0 && i < x.n_out; i++) {
		const double *to = act[x.out[i].layer][x.out[i].feature];

		assert_true(fabs(x.out[i].adds - x.out[i].weight * mean_where(to, own, c->n_tokens)) < 1e-4);
	}
	mean = mean_where(own, own, c->n_tokens);
	word = mean_where(own, read, c->n_tokens);
	if (active > 0) {
		assert_true(fabs(x.mean - mean) < 1e-4);
		assert_true(fabs(x.from_features - features) < 1e-3);
		assert_true(fabs(x.from_word - word) < 1e-4);
		assert_true(fabs(x.rest - (mean - features - word - (double)x.all.bias)) < 1e-3);
	} else {
		assert_true(isnan(x.mean) && isnan(x.from_word));
	}
	ct_arena_free(&a);
	return active > 1;
}

static void
test_corpus(void **state)
{
	static double act[L][F][ROOM];
	struct world *w = *state;
	struct ct_error err = { 0 };
	const struct ct_corpus *c;
	char path[PATH_MAX + 16];
	int several = 0;

	snprintf(path, sizeof path, "%s/recipe.yaml", w->dir);
	write_recipe(path);
	world_ok(ct_engine_corpus(w->e, &c, &err), &err);
	assert_in_range(c->n_tokens, 20, ROOM);
	run_sentences(w, c, act);
	for (int l = 0; l < L; l++)
		for (int f = 0; f < F; f += 2)
			several += check_means(w, c, act, l, f);
	assert_true(several > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_rows), WORLD_TEST(test_elsewhere), WORLD_TEST(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
