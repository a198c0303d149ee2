/*
 * graph_json: attribution graphs written as graph JSON, the format that Anthropic's frontend, circuit-tracer
 * and Neuronpedia share. graph_file.h reads it.
 *
 * Owns the names of fields. Knows no session: names of tokens and labels of features come from its caller.
 */
#ifndef CT_SHARE_GRAPH_JSON_H
#define CT_SHARE_GRAPH_JSON_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "share/export.h"

/*
 * Writes the kept nodes and the pruned edges, and pinned nodes that are not kept. Needs little more memory
 * than the nodes, however many edges there are. 0, or CT_ENOMEM; failures to write are only known to the
 * buffer.
 */
int ct_graph_json_write(struct ct_buffer *to, bool indent, const struct ct_export *x, struct ct_error *err);

/* The metadata alone, for lists of graphs. */
void ct_graph_json_metadata(struct ct_buffer *to, const struct ct_export *x);

#endif
