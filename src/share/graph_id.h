/*
 * graph_id: the ids of nodes in graph JSON: circuit-tracer's, or for a graph from a file, those of the file.
 */
#ifndef CT_SHARE_GRAPH_ID_H
#define CT_SHARE_GRAPH_ID_H

#include "share/export.h"

enum { CT_NODE_ID = 64 };

/* The id of a node. Returns buf, or a string lent by the file. */
const char *ct_graph_node_id(const struct ct_export *x, int node, char buf[CT_NODE_ID]);
/*
 * The id of a pin, whether or not its node is in the graph; NULL: a difference that the graph lacks has none.
 */
const char *ct_graph_pin_id(const struct ct_export *x, const struct ct_pin *p, char buf[CT_NODE_ID]);

#endif
