/*
 * start: the view of what there is to open, as commands may ask for it.
 */
#ifndef TUI_VIEW_START_H
#define TUI_VIEW_START_H

struct app;

/* The directory of the selected model; NULL: the row is of something else. */
const char *start_model(struct app *a);

#endif
