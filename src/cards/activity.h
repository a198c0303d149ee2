/*
 * activity: where in a corpus each feature of a transcoder is active, and how strongly.
 *
 * Runs the model over the corpus and keeps only activations that are not 0. Position 0 of a sentence (BOS)
 * has no features. What the activity means (labels, examples) belongs to match.h and build.h.
 */
#ifndef CT_CARDS_ACTIVITY_H
#define CT_CARDS_ACTIVITY_H

#include <stddef.h>

#include "base/error.h"
#include "base/job.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

struct ct_activity_layer {
	int F;
	size_t *start;		/* (F+1) feature f is active on tokens[start[f] .. start[f+1]), ascending */
	int *tokens;		/* index into the corpus' tokens */
	float *acts;
};

struct ct_activity {
	int L;
	struct ct_activity_layer *layers;	/* (L) */
	int n_positions;			/* of the corpus: tokens are below it */
	/* tokens of the corpus without BOS: frequencies are relative to these */
	long n_tokens;
};

/*
 * CT_EINVAL if the words of the corpus are not the model's, or a sentence is longer than the model's context.
 */
int ct_activity_collect(struct ct_activity **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_job *job, struct ct_error *err);
void ct_activity_free(struct ct_activity *a);

/*
 * The tokens on which both features are active: how many there are, and the sum of b's activations on them.
 * Takes time linear in the number of tokens on which one of them is active.
 */
struct ct_together {
	long n;
	double sum;
};
struct ct_together ct_activity_together(const struct ct_activity *x, int layer_a, int a, int layer_b, int b);

/* Only the checks of ct_activity_collect, for other code that runs a model over a corpus. */
int ct_activity_check(const struct ct_model *m, const struct ct_corpus *c, struct ct_error *err);

#endif
