/*
 * fold: a list whose rows open and fold. The tree, the subgraph and everything else with levels uses it.
 *
 * Owns the rows, which of them is selected, and where their marks are. The view owns what a row stands for,
 * what is below it and whether it is open; whenever that changes it makes the rows again.
 */
#ifndef TUI_VIEW_FOLD_H
#define TUI_VIEW_FOLD_H

#include <stdbool.h>

#include "tui/terminal/draw.h"
#include "tui/view/list.h"

/* columns for the mark of the selected row, and for each level */
enum { FOLD_GUTTER = 1, FOLD_INDENT = 2 };

struct fold_row {
	void *item;		/* what the row is about: an item of the view, */
	int part;		/* and a part of it */
	int depth;
	bool opens, open;	/* there is something below it; and that is shown */
	bool leaf;		/* it is a link: Enter goes elsewhere */
};

struct fold {
	struct list list;
	struct fold_row *row;	/* (list.n) */
	int capacity;
};

void fold_free(struct fold *f);
/*
 * To make the rows again: clear, then add each. The number of the selected row stays. fold_add returns false
 * if memory runs out.
 */
void fold_clear(struct fold *f);
bool fold_add(struct fold *f, struct fold_row row);

const struct fold_row *fold_selected(const struct fold *f);	/* NULL: there are no rows */
/* The row above i on the next higher level; -1: none. */
int fold_parent(const struct fold *f, int i);

/* Draws the row's mark, and returns the column where its text begins. */
int fold_draw(const struct fold *f, const struct area *a, int y, int i);
/* Whether column x is that of the row's mark. */
bool fold_mark_at(const struct fold *f, int i, int x);

#endif
