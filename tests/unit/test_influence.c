/*
 * Influence, scores and pruning against a naive program: dense matrices in double and the method as it is
 * written down, step by step, on random layered graphs and on the graphs of random models.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "naive.h"
#include "trace/edges.h"

struct dense {
	int n;
	double *A; /* (n,n) rows: targets; normalised |edges| */
	double *influence; /* (n) */
};

static bool
always(const struct ct_graph *g, int i)
{
	return g->nodes[i].kind == CT_NODE_EMBEDDING || g->nodes[i].kind == CT_NODE_TARGET;
}

/* Rows of |A|, normalised; influence = w (A + A^2 + ...) of the nodes that are in. */
static void
dense_flow(struct dense *d, const struct ct_graph *g, const bool *in)
{
	int n = d->n;
	double *flow = calloc((size_t)n, sizeof *flow), *next = calloc((size_t)n, sizeof *next);

	for (int t = 0; t < n; t++) {
		double sum = 0;

		for (int s = 0; s < n; s++)
			sum += fabs(d->A[(size_t)t * n + s]);
		for (int s = 0; s < n && sum > 0; s++)
			d->A[(size_t)t * n + s] = fabs(d->A[(size_t)t * n + s]) / sum;
		flow[t] = !in || in[t] ? (double)g->nodes[t].weight : 0;
	}
	for (bool any = true; any;) {
		any = false;
		memset(next, 0, (size_t)n * sizeof *next);
		for (int t = 0; t < n; t++)
			for (int s = 0; s < n && flow[t] > 0; s++)
				next[s] += flow[t] * d->A[(size_t)t * n + s];
		for (int s = 0; s < n; s++) {
			d->influence[s] += next[s];
			any = any || next[s] > 0;
		}
		memcpy(flow, next, (size_t)n * sizeof *flow);
	}
	free(flow);
	free(next);
}

/* Edges among the nodes that are in (NULL: all), as they are. */
static void
dense_read(struct dense *d, const struct ct_graph *g, const bool *in)
{
	int n = g->n_nodes;

	d->n = n;
	d->A = calloc((size_t)n * n, sizeof *d->A);
	d->influence = calloc((size_t)n, sizeof *d->influence);
	for (int t = 0; t < n; t++)
		for (int s = 0; s < n; s++)
			if (!in || (in[t] && in[s]))
				d->A[(size_t)t * n + s] = (double)ct_graph_edge(g, t, s);
}

static void
dense_init(struct dense *d, const struct ct_graph *g, const bool *in)
{
	dense_read(d, g, in);
	dense_flow(d, g, in);
}

/* The two scores, as the method defines them. */
static struct ct_scores
dense_scores(const struct dense *d, const struct ct_graph *g)
{
	double tokens = 0, errors = 0, explained = 0, all = 0;

	for (int i = 0; i < d->n; i++) {
		const struct ct_node *n = &g->nodes[i];
		double from_errors = 0, w = d->influence[i] + (double)n->weight;

		for (int s = 0; s < d->n; s++)
			if (g->nodes[s].kind == CT_NODE_ERROR)
				from_errors += d->A[(size_t)i * d->n + s];
		tokens += n->kind == CT_NODE_EMBEDDING ? d->influence[i] : 0;
		errors += n->kind == CT_NODE_ERROR ? d->influence[i] : 0;
		explained += w * (1 - from_errors);
		all += w;
	}
	if (!g->n_features && errors == 0)		/* no place where a feature could be */
		return (struct ct_scores){ NAN, NAN };
	return (struct ct_scores){ tokens + errors > 0 ? tokens / (tokens + errors) : NAN, explained / all };
}

/* Scores may be none, both of them. */
static bool
same_score(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9;
}

static void
dense_free(struct dense *d)
{
	free(d->A);
	free(d->influence);
}

static int
descending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/*
 * The smallest v such that the values >= v reach `share` of the whole. *clear: no other value, and no other
 * sum, is so near that single precision could see it differently.
 */
static double
naive_cut(const double *values, size_t n, double share, bool *clear)
{
	double *v = malloc(n * sizeof *v), total = 0, sum = 0, cut = 0;
	size_t at;

	memcpy(v, values, n * sizeof *v);
	qsort(v, n, sizeof *v, descending);
	for (size_t i = 0; i < n; i++)
		total += v[i];
	for (at = 0; at < n; at++) {
		sum += v[at];
		cut = v[at];
		if (sum >= share * total || at + 1 == n)
			break;
	}
	*clear = share < 1 && fabs(sum - share * total) > 1e-6 * total &&
		 fabs(sum - cut - share * total) > 1e-6 * total;
	for (size_t i = 0; i < n; i++)
		if (v[i] != cut && fabs(v[i] - cut) <= 1e-4 * cut)
			*clear = false;
	free(v);
	return cut;
}

