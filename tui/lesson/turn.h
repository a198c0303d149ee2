/* turn: what a lesson is waiting for, and which keys it takes. */
#ifndef TUI_TURN_H
#define TUI_TURN_H

#include <stdbool.h>

struct app;

/* The number of choices if a prediction is awaited; else 0. */
int turn_choices(const struct app *a);

/*
 * Whether Space, [ and ] go through the lesson. They do in the tree and in all views that fill the body,
 * except help. In help and in the panes next to the tree they have their usual meaning.
 */
bool turn_has_keys(const struct app *a);

/* Whether all expectations of this step have come true. */
bool turn_is_done(const struct app *a);

#endif
