/* sessions: a list of the kept sessions, the latest first, to open one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/session/session_list.h"
#include "tui/view/view.h"

struct sessions {
	struct list list;
	struct session_entry *entry;
	struct ct_error why;		/* there are none to be seen */
	bool loaded;
};

static void *
sessions_open(void)
{
	return calloc(1, sizeof(struct sessions));
}

static void
sessions_close(void *state)
{
	struct sessions *v = state;

	free(v->entry);
	free(v);
}

static void
load(struct sessions *v)
{
	int n;

	free(v->entry);
	v->why.msg[0] = '\0';
	n = session_list(&v->entry, &v->why);
	v->list.n = n > 0 ? n : 0;
	v->loaded = true;
	list_select(&v->list, v->list.sel);
}

static struct list *
sessions_list(struct app *a, void *state)
{
	struct sessions *v = state;

	(void)a;
	if (!v->loaded)
		load(v);
	return &v->list;
}

static void
sessions_focused(struct app *a, void *state)
{
	(void)a;
	load(state);
}

static void
sessions_draw(struct app *a, void *state, const struct area *area)
{
	struct sessions *v = state;
	struct list *l = sessions_list(a, v);
	int name = area->w / 3, model = name + 2 + 12;

	list_resize(l, l->n, area->h);
	if (*v->why.msg)
		draw_wrapped(area, 1, 0, area->w - 2, ST_DIM, v->why.msg);
	else if (!l->n)
		draw_text(area, 1, 0, ST_DIM, "None yet. What you do is kept from the first change on; s "
		    "gives it a name.");
	for (int y = 0; y < area->h && l->top + y < l->n; y++) {
		const struct session_entry *e = &v->entry[l->top + y];
		bool here = strcmp(e->name, a->session.name) == 0;
		int right = area->w - 1;
		char when[32];

		session_when(e->when, when, sizeof when);
		draw_right(area, right, y, ST_DIM, here ? "here" : e->open ? "open elsewhere" : when);
		draw_cut(area, 1, y, name, session_name_is_clock(e->name) ? ST_DIM : ST_STRONG, e->name);
		draw_cut(area, name + 2, y, 11, ST_DIM,
		    strrchr(e->model, '/') ? strrchr(e->model, '/') + 1 : e->model);
		draw_cut(area, model, y, right - 16 - model, ST_TEXT, *e->note ? e->note : e->prompt);
		if (l->top + y == l->sel)
			draw_select(area, 0, y, area->w);
	}
}

static void
sessions_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct sessions *v = state;

	(void)a;
	snprintf(buf, size, "%s %s %s %s", v->entry[row].name, v->entry[row].model, v->entry[row].prompt,
	    v->entry[row].note);
}

static int
sessions_enter(struct app *a, void *state)
{
	struct sessions *v = state;
	struct list *l = sessions_list(a, v);
	char line[SESSION_NAME + 16];

	if (*v->why.msg)
		return app_error(a, &v->why);
	if (!l->n)
		return app_fail(a, "there is no session yet");
	snprintf(line, sizeof line, "load %s", v->entry[l->sel].name);
	return cmd_run(a, line);
}

const struct view_ops sessions_view = {
	.name = "sessions",
	.title = "sessions",
	.note = "the kept sessions, the latest first, with their notes or prompts; Enter opens one",
	.about = ABOUT_PROGRAM,
	.open = sessions_open,
	.close = sessions_close,
	.draw = sessions_draw,
	.list = sessions_list,
	.focused = sessions_focused,
	.text = sessions_text,
	.enter = sessions_enter,
};
