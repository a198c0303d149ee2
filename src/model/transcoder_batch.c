/*
 * transcoder_batch: BatchTopK, whose features at one token depend on all tokens of a batch; see
 * transcoder.h.
 *
 * Of the relu(pre) of n tokens, those are kept that are not below the (k n)-th largest (sparsify:
 * fused_encoder with activation "batchtopk"). A prompt is a batch, including its first token. After its run
 * there is a threshold, as in any JumpReLU, so that clamps, generation and sweeps use the features of the
 * prompt. The threshold is halfway between the smallest number that is kept and the largest that is not:
 * products for one token and for many differ by rounding, which must not remove the feature that sets the
 * threshold.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/transcoder.h"

/* The largest numbers above 0 so far: one more than will be kept. */
struct largest {
	float *list;			/* (2 * (keep + 1)) */
	int n, keep;
};

static int
descending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x < y) - (x > y);
}

static void
add(struct largest *l, float x)
{
	if (!(x > 0))
		return;
	l->list[l->n++] = x;
	if (l->n < 2 * (l->keep + 1))
		return;
	qsort(l->list, (size_t)l->n, sizeof *l->list, descending);
	l->n = l->keep + 1;
}

/* A threshold between the numbers that are kept and the others; equal ones are all kept. */
static float
cut_of(struct largest *l)
{
	float kept, next;

	if (l->n < l->keep)
		return 0;
	qsort(l->list, (size_t)l->n, sizeof *l->list, descending);
	kept = l->list[l->keep - 1];
	next = l->n > l->keep ? l->list[l->keep] : 0;
	return fminf(next + (kept - next) / 2, nextafterf(kept, 0));
}

static int
settle_layers(struct ct_transcoder *view, const struct ct_transcoder *tc, int T, const float *read,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct largest l = { .keep = tc->k * T };
	float *pre = ct_arena_need(&tmp, (size_t)tc->F, sizeof *pre, "pre-activations", err);
	int code = CT_ENOMEM;

	l.list = ct_arena_need(&tmp, 2 * ((size_t)l.keep + 1), sizeof *l.list, "the largest activations",
	    err);
	for (int i = 0; i < tc->L; i++) {
		float *threshold = ct_arena_need(a, (size_t)tc->layers[i].F, sizeof *threshold, "thresholds",
		    err);

		if (!pre || !l.list || !threshold)
			goto done;
		l.n = 0;
		for (int t = 0; t < T; t++) {
			ct_transcoder_encode(tc, i, 1, read + ((size_t)i * T + t) * tc->D, pre);
			for (int f = 0; f < tc->layers[i].F; f++)
				add(&l, pre[f]);
		}
		threshold[0] = cut_of(&l);
		for (int f = 1; f < tc->layers[i].F; f++)
			threshold[f] = threshold[0];
		view->layers[i].threshold = threshold;
	}
	code = CT_OK;
done:
	ct_arena_free(&tmp);
	return code;
}

int
ct_transcoder_settle(const struct ct_transcoder **out, const struct ct_transcoder *tc, int T,
    const float *read, struct ct_arena *a, struct ct_error *err)
{
	struct ct_transcoder *view;

	*out = tc;
	if (tc->act != CT_TC_BATCHTOPK)
		return CT_OK;
	if (tc->k > INT_MAX / 4 / T)
		return ct_fail(err, CT_EUNSUPPORTED, "a BatchTopK of %d features on %d tokens is too large",
		    tc->k, T);
	view = ct_arena_need(a, 1, sizeof *view, "a transcoder", err);
	if (!view)
		return CT_ENOMEM;
	*view = *tc;
	view->act = CT_TC_JUMPRELU;
	view->layers = ct_arena_need(a, (size_t)tc->L, sizeof *view->layers, "a transcoder", err);
	if (!view->layers)
		return CT_ENOMEM;
	memcpy(view->layers, tc->layers, (size_t)tc->L * sizeof *view->layers);
	*out = view;
	return settle_layers(view, tc, T, read, a, err);
}
