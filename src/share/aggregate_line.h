/*
 * aggregate_line: what one line of a batch says, for aggregate.h: whether it makes sense, and by what name
 * each of its nodes or groups is known in all lines.
 */
#ifndef CT_SHARE_AGGREGATE_LINE_H
#define CT_SHARE_AGGREGATE_LINE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* What is counted. */
enum ct_aggregate_by {
	CT_BY_FEATURE,
	CT_BY_LABEL,			/* features of one label are one group */
	/*
	 * The groups of the lines. Those of two prompts are the same if both are words, or both features, of
	 * one class (corpus/classes.h); without a class, of one name. Outputs are one, whatever they say, and
	 * errors one for each layer. Edges with less than CT_AGGREGATE_SHARE of what flows into their target
	 * do not count.
	 */
	CT_BY_GROUP,
	/*
	 * The same, but those of features whose class has values in it are known by these alone:
	 * "in <state>", "bridge <state>" and "<state>, answering" are all about a "<state>". What is said
	 * stays apart: "say <state>".
	 */
	CT_BY_VALUE
};
#define CT_AGGREGATE_SHARE 0.01

struct ct_line_node {
	int layer, feature;		/* -1: not a feature */
	bool group;
	bool listed;			/* is to have a row: a feature; or a group, and no output */
};

/* Are the groups of lines counted? */
bool ct_aggregate_groups(enum ct_aggregate_by by);

/* Which node or group is this one? The name goes to `name`. false: it makes no sense. */
enum { CT_AGGREGATE_NAME = 1200 };
bool ct_aggregate_identify(enum ct_aggregate_by by, const json_t *v, struct ct_line_node *n,
    char name[CT_AGGREGATE_NAME]);

/* Is an edge strong enough to count? */
bool ct_aggregate_counts(enum ct_aggregate_by by, const json_t *edge);

/* Everything of a line: its nodes and edges, or its groups and the edges between them. */
int ct_aggregate_check(enum ct_aggregate_by by, const json_t *nodes, const json_t *edges, const char *where,
    long number, struct ct_error *err);

#endif
