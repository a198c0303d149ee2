/*
 * added: the tokens of tokenizer.json's "added_tokens", which are cut out of a text before anything else
 * happens to it.
 *
 * This happens in two passes: first the tokens that are not "normalized" are cut out of the original text,
 * then the others out of the normalized rest. Owns the tables of tokens; texts belong to the caller's arena.
 */
#ifndef CT_MODEL_ADDED_H
#define CT_MODEL_ADDED_H

#include <stdbool.h>

#include "io/json.h"
#include "model/normalize.h"
#include "model/piece.h"
#include "model/vocab.h"

struct ct_added_token {
	const char *text;
	size_t n;
	int id;
	bool single_word, lstrip, rstrip;
};

struct ct_added_round {
	struct ct_added_token *list;	/* grouped by first byte, longest first */
	int n;
	int first[257];			/* list[first[b] .. first[b+1]) begin with byte b */
};

struct ct_added {
	struct ct_added_round round[2];
	/* matches characters of words, for single_word; NULL if no token has it */
	struct ct_regex *word;
};

/* Ids are already in the vocabulary. The texts of tokens of the second pass are normalized like the text. */
int ct_added_read(struct ct_added *a, const json_t *list, struct ct_vocab *v, const struct ct_normalizer *z,
    const char *path, struct ct_error *err);
void ct_added_free(struct ct_added *a);

/*
 * Calls fn for each added token and each part between two of them (id -1), in order; none of them is empty.
 */
typedef int (*ct_added_fn)(void *ctx, const struct ct_piece *part, int id, struct ct_error *err);
int ct_added_cut(const struct ct_added *a, int round, const struct ct_piece *p, ct_added_fn fn, void *ctx,
    struct ct_error *err);

#endif
