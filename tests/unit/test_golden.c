/*
 * The three golden models: everything the engine computes against an independent float64 program
 * (tests/golden/NAME/expected.json). Tolerance 1e-5 relative to the largest value; pruned sets exactly, but
 * for scores within 1e-3 relative of the cut.
 */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

struct golden {
	struct fixture f;
	json_t *want;
};

static double
number(const json_t *list, size_t i)
{
	return json_number_value(json_array_get(list, i));
}

/* Compares n numbers relative to the largest of them. */
static void
close_to(const char *what, const double *got, const double *want, size_t n, double tolerance)
{
	double largest = 0, worst = 0;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		largest = fmax(largest, fabs(want[i]));
		if (fabs(got[i] - want[i]) > worst) {
			worst = fabs(got[i] - want[i]);
			at = i;
		}
	}
	if (!(worst <= tolerance * largest))
		fail_msg(
		    "%s: [%zu] is %.9g, expected %.9g (largest %.9g)", what, at, got[at], want[at], largest);
}

static void
node_id(const struct ct_graph *g, int i, char *buf, size_t size)
{
	const struct ct_node *n = &g->nodes[i];

	switch (n->kind) {
	case CT_NODE_FEATURE:
		snprintf(buf, size, "%d_%d_%d", n->layer, n->index, n->pos);
		break;
	case CT_NODE_ERROR:
		snprintf(buf, size, "%d_-1_%d", n->layer, n->pos);
		break;
	case CT_NODE_EMBEDDING:
		snprintf(buf, size, "E_%d_%d", n->index, n->pos);
		break;
	case CT_NODE_TARGET:
		snprintf(buf, size, "%d_%d_%d", g->L + 1, n->index, n->pos);
		break;
	case CT_NODE_OTHER:
		fail_msg("node %d is of no kind that is traced", i);
	}
}

static int
setup(void **state)
{
	struct golden *g = calloc(1, sizeof *g);
	const char *name = *state;
	bool anew = *name == '+';	/* attention patterns are not kept */
	char path[256];
	json_error_t e;
	json_t *ids;
	int list[64];

	name += anew;
	snprintf(path, sizeof path, "golden/%s/expected.json", name);
	g->want = json_load_file(test_path(path), 0, &e);
	assert_non_null(g->want);
	fixture_open(&g->f, name);
	if (anew)
		g->f.m->pattern_bytes = 0;
	ids = json_object_get(g->want, "token_ids");
	for (size_t i = 0; i < json_array_size(ids); i++)
		list[i] = (int)json_integer_value(json_array_get(ids, i));
	fixture_run(&g->f, list, (int)json_array_size(ids));
	fixture_trace(&g->f, NULL);
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct golden *g = *state;

	fixture_close(&g->f);
	json_decref(g->want);
	free(g);
	return 0;
}

static void
test_logits(void **state)
{
	struct golden *g = *state;
	int T = g->f.T, V = g->f.m->cfg.V;
	float *logits = malloc((size_t)T * V * sizeof *logits);
	double *got = malloc((size_t)T * V * sizeof *got), *want = malloc((size_t)T * V * sizeof *want);

	ct_logits(g->f.m, T, g->f.prompt->pass.final, logits);
	for (int i = 0; i < T * V; i++) {
		got[i] = logits[i];
		want[i] = number(
		    json_array_get(json_object_get(g->want, "logits"), (size_t)i / V), (size_t)i % V);
	}
	close_to("logits", got, want, (size_t)T * V, 1e-5);
	free(logits);
	free(got);
	free(want);
}

