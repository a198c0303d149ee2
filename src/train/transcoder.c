/* transcoder: see transcoder.h. */
#include "train/transcoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "train/batch_topk.h"

int
ct_train_transcoder_reach(const struct ct_train_transcoder_shape *s, int l)
{
	return s->per_layer ? 1 : s->L - l;
}

int
ct_train_transcoder_open(struct ct_train_transcoder *c, const struct ct_train_transcoder_shape *s,
    struct ct_error *err)
{
	struct ct_params *p = &c->params;
	size_t F = (size_t)s->F, D = (size_t)s->D;
	char name[64];

	memset(c, 0, sizeof *c);
	c->s = *s;
	c->layers = ct_arena_need(&p->arena, (size_t)s->L, sizeof *c->layers, "the layer table", err);
	if (!c->layers)
		return CT_ENOMEM;
	for (int l = 0; l < s->L; l++) {
		struct ct_train_transcoder_layer *y = &c->layers[l];

		snprintf(name, sizeof name, "W_enc_%d", l);
		y->enc = ct_params_add(p, name, F, D, 0, 1);
		snprintf(name, sizeof name, "b_enc_%d", l);
		y->b_enc = ct_params_add(p, name, F, 0, 0, 0);
		snprintf(name, sizeof name, "b_dec_%d", l);
		y->b_dec = ct_params_add(p, name, D, 0, 0, 0);
		snprintf(name, sizeof name, "threshold_%d", l);
		y->log_threshold = ct_params_add(p, name, F, 0, 0, 0);
		snprintf(name, sizeof name, "W_dec_%d", l);
		y->dec = ct_params_add(p, name, F, (size_t)ct_train_transcoder_reach(s, l), D, 1);
	}
	if (ct_params_alloc(p, err) != CT_OK) {
		ct_train_transcoder_close(c);
		return CT_ENOMEM;
	}
	return CT_OK;
}

void
ct_train_transcoder_close(struct ct_train_transcoder *c)
{
	ct_params_free(&c->params);
	memset(c, 0, sizeof *c);
}

void
ct_train_transcoder_init(struct ct_train_transcoder *c, double threshold, struct ct_rng *rng)
{
	int F = c->s.F, D = c->s.D;
	float enc = (float)(1 / sqrt(F)), dec = (float)(1 / sqrt((double)c->s.L * D));

	for (int l = 0; l < c->s.L; l++) {
		const struct ct_train_transcoder_layer *y = &c->layers[l];
		float *w = c->params.w + y->enc;

		for (size_t i = 0; i < (size_t)F * D; i++)
			w[i] = enc * (2 * ct_rng_uniform(rng) - 1);
		for (int f = 0; f < F; f++)
			c->params.w[y->log_threshold + f] = (float)log(threshold);
		for (int f = 0; f < F; f++) {
			int n = ct_train_transcoder_reach(&c->s, l) * D;

			w = c->params.w + y->dec + (size_t)f * n;
			for (int d = 0; d < n; d++)
				w[d] = dec * (2 * ct_rng_uniform(rng) - 1);
		}
	}
}

void
ct_train_transcoder_silence(struct ct_train_transcoder *c, int l, int from)
{
	const struct ct_train_transcoder_layer *y = &c->layers[l];
	size_t D = (size_t)c->s.D, reach = (size_t)ct_train_transcoder_reach(&c->s, l) * D;
	size_t n = (size_t)(c->s.F - from);
	float *w = c->params.w;

	memset(w + y->enc + (size_t)from * D, 0, n * D * sizeof *w);
	memset(w + y->dec + (size_t)from * reach, 0, n * reach * sizeof *w);
	for (int f = from; f < c->s.F; f++)
		w[y->b_enc + (size_t)f] = -1;
}

