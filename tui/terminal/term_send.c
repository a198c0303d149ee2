/* term_send: sends grids, only the cells that differ from what the terminal shows. A part of term.h. */
#include "tui/terminal/term.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { BLEND = 8 };	/* longer gaps are skipped or erased */

static struct {
	struct cell *cells;	/* what the terminal shows; NULL: unknown */
	int cols, rows;
} shown;

void
term_forget(void)
{
	free(shown.cells);
	shown.cells = NULL;
}

void
term_redraw(void)
{
	term_forget();
	clearok(curscr, TRUE);
}

static void
send_cell(const struct cell *c, int x, int y)
{
	unsigned long attrs;
	wchar_t text[3] = { (wchar_t)c->cp, (wchar_t)c->mark, 0 };
	cchar_t cc;
	short pair;

	theme_look((enum style)c->style, c->selected, &attrs, &pair);
	setcchar(&cc, text, (attr_t)attrs, pair, NULL);
	mvadd_wch(y, x, &cc);
}

/*
 * Gives a few blanks between two words of the same style that style, if it only sets a colour: this is
 * cheaper than switching it off and on.
 */
static void
blend_blanks(struct cell *row, int cols)
{
	int word = -1;	/* the last cell that is not blank */

	for (int x = 0; x < cols; x++) {
		if (row[x].cp == ' ')
			continue;
		if (word >= 0 && x - word - 1 <= BLEND && row[word].style == row[x].style &&
		    theme_plain(row[x].style))
			for (int i = word + 1; i < x; i++)
				row[i].style = row[x].style;
		word = x;
	}
}

/* memcmp would also compare padding. */
static bool
same_cell(const struct cell *a, const struct cell *b)
{
	return a->cp == b->cp && a->mark == b->mark && a->style == b->style && a->selected == b->selected;
}

void
term_send(struct grid *g)
{
	size_t n = (size_t)g->cols * (size_t)g->rows;
	bool all = !shown.cells || shown.cols != g->cols || shown.rows != g->rows;

	for (int y = 0; y < g->rows; y++)
		blend_blanks(g->cells + (size_t)y * (size_t)g->cols, g->cols);

	if (all) {
		free(shown.cells);
		shown.cells = calloc(n, sizeof *shown.cells);
		shown.cols = g->cols;
		shown.rows = g->rows;
		erase();
	}
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &g->cells[i];

		if (!c->cp || (!all && shown.cells && same_cell(c, &shown.cells[i])))
			continue;
		send_cell(c, (int)(i % (size_t)g->cols), (int)(i / (size_t)g->cols));
	}
	if (shown.cells)
		memcpy(shown.cells, g->cells, n * sizeof *g->cells);
	curs_set(g->cursor_x >= 0);
	if (g->cursor_x >= 0)
		move(g->cursor_y, g->cursor_x);
	refresh();
}
