/*
 * frame: draws the screen: title, prompt, probabilities, panes, clamps, hints. Where the panes stand is
 * layout's.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui/view/view.h"

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

#endif
