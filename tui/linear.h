/*
 * linear: the program as lines, for screen readers and terminals that cannot move the cursor.
 */
#ifndef TUI_LINEAR_H
#define TUI_LINEAR_H

struct app;

/*
 * Reads a command (or the name of a key) per line and prints what it changed, only ever adding lines.
 * Returns when told to quit or at the end of the input: the exit status.
 */
int linear_run(struct app *a);

#endif
