/*
 * formats: the files that a graph can be written as, and the part of it that is pinned.
 *
 * Works on graph JSON as ct_graph_to_json makes it.
 */
#ifndef CT_SHARE_FORMATS_H
#define CT_SHARE_FORMATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

bool ct_format_known(const char *form);
/*
 * Writes a graph as `form`: "dot", "svg", "html" or "json". pinned: only the pinned nodes of it, each supernode as one
 * node. *text, n bytes and a NUL, is freed by the caller.
 */
int ct_format_write(char **text, size_t *n, const char *form, bool pinned, const json_t *graph, struct ct_error *err);

/*
 * The pinned part (qParams) as a graph of its own: *out is a new reference. An edge between supernodes is the sum of
 * those between their members; edges within one are gone. CT_ENOTFOUND when nothing is pinned.
 */
int ct_graph_json_pinned(json_t **out, const json_t *graph, struct ct_error *err);

#endif
