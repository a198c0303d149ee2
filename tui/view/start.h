/* start: the view of what can be opened, for commands. */
#ifndef TUI_VIEW_START_H
#define TUI_VIEW_START_H

struct app;

/* The directory of the selected model; NULL: the selected row is no model. */
const char *start_model(struct app *a);

#endif
