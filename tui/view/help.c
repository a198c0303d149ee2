/* help: lists all keys, commands and views from their tables, so that nothing is described twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/view/view.h"

enum { LINES = 600, LEFT = 20 };

struct line {
	char left[64];		/* "": the text of the line before goes on */
	char right[200];
	bool wide;		/* `left` has the line to itself, and its text follows below */
};

struct help {
	struct list list;
	int width;		/* the width for which lines were made */
	const char *place;	/* the view whose keys come first, or NULL */
	const struct ct_notes *notes;	/* what was ignored in the model's files, or NULL; lent */
	char filter[64];	/* show only lines that contain this */
	const char *title;	/* of a section that has no lines yet */
	struct line line[LINES];
};

static struct line *
new_line(struct help *h, const char *left)
{
	static struct line spare;
	struct line *l = h->list.n < LINES ? &h->line[h->list.n++] : &spare;

	snprintf(l->left, sizeof l->left, "%s", left);
	l->right[0] = '\0';
	l->wide = false;
	return l;
}

/* Adds lines. A text that is too long for one goes on in the next, and a long left part has its own line. */
static void
add(struct help *h, const char *left, const char *right)
{
	struct line *l;

	if (h->filter[0] && !ct_text_search(left, h->filter) && !ct_text_search(right, h->filter))
		return;
	if (h->title) {
		if (h->list.n)
			new_line(h, "");
		new_line(h, h->title);
		h->title = NULL;
	}
	l = new_line(h, left);
	if (3 + ct_text_width(left) + 2 > LEFT) {
		l->wide = true;
		l = new_line(h, "");
	}
	while (*right) {
		size_t n = ct_text_fit(right, h->width - LEFT - 1);

		while (n > 0 && right[n] && right[n] != ' ')
			n--;
		if (n == 0)
			n = strlen(right);
		snprintf(l->right, sizeof l->right, "%.*s", (int)n, right);
		right += n;
		right += strspn(right, " ");
		if (*right)
			l = new_line(h, "");
	}
}

/* The group of the command that a key is bound to. */
static int
group_of(const struct key_entry *k)
{
	return (int)cmd_find(k->command, strcspn(k->command, " "))->group;
}

/*
 * Adds the keys of a view, or for place NULL the keys that are the same everywhere, of one group of commands.
 */
static void
add_keys(struct help *h, const char *place, int of)
{
	const struct key_entry *k;
	char group[64];

	for (int i = 0; (k = key_at(i)); i++) {
		bool here = place ? k->place && strcmp(k->place, place) == 0 : !k->place && group_of(k) == of;

		if (here && key_is_first(i))
			add(h, key_group(group, sizeof group, i), k->note);
	}
}

static void
add_place(struct help *h, const char *place)
{
	char title[64];

	if (strcmp(place, KEYS_READING) == 0)
		snprintf(title, sizeof title, "Keys in views about the program");
	else
		snprintf(title, sizeof title, "Keys in the %s", place);
	h->title = title;
	add_keys(h, place, -1);
	h->title = NULL;
}

/* For each group: its keys that are the same everywhere, then its commands. */
static void
add_tasks(struct help *h)
{
	const struct cmd_entry *c;
	char text[64];

	for (int i = 0; (c = cmd_at(i)); i++) {
		if (i == 0 || c->group != cmd_at(i - 1)->group) {
			h->title = cmd_title(c->group);
			add_keys(h, NULL, (int)c->group);
		}
		snprintf(text, sizeof text, ":%s %s", c->name, c->args);
		add(h, text, c->note);
	}
	h->title = NULL;
}

static void
add_reading(struct help *h)
{
	h->title = "Reading the screen";
	add(h, "words .08", "the fraction of all that is added to the targets that comes directly from"
	    " words, not through features; the fractions of words, features and errors add up to 1."
	    " Several targets count by probability; the card of each target shows its own");
	add(h, "replacement", "the fraction of the answer that comes from words, through features or"
	    " directly, and not from errors");
	add(h, "completeness", "the fraction of what feeds the graph's nodes that is words or features, not"
	    " errors");
	add(h, "exact", "largest relative error of the graph's sums; rounding alone gives 1e-6");
	add(h, "+.85  −.12",
	    "an edge: what the source adds to the node, or takes from it, in the node's units");
	add(h, "error L1 @is", "what the transcoder leaves unexplained in this layer at this token");
	add(h, "in Texas  L1#585 @is", "a feature: its label, layer and number, and the token where it is"
	    " active");
	add(h, "≈ Texas", "a guess: the best of several labels, none of which fits well (F1 of .25 to .5)");
	add(h, "→ Austin, Dallas", "no label that fits: the tokens that the feature makes likelier");
	add(h, "words (9)", "several inputs in one row, which can be opened");
	add(h, "… 31 more", "the inputs without a row of their own: the sums of their positive and of their"
	    " negative edges");
	h->title = NULL;
}

