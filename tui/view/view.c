/* view: the table of views, and what concerns several of them; see view.h. */
#include "tui/view/view.h"

#include <string.h>

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/language/mdoc.h"
#include "tui/view/layout.h"

#define VIEW_OPS(ID, name) extern const struct view_ops name##_view;
VIEWS(VIEW_OPS)
#undef VIEW_OPS

static const struct view_ops *const views[VIEW_COUNT] = {
#define VIEW_ROW(ID, name) [VIEW_##ID] = &name##_view,
	VIEWS(VIEW_ROW)
#undef VIEW_ROW
};

const struct view_ops *
view_ops(enum view_id id)
{
	return views[id];
}

int
view_find(const char *name)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		if (strcmp(views[i]->name, name) == 0)
			return i;
	return -1;
}

const char *
view_place(const char *name)
{
	int id = view_find(name);

	return id >= 0 ? views[id]->name : strcmp(name, KEYS_READING) == 0 ? KEYS_READING : NULL;
}

void
view_mdoc(FILE *out)
{
	fputs(".Bl -tag -width \"operands\" -compact\n", out);
	for (int i = 0; i < VIEW_COUNT; i++) {
		fputs(".It Ic ", out);
		mdoc_word(out, views[i]->name);
		fputc('\n', out);
		mdoc_text(out, views[i]->note);
	}
	fputs(".El\n", out);
}

int
view_open_all(struct app *a)
{
	for (int i = 0; i < VIEW_COUNT; i++) {
		a->state[i] = views[i]->open();
		if (!a->state[i])
			return CT_ENOMEM;
	}
	return CT_OK;
}

void
view_close_all(struct app *a)
{
	for (int i = 0; i < VIEW_COUNT; i++) {
		if (a->state[i])
			views[i]->close(a->state[i]);
		a->state[i] = NULL;
	}
}

void
view_changed(struct app *a, enum change what)
{
	if (what == CHANGED_GRAPH)	/* the state of work on another graph */
		a->work = (struct work){ .stopped = false };
	for (int i = 0; i < VIEW_COUNT; i++)
		if (views[i]->changed && a->state[i])
			views[i]->changed(a, a->state[i], what);
}

void
view_show(struct app *a, enum view_id id)
{
	if (a->focus != id)
		a->before = a->focus;
	a->view = layout_has(a, id) ? VIEW_TREE : id;
	a->focus = id;
	if (views[id]->focused)
		views[id]->focused(a, a->state[id]);
}

const struct key_entry *
view_key(const struct app *a, int key)
{
	const struct view_ops *ops = view_ops(a->focus);
	const struct key_entry *own = key_bound_in(ops->name, key);

	if (!own && ops->about != ABOUT_GRAPH)
		own = key_bound_in(KEYS_READING, key);
	return own ? own : key_bound(NULL, key);
}

/*
 * Keys change only what the view shows. In a text they only move; in a view about the program, none changes
 * the graph; and a view that fills the body without showing nodes does not change the selected one.
 */
bool
view_acts(const struct app *a, const struct key_entry *k)
{
	const struct cmd_entry *c = cmd_find(k->command, strcspn(k->command, " "));
	const struct view_ops *ops = view_ops(a->focus);
	bool node = (c->flags & CMD_NODE) || strcmp(k->command, "attribute node") == 0;

	if (k->place && strcmp(k->place, ops->name) == 0)
		return true;
	if (ops->about == ABOUT_TEXT)
		return c->flags & CMD_LOOK;
	if (ops->about == ABOUT_PROGRAM)
		return !(c->flags & CMD_GRAPH) && !node;
	return !node || a->view == VIEW_TREE || ops->feature || ops->node;
}

void
view_select(struct app *a, int node)
{
	if (a->study.node == node && !a->study.has_absent)
		return;
	a->study.has_absent = false;
	a->study.node = node;
	view_changed(a, CHANGED_NODE);
}

bool
view_traced(const struct app *a, struct ct_error *why)
{
	if (!a->study.graph)
		ct_fail(why, CT_EINVAL, "nothing traced yet: trace a prompt, then come back");
	return a->study.graph;
}

struct list *
view_list(struct app *a, void *state)
{
	(void)a;
	return state;
}
