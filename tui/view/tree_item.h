/*
 * tree_item: a node in the tree with what feeds it, as far as it was opened.
 *
 * Owns which children there are, in which order, and how many have a row of their own. Drawing and selecting
 * belong to tree.
 */
#ifndef TUI_VIEW_TREE_ITEM_H
#define TUI_VIEW_TREE_ITEM_H

#include <stdbool.h>

#include "tui/study/study.h"

struct lines;

struct tree_item {
	int node;
	float weight;		/* of the edge to the parent; a root: 0 */
	int rank;		/* among its siblings, before any was brought up */
	bool kept;		/* the edge survives pruning */
	bool open;
	int shown;		/* children with a row of their own */
	int n;			/* children, 0 until they are known */
	bool known;
	double largest;		/* |weight| of the strongest */
	struct tree_item *child;
	struct tree_item *parent;
};

/* Frees n items that lie side by side, with all below them. */
void tree_item_free(struct tree_item *t, int n);

/* Folds it, and forgets the children: they will be as if it had never been open. */
void tree_item_forget(struct tree_item *t);

/*
 * Fills in the children: edges of the pruned graph first, the rest after them, each part strongest first.
 * `shown` of them get a row (fewer when the pruned graph has fewer). False: out of memory.
 */
bool tree_item_grow(const struct study *s, struct tree_item *t, int shown);
/* Another pruning: the same children in another order; what was open stays open. */
void tree_item_regrow(const struct study *s, struct tree_item *t);
bool tree_item_can_open(const struct study *s, const struct tree_item *t);
/* Gives the k-th child a row, after those that have one, and returns it. */
struct tree_item *tree_item_promote(struct tree_item *t, int k);

/* How many levels are open below it, itself included. */
int tree_item_depth(const struct tree_item *t);
/* Folds what is open at a depth (1: itself). False: nothing was. */
bool tree_item_fold(struct tree_item *t, int depth);

/*
 * One of n items side by side, by the name that *text begins with, up to its end or " > "; *text moves behind that.
 * NULL: none has it.
 */
struct tree_item *tree_item_named(const struct study *s, struct tree_item *t, int n, const char **text);
/* The names from the target down to it: `output "Austin" > L1#917@8`. Returns buf. */
enum { TREE_ITEM_PATH = 16 * STUDY_NAME };
const char *tree_item_path(const struct study *s, const struct tree_item *t, char *buf, size_t size);
/* Adds the commands that open it and what is open below it (see tree_branch). */
void tree_item_save(const struct study *s, const struct tree_item *t, struct lines *out);

#endif
