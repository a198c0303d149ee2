/*
 * trail: the nodes a person was at, to go back to and forward again.
 *
 * Going through rows leaves no mark: only nodes that were jumped to, or where something was done, are kept.
 */
#ifndef TUI_TRAIL_H
#define TUI_TRAIL_H

#include <stdbool.h>

enum { TRAIL_MAX = 64 };

struct app;

struct trail {
	/* By what it is: indices change with every graph. */
	struct {
		int kind, layer, pos, index;
	} mark[TRAIL_MAX];
	int n, here;
	bool keep;	/* the mark at `here` stays when the next step leads away */
};

/* A command is done; step: it only went on to the next row or so. */
void trail_note(struct app *a, bool step);
/* The node before (-1) or after (1) among those that the graph has, which becomes the one we are at; -1: none. */
int trail_go(struct app *a, int step);

#endif
