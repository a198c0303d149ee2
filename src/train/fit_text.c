/* fit_text: see fit_text.h. */
#include "train/fit_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "math/blas.h"
#include "train/transcoder_step.h"

enum { JUDGED = 2 * CT_STEP_ROWS };	/* rows of a load from which dead features are replaced */

struct fit {
	const struct ct_fit_text *t;
	const struct ct_own_transcoder *o;
	struct ct_feed feed;
	struct ct_train_transcoder transcoder;
	struct ct_transcoder_step step;
	struct ct_train_transcoder_pass *pass;	/* for rows other than those of a step */
	struct ct_arena arena;
	float *x, *residual;		/* (JUDGED,L,D) */
	double price;			/* log lambda of JumpReLU */
	/* how many layers are trained one after the other: the model's, or 1 if all are trained together */
	int layers;
	struct ct_part_state *state;
	struct sums {			/* since the last report */
		double error, active, loss, rows, variance;
	} sums;
	char phase[64];
};

static struct ct_train_transcoder_shape
shape_of(const struct ct_fit_text *t)
{
	const struct ct_config *cfg = &t->feed->m->cfg;

	return (struct ct_train_transcoder_shape){ .L = t->o->per_layer ? 1 : cfg->L, .D = cfg->D,
		.F = t->o->features, .per_layer = t->o->per_layer };
}

unsigned long long
ct_fit_text_memory(const struct ct_fit_text *t)
{
	struct ct_train_transcoder_shape s = shape_of(t);
	unsigned long long judged = 2ull * JUDGED * (unsigned long long)s.L * (unsigned long long)s.D;
	unsigned long long pass = (unsigned long long)CT_STEP_ROWS * (unsigned long long)s.F *
	    ((unsigned long long)s.L + 1);

	return ct_transcoder_step_memory(&s, ct_pool_threads(t->pool)) + ct_feed_memory(t->feed) +
	    (judged + pass) * sizeof(float);
}

static int
open_fit(struct fit *f, struct ct_error *err)
{
	const struct ct_own_transcoder *o = f->o;
	struct ct_train_transcoder_shape s = shape_of(f->t);
	size_t wide = (size_t)JUDGED * (size_t)s.L * (size_t)s.D;
	int code;

	f->layers = o->per_layer ? f->t->feed->m->cfg.L : 1;
	f->step = (struct ct_transcoder_step){ .transcoder = &f->transcoder, .pool = f->t->pool,
		.adam = { .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8 }, .k = o->topk ? o->l0 : 0,
		.loss = { .sharpness = o->sharpness, .bandwidth = o->topk ? 1 : o->bandwidth, .far = 1 },
		.batch = o->batch, .dead_after = o->dead_after, .last_layer = 1 };
	f->x = ct_arena_need(&f->arena, wide, sizeof(float), "rows to judge by", err);
	f->residual = ct_arena_need(&f->arena, wide, sizeof(float), "rows to judge by", err);
	if (!f->x || !f->residual)
		return CT_ENOMEM;
	if ((code = ct_feed_open(&f->feed, f->t->feed, err)) != CT_OK ||
	    (code = ct_train_transcoder_open(&f->transcoder, &s, err)) != CT_OK ||
	    (code = ct_transcoder_step_open(&f->step, err)) != CT_OK ||
	    (code = ct_train_transcoder_pass_open(&f->pass, &s, CT_STEP_ROWS, err)) != CT_OK)
		return code;
	ct_train_transcoder_choose(f->pass, o->l0, f->step.norm);
	for (int k = 0; k < f->transcoder.params.n; k++)
		if (strncmp(f->transcoder.params.list[k].name, "threshold", 9) == 0)
			f->transcoder.params.list[k].rate = o->topk ? 0 : o->threshold_rate;
	return CT_OK;
}

static void
close_fit(struct fit *f)
{
	ct_transcoder_step_close(&f->step);
	ct_train_transcoder_pass_close(f->pass);
	ct_train_transcoder_close(&f->transcoder);
	ct_feed_close(&f->feed);
	ct_arena_free(&f->arena);
}

/*
 * Makes feature i of layer l answer inputs like x (D): its h is 1 on x itself and 0 on the mean. It writes
 * `write` (D) times gain to its own layer.
 */
