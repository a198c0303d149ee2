/* frame: see frame.h. */
#include "tui/screen/frame.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/binding.h"
#include "tui/language/cmd.h"
#include "tui/language/input.h"
#include "tui/language/keys.h"
#include "tui/screen/title.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/layout.h"
#include "tui/view/lesson.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

/* Seconds in each frame for words of features without a label, so that keys never wait for them. */
static const double NAMES_WITHIN = .03;

enum { BAR_MAX = 18, TOP_SHOWN = 12, HINTS = 32 };

/*
 * Columns before a token: a blank that it does not carry, or a bracket of the selected token if there is
 * none.
 */
static int
gap(const struct study *s, int pos)
{
	return study_token(s, pos)[0] != ' ' && (!s->info->spaced || pos == s->pos || pos == s->pos + 1);
}

static int
token_columns(const struct study *s, int pos)
{
	return ct_text_width(study_token(s, pos)) + gap(s, pos);
}

/* The first visible token. If not all fit, the selected one remains visible. */
static int
first_token(const struct study *s, int width)
{
	int used = 0, first = s->pos;

	for (int i = 0; i < s->T; i++)
		used += token_columns(s, i);
	if (used + 2 < width)
		return s->pos == 0 ? 0 : 1;
	/* Tokens on the left get what the selected token and some tokens after it leave. */
	used = token_columns(s, s->pos) + 2;
	for (int i = s->pos + 1; i < s->T && used < width / 3; i++)
		used += token_columns(s, i);
	while (first > (s->T > 1) && used + token_columns(s, first - 1) + 2 < width)
		used += token_columns(s, --first);
	return first;
}

/* The token at a column of the line; -1: none. */
static int
token_at(const struct study *s, int width, int column)
{
	int first = first_token(s, width), x = 1;

	if (first > 1)
		x = 3;
	for (int pos = first; pos < s->T && x < width - 1; pos++) {
		const char *t = study_token(s, pos);
		int w = ct_text_width(t);

		if (pos > first)
			x += gap(s, pos);
		if (column >= x - 1 && column < x + w)
			return pos;
		x += w;
	}
	return -1;
}

/* Whether a token is a part of a character that a later token completes. */
static bool
goes_on(const char *token)
{
	return strcmp(token + strspn(token, " "), "…") == 0;
}

static void
draw_prompt(struct app *a, const struct area *all)
{
	const struct study *s = &a->study;
	int first, x = 1, left = 0, right = 0;

	if (a->input.kind == INPUT_PROMPT) {
		input_draw(a, all, 1, 1);
		return;
	}
	if (s->T == 0) {
		draw_fmt(all, 1, 1, ST_DIM, "no prompt yet: %s begins one", key_for("edit"));
		return;
	}
	first = first_token(s, all->w);
	if (first > 1) {
		draw_text(all, 1, 1, ST_DIM, "…");
		x = 3;
	}
	for (int pos = first; pos < s->T && x < all->w - 1; pos++) {
		const char *t = study_token(s, pos);
		bool target = s->graph && pos == s->graph->pos && pos != s->pos;
		int w;

		if (pos > first)
			x += gap(s, pos);
		w = draw_cut(all, x, 1, all->w - 1 - x,
		    pos == s->pos ? ST_CHOSEN
			: target  ? ST_PEAK
			: goes_on(t) ? ST_DIM
				  : ST_TOKEN,
		    t);
		if (pos == s->pos) {
			left = t[0] == ' ' ? x : x - 1;
			right = x + w;
		}
		x += w;
	}
	/* Drawn last, over blanks that may belong to a token. */
	if (right) {
		draw_text(all, left, 1, ST_KEY, "[");
		draw_text(all, right, 1, ST_KEY, "]");
	}
}

