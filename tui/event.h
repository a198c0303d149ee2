/*
 * event: what comes from outside: keys, pasted text, another size of the screen.
 */
#ifndef TUI_EVENT_H
#define TUI_EVENT_H

#include <stdbool.h>

struct app;

/* Handles one key or pasted character; what a person at the keyboard would cause. Returns enum did. */
int event_key(struct app *a, int key);
int event_paste(struct app *a, int cp);
/* False: out of memory. */
bool event_resize(struct app *a, int cols, int rows);

#endif
