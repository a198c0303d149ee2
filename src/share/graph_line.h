/*
 * graph_line: the pruned graph of one prompt in one line of JSON, small enough for thousands of them.
 * ctrace(1) has the fields; aggregate.h reads them.
 */
#ifndef CT_SHARE_GRAPH_LINE_H
#define CT_SHARE_GRAPH_LINE_H

#include "base/error.h"
#include "io/json_writer.h"
#include "share/export.h"
#include "trace/subgraph.h"

/* What a part of the graph is, and what it is called. */
#define CT_LINE_GROUP "group"		/* several features */
#define CT_LINE_FEATURE "feature"
#define CT_LINE_INPUT "input"		/* a word, also with the features that only read it */
#define CT_LINE_ERROR "error"
#define CT_LINE_OUTPUT "output"		/* the first target, whatever it is */

enum { CT_LINE_NAME = 512 };
struct ct_line_group {
	const char *kind;
	char name[CT_LINE_NAME];	/* in this prompt */
	char class[CT_LINE_NAME];	/* the same in every prompt; "": only the name identifies it */
};
struct ct_line_groups {
	const struct ct_parts *parts;
	const struct ct_line_group *group;	/* (parts->n) */
};

enum { CT_GRAPH_LINE_FORMAT = 2 };	/* version of these lines, see ct_writer_document */

/* Adds tokens, targets, scores, nodes, edges and, unless they are NULL, groups to the open object. */
int ct_graph_line(struct ct_writer *w, const struct ct_graph *g, const struct ct_graph_names *names,
    const struct ct_line_groups *groups, struct ct_error *err);

#endif
