/* frame: see frame.h. */
#include "tui/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/fmt.h"
#include "tui/keys.h"
#include "tui/view/lesson.h"

enum { BAR_MAX = 18, TOP_SHOWN = 12 };

struct layout {
	int next, after;	/* rows of the probabilities; after: -1 without clamps */
	int top, bottom;	/* the two rules */
	int n;			/* panes */
	struct {
		enum view_id view;
		int x, w;
	} pane[VIEW_COUNT];
};

/* Of the pane below, with its rule. */
static int
lesson_rows(const struct app *a)
{
	return a->player.lesson ? LESSON_ROWS + 1 : 0;
}

static struct layout
lay_out(const struct app *a)
{
	struct layout l = { .next = 2, .after = -1 };
	int w = a->grid.cols, h = a->grid.rows;
	bool clamped = a->study.graph && study_clamps(&a->study)->n > 0;

	if (clamped)
		l.after = 3;
	l.top = clamped ? 4 : 3;
	l.bottom = h - 3 - lesson_rows(a);
	if (a->view != VIEW_TREE) {
		l.n = 1;
		l.pane[0].view = a->view;
		l.pane[0].w = w;
		return l;
	}
	l.n = w >= APP_WIDE ? 3 : 2;
	if (l.n == 3) {
		int map = w * 3 / 10;

		l.pane[2].view = VIEW_MAP;
		l.pane[2].w = map;
		l.pane[2].x = w - map;
		w -= map + 1;
	}
	l.pane[0].view = VIEW_TREE;
	l.pane[0].w = w * 9 / 16;
	l.pane[1].view = VIEW_CARD;
	l.pane[1].x = l.pane[0].w + 1;
	l.pane[1].w = w - l.pane[1].x;
	return l;
}

int
frame_body(const struct app *a)
{
	return a->grid.rows - 7 - lesson_rows(a);
}

int
frame_panes(const struct app *a, enum view_id out[VIEW_COUNT])
{
	struct layout l = lay_out(a);

	for (int i = 0; i < l.n; i++)
		out[i] = l.pane[i].view;
	return l.n;
}

static void
draw_title(struct app *a, const struct area *all)
{
	const struct ct_engine_info *info = a->study.info;
	const struct ct_graph *g = a->study.graph;
	char left[160], right[160], b[3][FMT_SIZE];
	double worst;
	int x;

	x = 1 + draw_cut(all, 1, 0, 24, ST_TITLE, info->name) + 2;
	if (!strcmp(info->transcoder, "CLT"))
		snprintf(left, sizeof left, "%dL D%d CLT %dx%d", info->L, info->D, info->L, info->F);
	else
		snprintf(left, sizeof left, "%dL D%d %s %d", info->L, info->D, info->transcoder, info->F);
	x += draw_text(all, x, 0, ST_DIM, left);
	if (!g)
		return;
	worst = g->check.max_edge_residual;
	if (!(g->check.max_logit_error <= worst))	/* a NaN is the worst */
		worst = isnan(worst) ? worst : g->check.max_logit_error;
	fmt_tiny(b[2], sizeof b[2], worst);
	snprintf(right, sizeof right, "replacement %s  completeness %s  exact %s",
	    fmt_share(b[0], sizeof b[0], g->scores.replacement),
	    fmt_share(b[1], sizeof b[1], g->scores.completeness), b[2]);
	if (x + 2 + ct_text_width(right) + 1 > all->w)
		return;
	x = all->w - 1 - ct_text_width(right);
	x += draw_text(all, x, 0, ST_DIM, "replacement ");
	x += draw_text(all, x, 0, ST_STRONG, b[0]);
	x += draw_text(all, x, 0, ST_DIM, "  completeness ");
	x += draw_text(all, x, 0, ST_STRONG, b[1]);
	x += draw_text(all, x, 0, ST_DIM, "  exact ");
	draw_text(all, x, 0, !(worst <= 1e-5) ? ST_BAD : ST_TEXT, b[2]);
}

/* Columns of a token with the blank before it. */
static int
token_columns(const struct study *s, int pos)
{
	const char *t = study_token(s, pos);

	return ct_text_width(t) + (pos > 0 && t[0] != ' ');
}

/* The first token in sight: when not all fit, the chosen one stays there. */
static int
first_token(const struct study *s, int width)
{
	int used = 0, first = s->pos;

	for (int i = 0; i < s->T; i++)
		used += token_columns(s, i);
	if (used + 2 < width)
		return s->pos == 0 ? 0 : 1;
	/* As much of the left as leaves the chosen token and what follows it some room. */
	used = token_columns(s, s->pos) + 2;
	for (int i = s->pos + 1; i < s->T && used < width / 3; i++)
		used += token_columns(s, i);
	while (first > (s->T > 1) && used + token_columns(s, first - 1) + 2 < width)
		used += token_columns(s, --first);
	return first;
}

