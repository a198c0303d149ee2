/*
 * tree: the view of what feeds the targets, for commands, and what the files that make and draw its rows have
 * in common.
 */
#ifndef TUI_VIEW_TREE_H
#define TUI_VIEW_TREE_H

#include <stdbool.h>

#include "tui/terminal/draw.h"
#include "tui/view/fold.h"
#include "tui/view/tree_item.h"

struct app;

enum { TREE_MORE = 1 };		/* part of a row: the one that sums up what its item has no rows for */

struct tree {
	struct fold fold;	/* its rows are items */
	struct tree_item *root;
	int n_roots;
	struct tree_shape shape;
	bool stale;		/* the rows must be made again */
	bool shaped;		/* a person opened or folded something, so a session keeps the shape */
};

struct list *tree_list(struct app *a, void *state);
void tree_draw(struct app *a, void *state, const struct area *area);

/*
 * What the selected row sums up if it is no node: a fold, or with *more what an item has no rows for; or
 * NULL.
 */
const struct tree_item *tree_summed(struct app *a, bool *more);
/* The names from the target down to the selected row, or the last max of them; returns how many. */
enum { TREE_PATH = 64 };
int tree_path(struct app *a, const struct tree_item **path, int max);
/* Shows a node in the tree and opens what leads to it. Returns false if no path leads to it. */
bool tree_reveal(struct app *a, int node);
/* The same along a path of n nodes, from the node to show to the target. */
bool tree_reveal_path(struct app *a, const int *node, int n);
/* The item of the selected row, or the one that it is a part of ("... n more"); NULL: there are no rows. */
const struct tree_item *tree_selected(struct app *a);
/* Opens (1) or folds (-1) one level, or everything (100, -100). Returns false if nothing changed. */
bool tree_level(struct app *a, int step);
/*
 * Shows an item of the tree and opens what leads to it; rows > 0 opens it with so many rows, 0 folds it. path
 * "" folds everything, as if nothing had ever been open.
 */
int tree_branch(struct app *a, const char *path, int rows);
/* The node that the lines which a session keeps of the tree would select; or -1. */
int tree_saved_node(struct app *a);

/* How inputs are grouped and sorted. Items that are open stay open as far as they still exist. */
struct tree_shape tree_shape(struct app *a);
int tree_order(struct app *a, const struct tree_shape *shape);

#endif