void
ct_train_transcoder_norms(const struct ct_train_transcoder *c, double far, float *norm)
{
	int F = c->s.F, D = c->s.D;
	float far2 = (float)(far * far);

	for (int l = 0; l < c->s.L; l++) {
		int n = ct_train_transcoder_reach(&c->s, l) * c->s.D;
		const float *w = c->params.w + c->layers[l].dec;

		for (int f = 0; f < F; f++, w += n)
			norm[(size_t)l * F + f] = sqrtf(ct_sdot(D, w, w) + far2 *
			    ct_sdot(n - D, w + D, w + D));
	}
}

struct ct_train_transcoder_pass {
	struct ct_arena arena;
	struct ct_train_transcoder_shape s;
	int max_rows;
	float *h;		/* (L,max_rows,F) pre-activations */
	float *yhat;		/* (B,L,D); its gradient in the backward pass */
	float *theta;		/* (L,F) */
	float *shrink;		/* (F) pull of the penalty on a decoder, as a multiple of it */
	float *x_sum;		/* (D) */
	int k;			/* BatchTopK; 0: thresholds */
	const float *norm;	/* (L,F) of the decoders, lent; BatchTopK only */
	float *cutoff;		/* (L) of the last batch */
	float *scores;		/* (max_rows,F) candidates; BatchTopK only */
};

int
ct_train_transcoder_pass_open(struct ct_train_transcoder_pass **out,
    const struct ct_train_transcoder_shape *s, int max_rows, struct ct_error *err)
{
	size_t B = (size_t)max_rows, L = (size_t)s->L, F = (size_t)s->F, D = (size_t)s->D;
	struct ct_train_transcoder_pass *p = calloc(1, sizeof *p);

	*out = NULL;
	if (!p)
		return ct_fail_memory(err, sizeof *p, "a transcoder pass");
	p->s = *s;
	p->max_rows = max_rows;
	p->h = ct_arena_alloc(&p->arena, L * B * F, sizeof(float));
	p->yhat = ct_arena_alloc(&p->arena, B * L * D, sizeof(float));
	p->theta = ct_arena_alloc(&p->arena, L * F, sizeof(float));
	p->shrink = ct_arena_alloc(&p->arena, F, sizeof(float));
	p->x_sum = ct_arena_alloc(&p->arena, D, sizeof(float));
	p->cutoff = ct_arena_alloc(&p->arena, L, sizeof(float));
	p->scores = ct_arena_alloc(&p->arena, B * F, sizeof(float));
	if (!p->h || !p->yhat || !p->theta || !p->shrink || !p->x_sum || !p->cutoff || !p->scores) {
		ct_train_transcoder_pass_close(p);
		return ct_fail_memory(err, (L * B * F + B * L * D) * sizeof(float), "a transcoder pass");
	}
	*out = p;
	return CT_OK;
}

void
ct_train_transcoder_pass_close(struct ct_train_transcoder_pass *p)
{
	if (!p)
		return;
	ct_arena_free(&p->arena);
	free(p);
}

void
ct_train_transcoder_choose(struct ct_train_transcoder_pass *p, int k, const float *norm)
{
	p->k = k;
	p->norm = norm;
}

float
ct_train_transcoder_cutoff(const struct ct_train_transcoder_pass *p, int l)
{
	return p->cutoff[l];
}

const float *
ct_train_transcoder_begin(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c, int B)
{
	int L = c->s.L, D = c->s.D;

	for (int t = 0; t < B; t++)
		for (int l = 0; l < L; l++)
			memcpy(p->yhat + ((size_t)t * L + l) * D, c->params.w + c->layers[l].b_dec,
			    (size_t)D * sizeof(float));
	return p->yhat;
}