/* The token at a column of the line, or -1. */
static int
token_at(const struct study *s, int width, int column)
{
	int first = first_token(s, width), x = 1;

	if (first > 1)
		x = 3;
	for (int pos = first; pos < s->T && x < width - 1; pos++) {
		const char *t = study_token(s, pos);
		int w = ct_text_width(t);

		if (pos > first && t[0] != ' ')
			x++;
		if (column >= x - 1 && column < x + w)
			return pos;
		x += w;
	}
	return -1;
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
		draw_text(all, 1, 1, ST_DIM, "no prompt yet: i begins one");
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

		if (pos > first && t[0] != ' ')
			x++;
		w = draw_cut(all, x, 1, all->w - 1 - x,
		    pos == s->pos ? ST_CHOSEN
			: target  ? ST_PEAK
				  : ST_TOKEN,
		    t);
		if (pos == s->pos) {
			left = t[0] == ' ' ? x : x - 1;
			right = x + w;
		}
		x += w;
	}
	/* Last, in place of blanks that may be part of a token. */
	if (right) {
		draw_text(all, left, 1, ST_KEY, "[");
		draw_text(all, right, 1, ST_KEY, "]");
	}
}

/* One line of next tokens with bars; compare: say what each was without the clamps. */
static void
draw_next(struct app *a, const struct area *all, int y, const char *label, enum ct_run run, bool compare)
{
	struct study *s = &a->study;
	struct ct_top top[TOP_SHOWN];
	int n = ct_session_top(s->session, run, s->pos, top, TOP_SHOWN);
	int x = 1 + draw_text(all, 1, y, ST_DIM, label), bars = BAR_MAX + (all->w - APP_COLS) / 8;

	x = x < 8 ? 8 : x + 1;
	if (bars > 30)
		bars = 30;
	for (int i = 0; i < n; i++) {
		char p[FMT_SIZE], was[FMT_SIZE + 8] = "", b[FMT_SIZE];
		const char *token = ct_engine_token(s->engine, top[i].token);
		int bar = (int)(top[i].prob * (float)bars) + 1, w = ct_text_width(token);
		float before =
		    compare ? ct_session_prob(s->session, CT_RUN_ORIGINAL, s->pos, top[i].token) : 0;

		if (i > 0 && top[i].prob < 5e-5f)
			break;	/* it would read 0% */
		fmt_percent(p, sizeof p, top[i].prob);
		if (compare)
			snprintf(was, sizeof was, " was %s", fmt_percent(b, sizeof b, before));
		if (x + w + 1 + bar + 1 + ct_text_width(p) + ct_text_width(was) > all->w - 1)
			break;
		x += draw_text(all, x, y, i == 0 ? ST_STRONG : ST_TEXT, token) + 1;
		bar = draw_bar(all, x, y, bars, compare ? ST_CLAMP : ST_BAR, top[i].prob);
		/* A sliver stands close to its number. */
		x += bar + (top[i].prob * (float)bars > .5f);
		x += draw_text(all, x, y, i == 0 ? ST_STRONG : ST_TEXT, p);
		x += draw_text(all, x, y, ST_DIM, was) + 3;
	}
}

static void
draw_rules(struct app *a, const struct area *all, const struct layout *l)
{
	draw_line(all, 0, l->top, all->w, ST_RULE, 0x2500);
	draw_line(all, 0, l->bottom, all->w, ST_RULE, 0x2500);
	for (int i = 0; i + 1 < l->n; i++) {
		int x = l->pane[i].x + l->pane[i].w;

		draw_cell(all, x, l->top, ST_RULE, 0x252c);
		draw_cell(all, x, l->bottom, ST_RULE, 0x2534);
		for (int y = l->top + 1; y < l->bottom; y++)
			draw_cell(all, x, y, ST_RULE, 0x2502);
	}
	if (a->view != VIEW_TREE) {
		draw_fmt(all, 1, l->top, ST_FOCUS, " %s ", view_ops(a->view)->title);
		return;
	}
	for (int i = 0; i < l->n; i++)
		if (l->pane[i].view == a->focus && a->focus != VIEW_TREE)
			draw_fmt(all, l->pane[i].x + 1, l->top, ST_FOCUS, " %s ", view_ops(a->focus)->title);
}

