/* subgraph: the view of what is pinned, for commands. */
#ifndef TUI_VIEW_SUBGRAPH_H
#define TUI_VIEW_SUBGRAPH_H

#include <stdbool.h>

struct app;
struct ct_pin;

/*
 * What the selected row is about: a supernode (*supernode), or a pinned node (*pin, and *supernode is -1).
 * Returns false if there are no rows.
 */
bool subgraph_selected(struct app *a, int *supernode, struct ct_pin *pin);

#endif