void
ct_train_transcoder_layer(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c, int l,
    int B, const float *x, int ldx, struct ct_train_transcoder_sums *sums, uint8_t *fired)
{
	const struct ct_train_transcoder_layer *y = &c->layers[l];
	const float *w = c->params.w;
	int D = c->s.D, F = c->s.F, n = ct_train_transcoder_reach(&c->s, l) * D, wide = c->s.L * D;
	float *theta = p->theta + (size_t)l * F, *h = p->h + (size_t)l * p->max_rows * F;

	for (int t = 0; t < B; t++)
		memcpy(h + (size_t)t * F, w + y->b_enc, (size_t)F * sizeof *w);
	ct_sgemm(false, true, B, F, D, 1, x, ldx, w + y->enc, D, 1, h, F);
	if (p->k > 0) {
		p->cutoff[l] = ct_batch_topk(B, F, h, p->norm + (size_t)l * F, p->k, p->cutoff[l], theta,
		    p->scores);
	} else {
		for (int f = 0; f < F; f++)
			theta[f] = expf(w[y->log_threshold + f]);
	}
	for (int t = 0; t < B; t++, h += F) {
		for (int f = 0; f < F; f++) {
			if (!(h[f] > theta[f]))
				continue;
			ct_saxpy(n, h[f], w + y->dec + (size_t)f * n, p->yhat + (size_t)t * wide + l * D);
			sums->active++;
			if (fired)
				fired[(size_t)l * F + f] = 1;
		}
	}
}

const float *
ct_train_transcoder_forward(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c, int B,
    const float *x, struct ct_train_transcoder_sums *sums, uint8_t *fired)
{
	ct_train_transcoder_begin(p, c, B);
	for (int l = 0; l < c->s.L; l++)
		ct_train_transcoder_layer(p, c, l, B, x + l * c->s.D, c->s.L * c->s.D, sums, fired);
	return p->yhat;
}

void
ct_train_transcoder_unscale(struct ct_train_transcoder *c, const float *in, const float *out)
{
	int L = c->s.L, D = c->s.D, F = c->s.F;

	for (int l = 0; l < L; l++) {
		const struct ct_train_transcoder_layer *y = &c->layers[l];
		int reach = ct_train_transcoder_reach(&c->s, l);
		float *enc = c->params.w + y->enc, *dec = c->params.w + y->dec,
		    *b_dec = c->params.w + y->b_dec;

		for (size_t i = 0; i < (size_t)F * D; i++)
			enc[i] /= in[l];
		for (int d = 0; d < D; d++)
			b_dec[d] *= out[l];
		for (int f = 0; f < F; f++)
			for (int m = 0; m < reach; m++)
				for (int d = 0; d < D; d++)
					*dec++ *= out[l + m];
	}
}

/* tanh(z) and its derivative, z >= 0. */
static float
squash(float z, float *slope)
{
	float y = tanhf(z);

	*slope = 1 - y * y;
	return y;
}

/*
 * The third term as if no feature were active: it is then the same for all rows, and needs only the sum of x.
 * Active features are corrected where they occur.
 */
static void
revive_all(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c, int l,
    const struct ct_train_rows *rows, const float *norm, float pull, float *grad)
{
	int D = c->s.D, F = c->s.F, wide = c->s.L * D;
	const struct ct_train_transcoder_layer *y = &c->layers[l];
	const float *theta = p->theta + (size_t)l * F;

	memset(p->x_sum, 0, (size_t)D * sizeof(float));
	for (int t = 0; t < rows->B; t++)
		ct_saxpy(D, 1, rows->x + (size_t)t * wide + l * D, p->x_sum);
	for (int f = 0; f < F; f++) {
		ct_saxpy(D, -pull * norm[f], p->x_sum, grad + y->enc + (size_t)f * D);
		grad[y->b_enc + f] -= pull * norm[f] * (float)rows->B;
		grad[y->log_threshold + f] += pull * norm[f] * theta[f] * (float)rows->B;
	}
}

