/*
 * tokenizer: text <-> token ids, from tokenizer.json.
 *
 * Owns vocabulary and merges. WordLevel and BPE (over bytes or characters); added tokens are matched first.
 */
#ifndef CT_MODEL_TOKENIZER_H
#define CT_MODEL_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/notes.h"

struct ct_tokenizer;

/* A token of an encoded text: id and its bytes [start, end) in it (start == end for an inserted BOS). */
struct ct_token_span {
	int id;
	size_t start, end;
};

int ct_tokenizer_open(struct ct_tokenizer **out, const char *dir, struct ct_error *err);
void ct_tokenizer_close(struct ct_tokenizer *t);

/*
 * Without a template in tokenizer.json (GPT-2), texts begin with this token from now on: config.json's
 * bos_token_id, -1 for none. With a template it changes nothing. An ordinary token cannot be BOS (some
 * configurations have an id that is only a class's default); then there is no BOS, and a note says so.
 */
void ct_tokenizer_set_bos(struct ct_tokenizer *t, int bos, struct ct_notes *notes);

/*
 * Sets V, the number of rows of the model's embedding. Added tokens with higher ids are noted, and refused if
 * a text has them; an ordinary token with a higher id is an error: model and tokenizer do not belong
 * together.
 */
int ct_tokenizer_limit(struct ct_tokenizer *t, int V, struct ct_error *err);

const struct ct_notes *ct_tokenizer_notes(const struct ct_tokenizer *t);
uint32_t ct_tokenizer_digest(const struct ct_tokenizer *t);	/* a checksum of tokenizer.json */
int ct_tokenizer_size(const struct ct_tokenizer *t);	/* ids are below this */

/*
 * Encodes text[0..n) into at most max spans, with the template's BOS when the text lacks it. Returns the
 * count, or a negative code: CT_ENOTFOUND for a word outside a WordLevel vocabulary (named, with the nearest
 * words; *bad gets its byte range when not NULL), CT_EINVAL when it takes more than max tokens.
 */
int ct_tokenizer_encode(const struct ct_tokenizer *t, const char *text, size_t n, struct ct_token_span *out,
    int max, struct ct_token_span *bad, struct ct_error *err);

/*
 * True for a special token (of added_tokens, or put before every text). At position 0 such a token is BOS.
 */
bool ct_tokenizer_special(const struct ct_tokenizer *t, int id);

/* True if tokens include their blanks, as those of BPE do; otherwise texts have a blank between tokens. */
bool ct_tokenizer_spaced(const struct ct_tokenizer *t);

/* A token's text (byte-level decoded; alone it may be invalid UTF-8). NULL: no such id. */
const char *ct_tokenizer_text(const struct ct_tokenizer *t, int id, size_t *n);

/*
 * Text of a sequence: spaces between WordLevel tokens; bytes joined for BPE. Returns the length, like
 * snprintf.
 */
size_t ct_tokenizer_decode(const struct ct_tokenizer *t, const int *ids, int n, char *dst, size_t size);

/* The id whose text is exactly this, or -1. BPE's leading space may be left out if only one token matches. */
int ct_tokenizer_find(const struct ct_tokenizer *t, const char *text);

/*
 * Ids whose text begins with prefix, in order of ids; returns how many there are, and fills in at most max.
 */
int ct_tokenizer_complete(const struct ct_tokenizer *t, const char *prefix, int *ids, int max);

/*
 * Ids of similar texts: by edit distance, then those that begin with word. Returns how many were filled in.
 */
int ct_tokenizer_nearest(const struct ct_tokenizer *t, const char *word, int *ids, int max);

#endif
