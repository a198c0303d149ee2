/* layout: which panes the screen has and where, and how a person moved the rules between them. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

#include "tui/app.h"

enum { LAYOUT_PANES = 4 };
enum { LESSON_ROWS = 6 };	/* for the lesson below the panes: the step's text and task */

struct pane {
	enum view_id view;
	int x, y, w, h;
};

struct layout {
	int next, after;	/* rows of the probabilities; after: those under clamps, -1 without clamps */
	int top, bottom;	/* the rules above and below the panes */
	int lesson;		/* rows of the lesson below, with its rule */
	int n;
	struct pane pane[LAYOUT_PANES];
};

struct layout layout_of(const struct app *a);

/* Rows between the rules of the main screen when nothing is clamped. */
int layout_body(const struct app *a);
/* The panes of the main screen in the order of Tab, even while one is zoomed; returns how many. */
int layout_panes(const struct app *a, enum view_id out[LAYOUT_PANES]);
/* Whether a view has a pane on the main screen; else it fills the body. */
bool layout_has(const struct app *a, enum view_id id);
/* Makes the pane that has the keys larger by so many columns and rows. Returns false if there is no room. */
bool layout_grow(struct app *a, int columns, int rows);

/*
 * The rule between panes at a cell of the screen, or -1. And moves a rule to a cell, as far as there is room.
 */
int layout_rule_at(const struct app *a, int x, int y);
void layout_move_rule(struct app *a, int rule, int x, int y);

#endif
