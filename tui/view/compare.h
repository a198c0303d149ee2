/* compare: the view that compares the prompt with another one, or the original run with the clamped one. */
#ifndef TUI_VIEW_COMPARE_H
#define TUI_VIEW_COMPARE_H

struct app;

/* Compares with another prompt, or for "clamped" with the clamped run, and shows it. */
int compare_show(struct app *a, const char *prompt);

#endif
