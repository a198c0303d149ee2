/* settings: shows and changes the options that hold now, and reports on config.yaml. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/language/options.h"
#include "tui/language/settings.h"
#include "tui/view/view.h"

enum { VALUE = 12, NOTE = 26, MARK = 11 };

static void *
settings_open(void)
{
	return calloc(1, sizeof(struct list));
}

static struct list *
settings_list(struct app *a, void *state)
{
	struct list *l = state;

	(void)a;
	for (l->n = 0; option_at(l->n);)
		l->n++;
	return l;
}

/* The file that is read at the start, and whether it was read. */
static void
draw_file(struct app *a, const struct area *area, int y)
{
	const struct settings *s = a->settings;
	int x = 1;

	if (!s || !*s->path) {
		draw_text(area, 1, y, ST_DIM, "These hold until you quit; config.yaml was not looked for.");
		return;
	}
	draw_text(area, 1, y++, ST_DIM, "These hold until you quit. At the start they are read from");
	x += draw_cut(area, x, y, area->w - 24, ST_TEXT, s->path) + 2;
	if (!s->found)
		draw_text(area, x, y, ST_DIM, "which does not exist");
	else if (*s->trouble)
		draw_fmt(area, 1, y + 1, ST_BAD, "line %s", s->trouble +
		    (strncmp(s->trouble, s->path, strlen(s->path)) == 0 ? strlen(s->path) + 1 : 0));
	else if (s->n_keys)
		draw_fmt(area, x, y, ST_DIM, "binds %d key%s", s->n_keys, s->n_keys > 1 ? "s" : "");
}

static void
settings_draw(struct app *a, void *state, const struct area *area)
{
	struct list *l = settings_list(a, state);
	const struct option_entry *o = option_at(l->sel);
	char text[256];
	int y;

	list_resize(l, l->n, area->h > l->n ? l->n : area->h);
	for (y = 0; y < l->h; y++) {
		const struct option_entry *e = option_at(l->top + y);
		bool begins = a->settings && a->settings->given & 1U << (l->top + y);

		draw_text(area, 1, y, ST_KEY, e->name);
		draw_cut(area, VALUE, y, NOTE - VALUE - 2, ST_STRONG, e->get(a, text, sizeof text));
		draw_cut(area, NOTE, y, area->w - NOTE - (begins ? MARK + 3 : 1), ST_TEXT, e->note);
		if (begins)
			draw_right(area, area->w - 1, y, ST_DIM, "config.yaml");
		if (l->top + y == l->sel)
			draw_select(area, 0, y, area->w);
	}
	if (y + 1 < area->h && *o->values != '<')
		draw_fmt(area, 1, y + 1, ST_DIM, "%s: %s", o->name, option_values(o, text, sizeof text));
	else if (y + 1 < area->h)
		draw_fmt(area, 1, y + 1, ST_DIM, "%s: typed after :set %s, where Tab completes", o->name,
		    o->name);
	if (y + 5 < area->h)
		draw_file(a, area, y + 3);
}

static void
settings_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	char value[200];

	(void)state;
	snprintf(buf, size, "%s %s %s", option_at(row)->name, option_at(row)->get(a, value, sizeof value),
	    option_at(row)->note);
}

static int
settings_enter(struct app *a, void *state)
{
	struct list *l = settings_list(a, state);
	const struct option_entry *o = option_at(l->sel);
	char value[200], line[256];

	if (option_next(a, l->sel, value, sizeof value))
		return option_set(a, l->sel, value);
	snprintf(line, sizeof line, "set %s ", o->name);	/* the row shows the present value */
	input_open(a, INPUT_COMMAND, line);
	return DID_CHANGE;
}

const struct view_ops settings_view = {
	.name = "settings",
	.title = "settings",
	.note = "theme, characters, mouse, thresholds and modes: their values, which Enter changes",
	.about = ABOUT_PROGRAM,
	.open = settings_open,
	.close = free,
	.draw = settings_draw,
	.list = settings_list,
	.text = settings_text,
	.enter = settings_enter,
};
