/*
 * logits: the likeliest next tokens at the selected position, in the original run, in the replacement model,
 * and under clamps, next to each other.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/view/view.h"

enum { SHOWN = 100, COLUMNS = 3 };

struct logits {
	struct list list;
	struct ct_top top[SHOWN];	/* of the original run */
};

static void *
logits_open(void)
{
	return calloc(1, sizeof(struct logits));
}

static void
logits_close(void *state)
{
	free(state);
}

static struct list *
logits_list(struct app *a, void *state)
{
	struct logits *v = state;
	int n =
	    a->study.T ? ct_session_top(a->study.first, CT_RUN_ORIGINAL, a->study.pos, v->top, SHOWN) : 0;

	v->list.n = n < 0 ? 0 : n;
	list_select(&v->list, v->list.sel);
	return &v->list;
}

static void
draw_column(struct app *a, const struct area *area, const struct list *l, enum ct_run run, const char *title)
{
	struct ct_top top[SHOWN];
	int n = ct_session_top(a->study.first, run, a->study.pos, top, SHOWN);
	int bar = area->w > 34 ? 12 : area->w > 22 ? 6 : 0;
	bool wide = area->w > 34;	/* enough for raw logits */

	draw_text(area, 1, 0, ST_DIM, title);
	if (wide)
		draw_right(area, area->w - bar - 2, 0, ST_DIM, "logit");
	for (int y = 1; y < area->h && l->top + y - 1 < n; y++) {
		const struct ct_top *t = &top[l->top + y - 1];
		char p[FMT_SIZE], z[FMT_SIZE], token[STUDY_NAME];
		int x = area->w - bar - 1;

		draw_cut(area, 1, y, x - (wide ? 15 : 8), ST_TEXT,
		    study_word(&a->study, t->token, token, sizeof token));
		draw_right(area, x - (wide ? 8 : 1), y, ST_STRONG, fmt_percent(p, sizeof p, t->prob));
		if (wide)
			draw_right(area, x - 1, y, ST_DIM, fmt_plain(z, sizeof z, t->logit));
		draw_bar(area, x, y, bar, run == CT_RUN_CLAMPED ? ST_CLAMP : ST_BAR, t->prob);
	}
}

static void
logits_draw(struct app *a, void *state, const struct area *area)
{
	static const enum ct_run runs[COLUMNS] = { CT_RUN_ORIGINAL, CT_RUN_REPLACEMENT, CT_RUN_CLAMPED };
	bool clamped = a->study.graph && study_clamps(&a->study)->n > 0;
	const char *titles[COLUMNS] = { "original", "replacement", "clamped" };
	struct logits *v = state;
	/* In a pane, the column for clamps gives its room to the others if there are no clamps. */
	int columns = clamped || area->w >= APP_COLS ? COLUMNS : COLUMNS - 1, w = area->w / columns;

	logits_list(a, v);
	v->list.y = 1;
	list_resize(&v->list, v->list.n, area->h - 1);
	if (!v->list.n) {
		draw_text(area, 1, 0, ST_DIM, "nothing traced yet");
		return;
	}
	for (int i = 0; i < columns; i++) {
		struct area column = area_sub(area, i * w, 0, w, area->h);

		if (runs[i] == CT_RUN_CLAMPED && !clamped) {
			draw_text(&column, 1, 0, ST_DIM, "clamped: no clamps yet");
			continue;
		}
		draw_column(a, &column, &v->list, runs[i], titles[i]);
	}
	if (a->focus == VIEW_LOGITS)
		draw_select(area, 0, 1 + v->list.sel - v->list.top, w);
	else
		draw_here(area, 0, 1 + v->list.sel - v->list.top);
}

static void
logits_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct logits *v = state;

	study_word(&a->study, v->top[row].token, buf, size);
}

static int
logits_enter(struct app *a, void *state)
{
	struct logits *v = state;
	struct ct_targets targets = { .n = 1, .pos = a->study.pos };
	struct ct_error err;

	if (!logits_list(a, v)->n)
		return DID_NOTHING;
	targets.list[0] = (struct ct_target){ .kind = CT_TARGET_LOGIT, .pos = a->study.pos,
		.index = v->top[v->list.sel].token, .other = -1 };
	if (study_trace(&a->study, &targets, &err))
		return app_error(a, &err);
	a->view = a->focus = VIEW_TREE;
	view_changed(a, CHANGED_GRAPH);
	return DID_CHANGE;
}

const struct view_ops logits_view = {
	.name = "logits",
	.title = "next tokens",
	.note = "the likeliest next tokens of the model, of the replacement model, and under clamps",
	.keep = true,
	.open = logits_open,
	.close = logits_close,
	.draw = logits_draw,
	.list = logits_list,
	.text = logits_text,
	.enter = logits_enter,
};
