/*
 * picture_layout: places the boxes of a picture, and routes its edges. For the pictures of share/ only.
 *
 * Positions run from left to right, and layers from the bottom (words) to the top (outputs). Boxes are in
 * slots of equal width: several of the same layer and position are next to each other and, if there are many,
 * in several rows. An edge leaves its box at the top and enters the next one from below. It passes rows in
 * the gaps between slots, so that no box hides it.
 */
#ifndef CT_SHARE_PICTURE_LAYOUT_H
#define CT_SHARE_PICTURE_LAYOUT_H

#include "base/error.h"
#include "share/picture_graph.h"

enum {
	PICTURE_BOX_H = 36,
	PICTURE_LEFT = 64,			/* names of layers */
	PICTURE_MARGIN = 16,
	PICTURE_BOTTOM = 56			/* tokens, and what is said below them */
};

struct picture_layout {
	int T, rows;
	int *columns;			/* (T) slots of each position; 0: it has no node */
	int *width;			/* (T) of its boxes */
	double *x;			/* (T+1) where positions begin */
	double *y;			/* (rows) tops of the boxes, from the lowest row up */
	int *layer;			/* (rows) */
	double total_w, total_h;
};

/* Places the nodes of p, and routes its links. To be freed in any case. */
int picture_layout(struct picture_layout *g, struct picture *p, struct ct_error *err);
void picture_layout_free(struct picture_layout *g);

#endif
