/*
 * transcoder_batch: BatchTopK, whose features at one token depend on all tokens of a batch; see
 * transcoder.h.
 *
 * Of the relu(pre) of n tokens those are kept that are no less than the (k n)-th largest (sparsify:
 * fused_encoder with activation "batchtopk"). A prompt is a batch, its first token included. Once it has run,
 * that number is a threshold like any other, so that clamps, generation and sweeps use the same features as
 * the prompt.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/transcoder.h"

/* The largest numbers above 0 so far. */
struct largest {
	float *list;			/* (2*room) */
	int n, room;
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
	if (l->n < 2 * l->room)
		return;
	qsort(l->list, (size_t)l->n, sizeof *l->list, descending);
	l->n = l->room;
}

/* The least number that is kept, as a threshold that it is above. */
static float
cut_of(struct largest *l)
{
	if (l->n < l->room)
		return 0;
	qsort(l->list, (size_t)l->n, sizeof *l->list, descending);
	return nextafterf(l->list[l->room - 1], 0);
}

static int
settle_layers(struct ct_transcoder *view, const struct ct_transcoder *tc, int T, const float *read,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct largest l = { .room = tc->k * T };
	float *pre = ct_arena_need(&tmp, (size_t)tc->F, sizeof *pre, "pre-activations", err);
	int code = CT_ENOMEM;

	l.list = ct_arena_need(&tmp, 2 * (size_t)l.room, sizeof *l.list, "the largest activations", err);
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
