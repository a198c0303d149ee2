/*
 * draw: the grid of cells that a frame is drawn into, and the functions that draw.
 *
 * Drawing never touches the terminal: term.h sends a finished grid, and a headless run prints it. All text on
 * the screen passes through these functions; what comes from a model or a prompt has been cleaned before
 * (ct_text_clean).
 */
#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tui/terminal/theme.h"

struct cell {
	uint32_t cp;		/* 0: the right half of a wide character */
	uint32_t mark;		/* one combining character, or 0 */
	uint8_t style;
	bool selected;
};

struct grid {
	int cols, rows;
	struct cell *cells;	/* (rows, cols) */
	int cursor_x, cursor_y;	/* -1: hidden */
	bool ascii;		/* use only ASCII */
	bool words;		/* the screen is read aloud: write words in place of pictures */
};

/* A rectangle of the grid; what is drawn outside is clipped. */
struct area {
	struct grid *grid;
	int x, y, w, h;
};

bool grid_resize(struct grid *g, int cols, int rows);	/* false: no memory, and the grid is unchanged */
void grid_free(struct grid *g);
void grid_clear(struct grid *g);
/* One line for each row, without blanks at the end. */
void grid_print(const struct grid *g, FILE *out);
/* The same with a letter for each cell: its style, or with mono, how a terminal without colours shows it. */
void grid_print_styles(const struct grid *g, FILE *out, bool mono);

/* The cursor's row and column, from 1, and the characters from there on. */
void grid_print_cursor(const struct grid *g, FILE *out);

struct area area_of(struct grid *g);
struct area area_sub(const struct area *a, int x, int y, int w, int h);	/* clipped to a */

/*
 * Draw at (x,y) of the area and return the columns used. max < 0: up to the right edge. Text that is cut ends
 * in "…".
 */
int draw_text(const struct area *a, int x, int y, enum style style, const char *s);
int draw_cut(const struct area *a, int x, int y, int max, enum style style, const char *s);
/* without "…" */
int draw_prefix(const struct area *a, int x, int y, int max, enum style style, const char *s);
/* Draws a text in lines of at most w columns, broken at blanks; returns the number of lines. */
int draw_wrapped(const struct area *a, int x, int y, int w, enum style style, const char *s);
/* the text ends before column `right` */
int draw_right(const struct area *a, int right, int y, enum style style, const char *s);
int draw_fmt(const struct area *a, int x, int y, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void draw_cell(const struct area *a, int x, int y, enum style style, uint32_t cp);
void draw_line(const struct area *a, int x, int y, int w, enum style style, uint32_t cp);

/* A bar of at most w columns for 0..1, in eighths of a column; any value above 0 is visible. */
int draw_bar(const struct area *a, int x, int y, int w, enum style style, double share);
/* The same with a hatched fill, for what is not explained. */
int draw_hatch(const struct area *a, int x, int y, int w, enum style style, double share);

/*
 * Marks the selected row of the view that has the keys: a mark in column x, which the row leaves blank; a bar
 * over w columns; and the terminal's cursor, which screen readers and Braille displays follow. In a table the
 * bar covers only the names: all cells under it are sent whenever it moves.
 */
void draw_select(const struct area *a, int x, int y, int w);
/* Marks the selected row of another view: only a mark. */
void draw_here(const struct area *a, int x, int y);
void draw_bar_only(const struct area *a, int x, int y, int w);
void draw_cursor(const struct area *a, int x, int y);

#endif