/* A line of next tokens with bars; compare: also shows probabilities without the clamps. */
static void
draw_next(struct app *a, const struct area *all, int y, const char *label, enum ct_run run, bool compare)
{
	struct study *s = &a->study;
	struct ct_top top[TOP_SHOWN];
	int n = ct_session_top(s->first, run, s->pos, top, TOP_SHOWN);
	int x = 1 + draw_text(all, 1, y, ST_DIM, label), bars = BAR_MAX + (all->w - APP_COLS) / 8;

	x = x < 8 ? 8 : x + 1;
	if (bars > 30)
		bars = 30;
	for (int i = 0; i < n; i++) {
		char p[FMT_SIZE], was[FMT_SIZE + 8] = "", b[FMT_SIZE], token[STUDY_NAME];
		int bar = (int)(top[i].prob * (float)bars) + 1;
		int w = ct_text_width(study_word(s, top[i].token, token, sizeof token));
		float before =
		    compare ? ct_session_prob(s->first, CT_RUN_ORIGINAL, s->pos, top[i].token) : 0;

		if (i > 0 && top[i].prob < 5e-5f)
			break;	/* it would be shown as 0% */
		fmt_percent(p, sizeof p, top[i].prob);
		if (compare)
			snprintf(was, sizeof was, " was %s", fmt_percent(b, sizeof b, before));
		if (x + w + 1 + bar + 1 + ct_text_width(p) + ct_text_width(was) > all->w - 1)
			break;
		x += draw_text(all, x, y, i == 0 ? ST_STRONG : ST_TEXT, token) + 1;
		bar = draw_bar(all, x, y, bars, compare ? ST_CLAMP : ST_BAR, top[i].prob);
		/* a very short bar needs no space before its number */
		x += bar + (top[i].prob * (float)bars > .5f);
		x += draw_text(all, x, y, i == 0 ? ST_STRONG : ST_TEXT, p);
		x += draw_text(all, x, y, ST_DIM, was) + 3;
	}
}

/* The path from the target to the selected node; if it is too long, its beginning is left out. */
static void
draw_path(struct app *a, const struct area *all, const struct pane *p)
{
	const struct tree_item *path[TREE_PATH];
	int n = tree_path(a, path, TREE_PATH), from = 0, room = p->w - 3, width = 0, x;
	char name[STUDY_NAME];

	if (n < 2)
		return;
	for (int i = n - 1; i >= 0; i--) {
		width += ct_text_width(tree_item_title(&a->study, path[i], name, sizeof name)) + 3;
		if (width > room) {
			from = i + 1;
			break;
		}
	}
	x = p->x + 1 + draw_text(all, p->x + 1, p->y - 1, ST_DIM, from ? " … ← " : " ");
	for (int i = from; i < n; i++) {
		tree_item_title(&a->study, path[i], name, sizeof name);
		x += draw_cut(all, x, p->y - 1, p->x + p->w - x, i + 1 < n ? ST_DIM : ST_FOCUS, name);
		x += draw_cut(all, x, p->y - 1, p->x + p->w - x, ST_DIM, i + 1 < n ? " ← " : " ");
	}
}

static void
draw_pane_title(struct app *a, const struct area *all, const struct pane *p)
{
	bool whole = a->view != VIEW_TREE;

	if (!whole && p->view != a->focus)
		return;
	if (p->view == VIEW_LESSON && a->player.lesson) {
		lesson_rule(a, all, p->y - 1);
		return;
	}
	if (!whole && p->view == VIEW_TREE && !a->wish.zoom)
		draw_path(a, all, p);
	else
		draw_fmt(all, p->x + 1, p->y - 1, ST_FOCUS, " %s%s ", view_ops(p->view)->title,
		    whole ? "" : a->wish.zoom ? ", zoomed" : "");
}

static void
draw_rules(struct app *a, const struct area *all, const struct layout *l)
{
	draw_line(all, 0, l->top, all->w, ST_RULE, 0x2500);
	draw_line(all, 0, l->bottom, all->w, ST_RULE, 0x2500);
	for (int i = 0; i < l->n; i++) {
		const struct pane *p = &l->pane[i];

		if (p->x == 0)
			continue;
		for (int y = p->y; y < p->y + p->h; y++)
			draw_cell(all, p->x - 1, y, ST_RULE, 0x2502);
		if (p->y == l->top + 1) {
			draw_cell(all, p->x - 1, l->top, ST_RULE, 0x252c);
			draw_cell(all, p->x - 1, l->bottom, ST_RULE, 0x2534);
		} else {
			draw_cell(all, p->x - 1, p->y - 1, ST_RULE, 0x251c);
			draw_line(all, p->x, p->y - 1, p->w, ST_RULE, 0x2500);
		}
	}
	for (int i = 0; i < l->n; i++)
		draw_pane_title(a, all, &l->pane[i]);
}

