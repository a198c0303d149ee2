/*
 * export: what is needed to write a graph in any form: the graph, its pins, and the names of nodes and
 * tokens.
 */
#ifndef CT_SHARE_EXPORT_H
#define CT_SHARE_EXPORT_H

#include <stdbool.h>

#include "trace/clamp.h"
#include "trace/graph.h"
#include "trace/subgraph.h"

enum { CT_GRAPH_JSON_FORMAT = 2 };	/* of graph JSON, see ct_writer_document */

struct ct_graph_file;
struct ct_page;
struct ct_qk;

/* Names and settings that the graph itself does not have. */
struct ct_graph_names {
	const char *model;			/* name of the model directory: part of the slug */
	const char *scan;			/* the name by which the transcoder knows its model */
	const char *transcoder;			/* "CLT" or "PLT"; "": not known */
	const char *prompt;
	const char *slug;			/* the graph's name; NULL: made from model and prompt */
	int features;				/* of a layer */
	/* the prompt has blanks between tokens, which these do not include */
	bool apart;
	/* the file that the graph was read from; NULL: it was traced */
	const struct ct_graph_file *file;
	const int *tokens;			/* (T) */
	const char *(*token)(const void *ctx, int id);		/* raw text */
	const char *(*label)(const void *ctx, int layer, int feature);	/* "" when there is none */
	const void *ctx;
};

/* For the graph of a clamped run: the clamps, and the graph without them. */
struct ct_then {
	const struct ct_graph *graph;
	const struct ct_clamp *clamps;
	int n_clamps;
	const struct ct_clamp_options *how;
};

struct ct_export {
	const struct ct_graph *graph;
	const struct ct_subgraph *subgraph;
	const struct ct_graph_names *names;
	bool pinned;				/* only what is pinned, each supernode as one node */
	bool all;				/* pictures: every node, not only the strongest */
	/* (n_nodes) why the strongest head into a node attended; NULL: not known */
	const struct ct_qk *const *qk;
	const struct ct_then *then;		/* NULL: there are no clamps */
	const struct ct_page *page;		/* the other contents of a page of HTML; NULL: none */
};

#endif
