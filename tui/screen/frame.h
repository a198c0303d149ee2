/* frame: draws the screen: title, prompt, probabilities, panes, clamps, hints. layout.h places the panes. */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui/view/view.h"

struct app;

void frame_draw(struct app *a);

/* What is under a cell: a pane, with coordinates in it; or a token of the prompt. */
struct frame_spot {
	bool in_view;
	enum view_id view;
	int x, y;
	int pos;	/* -1: no token */
};
struct frame_spot frame_at(struct app *a, int x, int y);

#endif