static void
set_feature(struct fit *f, int l, int i, const float *x, const float *write, float gain)
{
	struct ct_train_transcoder *c = &f->transcoder;
	const struct ct_train_transcoder_layer *y = &c->layers[l];
	int D = c->s.D, reach = ct_train_transcoder_reach(&c->s, l);
	size_t enc = y->enc + (size_t)i * (size_t)D, dec = y->dec + (size_t)i * (size_t)(reach * D);
	const float *mean = f->feed.x_mean + (size_t)l * (size_t)D;
	float *w = c->params.w, size = 0;
	float *moments[] = { f->step.adam.m, f->step.adam.v };

	for (int d = 0; d < D; d++) {
		w[enc + (size_t)d] = x[d] - mean[d];
		size += w[enc + (size_t)d] * w[enc + (size_t)d];
	}
	for (int d = 0; d < D; d++)
		w[enc + (size_t)d] /= size > 0 ? size : 1;
	w[y->b_enc + (size_t)i] = -ct_sdot(D, w + enc, mean);
	memset(w + dec, 0, (size_t)(reach * D) * sizeof *w);
	for (int d = 0; d < D; d++)
		w[dec + (size_t)d] = gain * write[d];
	for (int k = 0; k < 2; k++) {
		memset(moments[k] + enc, 0, (size_t)D * sizeof *w);
		memset(moments[k] + dec, 0, (size_t)(reach * D) * sizeof *w);
		moments[k][y->b_enc + (size_t)i] = moments[k][y->log_threshold + (size_t)i] = 0;
	}
}

/* Thresholds of a layer that leave as many features active as a BatchTopK with this cutoff. */
static void
set_threshold(struct fit *f, int l, int i, double cutoff)
{
	size_t F = (size_t)f->transcoder.s.F, at = f->transcoder.layers[l].log_threshold + (size_t)i;
	double norm = (double)f->step.norm[(size_t)l * F + (size_t)i];
	double theta = norm > 0 ? cutoff / norm : 1e30;

	f->transcoder.params.w[at] = (float)log(theta > 1e-30 ? theta : 1e-30);
}

/* Sets f->residual to yhat - y of the first rows of the load, and f->x to their inputs. Returns how many. */
static int
judge(struct fit *f, const int *rows, int n, double *cutoffs)
{
	const struct ct_mlp_rows *a = &f->feed.rows;
	size_t wide = (size_t)a->L * (size_t)a->D;
	int judged = 0;

	while (judged < n) {
		int B = n - judged < CT_STEP_ROWS ? n - judged : CT_STEP_ROWS;
		float *x = f->x + (size_t)judged * wide, *residual = f->residual + (size_t)judged * wide;
		struct ct_train_transcoder_sums sums = { 0 };
		const float *yhat;

		for (int t = 0; t < B; t++)
			memcpy(x + (size_t)t * wide, a->x + (size_t)rows[judged + t] * wide,
			    wide * sizeof *x);
		yhat = ct_train_transcoder_forward(f->pass, &f->transcoder, B, x, &sums, NULL);
		for (int t = 0; t < B; t++)
			for (size_t d = 0; d < wide; d++)
				residual[(size_t)t * wide + d] = a->y[(size_t)rows[judged + t] * wide + d] -
				    yhat[(size_t)t * wide + d];
		for (int l = 0; l < a->L && cutoffs; l++)
			cutoffs[l] += B * (double)ct_train_transcoder_cutoff(f->pass, l);
		judged += B;
	}
	return judged;
}

/*
 * Turns a BatchTopK into a JumpReLU: a feature's threshold is where h |dec| reaches the mean cutoff of the
 * load's batches. The thresholds of a JumpReLU start like this too, so that the wanted number of features is
 * active. Once they are learned, all are multiplied by the factor that restores this number: by the mean
 * cutoff of h / theta.
 */
static int
settle(struct fit *f, bool learned, struct ct_error *err)
{
	struct ct_train_transcoder *c = &f->transcoder;
	int L = c->s.L, F = c->s.F, n = f->feed.place.rows, used = 0;
	double *cutoffs = calloc((size_t)L, sizeof *cutoffs);

	if (!cutoffs)
		return ct_fail_memory(err, (size_t)L * sizeof *cutoffs, "cutoffs");
	ct_train_transcoder_norms(c, 1, f->step.norm);
	for (int i = 0; learned && i < L * F; i++)
		f->step.norm[i] = expf(-c->params.w[c->layers[i / F].log_threshold + (size_t)(i % F)]);
	for (int t = 0; t < n; t++)
		f->feed.order[t] = t;
	f->feed.shuffled = -1;
	for (int at = 0; at < n && used < 64 * CT_STEP_ROWS; at += JUDGED)
		used += judge(f, f->feed.order + at, n - at < JUDGED ? n - at : JUDGED, cutoffs);
	for (int l = 0; l < L; l++)
		for (int i = 0; i < F; i++)
			set_threshold(f, l, i, cutoffs[l] / used);
	free(cutoffs);
	return CT_OK;
}

