/*
 * build: a corpus under construction.
 *
 * Owns the growing arrays and the interned names. Running out of memory is remembered in `failed` and
 * reported once, by ct_build_finish, so that generators need not check every word.
 */
#ifndef CT_CORPUS_BUILD_H
#define CT_CORPUS_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "corpus/corpus.h"

/* Distinct strings, numbered in order of arrival. A zeroed one is empty; the texts live in the arena. */
struct ct_names {
	struct ct_arena *arena;
	int n, cap;
	const char **text;
	int *slots;		/* hash table of indices, -1: free */
	int n_slots;		/* a power of two */
};

int ct_names_find(const struct ct_names *s, const char *text);		/* -1: not there */
int ct_names_add(struct ct_names *s, const char *text);		/* -1: out of memory */
void ct_names_free(struct ct_names *s);				/* the arena stays */

struct ct_build {
	struct ct_corpus *c;
	struct ct_names words, labels, kinds, relations;
	struct ct_sentence *sentences;
	int n_sentences, cap_sentences;
	int *tokens;
	int n_tokens, cap_tokens;
	uint64_t *marks;	/* token << 32 | label */
	size_t n_marks, cap_marks;
	bool failed;
};

int ct_build_open(struct ct_build *b, struct ct_error *err);

/* Starts a sentence with BOS. The struct's other fields are the caller's to fill in, before the next one. */
struct ct_sentence *ct_build_sentence(struct ct_build *b, int kind);
void ct_build_token(struct ct_build *b, const char *text);

/* Labels a token of the current sentence. Returns the label's number, -1 when out of memory. */
int ct_build_label(struct ct_build *b, int pos, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for any token, by its index in the corpus. */
int ct_build_label_at(struct ct_build *b, int token, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Labels tokens with what can follow ("say Austin", "moon ahead"): see prefixes.c. */
void ct_build_label_prefixes(struct ct_build *b);

/* "a" or "an", by the first letter. */
const char *ct_build_article(const char *noun);

/* Moves everything to *out and closes the build; if this fails, the build is closed as well. */
int ct_build_finish(struct ct_build *b, struct ct_corpus **out, struct ct_error *err);
void ct_build_close(struct ct_build *b);

#endif
