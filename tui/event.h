/* event: handles what comes from outside: keys, pasted text, a new size of the screen. */
#ifndef TUI_EVENT_H
#define TUI_EVENT_H

#include <stdbool.h>

struct app;

/* Handles one key or pasted character as if a person had typed it. Returns an enum did. */
int event_key(struct app *a, int key);
int event_paste(struct app *a, int cp);
/* Returns false if memory runs out. */
bool event_resize(struct app *a, int cols, int rows);

#endif
