/* The transcoder's training pass: gradients against finite differences, and a small training. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "finite.h"
#include "train/param.h"
#include "train/transcoder.h"

enum { L = 3, D = 6, F = 10, B = 7 };

/*
 * The loss in double, straight from its equation. Which features are active is given, so that a finite
 * difference never steps over a jump.
 */
static double
naive_loss(const struct ct_train_transcoder *c, const struct ct_train_transcoder_loss *loss, const double *w,
    const float *x,
    const float *y, const float *weight, const uint8_t *active)
{
	double total = 0;

	for (int t = 0; t < B; t++) {
		double yhat[L][D];

		for (int l = 0; l < L; l++)
			for (int d = 0; d < D; d++)
				yhat[l][d] = w[c->layers[l].b_dec + d];
		for (int l = 0; l < L; l++) {
			const struct ct_train_transcoder_layer *q = &c->layers[l];
			int reach = c->s.per_layer ? 1 : L - l;

			for (int f = 0; f < F; f++) {
				const double *enc = w + q->enc + f * D, *dec = w + q->dec + f * reach * D;
				double h = w[q->b_enc + f], norm = 0;

				for (int d = 0; d < D; d++)
					h += enc[d] * x[(t * L + l) * D + d];
				for (int i = 0; i < reach * D; i++)
					norm += dec[i] * dec[i] * (i < D ? 1 : loss->far * loss->far);
				norm = sqrt(norm);
				if (active[(t * L + l) * F + f]) {
					total += loss->sparsity *
					    tanh(loss->sharpness * sqrt(weight[t * L + l]) * h * norm);
					for (int i = 0; i < reach * D; i++)
						yhat[l + i / D][i % D] += h * dec[i];
				} else {
					/* The pull does not move decoders: the norm is a constant to it. */
					double fixed = 0;

					for (int i = 0; i < reach * D; i++)
						fixed += pow(c->params.w[q->dec + f * reach * D + i] *
						    (i < D ? 1 : loss->far), 2);
					total += loss->revive * (exp(c->params.w[q->log_threshold + f]) - h) *
					    sqrt(fixed);
				}
			}
		}
		for (int l = 0; l < L; l++)
			for (int d = 0; d < D; d++)
				total += weight[t * L + l] * pow(yhat[l][d] - y[(t * L + l) * D + d], 2);
	}
	return total;
}

static void
fill(float *x, int n, struct ct_rng *rng)
{
	for (int i = 0; i < n; i++)
		x[i] = ct_rng_normal(rng);
}

struct loss_of {
	const struct ct_train_transcoder *c;
	const struct ct_train_transcoder_loss *loss;
	const float *x, *y, *weight;
	const uint8_t *active;
};

static double
loss_of(void *ctx, double *w)
{
	const struct loss_of *o = ctx;

	return naive_loss(o->c, o->loss, w, o->x, o->y, o->weight, o->active);
}

/* Of a layer's pre-activations h (B,F), the B*k with the largest h times norm, above 0, are active. */
static int
mark_largest(const double *h, const float *norm, int k, uint8_t *active, int stride)
{
	int n = 0;

	for (; n < B * k; n++) {
		int best = -1;

		for (int i = 0; i < B * F; i++)
			if (h[i] > 0 && !active[i / F * stride + i % F] &&
			    (best < 0 || h[i] * (double)norm[i % F] > h[best] * (double)norm[best % F]))
				best = i;
		if (best < 0)
			break;
		active[best / F * stride + best % F] = 1;
	}
	return n;
}

/* Which features are active (B,L,F) on x, by thresholds or, for k > 0, by rank. Returns how many. */
static int
mark_active(const struct ct_train_transcoder *c, const double *w, const float *x, const float *norm, int k,
    uint8_t *active)
{
	int n = 0;

	for (int l = 0; l < L; l++) {
		const struct ct_train_transcoder_layer *q = &c->layers[l];
		double all[B * F];

		for (int t = 0; t < B; t++)
			for (int f = 0; f < F; f++) {
				double h = w[q->b_enc + f];

				for (int d = 0; d < D; d++)
					h += w[q->enc + f * D + d] * x[(t * L + l) * D + d];
				all[t * F + f] = h;
				active[(t * L + l) * F + f] = !k && h > exp(w[q->log_threshold + f]);
				n += active[(t * L + l) * F + f];
			}
		n += mark_largest(all, norm + l * F, k, active + l * F, L * F);
	}
	return n;
}

