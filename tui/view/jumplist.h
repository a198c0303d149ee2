/*
 * jumplist: the nodes that a person visited, to go back and forward again.
 *
 * Only nodes that were jumped to, or where something was done, are kept, not those passed row by row.
 */
#ifndef TUI_JUMPLIST_H
#define TUI_JUMPLIST_H

#include <stdbool.h>

#include "tui/view/jumps.h"

struct app;

/* Notes the selected node after a command. step: the command only went to a neighbouring row. */
void jumplist_note(struct app *a, bool step);
/*
 * The previous (-1) or next (1) node of the list that the graph has, which becomes the present one; -1: none.
 */
int jumplist_go(struct app *a, int step);

#endif
