/*
 * boxes: the view that draws what is pinned.
 */
#ifndef TUI_VIEW_BOXES_H
#define TUI_VIEW_BOXES_H

#include <stdbool.h>

#include "ctrace.h"

struct app;

/* The selected box: its supernode, or -1 and the pin. false: there is none. */
bool boxes_selected(struct app *a, int *supernode, struct ct_pin *pin);

#endif
