/*
 * param: a set of named tensors in one flat buffer, and the optimiser that changes them.
 *
 * Owns the buffer, its names and shapes (the names are those of the exported files), and Adam's moments. With
 * one buffer, a gradient, a moment or a checkpoint is simply a buffer with the same layout. Knows no model.
 */
#ifndef CT_TRAIN_PARAM_H
#define CT_TRAIN_PARAM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"

struct ct_param {
	char name[64];
	int rank;
	size_t dim[3];
	size_t at, n;		/* floats w[at .. at+n) of the buffer */
	double decay;		/* factor of ct_adam.decay; 0: no decay */
	double rate;		/* factor of ct_adam.rate */
};

struct ct_params {
	struct ct_param *list;
	int n, room;
	size_t count;		/* floats in all: the tensors lie without gaps */
	float *w;		/* NULL until allocated */
	struct ct_arena arena;
};

/*
 * Adds a tensor of up to three dimensions (0: absent) at the end of the layout; returns its offset.
 * ct_params_alloc reports if memory ran out.
 */
size_t ct_params_add(struct ct_params *p, const char *name, size_t d0, size_t d1, size_t d2, double decay);
int ct_params_alloc(struct ct_params *p, struct ct_error *err);
void ct_params_free(struct ct_params *p);

/* A zeroed buffer with p's layout, from p's arena. */
float *ct_params_buffer(struct ct_params *p, const char *what, struct ct_error *err);

struct ct_adam_piece;

struct ct_adam {
	double rate, beta1, beta2, eps, decay;	/* decoupled weight decay (Loshchilov & Hutter 2019) */
	double clip;		/* largest norm of the gradient; 0: no limit */
	long step;
	float *m, *v;		/* moments, of p's layout */
	struct ct_adam_piece *pieces;	/* what one task of the pool moves */
	int n_pieces;
};

/* Moments and pieces come from p's arena. The layout of p must not change any more. */
int ct_adam_init(struct ct_adam *a, struct ct_params *p, struct ct_error *err);

/*
 * One step on the sum of n_grads gradient buffers, which come back zeroed:
 *   m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,  w -= rate (m^/(sqrt(v^) + eps) + decay w)
 * The sum is taken in the buffers' order, so the result does not depend on the pool. Returns the norm of the
 * gradient before clipping.
 */
double ct_adam_step(struct ct_adam *a, struct ct_params *p, float *const *grads, int n_grads,
    struct ct_pool *pool);

/* The share of the full rate at a step: warmup, plateau, linear cooldown. */
double ct_train_schedule(int step, int steps, double warmup, double cooldown);

#endif
