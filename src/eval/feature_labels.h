/*
 * feature_labels: the automatic label of every feature, as the cards have it, and the values that labels
 * name.
 */
#ifndef CT_EVAL_FEATURE_LABELS_H
#define CT_EVAL_FEATURE_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cards/activity.h"
#include "corpus/corpus.h"

struct ct_feature_labels {
	int L;
	size_t *first;		/* (L+1) of each layer's features in the lists below */
	int *label;		/* the one with the best F1; -1: never active */
	double *f1;
	long *tokens;		/* how many tokens of the corpus the feature is active on */
};

/* Release with ct_feature_labels_free, also after an error. */
int ct_feature_labels_find(struct ct_feature_labels *out, const struct ct_corpus *c,
    const struct ct_activity *activity, struct ct_error *err);
void ct_feature_labels_free(struct ct_feature_labels *labels);

/* A feature's label, if it fits well enough (F1 >= .5) to be used in its place; -1: none does. */
int ct_feature_label(const struct ct_feature_labels *labels, int layer, int feature);

/*
 * Which hidden value each label names. *out (n_labels), to be freed: for "in Texas", "bridge Texas, two
 * hops", "capital of Texas" and the like the label "about Texas"; for a plan ("plans moon") and for a value
 * of a part (corpus.h, parts) that label itself; else -1. Labels of the token itself ("Texas (input)") and
 * of what comes next ("say Texas") name none.
 */
int ct_hidden_values(int **out, const struct ct_corpus *c, struct ct_error *err);

/* Whether an automatic label is about a word to come: "plans moon", "moon ahead", "about moon, planning". */
bool ct_label_plans(const char *label);

/* Whether a hidden value is one of the sentence's: what it is about, what it plans, a part of its answer. */
bool ct_hidden_of_sentence(const struct ct_corpus *c, const struct ct_sentence *s, int value);

#endif
