/*
 * vocab: the tokens of a tokenizer, by id, by key and by likeness.
 *
 * A token's key is how tokenizer.json writes it, its text is what it stands for (such as "Ġthe" and " the").
 * Filled in by the tokenizer, then constant. Owns all strings.
 */
#ifndef CT_MODEL_VOCAB_H
#define CT_MODEL_VOCAB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "io/json.h"

struct ct_word {
	const char *key;	/* NULL: no token has this id */
	const char *text;	/* NUL-terminated; n bytes without the NUL */
	size_t n;
	bool added;		/* in added_tokens */
	bool special;		/* such as <bos>: never suggested */
};

struct ct_vocab {
	struct ct_arena arena;
	struct ct_word *words;	/* by id */
	int size;
	int *by_key;		/* ids of the model's own tokens, sorted by key */
	int n_keys;
};

/* How a key becomes the text that it stands for. */
struct ct_vocab_style {
	bool byte_level;	/* decoded from GPT-2's printable bytes */
	const char *blank;	/* what stands for a blank (U+2581), or NULL */
	bool byte_fallback;	/* <0x0A> stands for a byte */
};

/*
 * Built from {"key": id, ...} and tokenizer.json's list of added tokens (NULL: none). Ids must be unique and
 * dense enough to be indexes, and those of added tokens must be the ones that Hugging Face would give them.
 */
int ct_vocab_read(struct ct_vocab *v, const json_t *map, const json_t *added,
    const struct ct_vocab_style *style, const char *path, struct ct_error *err);
void ct_vocab_free(struct ct_vocab *v);

/* The id of a key of the model's own vocabulary, or -1. The key need not end in a NUL. */
int ct_vocab_get(const struct ct_vocab *v, const char *key, size_t n);

/* The first id whose text is before + text, or -1. */
int ct_vocab_find(const struct ct_vocab *v, const char *before, const char *text);

/* See ct_tokenizer_complete and ct_tokenizer_nearest. */
int ct_vocab_complete(const struct ct_vocab *v, const char *prefix, int *ids, int max);
int ct_vocab_nearest(const struct ct_vocab *v, const char *word, int *ids, int max);

/* GPT-2's printable stand-in for a byte. */
unsigned ct_byte_symbol(unsigned char byte);

#endif
