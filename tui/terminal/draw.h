/*
 * draw: the grid of cells that a frame is drawn into, and how text gets there.
 *
 * Drawing never touches the terminal: `term` sends a finished grid, and a headless run prints it. All text
 * on the screen passes through here; what comes from a model or a prompt is clean already (ct_text_clean).
 */
#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tui/terminal/theme.h"

struct cell {
	uint32_t cp;		/* 0: right half of a wide character */
	uint32_t mark;		/* one combining character, or 0 */
	uint8_t style;
	bool selected;
};

struct grid {
	int cols, rows;
	struct cell *cells;	/* (rows, cols) */
	int cursor_x, cursor_y;	/* -1: hidden */
	bool ascii;		/* only ASCII reaches the screen */
	bool words;		/* read aloud: words in place of pictures */
};

/* A rectangle of the grid; drawing outside of it is cut off. */
struct area {
	struct grid *grid;
	int x, y, w, h;
};

bool grid_resize(struct grid *g, int cols, int rows);	/* false: no memory, the grid is as it was */
void grid_free(struct grid *g);
void grid_clear(struct grid *g);
/* One line per row, blanks at the end cut off. */
void grid_print(const struct grid *g, FILE *out);
/* The same with a letter per cell: its style, or, mono, how a terminal without colours shows it. */
void grid_print_styles(const struct grid *g, FILE *out, bool mono);

/* Row and column of the cursor, from 1, and the characters from there on. */
void grid_print_cursor(const struct grid *g, FILE *out);

struct area area_of(struct grid *g);
struct area area_sub(const struct area *a, int x, int y, int w, int h);	/* clipped to a */

/* Draw at (x,y) of the area; return the columns used. max < 0: up to the right edge; cut text ends in "…". */
int draw_text(const struct area *a, int x, int y, enum style style, const char *s);
int draw_cut(const struct area *a, int x, int y, int max, enum style style, const char *s);
int draw_prefix(const struct area *a, int x, int y, int max, enum style style, const char *s); /* no "…" */
/* A text in lines of at most w columns, broken at blanks; returns how many. */
int draw_wrapped(const struct area *a, int x, int y, int w, enum style style, const char *s);
/* ends before right */
int draw_right(const struct area *a, int right, int y, enum style style, const char *s);
int draw_fmt(const struct area *a, int x, int y, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void draw_cell(const struct area *a, int x, int y, enum style style, uint32_t cp);
void draw_line(const struct area *a, int x, int y, int w, enum style style, uint32_t cp);

/* A bar of at most w columns for 0..1, in eighths of a column; anything above 0 shows at least a sliver. */
int draw_bar(const struct area *a, int x, int y, int w, enum style style, double share);
/* The same with a hatched fill, for what is not explained. */
int draw_hatch(const struct area *a, int x, int y, int w, enum style style, double share);

/*
 * The selected row of what has the keys: a mark in column x, which the row leaves blank, a bar over w
 * columns, and the terminal's cursor, which screen readers and Braille displays follow. In a table the bar
 * covers what names the row, not the figures: every cell of it is sent when it moves.
 */
void draw_select(const struct area *a, int x, int y, int w);
/* The same where something else has the keys: a mark alone. */
void draw_here(const struct area *a, int x, int y);
void draw_bar_only(const struct area *a, int x, int y, int w);
void draw_style(const struct area *a, int x, int y, int w, enum style style);
void draw_cursor(const struct area *a, int x, int y);

#endif
