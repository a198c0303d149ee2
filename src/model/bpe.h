/*
 * bpe: byte-pair encoding of one piece of text, beginning with its bytes (GPT-2) or its characters
 * (SentencePiece).
 *
 * Owns the merge table. Pieces come from the pre-tokenizer; ids and keys belong to the vocabulary.
 */
#ifndef CT_MODEL_BPE_H
#define CT_MODEL_BPE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/json.h"
#include "model/vocab.h"

struct ct_merge {
	int a, b;		/* neighbours */
	int rank;		/* the lowest goes first */
	int id;			/* what they become */
};

struct ct_bpe {
	struct ct_merge *merges;	/* sorted by (a, b) */
	int n_merges;
	bool byte_level;		/* begins with bytes, written as GPT-2 does; else with characters */
	int byte_id[256];		/* token of a single byte, or -1 */
	int fallback_id[256];		/* <0xNN>, or -1; used with byte_fallback */
	int unk;			/* -1: a byte without a token is an error */
	bool fuse_unk, ignore_merges;
};

/* A token of an encoded piece: `len` of its bytes. next is its index in the same array, -1 at the end. */
struct ct_symbol {
	int id, len;
	int prev, next;
};

/* From tokenizer.json's "model". */
int ct_bpe_read(struct ct_bpe *b, const json_t *model, const struct ct_vocab *v, bool byte_level,
    const char *path, struct ct_error *err);
void ct_bpe_free(struct ct_bpe *b);

/*
 * Encodes piece[0..n), n > 0. *out is a linked list that begins at out[0], to be freed by the caller. O(n log
 * n).
 */
int ct_bpe_encode(const struct ct_bpe *b, const struct ct_vocab *v, const char *piece, size_t n,
    struct ct_symbol **out, struct ct_error *err);

#endif
