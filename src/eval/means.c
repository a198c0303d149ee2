/* means: see means.h. */
#include "eval/means.h"

#include <math.h>
#include <stdlib.h>

#include "math/blas.h"

static void
collect(struct ct_means *s, const struct ct_activity *activity, const int *group, const long *count)
{
	size_t row = s->first[s->L], k;
	int l, f, g;

	for (l = 0; l < s->L; l++) {
		const struct ct_activity_layer *a = &activity->layers[l];

		for (f = 0; f < a->F; f++) {
			for (k = a->start[f]; k < a->start[f + 1]; k++) {
				g = group[a->tokens[k]];
				if (g >= 0)
					s->mean[(size_t)g * row + s->first[l] + (size_t)f] +=
					    a->acts[k] / (float)count[g];
			}
		}
	}
}

static void
measure_decoders(struct ct_means *s, const struct ct_transcoder *tc, float *row)
{
	size_t k = 0;
	int l, f, m;

	for (l = 0; l < tc->L; l++) {
		for (f = 0; f < tc->layers[l].F; f++, k++) {
			double sum = 0;

			for (m = l; m < l + ct_transcoder_reach(tc, l); m++) {
				ct_transcoder_decoder_row(tc, l, f, m, row);
				sum += (double)ct_sdot(tc->D, row, row);
			}
			s->norm[k] = (float)sqrt(sum);
		}
	}
}

int
ct_means_collect(struct ct_means *s, const struct ct_transcoder *tc, const struct ct_corpus *c,
    const struct ct_activity *activity, const int *group, int n_groups, struct ct_error *err)
{
	size_t row = 0, groups = (size_t)n_groups;
	long *count = calloc(groups + 1, sizeof *count);
	float *decoder = malloc(((size_t)tc->D + 1) * sizeof *decoder);
	int l, i, code = CT_OK;

	*s = (struct ct_means){ .L = tc->L, .n_groups = n_groups, .least = .1f };
	s->first = calloc((size_t)tc->L + 1, sizeof *s->first);
	for (l = 0; s->first && l < tc->L; l++)
		s->first[l + 1] = row += (size_t)tc->layers[l].F;
	s->norm = malloc((row + 1) * sizeof *s->norm);
	s->mean = calloc(groups * row + 1, sizeof *s->mean);
	if (!count || !decoder || !s->first || !s->norm || !s->mean) {
		code = ct_fail_memory(err, groups * row * sizeof *s->mean, "mean activations");
	} else {
		for (i = 0; i < c->n_tokens; i++)
			if (group[i] >= 0)
				count[group[i]]++;
		collect(s, activity, group, count);
		measure_decoders(s, tc, decoder);
	}
	free(decoder);
	free(count);
	return code;
}

void
ct_means_free(struct ct_means *s)
{
	free(s->first);
	free(s->norm);
	free(s->mean);
	*s = (struct ct_means){ 0 };
}

int
ct_means_difference(const struct ct_means *s, int from, int to, int n, int pos, const bool *only,
    struct ct_clamp *clamps)
{
	size_t row = s->first[s->L], k;
	float most = 0, d;
	int i, l, found = 0;

	for (i = 0; i < n; i++) {
		const float *a = s->mean + (size_t)(from + i) * row, *b = s->mean + (size_t)(to + i) * row;

		for (k = 0; k < row; k++)
			most = fmaxf(most, fabsf(b[k] - a[k]) * s->norm[k]);
	}
	for (i = 0; i < n; i++) {
		const float *a = s->mean + (size_t)(from + i) * row, *b = s->mean + (size_t)(to + i) * row;

		for (l = 0, k = 0; l < s->L; l++) {
			for (; k < s->first[l + 1]; k++) {
				d = b[k] - a[k];
				if ((!only || only[k]) && most > 0 &&
				    fabsf(d) * s->norm[k] >= s->least * most)
					clamps[found++] = (struct ct_clamp){ .layer = l,
						.feature = (int)(k - s->first[l]),
						.pos = pos - i,
						.unit = CT_DELTA,
						.amount = (double)d };
			}
		}
	}
	return found;
}
