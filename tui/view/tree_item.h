/*
 * tree_item: a row of the tree with what feeds it, as far as it was opened: a node, or several folded into
 * one.
 *
 * Owns which children there are, in which order, and how many have a row of their own. Drawing and selecting
 * belong to tree.
 */
#ifndef TUI_VIEW_TREE_ITEM_H
#define TUI_VIEW_TREE_ITEM_H

#include <stdbool.h>

#include "tui/study/study.h"

struct lines;

enum tree_order { ORDER_SIZE, ORDER_FOR, ORDER_AGAINST };	/* of what feeds a node */

/* How the children of all items are found. */
struct tree_shape {
	enum ct_inputs_by by;
	enum tree_order order;
};

const char *tree_by_name(enum ct_inputs_by by);		/* node, token, layer */
const char *tree_order_name(enum tree_order order);	/* size, for, against */

struct tree_item {
	enum ct_input_kind kind;	/* CT_INPUT_NODE; else several nodes folded */
	int node;			/* -1: a fold, whose children are all nodes */
	int key;			/* of a fold: the token's position, or the layer */
	int size;			/* of a fold: nodes */
	double plus, minus;		/* what it adds to the node above, and takes from it; a root: 0 */
	int rank;			/* among its siblings, before any was brought up */
	bool kept;			/* an edge of it survives pruning */
	bool open;
	int shown;			/* children with a row of their own, */
	int wanted;			/* of as many as were asked for */
	int n;				/* children, 0 until they are known */
	int n_folds;			/* behind those: folds that always have a row */
	bool known;
	double largest;			/* |weight| of the strongest child */
	struct tree_item *child;	/* (n + n_folds) */
	struct tree_item *parent;
};

/* Frees n items that lie side by side, with all below them. */
void tree_item_free(struct tree_item *t, int n);

/* Folds it, and forgets the children: they will be as if it had never been open. */
void tree_item_forget(struct tree_item *t);

/*
 * Fills in the children, in their order: of the pruned graph first, if that is by size. `shown` of them get a
 * row (fewer when the pruned graph has fewer). False: out of memory.
 */
bool tree_item_grow(const struct study *s, struct tree_item *t, const struct tree_shape *shape, int shown);
/* Another pruning or order: the same children in another order; what was open stays open. */
void tree_item_regrow(const struct study *s, struct tree_item *t, const struct tree_shape *shape);
/* Is it a node whose inputs are known? Those of a partial graph can wait for a person who wants them. */
bool tree_item_is_ready(const struct study *s, const struct tree_item *t);
bool tree_item_can_open(const struct study *s, const struct tree_item *t);
/* Gives the k-th child a row, after those that have one, and returns it. */
struct tree_item *tree_item_promote(struct tree_item *t, int k);
/*
 * The child, or member of a fold below it, that is this node; with *fold the fold, or NULL; *k: which child
 * that is or is in. NULL: there is none.
 */
struct tree_item *tree_item_find(struct tree_item *t, int node, struct tree_item **fold, int *k);

double tree_item_weight(const struct tree_item *t);
/* The node that it feeds: of a member of a fold, the one that the fold feeds. -1: a root. */
int tree_item_target(const struct tree_item *t);

/* How many rows it has below it, the one that sums up the rest not counted; and the i-th of them. */
int tree_item_rows(const struct tree_item *t);
struct tree_item *tree_item_row(const struct tree_item *t, int i);

/* How many levels are open below it, itself included. */
int tree_item_depth(const struct tree_item *t);
/* Folds what is open at a depth (1: itself). False: nothing was. */
bool tree_item_fold(struct tree_item *t, int depth);

/* What it is called in a session: the node's name, "words", "errors", "token 7", "layer 3". Returns buf. */
const char *tree_item_name(const struct study *s, const struct tree_item *t, char *buf, size_t size);
/* What the screen calls it: a fold is "words", "errors", "@Dallas", "layer 3". Returns buf. */
const char *tree_item_title(const struct study *s, const struct tree_item *t, char *buf, size_t size);
/*
 * One of n items side by side, by the name that *text begins with, up to its end or " > "; *text moves behind
 * that. NULL: none has it.
 */
struct tree_item *tree_item_named(const struct study *s, struct tree_item *t, int n, const char **text);
/* The names from the target down to it: `output "Austin" > L1#917@8`. Returns buf. */
enum { TREE_ITEM_PATH = 16 * STUDY_NAME };
const char *tree_item_path(const struct study *s, const struct tree_item *t, char *buf, size_t size);
/* Adds the commands that open it and what is open below it (see tree_branch). */
void tree_item_save(const struct study *s, const struct tree_item *t, struct lines *out);

#endif