/*
 * Pruning exactly as the method says. kept (n), edges and their scores (n,n) are filled; returns whether both
 * cuts are clear.
 */
static bool
naive_prune(const struct ct_graph *g, double node_threshold, double edge_threshold, bool *kept, bool *edges,
    double *score)
{
	int n = g->n_nodes;
	size_t nn = (size_t)n * n, m = 0;
	struct dense all, rest;
	double cut, *list = calloc(nn, sizeof *list);
	bool clear_nodes, clear_edges, changed = true;

	/* Keep the smallest node set that reaches the threshold, tokens and targets always. */
	dense_init(&all, g, NULL);
	cut = naive_cut(all.influence, (size_t)n, node_threshold, &clear_nodes);
	for (int i = 0; i < n; i++)
		kept[i] = node_threshold >= 1 || all.influence[i] >= cut || always(g, i);
	/* Recompute on what is left; keep the smallest edge set that reaches its threshold. */
	dense_init(&rest, g, kept);
	for (size_t i = 0; i < nn; i++) {
		int t = (int)(i / (size_t)n);

		score[i] = rest.A[i] * (rest.influence[t] + (double)g->nodes[t].weight);
		if (rest.A[i] > 0)
			list[m++] = score[i];
	}
	cut = m ? naive_cut(list, m, edge_threshold, &clear_edges) : 0;
	clear_edges = m == 0 || clear_edges;
	for (size_t i = 0; i < nn; i++)
		edges[i] = rest.A[i] > 0 && (edge_threshold >= 1 || score[i] >= cut);
	/* Drop features and errors without an output and features without an input until nothing changes. */
	while (changed) {
		changed = false;
		for (int i = 0; i < n; i++) {
			bool in = false, out = false;

			for (int k = 0; k < n; k++) {
				in = in || (edges[i * n + k] && kept[k]);
				out = out || (edges[k * n + i] && kept[k]);
			}
			if (!kept[i] || always(g, i) || (out && (in || g->nodes[i].kind == CT_NODE_ERROR)))
				continue;
			kept[i] = false;
			changed = true;
		}
	}
	for (size_t i = 0; i < nn; i++)
		edges[i] = edges[i] && kept[i / (size_t)n] && kept[i % (size_t)n];
	dense_free(&all);
	dense_free(&rest);
	free(list);
	return (clear_nodes || node_threshold >= 1) && (clear_edges || edge_threshold >= 1);
}

struct sizes {
	int T, L, per; /* features per layer and position, at most */
	double density, scale;
};

static float
random_edge(struct ct_rng *r, const struct sizes *z)
{
	double magnitude = pow(10, 3 * (double)ct_rng_uniform(r) - 2);

	if ((double)ct_rng_uniform(r) >= z->density)
		return 0;
	return (float)(z->scale * magnitude * (ct_rng_below(r, 2) ? 1 : -1));
}

/* Sources of a layer and position: at each position but BOS a feature of layer 0 was left out. */
static int
count_sources(const void *ctx, enum ct_node_kind kind, int l, int t)
{
	const struct ct_graph *g = ctx;
	int n = l == 0 && t > 0;

	if (kind != CT_NODE_FEATURE)
		return (kind == CT_NODE_EMBEDDING) == (l < 0);
	for (int i = 0; i < g->n_features; i++)
		n += g->nodes[i].layer == l && g->nodes[i].pos == t;
	return n;
}

static void
lay_out(struct ct_graph *g, struct ct_arena *a)
{
	struct ct_error err;

	assert_int_equal(ct_layout_init(&g->edges->layout, g->T, g->L, count_sources, g, a, &err), CT_OK);
	for (int t = 0; t < g->T; t++)
		for (int i = 0, rank = t > 0; i < g->n_features; i++)
			if (g->nodes[i].pos == t)
				ct_graph_place(g, i, rank++);
	for (int i = g->n_features; i < g->n_nodes - g->n_targets; i++)
		ct_graph_place(g, i, g->nodes[i].kind == CT_NODE_ERROR ? g->nodes[i].layer : 0);
}

/*
 * A graph as ct_graph_build lays it out, its edges drawn at random: only from lower layers, earlier
 * positions.
 */
