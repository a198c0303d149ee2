/*
 * onig_reader: what the files that read Oniguruma's patterns share: onig.c (groups, quantifiers),
 * onig_class.c (escapes, classes), onig_names.c (named sets of characters).
 */
#ifndef CT_MODEL_ONIG_READER_H
#define CT_MODEL_ONIG_READER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

enum { CT_ONIG_DEPTH = 32 };

/* A pattern while it is read. */
struct ct_onig {
	const char *path, *pattern, *p;
	struct ct_error *err;
	bool icase, dotall, extended;
	bool *newer;
	int depth;
	unsigned letter;	/* with icase: the ASCII letter just before, in lower case */
};

/* Fails with the pattern, the place of `at` in it, and what is wrong there. */
int ct_onig_refuse(const struct ct_onig *t, const char *at, const char *what);

/*
 * Reads an escape; t->p is at the letter after the \. The result is one code point (*cp), or members in b,
 * negated or not. in_class: \b is a backspace. Anchors and the like are read by onig.c.
 */
int ct_onig_escape(struct ct_onig *t, struct ct_buffer *b, bool in_class, long *cp, bool *negated);

/* Reads a class, t->p being after its [, and writes a pattern for one of its characters. */
int ct_onig_class(struct ct_onig *t, struct ct_buffer *out);

/* Whether cp is a letter with cases that this program's table does not have. */
bool ct_onig_cased_beyond_ascii(const struct ct_onig *t, long cp);

/* \x{...} */
void ct_onig_put_code(struct ct_buffer *b, unsigned cp);

/*
 * The members of a named set, as PCRE2 writes them inside [...]; false if the name is unknown. It is in lower
 * case, without blanks, '-' and '_'. *newer is set if its newest members are not listed.
 */
bool ct_onig_put_named(struct ct_buffer *b, const char *name, bool *newer);

/* Whether a set may contain letters, whose case folding in sets has rules of its own. */
bool ct_onig_has_cases(const char *name);

#endif
