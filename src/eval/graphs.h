/*
 * graphs: what attribution graphs are worth, over the held-out prompts of a corpus.
 *
 * Each prompt is a held-out sentence up to its answer position, traced towards the default targets and
 * pruned at the default thresholds.
 */
#ifndef CT_EVAL_GRAPHS_H
#define CT_EVAL_GRAPHS_H

#include "base/error.h"
#include "base/pool.h"
#include "base/progress.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

struct ct_graph_figures {
	int n;				/* prompts; figures are NAN when there are none */
	double replacement, completeness;	/* mean scores */
	/*
	 * Mean over prompts of the rank correlation, over the features of the pruned graph, between raw
	 * influence and ablation effect: KL(model || model with the node at 0) of the next token, attention
	 * frozen, through the model.
	 */
	double spearman;
	int n_ranked;			/* prompts in that mean: a graph of one or two features has no ranks */
	double max_edge_residual, max_logit_error;	/* the worst self-checks */
};

/* At most max prompts, evenly spread over the held-out sentences; 0: all of them. */
int ct_graph_figures_measure(struct ct_graph_figures *out, const struct ct_model *m,
    const struct ct_transcoder *tc, const struct ct_corpus *c, int max, struct ct_pool *pool,
    ct_progress_fn progress, void *ctx, struct ct_error *err);

/*
 * Sentences (indices, to be freed) that are held out and graded, at most max of them, evenly spread;
 * returns how many, or CT_ENOMEM.
 */
int ct_held_out_prompts(int **out, const struct ct_corpus *c, int max, struct ct_error *err);

#endif
