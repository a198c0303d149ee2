/* Weights between features: the same sums in double, by the naive program's numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "naive.h"
#include "trace/weights_init.h"

/* A norm whose scale is 1, on a change. */
static void
norm(const struct ct_model *m, const struct ct_norm *n, bool weight, double *x)
{
	int D = m->cfg.D;
	double mean = 0;

	for (int d = 0; d < D && m->cfg.norm == CT_LAYERNORM; d++)
		mean += x[d] / D;
	for (int d = 0; d < D; d++)
		x[d] = (x[d] - mean) * (weight ? (double)n->w[d] : 1);
}

/* What a stream (D), which is used up, adds to a feature's pre-activation. */
static double
read_by(const struct fixture *f, int layer, int feature, double *x)
{
	double sum = 0;

	if (f->tc->read != CT_READ_MID)
		norm(f->m, &f->m->layers[layer].norm2, f->tc->read == CT_READ_NORM2, x);
	for (int d = 0; d < f->m->cfg.D; d++)
		sum += naive_enc(f->tc, layer, feature, d) * x[d];
	return sum;
}

/* x (D) = what a feature writes up to, and not at, a layer. */
static void
written_by(const struct fixture *f, int layer, int feature, int end, double *x)
{
	int D = f->m->cfg.D;
	double *row = malloc((size_t)D * sizeof *row);

	for (int d = 0; d < D; d++)
		x[d] = 0;
	for (int m = layer; m < end && m < layer + ct_transcoder_reach(f->tc, layer); m++) {
		for (int d = 0; d < D; d++)
			row[d] = naive_dec(f->tc, layer, feature, m, d);
		if (f->tc->write == CT_WRITE_MLP && f->m->layers[m].post2.w)
			norm(f->m, &f->m->layers[m].post2, true, row);
		for (int d = 0; d < D; d++)
			x[d] += row[d];
	}
	free(row);
}

static void
check_tokens(const struct fixture *f, const struct ct_weights *w)
{
	int D = f->m->cfg.D;
	double *x = malloc((size_t)D * sizeof *x);

	for (int v = 0; v < f->m->cfg.V; v += 5) {
		double logit = 0;

		for (int d = 0; d < D; d++)
			x[d] = naive_embedding(f->m, v, d);
		assert_true(fabs(read_by(f, w->layer, w->feature, x) - (double)w->read[v]) < 1e-4);
		written_by(f, w->layer, w->feature, f->m->cfg.L, x);
		norm(f->m, &f->m->norm_f, true, x);
		for (int d = 0; d < D; d++)
			logit += x[d] * ((double)ct_matrix_at(&f->m->unembed, v, d) -
			    (double)ct_model_unembed_mean(f->m)[d]);
		assert_true(fabs(logit - (double)w->written[v]) < 1e-4);
	}
	free(x);
}

static void
check_feature(struct fixture *f, int layer, int feature)
{
	struct ct_error err = { 0 };
	struct ct_weights w;
	double *x = malloc((size_t)f->m->cfg.D * sizeof *x);
	int below = 0, above = 0;

	assert_int_equal(ct_weights_init(&w, f->m, f->tc, layer, feature, &f->scratch, NULL, &err), CT_OK);
	for (int l = 0; l < f->m->cfg.L; l++) {
		below += l < layer ? f->tc->layers[l].F : 0;
		above += l > layer ? f->tc->layers[l].F : 0;
	}
	assert_true(w.n_in == below && w.n_out == above);
	for (int i = 0; i < w.n_in; i += 3) {
		written_by(f, w.in[i].layer, w.in[i].feature, layer, x);
		assert_true(fabs(read_by(f, layer, feature, x) - (double)w.in[i].weight) < 1e-4);
	}
	for (int i = 0; i < w.n_out; i += 3) {
		const struct ct_weight *to = &w.out[i];

		written_by(f, layer, feature, to->layer, x);
		assert_true(fabs(read_by(f, to->layer, to->feature, x) - (double)to->weight) < 1e-4);
	}
	check_tokens(f, &w);
	free(x);
}

static void
check_shape(struct fixture *f, const struct ct_shape *s)
{
	check_feature(f, s->cfg.L - 1, s->F - 1);
	check_feature(f, s->cfg.L / 2, 1);
	check_feature(f, 0, 0);
}

static void
test_weights(void **state)
{
	(void)state;
	fixture_each(3, check_shape);
}

static void
test_outstanding(void **state)
{
	static const float x[] = { 1, 6, 3, 2 }, same[] = { 2, 2 };
	struct ct_outstanding out[4];

	(void)state;
	assert_int_equal(ct_weights_outstanding(4, x, out, 3), 3);
	assert_true(out[0].token == 1 && out[1].token == 2 && out[2].token == 3);
	assert_true(fabs((double)out[0].deviations - 3 / sqrt(3.5)) < 1e-6);
	assert_true(out[1].deviations == 0 && fabs((double)out[2].deviations + 1 / sqrt(3.5)) < 1e-6);
	assert_int_equal(ct_weights_outstanding(2, same, out, 4), 2);
	assert_true(out[0].token == 0 && out[0].deviations == 0 && out[1].token == 1 &&
	    out[1].deviations == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_outstanding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
