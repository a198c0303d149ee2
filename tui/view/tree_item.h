/*
 * tree_item: an item of the tree with its inputs, as far as they were opened: a node, or a fold of several
 * nodes.
 *
 * Owns which children an item has, their order, and how many have a row of their own. tree.c draws and
 * selects.
 */
#ifndef TUI_VIEW_TREE_ITEM_H
#define TUI_VIEW_TREE_ITEM_H

#include <stdbool.h>

#include "tui/study/study.h"

struct lines;

enum tree_order { ORDER_SIZE, ORDER_FOR, ORDER_AGAINST };	/* of a node's inputs */

/* How the children of all items are grouped and sorted. */
struct tree_shape {
	enum ct_inputs_by by;
	enum tree_order order;
};

const char *tree_by_name(enum ct_inputs_by by);		/* node, token, layer */
const char *tree_order_name(enum tree_order order);	/* size, for, against */

struct tree_item {
	enum ct_input_kind kind;	/* CT_INPUT_NODE, or the kind of a fold */
	int node;			/* -1: a fold; its children are nodes */
	int key;			/* of a fold: the position of its token, or its layer */
	int size;			/* of a fold: number of nodes */
	/* what it adds to the item above, and takes from it; 0 for a target */
	double plus, minus;
	int rank;			/* among its siblings, before any was promoted */
	bool kept;			/* at least one of its edges survives pruning */
	bool open;
	int shown;			/* how many children have a row, */
	int wanted;			/* and how many were asked for */
	int n;				/* children; 0 until they are known */
	int n_folds;			/* folds after these children, which always have a row */
	bool known;
	double largest;			/* |weight| of the strongest child */
	struct tree_item *child;	/* (n + n_folds) */
	struct tree_item *parent;
};

/* Frees an array of n items, with everything below them. */
void tree_item_free(struct tree_item *t, int n);

/* Folds the item and forgets its children, as if it had never been open. */
void tree_item_forget(struct tree_item *t);

/*
 * Fills in the children in their order (by size: those of the pruned graph first). `shown` of them get a row,
 * or fewer if the pruned graph has fewer. Returns false if memory runs out.
 */
bool tree_item_grow(const struct study *s, struct tree_item *t, const struct tree_shape *shape, int shown);
/* After a new pruning or order: sorts the children again; open ones stay open. */
void tree_item_regrow(const struct study *s, struct tree_item *t, const struct tree_shape *shape);
/*
 * Whether it is a node whose inputs are known. Those of a partial graph are only computed when a person opens
 * them.
 */
bool tree_item_is_ready(const struct study *s, const struct tree_item *t);
bool tree_item_can_open(const struct study *s, const struct tree_item *t);
/* Promotes the k-th child: gives it a row after the last one that has a row. Returns it. */
struct tree_item *tree_item_promote(struct tree_item *t, int k);
/*
 * The child that is this node, or the member of a fold among the children; *fold: that fold, or NULL; *k: the
 * index of the child or fold. NULL: there is none.
 */
struct tree_item *tree_item_find(struct tree_item *t, int node, struct tree_item **fold, int *k);

double tree_item_weight(const struct tree_item *t);
/* The node that an item feeds; a member of a fold feeds what the fold feeds. -1: it is a target. */
int tree_item_target(const struct tree_item *t);

/* How many rows are directly below it, without the one that sums up the rest; and the i-th of them. */
int tree_item_rows(const struct tree_item *t);
struct tree_item *tree_item_row(const struct tree_item *t, int i);

/* How many levels are open, counting its own. */
int tree_item_depth(const struct tree_item *t);
/* Folds everything open at a depth (1: itself). Returns false if nothing was. */
bool tree_item_fold(struct tree_item *t, int depth);

/* Its name on the screen: a fold is "words", "errors", "@Dallas", "layer 3". Returns buf. */
const char *tree_item_title(const struct study *s, const struct tree_item *t, char *buf, size_t size);
/*
 * Finds one of n siblings by the name at *text, which ends at " > " or the text's end; *text moves past it.
 * NULL: none has this name.
 */
struct tree_item *tree_item_named(const struct study *s, struct tree_item *t, int n, const char **text);
/* The names from the target down to it: `output "Austin" > L1#917@8`. Returns buf. */
enum { TREE_ITEM_PATH = 16 * STUDY_NAME };
const char *tree_item_path(const struct study *s, const struct tree_item *t, char *buf, size_t size);
/* Adds the commands that open it and everything that is open below it (see tree_branch). */
void tree_item_save(const struct study *s, const struct tree_item *t, struct lines *out);

#endif
