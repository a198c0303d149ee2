/* explanation: how right an explanation of an answer is (ct_session_judge), as plain data. */
#ifndef CT_SESSION_EXPLANATION_H
#define CT_SESSION_EXPLANATION_H

#include <stdbool.h>

#include "trace/judge.h"
#include "trace/subgraph.h"

struct ct_explained_part {
	char name[CT_SUPERNODE_NAME];	/* of a supernode; "": a single node */
	int node;			/* in the graph: the single node, or the first member */
	int n;				/* number of features */
	struct ct_judged without;
	double lost;			/* fraction of the lead that is lost; NAN: as for necessity */
};

struct ct_explanation {
	bool pinned;
	struct ct_judgement judged;
	int n_absent;			/* pinned features that are not active in this prompt */
	int n_other;			/* pinned nodes that are not features, and so stay in every run */
	int n_parts;
	struct ct_explained_part *part;	/* sorted by the lead that is lost, the largest first */
	int n_alike;			/* sentences with the same answer; 0: not compared */
	double found;			/* mean share of the features that their pruned graphs keep, or NAN */
	/* mean of features in both pruned graphs by those in either; or NAN */
	double overlap;
};

#endif
