/*
 * picture_graph: a graph prepared for pictures: the texts of each node, and the edges. For picture.c and
 * picture_svg.c only.
 */
#ifndef CT_SHARE_PICTURE_GRAPH_H
#define CT_SHARE_PICTURE_GRAPH_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "share/content.h"

enum { PICTURE_INPUT = -1 };		/* the layer of embeddings */

struct picture_node {
	const char *id;			/* in graph JSON; lent by the content */
	enum ct_node_kind kind;		/* of a supernode, and of a feature that is explained: FEATURE */
	int node;			/* of the graph; -1: a supernode */
	char label[160], note[64];	/* sanitised, not escaped; the note may be "" */
	int layer, pos;
	/* cumulative influence: small is important; NAN: not known */
	double cumulative;
	double x, y;			/* top left corner, SVG only */
	int w;				/* width */
	int row, column;		/* in the layout; columns count within the position */
};

struct picture_link {
	int source, target;
	double weight;
	double corridor;		/* x where it passes the rows between; NAN: there are none */
};

struct picture {
	const struct ct_export *x;
	struct ct_content content;
	struct picture_node *nodes;	/* by layer, position, importance */
	struct picture_link *links;	/* the weakest first, so that the strongest are drawn on top */
	size_t n_nodes, n_links;
	size_t n_edges;			/* edges between these nodes, of which at most so many are links */
	double largest;			/* |weight| */
	char title[400];		/* the prompt, sanitised */
	struct ct_buffer *out;
};

extern const char picture_plus[], picture_minus[];	/* colours of edges */

/* Prepares the `most` strongest nodes (0: all), always with the outputs. To be closed in any case. */
int picture_open(struct picture *p, struct ct_buffer *to, const struct ct_export *x, int most,
    struct ct_error *err);
void picture_close(struct picture *p);

/* The token at a position, sanitised. Returns dst. */
const char *picture_token(const struct picture *p, int pos, char *dst, size_t size);

#endif
