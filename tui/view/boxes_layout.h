/* boxes_layout: where the boxes of pinned nodes are placed, and which lines join them. boxes.c draws them. */
#ifndef TUI_VIEW_BOXES_LAYOUT_H
#define TUI_VIEW_BOXES_LAYOUT_H

#include <stdbool.h>

#include "ctrace.h"
#include "tui/terminal/theme.h"
#include "tui/view/list.h"

struct app;

/* Edges that a box can list, and columns in which lines are drawn. */
enum { BOXES_LISTED = 4, BOXES_COLUMNS = 512 };

struct box {
	int part;
	int row;			/* 0: the top one */
	int pos;
	int x, y, w, h;			/* y counts from the first line of the drawing */
	int listed;			/* how many edges it lists */
	/* the net of lines that it belongs to, while a gap is drawn; 0: none */
	int net;
};

struct boxes {
	struct list list;
	struct box *box;		/* (list.n) by row, then from left to right */
	int n_rows, lines;
	int top;			/* first line that is visible */
	int w, h;			/* of the body, when it was last drawn */
};

/* Makes the boxes again for v->w columns and, as far as possible, v->h lines. */
void boxes_layout(struct app *a, struct boxes *v);

/* The first node of a part that is in the graph; -1. */
int boxes_node(const struct ct_subgraph_part *p);
bool boxes_is_word(struct app *a, const struct ct_subgraph_part *p);
bool boxes_is_target(struct app *a, const struct ct_subgraph_part *p);
/* The i-th strongest edge into a part; NULL if that is too weak to be listed. */
const struct ct_subgraph_edge *boxes_edge(const struct ct_parts *x, int part, int i);

/* The directions in which a line leaves a cell, as bits. */
enum { WAY_UP = 1, WAY_DOWN = 2, WAY_LEFT = 4, WAY_RIGHT = 8 };

/* The gap between two rows of boxes while it is drawn: the line in each cell, and the net it belongs to. */
struct boxes_gap {
	int row;			/* the row above it */
	int n_nets;
	unsigned char ways[BOXES_COLUMNS];
	int net[BOXES_COLUMNS];		/* 0: none */
	enum style style[BOXES_COLUMNS];
};

/* Draws the lines of a gap. gap: all zeros but for its row. */
void boxes_lines(struct boxes *v, const struct ct_parts *x, struct boxes_gap *gap);

#endif
