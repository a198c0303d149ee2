/*
 * The rows below a node: whatever they sum over, each edge is in exactly one of them, and they hold what
 * their names say. On random models' graphs, for every node, against plain loops over all edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "fixture.h"
#include "session/inputs.h"
#include "trace/edges.h"

static bool
is_kept(const struct ct_graph *g, int target, int source)
{
	for (int i = 0; i < g->n_pruned; i++)
		if (g->pruned[i].target == target && g->pruned[i].source == source)
			return true;
	return false;
}

/* With the bias, what a graph of few nodes leaves out included, the rows are the node's value. */
static void
check_sum(const struct ct_graph *g, int node, const struct ct_inputs *in)
{
	const struct ct_node *n = &g->nodes[node];
	double sum = (double)n->bias, size = fabs((double)n->bias) + in->size;

	if (!n->attributed)
		return;
	for (int k = 0; k < in->n; k++) {
		sum += in->input[k].plus + in->input[k].minus;
		assert_true(in->input[k].kind != CT_INPUT_LEFT_OUT || k == in->n - 1);
	}
	assert_true(fabs(sum - (double)n->value) <= 1e-5 * size);
}

/* Every edge once, strongest first within a row, and sums that are theirs. */
static void
check_whole(const struct ct_graph *g, int node, const struct ct_inputs *in)
{
	int *seen = calloc((size_t)g->n_nodes, sizeof *seen), edges = 0;
	double size = 0;

	check_sum(g, node, in);
	for (int k = 0; k < in->n && in->input[k].kind != CT_INPUT_LEFT_OUT; k++) {
		const struct ct_input *row = &in->input[k];
		double plus = 0, minus = 0;
		bool kept = false;

		assert_true(row->n > 0 && (row->n == 1) == (row->kind == CT_INPUT_NODE));
		for (int i = 0; i < row->n; i++) {
			const struct ct_edge *e = &row->edge[i];
			bool this_kept = is_kept(g, node, e->source);

			assert_true(e->target == node && e->weight == ct_graph_edge(g, node, e->source));
			*(e->weight < 0 ? &minus : &plus) += (double)e->weight;
			seen[e->source]++;
			edges++;
			kept |= this_kept;
			if (i > 0 && this_kept == is_kept(g, node, e[-1].source))
				assert_true(fabsf(e->weight) <= fabsf(e[-1].weight));
			else if (i > 0)
				assert_false(this_kept);
		}
		assert_true(row->plus == plus && row->minus == minus && row->kept == kept);
	}
	for (int s = 0; s < g->n_nodes; s++) {
		assert_int_equal(seen[s], ct_graph_edge(g, node, s) != 0);
		size += fabs((double)ct_graph_edge(g, node, s));
	}
	assert_int_equal(edges, in->n_edges);
	assert_true(fabs(in->size - fmax(size, g->nodes[node].inputs)) <= 1e-6 * size);
	free(seen);
}

/* Features one by one in order; then at most one row each of words, errors and the tail, in this order. */
static void
check_kinds(const struct ct_graph *g, const struct ct_inputs *in, int most)
{
	int order = 0, features = 0, singles = 0;

	for (int k = 0; k < in->n && in->input[k].kind != CT_INPUT_LEFT_OUT; k++) {
		const struct ct_input *row = &in->input[k];
		int kind = (int)g->nodes[row->edge->source].kind, place;

		for (int i = 0; i < row->n; i++)
			if (row->kind != CT_INPUT_REST)
				assert_int_equal(g->nodes[row->edge[i].source].kind, kind);
		place = row->kind == CT_INPUT_WORDS ? 1 : row->kind == CT_INPUT_ERRORS ? 2 :
		    row->kind == CT_INPUT_REST ? 3 : kind == CT_NODE_ERROR ? 2 : 0;
		assert_true(place >= order || row->kind == CT_INPUT_NODE);
		order = place > order ? place : order;
		if (row->kind == CT_INPUT_NODE) {
			assert_int_equal(row->key, row->edge->source);
			features += kind == CT_NODE_FEATURE;
		}
		singles += row->kind == CT_INPUT_NODE;
	}
	/* `most`, and folds of one. */
	assert_true(singles <= most + 3 && features <= most + 1);
}

static void
check_places(const struct ct_graph *g, const struct ct_inputs *in, enum ct_inputs_by by, int most)
{
	double before = INFINITY;

	assert_true(in->n <= most + 2);
	for (int k = 0; k < in->n && in->input[k].kind != CT_INPUT_LEFT_OUT; k++) {
		const struct ct_input *row = &in->input[k];
		double size = row->plus - row->minus;

		if (k < most) {
			assert_true(row->kind != CT_INPUT_REST && size <= before * (1 + 1e-9));
			before = size;
		}
		for (int i = 0; i < row->n; i++) {
			const struct ct_node *s = &g->nodes[row->edge[i].source];

			if (row->kind == CT_INPUT_TOKEN)
				assert_int_equal(s->pos, row->key);
			if (row->kind == CT_INPUT_LAYER)
				assert_int_equal(s->layer, row->key);
			if (row->kind == CT_INPUT_WORDS)
				assert_true(by == CT_BY_LAYER && s->kind == CT_NODE_EMBEDDING);
		}
	}
}

