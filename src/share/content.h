/*
 * content: selects what the writers in share/ write of a graph: the nodes and edges that pruning kept, or the
 * pinned part with each supernode as one node.
 */
#ifndef CT_SHARE_CONTENT_H
#define CT_SHARE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "io/json_writer.h"
#include "share/export.h"

/* A node or supernode that is written. */
struct ct_content_part {
	int node;			/* of the graph; -1: a supernode */
	int supernode;			/* -1: a node */
	int n;				/* how many nodes it stands for */
	const char *id;			/* in graph JSON */
	const char *name;		/* of a supernode; else "" */
	int layer, pos;			/* for a supernode: the mean layer and the last position */
	double activation;		/* for a supernode: the sum; NAN: none */
	/* cumulative influence; for a supernode: its smallest; NAN: not known */
	double cumulative;
};

struct ct_content {
	int n_parts;
	struct ct_content_part *part;
	size_t n_edges;
	struct ct_content_edge {
		int source, target;	/* parts */
		double weight;		/* between supernodes: the sum */
	} *edge;
	struct ct_arena arena;
};

/* Selects what x asks for; CT_ENOTFOUND if it asks for pins and there are none. To be closed in any case. */
int ct_content_open(struct ct_content *c, const struct ct_export *x, struct ct_error *err);
void ct_content_close(struct ct_content *c);

/*
 * For each node (n_nodes), whether it is written: those that are kept or pinned; NULL: out of memory. An
 * active feature that is also the target is written once, as the target.
 */
const bool *ct_content_written(const struct ct_export *x, struct ct_arena *a);
/*
 * The edges between written nodes: the pruned graph's, and those between pinned nodes that pruning dropped.
 */
void ct_content_edges(const struct ct_export *x, const bool *written,
    void (*put)(void *ctx, const struct ct_edge *e), void *ctx);

/*
 * Writes the fields pinnedIds and supernodes into an open object, including pins of nodes that the graph does
 * not have.
 */
void ct_graph_pins_write(struct ct_writer *w, const struct ct_export *x);

#endif
