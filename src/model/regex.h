/*
 * regex: the patterns of tokenizer.json, compiled, and what they find in a text.
 *
 * Owns compiled expressions (PCRE2). Patterns come from strangers' files, so matching has limits.
 */
#ifndef CT_MODEL_REGEX_H
#define CT_MODEL_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ct_regex;

enum ct_regex_syntax {
	CT_REGEX_ONIGURUMA,		/* as tokenizer.json has it */
	CT_REGEX_LITERAL,		/* the text itself */
	CT_REGEX_PCRE			/* our own */
};

/* path: the file and the part of it, for messages. */
int ct_regex_compile(struct ct_regex **out, const char *pattern, enum ct_regex_syntax syntax,
    const char *path, struct ct_error *err);
void ct_regex_free(struct ct_regex *r);

/*
 * Whether it may misjudge characters that the system's Unicode tables do not have: see ct_is_new in onig.h.
 */
bool ct_regex_needs_tables(const struct ct_regex *r);

/*
 * Calls fn for each match in s[0..n) and each gap between them that is not empty, in order, as Hugging Face
 * tokenizers finds them: an empty match counts unless it stands where the last one ended. Stops at the first
 * code that is not CT_OK and returns it. `at` is where s lies in the text, for messages.
 */
typedef int (*ct_regex_fn)(void *ctx, size_t from, size_t to, bool matched, struct ct_error *err);
int ct_regex_each(const struct ct_regex *r, const char *s, size_t n, size_t at, ct_regex_fn fn, void *ctx,
    struct ct_error *err);

/* Whether it matches at the very start of s. */
bool ct_regex_begins(const struct ct_regex *r, const char *s, size_t n);

#endif
