/*
 * sweep: the clamps at many strengths and up to each layer: the next tokens' probabilities as sparklines, and
 * where the answer changes. It keeps showing the clamps it was run with when these change.
 */
#include "tui/view/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/view.h"

enum { TOKENS = 4, LEVELS = 8, TENTHS = 10 };

struct sweep {
	struct list list;
	const struct ct_sweep *w;	/* lent by the session; NULL: not run for this prompt */
	enum ct_unit unit;
	char about[STUDY_NAME];		/* the clamps as text */
};

static void *
sweep_open(void)
{
	return calloc(1, sizeof(struct sweep));
}

static void
sweep_close(void *state)
{
	free(state);
}

static void
sweep_changed(struct app *a, void *state, enum change what)
{
	struct sweep *s = state;

	(void)a;
	if (what != CHANGED_GRAPH)
		return;
	s->w = NULL;
	s->list = (struct list){ 0 };
}

static int
shown(const struct sweep *s)
{
	return s->w->n_tokens < TOKENS ? s->w->n_tokens : TOKENS;
}

/* Lines of a row: its title, the tokens, and the changes of the answer. */
static int
lines(const struct sweep *s)
{
	return s->w ? s->w->n_rows * (shown(s) + 2) : 0;
}

int
sweep_run(struct app *a, double from, double to, int steps)
{
	struct sweep *s = a->state[VIEW_SWEEP];
	const struct clamp_set *set = study_clamps(&a->study);
	const struct ct_sweep *w;
	struct ct_error err;
	size_t at = 0;
	int on = 0;

	if (ct_session_sweep(a->study.first, from, to, steps, &w, &a->study.job, &err))
		return app_error(a, &err);
	s->w = w;
	s->about[0] = '\0';
	for (int i = 0; i < set->n; i++) {
		char text[160], label[STUDY_NAME];

		if (set->clamp[i].off)
			continue;
		s->unit = set->clamp[i].unit;
		if (!pins_clamp_text(&a->study, i, text, sizeof text, label, sizeof label))
			continue;
		if (on++ < 3 && at < sizeof s->about)
			at += (size_t)snprintf(s->about + at, sizeof s->about - at, "%s%s",
			    on > 1 ? ", " : "", text);
	}
	if (on > 3 && at < sizeof s->about)
		snprintf(s->about + at, sizeof s->about - at, " and %d more", on - 3);
	s->list = (struct list){ .n = lines(s) };
	view_show(a, VIEW_SWEEP);
	return DID_CHANGE;
}

static struct list *
sweep_list(struct app *a, void *state)
{
	struct sweep *s = state;

	(void)a;
	return &s->list;
}

static const char *
strength(const struct sweep *s, int step, char *buf, size_t size)
{
	double v = s->w->strength[step];

	if (s->unit == CT_DELTA)
		snprintf(buf, size, "%+.3g", v);
	else
		snprintf(buf, size, "%s%.3g", s->unit == CT_ABSOLUTE ? "=" : "x", v);
	return buf;
}

static void
draw_token(struct app *a, const struct sweep *s, const struct area *area, int y, int row, int token)
{
	const struct ct_sweep *w = s->w;
	int x = 24, room = area->w - x - 28;
	char b[3][FMT_SIZE], word[STUDY_NAME];
	const float *p = w->prob + (size_t)row * w->n_steps * w->n_tokens + token;
	float most = 0;

	draw_cut(area, 3, y, x - 5, ST_TEXT, study_word(&a->study, w->tokens[token], word, sizeof word));
	/* Each token has a scale of its own, so that changes of unlikely tokens are visible too. */
	for (int i = 0; i < w->n_steps; i++)
		most = fmaxf(most, p[(size_t)i * w->n_tokens]);
	for (int i = 0; i < w->n_steps && i < room; i++) {
		int levels = area->grid->ascii ? TENTHS : LEVELS;
		int level = (int)(most > 0 ? p[(size_t)i * w->n_tokens] / most * (float)levels : 0);

		level = level < 0 ? 0 : level >= levels ? levels - 1 : level;
		draw_cell(area, x + i, y, ST_CLAMP,
		    area->grid->ascii ? (uint32_t)('0' + level) : 0x2581 + (uint32_t)level);
	}
	x += (w->n_steps < room ? w->n_steps : room) + 2;
	draw_fmt(area, x, y, ST_DIM, "%s … %s, at most %s", fmt_percent(b[0], sizeof b[0], (double)p[0]),
	    fmt_percent(b[1], sizeof b[1], (double)p[(size_t)(w->n_steps - 1) * w->n_tokens]),
	    fmt_percent(b[2], sizeof b[2], (double)most));
}

static void
draw_flips(struct app *a, const struct sweep *s, const struct area *area, int y, int row)
{
	const int *top = s->w->top + (size_t)row * s->w->n_steps;
	char at[FMT_SIZE], word[STUDY_NAME];
	int x = 3 + draw_fmt(area, 3, y, ST_DIM, "says ");

	x += draw_text(area, x, y, ST_STRONG, study_word(&a->study, top[0], word, sizeof word));
	for (int i = 1; i < s->w->n_steps; i++) {
		if (top[i] == top[i - 1])
			continue;
		x += draw_fmt(area, x, y, ST_DIM, ", from %s ", strength(s, i, at, sizeof at));
		x += draw_text(area, x, y, ST_STRONG, study_word(&a->study, top[i], word, sizeof word));
	}
}

static void
draw_title(const struct sweep *s, const struct area *area, int y, int row)
{
	char mode[128];

	if (s->w->last[row] < 0)
		draw_text(area, 1, y, ST_TITLE, study_how_text(&s->w->options, mode, sizeof mode));
	else
		draw_fmt(area, 1, y, ST_TITLE, "MLPs frozen up to layer %d, free after it", s->w->last[row]);
}

static void
sweep_draw(struct app *a, void *state, const struct area *area)
{
	struct sweep *s = state;
	char from[FMT_SIZE], to[FMT_SIZE];

	if (!s->w) {
		draw_text(area, 1, 1, ST_DIM, "No sweep. Clamp a feature, then");
		draw_text(area, 3, 3, ST_TEXT, ":sweep -2:2:17    runs the clamps at 17 strengths from -2 to "
		    "2,");
		draw_text(area, 3, 4, ST_TEXT, "                  in the mode in force and frozen up to each "
		    "layer");
		return;
	}
	draw_fmt(area, 1, 0, ST_DIM, "%s: strengths %s to %s, probabilities", s->about,
	    strength(s, 0, from, sizeof from), strength(s, s->w->n_steps - 1, to, sizeof to));
	list_resize(&s->list, lines(s), area->h - 1);
	s->list.y = 1;
	for (int i = 0; i < s->list.h && s->list.top + i < s->list.n; i++) {
		int each = shown(s) + 2, row = (s->list.top + i) / each, line = (s->list.top + i) % each;

		if (line == 0)
			draw_title(s, area, 1 + i, row);
		else if (line < each - 1)
			draw_token(a, s, area, 1 + i, row, line - 1);
		else
			draw_flips(a, s, area, 1 + i, row);
		if (s->list.top + i == s->list.sel)
			draw_select(area, 0, 1 + i, 22);
	}
}

const struct view_ops sweep_view = {
	.name = "sweep",
	.title = "sweep",
	.note = "the clamps at many strengths and up to each layer, and where the answer flips",
	.keep = true,
	.open = sweep_open,
	.close = sweep_close,
	.changed = sweep_changed,
	.draw = sweep_draw,
	.list = sweep_list,
};
