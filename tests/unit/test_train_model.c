/* The transformer's training pass against a naive double twin, and the optimiser. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"
#include "finite.h"
#include "train/param.h"
#include "train/transformer.h"
#include "train/vector.h"

enum { MAX_T = 8, MAX_D = 32, MAX_WIDE = 64, MAX_SENTENCES = 7, MAX_L = 2, MAX_H = 4 };
static const struct ct_prices prices = { .smoothing = .3, .activity = .8, .pairs = .6, .grids = .5,
	.direct = .7,
    .carry = .9 };

/* Of a sentence's run, what prices take as numbers. */
struct frozen {
	double mid2[MAX_L][MAX_T];			/* |stream before the MLP|^2 */
	double rms[MAX_L + 1][MAX_T];			/* of the stream before noise */
	double noise[MAX_L + 1][MAX_T][MAX_D];		/* in units of it */
	double probs[MAX_L][MAX_H][MAX_T][MAX_T];
	double scale1[MAX_L][MAX_T], scale_f[MAX_T];	/* 1/rms */
	double logits2[MAX_T];				/* of the centred logits */
};

static void
naive_norm(int D, double eps, const double *x, const double *w, double *y)
{
	double sum = 0;

	for (int i = 0; i < D; i++)
		sum += x[i] * x[i];
	for (int i = 0; i < D; i++)
		y[i] = w[i] * x[i] / sqrt(sum / D + eps);
}

static double
naive_scale(int D, double eps, const double *x)
{
	double sum = 0;

	for (int i = 0; i < D; i++)
		sum += x[i] * x[i];
	return 1 / sqrt(sum / D + eps);
}

