/*
 * What a clamp did beside what the graph predicted: predictions from the graph's edges, the report,
 * correlations.
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

#include "base/random.h"
#include "naive.h"

static struct ct_effects
effects_of(struct fixture *f, const struct ct_clamp *clamps, int n, struct ct_clamp_options opt)
{
	struct ct_clamp_sites s = fixture_sites(f, clamps, n);
	struct ct_changed changed = fixture_clamp(f, clamps, n, opt);
	struct ct_error err = { 0 };
	struct ct_effects o;

	if (ct_effects_init(&o, &f->prompt->lrm, f->graph, &s, &opt, &changed, &f->arena, &err) < 0)
		fail_msg("%s", err.msg);
	return o;
}

static double
naive_pearson(const double *x, const double *y, int n)
{
	double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;

	for (int i = 0; i < n; i++) {
		sx += x[i];
		sy += y[i];
	}
	for (int i = 0; i < n; i++) {
		double a = x[i] - sx / n, b = y[i] - sy / n;

		xx += a * a;
		yy += b * b;
		xy += a * b;
	}
	return n < 3 || xx <= 0 || yy <= 0 ? NAN : xy / sqrt(xx) / sqrt(yy);
}

/* Rank: how many are smaller, and half of the others that are equal. */
static double
naive_rank(const double *x, int n, int at)
{
	double rank = -0.5;

	for (int i = 0; i < n; i++)
		rank += x[i] < x[at] ? 1 : x[i] == x[at] ? 0.5 : 0;
	return rank;
}

static double
naive_spearman(const double *x, const double *y, int n)
{
	double *rx = calloc((size_t)n + 1, sizeof *rx), *ry = calloc((size_t)n + 1, sizeof *ry), r;

	for (int i = 0; i < n; i++) {
		rx[i] = naive_rank(x, n, i);
		ry[i] = naive_rank(y, n, i);
	}
	r = naive_pearson(rx, ry, n);
	free(rx);
	free(ry);
	return r;
}

static void
same_number(double a, double b)
{
	assert_true((isnan(a) && isnan(b)) || fabs(a - b) < 1e-9);
}

static void
test_correlations(void **state)
{
	static const double line[] = { 1, 2, 3, 4, 5 }, same[] = { 7, 7, 7, 7, 7 },
			    cube[] = { 1, 8, 27, 64, 125 }, back[] = { 9, 3, 1, -2, -4 },
			    ties[] = { 2, 2, 1, 3, 3 };
	struct ct_arena scratch = { 0 };
	struct ct_error err = { 0 };
	struct ct_rng r;
	double out;

	(void)state;
	assert_true(isnan(ct_pearson(line, line, 2)) && isnan(ct_pearson(line, line, 0)));
	assert_true(isnan(ct_pearson(line, same, 5)) && isnan(ct_pearson(same, line, 5)));
	same_number(ct_pearson(line, line, 5), 1);
	assert_int_equal(ct_spearman(&out, line, cube, 5, &scratch, &err), CT_OK);
	same_number(out, 1);
	assert_true(ct_pearson(line, cube, 5) < 0.99);
	assert_int_equal(ct_spearman(&out, line, back, 5, &scratch, &err), CT_OK);
	same_number(out, -1);
	assert_int_equal(ct_spearman(&out, line, ties, 5, &scratch, &err), CT_OK);
	same_number(out, 6 / sqrt(10 * 9));
	assert_int_equal(ct_spearman(&out, line, same, 5, &scratch, &err), CT_OK);
	assert_true(isnan(out));
	assert_int_equal(ct_spearman(&out, line, back, 2, &scratch, &err), CT_OK);
	assert_true(isnan(out));
	assert_int_equal(ct_spearman(&out, NULL, NULL, 0, &scratch, &err), CT_OK);
	assert_true(isnan(out));
	ct_rng_seed(&r, 1, 1);
	for (int round = 0; round < 200; round++) {
		double x[50], y[50];
		int n = 3 + (int)ct_rng_below(&r, 48);

		for (int i = 0; i < n; i++) {
			/* Few values in every other round: many ties. */
			x[i] = round % 2 ? ct_rng_below(&r, 4) : (double)ct_rng_normal(&r);
			y[i] = round % 4 < 2 ? x[i] + (double)ct_rng_normal(&r) : ct_rng_below(&r, 3);
		}
		same_number(ct_pearson(x, y, n), naive_pearson(x, y, n));
		assert_int_equal(ct_spearman(&out, x, y, n, &scratch, &err), CT_OK);
		same_number(out, naive_spearman(x, y, n));
	}
	assert_int_equal(scratch.used, 0);
	ct_arena_free(&scratch);
}

