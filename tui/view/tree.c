/*
 * tree: the targets, and below each node what feeds it, the strongest first.
 *
 * Owns which rows are open. The rows of a node are its edges in the pruned graph, then a row that sums up all
 * others, so that the rows and the bias always add up to the node's value. Bars compare the rows of one node.
 */
#include "tui/view/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/language/cmd_exec.h"
#include "tui/study/lines.h"
#include "tui/view/layout.h"
#include "tui/view/opened.h"
#include "tui/view/tree_item.h"
#include "tui/view/view.h"

enum { ROOT_SHOWN = 6, ROOT_MOST = 12, CHILD_SHOWN = 3, FOLDS = 2, STEP = 10, MAX_ROWS = 4000 };

static void *
tree_open(void)
{
	return calloc(1, sizeof(struct tree));
}

static void
tree_close(void *state)
{
	struct tree *t = state;

	tree_item_free(t->root, t->n_roots);
	fold_free(&t->fold);
	free(t);
}

/* Rows for the targets after the first: only a few if there are many. */
static int
other_targets(const struct app *a)
{
	return a->study.graph->n_targets > 5 ? 5 : a->study.graph->n_targets;
}

/* How many inputs of a target fill the pane, together with an open input, folds and other targets. */
static int
root_rows(const struct app *a)
{
	int room = layout_body(a) - other_targets(a) - CHILD_SHOWN - FOLDS - 1;

	return room > ROOT_MOST ? ROOT_MOST : room > ROOT_SHOWN ? room : ROOT_SHOWN;
}

static int
child_rows(const struct app *a)
{
	return CHILD_SHOWN + (a->grid.rows > APP_ROWS ? (a->grid.rows - APP_ROWS) / 8 : 0);
}

static bool
open_item(struct app *a, struct tree *t, struct tree_item *w)
{
	int rows = !w->parent ? root_rows(a) : w->node < 0 ? STEP : child_rows(a);
	struct ct_error err;

	if (w->node >= 0 && study_open_row(&a->study, w->node, &err)) {
		app_error(a, &err);
		return false;
	}
	if (!tree_item_grow(&a->study, w, &t->shape, rows))
		app_fail(a, "the tree: out of memory");
	if (!w->n && !w->n_folds)
		return false;
	w->open = t->stale = true;
	return true;
}

static bool
add_rows(struct app *a, struct tree *t, struct tree_item *w, int depth)
{
	bool ok = t->fold.list.n + 2 <= MAX_ROWS;

	if (!ok)
		return true;
	ok = fold_add(&t->fold, (struct fold_row){ .item = w, .depth = depth, .open = w->open,
		.opens = tree_item_can_open(&a->study, w) });
	for (int i = 0; ok && i < tree_item_rows(w); i++)
		ok = add_rows(a, t, tree_item_row(w, i), depth + 1);
	if (ok && w->open && w->shown < w->n && t->fold.list.n < MAX_ROWS)
		ok = fold_add(&t->fold,
		    (struct fold_row){ .item = w, .part = TREE_MORE, .depth = depth + 1 });
	return ok;
}

struct list *
tree_list(struct app *a, void *state)
{
	struct tree *t = state;
	bool ok = true;

	if (!t->stale)
		return &t->fold.list;
	fold_clear(&t->fold);
	for (int i = 0; ok && i < t->n_roots; i++)
		ok = add_rows(a, t, &t->root[i], 0);
	if (!ok)
		app_fail(a, "the tree: out of memory");
	t->stale = false;
	list_resize(&t->fold.list, t->fold.list.n, t->fold.list.h);
	return &t->fold.list;
}

static int
row_of(struct tree *t, const struct tree_item *w)
{
	for (int i = 0; i < t->fold.list.n; i++)
		if (t->fold.row[i].item == w && t->fold.row[i].part != TREE_MORE)
			return i;
	return -1;
}

static const struct tree_item *
item_at(const struct tree *t, int row)
{
	return t->fold.row[row].item;
}

/* The node of a row; -1: it sums up several nodes. */
static int
node_at(const struct tree *t, int row)
{
	return t->fold.row[row].part == TREE_MORE ? -1 : item_at(t, row)->node;
}

/* Makes the selected row's node the selected node. */
static void
follow_row(struct app *a, struct tree *t)
{
	if (tree_list(a, t)->n)
		view_select(a, node_at(t, t->fold.list.sel));
}

const struct tree_item *
tree_summed(struct app *a, bool *more)
{
	struct tree *t = a->state[VIEW_TREE];
	const struct fold_row *r = tree_list(a, t)->n ? fold_selected(&t->fold) : NULL;

	*more = r && r->part == TREE_MORE;
	return r && node_at(t, t->fold.list.sel) < 0 ? r->item : NULL;
}

