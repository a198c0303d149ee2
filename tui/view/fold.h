/*
 * fold: a list whose rows open and fold: one for the tree, the subgraph, and whatever else stands in levels.
 *
 * Owns the rows, the selection among them, and where their marks are. What a row stands for, what is below it
 * and whether that is open belong to the view: it makes the rows anew whenever that changes.
 */
#ifndef TUI_VIEW_FOLD_H
#define TUI_VIEW_FOLD_H

#include <stdbool.h>

#include "tui/terminal/draw.h"
#include "tui/view/list.h"

enum { FOLD_GUTTER = 1, FOLD_INDENT = 2 };	/* columns: of the mark of the selected row, and of a level */

struct fold_row {
	void *item;		/* the view's, */
	int part;		/* and which part of it */
	int depth;
	bool opens, open;	/* has it something below it, and is that in sight? */
	bool leaf;		/* Enter leads elsewhere from it */
};

struct fold {
	struct list list;
	struct fold_row *row;	/* (list.n) */
	int capacity;
};

void fold_free(struct fold *f);
/* Makes the rows anew: what is selected stays as a number. fold_add: false when out of memory. */
void fold_clear(struct fold *f);
bool fold_add(struct fold *f, struct fold_row row);

const struct fold_row *fold_selected(const struct fold *f);	/* NULL: there are no rows */
/* The row that the i-th stands below; -1: none. */
int fold_parent(const struct fold *f, int i);

/* Draws the row's mark, and returns the column where its text begins. */
int fold_draw(const struct fold *f, const struct area *a, int y, int i);
/* Is column x the row's mark? */
bool fold_mark_at(const struct fold *f, int i, int x);

#endif
