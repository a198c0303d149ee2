/*
 * graph_json: attribution graphs as graph JSON, the format that Anthropic's frontend, circuit-tracer and
 * Neuronpedia share.
 *
 * Owns node ids, field names and their checks. Knows no session: names of tokens and labels of features come
 * from its caller.
 */
#ifndef CT_SHARE_GRAPH_JSON_H
#define CT_SHARE_GRAPH_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "trace/graph.h"
#include "trace/subgraph.h"

/* What a graph does not know of itself. */
struct ct_graph_names {
	const char *model;			/* name of the model directory: part of the slug */
	const char *scan;			/* what the transcoder calls its model */
	const char *transcoder;			/* "CLT" or "PLT" */
	const char *prompt;
	const int *tokens;			/* (T) */
	const char *(*token)(const void *ctx, int id);
	const char *(*label)(const void *ctx, int layer, int feature);	/* "" when there is none */
	const void *ctx;
};

/*
 * The kept nodes and the pruned edges; of nodes that are not kept those that are pinned. *out is a new reference. Fails
 * when memory does.
 */
int ct_graph_to_json(json_t **out, const struct ct_graph *g, const struct ct_subgraph *sg,
    const struct ct_graph_names *names, struct ct_error *err);

/*
 * Checks a graph read from a file (`where` names it): the fields that the schema requires, node ids that are
 * unique, links between nodes that exist.
 */
int ct_graph_json_check(const json_t *root, const char *where, struct ct_error *err);

#endif