static void
select_item(struct app *a, struct tree *t, const struct tree_item *w)
{
	int row;

	tree_list(a, t);
	row = row_of(t, w);
	if (row >= 0)
		list_select(&t->fold.list, row);
}

/* Opens the strongest features below the first target: as many as there is room for, but at least one. */
static void
open_strongest(struct app *a, struct tree *t)
{
	struct tree_item *root = &t->root[0];
	int room = layout_body(a) - other_targets(a) - root->shown - root->n_folds - 1;

	for (int i = 0, opened = 0; i < root->shown && (!opened || room > CHILD_SHOWN); i++) {
		struct tree_item *w = &root->child[i];

		if (!tree_item_is_ready(&a->study, w) || !open_item(a, t, w))
			continue;
		if (w->shown > CHILD_SHOWN - 1)
			w->shown = CHILD_SHOWN - 1;
		room -= w->shown + w->n_folds + (w->shown < w->n);
		opened++;
	}
	/* The room that remains is for more inputs of the target. */
	if (room > 0)
		root->shown = root->shown + room < root->n ? root->shown + room : root->n;
}

/* For a new graph: opens the first target and its strongest inputs. */
static void
build(struct app *a, struct tree *t)
{
	const struct ct_graph *g = a->study.graph;
	int first;

	tree_item_free(t->root, t->n_roots);
	t->root = NULL;
	t->n_roots = 0;
	t->stale = true;
	t->shaped = false;
	t->fold.list.sel = t->fold.list.top = 0;
	if (!g || !g->n_targets)
		return;
	t->root = calloc((size_t)g->n_targets, sizeof *t->root);
	if (!t->root) {
		app_fail(a, "the tree: out of memory");
		return;
	}
	t->n_roots = g->n_targets;
	first = g->n_nodes - g->n_targets;
	for (int i = 0; i < t->n_roots; i++)
		t->root[i].node = first + i;
	if (!open_item(a, t, &t->root[0]))
		return;
	open_strongest(a, t);
	if (!tree_reveal(a, a->study.node))
		view_select(a, first);
}

/* Once rows have changed: selects the selected node's row, else the node of the selected row. */
static void
keep_selected(struct app *a, struct tree *t)
{
	if (a->study.node < 0 || !tree_reveal(a, a->study.node))
		follow_row(a, t);
}

static void
tree_changed(struct app *a, void *state, enum change what)
{
	struct tree *t = state;

	if (what == CHANGED_GRAPH)
		build(a, t);
	if (what == CHANGED_PRUNING) {
		for (int i = 0; i < t->n_roots; i++)
			tree_item_regrow(&a->study, &t->root[i], &t->shape);
		t->stale = true;
		keep_selected(a, t);
	}
}

static void
tree_moved(struct app *a, void *state)
{
	follow_row(a, state);
}

/* Another view may have selected another node meanwhile. */
static void
tree_focused(struct app *a, void *state)
{
	struct tree *t = state;
	const struct list *l = tree_list(a, t);

	if (l->n && a->study.node >= 0 && node_at(t, l->sel) != a->study.node)
		tree_reveal(a, a->study.node);
	else
		follow_row(a, t);
}

static int
tree_enter(struct app *a, void *state)
{
	struct tree *t = state;
	const struct fold_row *r;
	struct tree_item *w;

	if (!tree_list(a, t)->n)
		return DID_NOTHING;
	r = fold_selected(&t->fold);
	w = r->item;
	if (r->part == TREE_MORE) {
		w->shown = w->shown + STEP < w->n ? w->shown + STEP : w->n;
	} else if (w->open) {
		w->open = false;
	} else if (w->node >= 0 && w->parent && study_node(&a->study, w->node)->kind == CT_NODE_ERROR) {
		return opened_toggle(a, w->node, tree_item_target(w));
	} else if (!tree_item_can_open(&a->study, w) || !open_item(a, t, w)) {
		return app_fail(a, "nothing feeds this: a path ends here");
	}
	t->stale = t->shaped = true;
	follow_row(a, t);
	return DID_CHANGE;
}

static bool
level(struct app *a, struct tree *t, struct tree_item *w, int step, int *budget)
{
	bool did = false;

	if (*budget <= 0)
		return false;
	if (!w->open) {
		if (step < 0 || !tree_item_can_open(&a->study, w) || !open_item(a, t, w))
			return false;
		*budget -= w->shown + w->n_folds + 1;
		did = true;
		if (step == 1)
			return true;
	}
	for (int i = 0; i < tree_item_rows(w); i++)
		did |= level(a, t, tree_item_row(w, i), step, budget);
	return did;
}

