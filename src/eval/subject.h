/* subject: what is measured: a transcoder of a model over a corpus, and what is known about its features. */
#ifndef CT_EVAL_SUBJECT_H
#define CT_EVAL_SUBJECT_H

#include "corpus/corpus.h"
#include "eval/feature_labels.h"
#include "model/model.h"
#include "model/transcoder.h"

/* All pointers are lent. */
struct ct_subject {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	const struct ct_feature_labels *labels;		/* NULL: figures about labels are not wanted */
};

#endif
