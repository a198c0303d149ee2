/* loop: runs the program: waits for events, runs commands, draws frames. */
#ifndef TUI_LOOP_H
#define TUI_LOOP_H

struct app_options;

/* Runs the program and returns its exit status. Errors are one line on stderr. */
int loop_run(const struct app_options *opt);

#endif
