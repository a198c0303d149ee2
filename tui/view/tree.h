/*
 * tree: what the tree's rows are, for the two files that make and draw them.
 */
#ifndef TUI_VIEW_TREE_H
#define TUI_VIEW_TREE_H

#include <stdbool.h>

#include "tui/terminal/draw.h"
#include "tui/view/list.h"

struct app;
struct tree_item;

enum { TREE_GUTTER = 1, TREE_INDENT = 2 };	/* columns: of the mark of the selected row, and of a level */

struct row {
	struct tree_item *item;
	bool more;		/* the row for what item does not show */
	int depth;
};

struct tree {
	struct tree_item *root;
	int n_roots;
	struct row *rows;
	int capacity;
	struct list list;
	bool stale;		/* rows are to be made again */
	bool shaped;		/* opened and folded by a person: a session keeps its shape */
};

struct list *tree_list(struct app *a, void *state);
void tree_draw(struct app *a, void *state, const struct area *area);

#endif
