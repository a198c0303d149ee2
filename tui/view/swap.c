/*
 * swap: sets the features of the value that the prompt hides to those of each other value in turn, a row for
 * each, with two controls that should change nothing: another sentence with the same value, and as many
 * random features.
 */
#include "tui/view/swap.h"

#include <stdio.h>
#include <stdlib.h>

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/view/view.h"

enum { FOOT = 4 };			/* lines below the table */

struct swap {
	struct list list;		/* first, for view_list */
	const struct ct_swap *w;	/* lent by the session; NULL: not run for this prompt */
	struct ct_error why;		/* why there is none */
	char at[SWAP_WORD], from[SWAP_WORD];	/* from the command; "": the prompt's own */
	double strength;
};

static void
usual(struct swap *s)
{
	*s = (struct swap){ .strength = 1, .list.h = s->list.h };
}

static void *
swap_open(void)
{
	struct swap *s = calloc(1, sizeof *s);

	if (s)
		usual(s);
	return s;
}

static void
swap_close(void *state)
{
	free(state);
}

static void
run(struct app *a, struct swap *s)
{
	struct ct_swap_options opt = { .strength = s->strength, .at = *s->at ? s->at : NULL,
		.from = *s->from ? s->from : NULL };
	const struct ct_swap *w;

	s->w = NULL;
	s->why.msg[0] = '\0';
	if (view_traced(a, &s->why) &&
	    ct_session_swap(a->study.first, &opt, &w, &a->study.job, &s->why) == CT_OK)
		s->w = w;
	s->list.n = s->w ? s->w->n : 0;
	list_select(&s->list, s->list.sel);
}

static void
swap_focused(struct app *a, void *state)
{
	struct swap *s = state;

	if (!s->w)
		run(a, s);
}

static void
swap_changed(struct app *a, void *state, enum change what)
{
	struct swap *s = state;

	if (what != CHANGED_GRAPH)
		return;
	usual(s);
	if (a->view == VIEW_SWAP)
		run(a, s);
}

int
swap_show(struct app *a, const struct ct_swap_options *opt)
{
	struct swap *s = a->state[VIEW_SWAP];

	usual(s);
	snprintf(s->at, sizeof s->at, "%s", opt->at ? opt->at : "");
	snprintf(s->from, sizeof s->from, "%s", opt->from ? opt->from : "");
	s->strength = opt->strength;
	run(a, s);
	if (!s->w)
		return app_error(a, &s->why);
	view_show(a, VIEW_SWAP);
	return DID_CHANGE;
}

/* The answer of a row's value: a token's text, or how many there are: "one of 6". */
static const char *
expected(struct app *a, const struct ct_swap_row *row, char *buf, size_t size)
{
	if (row->expected >= 0)
		return study_word(&a->study, row->expected, buf, size);
	if (row->answers > 0)
		snprintf(buf, size, "one of %d", row->answers);
	else
		snprintf(buf, size, "none");
	return buf;
}

struct columns {
	int value, expected, got, prob, end;
};

static struct columns
columns_of(const struct area *area)
{
	int third = (area->w - 12) / 3;

	third = third > 24 ? 24 : third;
	return (struct columns){ .value = 1, .expected = 1 + third, .got = 1 + 2 * third,
		.prob = 1 + 3 * third + 6, .end = 1 + 3 * third + 9 };
}

static void
draw_answer(struct app *a, const struct area *area, int y, const struct ct_swap_row *row)
{
	struct columns c = columns_of(area);
	char text[STUDY_NAME], p[FMT_SIZE];

	draw_cut(area, c.value, y, c.expected - c.value - 1, ST_TEXT, row->value);
	draw_cut(area, c.expected, y, c.got - c.expected - 1, ST_DIM, expected(a, row, text,
	    sizeof text));
	draw_cut(area, c.got, y, c.prob - 6 - c.got, row->given ? ST_STRONG : ST_TEXT, study_word(&a->study,
	    row->got, text, sizeof text));
	draw_right(area, c.prob, y, ST_TEXT, fmt_percent(p, sizeof p, (double)row->prob_got));
	if (area->grid->words)
		draw_text(area, c.prob + 2, y, ST_TEXT, !row->counts ? "not counted" : row->given ?
		    "its answer" : "not its answer");
	else if (row->counts)
		draw_text(area, c.prob + 1, y, row->given ? ST_PLUS : ST_BAD, row->given ? "✓" : "✗");
}