static void
draw_clamps(struct app *a, const struct area *all, int y)
{
	const struct clamp_set *set = study_clamps(&a->study);
	char how[128], text[160];
	int right = all->w - 1, x = 9;

	if (a->study.info->from_file) {
		draw_fmt(all, 1, y, ST_DIM, "opened without a model: %s", a->study.info->dir);
		return;
	}
	study_how_text(&a->study.how, how, sizeof how);
	/* With little room the default is left out here, but not in the view of clamps. */
	if (all->w < APP_WIDE && a->study.how.through == CT_MODEL)
		how[strcspn(how, ",")] = '\0';
	draw_text(all, 1, y, ST_DIM, "clamps");
	draw_right(all, right, y, ST_DIM, how);
	right -= ct_text_width(how) + 2;
	if (set->n == 0)
		draw_text(all, x, y, ST_DIM, "none");
	for (int i = 0; i < set->n; i++) {
		char label[STUDY_NAME];
		int more = i + 1 < set->n ? 12 : 0, w, room;

		if (!pins_clamp_text(&a->study, i, text, sizeof text, label, sizeof label))
			continue;
		w = ct_text_width(text);
		room = right - x - more;
		if (w > room && i > 0) {
			snprintf(text, sizeof text, "… %d more", set->n - i);
			draw_cut(all, x, y, right - x, ST_DIM, text);
			return;
		}
		x += draw_cut(all, x, y, room, set->clamp[i].off ? ST_DIM : ST_CLAMP, text);
		room -= w + 1;
		if (*label && room >= 4)
			x += 1 + draw_cut(all, x + 1, y, room, ST_DIM, label);
		if (set->clamp[i].off && right - x - more > 6)
			x += draw_text(all, x, y, ST_DIM, " (off)");
		x += 2;
	}
}

/* Whether a key would do something in the present state. */
static bool
is_apt(const struct app *a, const struct key_entry *k)
{
	const char *command = k->command;
	const struct cmd_entry *c = cmd_find(command, strcspn(command, " "));
	bool main_screen = a->view == VIEW_TREE;

	if ((a->study.info->from_file && (c->flags & CMD_MODEL)) ||
	    (!a->study.graph && (c->flags & CMD_GRAPH)))
		return false;
	if (!view_acts(a, k) || (view_ops(a->focus)->about != ABOUT_GRAPH && strcmp(c->name, "view") == 0))
		return false;
	if (strcmp(command, "back") == 0)
		return !main_screen || a->focus != VIEW_TREE || a->wish.zoom;
	if (strcmp(command, "pane zoom") == 0 || strcmp(command, "next-pane") == 0)
		return main_screen;
	if (strcmp(command, "undo") == 0)
		return study_can_undo(&a->study);
	if (strcmp(c->name, "lesson") == 0)
		return a->player.lesson;
	return true;
}

/* In a view without rows, its own keys have nothing to act on. */
static bool
has_rows(struct app *a)
{
	const struct view_ops *ops = view_ops(a->focus);

	return !ops->list || ops->list(a, a->state[a->focus])->n > 0;
}

/* Whether a key is a hint: of the lesson, or of the focused pane or everywhere. It must mean this here. */
static bool
is_hint(struct app *a, const struct key_entry *k, bool lesson)
{
	bool of_lesson = k->place && strcmp(k->place, view_ops(VIEW_LESSON)->name) == 0;

	return k->hint && of_lesson == lesson && binding_of(a, key_parse(k->key)) == k && is_apt(a, k) &&
	    (!k->place || of_lesson || has_rows(a));
}

struct hint {
	char keys[32];
	const char *word;
};

/* Keys with the same word are one hint: "←→ token". */
static int
collect_hints(struct app *a, bool lesson, struct hint *out, int n, int max)
{
	const struct key_entry *k;
	char name[32];
	int i;

	for (int at = 0; (k = key_at(at)); at++) {
		if (!is_hint(a, k, lesson))
			continue;
		key_label(name, sizeof name, k->key);
		for (i = 0; i < n && strcmp(out[i].word, k->hint); i++)
			;
		if (i == max)
			break;
		if (i == n)
			out[n++] = (struct hint){ .word = k->hint };
		snprintf(out[i].keys + strlen(out[i].keys), sizeof out[i].keys - strlen(out[i].keys), "%s",
		    name);
	}
	return n;
}

static void
draw_hints(struct app *a, const struct area *all, int y)
{
	struct hint hint[HINTS];
	int n = collect_hints(a, true, hint, 0, HINTS), width = 0, x = 1;

	n = collect_hints(a, false, hint, n, HINTS);
	for (int i = 0; i < n; i++)
		width += ct_text_width(hint[i].keys) + 1 + ct_text_width(hint[i].word) + 2;
	/* Help and quit, the last two hints, always remain; hints before them are dropped. */
	for (; n > 2 && width - 2 > all->w - 2; n--) {
		width -= ct_text_width(hint[n - 3].keys) + 1 + ct_text_width(hint[n - 3].word) + 2;
		hint[n - 3] = hint[n - 2];
		hint[n - 2] = hint[n - 1];
	}
	for (int i = 0; i < n; i++) {
		x += draw_text(all, x, y, ST_KEY, hint[i].keys) + 1;
		x += draw_text(all, x, y, ST_DIM, hint[i].word) + 2;
	}
}

