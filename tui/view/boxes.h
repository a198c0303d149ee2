/* boxes: the view that draws what is pinned as boxes. */
#ifndef TUI_VIEW_BOXES_H
#define TUI_VIEW_BOXES_H

#include <stdbool.h>

#include "ctrace.h"

struct app;

/* The selected box: a supernode, or -1 in *supernode and a pin. Returns false if there is none. */
bool boxes_selected(struct app *a, int *supernode, struct ct_pin *pin);

#endif
