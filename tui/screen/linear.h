/* linear: the program in lines, for screen readers and for terminals that cannot move the cursor. */
#ifndef TUI_LINEAR_H
#define TUI_LINEAR_H

struct app;

/*
 * Reads a command or the name of a key from each line, and prints what it changed, always below earlier
 * lines. Ends at quit or at the end of the input, and returns the exit status.
 */
int linear_run(struct app *a);

#endif
