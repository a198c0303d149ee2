/*
 * pack: puts sentences of a corpus together as batches for the transformer.
 *
 * Owns the buffers of one batch. In training, the last token of a sentence is only a target, so it has no
 * row.
 */
#ifndef CT_TRAIN_PACK_H
#define CT_TRAIN_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "corpus/corpus.h"
#include "train/transformer.h"

enum { CT_PACK_GROUP = 4 };		/* sentences that stay together where groups are asked for */
enum { CT_PACK_ROWS = 256 };		/* a pack is about this long: its activations stay in cache */

struct ct_pack {
	struct ct_batch b;
	struct ct_arena arena;
	int max_rows, max_sentences;
	int *len, *tokens, *targets;
	float *weights;
	bool *graded;
	float *signs;			/* room for ct_pack_draw */
	float *noise;			/* (n_noise, R, noise_width), or NULL */
	int n_noise, noise_width;
	int *sentence;			/* (b.n) index in the corpus */
};

int ct_pack_open(struct ct_pack *p, const struct ct_corpus *c, struct ct_error *err);
void ct_pack_close(struct ct_pack *p);

enum ct_pack_how {
	CT_PACK_PLAIN,
	CT_PACK_GROUPS,			/* four at a time: all are taken, or none */
	CT_PACK_WHOLE			/* the last token has a row too, without a target */
};

/* Fills p with sentences list[0..n) of c until it is full; returns how many it took. At least one fits. */
int ct_pack_fill(struct ct_pack *p, const struct ct_corpus *c, const int *list, int n, double answer_weight,
    enum ct_pack_how how);

/* Room for the noise of n streams of width D. */
int ct_pack_add_noise(struct ct_pack *p, int n, int D, struct ct_error *err);

/*
 * Draws the random parts of a training: each row's sign in the linear pass and, if there is room for it,
 * uniform noise with this root mean square. They depend only on a sentence's seed, so it does not matter how
 * sentences are packed.
 */
void ct_pack_draw(struct ct_pack *p, const uint32_t *seeds, double size);

/* The row that predicts the graded token of the pack's i-th sentence, or -1. */
int ct_pack_answer(const struct ct_pack *p, const struct ct_corpus *c, int i);

/*
 * Indices, in a, of the sentences that are (or are not) held out; with `repeat`, each as often as its
 * `repeat` says. *n: how many. NULL: out of memory.
 */
int *ct_corpus_select(struct ct_arena *a, const struct ct_corpus *c, bool held_out, bool repeats, int *n);

/* The number of tokens of the longest sentence. */
int ct_corpus_longest(const struct ct_corpus *c);

#endif
