/* inactive: the view of features that nearly fire, for commands. */
#ifndef TUI_VIEW_INACTIVE_H
#define TUI_VIEW_INACTIVE_H

struct app;

/* Shows those at a position (-1: at any). Returns what was done. */
int inactive_show(struct app *a, int pos);

#endif
