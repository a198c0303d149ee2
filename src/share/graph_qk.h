/*
 * graph_qk: why heads looked where they did, in graph JSON under the keys that Neuronpedia reads: a node's
 * qk_tracing_results, and descriptions of contributors that are no nodes of the file.
 */
#ifndef CT_SHARE_GRAPH_QK_H
#define CT_SHARE_GRAPH_QK_H

#include "io/json_writer.h"
#include "share/export.h"

/* Within a node's object; nothing where the export has none for it. */
void ct_graph_qk_node(struct ct_writer *w, const struct ct_export *x, int node);

/* "qk_only_nodes", where the export has any; written (n_nodes): which nodes the file has. */
int ct_graph_qk_only(struct ct_writer *w, const struct ct_export *x, const bool *written,
    struct ct_error *err);

#endif
