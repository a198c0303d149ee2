/* fit_coder: see fit_coder.h. */
#include "train/fit_coder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"

enum { ROWS = 256 };			/* of a pass: its buffers stay in cache */

struct share {
	struct ct_coder_pass *pass;
	float *grad;
	float *x, *y;			/* (ROWS,L,D) */
	float *weight;			/* (ROWS,L) */
	uint8_t *fired;			/* (L,F) in this step */
	struct ct_coder_sums sums;
	const int *rows;
	int n;
};

struct fit {
	struct ct_coder *coder;
	const struct ct_acts *a;
	struct ct_coder_loss loss;
	struct share *shares;
	int n_shares;
	float *norm;			/* (L,F) */
	double scale;
	float last_layer;
};

static void
run_share(void *ctx, int task, int worker)
{
	struct fit *f = ctx;
	struct share *s = &f->shares[task];
	size_t L = (size_t)f->a->L, wide = L * f->a->D;

	(void)worker;
	s->sums = (struct ct_coder_sums){ 0 };
	for (int at = 0; at < s->n; at += ROWS) {
		int B = s->n - at < ROWS ? s->n - at : ROWS;

		for (int t = 0; t < B; t++) {
			memcpy(s->x + t * wide, f->a->x + s->rows[at + t] * wide, wide * sizeof(float));
			memcpy(s->y + t * wide, f->a->y + s->rows[at + t] * wide, wide * sizeof(float));
			memcpy(s->weight + t * L, f->a->weight + s->rows[at + t] * L, L * sizeof(float));
			s->weight[t * L + L - 1] *= f->last_layer;
		}
		ct_coder_forward(s->pass, f->coder, B, s->x, &s->sums, s->fired);
		ct_coder_backward(s->pass, f->coder, &f->loss, B, s->x, s->y, s->weight, f->norm, f->scale, s->grad,
		    &s->sums);
	}
}

/* Draws rows with probability in proportion to their weights. */
struct urn {
	double *upto;			/* (N) running sums */
	int n;
	struct ct_rng rng;
};

