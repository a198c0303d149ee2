/*
 * graph_line: the pruned graph of one prompt in one line of JSON, small enough for thousands of them.
 * ctrace(1) has the fields; aggregate.h reads them.
 */
#ifndef CT_SHARE_GRAPH_LINE_H
#define CT_SHARE_GRAPH_LINE_H

#include "base/error.h"
#include "io/json_writer.h"
#include "share/export.h"

enum { CT_GRAPH_LINE_FORMAT = 2 };	/* of these lines, see ct_writer_document */

/* Adds tokens, targets, scores, nodes and edges to the object that is open. */
int ct_graph_line(struct ct_writer *w, const struct ct_graph *g, const struct ct_graph_names *names,
    struct ct_error *err);

#endif
