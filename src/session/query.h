/*
 * query: the language that names features by their labels, the same wherever a command takes a feature's
 * name.
 *
 *   "Texas"              labels with the word Texas, whatever their F1
 *   "Texas bridge"       with both words, in any order
 *   "Texas">.8           the same, of labels with an F1 above .8, and those that a person typed
 *   "=bridge Texas"      exactly this label
 *
 * Words are whole words; upper and lower case are the same. Owns what a query matches; which features it is
 * asked about, and where, is names_feature.h's.
 */
#ifndef CT_SESSION_QUERY_H
#define CT_SESSION_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ct_query {
	bool exact;
	double above;			/* a label's F1 has to be larger; below 0: any will do */
	const char *text;		/* n bytes: words, or the label; lent */
	size_t n;
};

/* A quoted query at *p, which moves behind it. */
int ct_query_read(struct ct_query *out, const char **p, struct ct_error *err);

/* A whole text as a query, in quotes or (as a shell leaves it) without: Texas, =bridge Texas. */
int ct_query_parse(struct ct_query *out, const char *text, struct ct_error *err);

/*
 * label as ct_engine_label has it: of a mixed one its best guess counts. f1: NAN for labels that a person
 * typed.
 */
bool ct_query_matches(const struct ct_query *q, const char *label, double f1);

#endif
