/*
 * turn: what a lesson waits for, and which keys it takes.
 */
#ifndef TUI_TURN_H
#define TUI_TURN_H

#include <stdbool.h>

struct app;

/* How many choices has a prediction that is awaited? 0: none is. */
int turn_choices(const struct app *a);

/*
 * Do Space, [ and ] go through the lesson? They do in the tree and in all views that fill the body but help;
 * in the panes next to the tree and in help they mean what they always do, if anything.
 */
bool turn_has_keys(const struct app *a);

/* Have all expectations of this step come true? */
bool turn_is_done(const struct app *a);

#endif