static struct ct_graph *
random_graph(struct ct_rng *r, const struct sizes *z, struct ct_arena *a)
{
	int T = z->T, L = z->L, most = T * L * (z->per + 1) + 2 * T + 4;
	struct ct_graph *g = ct_arena_alloc(a, 1, sizeof *g);

	g->T = T;
	g->L = L;
	g->pos = T - 1;
	g->nodes = ct_arena_alloc(a, (size_t)most, sizeof *g->nodes);
	g->edges = ct_arena_alloc(a, 1, sizeof *g->edges);
	g->edges->rank = ct_arena_alloc(a, (size_t)most, sizeof(int));
	g->edges->rows = ct_arena_alloc(a, (size_t)most, sizeof(float *));
	for (int l = 0; l < L; l++)
		for (int t = 1; t < T; t++)
			for (int i = 0; i < z->per; i++)
				if (ct_rng_below(r, 3))
					g->nodes[g->n_features++] = (struct ct_node){ .kind = CT_NODE_FEATURE,
						.layer = l, .pos = t, .index = i, .other = -1 };
	g->n_nodes = g->n_features;
	for (int l = 0; l < L; l++)
		for (int t = 0; t < T; t++, g->n_errors++)
			g->nodes[g->n_nodes++] = (struct ct_node){
				.kind = CT_NODE_ERROR, .layer = l, .pos = t, .index = -1, .other = -1
			};
	for (int t = 0; t < T; t++, g->n_embeddings++)
		g->nodes[g->n_nodes++] = (struct ct_node){
			.kind = CT_NODE_EMBEDDING, .layer = -1, .pos = t, .index = t, .other = -1
		};
	for (int i = 0; i < 3; i++, g->n_targets++)
		g->nodes[g->n_nodes++] = (struct ct_node){ .kind = CT_NODE_TARGET,
			.layer = L,
			.pos = T - 1,
			.index = i,
			.other = -1,
			.weight = (float)(0.6 / (i + 1)) };
	lay_out(g, a);
	for (int t = 0; t < g->n_nodes; t++) {
		struct ct_node *n = &g->nodes[t];
		size_t length;

		if (n->kind != CT_NODE_FEATURE && n->kind != CT_NODE_TARGET)
			continue;
		n->attributed = true;
		length = ct_layout_length(&g->edges->layout, n->layer, n->pos);
		g->edges->rows[t] = ct_arena_alloc(a, length, sizeof(float));
		for (size_t c = 0; c < length; c++)
			g->edges->rows[t][c] = random_edge(r, z);
	}
	return g;
}

/*
 * Calls a check on graphs of many sizes: sparse and full, small and large numbers, and on those of random
 * models.
 */
static void
each(void (*check)(struct ct_graph *, struct ct_arena *, void *), void *ctx)
{
	static const struct sizes list[] = { { 1, 1, 0, 1, 1 }, { 2, 1, 3, 1, 1 }, { 3, 2, 4, 0.1, 1 },
		{ 4, 3, 5, 0.5, 1 }, { 6, 4, 3, 1, 1 }, { 5, 3, 6, 0.02, 1 }, { 4, 2, 8, 0.7, 1e36 },
		{ 4, 2, 8, 0.7, 1e-34 }, { 3, 3, 3, 0, 1 } };
	struct ct_rng r;
	struct ct_shape s;

	ct_rng_seed(&r, 11, 1);
	for (int i = 0; i < 60; i++) {
		struct ct_arena a = { 0 };
		struct ct_error err = { 0 };
		struct ct_graph *g = random_graph(&r, &list[i % (int)(sizeof list / sizeof *list)], &a);

		assert_int_equal(ct_graph_influence(g, &a, NULL, &err), CT_OK);
		check(g, &a, ctx);
		ct_arena_free(&a);
	}
	for (int i = 0; fixture_shape(&s, i % 2 ? &fixture_llama : &fixture_gpt2, i); i += 5) {
		struct fixture f;

		fixture_random(&f, &s, 5);
		check(f.graph, &f.arena, ctx);
		fixture_close(&f);
	}
}

