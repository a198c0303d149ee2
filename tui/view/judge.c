/*
 * judge: tests an explanation: what is lost without its features, what they do alone, and whether as many
 * random features do as well; below, what each part of it is worth.
 *
 * The explanation is what is pinned, if that includes a feature, else the pruned graph.
 */
#include "tui/view/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/job.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

enum { NAMES = 34, ANSWER = 42, LEAD = 50, SHARE = 59, SAYS = 66, RUNS = 2, PARTS = RUNS + 6 };

struct judge {
	struct list list;		/* first, for view_list */
	struct ct_arena arena;
	struct ct_explanation found;
	struct ct_error why;		/* why there is none */
	enum judge_of of;		/* what was asked for, with this prompt */
	char *prompt;
	bool ready;
};

static void *
judge_open(void)
{
	return calloc(1, sizeof(struct judge));
}

static void
forget(struct judge *v)
{
	ct_arena_free(&v->arena);
	v->found = (struct ct_explanation){ .n_parts = 0 };
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
	v->ready = false;
}

static void
judge_close(void *state)
{
	struct judge *v = state;

	forget(v);
	free(v->prompt);
	free(v);
}

static bool
any_feature(const struct ct_subgraph *pins)
{
	for (int i = 0; i < pins->n_pins; i++)
		if (ct_node_traits(pins->pin[i].kind)->can_clamp)
			return true;
	return false;
}

static void
run(struct app *a, struct judge *v)
{
	const struct ct_subgraph *pins;
	bool pinned;

	forget(v);
	if (!view_traced(a, &v->why))
		return;
	if (a->whole && !a->whole(a)) {
		ct_fail(&v->why, CT_ECANCELLED, "this needs the whole graph, which is not finished");
		return;
	}
	/* Finishing the graph told all views, and this one has already judged by now. */
	if (v->ready || *v->why.msg)
		return;
	pins = ct_session_subgraph(a->study.session);
	pinned = v->of == JUDGE_PINS || (v->of == JUDGE_EITHER && any_feature(pins));
	v->ready = ct_session_judge(a->study.session, pinned ? pins : NULL, &v->found, &v->arena,
	    &a->study.job, &v->why) == CT_OK;
	v->list.n = v->found.n_parts;
}

static void
judge_focused(struct app *a, void *state)
{
	run(a, state);
}

/* A question about one prompt's pins or graph is not asked of the next prompt, whose pins are others. */
static void
follow_prompt(struct app *a, struct judge *v)
{
	const char *text = a->study.graph ? ct_session_text(a->study.session) : "";

	if (v->prompt && strcmp(v->prompt, text) == 0)
		return;
	free(v->prompt);
	v->prompt = strdup(text);
	v->of = JUDGE_EITHER;
}

static void
judge_changed(struct app *a, void *state, enum change what)
{
	struct judge *v = state;

	if (what == CHANGED_NODE)
		return;
	if (what == CHANGED_GRAPH)
		follow_prompt(a, v);
	forget(v);
	if (a->view == VIEW_JUDGE)
		run(a, v);
}

int
judge_show(struct app *a, enum judge_of of)
{
	struct judge *v = a->state[VIEW_JUDGE];

	v->of = of;
	view_show(a, VIEW_JUDGE);
	return DID_CHANGE;
}

/* A share of the lead, or a dash if there is none. */
static void
draw_share(const struct area *area, int y, double share)
{
	char b[FMT_SIZE];

	draw_right(area, SHARE, y, isnan(share) ? ST_DIM : ST_STRONG,
	    isnan(share) ? "–" : fmt_percent(b, sizeof b, share));
}

/* The answer's probability and lead, and on the right what the model says instead of the answer. */
static void
draw_figures(struct app *a, const struct judge *v, const struct area *area, int y,
    const struct ct_judged *run)
{
	char b[FMT_SIZE], token[STUDY_NAME];

	draw_right(area, ANSWER, y, ST_TEXT, fmt_percent(b, sizeof b, run->prob));
	draw_right(area, LEAD, y, run->lead < 0 ? ST_MINUS : ST_PLUS, fmt_summand(b, sizeof b, run->lead));
	if (run->said != v->found.judged.answer)
		draw_cut(area, SAYS, y, area->w - 1 - SAYS, ST_TOKEN, fmt_token(token, sizeof token,
		    ct_engine_token(a->study.engine, run->said)));
}

/* What is lost without, or left with, the explanation's features or as many random ones. */
static void
draw_result(const struct area *area, int y, double share, const char *word)
{
	draw_share(area, y, share);
	if (!isnan(share))
		draw_text(area, SHARE + 1, y, ST_DIM, word);
}

