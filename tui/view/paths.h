/* paths: the view of the strongest paths from words to the target, for commands. */
#ifndef TUI_VIEW_PATHS_H
#define TUI_VIEW_PATHS_H

struct app;

enum { PATHS_MOST = 200 };

/* Shows the n strongest paths. Returns what was done. */
int paths_show(struct app *a, int n);

#endif
