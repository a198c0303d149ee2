/* fit_transcoder: see fit_transcoder.h. */
#include "train/fit_transcoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "train/lookups.h"

enum { ROWS = 256 };			/* of a pass: its buffers stay in cache */

struct share {
	struct ct_train_transcoder_pass *pass;
	float *grad;
	float *x, *y;			/* (ROWS,L,D) */
	float *weight;			/* (ROWS,L) */
	uint8_t *fired;			/* (L,F) in this step */
	struct ct_train_transcoder_sums sums;
	const int *rows;
	int n;
};

/* Draws rows with probability in proportion to their weights. */
struct urn {
	double *upto;			/* (N) running sums */
	int n;
	struct ct_rng rng;
};

struct fit {
	struct ct_train_transcoder *transcoder;
	const struct ct_mlp_rows *a;
	const struct ct_train_transcoder_options *o;
	struct ct_pool *pool;
	struct ct_reporter *reporter;
	struct ct_adam adam;
	struct ct_train_transcoder_loss loss;
	struct share *shares;
	int n_shares;
	float **grads;			/* of the shares */
	struct urn urn;
	int *rows;			/* of the batch */
	int *idle;			/* (L,F) rows since a feature was active */
	float *norm;			/* (L,F) */
	double scale;
	double variance;		/* mean over layers, as the loss weighs them */
	float last_layer;
	struct sums {			/* since the last report */
		double error, active, loss, rows;
	} sums;
	struct ct_part_state *state;
};

static void
run_share(void *ctx, int task, int worker)
{
	struct fit *f = ctx;
	struct share *s = &f->shares[task];
	size_t L = (size_t)f->a->L, wide = L * f->a->D;

	(void)worker;
	s->sums = (struct ct_train_transcoder_sums){ 0 };
	for (int at = 0; at < s->n; at += ROWS) {
		int B = s->n - at < ROWS ? s->n - at : ROWS;

		for (int t = 0; t < B; t++) {
			memcpy(s->x + t * wide, f->a->x + s->rows[at + t] * wide, wide * sizeof(float));
			memcpy(s->y + t * wide, f->a->y + s->rows[at + t] * wide, wide * sizeof(float));
			memcpy(s->weight + t * L, f->a->weight + s->rows[at + t] * L, L * sizeof(float));
			s->weight[t * L + L - 1] *= f->last_layer;
		}
		ct_train_transcoder_forward(s->pass, f->transcoder, B, s->x, &s->sums, s->fired);
		ct_train_transcoder_backward(s->pass, f->transcoder, &f->loss,
		    &(struct ct_train_rows){ B, s->x, s->y, s->weight }, f->norm, f->scale, s->grad,
		    &s->sums);
	}
}

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

/* Only decoders go on learning. */
static void
freeze_encoders(struct ct_train_transcoder *c)
{
	for (int k = 0; k < c->params.n; k++) {
		struct ct_param *q = &c->params.list[k];

		if (strncmp(q->name, "W_dec", 5) != 0 && strncmp(q->name, "b_dec", 5) != 0)
			q->rate = 0;
	}
}

/*
 * Raises thresholds above the weak firings that sparsity has left over, so that a feature keeps to its
 * meaning. The encoders' learning ends here.
 */
static int
settle(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, double share, struct ct_error *err)
{
	enum { RANK = 10 };
	int L = c->s.L, D = c->s.D, F = c->s.F, N = a->N;
	float *w = c->params.w, *h = malloc((size_t)N * sizeof *h);

	if (!h)
		return ct_fail_memory(err, (size_t)N * sizeof *h, "activations of a feature");
	for (int l = 0; l < L && N >= RANK; l++) {
		const struct ct_train_transcoder_layer *y = &c->layers[l];

		for (int f = 0; f < F; f++) {
			float *log_threshold = w + y->log_threshold + f, least;

			ct_sgemm(false, true, N, 1, D, 1, a->x + (size_t)l * D, L * D,
			    w + y->enc + (size_t)f * D, D, 0,
			    h, 1);
			qsort(h, (size_t)N, sizeof *h, ascending);
			least = (float)share * (h[N - RANK] + w[y->b_enc + f]);
			if (least > 0 && logf(least) > *log_threshold)
				*log_threshold = logf(least);
		}
	}
	free(h);
	freeze_encoders(c);
	return CT_OK;
}

