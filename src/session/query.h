/*
 * query: the language that names features by their labels, the same wherever a command takes a feature.
 *
 * "Texas"              labels with the word Texas, whatever their F1
 * "Texas bridge"       labels with both words, in any order
 * "Texas">.8           labels with the word and an F1 above .8, or typed by a person
 * "=bridge Texas"      exactly this label
 *
 * Only whole words match, in upper or lower case. Owns which labels a query matches; names_feature.h decides
 * which features are tried, and where.
 */
#ifndef CT_SESSION_QUERY_H
#define CT_SESSION_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ct_query {
	bool exact;
	double above;			/* a label's F1 must be larger; negative: any */
	const char *text;		/* n bytes: the words, or the label; lent */
	size_t n;
};

/* Reads a quoted query at *p, and moves *p past it. */
int ct_query_read(struct ct_query *out, const char **p, struct ct_error *err);

/* Parses a whole text as a query, in quotes or, as the shell passes it, without: Texas, =bridge Texas. */
int ct_query_parse(struct ct_query *out, const char *text, struct ct_error *err);

/*
 * label: from ct_engine_label; of a mixed label the best guess counts. f1: NAN for labels that a person
 * typed.
 */
bool ct_query_matches(const struct ct_query *q, const char *label, double f1);

#endif
