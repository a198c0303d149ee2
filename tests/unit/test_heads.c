/*
 * Splitting an edge over heads: in the frozen network an edge is linear in each pattern of one layer, so what
 * a head carries is the edge less the edge with that pattern set to 0, both by the naive program in double.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "naive.h"
#include "trace/heads.h"

/* One source and one target of a graph, and a copy of the run whose patterns may be changed. */
struct pair {
	const struct fixture *f;
	const struct ct_node *source, *target;
	struct ct_local_model lrm;
	struct ct_pass pass;
	double *out, *embed, *read, *final;
};

static void
make_pair(struct pair *p, const struct fixture *f, int source, int target)
{
	const struct ct_graph *g = f->graph;
	const struct ct_config *c = &f->m->cfg;
	size_t TD = (size_t)f->T * c->D, cells = (size_t)c->L * c->H * f->T * f->T;
	float *row = malloc((size_t)c->D * sizeof *row);

	*p = (struct pair){ .f = f,
		.source = &g->nodes[source],
		.target = &g->nodes[target],
		.lrm = f->prompt->lrm,
		.pass = *f->prompt->lrm.pass };
	p->lrm.pass = &p->pass;
	p->pass.pattern = malloc(cells * sizeof *p->pass.pattern);
	memcpy(p->pass.pattern, f->prompt->lrm.pass->pattern, cells * sizeof *p->pass.pattern);
	p->out = calloc(c->L * TD, sizeof *p->out);
	p->embed = calloc(TD, sizeof *p->embed);
	p->read = malloc(c->L * TD * sizeof *p->read);
	p->final = malloc(TD * sizeof *p->final);
	for (int d = 0; d < c->D && p->source->kind == CT_NODE_EMBEDDING; d++)
		p->embed[p->source->pos * c->D + d] = naive_embedding(f->m, p->source->index, d);
	for (int d = 0; d < c->D && p->source->kind == CT_NODE_ERROR; d++) {
		size_t at = ((size_t)p->source->layer * f->T + p->source->pos) * c->D + d;

		p->out[at] = p->lrm.error[at];
	}
	for (int m = p->source->layer; p->source->kind == CT_NODE_FEATURE &&
				       m < p->source->layer + ct_transcoder_reach(f->tc, p->source->layer);
	     m++) {
		ct_transcoder_decoder_row(f->tc, p->source->layer, p->source->index, m, row);
		for (int d = 0; d < c->D; d++)
			p->out[((size_t)m * f->T + p->source->pos) * c->D + d] = (double)
										     p->source->activation *
										 row[d];
		naive_write(&p->lrm, m, p->source->pos, p->out + ((size_t)m * f->T + p->source->pos) * c->D);
	}
	free(row);
}

static void
free_pair(struct pair *p)
{
	free(p->pass.pattern);
	free(p->out);
	free(p->embed);
	free(p->read);
	free(p->final);
}

/* The edge by the naive program, with the patterns as they are now. */
static double
naive_edge(struct pair *p)
{
	const struct fixture *f = p->f;
	const struct ct_node *t = p->target;
	int D = f->m->cfg.D;
	double edge = 0;

	naive_frozen(&p->lrm, p->out, p->embed, p->read, p->final);
	for (int d = 0; d < D; d++)
		edge += t->kind == CT_NODE_FEATURE ? naive_enc(f->tc, t->layer, t->index, d) *
							 p->read[((size_t)t->layer * f->T + t->pos) * D + d]
						   : ((double)ct_matrix_at(&f->m->unembed, t->index, d) -
							 (double)ct_model_unembed_mean(f->m)[d]) *
							 p->final[(size_t)t->pos * D + d];
	return edge;
}

