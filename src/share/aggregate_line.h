/*
 * aggregate_line: reads one line of a batch for aggregate.h: checks it, and finds the name under which each
 * of its nodes or groups is known in all lines.
 */
#ifndef CT_SHARE_AGGREGATE_LINE_H
#define CT_SHARE_AGGREGATE_LINE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* What is counted. */
enum ct_aggregate_by {
	CT_BY_FEATURE,
	CT_BY_LABEL,			/* features with the same label are one group */
	/*
	 * The groups that the lines have. Groups of two prompts are the same if both are words, or both are
	 * features, and they have the same class (corpus/classes.h), or without a class, the same name. All
	 * outputs are one group, and the errors of each layer. Edges with less than CT_AGGREGATE_SHARE of
	 * what flows into their target do not count.
	 */
	CT_BY_GROUP,
	/*
	 * The same, but groups of features whose class has values in it are the same if these values are: "in
	 * <state>", "bridge <state>" and "<state>, answering" are all about a "<state>". Groups that say
	 * something stay apart: "say <state>".
	 */
	CT_BY_VALUE
};
#define CT_AGGREGATE_SHARE 0.01

struct ct_line_node {
	int layer, feature;		/* -1: not a feature */
	bool group;
	bool listed;			/* it gets a row: a feature, or a group that is no output */
};

/* Whether the groups of lines are counted. */
bool ct_aggregate_groups(enum ct_aggregate_by by);

/* Which node or group an element is. Its name goes to `name`. Returns false if the element is invalid. */
enum { CT_AGGREGATE_NAME = 1200 };
bool ct_aggregate_identify(enum ct_aggregate_by by, const json_t *v, struct ct_line_node *n,
    char name[CT_AGGREGATE_NAME]);

/* Whether an edge is strong enough to count. */
bool ct_aggregate_counts(enum ct_aggregate_by by, const json_t *edge);

/* Everything in a line: its nodes and edges, or its groups and the edges between them. */
int ct_aggregate_check(enum ct_aggregate_by by, const json_t *nodes, const json_t *edges, const char *where,
    long number, struct ct_error *err);

#endif
