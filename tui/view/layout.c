/* layout: see layout.h. */
#include "tui/view/layout.h"

#include "tui/app.h"

enum {
	ROOMY_COLS = 160, ROOMY_ROWS = 45,	/* from this size on, the last column has two panes */
	PANE_COLS = 24, PANE_ROWS = 6		/* the smallest pane */
};

static bool
is_roomy(const struct app *a)
{
	return a->grid.cols >= ROOMY_COLS && a->grid.rows >= ROOMY_ROWS;
}

/* A lesson that fills the body does not also have a pane below. */
static int
lesson_rows(const struct app *a)
{
	return a->player.lesson && a->view != VIEW_LESSON ? LESSON_ROWS + 1 : 0;
}

static int
within(int v, int least, int most)
{
	return v > most ? most : v < least ? least : v;
}

/* Places the rules between the columns; returns how many there are. */
static int
place_rules(int w, const struct layout_wish *wish, int x[LAYOUT_COLUMNS - 1])
{
	if (w < APP_WIDE) {
		x[0] = within(w * 9 / 16 + wish->column[0], PANE_COLS, w - PANE_COLS - 1);
		return 1;
	}
	x[1] = w - w * 3 / 10 - 1;
	x[0] = within(x[1] * 9 / 16 + wish->column[0], PANE_COLS, w - 2 * PANE_COLS - 2);
	x[1] = within(x[1] + wish->column[1], x[0] + 1 + PANE_COLS, w - PANE_COLS - 1);
	return 2;
}

static void
place_panes(const struct app *a, struct layout *l)
{
	static const enum view_id column[LAYOUT_COLUMNS] = { VIEW_TREE, VIEW_CARD, VIEW_MAP };
	int x[LAYOUT_COLUMNS - 1], rules = place_rules(a->grid.cols, &a->wish, x), h = l->bottom - l->top - 1,
	    upper;
	struct pane *last;

	for (l->n = 0; l->n <= rules; l->n++) {
		int from = l->n ? x[l->n - 1] + 1 : 0, to = l->n < rules ? x[l->n] : a->grid.cols;

		l->pane[l->n] = (struct pane){ column[l->n], from, l->top + 1, to - from, h };
	}
	if (!is_roomy(a))
		return;
	last = &l->pane[l->n - 1];
	upper = within(h / 2 + a->wish.row, PANE_ROWS, h - PANE_ROWS - 1);
	l->pane[l->n++] =
	    (struct pane){ VIEW_LOGITS, last->x, last->y + upper + 1, last->w, h - upper - 1 };
	last->h = upper;
}

struct layout
layout_of(const struct app *a)
{
	bool clamped = a->study.graph && study_clamps(&a->study)->n > 0;
	struct layout l = { .next = 2, .after = clamped ? 3 : -1, .top = clamped ? 4 : 3 };

	l.lesson = lesson_rows(a);
	l.bottom = a->grid.rows - 3 - l.lesson;
	if (a->view == VIEW_TREE && !a->wish.zoom) {
		place_panes(a, &l);
	} else {
		l.n = 1;
		l.pane[0] = (struct pane){ a->view == VIEW_TREE ? a->focus : a->view, 0, l.top + 1,
			a->grid.cols, l.bottom - l.top - 1 };
	}
	return l;
}

int
layout_body(const struct app *a)
{
	return a->grid.rows - 7 - lesson_rows(a);
}

int
layout_panes(const struct app *a, enum view_id out[LAYOUT_PANES])
{
	struct layout l = { .n = 0 };

	place_panes(a, &l);
	for (int i = 0; i < l.n; i++)
		out[i] = l.pane[i].view;
	return l.n;
}

bool
layout_has(const struct app *a, enum view_id id)
{
	enum view_id pane[LAYOUT_PANES];
	int n = layout_panes(a, pane);

	while (n > 0 && pane[n - 1] != id)
		n--;
	return n > 0;
}

static const struct pane *
find_pane(const struct layout *l, enum view_id id)
{
	for (int i = 0; i < l->n; i++)
		if (l->pane[i].view == id)
			return &l->pane[i];
	return NULL;
}

/* The person's changes, limited to what a screen of this size could show. */
static struct layout_wish
seen_wish(const struct app *a, const int *x, int n)
{
	struct layout_wish none = { .row = 0 }, wish = a->wish;
	int usual[LAYOUT_COLUMNS - 1] = { 0 }, half = layout_body(a) / 2;

	place_rules(a->grid.cols, &none, usual);
	for (int i = 0; i < n; i++)
		wish.column[i] = x[i] - usual[i];
	wish.row = within(wish.row, -half, half);
	return wish;
}

bool
layout_grow(struct app *a, int columns, int rows)
{
	struct layout l = layout_of(a);
	const struct pane *p = find_pane(&l, a->focus);
	struct layout_wish before;
	int x[LAYOUT_COLUMNS - 1], n, at = 0, was[2];

	if (!p || l.n < 2)
		return false;
	was[0] = p->w;
	was[1] = p->h;
	n = place_rules(a->grid.cols, &a->wish, x);
	before = seen_wish(a, x, n);
	a->wish = before;
	while (at < n && x[at] < p->x)
		at++;
	/* Moves the rule on the right of the column; for the last column, the one on its left. */
	if (at < n)
		a->wish.column[at] += columns;
	else
		a->wish.column[n - 1] -= columns;
	a->wish.row += p->y > l.top + 1 ? -rows : rows;
	l = layout_of(a);
	p = find_pane(&l, a->focus);
	if (p->w - was[0] == columns && p->h - was[1] == rows)
		return true;
	/* There is no room, so the change is taken back. */
	a->wish = before;
	return false;
}

/* The row of the rule in the last column; -1: there is none. */
static int
row_rule(const struct layout *l, int columns)
{
	return l->n > columns + 1 ? l->pane[l->n - 1].y - 1 : -1;
}

int
layout_rule_at(const struct app *a, int x, int y)
{
	struct layout l = layout_of(a);
	int at[LAYOUT_COLUMNS - 1], n = place_rules(a->grid.cols, &a->wish, at);

	if (l.n < 2 || y <= l.top || y >= l.bottom)
		return -1;
	for (int i = 0; i < n; i++)
		if (at[i] == x)
			return i;
	return y == row_rule(&l, n) && x > at[n - 1] ? LAYOUT_COLUMNS - 1 : -1;
}

void
layout_move_rule(struct app *a, int rule, int x, int y)
{
	struct layout l = layout_of(a);
	int at[LAYOUT_COLUMNS - 1], n = place_rules(a->grid.cols, &a->wish, at);
	struct layout_wish wish = seen_wish(a, at, n);

	if (rule < n)
		wish.column[rule] += x - at[rule];
	else if (row_rule(&l, n) >= 0)
		wish.row += y - row_rule(&l, n);
	a->wish = wish;
	place_rules(a->grid.cols, &a->wish, at);
	a->wish = seen_wish(a, at, n);
}
