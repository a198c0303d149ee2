/*
 * linear: see linear.h. Views draw as usual, into a grid that nobody sees; this file reads it out without
 * bars and frames, so views need not know of this mode.
 */
#include "tui/screen/linear.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/binding.h"
#include "tui/language/cmd.h"
#include "tui/language/input.h"
#include "tui/language/keys.h"
#include "tui/lesson/player.h"
#include "tui/lesson/turn.h"
#include "tui/screen/frame.h"
#include "tui/session/session.h"
#include "tui/view/fold.h"
#include "tui/view/view.h"

/* MARK: of the selected row */
enum { COLS = 118, ROWS = 400, TEXT = 1024, HEADER = 6, MARK = 0x203a };

struct linear {
	struct grid page;		/* the focused view as drawn */
	char header[HEADER][TEXT];	/* lines as last printed: title, prompt, token, next, after, clamps */
	char row[TEXT];
	const struct view_ops *view;	/* the view that was last announced */
	int step;			/* the lesson's step that was last printed; -1: none */
	bool done;
};

static const char *
in_words(uint32_t cp)
{
	switch (cp) {
	case 0x25be:
		return "open";
	case 0x25b8:
		return "closed";
	case 0x25c6:
		return "clamped";
	case 0x25cf:
		return "pinned";
	case 0x2190:
		return "from";
	case 0x2192:
		return "to";
	case 0x2026:
		return "...";
	case 0x2212:
		return "-";
	case 0x2248:
		return "perhaps";
	case 0x2423:
		return "blank";
	case 0xb7:
		return "no nodes";
	}
	return NULL;
}

/* Whether a cell is the mark of the selected row. */
static bool
is_mark(const struct cell *c)
{
	return c->style == ST_KEY && c->cp == MARK;
}

/* Reads a row without what only the eye can use. */
static void
read_row(const struct grid *g, int y, char *out, size_t size)
{
	const struct cell *row = g->cells + (size_t)y * (size_t)g->cols;
	int first = 0, gap = 0;
	bool after_word = false;
	size_t n = 0;

	while (first < g->cols && (row[first].cp == ' ' || is_mark(&row[first])))
		first++;
	out[0] = '\0';
	for (int x = first; x < g->cols && n + 16 < size; x++) {
		uint32_t cp = row[x].cp;
		const char *word = in_words(cp);

		if (cp == 0 || (cp >= 0x2500 && cp < 0x25a0))
			continue;
		if (cp == ' ') {
			gap++;
			continue;
		}
		if (n && (gap || after_word))
			n += (size_t)snprintf(out + n, size - n, "%s", gap > 1 ? ", " : " ");
		gap = 0;
		after_word = word && (cp >= 0x25a0 || cp == 0x2423);
		if (word) {
			n += (size_t)snprintf(out + n, size - n, "%s", word);
		} else {
			char utf8[5] = "";

			utf8[ct_utf8_encode(cp, utf8)] = '\0';
			n += (size_t)snprintf(out + n, size - n, "%s", utf8);
		}
	}
}

/* Prints those of the header's lines that have changed. */
static void
say_header(struct app *a, struct linear *l)
{
	const struct study *s = &a->study;
	bool clamped = s->graph && study_clamps(s)->n > 0;
	int rows[HEADER] = { 0, -1, -1, 2, clamped ? 3 : -1, a->grid.rows - 2 };
	char text[HEADER][TEXT] = { "" }, token[STUDY_NAME];

	a->message[0] = '\0';
	frame_draw(a);
	for (int i = 0; i < HEADER; i++)
		if (rows[i] >= 0)
			read_row(&a->grid, rows[i], text[i], TEXT);
	if (s->T) {
		ct_text_clean(text[1], TEXT, ct_session_text(s->session),
		    strlen(ct_session_text(s->session)));
		snprintf(text[2], TEXT, "at %s, token %d of %d", ct_text_word(token, sizeof token,
		    study_token(s, s->pos)), s->pos, s->T - 1);
	}
	for (int i = 0; i < HEADER; i++) {
		if (*text[i] && strcmp(text[i], l->header[i]) != 0)
			app_line("%s%s", i == 1 ? "prompt: " : "", text[i]);
		memcpy(l->header[i], text[i], TEXT);
	}
}

static void
draw_page(struct app *a, struct linear *l)
{
	struct area area = area_of(&l->page);

	grid_clear(&l->page);
	view_ops(a->focus)->draw(a, a->state[a->focus], &area);
}

/* Prints a line of the page; a row of the list with its number, which selects it when typed. */
static void
say_row(struct app *a, const struct linear *l, const struct list *list, int y)
{
	char text[TEXT];
	const struct view_ops *ops = view_ops(a->focus);
	int row = list ? y - list->y + list->top : -1;

	read_row(&l->page, y, text, sizeof text);
	if (!*text)
		return;
	if (row < 0 || row >= list->n)
		app_line("%s", text);
	else if (ops->fold)
		app_line("%d. level %d: %s", row + 1, ops->fold(a, a->state[a->focus])->row[row].depth, text);
	else
		app_line("%d. %s", row + 1, text);
}

static struct list *
list_of(struct app *a)
{
	const struct view_ops *ops = view_ops(a->focus);

	return ops->list ? ops->list(a, a->state[a->focus]) : NULL;
}

static void
say_page(struct app *a, struct linear *l)
{
	struct list *list = list_of(a);

	draw_page(a, l);
	for (int y = 0; y < l->page.rows; y++)
		say_row(a, l, view_ops(a->focus)->side ? NULL : list, y);
}

