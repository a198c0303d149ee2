/*
 * qk: why an attention head attends from one token to another: the pairs of terms of its query and key that
 * make up its score; the terms of each alone; and the score by kinds of terms, which add up to it.
 *
 * Unless a command names a head, it shows what carries most in the pruned graph.
 */
#include "tui/view/qk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/job.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/view.h"

enum { ADDS = 10, NAMES = 12, TABLE_H = CT_QK_KINDS + 2, TOP = 3 };
/* What the rows list. */
enum rows { PAIRS, QUERY, KEY, N_ROWS };

struct qk {
	struct list list;		/* first, for view_list */
	struct ct_arena arena;
	struct ct_qk qk;
	struct ct_error why;		/* why there is none */
	struct ct_qk_question q;
	int T;				/* length of the prompt that q is about */
	enum rows rows;
	bool ready;
	bool asked;			/* q is from a command */
};

static void *
qk_open(void)
{
	return calloc(1, sizeof(struct qk));
}

static void
forget(struct qk *v)
{
	ct_arena_free(&v->arena);
	v->qk = (struct ct_qk){ .n_pairs = 0 };
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
	v->ready = false;
}

static void
qk_close(void *state)
{
	forget(state);
	free(state);
}

static int
count_rows(const struct qk *v)
{
	return v->rows == PAIRS ? v->qk.n_pairs : v->rows == QUERY ? v->qk.n_query : v->qk.n_key;
}

static void
run(struct app *a, struct qk *v)
{
	int code = CT_OK;

	forget(v);
	if (!view_traced(a, &v->why))
		return;
	if (!v->asked)
		code = ct_session_parse_qk(a->study.session, NULL, NULL, NULL, &v->q, &a->study.job, &v->why);
	if (code == CT_OK)
		code = ct_session_qk(a->study.session, &v->q, &v->qk, &v->arena, &a->study.job, &v->why);
	v->ready = code == CT_OK;
	v->list.n = v->ready ? count_rows(v) : 0;
}

static void
qk_focused(struct app *a, void *state)
{
	struct qk *v = state;

	if (!v->ready)
		run(a, v);
}

static void
qk_changed(struct app *a, void *state, enum change what)
{
	struct qk *v = state;

	if (what != CHANGED_GRAPH)
		return;
	/* In a prompt of another length, the positions may not exist. */
	v->asked = v->asked && v->T == a->study.T;
	forget(v);
	if (a->view == VIEW_QK)
		run(a, v);
}

int
qk_show(struct app *a, const struct ct_qk_question *q)
{
	struct qk *v = a->state[VIEW_QK];

	v->asked = q;
	if (q)
		v->q = *q;
	v->T = a->study.T;
	v->rows = PAIRS;
	forget(v);
	view_show(a, VIEW_QK);
	return DID_CHANGE;
}

int
qk_turn(struct app *a, int step)
{
	struct qk *v = a->state[VIEW_QK];

	if (!v->ready || a->view != VIEW_QK)
		return DID_NOTHING;
	v->rows = (enum rows)((v->rows + N_ROWS + (step < 0 ? -1 : 1)) % N_ROWS);
	v->list = (struct list){ .h = v->list.h, .n = count_rows(v) };
	return DID_CHANGE;
}

