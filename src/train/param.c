/* param: see param.h. */
#include "train/param.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 14 };		/* floats of a piece of the optimiser's work */

size_t
ct_params_add(struct ct_params *p, const char *name, size_t d0, size_t d1, size_t d2, double decay)
{
	struct ct_param q = { .rank = d2 ? 3 : d1 ? 2 : 1, .dim = { d0, d1, d2 }, .at = p->count,
	    .decay = decay,
		.rate = 1 };

	snprintf(q.name, sizeof q.name, "%s", name);
	q.n = d0 * (d1 ? d1 : 1) * (d2 ? d2 : 1);
	p->count += q.n;
	if (p->n == p->room) {
		int room = p->room ? 2 * p->room : 64;
		struct ct_param *list = realloc(p->list, (size_t)room * sizeof *list);

		if (!list) {
			p->room = -1;
			return q.at;
		}
		p->list = list;
		p->room = room;
	}
	if (p->room > 0)
		p->list[p->n++] = q;
	return q.at;
}

int
ct_params_alloc(struct ct_params *p, struct ct_error *err)
{
	if (p->room < 0)
		return ct_fail_memory(err, 64 * sizeof *p->list, "the list of parameters");
	p->w = ct_params_buffer(p, "parameters", err);
	return p->w ? CT_OK : CT_ENOMEM;
}

float *
ct_params_buffer(struct ct_params *p, const char *what, struct ct_error *err)
{
	return ct_arena_need(&p->arena, p->count, sizeof(float), what, err);
}

void
ct_params_free(struct ct_params *p)
{
	free(p->list);
	ct_arena_free(&p->arena);
	memset(p, 0, sizeof *p);
}

/* A piece of one tensor, small enough that the five arrays of a step stay in the nearest cache. */
struct ct_adam_piece {
	const struct ct_param *of;
	size_t at, n;
	double norm;			/* of its gradient, squared */
};

int
ct_adam_init(struct ct_adam *a, struct ct_params *p, struct ct_error *err)
{
	a->step = 0;
	a->n_pieces = 0;
	a->m = ct_params_buffer(p, "Adam's first moments", err);
	a->v = a->m ? ct_params_buffer(p, "Adam's second moments", err) : NULL;
	a->pieces = a->v ? ct_arena_need(&p->arena, p->count / CHUNK + (size_t)p->n, sizeof *a->pieces,
	    "Adam's pieces", err) : NULL;
	if (!a->pieces)
		return CT_ENOMEM;
	for (int k = 0; k < p->n; k++) {
		const struct ct_param *q = &p->list[k];

		for (size_t at = 0; at < q->n; at += CHUNK)
			a->pieces[a->n_pieces++] = (struct ct_adam_piece){ .of = q, .at = q->at + at,
				.n = q->n - at < CHUNK ? q->n - at : CHUNK };
	}
	return CT_OK;
}

struct update {
	const struct ct_adam *a;
	float *w;
	float *const *grads;
	int n_grads;
	float scale;			/* that clips the gradient */
	double bias1, bias2;		/* 1/(1 - beta^step) */
};

/* Sums all gradients into grads[0]; the others become zero. */
static void
sum_piece(void *ctx, int task, int worker)
{
	const struct update *u = ctx;
	struct ct_adam_piece *q = &u->a->pieces[task];
	float *restrict g = u->grads[0] + q->at;
	double norm = 0;

	(void)worker;
	for (int k = 1; k < u->n_grads; k++) {
		float *restrict h = u->grads[k] + q->at;

		for (size_t i = 0; i < q->n; i++)
			g[i] += h[i];
		memset(h, 0, q->n * sizeof *h);
	}
	for (size_t i = 0; i < q->n; i++)
		norm += (double)g[i] * g[i];
	q->norm = norm;
}

static void
move_piece(void *ctx, int task, int worker)
{
	const struct update *u = ctx;
	const struct ct_adam *a = u->a;
	const struct ct_adam_piece *q = &a->pieces[task];
	float *restrict w = u->w + q->at, *restrict m = a->m + q->at, *restrict v = a->v + q->at;
	float *restrict grad = u->grads[0] + q->at;
	float b1 = (float)a->beta1, b2 = (float)a->beta2, eps = (float)a->eps, scale = u->scale;
	double rate = a->rate * q->of->rate;
	float step = (float)(rate * u->bias1), bias2 = (float)u->bias2;
	float shrink = (float)(1 - rate * a->decay * q->of->decay);

	(void)worker;
	for (size_t i = 0; i < q->n; i++) {
		float g = grad[i] * scale;

		m[i] = b1 * m[i] + (1 - b1) * g;
		v[i] = b2 * v[i] + (1 - b2) * g * g;
		w[i] = shrink * w[i] - step * m[i] / (sqrtf(v[i] * bias2) + eps);
		grad[i] = 0;
	}
}

double
ct_adam_step(struct ct_adam *a, struct ct_params *p, float *const *grads, int n_grads, struct ct_pool *pool)
{
	struct update u = { .a = a, .w = p->w, .grads = grads, .n_grads = n_grads, .scale = 1 };
	double norm = 0;

	a->step++;
	u.bias1 = 1 / (1 - pow(a->beta1, (double)a->step));
	u.bias2 = 1 / (1 - pow(a->beta2, (double)a->step));
	ct_pool_run(pool, a->n_pieces, sum_piece, &u);
	for (int k = 0; k < a->n_pieces; k++)
		norm += a->pieces[k].norm;
	norm = sqrt(norm);
	if (a->clip > 0 && norm > a->clip)
		u.scale = (float)(a->clip / norm);
	ct_pool_run(pool, a->n_pieces, move_piece, &u);
	return norm;
}

double
ct_train_schedule(int step, int steps, double warmup, double cooldown)
{
	double up = warmup * steps, down = cooldown * steps, at = step + 1;

	if (at < up)
		return at / up;
	if (steps - step < down)
		return (steps - step) / down;
	return 1;
}