/*
 * A layer starts from what it has to imitate: each feature answers one of the load's inputs, drawn at random,
 * and writes what the MLP writes there, so weakly that the wanted number of them together write about as much
 * as the MLP.
 */
static int
start(struct fit *f, int layer, struct ct_error *err)
{
	struct ct_train_transcoder *c = &f->transcoder;
	const struct ct_mlp_rows *a = &f->feed.rows;
	size_t L = (size_t)c->s.L, D = (size_t)c->s.D, n = c->params.count * sizeof *c->params.w;
	float *write = f->residual;	/* (D) of it is unused here */
	struct ct_rng rng;

	memset(c->params.w, 0, n);
	memset(f->step.adam.m, 0, n);
	memset(f->step.adam.v, 0, n);
	memset(f->step.idle, 0, L * (size_t)c->s.F * sizeof *f->step.idle);
	f->price = log(c->s.D / 64.0);
	ct_rng_seed(&rng, (uint64_t)f->o->seed, 1000 + (uint64_t)layer);
	for (size_t l = 0; l < L; l++) {
		const float *mean = a->y_mean + l * D;

		memcpy(c->params.w + c->layers[l].b_dec, mean, D * sizeof *mean);
		for (int i = 0; i < c->s.F; i++) {
			size_t row = (size_t)ct_rng_below(&rng, (uint32_t)a->N) * L + l;

			for (size_t d = 0; d < D; d++)
				write[d] = a->y[row * D + d] - mean[d];
			set_feature(f, (int)l, i, a->x + row * D, write, 2.f / (float)f->o->l0);
		}
	}
	return f->o->topk ? CT_OK : settle(f, false, err);
}

/* Gives the dead features of layer l the inputs at which errors are largest. */
static void
revive_layer(struct fit *f, int l, const int *rows, int n, double cutoff, struct ct_rng *rng)
{
	const struct ct_mlp_rows *a = &f->feed.rows;
	size_t L = (size_t)a->L, D = (size_t)a->D;
	double upto[JUDGED];

	for (int t = 0; t < n; t++) {
		const float *r = f->residual + ((size_t)t * L + (size_t)l) * D;

		upto[t] = (t ? upto[t - 1] : 0) + a->weight[(size_t)rows[t] * L + (size_t)l] *
		    ct_sdot((int)D, r, r);
	}
	for (int i = 0; i < f->transcoder.s.F; i++) {
		int *idle = &f->step.idle[(size_t)l * (size_t)f->transcoder.s.F + (size_t)i], t = 0;
		double at = (double)ct_rng_uniform(rng) * upto[n - 1], size;
		const float *r;

		if (*idle <= f->o->dead_after)
			continue;
		while (t < n - 1 && upto[t] <= at)
			t++;
		r = f->residual + ((size_t)t * L + (size_t)l) * D;
		size = sqrt(ct_sdot((int)D, r, r));
		/* Strong enough to be chosen on such inputs, but not so strong that it overshoots. */
		set_feature(f, l, i, f->x + ((size_t)t * L + (size_t)l) * D, r,
		    cutoff > 0 && size > 2 * cutoff ? (float)(2 * cutoff / size) : .5f);
		f->step.norm[(size_t)l * (size_t)f->transcoder.s.F + (size_t)i] =
		    (float)fmin(2 * cutoff, size / 2);
		set_threshold(f, l, i, cutoff);
		*idle = 0;
	}
}

static int
revive(struct fit *f, const int *rows, struct ct_error *err)
{
	int L = f->transcoder.s.L, n = f->feed.place.rows < JUDGED ? f->feed.place.rows : JUDGED;
	double *cutoffs = calloc((size_t)L, sizeof *cutoffs);
	struct ct_rng rng;

	if (!cutoffs)
		return ct_fail_memory(err, (size_t)L * sizeof *cutoffs, "cutoffs");
	ct_rng_seed(&rng, (uint64_t)f->o->seed + 2, (uint64_t)f->feed.place.load);
	ct_train_transcoder_norms(&f->transcoder, 1, f->step.norm);
	judge(f, rows, n, cutoffs);
	for (int l = 0; l < L; l++)
		revive_layer(f, l, rows, n, cutoffs[l] / n, &rng);
	free(cutoffs);
	return CT_OK;
}

