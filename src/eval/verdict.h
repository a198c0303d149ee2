/*
 * verdict: says in words whether a model can be read, judging by its figures, and what to try where they fall
 * short.
 *
 * Owns the aims and the advice; the keys that it names are those of recipe.yaml (models/README.md).
 */
#ifndef CT_EVAL_VERDICT_H
#define CT_EVAL_VERDICT_H

#include "eval/eval.h"

enum { CT_VERDICT_LINES = 24 };

struct ct_verdict_line {
	enum ct_verdict_kind {
		CT_VERDICT_MET,		/* a figure that reaches its aim */
		CT_VERDICT_MISSED,	/* one that does not */
		CT_VERDICT_TRY		/* what may help */
	} kind;
	char text[200];
};

struct ct_verdict {
	int n, missed;
	struct ct_verdict_line lines[CT_VERDICT_LINES];
};

void ct_verdict_find(struct ct_verdict *out, const struct ct_eval *e);

#endif
