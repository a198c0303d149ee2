/*
 * Inactive features: what is said of each against a plain search over all of them, its edges against rows
 * summed by the naive program, and its unit edge against the frozen network run forwards.
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
#include "trace/inactive.h"

static struct ct_target
answer(const struct fixture *f)
{
	return ct_node_target(&f->graph->nodes[f->graph->n_nodes - f->graph->n_targets]);
}

/* The activation function in double, of all features at one place. */
static void
activations(const struct fixture *f, int l, int t, double *h, double *a)
{
	int D = f->m->cfg.D, F = f->tc->layers[l].F;
	const float *x = f->prompt->lrm.read + ((size_t)l * f->T + t) * D;

	for (int i = 0; i < F; i++) {
		h[i] = (double)ct_transcoder_bias(f->tc, l, i);
		for (int d = 0; d < D; d++)
			h[i] += naive_enc(f->tc, l, i, d) * (double)x[d];
	}
	naive_activate(f->tc, l, h, a);
}

/* One unit of the feature's activation, run forwards through the frozen network. */
static double
naive_unit(const struct fixture *f, const struct ct_inactive *x, const struct ct_target *target)
{
	const struct ct_config *c = &f->m->cfg;
	size_t TD = (size_t)f->T * c->D;
	double *out = calloc(c->L * TD, sizeof *out), *embed = calloc(TD, sizeof *embed);
	double *read = malloc(c->L * TD * sizeof *read), *final = malloc(TD * sizeof *final), unit = 0;

	for (int m = x->layer; m < x->layer + ct_transcoder_reach(f->tc, x->layer); m++) {
		double *row = out + ((size_t)m * f->T + x->pos) * c->D;

		for (int d = 0; d < c->D; d++)
			row[d] = naive_dec(f->tc, x->layer, x->feature, m, d);
		naive_write(&f->prompt->lrm, m, x->pos, row);
	}
	naive_frozen(&f->prompt->lrm, out, embed, read, final);
	for (int d = 0; d < c->D; d++)
		unit += ((double)ct_matrix_at(&f->m->unembed, target->index, d) -
			    (double)ct_model_unembed_mean(f->m)[d]) *
			final[(size_t)target->pos * c->D + d];
	free(out);
	free(embed);
	free(read);
	free(final);
	return unit;
}

static void
check_one(const struct fixture *f, const struct ct_shape *s, const struct ct_inactive *x,
    const struct ct_target *target)
{
	int F = f->tc->layers[x->layer].F, above = 0;
	double *h = malloc(F * sizeof *h), *a = malloc(F * sizeof *a), *trial = malloc(F * sizeof *trial);
	double size = x->excitation - x->inhibition + fabs((double)x->bias) + 1e-6, unit;

	activations(f, x->layer, x->pos, h, a);
	assert_true(a[x->feature] == 0);
	assert_true(fabs(h[x->feature] - (double)x->pre) < 1e-5 * (1 + fabs(h[x->feature])));
	assert_true(fabs(x->excitation + x->inhibition + (double)x->bias - (double)x->pre) < 1e-5 * size);
	assert_true(x->excitation >= (double)x->push.weight && x->inhibition <= (double)x->hold.weight);
	/* Just above what it has to exceed the feature is active, just below it is not. */
	for (int side = -1; side <= 1; side += 2) {
		memcpy(trial, h, F * sizeof *trial);
		trial[x->feature] = (double)x->threshold + side * 1e-4 * (1 + fabs((double)x->threshold));
		naive_activate(f->tc, x->layer, trial, a);
		above += side > 0 ? a[x->feature] != 0 : a[x->feature] == 0;
	}
	assert_int_equal(above, 2);
	assert_int_equal(x->held, (double)x->pre - x->inhibition > (double)x->threshold);
	assert_true(x->held || !x->held_by_one);
	unit = naive_unit(f, x, target);
	if (fabs(unit - (double)x->unit) > 1e-5 * fixture_rounding(s) * (1 + fabs(unit)))
		fail_msg("L%d#%d@%d: unit edge %g, expected %g", x->layer, x->feature, x->pos,
		    (double)x->unit, unit);
	free(h);
	free(a);
	free(trial);
}

