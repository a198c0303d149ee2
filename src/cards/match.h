/*
 * match: finds the corpus label that best predicts when a feature is active.
 *
 * Owns the score (F1) and its choice; wording belongs to the corpus, activity to activity.h.
 */
#ifndef CT_CARDS_MATCH_H
#define CT_CARDS_MATCH_H

#include "base/error.h"
#include "cards/card.h"
#include "corpus/corpus.h"

struct ct_matcher;

/*
 * Counts the tokens of each label. Position 0 of a sentence (BOS, where features are zeroed) does not count.
 */
int ct_matcher_open(struct ct_matcher **out, const struct ct_corpus *c, int workers, struct ct_error *err);
void ct_matcher_close(struct ct_matcher *m);

struct ct_matched {
	int label;
	double f1;
};
struct ct_match {
	int n;				/* how many labels were found */
	struct ct_matched best[CT_CARD_CANDIDATES];	/* the best first */
};

/*
 * F1(label) = 2 |active and label| / (|active| + |label|)
 *
 * tokens (n) are the corpus tokens the feature is active on, none of them a BOS, each once. Ties go to the
 * label that the corpus lists first. Cost: the labels of those tokens. Oracle: tests/unit/test_cards.c
 */
void ct_matcher_best(struct ct_matcher *m, int worker, const int *tokens, int n, struct ct_match *out);

#endif
