/*
 * judge: tests an explanation of an answer: what is lost without its features, and what they do alone.
 *
 * An explanation is a set of active features. The answer's lead is its logit minus that of the runner-up in
 * the untouched run. Features are set to 0 together; nothing is frozen, and the model's own MLPs run on the
 * changed stream. Words, errors and biases stay as they are in every run. Where features are neurons, "all
 * others" includes the neurons that the graph left out.
 *     necessity   = 1 - lead without the explanation / lead
 *     sufficiency = lead without all other active features / lead
 * The control does the same with equally many random features outside the explanation that are about as
 * large: activation times the norm of all decoder rows.
 */
#ifndef CT_TRACE_JUDGE_H
#define CT_TRACE_JUDGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/graph.h"

struct ct_prompt;
struct ct_local_model;

struct ct_judge_plan {
	const bool *inside;	/* (lrm->n) of the active features, those of the explanation */
	int pos;		/* of the answer; features after it do not count */
	int answer, against;	/* tokens; -1: the likeliest, and the likeliest of the others */
	/* (lrm->n) or NULL: which part of the explanation a feature is; -1: none. Each is left out once. */
	const int *part;
	int n_parts;
	int draws;		/* number of random draws; 0: no control */
};

/* The result of a run. */
struct ct_judged {
	double lead;		/* of the answer over the runner-up */
	double prob;		/* of the answer */
	int said;		/* the likeliest token */
};

struct ct_judgement {
	int answer, against;
	int n_inside, n_outside;	/* features up to pos; of neurons: all of them */
	struct ct_judged whole, without, alone;
	/* NAN if the whole lead is below CT_LEAST_LEAD: nothing to lose, or too little for shares */
	double necessity, sufficiency;
	/* Means over the draws; NAN without, too. n_random: features of a draw, or as many as there are. */
	double random_necessity, random_sufficiency;
	int n_random, draws;
	struct ct_judged *part;		/* (n_parts) without that part alone */
};

/*
 * Everything in out is from the arena; the same for any number of threads.
 * Cost: 2 + 2 draws + n_parts runs of the prompt. Oracle: runs of the naive program, tests/unit/test_judge.c.
 */
int ct_judge(struct ct_judgement *out, const struct ct_prompt *p, const struct ct_judge_plan *plan,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/* The features of a draw, 0 .. draws-1, in chosen (lrm->n). Returns how many, or a code. */
int ct_judge_draw(const struct ct_local_model *lrm, const struct ct_judge_plan *plan, int draw, bool *chosen,
    struct ct_arena *scratch, struct ct_error *err);

/* inside (lrm->n) of the features that pruning kept in a graph of the prompt. */
void ct_judge_kept(const struct ct_local_model *lrm, const struct ct_graph *g, bool *inside);

/*
 * For two prompts with the same answer: the Jaccard index of their kept features. Two are the same if they
 * agree in layer, feature and distance to the target's position. NAN: neither graph keeps any.
 */
double ct_judge_overlap(const struct ct_graph *a, const struct ct_graph *b);

#endif
