/* transcoder_step: see transcoder_step.h. */
#include "train/transcoder_step.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = CT_STEP_ROWS };

struct ct_step_share {
	struct ct_train_transcoder_pass *pass;
	float *grad;
	float *x, *y;			/* (ROWS,L,D) */
	float *weight;			/* (ROWS,L) */
	uint8_t *fired;			/* (L,F) in this step */
	struct ct_train_transcoder_sums sums;
	const int *rows;
	int n;
};

/* What all shares of a step use. */
struct step {
	struct ct_transcoder_step *s;
	const struct ct_mlp_rows *a;
};

static void
run_share(void *ctx, int task, int worker)
{
	const struct step *step = ctx;
	const struct ct_transcoder_step *f = step->s;
	const struct ct_mlp_rows *a = step->a;
	struct ct_step_share *s = &f->shares[task];
	size_t L = (size_t)a->L, wide = L * a->D;

	(void)worker;
	s->sums = (struct ct_train_transcoder_sums){ 0 };
	for (int at = 0; at < s->n; at += ROWS) {
		int B = s->n - at < ROWS ? s->n - at : ROWS;

		for (int t = 0; t < B; t++) {
			memcpy(s->x + t * wide, a->x + s->rows[at + t] * wide, wide * sizeof(float));
			memcpy(s->y + t * wide, a->y + s->rows[at + t] * wide, wide * sizeof(float));
			memcpy(s->weight + t * L, a->weight + s->rows[at + t] * L, L * sizeof(float));
			s->weight[t * L + L - 1] *= f->last_layer;
		}
		ct_train_transcoder_forward(s->pass, f->transcoder, B, s->x, &s->sums, s->fired);
		ct_train_transcoder_backward(s->pass, f->transcoder, &f->loss,
		    &(struct ct_train_rows){ B, s->x, s->y, s->weight }, f->norm, 1.0 / f->batch, s->grad,
		    &s->sums);
	}
}

unsigned long long
ct_transcoder_step_memory(const struct ct_train_transcoder_shape *s, int threads)
{
	unsigned long long L = (unsigned long long)s->L, F = (unsigned long long)s->F, D =
	    (unsigned long long)s->D;
	unsigned long long count = 0, rows = ROWS, n = (unsigned long long)threads;

	for (int l = 0; l < s->L; l++)
		count += F * D * (1 + (unsigned long long)ct_train_transcoder_reach(s, l)) + 2 * F + D;
	/* Parameters and moments; each thread's gradient, rows, and buffers of a pass. */
	return sizeof(float) * ((3 + n) * count + n * (3 * rows * L * D + (L + 1) * rows * F + 2 * L * F) +
	    2 * L * F);
}

static int
open_share(struct ct_transcoder_step *f, int k, struct ct_error *err)
{
	struct ct_train_transcoder *c = f->transcoder;
	struct ct_arena *arena = &c->params.arena;
	struct ct_step_share *s = &f->shares[k];
	size_t wide = (size_t)ROWS * c->s.L * c->s.D, LF = (size_t)c->s.L * c->s.F;
	int code = ct_train_transcoder_pass_open(&s->pass, &c->s, ROWS, err);

	if (code != CT_OK)
		return code;
	ct_train_transcoder_choose(s->pass, f->k, f->norm);
	s->grad = f->grads[k] = ct_params_buffer(&c->params, "a gradient", err);
	s->x = ct_arena_need(arena, wide, sizeof(float), "a batch", err);
	s->y = ct_arena_need(arena, wide, sizeof(float), "a batch", err);
	s->weight = ct_arena_need(arena, (size_t)ROWS * c->s.L, sizeof(float), "a batch", err);
	s->fired = ct_arena_need(arena, LF, 1, "feature flags", err);
	return s->grad && s->x && s->y && s->weight && s->fired ? CT_OK : CT_ENOMEM;
}

int
ct_transcoder_step_open(struct ct_transcoder_step *f, struct ct_error *err)
{
	struct ct_train_transcoder *c = f->transcoder;
	struct ct_arena *arena = &c->params.arena;
	size_t LF = (size_t)c->s.L * c->s.F;
	int code, n = ct_pool_threads(f->pool);

	f->idle = ct_arena_need(arena, LF, sizeof *f->idle, "feature counts", err);
	f->norm = ct_arena_need(arena, LF, sizeof(float), "decoder norms", err);
	f->grads = ct_arena_need(arena, (size_t)n, sizeof *f->grads, "gradients", err);
	f->shares = calloc((size_t)n, sizeof *f->shares);
	if (!f->idle || !f->norm || !f->grads)
		return CT_ENOMEM;
	if (!f->shares)
		return ct_fail_memory(err, (size_t)n * sizeof *f->shares, "shares of a batch");
	for (f->n_shares = 0; f->n_shares < n;)
		if ((code = open_share(f, f->n_shares++, err)) != CT_OK)
			return code;
	return ct_adam_init(&f->adam, &c->params, err);
}

void
ct_transcoder_step_close(struct ct_transcoder_step *f)
{
	for (int k = 0; f->shares && k < f->n_shares; k++)
		ct_train_transcoder_pass_close(f->shares[k].pass);
	free(f->shares);
	f->shares = NULL;
}

static void
count_idle(struct ct_transcoder_step *f)
{
	size_t n = (size_t)f->transcoder->s.L * f->transcoder->s.F;

	for (size_t i = 0; i < n; i++) {
		bool fired = false;

		for (int k = 0; k < f->n_shares; k++) {
			fired |= f->shares[k].fired[i];
			f->shares[k].fired[i] = 0;
		}
		f->idle[i] = fired ? 0 : f->idle[i] > f->dead_after ? f->idle[i] : f->idle[i] + f->batch;
	}
}

void
ct_transcoder_step_run(struct ct_transcoder_step *f, const struct ct_mlp_rows *a, const int *rows)
{
	struct step step = { f, a };

	for (int k = 0; k < f->n_shares; k++) {
		int first = (int)((long)f->batch * k / f->n_shares);

		f->shares[k].rows = rows + first;
		f->shares[k].n = (int)((long)f->batch * (k + 1) / f->n_shares) - first;
	}
	ct_train_transcoder_norms(f->transcoder, f->loss.far, f->norm);
	ct_pool_run(f->pool, f->n_shares, run_share, &step);
	ct_adam_step(&f->adam, &f->transcoder->params, f->grads, f->n_shares, f->pool);
	count_idle(f);
	f->sums = (struct ct_train_transcoder_sums){ 0 };
	for (int k = 0; k < f->n_shares; k++) {
		const struct ct_train_transcoder_sums *s = &f->shares[k].sums;

		f->sums.error += s->error;
		f->sums.penalty += s->penalty;
		f->sums.active += s->active;
	}
}

double
ct_transcoder_step_dead(const struct ct_transcoder_step *f)
{
	size_t n = (size_t)f->transcoder->s.L * f->transcoder->s.F, dead = 0;

	for (size_t i = 0; i < n; i++)
		dead += f->idle[i] > f->dead_after;
	return (double)dead / (double)n;
}
