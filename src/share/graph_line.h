/*
 * graph_line: the pruned graph of one prompt in one line of JSON, small enough for thousands of them.
 * ctrace(1) has the fields; aggregate.h reads them.
 */
#ifndef CT_SHARE_GRAPH_LINE_H
#define CT_SHARE_GRAPH_LINE_H

#include <jansson.h>

#include "base/error.h"
#include "share/export.h"
#include "trace/graph.h"

/* Adds tokens, targets, scores, nodes and edges to an object. */
int ct_graph_line(json_t *line, const struct ct_graph *g, const struct ct_graph_names *names,
    struct ct_error *err);

#endif