static int
finish_layer(struct fit *f, int layer, struct ct_error *err)
{
	int L = f->transcoder.s.L, code = settle(f, !f->o->topk, err);
	float *scales = code == CT_OK ? calloc(2 * (size_t)L, sizeof *scales) : NULL;

	if (code != CT_OK)
		return code;
	if (!scales)
		return ct_fail_memory(err, 2 * (size_t)L * sizeof *scales, "scales");
	for (int l = 0; l < L; l++) {
		scales[l] = f->feed.scales[l].x;
		scales[L + l] = f->feed.scales[l].y;
	}
	ct_train_transcoder_unscale(&f->transcoder, scales, scales + L);
	free(scales);
	return f->t->done(f->t->ctx, &f->transcoder, layer, err);
}

/*
 * Adapts the price to the number of active features: up if there are too many, down if too few. With too few,
 * all thresholds are lowered as well, since even without a price too few may be active.
 */
static void
steer_price(struct fit *f)
{
	struct ct_train_transcoder *c = &f->transcoder;
	double l0 = f->step.sums.active / f->o->batch / f->transcoder.s.L;
	double push = .03 * (l0 / f->o->l0 - 1), most = log(f->transcoder.s.D);

	f->price += push > .06 ? .06 : push;
	f->price = fmin(fmax(f->price, most - 12), most);
	for (int l = 0; l < c->s.L && push < 0; l++)
		for (int i = 0; i < c->s.F; i++)
			c->params.w[c->layers[l].log_threshold + (size_t)i] += .3f * (float)push;
}

static int
train_step(struct fit *f, struct ct_error *err)
{
	const struct ct_own_transcoder *o = f->o;
	struct ct_transcoder_step *s = &f->step;
	int step = f->state->step % o->steps, code;
	const int *rows;

	if ((code = ct_feed_next(&f->feed, &rows, NULL, err)) != CT_OK)
		return code;
	if (f->feed.place.batch == 1 && step > 0 && step < (1 - o->cooldown) * o->steps &&
	    (code = revive(f, rows, err)) != CT_OK)
		return code;
	s->loss.sparsity = o->topk ? 0 : exp(f->price);
	s->adam.rate = o->rate * ct_train_schedule(step, o->steps, o->warmup, o->cooldown);
	s->adam.step = step;
	ct_transcoder_step_run(s, &f->feed.rows, rows);
	if (!o->topk)
		steer_price(f);
	f->sums.error += s->sums.error;
	f->sums.active += s->sums.active;
	f->sums.loss += s->sums.error + s->loss.sparsity * s->sums.penalty;
	f->sums.rows += o->batch;
	for (int l = 0; l < f->transcoder.s.L; l++)
		f->sums.variance += o->batch * f->feed.scales[l].variance;
	f->state->step++;
	return step == o->steps - 1 ? finish_layer(f, (f->state->step - 1) / o->steps, err) : CT_OK;
}

static bool
report(struct fit *f)
{
	struct ct_train_live *live = &f->t->reporter->live;
	const struct sums *s = &f->sums;

	live->loss = s->loss / s->rows;
	live->explained = 1 - s->error / s->variance;
	live->l0 = s->active / s->rows / f->transcoder.s.L;
	live->dead = ct_transcoder_step_dead(&f->step);
	f->sums = (struct sums){ 0 };
	return ct_reporter_send(f->t->reporter, f->state->step);
}