static void
draw_title(struct app *a, const struct qk *v, const struct area *area)
{
	static const char *const names[N_ROWS] = { "pairs", "in the query", "in the key" };
	const struct ct_qk *qk = &v->qk;
	char from[STUDY_NAME], to[STUDY_NAME], b[2][FMT_SIZE];
	int x;

	x = 1 + draw_fmt(area, 1, 0, ST_STRONG, "L%dH%d", qk->at.layer, qk->at.head);
	study_place(&a->study, qk->at.query, from, sizeof from);
	study_place(&a->study, qk->at.key, to, sizeof to);
	x += draw_fmt(area, x, 0, ST_TEXT, " from %s to %s: score %s, ", from, to,
	    fmt_summand(b[0], sizeof b[0], qk->score));
	draw_fmt(area, x, 0, ST_TEXT, "%s of its attention", fmt_percent(b[1], sizeof b[1], qk->pattern));
	x = 1;
	if (qk->softcap > 0)
		x += draw_fmt(area, x, 1, ST_DIM, "softcap %g makes it %s; ", qk->softcap,
		    fmt_summand(b[0], sizeof b[0], qk->capped));
	if (qk->rival >= 0)
		draw_fmt(area, x, 1, ST_DIM, "the highest score of another token is %s, of %s",
		    fmt_summand(b[1], sizeof b[1], qk->rival_score), study_place(&a->study, qk->rival, to,
		    sizeof to));
	x = NAMES;
	draw_right(area, ADDS, 2, ST_DIM, "adds");
	for (int i = 0; i < N_ROWS; i++)
		x += 2 + (i == (int)v->rows ? draw_fmt(area, x, 2, ST_STRONG, "[%s]", names[i]) :
					      draw_fmt(area, x, 2, ST_DIM, " %s ", names[i]));
}

static int
draw_term(struct app *a, const struct area *area, int x, int y, int max, const struct ct_qk_term *t)
{
	int node = ct_session_term_find(a->study.session, t);
	char name[STUDY_NAME];

	if (node >= 0)
		return node_name_draw(a, area, x, y, max, node);
	ct_session_term_name(a->study.session, t, name, sizeof name);
	return draw_cut(area, x, y, max, ST_DIM, name);
}

static void
draw_row(struct app *a, const struct qk *v, const struct area *area, int y, int i)
{
	const struct ct_qk *qk = &v->qk;
	const struct ct_qk_pair *p = &qk->pairs[i];
	int x = NAMES, room = area->w - 1 - NAMES;
	char b[FMT_SIZE];
	double adds = v->rows == PAIRS ? (double)p->adds :
		      v->rows == QUERY ? (double)qk->query[i].marginal :
					 (double)qk->key[i].marginal;

	draw_right(area, ADDS, y, adds < 0 ? ST_MINUS : ST_PLUS, fmt_summand(b, sizeof b, adds));
	if (v->rows != PAIRS) {
		draw_term(a, area, x, y, room, v->rows == QUERY ? &qk->query[i] : &qk->key[i]);
		return;
	}
	if (area->grid->words)
		x += draw_term(a, area, x, y, room / 2 - 2, &qk->query[p->query]);
	else {
		draw_term(a, area, x, y, room / 2 - 2, &qk->query[p->query]);
		x += room / 2 - 2;
	}
	x += draw_text(area, x, y, ST_DIM, " × ");
	draw_term(a, area, x, y, area->w - 1 - x, &qk->key[p->key]);
}

static void
draw_rows(struct app *a, struct qk *v, const struct area *area, int y, int h)
{
	v->list.y = y;
	list_resize(&v->list, count_rows(v), h);
	for (int i = 0; i < v->list.h && v->list.top + i < v->list.n; i++) {
		draw_row(a, v, area, y + i, v->list.top + i);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, y + i, NAMES - 1);
	}
}

/*
 * The score by kinds of terms: a line for each kind in the query, a column for each in the key; sums at the
 * end.
 */
static void
draw_table(const struct qk *v, const struct area *area, int y)
{
	enum { FIRST = 13, STEP = 12 };
	char b[FMT_SIZE];

	draw_text(area, 1, y, ST_DIM, "query × key");
	for (int j = 0; j <= CT_QK_KINDS; j++)
		draw_right(area, FIRST + (j + 1) * STEP, y, ST_DIM, ct_qk_kind_name(j));
	for (int i = 0; i <= CT_QK_KINDS; i++) {
		double sum = 0;

		draw_text(area, 1, y + 1 + i, ST_DIM, ct_qk_kind_name(i));
		for (int j = 0; j <= CT_QK_KINDS; j++) {
			bool last = j == CT_QK_KINDS || i == CT_QK_KINDS;
			double part = 0;

			for (int k = 0; k < CT_QK_KINDS && j < CT_QK_KINDS; k++)
				part += i == k || i == CT_QK_KINDS ? v->qk.parts[k][j] : 0;
			sum += part;
			part = j < CT_QK_KINDS ? part : sum;
			draw_right(area, FIRST + (j + 1) * STEP, y + 1 + i,
			    last ? ST_STRONG : part < 0 ? ST_MINUS : ST_PLUS, fmt_summand(b, sizeof b, part));
		}
	}
}

