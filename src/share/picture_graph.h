/*
 * picture_graph: a graph as its pictures need it: what each node says of itself, and the edges. For picture.c and
 * picture_svg.c only.
 */
#ifndef CT_SHARE_PICTURE_GRAPH_H
#define CT_SHARE_PICTURE_GRAPH_H

#include <jansson.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum { PICTURE_INPUT = -1 };		/* the layer of embeddings */
enum picture_kind { PICTURE_FEATURE, PICTURE_ERROR, PICTURE_EMBEDDING, PICTURE_OUTPUT };

struct picture_node {
	const char *id;
	enum picture_kind kind;
	char label[160], note[64];	/* sanitised, not escaped; the note may be "" */
	int layer, pos;
	double influence;		/* cumulative share: small is important; NAN: not given */
	double x, y;			/* top left corner, SVG only */
	int w;				/* width */
};

struct picture_link {
	int source, target;
	double weight;
};

struct picture {
	struct picture_node *nodes;	/* by layer, position, importance */
	struct picture_link *links;	/* the weakest first, so that the strongest lie on top */
	size_t n_nodes, n_links;
	double largest;			/* |weight| */
	const json_t *tokens;
	char title[400];		/* the prompt, sanitised */
	struct ct_buffer out;
};

extern const char picture_plus[], picture_minus[];	/* colours of edges */

int picture_open(struct picture *p, const json_t *graph, struct ct_error *err);
void picture_close(struct picture *p);
/* The text goes to the caller; everything else is freed. */
int picture_finish(struct picture *p, char **text, size_t *n, struct ct_error *err);

/* The token at a position, sanitised; "" when it is not known. Returns dst. */
const char *picture_token(const struct picture *p, int pos, char *dst, size_t size);

#endif
