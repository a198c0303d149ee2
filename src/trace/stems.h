/*
 * stems: what labels of features are about, word by word, and how common each word is in a pruned graph.
 */
#ifndef CT_TRACE_STEMS_H
#define CT_TRACE_STEMS_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

/* Longer words and labels are cut. */
enum { CT_STEM_SIZE = 48, CT_STEM_LABEL = 160, CT_STEMS_OF_LABEL = 8 };

/* A feature has a stem in its label: 1, or in the i-th candidate of a mixed label: 1/(i + 1). */
struct ct_stem_use {
	int feature;
	double weight;
};

struct ct_stem {
	char text[CT_STEM_SIZE];	/* "texas", "say capital" */
	int n;
	struct ct_stem_use *use;	/* (n) each feature once, ascending */
	double total;			/* of the weights */
};

struct ct_stems {
	int n;
	struct ct_stem *stem;		/* (n) by text */
	int *order;			/* (n) the commonest first; of equal ones the first in the alphabet */
};

/* Those of the kept features. label (n_features). Everything from the arena. */
int ct_stems_find(struct ct_stems *out, const struct ct_graph *g, const char *const *label,
    struct ct_arena *a, struct ct_error *err);

/* The stems of one label that is not mixed: returns how many. */
int ct_stems_of(char stem[CT_STEMS_OF_LABEL][CT_STEM_SIZE], const char *label);

/* How much the i-th candidate (from 0) of a label counts. */
double ct_stems_weight(const char *label, int i);

/* The i-th candidate of a label, "" if it does not have the stem; false after the last. */
bool ct_stems_label(char dst[CT_STEM_LABEL], const char *label, int i, const char *stem);

/*
 * A label's words from one to another (from 0), up to a comma or bracket, as they are written; "" if the stem
 * is in none of them; false if there is no last word. "say X" has to begin with "say".
 */
bool ct_stems_phrase(char dst[CT_STEM_LABEL], const char *label, int first, int last, const char *stem);

/* Whether a label has a phrase, as whole words. */
bool ct_stems_has(const char *label, const char *phrase);

#endif
