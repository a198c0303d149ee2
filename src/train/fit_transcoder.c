/* fit_transcoder: see fit_transcoder.h. */
#include "train/fit_transcoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "train/dictionary.h"
#include "train/lookups.h"
#include "train/transcoder_step.h"

/* Draws rows with probabilities proportional to their weights. */
struct urn {
	double *upto;			/* (N) running sums */
	int n;
	struct ct_rng rng;
};

struct fit {
	const struct ct_mlp_rows *a;
	const struct ct_train_transcoder_options *o;
	struct ct_reporter *reporter;
	struct ct_transcoder_step step;
	struct urn urn;
	int *rows;			/* of the batch */
	double variance;		/* mean over layers, as the loss weighs them */
	struct sums {			/* since the last report */
		double error, active, loss, rows;
	} sums;
	struct ct_part_state *state;
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

/* From now on only decoders learn. */
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
 * Raises thresholds above weak activations that the sparsity penalty left, so that a feature keeps one
 * meaning. The encoders stop learning here.
 */
static int
settle(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, double share, int rank,
    struct ct_error *err)
{
	int L = c->s.L, D = c->s.D, F = c->s.F, N = a->N;
	float *w = c->params.w, *h = malloc((size_t)N * sizeof *h);

	if (!h)
		return ct_fail_memory(err, (size_t)N * sizeof *h, "activations of a feature");
	for (int l = 0; l < L; l++) {
		const struct ct_train_transcoder_layer *y = &c->layers[l];

		for (int f = 0; f < F; f++) {
			float *log_threshold = w + y->log_threshold + f, least;

			ct_sgemm(false, true, N, 1, D, 1, a->x + (size_t)l * D, L * D,
			    w + y->enc + (size_t)f * D, D, 0, h, 1);
			qsort(h, (size_t)N, sizeof *h, ascending);
			least = (float)share * (h[N - rank] + w[y->b_enc + f]);
			if (least > 0 && logf(least) > *log_threshold)
				*log_threshold = logf(least);
		}
	}
	free(h);
	freeze_encoders(c);
	return CT_OK;
}

/* How often a row is drawn, relative to others. */
static double
frequency(const struct ct_train_transcoder_options *o, const struct ct_mlp_rows *a, int t)
{
	const double often[] = { [CT_ROW_INSIDE] = 1, [CT_ROW_ANSWER] = o->answers,
		[CT_ROW_PLAN] = o->plans, [CT_ROW_END] = o->ends };

	return pow(a->count[t], o->common) * often[a->place[t]];
}

/* Features that are made from what the layer's MLP reads and writes, where the recipe wants them. */
static int
start_layer(struct fit *f, int l, struct ct_error *err)
{
	const struct ct_train_transcoder_options *o = f->o;
	const struct ct_mlp_rows *a = f->a;
	struct ct_train_transcoder *c = f->step.transcoder;
	float *importance;
	int code;

	if (l < o->lookups)
		return ct_lookups_start(c, a, l, o->alike, err);
	if (l >= o->lookups + o->n_dictionary)
		return CT_OK;
	importance = malloc((size_t)a->N * sizeof *importance);
	if (!importance)
		return ct_fail_memory(err, (size_t)a->N * sizeof *importance, "a dictionary");
	for (int t = 0; t < a->N; t++)
		importance[t] = a->weight[(size_t)t * (size_t)a->L + (size_t)l] * (float)frequency(o, a, t);
	code = ct_dictionary_start(c, a, l, importance, o->dictionary[l - o->lookups], o->dictionary_price,
	    &f->urn.rng, err);
	free(importance);
	return code;
}

/* Weights, means, sampling and rates as they are at the start. */
static int
set_out(struct fit *f, struct ct_error *err)
{
	const struct ct_train_transcoder_options *o = f->o;
	const struct ct_mlp_rows *a = f->a;
	struct ct_train_transcoder *c = f->step.transcoder;
	int code;

	f->step.adam = (struct ct_adam){ .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8 };
	f->step.loss = (struct ct_train_transcoder_loss){ .sharpness = o->sharpness, .bandwidth =
	    o->bandwidth,
	    .revive = o->revive,
		.far = o->far };
	f->step.batch = o->batch;
	f->step.dead_after = o->dead_after;
	f->step.last_layer = (float)o->last_layer;
	ct_rng_seed(&f->urn.rng, (uint64_t)o->seed, 2);
	ct_train_transcoder_init(c, o->threshold, &f->urn.rng);
	for (int l = 0; l < a->L; l++) {
		memcpy(c->params.w + c->layers[l].b_dec, a->y_mean + (size_t)l * a->D,
		    (size_t)a->D * sizeof(float));
		if ((code = start_layer(f, l, err)) != CT_OK)
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
	struct ct_arena *arena = &f->step.transcoder->params.arena;

	f->urn.n = a->N;
	f->urn.upto = ct_arena_need(arena, (size_t)a->N, sizeof(double), "sampling weights", err);
	f->rows = ct_arena_need(arena, (size_t)o->batch, sizeof *f->rows, "a batch", err);
	if (!f->urn.upto || !f->rows)
		return CT_ENOMEM;
	for (int t = 0; t < a->N; t++)
		f->urn.upto[t] = (t ? f->urn.upto[t - 1] : 0) + frequency(o, a, t);
	return ct_transcoder_step_open(&f->step, err);
}

static int
settle_step(const struct ct_train_transcoder_options *o)
{
	return o->settle > 0 ? (int)(o->settle_at * o->steps) : -1;
}

/* Everything that the next step depends on. */
static void
resume(struct fit *f, struct ct_checkpoint *c)
{
	struct ct_transcoder_step *s = &f->step;
	struct ct_params *p = &s->transcoder->params;
	size_t size = p->count * sizeof *p->w, LF = (size_t)s->transcoder->s.L * s->transcoder->s.F;

	f->state = ct_checkpoint_part(c, f->reporter->live.phase);
	ct_checkpoint_block(c, "weights", true, p->w, size);
	ct_checkpoint_block(c, "first moments", false, s->adam.m, size);
	ct_checkpoint_block(c, "second moments", false, s->adam.v, size);
	ct_checkpoint_block(c, "random", false, &f->urn.rng, sizeof f->urn.rng);
	ct_checkpoint_block(c, "idle", false, s->idle, LF * sizeof *s->idle);
	if (ct_checkpoint_restore(c))
		ct_reporter_resume(f->reporter, f->state);
	s->adam.step = f->state->step;
	if (settle_step(f->o) >= 0 && f->state->step > settle_step(f->o))
		freeze_encoders(s->transcoder);
}

static int
train_step(struct fit *f, struct ct_error *err)
{
	const struct ct_train_transcoder_options *o = f->o;
	struct ct_transcoder_step *s = &f->step;
	double up = o->ramp * o->steps;
	int code, step = f->state->step;

	if (step == settle_step(o) &&
	    (code = settle(s->transcoder, f->a, o->settle, o->settle_rank, err)) != CT_OK)
		return code;
	s->loss.sparsity = o->sparsity * (step < up ? step / up : 1);
	for (int t = 0; t < o->batch; t++)
		f->rows[t] = draw(&f->urn);
	s->adam.rate = o->rate * ct_train_schedule(step, o->steps, o->warmup, o->cooldown);
	ct_transcoder_step_run(s, f->a, f->rows);
	f->sums.error += s->sums.error;
	f->sums.active += s->sums.active;
	f->sums.loss += s->sums.error + s->loss.sparsity * s->sums.penalty;
	f->sums.rows += o->batch;
	f->state->step++;
	return CT_OK;
}

static bool
report(struct fit *f)
{
	struct ct_train_live *live = &f->reporter->live;
	const struct sums *s = &f->sums;

	live->loss = s->loss / s->rows;
	live->explained = 1 - s->error / s->rows / f->a->L / f->variance;
	live->l0 = s->active / s->rows / f->a->L;
	live->dead = ct_transcoder_step_dead(&f->step);
	f->sums = (struct sums){ 0 };
	return ct_reporter_send(f->reporter, f->state->step);
}

int
ct_fit_transcoder(struct ct_train_transcoder *transcoder, const struct ct_mlp_rows *a,
    const struct ct_train_transcoder_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint,
    struct ct_error *err)
{
	struct fit f = { .a = a, .o = o, .reporter = reporter, .step = { .transcoder = transcoder, .pool =
	    pool } };
	int code;

	if (o->settle > 0 && o->settle_rank > a->N)
		return ct_fail(err, CT_EINVAL, "\"settle rank\" is %d, but the corpus has only %d positions "
		    "to train on; lower it, or set \"settle: 0\"", o->settle_rank, a->N);
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
	ct_transcoder_step_close(&f.step);
	return code;
}