static void
check_influence(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	struct dense d;
	double total = 0, largest = 0;
	struct ct_scores scores;

	(void)a;
	(void)ctx;
	dense_init(&d, g, NULL);
	scores = dense_scores(&d, g);
	for (int i = 0; i < d.n; i++) {
		total += d.influence[i];
		largest = fmax(largest, d.influence[i]);
	}
	for (int i = 0; i < d.n; i++) {
		const struct ct_node *n = &g->nodes[i];
		double share = 0;

		assert_true(fabs(n->influence - d.influence[i]) <= 1e-12 * largest);
		assert_true(fabs(ct_graph_influence_share(g, i) * total - d.influence[i]) <= 1e-9 * largest);
		/* The share of everything at least as influential; equals stand in the order of the nodes. */
		for (int k = 0; k < d.n; k++)
			if (g->nodes[k].influence > n->influence ||
			    (g->nodes[k].influence == n->influence && k <= i))
				share += d.influence[k];
		assert_true(fabs(n->cumulative - (total > 0 ? share / total : 1)) < 1e-9);
	}
	assert_true(same_score(g->scores.replacement, scores.replacement));
	assert_true(same_score(g->scores.completeness, scores.completeness));
	dense_free(&d);
}

static void
test_influence(void **state)
{
	(void)state;
	each(check_influence, NULL);
}

/*
 * Step by step: the edges out of each feature without a pin are added to those of the error node at its
 * place, then the feature has neither inputs nor outputs.
 */
static struct ct_scores
naive_pinned(const struct ct_graph *g, const bool *pinned)
{
	struct ct_scores scores;
	struct dense d;
	int n = g->n_nodes;

	dense_read(&d, g, NULL);
	for (int f = 0; f < g->n_features; f++) {
		int error = ct_graph_find(g, CT_NODE_ERROR, g->nodes[f].layer, g->nodes[f].pos, -1);

		for (int i = 0; i < n && !pinned[f]; i++) {
			d.A[(size_t)i * n + error] += d.A[(size_t)i * n + f];
			d.A[(size_t)i * n + f] = d.A[(size_t)f * n + i] = 0;
		}
	}
	dense_flow(&d, g, NULL);
	scores = dense_scores(&d, g);
	dense_free(&d);
	return scores;
}

static void
check_pinned(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	bool *pinned = calloc((size_t)g->n_nodes, 1);
	struct ct_scores got, want;
	struct ct_error err = { 0 };
	struct ct_rng r;

	(void)ctx;
	ct_rng_seed(&r, (unsigned long long)g->n_nodes, 2);
	for (int tenths = 0; tenths <= 10; tenths += 2) {
		for (int i = 0; i < g->n_features; i++)
			pinned[i] = (int)ct_rng_below(&r, 10) < tenths;
		want = naive_pinned(g, pinned);
		assert_int_equal(ct_graph_pinned_scores(g, pinned, &got, a, &err), CT_OK);
		assert_true(same_score(got.replacement, want.replacement));
		assert_true(same_score(got.completeness, want.completeness));
	}
	/* All of it is pinned now. */
	assert_true(same_score(got.replacement, g->scores.replacement));
	assert_true(same_score(got.completeness, g->scores.completeness));
	free(pinned);
}

static void
test_pinned(void **state)
{
	(void)state;
	each(check_pinned, NULL);
}

static const double thresholds[][2] = { { 0.8, 0.98 }, { 0.5, 0.9 }, { 0.95, 0.5 }, { 0.3, 0.3 }, { 0.9, 1 },
	{ 1, 0.9 }, { 0.01, 0.01 } };
enum { N_THRESHOLDS = sizeof thresholds / sizeof *thresholds };

struct tally {
	int compared, skipped;
};

static void
check_prune(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	struct tally *tally = ctx;
	int n = g->n_nodes;
	bool *kept = calloc((size_t)n, 1), *edges = calloc((size_t)n * n, 1);
	double *score = calloc((size_t)n * n, sizeof *score);
	struct ct_arena scratch = { 0 };
	struct ct_error err = { 0 };

	for (int i = 0; i < N_THRESHOLDS; i++) {
		double nodes = thresholds[i][0], cut = thresholds[i][1];
		int n_kept = 0, n_edges = 0;

		if (!naive_prune(g, nodes, cut, kept, edges, score)) {
			tally->skipped++;
			continue;
		}
		tally->compared++;
		assert_int_equal(ct_graph_prune(g, nodes, cut, a, &scratch, NULL, &err), CT_OK);
		for (int k = 0; k < n; k++) {
			assert_int_equal(g->nodes[k].kept, kept[k]);
			n_kept += kept[k];
		}
		for (int k = 0; k < n * n; k++)
			n_edges += edges[k];
		assert_int_equal(g->n_kept, n_kept);
		assert_int_equal(g->n_pruned, n_edges);
		for (int k = 0; k < g->n_pruned; k++) {
			const struct ct_edge *e = &g->pruned[k];

			assert_true(edges[e->target * n + e->source]);
			assert_true(e->weight == ct_graph_edge(g, e->target, e->source));
			edges[e->target * n + e->source] = false; /* each once */
			/* Strongest score first. */
			assert_true(!k || score[e->target * n + e->source] <=
					      score[e[-1].target * n + e[-1].source] * (1 + 1e-5));
		}
		assert_true(g->node_threshold == nodes && g->edge_threshold == cut);
	}
	free(kept);
	free(edges);
	free(score);
	ct_arena_free(&scratch);
}

