/*
 * onig: translates Oniguruma's regular expressions to PCRE2's.
 *
 * tokenizer.json holds patterns in Oniguruma's Ruby syntax, which looks like PCRE2's but differs: `$` and `^`
 * match at lines, (?m) lets the dot match newlines, \h is a hexadecimal digit, classes nest and intersect,
 * {n}? is not lazy. A pattern is translated construct by construct; a construct without an equivalent is an
 * error that names it. The two libraries have tables of different Unicode versions, so characters added by
 * Unicode 15 and 16 are listed explicitly.
 */
#ifndef CT_MODEL_ONIG_H
#define CT_MODEL_ONIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * *out: the pattern for PCRE2 with UTF, UCP and newline LF, to be freed by the caller. *newer: it uses
 * scripts or other properties whose newest members are not listed, so that texts with characters for which
 * ct_is_new holds must be refused.
 */
int ct_onig_translate(char **out, bool *newer, const char *pattern, const char *path, struct ct_error *err);

/* A pattern that matches exactly this text. */
int ct_onig_literal(char **out, const char *text, const char *path, struct ct_error *err);

/* A code point that Unicode 15 or later assigned, which old tables do not know. */
bool ct_is_new(unsigned cp);

#endif
