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
	unsigned letter;	/* the ASCII letter just before, in lower case, while icase */
};

/* Fails with the pattern, the place of `at` in it, and what is wrong there. */
int ct_onig_refuse(const struct ct_onig *t, const char *at, const char *what);

/*
 * A \ and what follows it, of which t->p is the letter. Either one code point (*cp), or members in b, negated
 * or not. in_class: \b is a backspace there. Anchors and the like are not for here.
 */
int ct_onig_escape(struct ct_onig *t, struct ct_buffer *b, bool in_class, long *cp, bool *negated);

/* A class, t->p being behind its [: what matches one of its characters. */
int ct_onig_class(struct ct_onig *t, struct ct_buffer *out);

/* A letter whose other cases are more than a table of this program knows. */
bool ct_onig_cased_beyond_ascii(const struct ct_onig *t, long cp);

/* \x{...} */
void ct_onig_put_code(struct ct_buffer *b, unsigned cp);

/*
 * What a named set has inside PCRE2's [...]; false when the name is not known. It is in lower case, without
 * blanks, '-' and '_'. *newer is set when its newest members are not spelt out.
 */
bool ct_onig_put_named(struct ct_buffer *b, const char *name, bool *newer);

/* Letters have cases, and case folding in sets has rules of its own. */
bool ct_onig_has_cases(const char *name);

#endif