/* Announces another view: its note, the lines above its rows, or if it has no rows, all of it. */
static void
say_view(struct app *a, struct linear *l)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *list = list_of(a);
	bool first = !l->view;

	if (ops == l->view)
		return;
	l->view = ops;
	l->row[0] = '\0';
	app_line("%s: %s", ops->title, ops->note);
	if (!list || !list->n)
		say_page(a, l);
	for (int y = 0; !first && list && list->n && y < list->y; y++)
		say_row(a, l, NULL, y);
}

/* Prints the selected row if it, or its text, has changed. */
static void
say_selected(struct app *a, struct linear *l)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *list = list_of(a);
	char text[TEXT], name[STUDY_NAME], note[STUDY_NAME];
	int y;

	draw_page(a, l);
	say_view(a, l);
	if (!list || !list->n)
		return;
	y = list->y + list->sel - list->top;
	if (ops->side)	/* such a view has no rows */
		snprintf(text, sizeof text, "%s, %s", study_name(&a->study, a->study.node, name, sizeof name),
		    study_note(&a->study, a->study.node, note, sizeof note));
	else
		read_row(&l->page, y, text, sizeof text);
	if (strcmp(text, l->row) == 0)
		return;
	memcpy(l->row, text, sizeof text);
	if (ops->side)
		app_line("%.*s", (int)strlen(text) - (*note ? 0 : 2), text);
	else
		say_row(a, l, list, y);
}

/* Prints a text of a lesson without the quotes around keys. */
static void
say_text(const char *before, const char *text)
{
	char plain[TEXT];
	size_t n = 0;

	for (; *text && n < sizeof plain; text++)
		if (*text != '`')
			plain[n++] = *text == '\n' ? ' ' : *text;
	while (n && plain[n - 1] == ' ')
		n--;
	app_line("%s%.*s", before, (int)n, plain);
}

static void
say_lesson(struct app *a, struct linear *l)
{
	const struct player *p = &a->player;
	const struct step *s = p->lesson ? &p->lesson->step[p->step] : NULL;
	bool done = s && (s->ask || s->predict.ask) && turn_is_done(a);
	char before[64];

	if (s && p->step != l->step) {
		snprintf(before, sizeof before, "lesson, step %d of %d: ", p->step + 1, p->lesson->n);
		say_text(before, s->title);
		say_text("", s->text);
		if (s->ask)
			say_text("to do: ", s->ask);
		if (s->predict.ask)
			say_text("predict: ", s->predict.ask);
		for (int i = 0; i < s->predict.n; i++) {
			snprintf(before, sizeof before, "lesson choose %d: ", i + 1);
			say_text(before, s->predict.choice[i]);
		}
		if (!s->ask && !s->predict.ask && p->step + 1 < p->lesson->n)
			app_line("lesson next goes on");
	} else if (done && !l->done) {
		app_line("done: lesson next goes on");
	}
	l->step = s ? p->step : -1;
	l->done = done;
}

static int
run_line(struct app *a, struct linear *l, const char *line)
{
	const struct key_entry *k;
	int key;

	if (a->input.kind != INPUT_NONE) {	/* the command has opened a line */
		if (!*line) {
			input_close(a);
			return DID_CHANGE;
		}
		prompt_start(&a->input.line, line, NULL);
		return input_key(a, K_ENTER);
	}
	if (strcmp(line, "read") == 0) {
		say_page(a, l);
		return DID_NOTHING;
	}
	key = strspn(line, "0123456789") ? -1 : key_parse(line);	/* a number is a row, not a key */
	k = key >= 0 ? binding_of(a, key) : NULL;
	return cmd_run(a, k ? k->command : line);
}

static void
say_input(struct app *a)
{
	char label[192];

	app_line("%s(the whole line; empty cancels; now: %s)",
	    a->input.kind == INPUT_PROMPT ? "prompt " : input_label(a, label, sizeof label),
	    *a->input.now ? a->input.now : a->input.line.text);
}

int
linear_run(struct app *a)
{
	struct linear *l = calloc(1, sizeof *l);
	char *line = NULL;
	size_t size = 0;
	int did = DID_NOTHING;

	if (!l || !grid_resize(&l->page, COLS, ROWS)) {
		free(l);
		app_complain("out of memory");
		return 2;
	}
	l->page.words = true;
	l->step = -1;
	if (a->message[0])
		app_line("%s", a->message);
	say_lesson(a, l);
	say_header(a, l);
	say_selected(a, l);
	app_line("A command, a key or the number of a row per line: down, enter, clamp, ablate, read (all "
	    "rows), view logits, where, help, quit.");
	while (!(did & DID_QUIT)) {
		if (a->input.kind != INPUT_NONE)
			say_input(a);
		fflush(stdout);
		if (getline(&line, &size, stdin) < 0) {
			if (!feof(stdin))
				app_complain("cannot read a line: %s", strerror(errno));
			break;
		}
		line[strcspn(line, "\r\n")] = '\0';
		a->message[0] = '\0';
		did = run_line(a, l, line);
		session_flush(a);
		if (a->message[0])
			app_line("%s", a->message);
		if (a->input.kind == INPUT_NONE && (did & DID_CHANGE)) {
			say_lesson(a, l);
			say_header(a, l);
			say_selected(a, l);
		}
	}
	free(line);
	grid_free(&l->page);
	free(l);
	return 0;
}