/* What one more unit of an inactive feature writes to every node of the graph, by the naive forward walk. */
static void
add_unit_edges(struct fixture *f, const struct ct_clamp_site *site, double *direct)
{
	const struct ct_graph *g = f->graph;
	int T = f->T, D = f->m->cfg.D, L = f->m->cfg.L;
	size_t TD = (size_t)T * D;
	double *out = calloc(L * TD, sizeof *out), *embed = calloc(TD, sizeof *embed);
	double *read = calloc(L * TD, sizeof *read), *final = calloc(TD, sizeof *final);
	float *row = calloc((size_t)D, sizeof *row);

	for (int m = site->layer; m < site->layer + ct_transcoder_reach(f->tc, site->layer); m++) {
		ct_transcoder_decoder_row(f->tc, site->layer, site->feature, m, row);
		for (int d = 0; d < D; d++)
			out[(m * T + site->pos) * D + d] = ((double)site->value - (double)site->original) *
							   (double)row[d];
		naive_write(&f->prompt->lrm, m, site->pos, out + (m * T + site->pos) * D);
	}
	naive_frozen(&f->prompt->lrm, out, embed, read, final);
	for (int t = 0; t < g->n_nodes; t++) {
		const struct ct_node *n = &g->nodes[t];

		for (int d = 0; d < D && n->attributed; d++)
			direct[t] += n->kind == CT_NODE_FEATURE
					 ? naive_enc(f->tc, n->layer, n->index, d) *
					       read[(n->layer * T + n->pos) * D + d]
					 : ((double)ct_matrix_at(&f->m->unembed, n->index, d) -
					       (double)ct_model_unembed_mean(f->m)[d]) *
					       final[n->pos * D + d];
	}
	free(out);
	free(embed);
	free(read);
	free(final);
	free(row);
}

/*
 * direct_t = sum_s e_ts da_s;  total_t = direct_t + sum_u e_tu total_u over unclamped active u, with the unit
 * edges e = A / a of the graph. Features stand in the order of their layers, so one pass in order is enough.
 */
static void
naive_predict(struct fixture *f, const struct ct_clamp_sites *s, double *direct, double *total)
{
	const struct ct_graph *g = f->graph;
	bool *clamped = calloc((size_t)g->n_nodes, 1);

	memset(direct, 0, (size_t)g->n_nodes * sizeof *direct);
	for (int i = 0; i < s->n; i++) {
		const struct ct_clamp_site *c = &s->site[i];
		int source = ct_graph_find(g, CT_NODE_FEATURE, c->layer, c->pos, c->feature);

		if (source < 0) {
			add_unit_edges(f, c, direct);
			continue;
		}
		clamped[source] = true;
		for (int t = 0; t < g->n_nodes; t++)
			direct[t] += (double)ct_graph_edge(g, t, source) /
				     (double)g->nodes[source].activation *
				     ((double)c->value - (double)c->original);
	}
	for (int t = 0; t < g->n_nodes; t++) {
		total[t] = direct[t];
		for (int u = 0; u < g->n_features && g->nodes[t].attributed; u++)
			if (!clamped[u] && g->nodes[u].layer < g->nodes[t].layer)
				total[t] += (double)ct_graph_edge(g, t, u) / (double)g->nodes[u].activation *
					    total[u];
	}
	free(clamped);
}

