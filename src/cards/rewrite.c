/* rewrite: see rewrite.h. */
#include "cards/rewrite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "math/blas.h"

static const float least_share = 0.25f, least_cosine = 0.5f, least_f1 = 0.5f;

struct job {
	const struct ct_transcoder *clt, *plt;
	const struct ct_activity *ours, *theirs;
	/* (F,D) what the per-layer transcoder's features of layer m write, of length 1 */
	float *write;
	float *cosine;			/* (F) of feature f with each of them */
	float *length;			/* (F) squared, of all that each feature of the layer writes */
	float *row, *read;		/* (D) */
	bool *here;			/* (n_tokens) feature f is active */
};

static int
count(const struct ct_activity *a, int l, int f)
{
	return (int)(a->layers[l].start[f + 1] - a->layers[l].start[f]);
}

/* F1 of "active", between the n tokens marked in `here` and a feature of the per-layer transcoder. */
static float
overlap(const struct job *j, int n, int l, int f)
{
	const struct ct_activity_layer *a = &j->theirs->layers[l];
	int both = 0, k = count(j->theirs, l, f);

	for (size_t i = a->start[f]; i < a->start[f + 1]; i++)
		both += j->here[a->tokens[i]];
	return k > 0 ? 2.0f * (float)both / (float)(n + k) : 0;
}

static void
mark(const struct job *j, int l, int f, bool active)
{
	const struct ct_activity_layer *a = &j->ours->layers[l];

	for (size_t i = a->start[f]; i < a->start[f + 1]; i++)
		j->here[a->tokens[i]] = active;
}

/*
 * The feature of the per-layer transcoder in layer l that is most like f there, among those that feed its
 * feature g of layer m.
 */
static int
first_step(const struct job *j, int n, int l, int m, int g)
{
	float most = 0, f1;
	int best = -1;

	ct_transcoder_encoder_row(j->plt, m, g, j->read);
	for (int e = 0; e < j->plt->layers[l].F; e++) {
		f1 = overlap(j, n, l, e);
		if (f1 < least_f1 || f1 <= most)
			continue;
		ct_transcoder_decoder_row(j->plt, l, e, l, j->row);
		if (ct_sdot(j->plt->D, j->row, j->read) > 0) {
			best = e;
			most = f1;
		}
	}
	return best;
}

/*
 * The feature of the per-layer transcoder in layer m that writes what f writes there (by j->cosine), on the
 * same n tokens; or -1.
 */
static int
second_step(const struct job *j, int n, int m)
{
	float most = 0, f1;
	int best = -1;

	for (int g = 0; g < j->plt->layers[m].F; g++) {
		if (j->cosine[g] < least_cosine || j->cosine[g] <= most)
			continue;	/* F1 is at most 1 */
		f1 = overlap(j, n, m, g);
		if (f1 >= least_f1 && j->cosine[g] * f1 > most) {
			best = g;
			most = j->cosine[g] * f1;
		}
	}
	return best;
}

static void
compare(const struct job *j, int l, int m, int f, struct ct_card_rewrite *out)
{
	int n = count(j->ours, l, f), D = j->clt->D, first, second;
	float length, share;

	if (n == 0)
		return;
	ct_transcoder_decoder_row(j->clt, l, f, m, j->row);
	length = ct_sdot(D, j->row, j->row);
	share = length / j->length[f];
	if (!(share >= least_share) || (out->layer > 0 && share <= out->share))
		return;
	ct_sgemm(false, true, 1, j->plt->layers[m].F, D, 1 / sqrtf(length), j->row, D, j->write, D, 0,
	    j->cosine, j->plt->layers[m].F);
	mark(j, l, f, true);
	second = second_step(j, n, m);
	first = second >= 0 ? first_step(j, n, l, m, second) : -1;
	if (first >= 0)
		*out = (struct ct_card_rewrite){ .layer = m, .first = first, .second = second, .share = share,
			.cosine = j->cosine[second] };
	mark(j, l, f, false);
}

static void
measure_lengths(const struct job *j, int l)
{
	for (int f = 0; f < j->clt->layers[l].F; f++) {
		j->length[f] = 0;
		for (int m = l; m < l + ct_transcoder_reach(j->clt, l); m++) {
			ct_transcoder_decoder_row(j->clt, l, f, m, j->row);
			j->length[f] += ct_sdot(j->clt->D, j->row, j->row);
		}
	}
}

static void
take_writes(const struct job *j, int m)
{
	int D = j->plt->D;

	for (int g = 0; g < j->plt->layers[m].F; g++) {
		float *w = j->write + (size_t)g * (size_t)D, length;

		ct_transcoder_decoder_row(j->plt, m, g, m, w);
		length = sqrtf(ct_sdot(D, w, w));
		for (int d = 0; d < D && length > 0; d++)
			w[d] /= length;
	}
}

int
ct_rewrites_find(struct ct_card_rewrite **out, const struct ct_transcoder *clt,
    const struct ct_activity *clt_activity, const struct ct_transcoder *plt,
    const struct ct_activity *plt_activity, struct ct_error *err)
{
	size_t F = (size_t)clt->F, G = (size_t)plt->F, D = (size_t)clt->D;
	struct job j = { .clt = clt, .plt = plt, .ours = clt_activity, .theirs = plt_activity };
	struct ct_arena a = { 0 };

	*out = calloc((size_t)clt->L * F + 1, sizeof **out);
	j.write = ct_arena_alloc(&a, G * D, sizeof *j.write);
	j.cosine = ct_arena_alloc(&a, G, sizeof *j.cosine);
	j.length = ct_arena_alloc(&a, F, sizeof *j.length);
	j.row = ct_arena_alloc(&a, D, sizeof *j.row);
	j.read = ct_arena_alloc(&a, D, sizeof *j.read);
	j.here = ct_arena_alloc(&a, (size_t)clt_activity->n_positions, sizeof *j.here);
	if (!*out || !j.write || !j.cosine || !j.length || !j.row || !j.read || !j.here) {
		free(*out);
		*out = NULL;
		ct_arena_free(&a);
		return ct_fail_memory(err, G * D * sizeof *j.write, "a comparison of two transcoders");
	}
	for (int l = 0; l < clt->L; l++) {
		measure_lengths(&j, l);
		for (int m = l + 1; m < clt->L; m++) {
			take_writes(&j, m);
			for (int f = 0; f < clt->layers[l].F; f++)
				compare(&j, l, m, f, *out + (size_t)l * F + (size_t)f);
		}
	}
	ct_arena_free(&a);
	return CT_OK;
}
