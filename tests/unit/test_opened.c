/*
 * Error nodes opened into neurons: each neuron's part against what it writes, run forwards by the naive
 * program, and the parts against the graph's edge; on random models and transcoders of every family.
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
#include "trace/clamped.h"
#include "trace/opened.h"

/* What a change of the MLP outputs (L,T,D) does to the target, by the naive program. */
static double
moved(const struct fixture *f, const struct ct_node *target, const double *out)
{
	int D = f->m->cfg.D;
	size_t TD = (size_t)f->T * D;
	double *embed = calloc(TD, sizeof *embed), *final = calloc(TD, sizeof *final), sum = 0;
	double *read = calloc((size_t)f->m->cfg.L * TD, sizeof *read);

	naive_frozen(&f->prompt->lrm, out, embed, read, final);
	for (int d = 0; d < D; d++)
		sum += target->kind == CT_NODE_FEATURE ? naive_enc(f->tc, target->layer, target->index, d) *
			read[(target->layer * f->T + target->pos) * D + d]
			: ((double)ct_matrix_at(&f->m->unembed, target->index, d) -
			      (double)ct_model_unembed_mean(f->m)[d]) * final[target->pos * D + d];
	free(embed);
	free(read);
	free(final);
	return sum;
}

/* A few neurons of one error: activation and part. */
static void
check_neurons(const struct fixture *f, const struct ct_node *target, const struct ct_opened *o)
{
	const struct ct_model *m = f->m;
	const struct ct_pass *p = &f->prompt->pass;
	int D = m->cfg.D, at = o->layer * f->T + o->pos;
	double *out = calloc((size_t)m->cfg.L * f->T * D, sizeof *out), *in = calloc((size_t)D, sizeof *in);
	struct naive_neuron n = { .map = calloc((size_t)D, sizeof *n.map) };

	for (int d = 0; d < D; d++)
		in[d] = (double)p->mlp_in[(size_t)at * D + d];
	for (int i = 0; i < o->n; i += 13) {
		const struct ct_opened_neuron *got = &o->neurons[i];
		const struct ct_norm *post = &m->layers[o->layer].post2;
		double want;

		naive_neuron(m, o->layer, got->neuron, in, &n);
		for (int d = 0; d < D; d++) {
			double w = n.act * (double)ct_matrix_at(&m->layers[o->layer].down.w, d, got->neuron);

			/* RMSNorm, the only kind that stands there. */
			out[(size_t)at * D + d] = post->w ? w * (double)p->post2[at] * (double)post->w[d] : w;
		}
		want = moved(f, target, out);
		assert_true(fabs((double)got->act - n.act) < 1e-5 * fabs(n.act) + 1e-6);
		if (fabs((double)got->weight - want) > 1e-5 * fabs(want) + 2e-6)
			fail_msg("neuron %d: %g, expected %g", got->neuron, (double)got->weight, want);
	}
	free(out);
	free(in);
	free(n.map);
}

static void
check_opened(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_graph *g = f->graph;
	int targets[] = { g->n_nodes - g->n_targets, g->n_features - 1 };
	struct ct_error err = { 0 };

	for (int k = 0; k < 2; k++)
		for (int i = g->n_features; i < g->n_features + g->n_errors; i += 3) {
			const struct ct_node *to = &g->nodes[targets[k]], *from = &g->nodes[i];
			struct ct_target target = ct_node_target(to);
			struct ct_opened o;
			double sum = 0, edge = (double)ct_graph_edge(g, targets[k], i);
			bool seen = from->pos >= f->prompt->pass.start && from->pos <= to->pos &&
			    from->layer < to->layer;
			int code = ct_opened_find(&o, &f->prompt->lrm, &target, from->layer, from->pos,
			    &f->scratch, NULL, &err);

			assert_int_equal(code == CT_OK, seen);
			if (!seen)
				continue;
			assert_true(o.residual < 1e-6 * fixture_rounding(s));
			assert_true(fabs(o.edge - edge) < 1e-5 * fabs(edge) + 1e-6);
			assert_int_equal(o.n, s->cfg.mlp);
			for (int n = 0; n < o.n; n++) {
				sum += (double)o.neurons[n].weight;
				assert_true(n == 0 || fabsf(o.neurons[n].weight) <=
				    fabsf(o.neurons[n - 1].weight));
			}
			assert_true(fabs(sum - o.neurons_sum) < 1e-9);
			/* Nothing reaches a target past the window of all layers between. */
			assert_true(o.neurons_sum == 0 ||
			    (o.skip != 0) == ct_transcoder_has_skip(f->tc, from->layer));
			if (i % 2)
				check_neurons(f, to, &o);
		}
}