static void
test_features(void **state)
{
	struct golden *g = *state;
	json_t *list = json_object_get(g->want, "features");
	size_t n = json_array_size(list);
	double *got = malloc(2 * n * sizeof *got), *want = malloc(2 * n * sizeof *want);

	assert_int_equal(g->f.prompt->lrm.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct ct_active *a = &g->f.prompt->lrm.active[i];
		json_t *e = json_array_get(list, i);

		assert_int_equal(a->layer, json_integer_value(json_object_get(e, "layer")));
		assert_int_equal(a->pos, json_integer_value(json_object_get(e, "pos")));
		assert_int_equal(a->feature, json_integer_value(json_object_get(e, "feature")));
		got[i] = a->act;
		got[n + i] = a->pre;
		want[i] = json_number_value(json_object_get(e, "activation"));
		want[n + i] = json_number_value(json_object_get(e, "pre"));
	}
	close_to("activations", got, want, 2 * n, 1e-5);
	free(got);
	free(want);
}

static void
test_graph(void **state)
{
	struct golden *g = *state;
	const struct ct_graph *gr = g->f.graph;
	json_t *nodes = json_object_get(g->want, "nodes"), *targets = json_object_get(g->want, "targets");
	json_t *rows = json_object_get(g->want, "adjacency");
	size_t n = json_array_size(nodes), k = 0;
	double *got = calloc(n * n, sizeof *got), *want = calloc(n * n, sizeof *want);
	double *v = calloc(8 * n, sizeof *v);
	char id[64];

	assert_int_equal(gr->n_nodes, n);
	assert_int_equal(gr->n_targets, json_array_size(targets));
	for (size_t t = 0; t < n; t++) {
		node_id(gr, (int)t, id, sizeof id);
		assert_string_equal(id, json_string_value(json_array_get(nodes, t)));
		for (size_t s = 0; s < n; s++) {
			got[t * n + s] = ct_graph_edge(gr, (int)t, (int)s);
			want[t * n + s] = number(json_array_get(rows, t), s);
		}
		if (gr->nodes[t].attributed) {
			v[k] = gr->nodes[t].bias;
			v[n + k] = number(json_object_get(g->want, "bias"), t);
			v[2 * n + k] = gr->nodes[t].value;
			v[3 * n + k++] = number(json_object_get(g->want, "value"), t);
		}
		v[4 * n + t] = gr->nodes[t].influence;
		v[5 * n + t] = number(json_object_get(g->want, "influence"), t);
		v[6 * n + t] = gr->nodes[t].cumulative;
		v[7 * n + t] = number(json_object_get(g->want, "influence_share"), t);
	}
	close_to("adjacency", got, want, n * n, 1e-5);
	close_to("bias", v, v + n, k, 1e-5);
	close_to("value", v + 2 * n, v + 3 * n, k, 1e-5);
	close_to("influence", v + 4 * n, v + 5 * n, n, 1e-5);
	close_to("influence share", v + 6 * n, v + 7 * n, n, 1e-5);
	for (size_t i = 0; i < json_array_size(targets); i++) {
		const struct ct_node *t = &gr->nodes[gr->n_nodes - gr->n_targets + (int)i];
		json_t *e = json_array_get(targets, i);

		assert_int_equal(t->index, json_integer_value(json_object_get(e, "token")));
		assert_float_equal(t->prob, json_number_value(json_object_get(e, "prob")), 1e-5);
	}
	assert_true(gr->check.max_edge_residual < 1e-5);
	free(got);
	free(want);
	free(v);
}

