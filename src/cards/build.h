/*
 * build: the feature cards of a transcoder over a corpus.
 *
 * Owns what a card shows: examples by quantile, histogram, output tokens, and the wording of a mixed label.
 * Where features are active comes from activity.h, labels from match.h; store.h writes the result.
 */
#ifndef CT_CARDS_BUILD_H
#define CT_CARDS_BUILD_H

#include "base/error.h"
#include "base/job.h"
#include "cards/activity.h"
#include "cards/card.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

enum {
	CT_BUILD_EXAMPLES = 5,		/* of each quantile */
	CT_BUILD_QUANTILES = 4,		/* the strongest, and three equal parts of the others */
	CT_BUILD_LOGITS = 8,		/* top and bottom output tokens */
	CT_BUILD_BINS = 16,		/* of the histogram */
	CT_BUILD_VALUES = 5,		/* activation quantiles 0, 1/4, ..., 1 */
	CT_BUILD_WINDOW = 48		/* tokens shown of a long sentence */
};

struct ct_build_summary {
	long features;			/* over all layers */
	long dead;			/* never active on the corpus */
	long named;			/* features whose automatic label has F1 >= .5 */
	long sure;			/* F1 >= .9 */
	long rewrites;			/* features that may be shallow rewrites */
};

/* What cards are made from. */
struct ct_cards_source {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *corpus;
	const struct ct_activity *activity;
	const struct ct_card_rewrite *rewrites;		/* (L,tc->F; see rewrite.h) or NULL */
	const char *fingerprint;			/* model/fingerprint.h; NULL: not known */
};

/* Replaces the cards in dir; summary may be NULL. Deterministic for any number of threads. */
int ct_cards_build(const char *dir, const struct ct_cards_source *source, struct ct_build_summary *summary,
    const struct ct_job *job, struct ct_error *err);

#endif