static void
check_predictions(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;
	const struct ct_active *a = fixture_active(f, 0, 1), *b = fixture_active(f, 1, 0);
	struct ct_clamp_options opt = { .mode = s->seed % 2 ? CT_FROZEN : CT_FREE };
	/* One is active, one on a whole row of positions, one is inactive at most places. */
	struct ct_clamp c[3] = { a ? clamp_on(a, CT_MULTIPLE, -1)
				   : (struct ct_clamp){ .pos = 2, .amount = 1 },
		b ? clamp_on(b, CT_ABSOLUTE, 2) : (struct ct_clamp){ .pos = 1, .amount = 1 },
		{ .layer = 1, .feature = 11, .pos = CT_ALL_POSITIONS, .amount = 1.5 } };
	double *direct = calloc((size_t)g->n_nodes, sizeof *direct);
	double *total = calloc((size_t)g->n_nodes, sizeof *total), largest = 0;
	struct ct_clamp_sites sites = fixture_sites(f, c, 3);
	struct ct_effects o = effects_of(f, c, 3, opt);

	naive_predict(f, &sites, direct, total);
	for (int i = 0; i < g->n_nodes; i++)
		largest = fmax(largest, fmax(fabs(direct[i]), fabs(total[i])));
	assert_true(largest > 0.01);
	assert_int_equal(o.n_effects, g->n_features + g->n_targets);
	for (int i = 0; i < o.n_effects; i++) {
		const struct ct_effect *e = &o.effects[i];

		assert_true(fabs((double)e->predicted_direct - direct[e->node]) < 1e-5 * largest);
		assert_true(fabs((double)e->predicted_total - total[e->node]) < 1e-5 * largest);
	}
	free(direct);
	free(total);
}

static void
test_predictions(void **state)
{
	(void)state;
	fixture_each(6, check_predictions);
}

static double
centred(const struct fixture *f, int token, const float *final)
{
	double logit = 0, mean = 0;

	for (int v = 0; v < f->m->cfg.V; v++) {
		double sum = 0;

		for (int d = 0; d < f->m->cfg.D; d++)
			sum += (double)ct_matrix_at(&f->m->unembed, v, d) * (double) final[d];
		mean += sum / f->m->cfg.V;
		logit = v == token ? sum : logit;
	}
	return logit - mean;
}

/*
 * Each effect beside what the test reads itself; targets first, then features by size; the agreement of the
 * rest.
 */
