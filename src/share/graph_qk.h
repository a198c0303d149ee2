/*
 * graph_qk: explains attention in graph JSON with the keys that Neuronpedia reads: a node's
 * qk_tracing_results, and descriptions of contributors that are no nodes of the file.
 */
#ifndef CT_SHARE_GRAPH_QK_H
#define CT_SHARE_GRAPH_QK_H

#include "io/json_writer.h"
#include "share/export.h"

/* Writes the field into a node's object; nothing if the export has no explanation for the node. */
void ct_graph_qk_node(struct ct_writer *w, const struct ct_export *x, int node);

/* Writes "qk_only_nodes", if the export has explanations; written (n_nodes): which nodes the file has. */
int ct_graph_qk_only(struct ct_writer *w, const struct ct_export *x, const bool *written,
    struct ct_error *err);

#endif
