/*
 * values: the values of the hidden variable in a corpus, their answers, and the mean activations that tell
 * their features apart: everything that a swap needs, in one prompt (swap.h) or over held-out sentences
 * (interchange.h).
 *
 * A value belongs to one kind of sentence. It is described by the mean activations in training sentences
 * about it, separately for each position from the answer's back to the token that determines the value.
 */
#ifndef CT_EVAL_VALUES_H
#define CT_EVAL_VALUES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/random.h"
#include "cards/activity.h"
#include "corpus/corpus.h"
#include "eval/means.h"
#include "trace/prompt.h"

enum { CT_VALUE_SPAN = 8 };	/* positions, up to the answer's, that a swap may touch */
/* MANY: a rhyme, for example, does not determine a word */
enum { CT_NO_ANSWER = -1, CT_MANY_ANSWERS = -2 };

struct ct_value {
	int kind, about;	/* of its sentences; label "about Texas" */
	long n;			/* training sentences */
	int *answer;		/* (relations + 1) token, or one of these; the last is "no relation" */
};

struct ct_values {
	const struct ct_corpus *c;
	int n;
	struct ct_value *value;
	int *of;		/* (n_sentences) the value of each; -1: none */
	struct ct_means means;	/* of CT_VALUE_SPAN groups for each value, by distance before the answer */
};

/* Of all graded sentences that are about something. To be freed, after a failure too. */
int ct_values_init(struct ct_values *v, const struct ct_transcoder *tc, const struct ct_corpus *c,
    const struct ct_activity *activity, struct ct_error *err);
void ct_values_free(struct ct_values *v);

/* "Texas" */
const char *ct_value_name(const struct ct_values *v, int value);

/* How many positions, up to the answer's, know the value: from the token that determines it on. */
int ct_values_span(const struct ct_corpus *c, const struct ct_sentence *s);

/* The answer of a value to the question of a sentence: a token, CT_NO_ANSWER or CT_MANY_ANSWERS. */
int ct_values_answer(const struct ct_values *v, int value, const struct ct_sentence *s);

/*
 * Marks in is[V] the answers of a value to the question of a sentence: one, or all words of a rhyme. Returns
 * how many there are.
 */
int ct_values_answers(const struct ct_values *v, int value, const struct ct_sentence *s, bool *is, int V);

/* Another sentence with the same value and question, as long as this one, or NULL. */
const struct ct_sentence *ct_values_same(const struct ct_values *v, int sentence);

/*
 * Clamps that move the features of one value to those of another, at n positions from `first` before the
 * answer's on: deltas, as ct_means_difference has them, with room for n rows. Returns how many.
 */
int ct_values_swap(const struct ct_values *v, int from, int to, int first, int n, int answer,
    struct ct_clamp *clamps);

/*
 * Replaces the features that the clamps move by others of the same layers, which move the stream as far: the
 * control for a swap.
 */
void ct_values_scatter(const struct ct_values *v, struct ct_clamp *clamps, int n, struct ct_rng *rng);

/* Clamps that give p's features at a position the activations they have in q. Returns how many. */
int ct_values_set_as_in(const struct ct_prompt *p, const struct ct_prompt *q, int pos,
    struct ct_clamp *clamps);

#endif