static void
draw_runs(struct app *a, const struct judge *v, const struct area *area)
{
	const struct ct_judgement *j = &v->found.judged;

	draw_right(area, ANSWER, RUNS, ST_DIM, "answer");
	draw_right(area, LEAD, RUNS, ST_DIM, "lead");
	draw_text(area, SAYS, RUNS, ST_DIM, "says instead");
	draw_text(area, 1, RUNS + 1, ST_TEXT, "as it is");
	draw_figures(a, v, area, RUNS + 1, &j->whole);
	draw_text(area, 1, RUNS + 2, ST_STRONG, "without these features");
	draw_figures(a, v, area, RUNS + 2, &j->without);
	draw_result(area, RUNS + 2, j->necessity, "lost");
	draw_fmt(area, 3, RUNS + 3, ST_DIM, "without %d random others", j->n_random);
	draw_result(area, RUNS + 3, j->random_necessity, "lost");
	draw_text(area, 1, RUNS + 4, ST_STRONG, "with these features alone");
	draw_figures(a, v, area, RUNS + 4, &j->alone);
	draw_result(area, RUNS + 4, j->sufficiency, "left");
	draw_fmt(area, 3, RUNS + 5, ST_DIM, "with %d random others alone", j->n_random);
	draw_result(area, RUNS + 5, j->random_sufficiency, "left");
}

static void
draw_title(struct app *a, const struct judge *v, const struct area *area)
{
	const struct ct_explanation *e = &v->found;
	const struct ct_judgement *j = &e->judged;
	char answer[STUDY_NAME], against[STUDY_NAME];
	int x = 1;

	fmt_token(answer, sizeof answer, ct_engine_token(a->study.engine, j->answer));
	fmt_token(against, sizeof against, ct_engine_token(a->study.engine, j->against));
	x += draw_fmt(area, x, 0, ST_STRONG, "%d feature%s %s", j->n_inside, j->n_inside == 1 ? "" : "s",
	    e->pinned ? "that are pinned" : "of the pruned graph");
	draw_fmt(area, x, 0, ST_TEXT, ", of %d active: why %s, not %s?", j->n_inside + j->n_outside, answer,
	    against);
	if (!(j->whole.lead > 0)) {
		draw_fmt(area, 1, 1, ST_DIM, "%s does not lead: there is nothing to lose", answer);
		return;
	}
	if (isnan(j->necessity))
		x = 1 + draw_fmt(area, 1, 1, ST_STRONG,
		    "the lead is below %g logits: too small for shares of it", CT_LEAST_LEAD);
	else
		x = 1 + draw_text(area, 1, 1, ST_DIM, "left out: set to 0 together; attention free");
	if (e->n_absent)
		x += draw_fmt(area, x, 1, ST_DIM, "; %d not active here", e->n_absent);
	if (e->n_other)
		draw_fmt(area, x, 1, ST_DIM, "; words and errors stay");
}

static void
draw_stability(const struct judge *v, const struct area *area, int y)
{
	const struct ct_explanation *e = &v->found;
	char b[2][FMT_SIZE];

	if (!e->n_alike)
		draw_text(area, 1, y, ST_DIM, "no sentence of a corpus to compare this prompt with");
	else
		draw_fmt(area, 1, y, ST_DIM,
		    "%d sentences with the same answer keep %s of these; graphs overlap %s", e->n_alike,
		    fmt_percent(b[0], sizeof b[0], e->found), fmt_percent(b[1], sizeof b[1], e->overlap));
}

static void
draw_parts(struct app *a, struct judge *v, const struct area *area, int top)
{
	draw_text(area, 1, top, ST_DIM, "without one part of it");
	draw_right(area, SHARE, top, ST_DIM, "lost");
	v->list.y = top + 1;
	list_resize(&v->list, v->found.n_parts, area->h - top - 2);
	for (int i = 0; i < v->list.h && v->list.top + i < v->list.n; i++) {
		const struct ct_explained_part *part = &v->found.part[v->list.top + i];
		int y = top + 1 + i;

		if (*part->name) {
			int x = 1 + draw_cut(area, 1, y, NAMES - 6, ST_TEXT, part->name);

			draw_fmt(area, x, y, ST_DIM, "  (%d)", part->n);
		} else
			node_name_draw(a, area, 1, y, NAMES - 1, part->node);
		draw_figures(a, v, area, y, &part->without);
		draw_share(area, y, part->lost);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, y, NAMES);
	}
}

static void
judge_draw(struct app *a, void *state, const struct area *area)
{
	struct judge *v = state;

	if (!v->ready) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	draw_title(a, v, area);
	draw_runs(a, v, area);
	/* If the screen is read aloud, figures about the whole come before the parts. */
	draw_stability(v, area, area->grid->words ? PARTS : area->h - 1);
	draw_parts(a, v, area, PARTS + area->grid->words);
}

static void
judge_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct ct_explained_part *part = &((struct judge *)state)->found.part[row];

	if (*part->name)
		snprintf(buf, size, "%s", part->name);
	else
		node_name_text(a, part->node, buf, size);
}

static int
judge_enter(struct app *a, void *state)
{
	struct judge *v = state;
	int node;

	if (!v->ready || !v->found.n_parts)
		return DID_NOTHING;
	node = v->found.part[v->list.sel].node;
	view_select(a, node);
	a->view = a->focus = VIEW_TREE;
	tree_reveal(a, node);
	return DID_CHANGE;
}

const struct view_ops judge_view = {
	.name = "judge",
	.title = "judge",
	.note = "what would be lost without an explanation's features, what they do alone, and whether as "
		"many random ones do as well; part by part",
	.keep = true,
	.open = judge_open,
	.close = judge_close,
	.changed = judge_changed,
	.draw = judge_draw,
	.list = view_list,
	.focused = judge_focused,
	.text = judge_text,
	.enter = judge_enter,
};
