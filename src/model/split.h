/*
 * split: the pre-tokenizer, which cuts text into the pieces that become words or go through BPE.
 *
 * A list of steps; each cuts the pieces that the one before it made, by a pattern and a rule for what becomes
 * of the matches. Owns the patterns.
 */
#ifndef CT_MODEL_SPLIT_H
#define CT_MODEL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "io/json.h"
#include "model/piece.h"
#include "model/regex.h"

enum { CT_MAX_STEPS = 8 };

/*
 * What happens to a match: it is dropped; becomes a piece of its own; or is joined to neighbouring matches,
 * to the text before it, or to the text after it.
 */
enum ct_split_behavior { CT_SPLIT_REMOVED, CT_SPLIT_ISOLATED, CT_SPLIT_CONTIGUOUS, CT_SPLIT_WITH_PREVIOUS,
	CT_SPLIT_WITH_NEXT };

enum ct_split_prepend { CT_PREPEND_NEVER, CT_PREPEND_FIRST, CT_PREPEND_ALWAYS };

struct ct_split_step {
	struct ct_regex *find;		/* NULL: the text is not split */
	enum ct_split_behavior behavior;
	bool invert;			/* what does not match counts as the match */
	char *blank;			/* Metaspace: blanks become this */
	/* whether to put `blank` (NULL: a blank) before text that begins with none */
	enum ct_split_prepend prepend;
};

struct ct_split {
	struct ct_split_step steps[CT_MAX_STEPS];
	int n;
	bool byte_level;		/* a ByteLevel step ends the list */
};

/* From tokenizer.json's "pre_tokenizer" (null: no steps). Names a type that is not supported. */
int ct_split_read(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err);
void ct_split_free(struct ct_split *s);

bool ct_split_needs_tables(const struct ct_split *s);		/* see regex.h */
const char *ct_split_blank(const struct ct_split *s);		/* what stands for a blank, or NULL */

/*
 * Calls fn for each piece in order, none of them empty. Stops at the first code that is not CT_OK and returns
 * it.
 */
typedef int (*ct_piece_fn)(void *ctx, const struct ct_piece *piece, struct ct_error *err);
int ct_split_run(const struct ct_split *s, const struct ct_piece *text, ct_piece_fn fn, void *ctx,
    struct ct_error *err);

/* Whether a character is white space, and a pattern for characters of words: Rust's \s and \w. */
bool ct_is_space(unsigned cp);
int ct_word_class(struct ct_regex **out, struct ct_error *err);

#endif
