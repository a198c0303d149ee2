/* opened: see opened.h. */
#include "trace/opened.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "model/maps.h"
#include "model/neurons.h"
#include "trace/gradient.h"

struct opening {
	const struct ct_local_model *lrm;
	struct ct_opened *out;
	float *G, *own, *row;		/* (D) at the stream, at the MLP's output, and scratch */
	float *tile;			/* (dec_most,D) */
	double sizes;			/* of all parts */
};

/* Keeps the gradient at the position of the error. */
static int
note_gradient(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err)
{
	struct opening *o = ctx;
	size_t D = (size_t)o->lrm->m->cfg.D;

	(void)err;
	if (l == o->out->layer)
		memcpy(o->G, g->G + (size_t)o->out->pos * D, D * sizeof *o->G);
	return CT_OK;
}

static double
part(struct opening *o, double x)
{
	o->sizes += fabs(x);
	return x;
}

static int
by_weight(const void *x, const void *y)
{
	const struct ct_opened_neuron *a = x, *b = y;
	float p = fabsf(a->weight), q = fabsf(b->weight);

	if (p != q)
		return p > q ? -1 : 1;
	return a->neuron < b->neuron ? -1 : a->neuron > b->neuron;
}

/* The neurons' parts and the MLP's bias. act, weight (mlp) are scratch. */
static void
split_mlp(struct opening *o, float *act, float *weight)
{
	const struct ct_local_model *lrm = o->lrm;
	const struct ct_model *m = lrm->m;
	struct ct_opened *out = o->out;
	int D = m->cfg.D, l = out->layer;
	double bias = 0;

	ct_mlp_out_back(lrm->pass, l, out->pos, o->G, o->own, &bias);
	ct_neurons_at(m, l, 1, lrm->pass->mlp_in + ((size_t)l * lrm->T + out->pos) * D,
	    &(struct ct_neuron_rows){ .act = act });
	ct_neurons_write_back(m, l, 1, o->own, weight);
	for (int n = 0; n < out->n; n++) {
		float w = act[n] * weight[n];

		out->neurons[n] = (struct ct_opened_neuron){ n, act[n], w };
		out->neurons_sum += part(o, (double)w);
	}
	out->bias = part(o, bias + ct_neurons_bias_dot(m, l, o->own));
	qsort(out->neurons, (size_t)out->n, sizeof *out->neurons, by_weight);
}

/* What the transcoder writes there, which is subtracted. */
static void
split_transcoder(struct opening *o)
{
	const struct ct_local_model *lrm = o->lrm;
	const struct ct_transcoder *tc = lrm->tc;
	struct ct_opened *out = o->out;
	int D = lrm->m->cfg.D, l = out->layer, t = out->pos, cell = l * lrm->T + t;
	const float *dec = ct_local_model_decoders(lrm, l, t, o->tile);

	for (int i = 0; i < lrm->dec_n[cell]; i++)
		out->features -= part(o, (double)ct_sdot(D, o->G, dec + (size_t)i * D));
	out->bias -= part(o, (double)ct_sdot(D, o->G, ct_local_model_constant(lrm, l, t, o->row)));
	if (!ct_transcoder_has_skip(tc, l))
		return;
	memset(o->row, 0, (size_t)D * sizeof *o->row);
	ct_skip_frozen(tc, l, 1, lrm->read + (size_t)cell * D, o->row);
	ct_write_frozen(lrm->pass, tc, l, t, o->row, o->row);
	out->skip = -part(o, (double)ct_sdot(D, o->G, o->row));
}

static int
check(const struct ct_local_model *lrm, const struct ct_target *target, int layer, int pos,
    struct ct_error *err)
{
	int L = lrm->m->cfg.L, first = lrm->tc->kind == CT_CLT ? 0 : layer;

	if (lrm->tc->neurons)
		return ct_fail(err, CT_EUNSUPPORTED, "neurons leave nothing out, so there are no error nodes "
		    "to open");
	if (layer < 0 || layer >= L || pos < lrm->pass->start || pos >= lrm->T)
		return ct_fail(err, CT_ENOTFOUND, "no error node at layer %d and position %d", layer, pos);
	if (layer >= ct_target_layers(lrm, target) - (target->kind == CT_TARGET_FEATURE) || pos > target->pos)
		return ct_fail(err, CT_EINVAL, "the error at layer %d and position %d does not reach the "
		    "target", layer, pos);
	if (lrm->replaced)
		return ct_fail(err, CT_EUNSUPPORTED, "this run's MLP outputs are frozen or replaced, so its "
		    "errors are not made of neurons: open them without clamps, or in the mode frozen or free "
		    "through the model");
	for (int i = lrm->first[first * lrm->T]; i < lrm->first[(layer + 1) * lrm->T]; i++)
		if (lrm->active[i].set && lrm->active[i].pos == pos)
			return ct_fail(err, CT_EUNSUPPORTED, "clamps write at this layer and position, so "
			    "this error is not made of neurons alone: remove them to open it");
	return CT_OK;
}

int
ct_opened_find(struct ct_opened *out, const struct ct_local_model *lrm, const struct ct_target *target,
    int layer, int pos, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	static const struct ct_gradient_visit visit = { .written = note_gradient };
	size_t D = (size_t)lrm->m->cfg.D, F = (size_t)lrm->m->cfg.mlp;
	struct opening o = { .lrm = lrm, .out = out };
	struct ct_arena tmp = { 0 };
	struct ct_gradient g;
	float *act = ct_arena_need(&tmp, F, sizeof *act, "activations", err);
	float *weight = ct_arena_need(&tmp, F, sizeof *weight, "activations", err);
	int code = check(lrm, target, layer, pos, err);

	*out = (struct ct_opened){ .layer = layer, .pos = pos, .n = (int)F };
	out->neurons = ct_arena_need(a, F, sizeof *out->neurons, "neurons", err);
	o.G = ct_arena_need(&tmp, D, sizeof *o.G, "gradients", err);
	o.own = ct_arena_need(&tmp, D, sizeof *o.own, "gradients", err);
	o.row = ct_arena_need(&tmp, D, sizeof *o.row, "gradients", err);
	o.tile = ct_arena_need(&tmp, lrm->dec_most * D, sizeof *o.tile, "decoder rows", err);
	if (code == CT_OK && (!act || !weight || !out->neurons || !o.G || !o.own || !o.row || !o.tile))
		code = CT_ENOMEM;
	if (code == CT_OK)
		code = ct_gradient_init(&g, lrm->pass, target->pos + 1, &tmp, err);
	if (code == CT_OK)
		code = ct_gradient_walk(&g, lrm, target, &visit, &o, job, err);
	if (code == CT_OK) {
		double sum;

		out->edge = (double)ct_sdot((int)D, o.G, lrm->error + ((size_t)layer * lrm->T + pos) * D);
		split_mlp(&o, act, weight);
		split_transcoder(&o);
		sum = out->neurons_sum + out->features + out->bias + out->skip;
		out->residual = o.sizes > 0 ? fabs(out->edge - sum) / o.sizes : fabs(out->edge - sum);
	}
	ct_arena_free(&tmp);
	return code;
}
