/*
 * graph_json: attribution graphs written as graph JSON, the format that Anthropic's frontend, circuit-tracer and
 * Neuronpedia share. graph_file.h reads it.
 *
 * Owns node ids and field names. Knows no session: names of tokens and labels of features come from its caller.
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
	const char *transcoder;			/* "CLT" or "PLT", "": not known */
	const char *prompt;
	int features;				/* of a layer */
	const json_t *metadata;			/* of the file that the graph was read from; NULL: ours */
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

#endif
