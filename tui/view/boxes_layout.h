/*
 * boxes_layout: where the boxes of what is pinned stand, and which lines join them; drawing is boxes.c's.
 */
#ifndef TUI_VIEW_BOXES_LAYOUT_H
#define TUI_VIEW_BOXES_LAYOUT_H

#include <stdbool.h>

#include "ctrace.h"
#include "tui/terminal/theme.h"
#include "tui/view/list.h"

struct app;

/* Edges that a box lists, and columns that lines are drawn in. */
enum { BOXES_LISTED = 4, BOXES_COLUMNS = 512 };

struct box {
	int part;
	int row;			/* 0: the top one */
	int pos;
	int x, y, w, h;			/* y from the drawing's first line */
	int listed;			/* edges */
	int net;			/* of lines, while a gap is drawn; 0: none */
};

struct boxes {
	struct list list;
	struct box *box;		/* (list.n) by row, then from left to right */
	int n_rows, lines;
	int top;			/* first line in sight */
	int w, h;			/* of the body, as last drawn */
};

/* Makes the boxes anew, for v->w columns and as far as it goes v->h lines. */
void boxes_layout(struct app *a, struct boxes *v);

/* The first node of a part that is in the graph; -1. */
int boxes_node(const struct ct_subgraph_part *p);
bool boxes_is_word(struct app *a, const struct ct_subgraph_part *p);
bool boxes_is_target(struct app *a, const struct ct_subgraph_part *p);
/* The i-th strongest edge into a part, NULL after the last that is worth listing. */
const struct ct_subgraph_edge *boxes_edge(const struct ct_parts *x, int part, int i);

/* Bits of the ways that a cell of a line goes on. */
enum { WAY_UP = 1, WAY_DOWN = 2, WAY_LEFT = 4, WAY_RIGHT = 8 };

/* The gap between two rows of boxes, as far as it is drawn: each cell's line, and the net it is part of. */
struct boxes_gap {
	int row;			/* above it */
	int n_nets;
	unsigned char ways[BOXES_COLUMNS];
	int net[BOXES_COLUMNS];		/* 0: none */
	enum style style[BOXES_COLUMNS];
};

/* The lines of a gap: of what boxes list, the first ones first. gap: zeros, with its row. */
void boxes_lines(struct boxes *v, const struct ct_parts *x, struct boxes_gap *gap);

#endif
