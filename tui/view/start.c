/*
 * start: lists what can be opened: the latest sessions, the lessons, the gallery, and models. The program
 * begins here if it is started without arguments for the first time.
 */
#include "tui/view/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/lesson/lesson.h"
#include "tui/session/session_file.h"
#include "tui/session/session_list.h"
#include "tui/study/paths.h"
#include "tui/view/view.h"

enum { OFFERS = 200, HEAD = 3, NAME = 16, SESSIONS = 3 };

struct offer {
	const char *kind;	/* session, lesson, gallery, graph or model */
	const char *command;	/* the command that opens it */
	char *path;
	char name[64], title[120], note[120];
};

struct start {
	struct list list;
	struct offer offer[OFFERS];
	bool loaded;
};

static void *
start_open(void)
{
	return calloc(1, sizeof(struct start));
}

static void
forget(struct start *v)
{
	for (int i = 0; i < v->list.n; i++)
		free(v->offer[i].path);
	v->list.n = 0;
	v->loaded = false;
}

static void
start_close(void *state)
{
	forget(state);
	free(state);
}

static struct offer *
add(struct start *v, const char *kind, const char *command, const char *path)
{
	struct offer *o = &v->offer[v->list.n];

	if (v->list.n == OFFERS)
		return NULL;
	*o = (struct offer){ .kind = kind, .command = command, .path = strdup(path) };
	if (!o->path)
		return NULL;
	v->list.n++;
	return o;
}

static void
clean(char *out, size_t size, const char *text)
{
	ct_text_clean(out, size, text ? text : "", text ? strlen(text) : 0);
}

/* A lesson that cannot be read is listed with the reason. */
static void
add_lesson(struct start *v, const char *path)
{
	struct offer *o = add(v, "lesson", "lesson", path);
	struct ct_error err;
	struct lesson *l;
	char name[256];

	if (!o)
		return;
	clean(o->name, sizeof o->name, lesson_name(path, name, sizeof name));
	if (lesson_open(&l, path, &err)) {
		clean(o->title, sizeof o->title, err.msg);
		return;
	}
	clean(o->title, sizeof o->title, l->title);
	snprintf(o->note, sizeof o->note, "%d steps", l->n);
	lesson_close(l);
}

/* A session of the gallery, with the title from its note. */
static void
add_shown(struct start *v, const char *path)
{
	struct offer *o = add(v, "gallery", "load", path);
	struct session_about about;
	struct ct_error err;
	char *text = NULL, name[256];
	size_t n;

	if (!o)
		return;
	clean(o->name, sizeof o->name, paths_name(path, name, sizeof name));
	if (ct_file_read(&text, &n, path, SESSION_MAX, &err)) {
		clean(o->title, sizeof o->title, err.msg);
		return;
	}
	session_about(text, &about);
	clean(o->title, sizeof o->title, *about.note ? about.note : about.prompt);
	clean(o->note, sizeof o->note, about.model);
	free(text);
}

static void
add_gallery(struct start *v, char **models)
{
	struct paths sessions = { 0 }, graphs = { 0 };
	char name[256];

	for (int i = 0; models && models[i]; i++) {
		paths_add_beside(&sessions, models[i], "gallery", ".session");
		paths_add_beside(&graphs, models[i], "gallery", ".json");
	}
	for (size_t i = 0; i < sessions.n; i++)
		add_shown(v, sessions.list[i]);
	for (size_t i = 0; i < graphs.n; i++) {
		struct offer *o = add(v, "graph", "graph", graphs.list[i]);

		if (!o)
			break;
		clean(o->name, sizeof o->name, paths_name(graphs.list[i], name, sizeof name));
		clean(o->title, sizeof o->title, "a saved graph; opens without its model");
	}
	ct_model_list_free(sessions.list);
	ct_model_list_free(graphs.list);
}

