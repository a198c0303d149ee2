/* survey: each feature of the pruned graph ablated in turn: its effect, and its influence in the graph. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

struct survey {
	struct list list;
	const struct ct_survey *v;	/* lent by the session; NULL: not run for this graph */
};

static void *
survey_open(void)
{
	return calloc(1, sizeof(struct survey));
}

static void
survey_close(void *state)
{
	free(state);
}

static void
run(struct app *a, struct survey *s)
{
	struct ct_error err;

	s->v = NULL;
	if (a->whole && !a->whole(a))
		return;
	if (a->study.graph && ct_session_survey(a->study.session, &s->v, &a->study.job, &err))
		app_error(a, &err);
	s->list.n = s->v ? s->v->n : 0;
	list_select(&s->list, s->list.sel);
}

static void
survey_focused(struct app *a, void *state)
{
	run(a, state);
}

static void
survey_changed(struct app *a, void *state, enum change what)
{
	struct survey *s = state;

	if (what == CHANGED_NODE)
		return;
	s->v = NULL;
	s->list = (struct list){ 0 };
	if (a->view == VIEW_SURVEY)
		run(a, s);
}

static struct list *
survey_list(struct app *a, void *state)
{
	struct survey *s = state;

	(void)a;
	return &s->list;
}

enum { KL = 27, INFLUENCE = 16, EFFECT = 5 };	/* right edges of columns, counted from the right */

static void
draw_row(struct app *a, const struct area *area, int y, const struct ct_ablation *item)
{
	char b[FMT_SIZE];
	int x = 1, end = area->w - KL - 8;

	node_name_draw(a, area, x, y, end - x, item->node);
	if (item->kl >= 5e-4)
		snprintf(b, sizeof b, "%.3f", item->kl);
	else
		fmt_tiny(b, sizeof b, item->kl);
	draw_right(area, area->w - KL, y, ST_STRONG, b);
	draw_right(area, area->w - INFLUENCE, y, ST_TEXT, fmt_percent(b, sizeof b, item->influence));
	draw_right(area, area->w - EFFECT, y, item->effect < 0 ? ST_MINUS : ST_PLUS,
	    fmt_signed(b, sizeof b, (double)item->effect));
}

static void
survey_draw(struct app *a, void *state, const struct area *area)
{
	struct survey *s = state;
	char name[STUDY_NAME], b[2][FMT_SIZE];
	int x = 1;

	if (!s->v || !s->v->n) {
		draw_text(area, 1, 1, ST_DIM, s->v ? "the pruned graph has no features to ablate"
						   : "nothing surveyed: trace a prompt, then come back");
		return;
	}
	draw_fmt(area, 1, 0, ST_DIM, "each feature x0, frozen, through the model; effect on %s",
	    study_name(&a->study, a->study.graph->n_nodes - a->study.graph->n_targets, name, sizeof name));
	draw_text(area, 1, 1, ST_DIM, "ablated");
	draw_right(area, area->w - KL, 1, ST_DIM, "KL");
	draw_right(area, area->w - INFLUENCE, 1, ST_DIM, "influence");
	draw_right(area, area->w - EFFECT, 1, ST_DIM, "effect");
	list_resize(&s->list, s->v->n, area->h - 3);
	s->list.y = 2;
	for (int i = 0; i < s->list.h && s->list.top + i < s->v->n; i++) {
		draw_row(a, area, 2 + i, &s->v->items[s->list.top + i]);
		if (s->list.top + i == s->list.sel)
			draw_select(area, 0, 2 + i, area->w - KL - 8);
	}
	if (s->v->n < CT_RANK_LEAST || !isfinite(s->v->spearman_kl)) {
		draw_text(area, 1, area->h - 1, ST_DIM, s->v->n < CT_RANK_LEAST ?
		    "too few features to rank by influence and effect" : "influence or effect is all alike");
		return;
	}
	x += draw_text(area, x, area->h - 1, ST_DIM, "influence ranks as KL does: Spearman ");
	x += draw_text(area, x, area->h - 1, ST_STRONG, fmt_signed(b[0], sizeof b[0], s->v->spearman_kl));
	draw_fmt(area, x, area->h - 1, ST_DIM, "  as the effect: %s  n %d",
	    fmt_signed(b[1], sizeof b[1], s->v->spearman_effect), s->v->n);
}

static void
survey_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct survey *s = state;
	char name[STUDY_NAME], note[STUDY_NAME];

	snprintf(buf, size, "%s %s", study_name(&a->study, s->v->items[row].node, name, sizeof name),
	    study_note(&a->study, s->v->items[row].node, note, sizeof note));
}

static bool
survey_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct survey *s = state;
	const struct ct_node *n;

	if (!s->v || !s->v->n)
		return false;
	n = study_node(&a->study, s->v->items[s->list.sel].node);
	*out = (struct ct_clamp){ .layer = n->layer, .feature = n->index, .pos = n->pos };
	return true;
}

static int
survey_enter(struct app *a, void *state)
{
	struct survey *s = state;
	int node;

	if (!s->v || !s->v->n)
		return DID_NOTHING;
	node = s->v->items[s->list.sel].node;
	view_select(a, node);
	a->view = a->focus = VIEW_TREE;
	tree_reveal(a, node);
	return DID_CHANGE;
}

const struct view_ops survey_view = {
	.name = "survey",
	.title = "survey",
	.note = "each feature of the graph set to 0 in turn: its effect and its influence",
	.keep = true,
	.open = survey_open,
	.close = survey_close,
	.changed = survey_changed,
	.draw = survey_draw,
	.list = survey_list,
	.focused = survey_focused,
	.text = survey_text,
	.enter = survey_enter,
	.feature = survey_feature,
};