static void
draw_clamps(struct app *a, const struct area *all, int y)
{
	const struct clamp_set *set = study_clamps(&a->study);
	char how[128], text[160];
	int right = all->w - 1, x = 9;

	study_how_text(&a->study.how, how, sizeof how);
	draw_text(all, 1, y, ST_DIM, "clamps");
	draw_right(all, right, y, ST_DIM, how);
	right -= ct_text_width(how) + 2;
	if (set->n == 0)
		draw_text(all, x, y, ST_DIM, "none");
	for (int i = 0; i < set->n; i++) {
		bool guess;
		char label[STUDY_NAME];
		int more = i + 1 < set->n ? 9 : 0, w, room;

		study_label(
		    &a->study, set->clamp[i].layer, set->clamp[i].feature, label, sizeof label, &guess);
		ct_clamp_text(&set->clamp[i], text, sizeof text);
		w = ct_text_width(text);
		room = right - x - more;
		if (w > room && i > 0) {
			draw_fmt(all, x, y, ST_DIM, "… %d more", set->n - i);
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

/* Of the lesson, or of the focused pane and everywhere; not when the key means something else here. */
static bool
is_hint(const struct app *a, const struct key_entry *k, bool lesson)
{
	bool of_lesson = k->place && !strcmp(k->place, view_ops(VIEW_LESSON)->name);

	return k->hint && of_lesson == lesson && app_binding(a, key_parse(k->key)) == k;
}

struct hint {
	char keys[32];
	const char *word;
};

/* Keys that share a word share the place: "←→ token". */
static int
collect_hints(const struct app *a, bool lesson, struct hint *out, int n, int max)
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
	struct hint hint[16];
	int n = collect_hints(a, true, hint, 0, 16), width = 0, x = 1;

	n = collect_hints(a, false, hint, n, 16);
	for (int i = 0; i < n; i++)
		width += ct_text_width(hint[i].keys) + 1 + ct_text_width(hint[i].word) + 2;
	/* Help and quit, the last two, are always there; what stands before them gives way. */
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

/* The message takes the place of the hints; a long one grows upwards. */
static void
draw_message(struct app *a, const struct area *all, int bottom)
{
	const char *at[5];
	int n = 0, width = all->w - 2;
	const char *s = a->message;

	while (*s && n < 5) {
		size_t fit = ct_text_fit(s, width);

		if (s[fit] && s[fit] != ' ')	/* break at a blank */
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
		const char *label = input_label(a);

		draw_line(all, 0, y - 1, all->w, ST_TEXT, ' ');
		input_hint(a, all, y - 1);
		input_draw(a, all, 1 + draw_text(all, 1, y, ST_KEY, label), y);
		if (a->message[0])
			draw_message(a, all, y - 1);
		return;
	} else if (!a->message[0]) {
		draw_hints(a, all, y);
	}
	if (a->message[0])
		draw_message(a, all, y);
}

void
frame_draw(struct app *a)
{
	struct area all = area_of(&a->grid), area;
	struct layout l;

	grid_clear(&a->grid);
	if (all.w < APP_COLS || all.h < APP_ROWS) {
		draw_fmt(&all, 0, 0, ST_TEXT, "need %dx%d, have %dx%d", APP_COLS, APP_ROWS, all.w, all.h);
		return;
	}
	l = lay_out(a);
	draw_title(a, &all);
	draw_prompt(a, &all);
	if (a->study.graph) {
		draw_next(a, &all, l.next, l.after < 0 ? "next" : "before", CT_RUN_ORIGINAL, false);
		if (l.after >= 0)
			draw_next(a, &all, l.after, "after", CT_RUN_CLAMPED, true);
	}
	draw_rules(a, &all, &l);
	for (int i = 0; i < l.n; i++) {
		area = area_sub(&all, l.pane[i].x, l.top + 1, l.pane[i].w, l.bottom - l.top - 1);
		view_ops(l.pane[i].view)->draw(a, a->state[l.pane[i].view], &area);
	}
	if (a->player.lesson) {
		lesson_rule(a, &all, l.bottom);
		area = area_sub(&all, 0, l.bottom + 1, all.w, LESSON_ROWS);
		view_ops(VIEW_LESSON)->draw(a, a->state[VIEW_LESSON], &area);
		draw_line(&all, 0, l.bottom + lesson_rows(a), all.w, ST_RULE, 0x2500);
	}
	draw_clamps(a, &all, all.h - 2);
	draw_bottom(a, &all);
}

struct frame_spot
frame_at(struct app *a, int x, int y)
{
	struct frame_spot spot = { .pos = -1 };
	struct layout l = lay_out(a);

	if (a->grid.cols < APP_COLS || a->grid.rows < APP_ROWS)
		return spot;
	if (y == 1 && a->study.T)
		spot.pos = token_at(&a->study, a->grid.cols, x);
	for (int i = 0; i < l.n; i++)
		if (y > l.top && y < l.bottom && x >= l.pane[i].x && x < l.pane[i].x + l.pane[i].w) {
			spot.in_view = true;
			spot.view = l.pane[i].view;
			spot.x = x - l.pane[i].x;
			spot.y = y - l.top - 1;
		}
	return spot;
}
