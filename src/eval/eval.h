/*
 * eval: every figure of one transcoder of one model, measured over its corpus.
 */
#ifndef CT_EVAL_EVAL_H
#define CT_EVAL_EVAL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/job.h"
#include "corpus/corpus.h"
#include "eval/fidelity.h"
#include "eval/graphs.h"
#include "eval/group_swap.h"
#include "eval/hidden.h"
#include "model/model.h"
#include "model/transcoder.h"

enum { CT_EVAL_TESTS = 32 };

/* Automatic labels, as the cards have them. */
struct ct_eval_labels {
	long features, dead;
	long named, sure;		/* F1 >= .5, >= .9 */
	int values;			/* of the hidden variable */
	int bridges;			/* of them, how many have a bridge feature of F1 >= .9 */
	int named_values;		/* how many have any feature of F1 >= .9 that is named after them */
	/* where most such features are; -1: there is none */
	int named_layer;
	int bridge_layer;		/* likewise, most that say at the answer what the value is */
};

struct ct_eval_test {
	char name[64];
	double share;
	int n;
};

struct ct_eval {
	struct ct_fidelity *fidelity;
	struct ct_graph_figures graphs;
	struct ct_hidden_figures hidden;
	struct ct_group_swap_figures groups;
	int n_causal;
	struct ct_eval_test causal[CT_EVAL_TESTS];
	struct ct_eval_labels labels;
};

struct ct_eval_options {
	int prompts;			/* traced prompts; 0: all held-out ones */
	int others;			/* swaps per held-out sentence */
};

int ct_eval_run(struct ct_eval **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_eval_options *opt, const struct ct_job *job,
    struct ct_error *err);
void ct_eval_free(struct ct_eval *e);

#endif
