/*
 * groups: groups the features of the pruned graph automatically by what they mean and do.
 *
 * Knows labels only as texts, which the caller supplies. What is done with groups (pins, boxes) is left to
 * others; see subgraph.h.
 */
#ifndef CT_TRACE_GROUPS_H
#define CT_TRACE_GROUPS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/graph.h"
#include "trace/subgraph.h"

#define CT_GROUPS_COSINE 0.8
/* A feature with this share of its inputs from the word at its position can stand for that word. */
#define CT_GROUPS_WORD 0.9

struct ct_graph_group {
	int n;
	int *node;			/* (n) features, ascending */
	int sign;			/* towards the first target: +1, -1; 0: nothing reaches it */
	double influence;		/* summed */
	/*
	 * the label of those that joined it, or what their labels have in common; "≈ Texas" if all are mixed;
	 * "" if there is none
	 */
	char name[CT_SUPERNODE_NAME];
};

struct ct_graph_groups {
	int n;
	struct ct_graph_group *group;		/* by their first node; two members at least */
	int *of;			/* (n_features) the group of a feature; -1: pruned, or single */
	int *word;			/* (n_features) the embedding's node whose word a feature is; -1 */
	double *effect;			/* (n_nodes) e, below: signed influence on the first target */
};

/*
 * Two kept features can be in one group if they have the same sign and, except in step 4, the same position.
 * The sign of s is that of
 *     e[s] = sum_t e[t] A[t][s] / inputs[t],    e[first target] = 1.
 * There are four steps; none separates what an earlier one joined:
 *   1. Labels. A label's stems are its words up to a comma or bracket (what follows says where the feature is
 *      active), without function words (in, of, the) if it has others. "say X" and "X" are different stems.
 *      Beginning with the commonest in the pruned graph (a label counts 1, the i-th candidate of a mixed one
 *      1/(i + 1)), each stem joins the features that have it and are in no group yet.
 *   2. Positions. One feature that is active at neighbouring positions is joined.
 *   3. Profiles. A feature's profile is its row and its column of A[t][s] / inputs[t] among kept nodes, each
 *      scaled to length 1. From the most alike on, two with a cosine of CT_GROUPS_COSINE or more are joined.
 *   4. Carried on. What attention carries from one position to another is one group: a group, or a single
 *      feature, joins the group that feeds it most (by sum |A[t][s]| / inputs[t] over features), if that has
 *      the same stem and another position.
 * Steps 2 and 3 do not join features that have different stems by labels that are not mixed, or by step 1.
 *
 * A feature that only reads the word at its position belongs to that word, and to no group: one with
 * CT_GROUPS_WORD of |A| from that embedding, and a label about nothing but the token, or none. A feature that
 * tells what the word means (in Texas) belongs to a group, even if only the word feeds it.
 *
 * label (n_features): of each feature, "" where there is none. token (T): texts, or NULL: no feature is a
 * word. Needs ct_graph_influence and ct_graph_prune.
 * Everything in out is from the arena. Cost: positions * edges + pairs at a position * kept nodes. Oracle: a
 * dense implementation in the tests.
 */
int ct_graph_groups(struct ct_graph_groups *out, const struct ct_graph *g, const char *const *label,
    const char *const *token, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
