/*
 * tree: the view of what feeds the targets, as others may ask for it, and what the files that make and draw
 * its rows share.
 */
#ifndef TUI_VIEW_TREE_H
#define TUI_VIEW_TREE_H

#include <stdbool.h>

#include "tui/terminal/draw.h"
#include "tui/view/fold.h"
#include "tui/view/tree_item.h"

struct app;

enum { TREE_MORE = 1 };		/* part of a row: what its item does not show */

struct tree {
	struct fold fold;	/* rows are items */
	struct tree_item *root;
	int n_roots;
	struct tree_shape shape;
	bool stale;		/* rows are to be made again */
	bool shaped;		/* opened and folded by a person: a session keeps its shape */
};

struct list *tree_list(struct app *a, void *state);
void tree_draw(struct app *a, void *state, const struct area *area);

/* What the selected row sums up, if it is no node: a fold, or (*more) what an item does not show; or NULL. */
const struct tree_item *tree_summed(struct app *a, bool *more);
/* From the root to the selected row, at most max of them from its end; returns how many. */
enum { TREE_PATH = 64 };
int tree_path(struct app *a, const struct tree_item **path, int max);
/* Shows a node in the tree, opening what leads to it. False: there is no path. */
bool tree_reveal(struct app *a, int node);
/* The same along a path of n nodes, from the one to show up to what it feeds in the end. */
bool tree_reveal_path(struct app *a, const int *node, int n);
/* What the selected row is, or is a part of ("... n more"); NULL: there are no rows. */
const struct tree_item *tree_selected(struct app *a);
/* Opens (1) or folds (-1) a level, or everything (100, -100). Returns false when nothing changed. */
bool tree_level(struct app *a, int step);
/*
 * Shows a place of the tree, opening what leads to it; rows >= 0: opens it with so many rows, 0: folds it.
 * path "": folds all of it, as if nothing had been open.
 */
int tree_branch(struct app *a, const char *path, int rows);
/* The node that the lines of the tree, written for a session, select; or -1. */
int tree_saved_node(struct app *a);

/* What rows stand for, and in which order; what is open stays open, as far as it is there. */
struct tree_shape tree_shape(struct app *a);
int tree_order(struct app *a, const struct tree_shape *shape);

#endif