static void
check_pair(struct fixture *f, int source, int sink)
{
	const struct ct_config *c = &f->m->cfg;
	struct ct_error err = { 0 };
	struct ct_heads heads;
	struct ct_target target;
	struct pair p;
	double edge, scale = 1e-6;
	int T = f->T;

	make_pair(&p, f, source, sink);
	target = ct_node_target(p.target);
	assert_int_equal(ct_heads_split(&heads, &f->prompt->lrm,
			     &(struct ct_head_source){ .kind = p.source->kind,
				 .layer = p.source->layer,
				 .index = p.source->index,
				 .pos = p.source->pos },
			     &target, &f->scratch, NULL, &err),
	    CT_OK);
	assert_int_equal(heads.layers, p.target->kind == CT_NODE_FEATURE ? p.target->layer + 1 : c->L);
	assert_true(heads.residual < 1e-5);
	edge = naive_edge(&p);
	for (int i = 0; i < heads.layers; i++)
		for (int h = 0; h < c->H; h++)
			scale = fmax(scale, fabs(heads.loading[i * c->H + h]));
	scale = fmax(scale, fabs(edge));
	assert_true(fabs(edge - heads.total) < 1e-5 * scale);
	for (int l = 0; l < heads.layers; l++)
		for (int h = 0; h < c->H; h++) {
			float *pattern = p.pass.pattern + (size_t)(l * c->H + h) * T * T;
			const float *kept = f->prompt->lrm.pass->pattern + (size_t)(l * c->H + h) * T * T;
			double sum = 0;

			memset(pattern, 0, (size_t)T * T * sizeof *pattern);
			assert_true(fabs(edge - naive_edge(&p) - heads.loading[l * c->H + h]) < 1e-5 * scale);
			memcpy(pattern, kept, (size_t)T * T * sizeof *pattern);
			for (int i = 0; i < heads.n; i++) {
				const struct ct_head_load *load = &heads.loads[i];

				if (load->layer != l || load->head != h)
					continue;
				sum += load->loading;
				if (i % 3)
					continue;
				pattern[load->query * T + load->key] = 0;
				assert_true(fabs(edge - naive_edge(&p) - load->loading) < 1e-5 * scale);
				pattern[load->query * T + load->key] = kept[load->query * T + load->key];
			}
			assert_true(fabs(sum - heads.loading[l * c->H + h]) < 1e-5 * scale);
		}
	for (int i = 1; i < heads.n; i++)
		assert_true(fabsf(heads.loads[i - 1].loading) >= fabsf(heads.loads[i].loading));
	free_pair(&p);
}

/* Sources of each kind, towards the answer and towards features. */
static void
check_edges(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;
	int sources = g->n_nodes - g->n_targets, step = sources / 4 + 1;

	(void)s;
	for (int source = 0; source < sources; source += step)
		check_pair(f, source, sources);
	for (int t = g->n_features - 1; t >= 0 && t > g->n_features - 3; t--) {
		check_pair(f, g->n_features + g->n_errors, t);
		check_pair(f, 0, t);
	}
}

/*
 * How far the parts of any layer are from the total, as a share of the largest layer's parts: where these
 * cancel, their rounding is large for the layers whose parts are small.
 */
static double
worst_sum(const struct ct_heads *heads)
{
	double largest = 0, worst = 0;

	for (int l = 0; l < heads->layers; l++) {
		double sum = heads->bypass[l] + heads->constant[l];
		double size = fabs(heads->bypass[l]) + fabs(heads->constant[l]);

		for (int h = 0; h < heads->H; h++) {
			sum += heads->loading[l * heads->H + h];
			size += fabs(heads->loading[l * heads->H + h]);
		}
		worst = fmax(worst, fabs(sum - heads->total));
		largest = fmax(largest, size);
	}
	return largest > 0 ? worst / largest : 0;
}