/* How many swaps gave the value's answer, and what the two controls did. */
static void
draw_share(struct app *a, const struct swap *s, const struct area *area)
{
	const struct ct_swap *w = s->w;
	char p[FMT_SIZE], *same = ct_session_swap_same(a->study.first, w);
	int y = area->h - FOOT, x = 1;

	x += draw_fmt(area, x, y, ST_STRONG, "%d of %d, %s", w->given, w->tried, w->tried ? fmt_percent(p,
	    sizeof p, (double)w->given / w->tried) : "none");
	draw_text(area, x, y, ST_DIM, ", give the value's own answer");
	x = 1 + draw_text(area, 1, y + 1, ST_DIM, "same value: ");
	x += draw_text(area, x, y + 1, ST_TEXT, w->same < 0 ? "no other sentence" : w->same_changed ?
	    "changes the answer" : w->same_got != w->said ? "gives another of its answers" :
	    "changes nothing");
	if (same)
		draw_fmt(area, x, y + 1, ST_DIM, " (%s)", same);
	x = 1 + draw_text(area, 1, y + 2, ST_DIM, "random features: ");
	x += draw_fmt(area, x, y + 2, ST_TEXT, "%d of %d give it, %d change the answer", w->random_given,
	    w->tried, w->random_changed);
	if (!w->controls_hold)
		draw_text(area, x, y + 2, ST_MINUS, ": the swaps prove less");
	draw_text(area, 3, y + 3, ST_DIM,
	    "as many in these layers, moved as far: where they change it, any push would");
	free(same);
}

static void
swap_draw(struct app *a, void *state, const struct area *area)
{
	struct swap *s = state;
	struct columns c = columns_of(area);
	char place[STUDY_NAME], said[STUDY_NAME], p[FMT_SIZE];

	if (!s->w) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, s->why.msg);
		return;
	}
	draw_fmt(area, 1, 0, ST_DIM, "%s %s set to other values x%.3g, nothing frozen; untouched: %s %s",
	    s->w->own, study_place(&a->study, s->w->pos - s->w->n_pos + 1, place, sizeof place),
	    s->w->strength, study_word(&a->study, s->w->said, said, sizeof said), fmt_percent(p, sizeof p,
	    (double)s->w->prob_said));
	draw_text(area, c.value, 1, ST_DIM, "value");
	draw_text(area, c.expected, 1, ST_DIM, "its answer");
	draw_text(area, c.got, 1, ST_DIM, "answer now");
	s->list.y = 2;
	list_resize(&s->list, s->w->n, area->h - 2 - FOOT);
	for (int i = 0; i < s->list.h && s->list.top + i < s->w->n; i++) {
		draw_answer(a, area, 2 + i, &s->w->row[s->list.top + i]);
		if (s->list.top + i == s->list.sel)
			draw_select(area, 0, 2 + i, c.expected - 1);
	}
	draw_share(a, s, area);
}

static void
swap_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct ct_swap_row *r = &((struct swap *)state)->w->row[row];
	char answer[STUDY_NAME], got[STUDY_NAME];

	snprintf(buf, size, "%s %s %s", r->value, expected(a, r, answer, sizeof answer),
	    study_word(&a->study, r->got, got, sizeof got));
}

static int
swap_enter(struct app *a, void *state)
{
	struct swap *s = state;
	char line[3 * SWAP_WORD];
	const char *quote = *s->at ? "\"" : "";
	int did;

	if (!s->w || !s->w->n)
		return DID_NOTHING;
	snprintf(line, sizeof line, "swap %s%s%s \"%.110s\" x%.17g", quote, s->at, quote,
	    s->w->row[s->list.sel].value, s->strength);
	did = cmd_run(a, line);
	if (!(did & DID_FAIL))
		view_show(a, VIEW_TREE);
	return did | DID_CHANGE;
}

static void
swap_save(struct app *a, void *state, struct lines *out)
{
	struct swap *s = state;

	if (a->view == VIEW_SWAP && (*s->at || *s->from || s->strength != 1))
		lines_add(out, "swap %s%s%s%s%sall x%.9g", s->at, *s->at ? " " : "",
		    *s->from ? "\"" : "", s->from, *s->from ? "\" " : "", s->strength);
}

const struct view_ops swap_view = {
	.name = "swap",
	.title = "swap",
	.note = "the features of the value that the prompt hides set to those of every other value, with "
		"controls",
	.keep = true,
	.save = swap_save,
	.open = swap_open,
	.close = swap_close,
	.changed = swap_changed,
	.draw = swap_draw,
	.list = view_list,
	.focused = swap_focused,
	.text = swap_text,
	.enter = swap_enter,
};
