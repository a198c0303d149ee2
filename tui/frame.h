/*
 * frame: what stands where on the screen: title, prompt, probabilities, panes, clamps, hints.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui/view.h"

struct app;

void frame_draw(struct app *a);

/* What lies under a cell: a pane with its own coordinates, or a token of the prompt. */
struct frame_spot {
	bool in_view;
	enum view_id view;
	int x, y;
	int pos;	/* -1: no token here */
};
struct frame_spot frame_at(struct app *a, int x, int y);

/* Rows between the rules of the main screen, when nothing is clamped. */
int frame_body(const struct app *a);

/* The panes in sight, in Tab order; returns how many. */
int frame_panes(const struct app *a, enum view_id out[VIEW_COUNT]);

#endif