static void
test_pruned(void **state)
{
	struct golden *g = *state;
	const struct ct_graph *gr = g->f.graph;
	json_t *p = json_object_get(g->want, "pruned"), *nodes = json_object_get(p, "nodes");
	json_t *edges = json_object_get(p, "edges");
	json_t *scores = json_object_get(g->want, "scores");
	size_t n = 0;
	char s[64], t[64];

	for (int i = 0; i < gr->n_nodes; i++)
		if (gr->nodes[i].kept) {
			node_id(gr, i, s, sizeof s);
			assert_string_equal(s, json_string_value(json_array_get(nodes, n++)));
		}
	assert_int_equal(n, json_array_size(nodes));
	assert_int_equal(gr->n_pruned, json_array_size(edges));
	for (int i = 0; i < gr->n_pruned; i++) {
		bool found = false;

		node_id(gr, gr->pruned[i].source, s, sizeof s);
		node_id(gr, gr->pruned[i].target, t, sizeof t);
		for (size_t k = 0; k < json_array_size(edges) && !found; k++) {
			json_t *e = json_array_get(edges, k);

			found = strcmp(s, json_string_value(json_array_get(e, 0))) == 0 &&
				strcmp(t, json_string_value(json_array_get(e, 1))) == 0;
		}
		if (!found)
			fail_msg("edge %s -> %s is not in the expected pruned graph", s, t);
	}
	assert_float_equal(
	    gr->scores.replacement, json_number_value(json_object_get(scores, "replacement")), 1e-5);
	assert_float_equal(
	    gr->scores.completeness, json_number_value(json_object_get(scores, "completeness")), 1e-5);
}

static void
test_clamps(void **state)
{
	static const struct {
		enum ct_mode mode;
		const char *key;
	} modes[] = { { CT_DIRECT, "direct_logits" }, { CT_FROZEN, "frozen_logits" },
		{ CT_FREE, "free_logits" } };
	struct golden *g = *state;
	struct fixture *f = &g->f;
	json_t *list = json_object_get(g->want, "interventions");
	int V = f->m->cfg.V, D = f->m->cfg.D;
	float *logits = malloc((size_t)V * sizeof *logits);
	double *got = malloc((size_t)V * sizeof *got), *want = malloc((size_t)V * sizeof *want);
	struct ct_error err = { 0 };

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *e = json_array_get(list, i);
		struct ct_clamp c = { .unit = CT_ABSOLUTE };
		struct ct_clamp_sites sites;

		assert_int_equal(sscanf(json_string_value(json_object_get(e, "clamp")), "L%d#%d@%d=%lf",
				     &c.layer, &c.feature, &c.pos, &c.amount),
		    4);
		assert_int_equal(ct_clamp_sites_init(&sites, &f->prompt->lrm, &c, 1, &f->arena, &err), CT_OK);
		for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
			struct ct_clamp_options opt = { .mode = modes[k].mode };
			struct ct_changed run;

			assert_int_equal(
			    ct_intervene(&run, &f->prompt->lrm, &sites, &opt, &f->arena, &err), CT_OK);
			ct_logits(f->m, 1, run.final + (size_t)(f->T - 1) * D, logits);
			for (int v = 0; v < V; v++) {
				got[v] = logits[v];
				want[v] = number(json_object_get(e, modes[k].key), (size_t)v);
			}
			close_to(modes[k].key, got, want, (size_t)V, 1e-5);
		}
	}
	free(logits);
	free(got);
	free(want);
}

static void
test_self_check(void **state)
{
	struct golden *g = *state;
	struct ct_error err = { 0 };
	double error = 1;

	assert_int_equal(
	    ct_local_model_check(&g->f.prompt->lrm, g->f.T - 1, &g->f.scratch, &error, NULL, &err), CT_OK);
	assert_true(error < 1e-5);
}

#define MODEL(name)                                                                                          \
	{ name ": logits", test_logits, setup, teardown, name },                                             \
	    { name ": features", test_features, setup, teardown, name },                                     \
	    { name ": graph", test_graph, setup, teardown, name },                                           \
	    { name ": pruned graph and scores", test_pruned, setup, teardown, name },                        \
	    { name ": clamps", test_clamps, setup, teardown, name },                                         \
	{                                                                                                    \
		name ": local replacement model", test_self_check, setup, teardown, name                     \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = { MODEL("llama-clt"), MODEL("gpt2-plt"), MODEL("llama-skip"),
		MODEL("+llama-clt"), MODEL("+gpt2-plt"), MODEL("+llama-skip") };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