/* Only the latest few; the view sessions has all. */
static void
add_sessions(struct start *v)
{
	struct session_entry *list;
	struct ct_error err;
	int n = session_list(&list, &err);

	for (int i = 0; i < n && i < SESSIONS; i++) {
		struct offer *o = add(v, "session", "load", list[i].name);

		if (!o)
			break;
		clean(o->name, sizeof o->name, list[i].name);
		clean(o->title, sizeof o->title, *list[i].note ? list[i].note : list[i].prompt);
		session_when(list[i].when, o->note, sizeof o->note);
	}
	free(list);
}

static void
load(struct app *a, struct start *v)
{
	char **lessons = lesson_list(), **models = ct_model_list();

	forget(v);
	add_sessions(v);
	for (int i = 0; lessons && lessons[i]; i++)
		add_lesson(v, lessons[i]);
	add_gallery(v, models);
	for (int i = 0; models && models[i]; i++) {
		struct offer *o = add(v, "model", "model", models[i]);
		const char *slash = strrchr(models[i], '/');

		if (!o)
			break;
		clean(o->name, sizeof o->name, slash ? slash + 1 : models[i]);
		clean(o->title, sizeof o->title, models[i]);
		if (strcmp(models[i], a->study.info->dir) == 0)
			snprintf(o->note, sizeof o->note, "open");
	}
	lesson_list_free(lessons);
	ct_model_list_free(models);
	v->loaded = true;
	list_select(&v->list, v->list.sel);
}

static struct list *
start_list(struct app *a, void *state)
{
	struct start *v = state;

	if (!v->loaded)
		load(a, v);
	return &v->list;
}

static void
start_focused(struct app *a, void *state)
{
	load(a, state);
}

static void
start_draw(struct app *a, void *state, const struct area *area)
{
	struct start *v = state;
	struct list *l = start_list(a, v);

	draw_text(area, 1, 0, ST_TEXT,
	    "Begin with a lesson, or open a model. The lesson \"first\" explains the screen.");
	draw_text(area, 1, 1, ST_DIM,
	    "Esc shows how the open model answers the prompt above; i types another one.");
	l->y = HEAD;
	list_resize(l, l->n, area->h - HEAD);
	if (!l->n)
		draw_text(area, 1, HEAD, ST_DIM, "None is installed; CTRACE_MODEL_PATH says where to look.");
	for (int y = HEAD; y < area->h && l->top + y - HEAD < l->n; y++) {
		const struct offer *o = &v->offer[l->top + y - HEAD];
		int right = area->w - 1;

		draw_text(area, 1, y, ST_DIM, o->kind);
		draw_cut(area, 9, y, NAME, ST_STRONG, o->name);
		draw_cut(area, 11 + NAME, y, right - 21 - NAME,
		    strcmp(o->kind, "model") == 0 ? ST_DIM : ST_TEXT, o->title);
		draw_right(area, right, y, ST_DIM, o->note);
		if (l->top + y - HEAD == l->sel)
			draw_select(area, 0, y, 10 + NAME);
	}
}

const char *
start_model(struct app *a)
{
	struct start *v = a->state[VIEW_START];
	const struct list *l = start_list(a, v);

	return l->n && strcmp(v->offer[l->sel].kind, "model") == 0 ? v->offer[l->sel].path : NULL;
}

static void
start_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct start *v = state;

	(void)a;
	snprintf(buf, size, "%s %s", v->offer[row].name, v->offer[row].title);
}

static int
start_enter(struct app *a, void *state)
{
	struct start *v = state;
	struct list *l = start_list(a, v);
	char line[4096];

	if (!l->n)
		return app_fail(a, "there is nothing to open");
	snprintf(line, sizeof line, "%s %s", v->offer[l->sel].command,
	    v->offer[l->sel].path);
	return cmd_run(a, line);
}

const struct view_ops start_view = {
	.name = "start",
	.title = "start",
	.note = "sessions, lessons, the gallery, and models",
	.about = ABOUT_PROGRAM,
	.open = start_open,
	.close = start_close,
	.draw = start_draw,
	.list = start_list,
	.focused = start_focused,
	.text = start_text,
	.enter = start_enter,
};