static int
open_shares(struct fit *f, float **grads, struct ct_error *err)
{
	struct ct_train_transcoder *c = f->transcoder;
	struct ct_arena *arena = &c->params.arena;
	size_t wide = (size_t)ROWS * c->s.L * c->s.D, LF = (size_t)c->s.L * c->s.F;

	for (int k = 0; k < f->n_shares; k++) {
		struct share *s = &f->shares[k];
		int code = ct_train_transcoder_pass_open(&s->pass, &c->s, ROWS, err);

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

static void
count_idle(struct fit *f)
{
	size_t n = (size_t)f->transcoder->s.L * f->transcoder->s.F;

	for (size_t i = 0; i < n; i++) {
		bool fired = false;

		for (int k = 0; k < f->n_shares; k++) {
			fired |= f->shares[k].fired[i];
			f->shares[k].fired[i] = 0;
		}
		f->idle[i] = fired ? 0 : f->idle[i] > f->o->dead_after ? f->idle[i] : f->idle[i] +
		    f->o->batch;
	}
}

/* Weights, means, sampling and rates as they are at the start. */
static int
set_out(struct fit *f, struct ct_error *err)
{
	const struct ct_train_transcoder_options *o = f->o;
	const struct ct_mlp_rows *a = f->a;
	struct ct_train_transcoder *c = f->transcoder;
	int code;

	f->adam = (struct ct_adam){ .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8 };
	f->loss = (struct ct_train_transcoder_loss){ .sharpness = o->sharpness, .bandwidth = o->bandwidth,
	    .revive = o->revive,
		.far = o->far };
	f->scale = 1.0 / o->batch;
	f->last_layer = (float)o->last_layer;
	f->n_shares = ct_pool_threads(f->pool);
	ct_rng_seed(&f->urn.rng, (uint64_t)o->seed, 2);
	ct_train_transcoder_init(c, o->threshold, &f->urn.rng);
	for (int l = 0; l < a->L; l++) {
		memcpy(c->params.w + c->layers[l].b_dec, a->y_mean + (size_t)l * a->D,
		    (size_t)a->D * sizeof(float));
		if (l < o->lookups && (code = ct_lookups_start(c, a, l, o->alike, err)) != CT_OK)
			return code;
		f->variance += a->variance[l] * (l == a->L - 1 ? o->last_layer : 1) / a->L;
	}
	for (int k = 0; k < c->params.n; k++)
		if (strncmp(c->params.list[k].name, "threshold", 9) == 0)
			c->params.list[k].rate = o->threshold_rate;
	return CT_OK;
}

static int
open_fit(struct fit *f, struct ct_error *err)
{
	const struct ct_train_transcoder_options *o = f->o;
	const struct ct_mlp_rows *a = f->a;
	struct ct_arena *arena = &f->transcoder->params.arena;
	size_t LF = (size_t)f->transcoder->s.L * f->transcoder->s.F;
	const double often[] = { [CT_PLACE_INSIDE] = 1, [CT_PLACE_ANSWER] = o->answers,
	    [CT_PLACE_PLAN] = o->plans,
		[CT_PLACE_END] = o->ends };
	int code;

	f->urn.n = a->N;
	f->urn.upto = ct_arena_need(arena, (size_t)a->N, sizeof(double), "sampling weights", err);
	f->rows = ct_arena_need(arena, (size_t)o->batch, sizeof *f->rows, "a batch", err);
	f->idle = ct_arena_need(arena, LF, sizeof *f->idle, "feature counts", err);
	f->norm = ct_arena_need(arena, LF, sizeof(float), "decoder norms", err);
	f->grads = ct_arena_need(arena, (size_t)f->n_shares, sizeof *f->grads, "gradients", err);
	f->shares = calloc((size_t)f->n_shares, sizeof *f->shares);
	if (!f->urn.upto || !f->rows || !f->idle || !f->norm || !f->grads)
		return CT_ENOMEM;
	if (!f->shares)
		return ct_fail_memory(err, (size_t)f->n_shares * sizeof *f->shares, "shares of a batch");
	for (int t = 0; t < a->N; t++)
		f->urn.upto[t] = (t ? f->urn.upto[t - 1] : 0) + pow(a->count[t], o->common) *
		    often[a->place[t]];
	if ((code = open_shares(f, f->grads, err)) != CT_OK)
		return code;
	return ct_adam_init(&f->adam, &f->transcoder->params, err);
}

static void
close_fit(struct fit *f)
{
	for (int k = 0; f->shares && k < f->n_shares; k++)
		ct_train_transcoder_pass_close(f->shares[k].pass);
	free(f->shares);
}

static int
settle_step(const struct ct_train_transcoder_options *o)
{
	return o->settle > 0 ? (int)(o->settle_at * o->steps) : -1;
}

/* All that the next step depends on. */
static void
resume(struct fit *f, struct ct_checkpoint *c)
{
	struct ct_params *p = &f->transcoder->params;
	size_t size = p->count * sizeof *p->w, LF = (size_t)f->transcoder->s.L * f->transcoder->s.F;

	f->state = ct_checkpoint_part(c, f->reporter->live.phase);
	ct_checkpoint_block(c, "weights", true, p->w, size);
	ct_checkpoint_block(c, "first moments", false, f->adam.m, size);
	ct_checkpoint_block(c, "second moments", false, f->adam.v, size);
	ct_checkpoint_block(c, "random", false, &f->urn.rng, sizeof f->urn.rng);
	ct_checkpoint_block(c, "idle", false, f->idle, LF * sizeof *f->idle);
	if (ct_checkpoint_restore(c))
		ct_reporter_resume(f->reporter, f->state);
	f->adam.step = f->state->step;
	if (settle_step(f->o) >= 0 && f->state->step > settle_step(f->o))
		freeze_encoders(f->transcoder);
}

static int
train_step(struct fit *f, struct ct_error *err)
{
	const struct ct_train_transcoder_options *o = f->o;
	double up = o->ramp * o->steps;
	int code, step = f->state->step;

	if (step == settle_step(o) && (code = settle(f->transcoder, f->a, o->settle, err)) != CT_OK)
		return code;
	f->loss.sparsity = o->sparsity * (step < up ? step / up : 1);
	for (int t = 0; t < o->batch; t++)
		f->rows[t] = draw(&f->urn);
	for (int k = 0; k < f->n_shares; k++) {
		int first = (int)((long)o->batch * k / f->n_shares);

		f->shares[k].rows = f->rows + first;
		f->shares[k].n = (int)((long)o->batch * (k + 1) / f->n_shares) - first;
	}
	ct_train_transcoder_norms(f->transcoder, f->loss.far, f->norm);
	ct_pool_run(f->pool, f->n_shares, run_share, f);
	f->adam.rate = o->rate * ct_train_schedule(step, o->steps, o->warmup, o->cooldown);
	ct_adam_step(&f->adam, &f->transcoder->params, f->grads, f->n_shares, f->pool);
	count_idle(f);
	for (int k = 0; k < f->n_shares; k++) {
		const struct ct_train_transcoder_sums *s = &f->shares[k].sums;

		f->sums.error += s->error;
		f->sums.active += s->active;
		f->sums.loss += s->error + f->loss.sparsity * s->penalty;
	}
	f->sums.rows += o->batch;
	f->state->step++;
	return CT_OK;
}

static bool
report(struct fit *f)
{
	struct ct_train_live *live = &f->reporter->live;
	size_t LF = (size_t)f->transcoder->s.L * f->transcoder->s.F, dead = 0;
	const struct sums *s = &f->sums;

	for (size_t i = 0; i < LF; i++)
		dead += f->idle[i] > f->o->dead_after;
	live->loss = s->loss / s->rows;
	live->explained = 1 - s->error / s->rows / f->a->L / f->variance;
	live->l0 = s->active / s->rows / f->a->L;
	live->dead = (double)dead / (double)LF;
	f->sums = (struct sums){ 0 };
	return ct_reporter_send(f->reporter, f->state->step);
}

int
ct_fit_transcoder(struct ct_train_transcoder *transcoder, const struct ct_mlp_rows *a,
    const struct ct_train_transcoder_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint,
    struct ct_error *err)
{
	struct fit f = { .transcoder = transcoder, .a = a, .o = o, .pool = pool, .reporter = reporter };
	int code;

	if ((code = set_out(&f, err)) != CT_OK || (code = open_fit(&f, err)) != CT_OK)
		goto done;
	resume(&f, checkpoint);
	while (f.state->step < o->steps) {
		bool go_on;

		if ((code = train_step(&f, err)) != CT_OK)
			goto done;
		go_on = !ct_reporter_due(reporter, f.state->step, o->batch) || report(&f);
		if ((code = ct_reporter_save(reporter, f.state, checkpoint, go_on, err)) != CT_OK)
			goto done;
	}
	if (!f.state->finished)
		ct_train_transcoder_unscale(transcoder, a->x_scale, a->y_scale);
	code = ct_reporter_finish(reporter, f.state, checkpoint, err);
done:
	close_fit(&f);
	return code;
}
