/*
 * held_out: the held-out prompts of a corpus, and room for what is measured of each.
 *
 * A prompt is a graded sentence that training has not seen, up to its answer position. Each measurement
 * decides what it measures of one, and how it sums up all.
 */
#ifndef CT_EVAL_HELD_OUT_H
#define CT_EVAL_HELD_OUT_H

#include <stddef.h>

#include "base/error.h"
#include "corpus/corpus.h"

struct ct_held_out {
	int n;
	int *sentences;		/* (n) of the corpus */
	void *results;		/* (n) of the size that was asked for, all 0 at first */
};

/*
 * At most max of them, evenly spread; 0: all. size: bytes of what is measured of one. Release with
 * ct_held_out_free, also after an error.
 */
int ct_held_out_open(struct ct_held_out *h, const struct ct_corpus *c, int max, size_t size,
    struct ct_error *err);
void ct_held_out_free(struct ct_held_out *h);

#endif
