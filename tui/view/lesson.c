/* lesson: see view/lesson.h. lesson/player.h knows the current step. */
#include "tui/view/lesson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/keys.h"
#include "tui/lesson/flow.h"
#include "tui/lesson/lesson.h"
#include "tui/lesson/turn.h"
#include "tui/view/layout.h"
#include "tui/view/view.h"

enum { WIDEST = 100 };	/* longer lines are hard to read */

void
lesson_rule(const struct app *a, const struct area *area, int y)
{
	const struct player *p = &a->player;
	const struct lesson *l = p->lesson;
	enum style style = turn_has_keys(a) ? ST_FOCUS : ST_DIM;
	int x = 1;

	x += draw_text(area, x, y, style, " ");
	x += draw_cut(area, x, y, 28, style, l->title);
	x += draw_fmt(area, x, y, style, "  step %d of %d  ", p->step + 1, l->n);
	x += draw_cut(area, x, y, 40, style, l->step[p->step].title);
	draw_text(area, x, y, style, " ");
}

static void *
lesson_state(void)
{
	return calloc(1, 1);	/* unused: `player` has the state */
}

static void
lesson_drop(void *state)
{
	free(state);
}

/* Says on the right that the task is done, in as many words as there is room for. */
static void
draw_done(const struct area *area, int from, int y)
{
	static const char *const say[] = { "done: Space goes on", "Space goes on", "done" };

	for (size_t i = 0; i < sizeof say / sizeof *say; i++)
		if (from + 2 + ct_text_width(say[i]) < area->w) {
			draw_right(area, area->w - 1, y, ST_PLUS, say[i]);
			return;
		}
}

/* Columns of a text on one line, without the quotes around keys. */
static int
shown_width(const char *text)
{
	int width = ct_text_width(text);

	for (; *text; text++)
		width -= *text == '`';
	return width;
}

/* A question with its choices; once one is chosen, shows it and the right one. */
static void
draw_predict(const struct player *p, const struct area *area, int y)
{
	const struct predict *q = &p->lesson->step[p->step].predict;
	bool right = p->choice - 1 == q->right;
	int x = 1;

	draw_text(area, x, y - 1, !p->choice ? ST_KEY : right ? ST_PLUS : ST_MINUS,
	    !p->choice ? "?" : right ? "✓" : "·");
	flow_draw(area, x + 2, y - 1, area->w - x - 3, ST_STRONG, q->ask);
	for (int i = 0; i < q->n; i++) {
		bool chosen = p->choice == i + 1, is_right = p->choice && i == q->right;

		x += 2;
		x += draw_fmt(area, x, y, ST_KEY, "%d ", i + 1);
		x += draw_text(area, x, y, is_right ? ST_PLUS : chosen ? ST_MINUS : ST_TEXT, q->choice[i]);
		if (is_right || chosen)
			x += draw_text(area, x, y, ST_DIM,
			    is_right && chosen ? " (right)" : is_right ? " (it is)" : " (yours)");
	}
	if (p->choice)
		draw_done(area, x, y);
}

/* The task or what to look at, with a mark that says whether it is done. */
static void
draw_task(const struct app *a, const struct area *area, int y)
{
	const struct player *p = &a->player;
	const struct step *s = &p->lesson->step[p->step];
	bool done = turn_is_done(a);
	char words[200];
	int x = 1;

	if (s->predict.ask) {
		draw_predict(p, area, y);
		return;
	}
	if (s->ask) {
		draw_text(area, x, y, done ? ST_PLUS : ST_KEY, done ? "✓" : "→");
		flow_draw(area, x + 2, y, area->w - x - 3, ST_STRONG, s->ask);
		if (done)
			draw_done(area, x + 2 + shown_width(s->ask), y);
		return;
	}
	for (int i = 0; i < s->n_checks; i++) {
		lesson_check_words(&s->checks[i], words, sizeof words);
		if (x + 2 + ct_text_width(words) > area->w - 1)
			break;
		draw_text(area, x, y, p->met[i] ? ST_PLUS : ST_BAD, p->met[i] ? "✓" : "·");
		x += 2;
		x += draw_text(area, x, y, ST_DIM, words) + 2;
	}
}

/* If the lesson fills the body, there is room for a list of all steps. */
static void
draw_steps(const struct player *p, const struct area *area, int y)
{
	const struct lesson *l = p->lesson;
	int room = area->h - y, from = p->step - room / 2;

	if (from > l->n - room)
		from = l->n - room;
	for (int i = from < 0 ? 0 : from; i < l->n && y < area->h; i++, y++) {
		draw_fmt(area, 1, y, i == p->step ? ST_KEY : ST_DIM, "%c%2d", i == p->step ? '>' : ' ',
		    i + 1);
		draw_cut(area, 6, y, -1, i == p->step ? ST_STRONG : ST_TEXT, l->step[i].title);
	}
}

static void
lesson_draw(struct app *a, void *state, const struct area *area)
{
	const struct player *p = &a->player;
	int width = area->w - 4 < WIDEST ? area->w - 4 : WIDEST;

	(void)state;
	if (!p->lesson) {
		draw_fmt(area, 1, 0, ST_DIM, "no lesson is open: %s lists all lessons",
		    key_for("view start"));
		return;
	}
	flow_draw(area, 1, 0, width, ST_TEXT, p->lesson->step[p->step].text);
	draw_task(a, area, LESSON_LINES);
	draw_steps(p, area, LESSON_ROWS + 1);
}

const struct view_ops lesson_view = {
	.name = "lesson",
	.title = "lesson",
	.note = "the step of the lesson that is open: what to do, what to see",
	.about = ABOUT_TEXT,
	.open = lesson_state,
	.close = lesson_drop,
	.draw = lesson_draw,
};
