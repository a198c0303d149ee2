/*
 * loop: the program from its beginning to its end: wait for an event, run a command, draw a frame.
 */
#ifndef TUI_LOOP_H
#define TUI_LOOP_H

struct app_options;

/* Runs the program; returns its exit status. Errors are one line on stderr. */
int loop_run(const struct app_options *opt);

#endif
