/*
 * operands: features over all pairs of two numbers in which sentences differ, such as "28 + 47 = 75".
 *
 * Owns the choice of these sentences in a corpus, and the form in which a card keeps its pictures. plot.h
 * draws them.
 */
#ifndef CT_CARDS_OPERANDS_H
#define CT_CARDS_OPERANDS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "cards/card.h"
#include "corpus/corpus.h"

/* The whole number that a token is, with or without a blank before it; -1: it is none. */
int ct_operand_value(const char *token);

/* Sentences that differ, up to the answer position, only in two numbers, of which all pairs occur. */
struct ct_operand_form {
	int n, from;			/* numbers from..from+n-1; n 0: the corpus has no such sentences */
	int at[2];
	int length;			/* positions up to the answer position */
	const char **tokens;		/* (length) "" at a number and at BOS */
	int *pair_of;			/* (n_sentences) first * n + second, or -1 */
};

/* Allocated in the arena; the tokens are lent by the corpus. */
int ct_operand_form_find(struct ct_operand_form *out, const struct ct_corpus *c, struct ct_arena *a,
    struct ct_error *err);

/*
 * Adds the pictures to a card. Its feature is active at tokens[0..n) of the corpus, with acts[0..n);
 * sentence_of[token] is the token's sentence. Returns false if memory ran out.
 */
bool ct_operands_fill(struct ct_card *card, const struct ct_operand_form *form, const struct ct_corpus *c,
    const int *sentence_of, const int *tokens, const float *acts, int n);

/* Write and read the card's field "operands"; `where` is for messages. */
json_t *ct_operands_json(const struct ct_card_operands *o);
int ct_operands_read(struct ct_card *card, const json_t *j, const char *where, struct ct_error *err);

#endif