static int
draw(struct urn *u)
{
	double at = ((double)ct_rng_u32(&u->rng) + .5) / 4294967296.0 * u->upto[u->n - 1];
	int low = 0, high = u->n - 1;

	while (low < high) {
		int mid = (low + high) / 2;

		if (u->upto[mid] > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static int
ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/*
 * Raises thresholds above the weak firings that sparsity has left over, so that a feature keeps to its meaning; the
 * encoders' learning ends here. Ends with the rates of all but decoders at 0.
 */
static int
settle(struct ct_coder *c, const struct ct_acts *a, double share, struct ct_error *err)
{
	enum { RANK = 10 };
	int L = c->s.L, D = c->s.D, F = c->s.F, N = a->N;
	float *w = c->params.w, *h = malloc((size_t)N * sizeof *h);

	if (!h)
		return ct_fail_memory(err, (size_t)N * sizeof *h, "activations of a feature");
	for (int l = 0; l < L && N >= RANK; l++) {
		const struct ct_coder_layer *y = &c->layers[l];

		for (int f = 0; f < F; f++) {
			float *log_threshold = w + y->log_threshold + f, least;

			ct_sgemm(false, true, N, 1, D, 1, a->x + (size_t)l * D, L * D, w + y->enc + (size_t)f * D, D, 0,
			    h, 1);
			qsort(h, (size_t)N, sizeof *h, ascending);
			least = (float)share * (h[N - RANK] + w[y->b_enc + f]);
			if (least > 0 && logf(least) > *log_threshold)
				*log_threshold = logf(least);
		}
	}
	free(h);
	for (int k = 0; k < c->params.n; k++) {
		struct ct_param *q = &c->params.list[k];

		if (strncmp(q->name, "W_dec", 5) != 0 && strncmp(q->name, "b_dec", 5) != 0)
			q->rate = 0;
	}
	return CT_OK;
}

static int
open_shares(struct fit *f, float **grads, struct ct_error *err)
{
	struct ct_coder *c = f->coder;
	struct ct_arena *arena = &c->params.arena;
	size_t wide = (size_t)ROWS * c->s.L * c->s.D, LF = (size_t)c->s.L * c->s.F;

	for (int k = 0; k < f->n_shares; k++) {
		struct share *s = &f->shares[k];
		int code = ct_coder_pass_open(&s->pass, &c->s, ROWS, err);

		if (code != CT_OK)
			return code;
		s->grad = grads[k] = ct_params_buffer(&c->params, "a gradient", err);
		s->x = ct_arena_need(arena, wide, sizeof(float), "a batch", err);
		s->y = ct_arena_need(arena, wide, sizeof(float), "a batch", err);
		s->weight = ct_arena_need(arena, (size_t)ROWS * c->s.L, sizeof(float), "a batch", err);
		s->fired = ct_arena_need(arena, LF, 1, "feature flags", err);
		if (!s->grad || !s->x || !s->y || !s->weight || !s->fired)
			return CT_ENOMEM;
	}
	return CT_OK;
}

/* idle (L,F) rows since a feature was active; returns how many are dead. */
static int
count_dead(struct fit *f, int *idle, int batch, int dead_after)
{
	size_t n = (size_t)f->coder->s.L * f->coder->s.F;
	int dead = 0;

	for (size_t i = 0; i < n; i++) {
		bool fired = false;

		for (int k = 0; k < f->n_shares; k++) {
			fired |= f->shares[k].fired[i];
			f->shares[k].fired[i] = 0;
		}
		idle[i] = fired ? 0 : idle[i] > dead_after ? idle[i] : idle[i] + batch;
		dead += idle[i] > dead_after;
	}
	return dead;
}

int
ct_fit_coder(struct ct_coder *coder, const struct ct_acts *a, const struct ct_coder_options *o,
    struct ct_pool *pool, struct ct_watch *watch, struct ct_error *err)
{
	struct fit f = { .coder = coder, .a = a, .n_shares = ct_pool_threads(pool), .scale = 1.0 / o->batch,
		.last_layer = (float)o->last_layer,
		.loss = { .sharpness = o->sharpness, .bandwidth = o->bandwidth, .revive = o->revive } };
	struct ct_adam adam = { .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8 };
	struct ct_arena *arena = &coder->params.arena;
	size_t LF = (size_t)coder->s.L * coder->s.F;
	struct urn urn = { .n = a->N };
	struct ct_coder_sums sums = { 0 };
	double variance = 0, loss = 0, rows_seen = 0;
	float **grads;
	int *rows, *idle, code = CT_ENOMEM;

	ct_rng_seed(&urn.rng, (uint64_t)o->seed, 2);
	ct_coder_init(coder, o->threshold, &urn.rng);
	for (int l = 0; l < a->L; l++) {
		memcpy(coder->params.w + coder->layers[l].b_dec, a->y_mean + (size_t)l * a->D,
		    (size_t)a->D * sizeof(float));
		variance += a->variance[l] * (l == a->L - 1 ? o->last_layer : 1) / a->L;
	}
	urn.upto = ct_arena_need(arena, (size_t)a->N, sizeof(double), "sampling weights", err);
	rows = ct_arena_need(arena, (size_t)o->batch, sizeof *rows, "a batch", err);
	idle = ct_arena_need(arena, LF, sizeof *idle, "feature counts", err);
	f.norm = ct_arena_need(arena, LF, sizeof(float), "decoder norms", err);
	grads = ct_arena_need(arena, (size_t)f.n_shares, sizeof *grads, "gradients", err);
	f.shares = calloc((size_t)f.n_shares, sizeof *f.shares);
	if (!urn.upto || !rows || !idle || !f.norm || !grads)
		goto done;
	if (!f.shares) {
		ct_fail_memory(err, (size_t)f.n_shares * sizeof *f.shares, "shares of a batch");
		goto done;
	}
	for (int t = 0; t < a->N; t++)
		urn.upto[t] = (t ? urn.upto[t - 1] : 0) + pow(a->count[t], o->common) *
		    (a->place[t] == CT_PLACE_ANSWER ? o->answers : a->place[t] == CT_PLACE_END ? o->ends : 1);
	for (int k = 0; k < coder->params.n; k++)
		if (strncmp(coder->params.list[k].name, "threshold", 9) == 0)
			coder->params.list[k].rate = o->threshold_rate;
	if ((code = open_shares(&f, grads, err)) != CT_OK ||
	    (code = ct_adam_init(&adam, &coder->params, err)) != CT_OK)
		goto done;

	for (int step = 0; step < o->steps; step++) {
		double up = o->ramp * o->steps;
		int dead;

		if (o->settle > 0 && step == (int)(o->settle_at * o->steps) &&
		    (code = settle(coder, a, o->settle, err)) != CT_OK)
			goto done;
		f.loss.sparsity = o->sparsity * (step < up ? step / up : 1);
		for (int t = 0; t < o->batch; t++)
			rows[t] = draw(&urn);
		for (int k = 0; k < f.n_shares; k++) {
			int first = (int)((long)o->batch * k / f.n_shares);

			f.shares[k].rows = rows + first;
			f.shares[k].n = (int)((long)o->batch * (k + 1) / f.n_shares) - first;
		}
		ct_coder_norms(coder, f.norm);
		ct_pool_run(pool, f.n_shares, run_share, &f);
		adam.rate = o->rate * ct_train_schedule(step, o->steps, o->warmup, o->cooldown);
		ct_adam_step(&adam, &coder->params, grads, f.n_shares, pool);
		dead = count_dead(&f, idle, o->batch, o->dead_after);

		for (int k = 0; k < f.n_shares; k++) {
			sums.error += f.shares[k].sums.error;
			sums.active += f.shares[k].sums.active;
			loss += f.shares[k].sums.error + f.loss.sparsity * f.shares[k].sums.penalty;
		}
		rows_seen += o->batch;
		if (!ct_watch_due(watch, step, o->batch))
			continue;
		watch->live.loss = loss / rows_seen;
		watch->live.explained = 1 - sums.error / rows_seen / a->L / variance;
		watch->live.l0 = sums.active / rows_seen / a->L;
		watch->live.dead = (double)dead / (double)LF;
		sums = (struct ct_coder_sums){ 0 };
		loss = rows_seen = 0;
		if (!ct_watch_report(watch, step)) {
			code = ct_fail(err, CT_ECANCELLED, "training was cancelled at step %d of %d", step + 1,
			    o->steps);
			goto done;
		}
	}
	ct_coder_unscale(coder, a->x_scale, a->y_scale);
	code = CT_OK;
done:
	for (int k = 0; f.shares && k < f.n_shares; k++)
		ct_coder_pass_close(f.shares[k].pass);
	free(f.shares);
	return code;
}
