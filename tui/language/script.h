/* script: runs commands from a file, one on each line. */
#ifndef TUI_SCRIPT_H
#define TUI_SCRIPT_H

#include "base/error.h"

struct app;

/* Stops at the first command that fails. *did collects what all commands returned. "-": standard input. */
int script_run(struct app *a, const char *path, int *did, struct ct_error *err);

#endif
