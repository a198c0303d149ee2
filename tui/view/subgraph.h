/*
 * subgraph: the view of what is pinned.
 */
#ifndef TUI_VIEW_SUBGRAPH_H
#define TUI_VIEW_SUBGRAPH_H

#include <stdbool.h>

struct app;
struct ct_pin;

/*
 * What its selected row is about: a supernode (*supernode), or a pinned node (*pin; *supernode -1). False:
 * there is no row.
 */
bool subgraph_selected(struct app *a, int *supernode, struct ct_pin *pin);

#endif