/* Everything that the next step depends on; the place in the text follows from the number of steps. */
static bool
resume(struct fit *f)
{
	struct ct_checkpoint *c = f->t->checkpoint;
	struct ct_params *p = &f->transcoder.params;
	size_t size = p->count * sizeof *p->w, L = (size_t)f->transcoder.s.L, D = (size_t)f->transcoder.s.D;

	f->state = ct_checkpoint_part(c, f->o->per_layer ? "transcoder-plt" : "transcoder");
	ct_checkpoint_block(c, "weights", false, p->w, size);
	ct_checkpoint_block(c, "first moments", false, f->step.adam.m, size);
	ct_checkpoint_block(c, "second moments", false, f->step.adam.v, size);
	ct_checkpoint_block(c, "idle", false, f->step.idle,
	    L * (size_t)f->o->features * sizeof *f->step.idle);
	ct_checkpoint_block(c, "price", false, &f->price, sizeof f->price);
	ct_checkpoint_block(c, "scales", false, f->feed.scales, L * sizeof *f->feed.scales);
	ct_checkpoint_block(c, "input means", false, f->feed.x_mean, L * D * sizeof(float));
	ct_checkpoint_block(c, "output means", false, f->feed.rows.y_mean, L * D * sizeof(float));
	if (!ct_checkpoint_restore(c))
		return false;
	ct_reporter_resume(f->t->reporter, f->state);
	return true;
}

/*
 * Estimates how long the training takes: fills a load and makes a step, twice. The training then starts again
 * from the beginning.
 */
static int
estimate(struct fit *f, struct ct_error *err)
{
	double begin = ct_seconds(), filled, stepped, loads, seconds;
	struct ct_feed *feed = &f->feed;
	const int *rows;
	int code;

	if ((code = ct_feed_fill(feed, NULL, err)) != CT_OK)
		return code;
	filled = ct_seconds() - begin;
	if ((code = start(f, 0, err)) != CT_OK)
		return code;
	for (int i = 0; i < 2; i++) {
		begin = ct_seconds();
		if ((code = ct_feed_next(feed, &rows, NULL, err)) != CT_OK)
			return code;
		ct_transcoder_step_run(&f->step, &feed->rows, rows);
	}
	stepped = ct_seconds() - begin;
	loads = (double)f->o->steps / ct_feed_batches(feed);
	seconds = f->layers * (f->o->steps * stepped + loads * filled +
	    (f->o->per_layer ? filled / feed->place.rows * (double)feed->positions : 0));
	ct_feed_skip(feed, 0);
	return f->t->estimate(f->t->ctx, seconds) ? CT_OK : ct_fail(err, CT_ECANCELLED,
	    "nothing was trained");
}

/* Trains layer after layer, from the step that the saved state had reached. */
static int
begin_layer(struct fit *f, bool estimated, struct ct_error *err)
{
	int layer = f->state->step / f->o->steps, within = f->state->step % f->o->steps, code;

	if (f->o->per_layer) {
		snprintf(f->phase, sizeof f->phase, "transcoder-plt layer %d", layer);
		f->t->reporter->live.phase = f->phase;
	}
	if ((code = ct_feed_layer(&f->feed, layer, NULL, err)) != CT_OK)
		return code;
	if (within > 0) {
		ct_feed_skip(&f->feed, within);
		return CT_OK;
	}
	for (int l = 0; l < f->transcoder.s.L; l++)
		f->feed.scales[l].weight = 0;
	if (!estimated && f->t->estimate && (code = estimate(f, err)) != CT_OK)
		return code;
	if ((code = ct_feed_fill(&f->feed, NULL, err)) == CT_OK)
		code = start(f, layer, err);
	return code;
}

static int
train(struct fit *f, struct ct_error *err)
{
	int all = f->layers * f->o->steps, code;
	bool resumed = resume(f), begun = false;

	while (f->state->step < all) {
		bool go_on;

		if ((f->state->step % f->o->steps == 0 || !begun) &&
		    (code = begin_layer(f, resumed || begun, err)) != CT_OK)
			return code;
		begun = true;
		if ((code = train_step(f, err)) != CT_OK)
			return code;
		go_on = !ct_reporter_due(f->t->reporter, f->state->step, f->o->batch) || report(f);
		/* The next layer's stream is about to replace the work file. */
		if (f->state->step % f->o->steps == 0 && go_on &&
		    (code = ct_checkpoint_write(f->t->checkpoint, err)) != CT_OK)
			return code;
		if ((code = ct_reporter_save(f->t->reporter, f->state, f->t->checkpoint, go_on,
		    err)) != CT_OK)
			return code;
	}
	return ct_reporter_finish(f->t->reporter, f->state, f->t->checkpoint, err);
}

int
ct_fit_text_run(const struct ct_fit_text *t, struct ct_error *err)
{
	struct fit f = { .t = t, .o = t->o };
	int code = open_fit(&f, err);

	if (code == CT_OK)
		code = train(&f, err);
	close_fit(&f);
	return code;
}