/* k > 0: of a BatchTopK, which has neither price nor thresholds. */
static void
gradient_matches(bool per_layer, int k)
{
	struct ct_train_transcoder_shape shape = { .L = L, .D = D, .F = F, .per_layer = per_layer };
	struct ct_train_transcoder_loss loss = { .sparsity = k ? 0 : .7, .sharpness = 2, .bandwidth = .4,
	    .revive = k ? 0 : .3,
		.far = 1.7 };
	float x[B * L * D], y[B * L * D], weight[B * L], norm[L * F], *grad;
	uint8_t active[B * L * F] = { 0 }, fired[L * F] = { 0 };
	struct ct_train_transcoder_loss without = loss;
	struct ct_train_transcoder_sums sums = { 0 };
	struct ct_train_transcoder_pass *pass;
	struct ct_train_transcoder c;
	struct ct_rng rng;
	double *w, total;
	int n_active;

	ct_rng_seed(&rng, 8, 0);
	assert_int_equal(ct_train_transcoder_open(&c, &shape, NULL), 0);
	ct_train_transcoder_init(&c, .1, &rng);
	for (size_t i = 0; i < c.params.count; i++)
		c.params.w[i] += .3f * ct_rng_normal(&rng);
	fill(x, B * L * D, &rng);
	fill(y, B * L * D, &rng);
	for (int i = 0; i < B * L; i++)
		weight[i] = .2f + ct_rng_uniform(&rng);
	w = malloc(c.params.count * sizeof *w);
	grad = calloc(c.params.count, sizeof *grad);
	assert_true(w && grad);
	for (size_t i = 0; i < c.params.count; i++)
		w[i] = c.params.w[i];
	ct_train_transcoder_norms(&c, loss.far, norm);
	n_active = mark_active(&c, w, x, norm, k, active);
	assert_int_equal(ct_train_transcoder_pass_open(&pass, &shape, B, NULL), 0);
	ct_train_transcoder_choose(pass, k, norm);
	ct_train_transcoder_forward(pass, &c, B, x, &sums, fired);
	ct_train_transcoder_backward(pass, &c, &loss, &(struct ct_train_rows){ B, x, y, weight }, norm, .5,
	    grad, &sums);
	assert_int_equal((int)sums.active, n_active);
	for (int l = 0; l < L; l++)
		for (int f = 0; f < F; f++)
			for (int t = 0; t < B; t++)
				assert_true(fired[l * F + f] >= active[(t * L + l) * F + f]);
	without.revive = 0;
	total = naive_loss(&c, &without, w, x, y, weight, active);
	assert_true(fabs(sums.error + loss.sparsity * sums.penalty - total) < 1e-4 * fabs(total));

	finite_check(&c.params, w, grad, .5, "threshold", loss_of,
	    &(struct loss_of){ &c, &loss, x, y, weight, active });
	for (size_t i = 0; k && i < c.params.count; i++)
		for (int l = 0; l < L; l++)	/* a BatchTopK's thresholds do not learn */
			assert_false(grad[i] != 0 && i >= c.layers[l].log_threshold &&
			    i < c.layers[l].log_threshold + F);
	free(w);
	free(grad);
	ct_train_transcoder_pass_close(pass);
	ct_train_transcoder_close(&c);
}

static void
cross_layer_gradient(void **state)
{
	(void)state;
	gradient_matches(false, 0);
	gradient_matches(false, 3);
}

static void
per_layer_gradient(void **state)
{
	(void)state;
	gradient_matches(true, 0);
	gradient_matches(true, 2);
}

/*
 * A threshold's gradient has no finite difference (the loss jumps); its definition is checked on one feature:
 * D = L = F = B = 1, x 1, so h = enc + b, and g = 2 (yhat - y) dec + lambda c |dec| / cosh^2(c a |dec|).
 */
static void
threshold_gradient_follows_its_definition(void **state)
{
	struct ct_train_transcoder_shape shape = { .L = 1, .D = 1, .F = 1 };
	struct ct_train_transcoder_loss loss = { .sparsity = .5, .sharpness = 3, .bandwidth = .2,
	    .revive = .1 };
	const float x = 1, y = .7f, one = 1;
	struct ct_train_transcoder_pass *pass;
	struct ct_train_transcoder c;

	(void)state;
	assert_int_equal(ct_train_transcoder_open(&c, &shape, NULL), 0);
	assert_int_equal(ct_train_transcoder_pass_open(&pass, &shape, 1, NULL), 0);
	for (int i = 0; i < 4; i++) {
		double h = (double[]){ .55, .45, .35, .65 }[i], a = h > .5 ? h : 0, dec = -1.5, g;
		struct ct_train_transcoder_sums sums = { 0 };
		float grad[5] = { 0 }, norm;

		assert_int_equal(c.params.count, 5);
		c.params.w[c.layers[0].enc] = (float)(h - .1);
		c.params.w[c.layers[0].b_enc] = .1f;
		c.params.w[c.layers[0].log_threshold] = (float)log(.5);
		c.params.w[c.layers[0].dec] = (float)dec;
		c.params.w[c.layers[0].b_dec] = .2f;
		ct_train_transcoder_norms(&c, 1, &norm);
		ct_train_transcoder_forward(pass, &c, 1, &x, &sums, NULL);
		ct_train_transcoder_backward(pass, &c, &loss, &(struct ct_train_rows){ 1, &x, &y, &one },
		    &norm, 1,
		    grad, &sums);
		g = 2 * (.2 + a * dec - .7) * dec + .5 * 3 * 1.5 / pow(cosh(3 * a * 1.5), 2);
		g = i < 2 ? -.5 * .5 / .2 * g : 0;	/* the last two lie outside the window */
		g += h < .5 ? .1 * .5 * 1.5 : 0;
		assert_true(fabs(grad[c.layers[0].log_threshold] - g) < 1e-5);
	}
	ct_train_transcoder_pass_close(pass);
	ct_train_transcoder_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cross_layer_gradient),
		cmocka_unit_test(per_layer_gradient),
		cmocka_unit_test(threshold_gradient_follows_its_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
