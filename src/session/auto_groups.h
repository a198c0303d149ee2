/*
 * auto_groups: what ct_session_auto_groups says about the pins and supernodes that it chose, as plain data.
 */
#ifndef CT_SESSION_AUTO_GROUPS_H
#define CT_SESSION_AUTO_GROUPS_H

#include <stdbool.h>

#include "trace/subgraph.h"

struct ct_auto_groups {
	int groups, members;		/* supernodes; the features and words in them */
	int singles;			/* single nodes, without the target */
	int left_out;			/* kept nodes that are not pinned: too weak, no room, */
	int against;			/* or lowering the target on balance */
	/* What the pinned nodes and these two have of the influence of all kept nodes: together 1. */
	double influence, left_out_influence, against_influence;
	/* (supernodes) Whether it is a word; the word, or the label of the group, "": it has none. */
	bool word[CT_MAX_SUPERNODES];
	char label[CT_MAX_SUPERNODES][CT_SUPERNODE_NAME];
};

#endif
