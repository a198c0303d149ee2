/*
 * paths: the strongest paths from words to the target of the tree's selected row, each with its share of the
 * target's inputs.
 */
#include "tui/view/paths.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "tui/app.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

/* rows by default; column where names begin; least columns for a name */
enum { USUAL = 50, NAMES = 12, LEAST = 6 };

struct paths {
	struct list list;		/* first, for view_list */
	struct ct_arena arena;
	struct ct_paths p;
	struct ct_error why;		/* why there are none */
	int max;			/* how many to show at most */
};

static void *
paths_open(void)
{
	struct paths *v = calloc(1, sizeof *v);

	if (v)
		v->max = USUAL;
	return v;
}

static void
forget(struct paths *v)
{
	ct_arena_free(&v->arena);
	v->p = (struct ct_paths){ .n = 0 };
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
}

static void
paths_close(void *state)
{
	forget(state);
	free(state);
}

/* The target above the tree's selected row. */
static int
target_of(struct app *a)
{
	const struct ct_graph *g = a->study.graph;
	const struct tree_item *t = tree_selected(a);

	while (t && t->parent)
		t = t->parent;
	return t ? t->node : g->n_nodes - g->n_targets;
}

static void
find(struct app *a, struct paths *v)
{
	int target = a->study.graph ? target_of(a) : -1, sel = v->p.target == target ? v->list.sel : 0;

	forget(v);
	if (view_traced(a, &v->why) &&
	    ct_session_paths(a->study.session, target, v->max, &v->p, &v->arena, &v->why) == CT_OK &&
	    v->p.n == 0)
		ct_fail(&v->why, CT_ENOTFOUND, "no path leads from a word to this target");
	v->list.n = v->p.n;
	list_select(&v->list, sel);
}

static void
paths_focused(struct app *a, void *state)
{
	find(a, state);
}

static void
paths_changed(struct app *a, void *state, enum change what)
{
	struct paths *v = state;

	if (what != CHANGED_GRAPH)
		return;
	forget(v);
	if (a->view == VIEW_PATHS)
		find(a, v);
}

int
paths_show(struct app *a, int n)
{
	struct paths *v = a->state[VIEW_PATHS];

	v->max = n > 0 ? n : USUAL;
	view_show(a, VIEW_PATHS);
	return DID_CHANGE;
}

/*
 * Draws a path's nodes with > between them. They share the room; what one does not need, the next ones get.
 */
static void
draw_nodes(struct app *a, const struct area *area, int y, const struct ct_path *p)
{
	char word[STUDY_NAME];
	int x = NAMES + draw_cut(area, NAMES, y, (area->w - NAMES) / p->n, ST_INPUT, study_name(&a->study,
	    p->node[0], word, sizeof word));

	for (int i = 1; i < p->n; i++) {
		int left = area->w - 1 - x - 3 * (p->n - 1 - i), max = left / (p->n - i);

		x += draw_text(area, x, y, p->edge[i - 1] < 0 ? ST_MINUS : ST_DIM, " > ");
		left = area->w - 1 - x;
		x += node_name_draw(a, area, x, y, max < LEAST ? left : max < left ? max : left, p->node[i]);
	}
}

static void
paths_draw(struct app *a, void *state, const struct area *area)
{
	struct paths *v = state;
	char name[STUDY_NAME], b[2][FMT_SIZE];

	if (!v->p.n) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	draw_fmt(area, 1, 0, ST_DIM, "the strongest paths from words to %s; + speaks for it, − against it",
	    study_name(&a->study, v->p.target, name, sizeof name));
	draw_right(area, NAMES - 3, 1, ST_DIM, "share");
	draw_text(area, NAMES, 1, ST_DIM, "path");
	v->list.y = 2;
	list_resize(&v->list, v->p.n, area->h - 3);
	for (int i = 0; i < v->list.h && v->list.top + i < v->p.n; i++) {
		const struct ct_path *p = &v->p.path[v->list.top + i];

		draw_right(area, NAMES - 3, 2 + i, ST_STRONG, fmt_percent(b[0], sizeof b[0], p->share));
		draw_text(area, NAMES - 2, 2 + i, p->sign < 0 ? ST_MINUS : ST_PLUS,
		    p->sign < 0 ? "−" : "+");
		draw_nodes(a, area, 2 + i, p);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, 2 + i, NAMES - 1);
	}
	draw_fmt(area, 1, area->h - 1, ST_DIM,
	    "%d path%s: %s of the target's inputs; all paths from words: %s", v->p.n, v->p.n > 1 ? "s" : "",
	    fmt_percent(b[0], sizeof b[0], v->p.listed), fmt_percent(b[1], sizeof b[1], v->p.total));
}

static void
paths_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct ct_path *p = &((struct paths *)state)->p.path[row];
	char name[STUDY_NAME], note[STUDY_NAME];
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < p->n && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s %s", i ? " > " : "",
		    study_name(&a->study, p->node[i], name, sizeof name),
		    study_note(&a->study, p->node[i], note, sizeof note));
}

/* Opens the path in the tree, down to its word. */
static int
paths_enter(struct app *a, void *state)
{
	struct paths *v = state;
	const struct ct_path *p;

	if (!v->p.n)
		return DID_NOTHING;
	p = &v->p.path[v->list.sel];
	a->view = a->focus = VIEW_TREE;
	if (tree_reveal_path(a, p->node, p->n))
		view_select(a, p->node[0]);
	return DID_CHANGE;
}

static void
paths_save(struct app *a, void *state, struct lines *out)
{
	struct paths *v = state;

	if (a->view == VIEW_PATHS && v->max != USUAL)
		lines_add(out, "paths %d", v->max);
}

const struct view_ops paths_view = {
	.name = "paths",
	.title = "paths",
	.note = "the strongest paths from words to the target, each with its share of the target's inputs",
	.keep = true,
	.save = paths_save,
	.open = paths_open,
	.close = paths_close,
	.changed = paths_changed,
	.draw = paths_draw,
	.list = view_list,
	.focused = paths_focused,
	.text = paths_text,
	.enter = paths_enter,
};
