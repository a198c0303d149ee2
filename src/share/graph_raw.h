/*
 * graph_raw: the sections of a file of graph JSON, read one by one into plain arrays.
 *
 * What a node or link says of itself is checked here; what it means within the graph is graph_file's.
 */
#ifndef CT_SHARE_GRAPH_RAW_H
#define CT_SHARE_GRAPH_RAW_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/progress.h"
#include "io/json_stream.h"
#include "trace/graph.h"

enum ct_section { CT_SECTION_METADATA, CT_SECTION_QPARAMS, CT_SECTION_NODES, CT_SECTION_LINKS, CT_SECTION_CTRACE, CT_N_SECTIONS };

/* A node as the file gives it; its strings are lent by the text. */
struct ct_raw_node {
	char *id, *clerp, *js_id;	/* clerp, js_id: "" when missing */
	enum ct_node_kind kind;
	int layer;			/* -1: "E" */
	int pos;
	int index;			/* feature or token; -1: the file does not say */
	double cumulative, activation, prob;	/* NAN when missing */
	bool is_target;			/* marked as the first target */
	int place;			/* in the file, from 0 */
	int same_id;			/* place of an error node with this id too (the old form); -1: none */
};

struct ct_raw_graph {
	struct ct_stream s;
	size_t start[CT_N_SECTIONS], end[CT_N_SECTIONS];	/* 0, 0: missing */
	struct ct_raw_node *nodes;	/* in the order of the file */
	int n_nodes;
	int *slots;			/* hash table of ids: place + 1 */
	size_t n_slots;
	struct ct_edge *links;		/* in the order of the file; source and target are places */
	int n_links;
	ct_progress_fn progress;
	void *ctx;
};

/* Finds the sections of the text; the file must be one whole object. */
int ct_raw_open(struct ct_raw_graph *p, const char *where, char *text, size_t n, ct_progress_fn progress, void *ctx,
    struct ct_error *err);
void ct_raw_close(struct ct_raw_graph *p);

/* A section as a tree, for the small ones; *out is NULL when it is missing. */
int ct_raw_tree(const struct ct_raw_graph *p, enum ct_section which, json_t **out, struct ct_error *err);
/* Positions go from 0 to T - 1. */
int ct_raw_nodes(struct ct_raw_graph *p, int T, struct ct_error *err);
int ct_raw_links(struct ct_raw_graph *p, struct ct_error *err);

/* The place of a node by its id, or -1. */
int ct_raw_find(const struct ct_raw_graph *p, const char *id);

#endif