/* yhat becomes 2 scale weight (yhat - y); weight |yhat - y|^2 is added to *error. */
static void
scale_errors(float *yhat, const struct ct_train_rows *rows, int L, int D, double scale, double *error)
{
	for (int i = 0; i < rows->B * L; i++) {
		float *restrict e = yhat + (size_t)i * D, factor = 2 * (float)scale * rows->weight[i];
		const float *restrict target = rows->y + (size_t)i * D;

		for (int k = 0; k < D; k++)
			e[k] -= target[k];
		*error += rows->weight[i] * ct_sdot(D, e, e);
		for (int k = 0; k < D; k++)
			e[k] *= factor;
	}
}

/* Adds the gradient of the penalty by the lengths of decoder rows; shrink holds d penalty / d norm. */
static void
shrink_rows(const struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c, int l,
    const float *norm, float far2, float *grad)
{
	int D = c->s.D, n = ct_train_transcoder_reach(&c->s, l) * D;

	for (int f = 0; f < c->s.F; f++) {
		size_t row = c->layers[l].dec + (size_t)f * n;
		float by = norm[f] > 0 ? p->shrink[f] / norm[f] : 0;

		if (!(by > 0))
			continue;
		ct_saxpy(D, by, c->params.w + row, grad + row);
		ct_saxpy(n - D, by * far2, c->params.w + row + D, grad + row + D);
	}
}

void
ct_train_transcoder_backward(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c,
    const struct ct_train_transcoder_loss *loss, const struct ct_train_rows *rows, const float *norm,
    double scale, float *grad, struct ct_train_transcoder_sums *sums)
{
	int L = c->s.L, D = c->s.D, F = c->s.F, wide = L * D;
	const float *w = c->params.w;
	float *d = p->yhat;		/* 2 scale weight (yhat - y) */
	float lambda = (float)(scale * loss->sparsity), sharp = (float)loss->sharpness;
	float pull = (float)(scale * loss->revive);
	float far2 = (float)(loss->far * loss->far);
	/* Without learned thresholds, only active features have a gradient. */
	float half = p->k > 0 ? 0 : (float)(loss->bandwidth / 2), steep = (float)(1 / loss->bandwidth);

	scale_errors(d, rows, L, D, scale, &sums->error);
	for (int l = 0; l < L; l++) {
		const struct ct_train_transcoder_layer *q = &c->layers[l];
		int n = ct_train_transcoder_reach(&c->s, l) * D;
		const float *theta = p->theta + (size_t)l * F, *nf = norm + (size_t)l * F;
		const float *h = p->h + (size_t)l * p->max_rows * F;

		memset(p->shrink, 0, (size_t)F * sizeof(float));
		if (pull > 0)
			revive_all(p, c, l, rows, nf, pull, grad);
		for (int t = 0; t < rows->B; t++, h += F) {
			float root = sharp * sqrtf(rows->weight[t * L + l]);
			const float *dy = d + (size_t)t * wide + l * D,
			    *xt = rows->x + (size_t)t * wide + l * D;

			ct_saxpy(D, 1, dy, grad + q->b_dec);
			for (int f = 0; f < F; f++) {
				float a = h[f] > theta[f] ? h[f] : 0, g, slope;

				if (!(h[f] > theta[f] - half))
					continue;
				sums->penalty += squash(root * a * nf[f], &slope);
				g = ct_sdot(n, dy, w + q->dec + (size_t)f * n) + lambda * root * nf[f] *
				    slope;
				if (h[f] < theta[f] + half)
					grad[q->log_threshold + f] -= theta[f] * theta[f] * steep * g;
				if (!(a > 0))
					continue;
				p->shrink[f] += lambda * root * a * slope;
				grad[q->log_threshold + f] -= pull * nf[f] * theta[f];
				g += pull * nf[f];	/* undoes revive_all for this feature */
				ct_saxpy(n, a, dy, grad + q->dec + (size_t)f * n);
				ct_saxpy(D, g, xt, grad + q->enc + (size_t)f * D);
				grad[q->b_enc + f] += g;
			}
		}
		shrink_rows(p, c, l, nf, far2, grad);
	}
}