bool
tree_level(struct app *a, int step)
{
	struct tree *t = a->state[VIEW_TREE];
	struct tree_item *w = tree_list(a, t)->n ? t->fold.row[t->fold.list.sel].item : NULL;
	int budget = MAX_ROWS - t->fold.list.n, deepest = 0;
	bool did = false;

	for (int i = 0; i < t->n_roots; i++)
		deepest = tree_item_depth(&t->root[i]) > deepest ? tree_item_depth(&t->root[i]) : deepest;
	for (int i = 0; i < t->n_roots; i++) {
		if (step > 0)
			did |= level(a, t, &t->root[i], step, &budget);
		else
			did |= tree_item_fold(&t->root[i], step == -1 ? deepest : 1);
	}
	t->stale |= did;
	t->shaped |= did;
	/* The selection stays on its item, or goes to the nearest one above that has a row. */
	while (did && w && (tree_list(a, t), row_of(t, w)) < 0)
		w = w->parent;
	if (did && w)
		list_select(&t->fold.list, row_of(t, w));
	tree_moved(a, t);
	return did;
}

/* Opens a path from its target path[n-1] down to path[0], and shows each step. */
static bool
open_path(struct app *a, struct tree *t, const int *path, int n)
{
	struct tree_item *w = NULL, *fold;

	for (int i = 0; i < t->n_roots; i++)
		if (t->root[i].node == path[n - 1])
			w = &t->root[i];
	for (int i = n - 2; w && i >= 0; i--) {
		struct tree_item *next = NULL;
		int k;

		if (!open_item(a, t, w))
			return false;
		next = tree_item_find(w, path[i], &fold, &k);
		if (next && fold) {	/* it is in a fold, which is given a row and opened */
			int member = (int)(next - fold->child);

			fold = tree_item_promote(w, k);
			next = open_item(a, t, fold) ? tree_item_promote(fold, member) : NULL;
		} else if (next) {
			next = tree_item_promote(w, k);
		}
		w = next;
	}
	if (!w)
		return false;
	t->stale = t->shaped = true;
	select_item(a, t, w);
	return true;
}

int
tree_path(struct app *a, const struct tree_item **path, int max)
{
	struct tree *t = a->state[VIEW_TREE];
	const struct list *l = tree_list(a, t);
	int n = 0;

	for (const struct tree_item *w = l->n ? item_at(t, l->sel) : NULL; w && n < max; w = w->parent)
		path[n++] = w;
	for (int i = 0; i < n / 2; i++) {
		const struct tree_item *other = path[i];

		path[i] = path[n - 1 - i];
		path[n - 1 - i] = other;
	}
	return n;
}

bool
tree_reveal_path(struct app *a, const int *node, int n)
{
	struct tree *t = a->state[VIEW_TREE];
	const struct ct_graph *g = a->study.graph;
	int path[512], last, at = 0, most = (int)(sizeof path / sizeof *path);

	if (!g || n < 1 || n > most)
		return false;
	tree_list(a, t);
	for (; at < n; at++)
		path[at] = node[at];
	for (last = path[n - 1]; g->nodes[last].kind != CT_NODE_TARGET; path[at++] = last) {
		last = at < most ? study_best_output(&a->study, last) : -1;
		if (last < 0)
			return false;
	}
	return open_path(a, t, path, at);
}

bool
tree_reveal(struct app *a, int node)
{
	struct tree *t = a->state[VIEW_TREE];

	if (!a->study.graph || node < 0)
		return false;
	tree_list(a, t);
	for (int i = 0; i < t->fold.list.n; i++)
		if (node_at(t, i) == node) {
			list_select(&t->fold.list, i);
			return true;
		}
	return tree_reveal_path(a, &node, 1);
}

const struct tree_item *
tree_selected(struct app *a)
{
	struct tree *t = a->state[VIEW_TREE];

	return tree_list(a, t)->n ? item_at(t, t->fold.list.sel) : NULL;
}

int
tree_branch(struct app *a, const char *path, int rows)
{
	struct tree *t = a->state[VIEW_TREE];
	struct tree_item *w = NULL, *next;
	const char *rest = path;

	if (!*path) {
		for (int i = 0; i < t->n_roots; i++)
			tree_item_forget(&t->root[i]);
		t->stale = t->shaped = true;
		select_item(a, t, t->root);
		view_select(a, t->root->node);
		return DID_CHANGE;
	}
	do {
		if (w && !open_item(a, t, w))
			return app_fail(a, "branch: nothing feeds the node before \"%.100s\"", rest);
		next = w ? tree_item_named(&a->study, w->child, w->n + w->n_folds, &rest)
			 : tree_item_named(&a->study, t->root, t->n_roots, &rest);
		if (!next)
			return app_fail(
			    a, "branch: there is no \"%.100s\" %s", rest, w ? "below that" : "among the "
			    "targets");
		w = w ? tree_item_promote(w, (int)(next - w->child)) : next;
	} while (*rest);
	if (rows > 0 && !open_item(a, t, w))
		return app_fail(a, "branch: nothing feeds \"%.100s\"", path);
	if (rows > 0)
		w->shown = rows < w->n ? rows : w->n;
	if (rows == 0)
		w->open = false;
	t->stale = t->shaped = true;
	select_item(a, t, w);
	follow_row(a, t);
	return DID_CHANGE;
}