static void
check_model(struct fixture *f, const struct ct_shape *shape)
{
	static const int most[] = { 0, 1, 5, 1000000 };
	const struct ct_graph *g = f->graph;

	(void)shape;
	for (int node = 0; node < g->n_nodes; node++)
		for (int by = CT_BY_KIND; by <= CT_BY_LAYER; by++)
			for (size_t k = 0; k < sizeof most / sizeof *most; k++) {
				struct ct_arena_mark mark = ct_arena_mark(&f->scratch);
				struct ct_inputs in;
				struct ct_error err;

				assert_int_equal(ct_inputs_of(&in, g, node, (enum ct_inputs_by)by, most[k],
				    &f->scratch, &err), CT_OK);
				check_whole(g, node, &in);
				if (by == CT_BY_KIND)
					check_kinds(g, &in, most[k]);
				else
					check_places(g, &in, (enum ct_inputs_by)by, most[k]);
				ct_arena_release(&f->scratch, mark);
			}
}

static void
test_models(void **state)
{
	struct ct_shape s;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fixture f;

		fixture_shape(&s, i % 2 ? &fixture_gpt2 : &fixture_llama, i);
		fixture_random(&f, &s, 4);
		check_model(&f, &s);
		fixture_close(&f);
	}
}

/* Three words, two features and an error into one target, by hand. */
struct hand {
	struct ct_graph g;
	struct ct_edges edges;
	struct ct_node nodes[7];
	struct ct_edge links[6];
	size_t first[8];
};

static void
hand_init(struct hand *h, const float *weights)
{
	static const enum ct_node_kind kinds[] = { CT_NODE_FEATURE, CT_NODE_FEATURE, CT_NODE_ERROR,
		CT_NODE_EMBEDDING, CT_NODE_EMBEDDING, CT_NODE_EMBEDDING, CT_NODE_TARGET };

	*h = (struct hand){ .g = { .n_nodes = 7, .n_features = 2, .n_errors = 1, .n_embeddings = 3,
		.n_targets = 1, .T = 3, .L = 1 } };
	h->g.nodes = h->nodes;
	h->edges = (struct ct_edges){ .list = h->links, .first = h->first };
	h->g.edges = &h->edges;
	for (int i = 0; i < 7; i++) {
		h->nodes[i] = (struct ct_node){ .kind = kinds[i], .pos = i >= 3 && i < 6 ? i - 3 : 2,
			.layer = kinds[i] == CT_NODE_EMBEDDING ? -1 : i == 6 };
		if (i < 6)
			h->links[i] = (struct ct_edge){ i, 6, weights[i] };
	}
	h->first[7] = 6;
}

static void
test_hand(void **state)
{
	static const float even[] = { 1, -2, 0.5f, 0.4f, 0.5f, 0.6f };
	static const float uneven[] = { 1, -2, 0.5f, 0.4f, -1.5f, 0.6f };
	struct ct_arena a = { 0 };
	struct ct_inputs in;
	struct ct_error err;
	struct hand h;

	(void)state;
	hand_init(&h, even);
	assert_int_equal(ct_inputs_of(&in, &h.g, 6, CT_BY_KIND, 8, &a, &err), CT_OK);
	assert_int_equal(in.n, 4);
	assert_true(in.input[0].key == 1 && in.input[1].key == 0);
	assert_true(in.input[2].kind == CT_INPUT_WORDS && in.input[2].n == 3);
	assert_int_equal(in.input[2].edge[0].source, 5);
	assert_true(fabs(in.input[2].plus - 1.5) < 1e-6 && in.input[2].minus == 0);
	assert_true(in.input[3].kind == CT_INPUT_NODE && in.input[3].key == 2);
	assert_true(fabs(in.size - 5) < 1e-6);

	/* Half of what words carry comes from one: it stands where its strength puts it. */
	hand_init(&h, uneven);
	assert_int_equal(ct_inputs_of(&in, &h.g, 6, CT_BY_KIND, 8, &a, &err), CT_OK);
	assert_true(in.n == 5 && in.input[1].kind == CT_INPUT_NODE && in.input[1].key == 4);
	assert_true(in.input[3].kind == CT_INPUT_WORDS && in.input[3].n == 2);

	/* One row of one node each; what is left is folded. */
	assert_int_equal(ct_inputs_of(&in, &h.g, 6, CT_BY_KIND, 1, &a, &err), CT_OK);
	assert_true(in.n == 4 && in.input[0].key == 1 && in.input[2].key == 2 && in.input[3].key == 0);
	assert_true(in.input[1].kind == CT_INPUT_WORDS && in.input[1].n == 3);

	assert_int_equal(ct_inputs_of(&in, &h.g, 6, CT_BY_TOKEN, 8, &a, &err), CT_OK);
	assert_true(in.n == 3 && in.input[1].key == 4 && in.input[2].key == 3);
	assert_true(in.input[0].kind == CT_INPUT_TOKEN && in.input[0].key == 2 && in.input[0].n == 4);
	assert_int_equal(ct_inputs_of(&in, &h.g, 6, CT_BY_LAYER, 1, &a, &err), CT_OK);
	assert_true(in.n == 2 && in.input[1].kind == CT_INPUT_REST && in.input[1].n == 3);
	assert_true(in.input[0].kind == CT_INPUT_LAYER && in.input[0].key == 0 && in.input[0].n == 3);

	/* A word has no inputs. */
	assert_int_equal(ct_inputs_of(&in, &h.g, 3, CT_BY_KIND, 8, &a, &err), CT_OK);
	assert_true(in.n == 0 && in.n_edges == 0);
	ct_arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hand),
		cmocka_unit_test(test_models),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