static void
test_prune(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	each(check_prune, &tally);
	/* Cuts that single precision could see differently are rare, or this test says little. */
	assert_true(tally.compared > 300 && tally.skipped < tally.compared / 4);
}

/* Thresholds 1,1 bypass pruning: every node and every edge, dangling or not. */
static void
check_everything(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	int n = g->n_nodes, edges = 0;
	struct ct_error err = { 0 };

	(void)ctx;
	assert_int_equal(ct_graph_prune(g, 1, 1, a, a, NULL, &err), CT_OK);
	for (int t = 0; t < n; t++)
		for (int s = 0; s < n; s++)
			edges += ct_graph_edge(g, t, s) != 0;
	assert_int_equal(g->n_kept, n);
	assert_int_equal(g->n_pruned, edges);
	for (int i = 0; i < n; i++)
		assert_true(g->nodes[i].kept);
}

static void
test_everything(void **state)
{
	(void)state;
	each(check_everything, NULL);
}

static bool
has_edge(const struct ct_edge *list, int n, struct ct_edge e)
{
	for (int i = 0; i < n; i++)
		if (list[i].source == e.source && list[i].target == e.target)
			return true;
	return false;
}

/* At one node threshold a stricter edge threshold only takes edges away. */
static void
check_edges_nest(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	static const double nodes[] = { 0.5, 0.8, 1 };
	static const double edges[] = { 0.999, 0.98, 0.9, 0.7, 0.4, 0.1 };
	struct ct_arena scratch = { 0 };
	struct ct_error err = { 0 };

	(void)ctx;
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		const struct ct_edge *wider = NULL;
		int n = 0;

		for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
			assert_int_equal(ct_graph_prune(g, nodes[i], edges[k], a, &scratch, NULL, &err),
			    CT_OK);
			for (int e = 0; wider && e < g->n_pruned; e++)
				assert_true(has_edge(wider, n, g->pruned[e]));
			wider = g->pruned;
			n = g->n_pruned;
		}
	}
	ct_arena_free(&scratch);
}

static void
test_edges_nest(void **state)
{
	(void)state;
	each(check_edges_nest, NULL);
}

/*
 * A stricter node threshold keeps a subset of the nodes. With every edge among them kept, the clean-up drops
 * only what lacks a path within the set, and what lacks one in the larger set lacks it in the smaller one
 * too.
 */
static void
check_nodes_nest(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	static const double nodes[] = { 0.999, 0.95, 0.8, 0.5, 0.2, 0.05 };
	bool *wider = calloc((size_t)g->n_nodes, 1);
	struct ct_arena scratch = { 0 };
	struct ct_error err = { 0 };

	(void)ctx;
	memset(wider, true, (size_t)g->n_nodes);
	for (size_t k = 0; k < sizeof nodes / sizeof *nodes; k++) {
		assert_int_equal(ct_graph_prune(g, nodes[k], 1, a, &scratch, NULL, &err), CT_OK);
		for (int i = 0; i < g->n_nodes; i++) {
			assert_true(wider[i] || !g->nodes[i].kept);
			assert_true(g->nodes[i].kept || !always(g, i));
			wider[i] = g->nodes[i].kept;
		}
	}
	free(wider);
	ct_arena_free(&scratch);
}

static void
test_nodes_nest(void **state)
{
	(void)state;
	each(check_nodes_nest, NULL);
}

/* The pruning in force leaves nothing behind: pruning again gives what pruning anew gives, in the same order.
 */