/* The message line shows notes only once, at the start. */
static void
add_notes(struct help *h)
{
	char left[32];

	h->title = "Notes on this model and its transcoder";
	for (int i = 0; h->notes && i < h->notes->n; i++) {
		snprintf(left, sizeof left, "note %d", i + 1);
		add(h, left, h->notes->text[i]);
	}
	if (h->notes && h->notes->more)
		add(h, "more", "there were further notes, which were not kept");
	h->title = NULL;
}

static void
build(struct help *h, int width)
{
	const char *name, *note;

	h->width = width;
	h->list.n = 0;
	/* The keys of the view from which help was opened come first. */
	if (h->place && strcmp(h->place, view_ops(VIEW_TREE)->name) != 0)
		add_place(h, h->place);
	add_notes(h);
	add_reading(h);
	add_place(h, view_ops(VIEW_TREE)->name);
	add_tasks(h);
	for (int i = 0; i < VIEW_COUNT; i++) {
		name = view_ops((enum view_id)i)->name;
		if (i != VIEW_TREE && (!h->place || strcmp(name, h->place) != 0))
			add_place(h, name);
	}
	add_place(h, KEYS_READING);
	h->title = "Keys while typing";
	for (int i = 0; (name = prompt_help(i, &note)); i++)
		add(h, name, note);
	h->title = "Views";
	for (int i = 0; i < VIEW_COUNT; i++)
		add(h, view_ops((enum view_id)i)->name, view_ops((enum view_id)i)->note);
	h->title = NULL;
}

static void *
help_open(void)
{
	struct help *h = calloc(1, sizeof *h);

	if (h)
		build(h, APP_COLS);
	return h;
}

static void
help_close(void *state)
{
	free(state);
}

static struct list *
help_list(struct app *a, void *state)
{
	struct help *h = state;

	(void)a;
	return &h->list;
}

/* When help is opened from another view, it begins at the top, without a filter and with that view's keys. */
static void
help_focused(struct app *a, void *state)
{
	struct help *h = state;

	h->place = view_ops(a->before)->name;
	h->notes = a->study.engine ? ct_engine_notes(a->study.engine) : NULL;
	h->filter[0] = '\0';
	h->list.sel = h->list.top = 0;
	build(h, h->width);
}

static void
help_filter(struct app *a, void *state, const char *text)
{
	struct help *h = state;

	(void)a;
	ct_text_clean(h->filter, sizeof h->filter, text, strlen(text));
	h->list.sel = h->list.top = 0;
	build(h, h->width);
}

static void
help_draw(struct app *a, void *state, const struct area *area)
{
	struct help *h = state;

	(void)a;
	if (area->w != h->width)
		build(h, area->w);
	list_resize(&h->list, h->list.n, area->h);
	if (!h->list.n)
		draw_fmt(area, 1, 0, ST_DIM, "nothing contains \"%s\"; \\ and Enter show everything again",
		    h->filter);
	for (int y = 0; y < area->h && h->list.top + y < h->list.n; y++) {
		const struct line *l = &h->line[h->list.top + y];
		if (*l->left && !*l->right && !l->wide)
			draw_text(area, 1, y, ST_TITLE, l->left);
		else
			draw_text(area, 3, y, ST_KEY, l->left);
		draw_text(area, LEFT, y, ST_TEXT, l->right);
		if (h->list.top + y == h->list.sel)
			draw_select(area, 0, y, LEFT - 1);
	}
	if (list_more_below(&h->list))
		draw_cell(area, area->w - 1, area->h - 1, ST_DIM, 0x2193);
}

static void
help_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct help *h = state;

	(void)a;
	snprintf(buf, size, "%s %s", h->line[row].left, h->line[row].right);
}

const struct view_ops help_view = {
	.name = "help",
	.title = "help",
	.note = "keys, views and commands",
	.about = ABOUT_TEXT,
	.open = help_open,
	.close = help_close,
	.draw = help_draw,
	.list = help_list,
	.text = help_text,
	.focused = help_focused,
	.filter = help_filter,
};