static void
check_report(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;
	struct ct_clamp c[2] = { { .layer = 0, .feature = 3, .pos = 2, .amount = 5 },
		{ .layer = 1, .feature = 4, .pos = 3, .unit = CT_DELTA, .amount = 2 } };
	struct ct_clamp_options opt = { .mode = CT_FROZEN };
	struct ct_effects o = effects_of(f, c, 2, opt);
	struct ct_changed changed = fixture_clamp(f, c, 2, opt);
	double *x = calloc((size_t)o.n_effects, sizeof *x), *y = calloc((size_t)o.n_effects, sizeof *y);
	bool *seen = calloc((size_t)g->n_nodes, 1);
	int n = 0;

	assert_int_equal(o.n_targets, g->n_targets);
	for (int i = 0; i < o.n_effects; i++) {
		const struct ct_effect *e = &o.effects[i];
		const struct ct_node *node = &g->nodes[e->node];
		bool clamped = false, reachable = false;

		assert_false(seen[e->node]);
		seen[e->node] = true;
		for (int k = 0; k < 2; k++) {
			clamped |= node->kind == CT_NODE_FEATURE && node->layer == c[k].layer &&
				   node->index == c[k].feature && node->pos == c[k].pos;
			reachable |= c[k].layer < node->layer && c[k].pos <= node->pos;
		}
		assert_int_equal(e->clamped, clamped);
		assert_true(
		    fabs((double)e->before - (double)node->value) < 1e-5 * (1 + fabs((double)node->value)));
		assert_true(e->observed == e->after - e->before);
		if (i < o.n_targets) {
			double after = centred(f, node->index, changed.final + node->pos * s->cfg.D);

			assert_int_equal(e->node, g->n_nodes - g->n_targets + i);
			assert_true(fabs((double)e->after - after) < 1e-5 * (1 + fabs(after)));
		} else {
			double size = fabs((double)e->observed);
			double before = i > o.n_targets ? fabs((double)e[-1].observed) : INFINITY;

			assert_int_equal(node->kind, CT_NODE_FEATURE);
			assert_true(size < before || (size == before && e->node > e[-1].node));
		}
		if (!reachable && !clamped)
			assert_true(e->observed == 0 && e->predicted_total == 0);
		if (!reachable || clamped)
			continue;
		x[n] = (double)e->predicted_total - (double)e->predicted_direct;
		y[n++] = (double)e->observed - (double)e->predicted_direct;
	}
	assert_int_equal(o.agreement.n, n);
	same_number(o.agreement.pearson, naive_pearson(x, y, n));
	same_number(o.agreement.spearman, naive_spearman(x, y, n));
	free(x);
	free(y);
	free(seen);
}

static void
test_report(void **state)
{
	(void)state;
	fixture_each(6, check_report);
}

/* How far a target moves, whatever kind of target it is: against what the run itself left behind. */
static void
check_target_change(struct fixture *f, const struct ct_shape *s)
{
	struct ct_clamp c = { .layer = 0, .feature = 3, .pos = 2, .amount = 5 };
	struct ct_changed changed = fixture_clamp(f, &c, 1, (struct ct_clamp_options){ .mode = CT_FREE });
	const float *before = f->prompt->pass.final + 5 * s->cfg.D, *after = changed.final + 5 * s->cfg.D;
	struct ct_target logit = { .pos = 5, .index = 4, .other = -1, .weight = 1 };
	struct ct_target difference = {
		.kind = CT_TARGET_DIFFERENCE, .pos = 5, .index = 4, .other = 9, .weight = 1
	};
	struct ct_error err = { 0 };
	struct ct_graph *g;
	double want[2];

	want[0] = centred(f, 4, after) - centred(f, 4, before);
	want[1] = want[0] - centred(f, 9, after) + centred(f, 9, before);
	for (int k = 0; k < 2; k++) {
		assert_int_equal(ct_graph_build(&g, &f->prompt->lrm, k ? &difference : &logit, 1, 7500,
		    &f->arena, NULL, &err),
		    CT_OK);
		assert_true(
		    fabs((double)ct_target_change(&f->prompt->lrm, g, &changed,
		    g->n_nodes - 1) - want[k]) < 1e-4);
		assert_true(fabs(want[k]) > 1e-5);
	}
	for (int i = f->prompt->lrm.n - 1; i >= 0; i -= 7) {
		const struct ct_active *a = &f->prompt->lrm.active[i];
		struct ct_target root = { .kind = CT_TARGET_FEATURE,
			.layer = a->layer,
			.pos = a->pos,
			.index = a->feature,
			.other = -1,
			.weight = 1 };
		double moved = (double)changed.pre[i] - (double)a->pre;

		assert_int_equal(
		    ct_graph_build(&g, &f->prompt->lrm, &root, 1, 7500, &f->arena, NULL, &err),
		    CT_OK);
		assert_true(
		    fabs((double)ct_target_change(&f->prompt->lrm, g, &changed,
		    g->n_nodes - 1) - moved) < 1e-4);
	}
}

static void
test_target_change(void **state)
{
	(void)state;
	fixture_each(6, check_target_change);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_correlations),
		cmocka_unit_test(test_predictions),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_target_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