static void
check_again(struct ct_graph *g, struct ct_arena *a, void *ctx)
{
	struct ct_arena scratch = { 0 };
	struct ct_error err = { 0 };
	struct ct_edge *edges;
	int n;

	(void)ctx;
	assert_int_equal(ct_graph_prune(g, 0.8, 0.98, a, &scratch, NULL, &err), CT_OK);
	edges = g->pruned;
	n = g->n_pruned;
	for (int i = 0; i < N_THRESHOLDS; i++)
		assert_int_equal(
		    ct_graph_prune(g, thresholds[i][0], thresholds[i][1], a, &scratch, NULL, &err), CT_OK);
	assert_int_equal(ct_graph_prune(g, 1, 1, a, &scratch, NULL, &err), CT_OK);
	assert_int_equal(ct_graph_prune(g, 0.8, 0.98, a, &scratch, NULL, &err), CT_OK);
	assert_int_equal(g->n_pruned, n);
	for (int i = 0; i < n; i++)
		assert_memory_equal(&g->pruned[i], &edges[i], sizeof *edges);
	assert_int_equal(scratch.used, 0);
	ct_arena_free(&scratch);
}

static void
test_again(void **state)
{
	(void)state;
	each(check_again, NULL);
}

static void
check_cut(const float *values, int n, double share)
{
	float *v = malloc((size_t)n * sizeof *v), cut;
	double *sorted = malloc((size_t)n * sizeof *sorted), total = 0, at_least = 0, above = 0;
	bool present = false;

	memcpy(v, values, (size_t)n * sizeof *v);
	cut = ct_share_cut(v, n, share);
	for (int i = 0; i < n; i++) {
		total += (double)values[i];
		at_least += values[i] >= cut ? (double)values[i] : 0;
		above += values[i] > cut ? (double)values[i] : 0;
		present = present || values[i] == cut;
		sorted[i] = (double)v[i];
	}
	/* One of the values; those from it on reach the share, those above it alone do not. */
	assert_true(present);
	assert_true(at_least >= share * total - 1e-9 * total);
	assert_true(above < share * total + 1e-9 * total || total == 0 || share == 0);
	/* Only reordered. */
	qsort(sorted, (size_t)n, sizeof *sorted, descending);
	for (int i = 0; i < n; i++)
		total -= sorted[i];
	assert_true(fabs(total) < 1e-6 * (1 + fabs(sorted[0]) * n));
	free(v);
	free(sorted);
}

/* Exactly what sorting says, where sums are exact: ties, zeros, n = 1. */
static void
test_cut_exact(void **state)
{
	static const struct {
		int n;
		float v[6];
		double share;
		float want;
	} list[] = { { 1, { 5 }, 0.5, 5 }, { 1, { 0 }, 0.5, 0 }, { 1, { 7 }, 1, 7 }, { 2, { 1, 3 }, 0.75, 3 },
		{ 2, { 1, 3 }, 0.76, 1 }, { 4, { 1, 1, 1, 1 }, 0.25, 1 }, { 4, { 1, 1, 1, 1 }, 1, 1 },
		{ 5, { 0, 0, 4, 0, 4 }, 0.9, 4 }, { 5, { 0, 0, 4, 0, 4 }, 0.5, 4 },
		{ 3, { 0, 0, 0 }, 0.8, 0 }, { 6, { 8, 4, 2, 1, 1, 0 }, 0.5, 8 },
		{ 6, { 0, 1, 1, 2, 4, 8 }, 0.75, 4 }, { 6, { 1, 8, 0, 4, 2, 1 }, 0.875, 2 },
		{ 6, { 1, 8, 0, 4, 2, 1 }, 0.9, 1 }, { 6, { 1, 8, 0, 4, 2, 1 }, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		float v[6];

		memcpy(v, list[i].v, sizeof v);
		assert_true(ct_share_cut(v, list[i].n, list[i].share) == list[i].want);
	}
}

static void
test_cut(void **state)
{
	static const double shares[] = { 0, 0.01, 0.3, 0.5, 0.8, 0.98, 0.9999, 1 };
	float v[300];
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 9, 1);
	for (int round = 0; round < 300; round++) {
		int n = 1 + (int)ct_rng_below(&r, 300), kinds = round % 3;

		for (int i = 0; i < n; i++) {
			float u = ct_rng_uniform(&r);

			/* All different, over many magnitudes; few values, so many ties; mostly zeros. */
			v[i] = kinds == 0   ? (float)exp(20 * (double)u - 10)
			       : kinds == 1 ? (float)ct_rng_below(&r, 4)
			       : u < 0.9f   ? 0
					    : u;
		}
		for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
			check_cut(v, n, shares[k]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_influence),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_edges_nest),
		cmocka_unit_test(test_nodes_nest),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_cut_exact),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