/* The message replaces the hints; a long one needs more lines, above. */
static void
draw_message(struct app *a, const struct area *all, int bottom)
{
	const char *at[5];
	int n = 0, width = all->w - 2;
	const char *s = a->message;

	while (*s && n < 5) {
		size_t fit = ct_text_fit(s, width);

		if (s[fit] && s[fit] != ' ')	/* break the line at a blank */
			for (size_t i = fit; i > fit / 2; i--)
				if (s[i] == ' ') {
					fit = i;
					break;
				}
		at[n++] = s;
		s += fit ? fit : 1;
		s += strspn(s, " ");
	}
	for (int i = 0; i < n; i++) {
		int y = bottom - n + 1 + i;
		char line[1024];
		size_t len = i + 1 < n ? (size_t)(at[i + 1] - at[i]) : strlen(at[i]);

		snprintf(line, sizeof line, "%.*s", (int)len, at[i]);
		draw_line(all, 0, y, all->w, ST_TEXT, ' ');
		draw_text(all, 1, y, a->alert ? ST_BAD : ST_STRONG, line);
	}
}

static void
draw_bottom(struct app *a, const struct area *all)
{
	int y = all->h - 1;

	if (a->input.kind == INPUT_PROMPT) {
		if (!a->message[0])
			input_hint(a, all, y);
	} else if (a->input.kind != INPUT_NONE) {
		char label[192];

		draw_line(all, 0, y - 1, all->w, ST_TEXT, ' ');
		input_hint(a, all, y - 1);
		input_draw(a, all, 1 + draw_text(all, 1, y, ST_KEY, input_label(a, label, sizeof label)), y);
		if (a->message[0])
			draw_message(a, all, y - 1);
		return;
	} else if (!a->message[0]) {
		draw_hints(a, all, y);
	}
	if (a->message[0])
		draw_message(a, all, y);
}

/*
 * The terminal's cursor is in the line that is typed, else in the selected row of the view that has the keys.
 */
static void
draw_pane(struct app *a, const struct area *area, enum view_id id)
{
	int x = a->grid.cursor_x, y = a->grid.cursor_y;
	bool ours = id == a->focus && a->input.kind == INPUT_NONE;

	if (ours)
		draw_cursor(area, 0, 0);
	view_ops(id)->draw(a, a->state[id], area);
	if (!ours) {
		a->grid.cursor_x = x;
		a->grid.cursor_y = y;
	}
}

void
frame_draw(struct app *a)
{
	struct area all = area_of(&a->grid), area;
	struct layout l;

	study_words_within(&a->study, a->live ? NAMES_WITHIN : 0);
	grid_clear(&a->grid);
	if (all.w < APP_COLS || all.h < APP_ROWS) {
		draw_fmt(&all, 0, 0, ST_TEXT, "need %dx%d, have %dx%d", APP_COLS, APP_ROWS, all.w, all.h);
		return;
	}
	l = layout_of(a);
	title_draw(a, &all);
	draw_prompt(a, &all);
	if (a->input.kind == INPUT_PROMPT) {
		input_tokens(a, &all, l.next);
	} else if (a->study.graph) {
		draw_next(a, &all, l.next, l.after < 0 ? "next" : "before", CT_RUN_ORIGINAL, false);
		if (l.after >= 0)
			draw_next(a, &all, l.after, "after", CT_RUN_CLAMPED, true);
	}
	draw_rules(a, &all, &l);
	for (int i = 0; i < l.n; i++) {
		area = area_sub(&all, l.pane[i].x, l.pane[i].y, l.pane[i].w, l.pane[i].h);
		draw_pane(a, &area, l.pane[i].view);
	}
	if (l.lesson) {
		lesson_rule(a, &all, l.bottom);
		area = area_sub(&all, 0, l.bottom + 1, all.w, LESSON_ROWS);
		draw_pane(a, &area, VIEW_LESSON);
		draw_line(&all, 0, l.bottom + l.lesson, all.w, ST_RULE, 0x2500);
	}
	draw_clamps(a, &all, all.h - 2);
	draw_bottom(a, &all);
}

struct frame_spot
frame_at(struct app *a, int x, int y)
{
	struct frame_spot spot = { .pos = -1 };
	struct layout l = layout_of(a);

	if (a->grid.cols < APP_COLS || a->grid.rows < APP_ROWS)
		return spot;
	if (y == 1 && a->study.T)
		spot.pos = token_at(&a->study, a->grid.cols, x);
	for (int i = 0; i < l.n; i++) {
		const struct pane *p = &l.pane[i];

		if (x >= p->x && x < p->x + p->w && y >= p->y && y < p->y + p->h) {
			spot.in_view = true;
			spot.view = p->view;
			spot.x = x - p->x;
			spot.y = y - p->y;
		}
	}
	return spot;
}