static double
far(const struct ct_inactive *x)
{
	return ((double)x->threshold - (double)x->pre) / (double)x->spread;
}

static void
check_all(struct fixture *f, const struct ct_shape *s)
{
	struct ct_inactive_options opt = { .pos = -1, .look_at = 12 }, all = { .pos = -1, .look_at = 100000 };
	struct ct_target target = answer(f);
	struct ct_error err = { 0 };
	struct ct_inactives near, every;
	double farthest = -INFINITY;
	long nearer = 0, places = 0;

	assert_int_equal(
	    ct_inactive_find(&near, &f->prompt->lrm, &target, &opt, &f->scratch, NULL, &err), CT_OK);
	assert_int_equal(
	    ct_inactive_find(&every, &f->prompt->lrm, &target, &all, &f->scratch, NULL, &err), CT_OK);
	for (int l = 0; l < f->m->cfg.L; l++)
		places += (long)(f->T - f->prompt->pass.start) * f->tc->layers[l].F;
	assert_int_equal(every.total, places - f->prompt->lrm.n);
	assert_int_equal(every.n, every.total);
	assert_int_equal(near.total, every.total);
	assert_int_equal(near.n, every.total < 12 ? every.total : 12);
	assert_true(every.residual < 1e-5);
	/* The nearest of all, and no other. */
	for (int i = 0; i < near.n; i++) {
		check_one(f, s, &near.items[i], &target);
		farthest = fmax(farthest, far(&near.items[i]));
		if (i > 0)
			assert_true(fabsf(near.items[i - 1].unit * near.items[i - 1].typical) >=
				    fabsf(near.items[i].unit * near.items[i].typical));
	}
	for (int i = 0; i < every.n; i++)
		nearer += far(&every.items[i]) < farthest;
	assert_true(nearer <= near.n);
	for (int i = 0; i < every.n; i += every.n / 7 + 1)
		check_one(f, s, &every.items[i], &target);
}

static void
test_all(void **state)
{
	(void)state;
	fixture_each(4, check_all);
}

static int
ten(void *ctx, int layer, int feature, float *out, struct ct_error *err)
{
	(void)ctx;
	(void)err;
	*out = layer == 0 && feature % 2 ? 10.0f : NAN;
	return CT_OK;
}

static int
unreadable(void *ctx, int layer, int feature, float *out, struct ct_error *err)
{
	(void)ctx;
	(void)out;
	return ct_fail(err, CT_EFORMAT, "the card of L%d#%d is broken", layer, feature);
}

/* One position alone; what is typical where that is known, and the layer's mean where it is not. */
static void
test_options(void **state)
{
	struct ct_shape s;
	struct fixture f;
	struct ct_error err = { 0 };
	struct ct_inactive_options opt = { .pos = 2, .typical = ten };
	struct ct_inactives out;
	struct ct_target target;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	fixture_random(&f, &s, 5);
	target = answer(&f);
	assert_int_equal(
	    ct_inactive_find(&out, &f.prompt->lrm, &target, &opt, &f.scratch, NULL, &err), CT_OK);
	assert_true(out.n > 0);
	for (int i = 0; i < out.n; i++) {
		assert_int_equal(out.items[i].pos, 2);
		if (out.items[i].layer == 0 && out.items[i].feature % 2)
			assert_true(out.items[i].typical == 10.0f);
		else
			assert_true(out.items[i].typical >= 0 && isfinite(out.items[i].typical));
	}
	opt.typical = unreadable;
	assert_int_equal(
	    ct_inactive_find(&out, &f.prompt->lrm, &target, &opt, &f.scratch, NULL, &err), CT_EFORMAT);
	assert_non_null(strstr(err.msg, "is broken"));
	for (int pos = 0; pos < 6; pos += 5) {
		opt.pos = pos;
		assert_int_equal(
		    ct_inactive_find(&out, &f.prompt->lrm, &target, &opt, &f.scratch, NULL, &err), CT_EINVAL);
		assert_non_null(strstr(err.msg, "expected one from 1"));
	}
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