static double
naive_centred2(int n, const double *x)
{
	double mean = 0, sum = 0;

	for (int i = 0; i < n; i++)
		mean += x[i] / n;
	for (int i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sum;
}

/* y[o] = sum_i x[i] w[o,i] */
static void
naive_linear(int in, int out, const double *x, const double *w, double *y)
{
	for (int o = 0; o < out; o++) {
		y[o] = 0;
		for (int i = 0; i < in; i++)
			y[o] += x[i] * w[o * in + i];
	}
}

static void
naive_rotate(int head, double theta, int t, double *x)
{
	for (int i = 0; i < head / 2; i++) {
		double angle = t * pow(theta, -2.0 * i / head), a = x[i], b = x[i + head / 2];

		x[i] = a * cos(angle) - b * sin(angle);
		x[i + head / 2] = b * cos(angle) + a * sin(angle);
	}
}

static void
naive_noise(int D, int l, int t, struct frozen *fixed, bool fill, double *x)
{
	if (fill)
		fixed->rms[l][t] = 1 / naive_scale(D, 0, x);
	for (int i = 0; i < D; i++)
		x[i] += fixed->rms[l][t] * fixed->noise[l][t][i];
}

/*
 * Loss of one sentence, written from the equations, one token at a time. What prices take as numbers stays
 * what it was when fill was set.
 */
static double
naive_sentence(const struct ct_net *net, const double *w, int T, int bottleneck, const int *tokens,
    const int *targets,
    const float *weights, struct frozen *fixed, bool fill, double wrote[][MAX_T][MAX_D])
{
	const struct ct_net_shape *s = &net->s;
	int D = s->D, q = s->H * s->head, kv = s->H_kv * s->head, group = s->H / s->H_kv;
	double x[MAX_T][MAX_D], n[MAX_WIDE], Q[MAX_T][MAX_WIDE], K[MAX_T][MAX_WIDE], V[MAX_T][MAX_WIDE];
	double o[MAX_WIDE], y[MAX_WIDE], before[MAX_D], gate[MAX_WIDE], up[MAX_WIDE], loss = 0;

	for (int t = 0; t < T; t++)
		memcpy(x[t], w + net->embed + tokens[t] * D, D * sizeof(double));
	for (int l = 0; l < s->L; l++) {
		const struct ct_net_layer *p = &net->layers[l];

		for (int t = 0; t < T; t++) {
			naive_noise(D, l, t, fixed, fill, x[t]);
			if (fill)
				fixed->scale1[l][t] = naive_scale(D, s->eps, x[t]);
			naive_norm(D, s->eps, x[t], w + p->norm1, n);
			naive_linear(D, q, n, w + p->qkv, Q[t]);
			naive_linear(D, kv, n, w + p->qkv + q * D, K[t]);
			naive_linear(D, kv, n, w + p->qkv + (q + kv) * D, V[t]);
			for (int h = 0; h < s->H; h++)
				naive_rotate(s->head, s->theta, t, Q[t] + h * s->head);
			for (int h = 0; h < s->H_kv; h++)
				naive_rotate(s->head, s->theta, t, K[t] + h * s->head);
		}
		for (int t = 0; t < T; t++) {
			for (int h = 0; h < s->H; h++) {
				int at = h * s->head, from = h / group * s->head;
				double score[MAX_T], sum = 0;
				int first = t > bottleneck ? bottleneck : 0;

				for (int u = first; u <= t; u++) {
					score[u] = 0;
					for (int i = 0; i < s->head; i++)
						score[u] += Q[t][at + i] * K[u][from + i];
					score[u] = exp(score[u] / sqrt(s->head));
					sum += score[u];
				}
				for (int u = 0; fill && u < MAX_T; u++)
					fixed->probs[l][h][t][u] = u >= first && u <= t ? score[u] / sum : 0;
				for (int i = 0; i < s->head; i++) {
					o[at + i] = 0;
					for (int u = first; u <= t; u++)
						o[at + i] += score[u] / sum * V[u][from + i];
				}
			}
			naive_linear(q, D, o, w + p->o, y);
			memcpy(before, x[t], D * sizeof *before);
			for (int i = 0; i < D; i++)
				x[t][i] += y[i];
			if (fill)
				fixed->mid2[l][t] = D / pow(naive_scale(D, 0, x[t]), 2);
			naive_norm(D, s->eps, x[t], w + p->norm2, n);
			if (bottleneck > 0 && t == bottleneck)
				memcpy(x[t], before, D * sizeof *before);
			naive_linear(D, s->mlp, n, w + p->gate_up, gate);
			naive_linear(D, s->mlp, n, w + p->gate_up + s->mlp * D, up);
			for (int i = 0; i < s->mlp; i++)
				gate[i] *= up[i] / (1 + exp(-gate[i]));
			naive_linear(s->mlp, D, gate, w + p->down, y);
			for (int i = 0; i < D; i++) {
				x[t][i] += y[i];
				wrote[l][t][i] = y[i];
				if (t > 0)
					loss += prices.activity * y[i] * y[i] / fixed->mid2[l][t];
			}
		}
	}
	for (int t = 0; t < T; t++) {
		double sum = 0, wanted = 0;

		naive_noise(D, s->L, t, fixed, fill, x[t]);
		naive_norm(D, s->eps, x[t], w + net->norm_f, n);
		naive_linear(D, s->V, n, w + net->unembed, y);
		if (fill) {
			fixed->scale_f[t] = naive_scale(D, s->eps, x[t]);
			fixed->logits2[t] = naive_centred2(s->V, y);
		}
		if (targets[t] < 0)
			continue;
		for (int v = 0; v < s->V; v++)
			sum += exp(y[v]);
		for (int v = 0; v < s->V; v++)
			wanted += ((v == targets[t]) * (1 - prices.smoothing) + prices.smoothing / s->V) *
			    y[v];
		loss += weights[t] * (log(sum) - wanted);
	}
	return loss;
}

/*
 * The prices of the linear pass of one sentence: embeddings with signs, moved by attention, past every MLP.
 */
static double
naive_linear_pass(const struct ct_net *net, const double *w, int T, int bottleneck, const int *tokens,
    const bool *graded,
    const float *signs, const struct frozen *fixed)
{
	const struct ct_net_shape *s = &net->s;
	int D = s->D, q = s->H * s->head, kv = s->H_kv * s->head, group = s->H / s->H_kv;
	double d[MAX_T][MAX_D], start[MAX_T][MAX_D], V[MAX_T][MAX_WIDE], n[MAX_D], o[MAX_WIDE], y[MAX_WIDE],
	    loss = 0;

	for (int t = 0; t < T; t++)
		for (int i = 0; i < D; i++)
			d[t][i] = start[t][i] = signs[t] * w[net->embed + tokens[t] * D + i];
	for (int l = 0; l < s->L; l++) {
		const struct ct_net_layer *p = &net->layers[l];

		for (int t = 0; t < T; t++) {
			for (int i = 0; i < D; i++)
				n[i] = w[p->norm1 + i] * d[t][i] * fixed->scale1[l][t];
			naive_linear(D, kv, n, w + p->qkv + (q + kv) * D, V[t]);
		}
		for (int t = 0; t < T; t++) {
			for (int i = 0; i < q; i++) {
				o[i] = 0;
				for (int u = 0; u <= t; u++)
					o[i] += fixed->probs[l][i / s->head][t][u] *
					    V[u][i / s->head / group * s->head + i % s->head];
			}
			naive_linear(q, D, o, w + p->o, y);
			for (int i = 0; i < D; i++) {
				double mid = d[t][i] + y[i];

				if (t > 0)
					loss += prices.carry * pow(mid - start[t][i], 2) / fixed->mid2[l][t];
				if (bottleneck <= 0 || t != bottleneck)
					d[t][i] = mid;
			}
		}
	}
	for (int t = 0; t < T; t++) {
		if (!graded[t])
			continue;
		for (int i = 0; i < D; i++)
			n[i] = w[net->norm_f + i] * d[t][i] * fixed->scale_f[t];
		naive_linear(D, s->V, n, w + net->unembed, y);
		loss += prices.direct * naive_centred2(s->V, y) / fixed->logits2[t];
	}
	return loss;
}

/* What MLPs write differently in sentence i and the one before it, as long; i's rows begin at r. */
static double
naive_pair(const struct ct_net *net, const struct ct_batch *b, int i, int r, const struct frozen *fixed,
    double (*wrote)[MAX_L][MAX_T][MAX_D])
{
	double loss = 0;
	int same = 0;

	while (b->tokens[r + same] == b->tokens[r - b->len[i] + same])
		same++;
	for (int l = 0; l < net->s.L; l++)
		for (int t = same; t < b->len[i]; t++)
			for (int d = 0; d < net->s.D; d++)
				loss += prices.pairs * pow(wrote[i][l][t][d] - wrote[i - 1][l][t][d], 2) /
				    (fixed[i].mid2[l][t] + fixed[i - 1].mid2[l][t]);
	return loss;
}

/* What MLPs before the last write jointly at the last rows of four sentences from i on. */
static double
naive_grid(const struct ct_net *net, const struct ct_batch *b, int i, const struct frozen *fixed,
    double (*wrote)[MAX_L][MAX_T][MAX_D])
{
	double loss = 0;

	for (int l = 0; l + 1 < net->s.L; l++) {
		double whole = 0;

		for (int k = 0; k < 4; k++)
			whole += fixed[i + k].mid2[l][b->len[i + k] - 1];
		for (int d = 0; d < net->s.D; d++) {
			double joint = 0;

			for (int k = 0; k < 4; k++)
				joint += (k == 0 || k == 3 ? 1 : -1) * wrote[i + k][l][b->len[i + k] - 1][d];
			loss += prices.grids * joint * joint / whole;
		}
	}
	return loss;
}

static double
naive_loss(const struct ct_net *net, const double *w, const struct ct_batch *b,
    struct frozen fixed[MAX_SENTENCES], bool fill)
{
	double wrote[MAX_SENTENCES][MAX_L][MAX_T][MAX_D], loss = 0;
	int r = 0;

	for (int i = 0; i < b->n; r += b->len[i++]) {
		loss += naive_sentence(net, w, b->len[i], b->bottleneck[i], b->tokens + r, b->targets + r,
		    b->weights + r, &fixed[i], fill, wrote[i]);
		loss += naive_linear_pass(net, w, b->len[i], b->bottleneck[i], b->tokens + r, b->graded + r,
		    b->signs + r, &fixed[i]);
		if (i > 0 && b->group[i - 1] == CT_GROUP_PAIR)
			loss += naive_pair(net, b, i, r, fixed, wrote);
	}
	for (int i = 0; i < b->n; i++)
		if (b->group[i] == CT_GROUP_GRID)
			loss += naive_grid(net, b, i, fixed, wrote);
	return loss;
}

static const struct ct_net_shape tiny = { .V = 11, .D = 12, .L = 2, .H = 4, .H_kv = 2, .head = 6, .mlp = 10,
	.context = MAX_T, .eps = 1e-5, .theta = 100 };

enum { ROWS = 26 };
static const int the_len[] = { 4, 4, 5, 3, 4, 3, 3 }, the_bottleneck[] = { 0, 1, 2, 0, 3, 0, 0 };
static const int the_tokens[ROWS] = { 1, 4, 4, 9, 1, 4, 3, 2, 10, 5, 5, 7, 8,
	 1, 2, 6, 1, 3, 2, 6, 1, 9, 6, 1, 5, 6 };
static const int the_targets[ROWS] = { 4, 4, 9, 0, -1, 2, 2, -1, 5, 5, 7, 8, 3,
	 2, 6, 4, 3, 2, 6, 7, -1, 6, 9, 5, 6, 2 };
static const unsigned char the_group[] = { CT_GROUP_PAIR, 0, 0, CT_GROUP_GRID, 0, 0, 0 };
static const bool the_graded[ROWS] = { [2] = true, [9] = true, [15] = true,
	 [19] = true, [22] = true, [25] = true };
static float the_weights[ROWS], the_signs[ROWS], the_noise[3 * ROWS * 12];

static void
draw_noise(struct frozen *fixed, const struct ct_batch *b, struct ct_rng *rng, int D)
{
	for (int r = 0; r < ROWS; r++) {
		the_weights[r] = r == 6 ? 0 : .5f + (float)(r % 5) / 2;
		the_signs[r] = ct_rng_u32(rng) & 1 ? 1 : -1;
	}
	for (int i = 0; i < 3 * ROWS * D; i++)
		the_noise[i] = .3f * ct_rng_normal(rng);
	for (int l = 0; l <= MAX_L; l++)
		for (int i = 0, r = 0; i < b->n; r += b->len[i++])
			for (int t = 0; t < b->len[i]; t++)
				for (int d = 0; d < D; d++)
					fixed[i].noise[l][t][d] =
					    b->noise[((size_t)l * b->R + r + t) * D + d];
}

struct loss_of {
	const struct ct_net *net;
	const struct ct_batch *b;
	struct frozen *fixed;
};

static double
loss_of(void *ctx, double *w)
{
	const struct loss_of *o = ctx;

	return naive_loss(o->net, w, o->b, o->fixed, false);
}

static void
gradient_matches_finite_differences(void **state)
{
	struct ct_batch b = { .n = 7, .len = the_len, .R = ROWS, .tokens = the_tokens, .targets = the_targets,
		.weights = the_weights, .graded = the_graded, .group = the_group,
		.bottleneck = the_bottleneck, .signs = the_signs, .noise = the_noise };
	struct ct_net net;
	struct ct_train_pass *pass;
	struct ct_rng rng;
	static struct frozen fixed[MAX_SENTENCES], huge[MAX_SENTENCES];
	double *w, loss, plain;
	float *grad;
	int right = 0, best = 0;

	(void)state;
	ct_rng_seed(&rng, 3, 0);
	draw_noise(fixed, &b, &rng, 12);
	assert_int_equal(ct_net_open(&net, &tiny, NULL), 0);
	ct_net_init(&net, .4, .5, &rng);
	for (size_t i = 0; i < net.params.count; i++)	/* norms away from 1 */
		net.params.w[i] += .1f * ct_rng_normal(&rng);
	assert_int_equal(ct_train_pass_open(&pass, &net, 32, 8, NULL), 0);
	w = malloc(net.params.count * sizeof *w);
	grad = calloc(net.params.count, sizeof *grad);
	assert_true(w && grad);
	for (size_t i = 0; i < net.params.count; i++)
		w[i] = net.params.w[i];

	for (int r = 0; r < ROWS; r++) {
		const float *logits = ct_train_pass_forward(pass, &net, &b, NULL, NULL) + r * tiny.V;
		int top = 0;

		for (int v = 0; v < tiny.V; v++)
			top = logits[v] > logits[top] ? v : top;
		best += the_graded[r] && top == the_targets[r];
	}
	loss = ct_train_pass_backward(pass, &net, &b, .5, &prices, grad, &right);
	assert_int_equal(right, best);
	naive_loss(&net, w, &b, fixed, true);
	memcpy(huge, fixed, sizeof huge);
	for (int i = 0; i < b.n; i++)		/* infinite denominators leave the first sums */
		for (int t = 0; t < MAX_T; t++) {
			huge[i].logits2[t] = INFINITY;
			for (int l = 0; l < MAX_L; l++)
				huge[i].mid2[l][t] = INFINITY;
		}
	plain = naive_loss(&net, w, &b, huge, false);
	assert_true(fabs(loss - plain) < 1e-4 * loss);
	finite_check(&net.params, w, grad, .5, NULL, loss_of, &(struct loss_of){ &net, &b, fixed });
	free(w);
	free(grad);
	ct_train_pass_close(pass);
	ct_net_close(&net);
}

static void
hooked(void *ctx, int layer, const struct ct_batch *b, const float *mid, float *out)
{
	float *seen = ctx;

	(void)mid;
	seen[layer] += out[0];
	if (layer == 1)
		memset(out, 0, (size_t)b->R * 12 * sizeof *out);
}

/*
 * Packing is only a layout: a sentence has the same logits alone. A hook sees every layer and may replace it.
 */
static void
rows_do_not_mix(void **state)
{
	static const int len[] = { 3, 4 }, tokens[] = { 1, 2, 3, 1, 5, 6, 7 }, targets[7] = { 0 };
	struct ct_batch both = { .n = 2, .len = len, .R = 7, .tokens = tokens, .targets = targets };
	struct ct_batch one = { .n = 1, .len = len + 1, .R = 4, .tokens = tokens + 3, .targets = targets };
	struct ct_net net;
	struct ct_train_pass *pass;
	struct ct_rng rng;
	float keep[4 * 11], seen[2] = { 0 };
	const float *logits;
	double apart = 0;

	(void)state;
	ct_rng_seed(&rng, 5, 0);
	assert_int_equal(ct_net_open(&net, &tiny, NULL), 0);
	ct_net_init(&net, .3, .3, &rng);
	assert_int_equal(ct_train_pass_open(&pass, &net, 8, 4, NULL), 0);
	memcpy(keep, ct_train_pass_forward(pass, &net, &both, NULL, NULL) + 3 * 11, sizeof keep);
	logits = ct_train_pass_forward(pass, &net, &one, NULL, NULL);
	for (int i = 0; i < 4 * 11; i++)
		assert_true(fabsf(logits[i] - keep[i]) < 1e-5f);
	logits = ct_train_pass_forward(pass, &net, &one, hooked, seen);
	for (int i = 0; i < 4 * 11; i++)
		apart = fmax(apart, fabsf(logits[i] - keep[i]));
	assert_true(apart > 1e-3);
	assert_true(seen[0] != 0 && seen[1] != 0);
	ct_train_pass_close(pass);
	ct_net_close(&net);
}

static const struct ct_prices free_of_charge = { 0 };

/* A model must learn what has an answer: the token after next repeats the first. Same seed, same bytes. */
static void
train_a_little(struct ct_net *net, struct ct_pool *pool, double *first, double *last)
{
	struct ct_adam adam = { .rate = 3e-3, .beta1 = .9, .beta2 = .98, .eps = 1e-8, .decay = .01,
	    .clip = 1 };
	struct ct_train_pass *pass;
	struct ct_rng rng;
	float *grad;

	ct_rng_seed(&rng, 11, 0);
	assert_int_equal(ct_net_open(net, &tiny, NULL), 0);
	ct_net_init(net, .2, .2, &rng);
	grad = ct_params_buffer(&net->params, "gradient", NULL);
	assert_int_equal(ct_adam_init(&adam, &net->params, NULL), 0);
	assert_int_equal(ct_train_pass_open(&pass, net, 96, 32, NULL), 0);
	for (int step = 0; step < 150; step++) {
		int len[32], tokens[96], targets[96], right = 0;

		for (int i = 0; i < 32; i++) {
			len[i] = 3;
			for (int j = 0; j < 3; j++) {
				tokens[3 * i + j] = (int)ct_rng_below(&rng, 11);
				targets[3 * i + j] = j == 2 ? tokens[3 * i] : -1;
			}
		}
		struct ct_batch b = { .n = 32, .len = len, .R = 96, .tokens = tokens, .targets = targets };

		ct_train_pass_forward(pass, net, &b, NULL, NULL);
		*last = ct_train_pass_backward(pass, net, &b, 1.0 / 32, &free_of_charge, grad, &right) / 32;
		if (step == 0)
			*first = *last;
		ct_adam_step(&adam, &net->params, &grad, 1, pool);
	}
	ct_train_pass_close(pass);
}

static void
training_learns_and_repeats(void **state)
{
	struct ct_net a, b;
	struct ct_pool *pool;
	double first, last;

	(void)state;
	assert_int_equal(ct_pool_open(&pool, 2, NULL), 0);
	train_a_little(&a, NULL, &first, &last);
	assert_true(first > 2 && last < .3 * first);
	train_a_little(&b, pool, &first, &last);
	assert_memory_equal(a.params.w, b.params.w, a.params.count * sizeof(float));
	ct_net_close(&a);
	ct_net_close(&b);
	ct_pool_close(pool);
}

static void
adam_follows_its_equations(void **state)
{
	struct ct_params p = { 0 };
	struct ct_adam a = { .rate = .1, .beta1 = .8, .beta2 = .9, .eps = 1e-8, .decay = .5, .clip = 2 };
	double w[3] = { 1, -2, 3 }, m[3] = { 0 }, v[3] = { 0 };
	float *g[2];

	(void)state;
	ct_params_add(&p, "decayed", 2, 0, 0, 1);
	ct_params_add(&p, "free", 1, 0, 0, 0);
	assert_int_equal(ct_params_alloc(&p, NULL), 0);
	g[0] = ct_params_buffer(&p, "g", NULL);
	g[1] = ct_params_buffer(&p, "g", NULL);
	assert_int_equal(ct_adam_init(&a, &p, NULL), 0);
	for (int i = 0; i < 3; i++)
		p.w[i] = (float)w[i];
	for (int step = 1; step <= 5; step++) {
		double norm = 0, grad[3];

		for (int i = 0; i < 3; i++) {
			g[0][i] = (float)(i - step);
			g[1][i] = .5f;
			grad[i] = i - step + .5;
			norm += grad[i] * grad[i];
		}
		assert_true(fabs(ct_adam_step(&a, &p, g, 2, NULL) - sqrt(norm)) < 1e-5);
		for (int i = 0; i < 3; i++) {
			double c = grad[i] * fmin(1, 2 / sqrt(norm));

			m[i] = .8 * m[i] + .2 * c;
			v[i] = .9 * v[i] + .1 * c * c;
			w[i] -= .1 * ((i < 2 ? .5 * w[i] : 0) +
			    m[i] / (1 - pow(.8, step)) / (sqrt(v[i] / (1 - pow(.9, step))) + 1e-8));
			assert_true(fabs(p.w[i] - w[i]) < 1e-5);
			assert_true(g[0][i] == 0 && g[1][i] == 0);
		}
	}
	ct_params_free(&p);
}

static void
vectors_match_the_library(void **state)
{
	float x[77], y[77], g[2 * 77], s[77], hid[77], d[2 * 77];
	double sum = 0;

	(void)state;
	for (int i = 0; i < 77; i++) {
		x[i] = y[i] = (float)(40 * sin(i));
		g[i] = (float)(9 * cos(3 * i));
		g[77 + i] = (float)(2 * sin(5 * i));
		d[i] = .3f;
	}
	for (int i = 0; i < 77; i++)
		sum += exp(x[i] - (double)ct_vec_max(77, x));
	assert_true(fabs(ct_vec_softmax(77, y) - sum) < 1e-6 * sum);
	for (int i = 0; i < 77; i++)
		assert_true(fabs(y[i] - exp(x[i] - (double)ct_vec_max(77, x)) / sum) < 1e-6);
	ct_vec_gate(77, g, s, hid);
	ct_vec_gate_back(77, g, s, d);
	for (int i = 0; i < 77; i++) {
		double z = g[i], u = g[77 + i], q = 1 / (1 + exp(-z));

		assert_true(fabs(hid[i] - z * q * u) < 2e-6);
		assert_true(fabs(d[i] - .3 * u * (q + z * q * (1 - q))) < 2e-6);
		assert_true(fabs(d[77 + i] - .3 * z * q) < 2e-6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_match_the_library),
		cmocka_unit_test(gradient_matches_finite_differences),
		cmocka_unit_test(rows_do_not_mix),
		cmocka_unit_test(training_learns_and_repeats),
		cmocka_unit_test(adam_follows_its_equations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