/* Everything in the stream together: the parts add up to the target's value; and positions to the whole. */
static void
check_everything(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;

	(void)s;
	for (int t = 0; t < g->n_nodes; t++) {
		const struct ct_node *n = &g->nodes[t];
		struct ct_target target = ct_node_target(n);
		struct ct_error err = { 0 };
		struct ct_heads all, part;
		double sum = 0, scale = 1e-3;

		if (!n->attributed || (n->kind == CT_NODE_FEATURE && t % 5))
			continue;
		assert_int_equal(ct_heads_split(&all, &f->prompt->lrm,
				     &(struct ct_head_source){ .everything = true, .pos = -1 }, &target,
				     &f->scratch, NULL, &err),
		    CT_OK);
		assert_true(all.residual < 1e-5);
		for (int i = 0; i < all.layers * all.H; i++)
			scale += fabs(all.loading[i]);
		for (int pos = 0; pos < f->T; pos++) {
			assert_int_equal(ct_heads_split(&part, &f->prompt->lrm,
					     &(struct ct_head_source){ .everything = true, .pos = pos },
					     &target, &f->scratch, NULL, &err),
			    CT_OK);
			assert_true(worst_sum(&part) < 5e-6 * fixture_rounding(s));
			sum += part.loading[0];
		}
		assert_true(fabs(sum - all.loading[0]) < 1e-5 * scale);
	}
}

/*
 * Of a graph, or of its nodes at one position: each head's part is the sum over targets of its loads' parts,
 * weighted.
 */
static void
check_nodes(struct fixture *f, const struct ct_shape *s, const struct ct_head_source *source, int pos)
{
	const struct ct_graph *g = f->graph;
	int cells = s->cfg.L * s->cfg.H;
	double *want = calloc((size_t)cells, sizeof *want), sum = 0;
	struct ct_error err = { 0 };
	struct ct_heads graph, one;

	for (int t = 0; t < g->n_nodes; t++) {
		const struct ct_node *n = &g->nodes[t];
		struct ct_target target = ct_node_target(n);
		double weight = n->kind == CT_NODE_TARGET ? (double)n->weight : n->influence;

		if (!n->kept || !n->attributed || (pos >= 0 && n->pos != pos))
			continue;
		assert_int_equal(ct_heads_split(&one, &f->prompt->lrm, source, &target, &f->scratch, NULL,
		    &err), CT_OK);
		for (int i = 0; i < one.n; i++)
			want[one.loads[i].layer * one.H + one.loads[i].head] +=
			    weight * fabs((double)one.loads[i].loading) / n->inputs;
	}
	assert_int_equal(ct_heads_graph(&graph, &f->prompt->lrm, g, source, pos, &f->scratch, NULL,
	    &err), CT_OK);
	assert_true(graph.residual < 1e-5);
	assert_int_equal(graph.layers * graph.H, cells);
	for (int i = 0; i < cells; i++)
		assert_true(fabs(graph.loading[i] - want[i]) < 1e-5 * (1 + want[i]));
	for (int i = 0; i < graph.n; i++)
		sum += graph.loads[i].loading;
	for (int i = 0; i < cells; i++)
		sum -= graph.loading[i];
	assert_true(fabs(sum) < 1e-4);
	free(want);
}

static void
check_graph(struct fixture *f, const struct ct_shape *s)
{
	int last = f->prompt->lrm.T - 1;

	check_nodes(f, s, &(struct ct_head_source){ .everything = true, .pos = -1 }, -1);
	check_nodes(f, s, &(struct ct_head_source){ .everything = true, .pos = -1 }, last);
	check_nodes(f, s, &(struct ct_head_source){ .everything = true, .pos = 1 }, last);
	check_nodes(f, s, &(struct ct_head_source){ .kind = CT_NODE_EMBEDDING, .pos = 1 }, last);
}

static void
test_graph(void **state)
{
	(void)state;
	fixture_each(6, check_graph);
}

static void
test_edges(void **state)
{
	(void)state;
	fixture_each(5, check_edges);
	fixture_each(1, check_edges);
}

static void
test_everything(void **state)
{
	(void)state;
	fixture_each(6, check_everything);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
