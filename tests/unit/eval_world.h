/*
 * eval_world: a small two-hop world on which the figures of eval/ are computed again, plainly.
 */
#ifndef EVAL_WORLD_H
#define EVAL_WORLD_H

#include "corpus/corpus.h"
#include "fixture.h"

enum {
	VALUES = 4, CITIES = 3, RELATIONS = 2, LENGTH = 5, VOCAB = 40,
	SENTENCES = VALUES * CITIES * RELATIONS, TOKENS = SENTENCES * LENGTH, ANSWER = 3
};

/* "<bos> relation city is answer": each city belongs to a value, each value has an answer per relation. */
struct world {
	struct ct_corpus c;
	struct ct_sentence sentences[SENTENCES];
	int tokens[TOKENS], start[TOKENS + 1], of[2 * TOKENS];
	char text[VALUES][24];
	const char *words[VOCAB], *labels[VALUES + RELATIONS];
	struct ct_corpus_part parts[2];
};

int answer_of(int value, int relation);
void make_world(struct world *w);
void run_clamped(struct fixture *f, const struct ct_clamp *clamps, int n, enum ct_mode mode, float *logits);
/* Of the prompt that f has run; 0: not active. */
float activation(const struct fixture *f, int layer, int feature, int pos);
/* Of all decoder rows of a feature together. */
float decoder_length(const struct fixture *f, int l, int x);
/* Answers become what the model says to one city of each value, so that swaps have something to hit. */
void answer_as_the_model(struct fixture *f, struct world *w, int answers[VALUES][RELATIONS]);
/* Mean activations by value and position, over training sentences. mean: zeroed. */
void naive_means(struct fixture *f, const struct world *w, float mean[VALUES][LENGTH][3][64]);
/*
 * Clamps that move positions first..last of the current prompt from one value to another; how many. What
 * moves less than `least` times the strongest is left out.
 */
int naive_clamps(const struct fixture *f, float from[LENGTH][3][64], float to[LENGTH][3][64], int first,
    int last, double strength, float least, struct ct_clamp *out);

#endif
