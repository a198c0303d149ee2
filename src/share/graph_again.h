/*
 * graph_again: writes a graph that was read from a file: every field and number as in the file, including
 * those that this program does not know. Nodes and links that were pruned meanwhile are left out, and pins
 * and thresholds are the present ones.
 */
#ifndef CT_SHARE_GRAPH_AGAIN_H
#define CT_SHARE_GRAPH_AGAIN_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "io/json_writer.h"
#include "share/export.h"

int ct_graph_again_write(struct ct_buffer *to, bool indent, const struct ct_export *x, struct ct_error *err);

/* Parts of the file, as values in an open object or list. */
void ct_graph_again_metadata(struct ct_writer *w, const char *key, const struct ct_export *x);
void ct_graph_again_node(struct ct_writer *w, const struct ct_graph_file *f, int node);

#endif
