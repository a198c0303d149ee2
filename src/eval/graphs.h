/*
 * graphs: what attribution graphs are worth, over the held-out prompts of a corpus.
 *
 * Each prompt is a held-out sentence up to its answer position, traced towards the default targets and
 * pruned at the default thresholds.
 */
#ifndef CT_EVAL_GRAPHS_H
#define CT_EVAL_GRAPHS_H

#include "base/error.h"
#include "base/job.h"
#include "eval/subject.h"
#include "trace/direct.h"

struct ct_graph_figures {
	int n;				/* prompts; figures are NAN when there are none */
	double replacement, completeness;	/* mean scores */
	/*
	 * Mean over prompts of the rank correlation, over the features of the pruned graph, between raw
	 * influence and ablation effect: KL(model || model with the node at 0) of the next token, attention
	 * frozen, through the model.
	 */
	double spearman;
	/* prompts in that mean: a graph of one or two features has no ranks */
	int n_ranked;
	double max_edge_residual, max_logit_error;	/* the worst self-checks */
	/* Means of what trace/direct.h has for the likeliest token: words, features, errors. */
	double direct_net[CT_DIRECT_SOURCES], direct_absolute[CT_DIRECT_SOURCES];
	int n_split;			/* prompts in that mean: edges may cancel to nothing */
	/* Of the ten kept features with the strongest edges to the likeliest token, means over prompts. */
	double first_rows;		/* how many there are */
	double first_named;		/* how many have a label of F1 >= .8; NAN: no labels */
	double nodes;			/* the fewest nodes with .8 of the influence, mean over prompts */
	double features;		/* of the pruned graph, mean over prompts */
	/* with neurons: share of the effects that those have which are not features */
	double left_out;
	double necessity, sufficiency;	/* means over n_lead prompts: see trace/judge.h */
	double random_necessity, random_sufficiency;	/* of as many random features, two draws a prompt */
	int n_lead;			/* prompts whose likeliest token leads by CT_LEAST_LEAD */
	double stability;		/* mean overlap of kept features with those of a like sentence */
	/* prompts for which there is one: same template, relation, `about` and length */
	int n_alike;
};

/* At most max prompts, evenly spread over the held-out sentences; 0: all of them. */
int ct_graph_figures_measure(struct ct_graph_figures *out, const struct ct_subject *x, int max,
    const struct ct_job *job, struct ct_error *err);

/*
 * The next sentence after `after` (the same one, or one like it) with the same answer in similar words: same
 * template, relation, hidden value and number of tokens, from another row. -1: there is none, or the sentence
 * has no hidden value.
 */
int ct_sentence_alike(const struct ct_corpus *c, int sentence, int after);

#endif