static void
test_opened(void **state)
{
	(void)state;
	fixture_each(5, check_opened);
}

/* A run whose MLP outputs are the replacement's or frozen: no error is made of neurons, clamped or not. */
static void
check_replaced(struct fixture *f, struct ct_clamp_options how, int want)
{
	struct ct_target target = ct_node_target(&f->graph->nodes[f->graph->n_nodes - f->graph->n_targets]);
	const struct ct_active *last = &f->prompt->lrm.active[f->prompt->lrm.n - 1];
	const struct ct_clamp clamp = { .layer = last->layer, .feature = last->feature, .pos = last->pos,
		.unit = CT_MULTIPLE };
	struct ct_error err = { 0 };
	struct ct_clamp_sites sites;
	struct ct_prompt *q;
	struct ct_opened o;

	assert_int_equal(ct_clamp_sites_init(&sites, &f->prompt->lrm, &clamp, 1, &f->arena, &err), CT_OK);
	assert_int_equal(ct_prompt_clamped(&q, f->prompt, &sites, &how, &f->arena, NULL, &err), CT_OK);
	for (int pos = q->pass.start; pos <= target.pos; pos++) {
		assert_int_equal(ct_opened_find(&o, &q->lrm, &target, 0, pos, &f->scratch, NULL, &err), want);
	}
}

/* What has no error to open, or one that is not the MLP's alone. */
static void
test_refused(void **state)
{
	struct ct_error err = { 0 };
	struct ct_target target;
	struct ct_opened o;
	struct ct_shape s;
	struct fixture f;

	(void)state;
	fixture_shape(&s, &fixture_llama, 1);
	fixture_random(&f, &s, 5);
	target = ct_node_target(&f.graph->nodes[f.graph->n_nodes - f.graph->n_targets]);
	assert_int_equal(ct_opened_find(&o, &f.prompt->lrm, &target, 0, 0, &f.scratch, NULL, &err),
	    CT_ENOTFOUND);
	assert_int_equal(ct_opened_find(&o, &f.prompt->lrm, &target, 3, 1, &f.scratch, NULL, &err),
	    CT_ENOTFOUND);
	check_replaced(&f, (struct ct_clamp_options){ .mode = CT_FROZEN }, CT_OK);
	check_replaced(&f, (struct ct_clamp_options){ .mode = CT_FROZEN, .through = CT_REPLACEMENT },
	    CT_EUNSUPPORTED);
	check_replaced(&f, (struct ct_clamp_options){ .mode = CT_DIRECT }, CT_EUNSUPPORTED);
	f.prompt->lrm.active[0].set = true;
	assert_int_equal(ct_opened_find(&o, &f.prompt->lrm, &target, 0, f.prompt->lrm.active[0].pos,
	    &f.scratch, NULL, &err), CT_EUNSUPPORTED);
	fixture_close(&f);
	fixture_neurons(&f, &s, 5);
	assert_int_equal(ct_opened_find(&o, &f.prompt->lrm, &target, 0, 1, &f.scratch, NULL, &err),
	    CT_EUNSUPPORTED);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opened),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
