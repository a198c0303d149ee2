/*
 * graph_reader: turns a file of graph JSON into a graph. For graph_file.c, graph_place.c and graph_words.c
 * only.
 */
#ifndef CT_SHARE_GRAPH_READER_H
#define CT_SHARE_GRAPH_READER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "share/graph_raw.h"

struct ct_graph_file;

/* What is only needed while a file is read. */
struct ct_graph_reader {
	struct ct_graph_file *f;
	struct ct_raw_graph raw;
	json_t *metadata, *extras, *params;	/* sections as trees; NULL: missing */
	int *node;			/* (raw.n_nodes) of the graph, by place in the file; -1: left out */
	char *stage;			/* (n_features) order of nodes within a layer: see graph_place.c */
	struct ct_arena tmp;
};

/* A copy that lives as long as the graph; NULL: out of memory. */
const char *ct_reader_keep(struct ct_graph_reader *r, const char *s);
/* The order of words[] and labels[]. */
int ct_reader_by_token(const void *a, const void *b);
int ct_reader_by_feature(const void *a, const void *b);

/* A number in one of the objects of ctrace's own fields; and a size, which must be at least `least`. */
double ct_reader_extra(const struct ct_graph_reader *r, const char *section, const char *key,
    double otherwise);
int ct_reader_size(const struct ct_graph_reader *r, const char *key, int least);

/* Whether a node is the target of the graph, be it an output or a feature. */
bool ct_reader_is_target(const struct ct_raw_node *n);
/* Makes the graph's nodes from the file's, then edges from links, and influence. */
int ct_reader_nodes(struct ct_graph_reader *r, struct ct_error *err);
int ct_reader_edges(struct ct_graph_reader *r, struct ct_error *err);

/* Reads what the file has in addition to its graph: words of tokens, labels of features, pins. */
int ct_reader_words(struct ct_graph_reader *r, struct ct_error *err);
int ct_reader_labels(struct ct_graph_reader *r, struct ct_error *err);
int ct_reader_pins(struct ct_graph_reader *r, struct ct_error *err);

#endif