int
tree_order(struct app *a, const struct tree_shape *shape)
{
	struct tree *t = a->state[VIEW_TREE];

	if (t->shape.by == shape->by && t->shape.order == shape->order)
		return DID_NOTHING;
	t->shape = *shape;
	for (int i = 0; i < t->n_roots; i++)
		tree_item_regrow(&a->study, &t->root[i], &t->shape);
	t->stale = true;
	keep_selected(a, t);
	return DID_CHANGE;
}

struct tree_shape
tree_shape(struct app *a)
{
	return ((struct tree *)a->state[VIEW_TREE])->shape;
}

static void
tree_save(struct app *a, void *state, struct lines *out)
{
	struct tree *t = state;
	char path[TREE_ITEM_PATH];

	if (!tree_list(a, t)->n)
		return;
	lines_add(out, "by %s", tree_by_name(t->shape.by));
	lines_add(out, "sort %s", tree_order_name(t->shape.order));
	if (!t->shaped)
		return;
	lines_add(out, "branch");
	for (int i = 0; i < t->n_roots; i++)
		tree_item_save(&a->study, &t->root[i], out);
	tree_item_path(&a->study, item_at(t, t->fold.list.sel), path, sizeof path);
	lines_add(out, "branch %s", path);
}

int
tree_saved_node(struct app *a)
{
	struct tree *t = a->state[VIEW_TREE];
	const struct list *l = tree_list(a, t);

	if (!t->shaped || !l->n)
		return -1;
	return t->fold.row[l->sel].part == TREE_MORE ? item_at(t, l->sel)->node : node_at(t, l->sel);
}

static void
row_text(struct app *a, const struct tree_item *w, char *buf, size_t size)
{
	char name[STUDY_NAME], note[STUDY_NAME];

	snprintf(buf, size, "%s  %s", tree_item_title(&a->study, w, name, sizeof name),
	    study_note(&a->study, w->node, note, sizeof note));
}

static void
tree_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct tree *t = state;

	buf[0] = '\0';
	if (t->fold.row[row].part != TREE_MORE)
		row_text(a, item_at(t, row), buf, size);
}

/* If no row matches: finds the matching node of the pruned graph with the most influence. */
static bool
tree_find(struct app *a, void *state, const char *what)
{
	const struct ct_graph *g = a->study.graph;
	struct tree *t = state;
	char text[2 * STUDY_NAME];
	int best = -1;

	for (int i = 0; g && i < g->n_nodes; i++) {
		struct tree_item w = { .node = i };
		bool in_sight = false;

		if (!g->nodes[i].kept || (best >= 0 && g->nodes[i].influence <= g->nodes[best].influence))
			continue;
		row_text(a, &w, text, sizeof text);
		if (!cmd_text_fits(a, text, what))
			continue;
		for (int k = 0; k < t->fold.list.n && !in_sight; k++)
			in_sight = node_at(t, k) == i;
		best = in_sight ? best : i;
	}
	if (best < 0 || !tree_reveal(a, best))
		return false;
	view_select(a, best);
	return true;
}

static bool
tree_marker(struct app *a, void *state, int row, int x)
{
	struct tree *t = state;

	(void)a;
	return fold_mark_at(&t->fold, row, x) || (t->fold.row[row].part == TREE_MORE && x > 0);
}

static struct fold *
tree_fold(struct app *a, void *state)
{
	struct tree *t = state;

	tree_list(a, t);
	return &t->fold;
}

const struct view_ops tree_view = {
	.node = true,
	.name = "tree",
	.title = "tree",
	.note = "what feeds the target, and what feeds that; bars compare siblings, the last row sums up "
		"the rest",
	.open = tree_open,
	.close = tree_close,
	.changed = tree_changed,
	.draw = tree_draw,
	.list = tree_list,
	.moved = tree_moved,
	.focused = tree_focused,
	.text = tree_text,
	.save = tree_save,
	.find = tree_find,
	.enter = tree_enter,
	.marker = tree_marker,
	.fold = tree_fold,
};
