/*
 * split: the pre-tokenizer, which cuts text into the pieces that become words or go through BPE.
 *
 * Each step is a regular expression and a rule for what stays: the matches, the gaps between them, or both.
 * Owns the compiled expressions; they come from strangers' files, so matching has limits.
 */
#ifndef CT_MODEL_SPLIT_H
#define CT_MODEL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "io/json.h"

enum { CT_MAX_STEPS = 8 };

struct ct_split_step {
	void *code;		/* pcre2_code; NULL: the text passes whole */
	bool keep_match, keep_gap;
	bool prefix_space;	/* a space is put before text that has none */
};

struct ct_split {
	struct ct_split_step steps[CT_MAX_STEPS];
	int n;
	bool byte_level;	/* a ByteLevel step ends the list */
};

/* From tokenizer.json's "pre_tokenizer" (null: no steps). Names a type that is not supported. */
int ct_split_read(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err);
void ct_split_free(struct ct_split *s);

/*
 * Calls fn for each piece in order. `at` is the piece's place in the text; `spaced` says that its first byte
 * is a prefix space that the text does not have. Stops at the first code that is not CT_OK and returns it.
 */
typedef int (*ct_piece_fn)(void *ctx, const char *piece, size_t n, size_t at, bool spaced,
    struct ct_error *err);
int ct_split_run(const struct ct_split *s, const char *text, size_t n, size_t at, ct_piece_fn fn, void *ctx,
    struct ct_error *err);

/* Whether a code point belongs to a word (\w), and whether it is white space. */
bool ct_is_space(unsigned cp);
int ct_word_class(void **code, struct ct_error *err);		/* a pattern for ct_is_word */
bool ct_is_word(const void *code, const char *s, size_t n);	/* the code point at s */
void ct_word_class_free(void *code);

#endif
