/*
 * jumplist: the nodes a person was at, to go back to and forward again.
 *
 * Going through rows leaves no mark: only nodes that were jumped to, or where something was done, are kept.
 */
#ifndef TUI_JUMPLIST_H
#define TUI_JUMPLIST_H

#include <stdbool.h>

#include "tui/study/jumps.h"

struct app;

/* A command is done; step: it only went on to the next row or so. */
void jumplist_note(struct app *a, bool step);
/*
 * The node before (-1) or after (1) among those that the graph has, which becomes the one we are at; -1:
 * none.
 */
int jumplist_go(struct app *a, int step);

#endif