/* The sum of the pairs that are not listed, which have weaker terms. */
static void
draw_rest(const struct qk *v, const struct area *area, int y)
{
	const struct ct_qk *qk = &v->qk;
	char b[FMT_SIZE];

	if (v->rows != PAIRS || (qk->n_query <= CT_QK_STRONGEST && qk->n_key <= CT_QK_STRONGEST))
		return;
	draw_right(area, ADDS, y, ST_DIM, fmt_summand(b, sizeof b, qk->rest));
	draw_fmt(area, NAMES, y, ST_DIM, "the rest: %d × %d terms have other pairs", qk->n_query, qk->n_key);
}

static void
draw_check(const struct qk *v, const struct area *area, int y)
{
	char b[2][FMT_SIZE];

	draw_fmt(area, 1, y, ST_DIM, "all parts = the score within %s; its softmax = the pattern within %s",
	    fmt_tiny(b[0], sizeof b[0], v->qk.residual), fmt_tiny(b[1], sizeof b[1], v->qk.pattern_error));
}

static void
qk_draw(struct app *a, void *state, const struct area *area)
{
	struct qk *v = state;
	bool words = area->grid->words;
	int table = words ? TOP : area->h - 1 - TABLE_H, check = words ? TOP + TABLE_H : area->h - 1;

	if (!v->ready) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	draw_title(a, v, area);
	draw_table(v, area, table);
	draw_check(v, area, check);
	draw_rest(v, area, words ? check + 1 : table - 1);
	if (count_rows(v) == 0)
		draw_text(area, 1, words ? check + 1 : TOP, ST_DIM, "no terms: the query or the key is 0");
	else if (words)
		draw_rows(a, v, area, check + 2, area->h - check - 2);
	else
		draw_rows(a, v, area, TOP, table - TOP - 1);
}

static const struct ct_qk_term *
term_of(const struct qk *v, int row, bool of_query)
{
	const struct ct_qk *qk = &v->qk;

	if (v->rows == PAIRS)
		return of_query ? &qk->query[qk->pairs[row].query] : &qk->key[qk->pairs[row].key];
	return v->rows == QUERY ? &qk->query[row] : &qk->key[row];
}

static void
qk_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct qk *v = state;
	char text[2][2 * STUDY_NAME];

	for (int i = 0; i < 2; i++) {
		const struct ct_qk_term *t = term_of(v, row, i == 0);
		int node = ct_session_term_find(a->study.session, t);

		if (node >= 0)
			node_name_text(a, node, text[i], sizeof text[i]);
		else
			ct_session_term_name(a->study.session, t, text[i], sizeof text[i]);
	}
	snprintf(buf, size, "%s %s", text[0], v->rows == PAIRS ? text[1] : "");
}

/*
 * Selects the row's node in the tree. For a pair it is the key's node, or if that term is no node, the
 * query's.
 */
static int
qk_enter(struct app *a, void *state)
{
	const struct qk *v = state;
	int node;

	if (!v->ready || v->list.n == 0)
		return DID_NOTHING;
	node = ct_session_term_find(a->study.session, term_of(v, v->list.sel, false));
	if (node < 0)
		node = ct_session_term_find(a->study.session, term_of(v, v->list.sel, true));
	if (node < 0)
		return app_fail(a, "constants are not a node: biases, positions, what is written at the "
		    "start");
	a->view = a->focus = VIEW_TREE;
	view_select(a, node);
	return DID_CHANGE;
}

const struct view_ops qk_view = {
	.name = "qk",
	.title = "why it looked there",
	.note = "why an attention head attends from one token to another: pairs of what is in its query and "
		"in the key, which add up to its score",
	.open = qk_open,
	.close = qk_close,
	.changed = qk_changed,
	.draw = qk_draw,
	.list = view_list,
	.focused = qk_focused,
	.text = qk_text,
	.enter = qk_enter,
};
