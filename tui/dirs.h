/*
 * dirs: where the program keeps what is the person's own: $XDG_STATE_HOME/ctrace, $XDG_CONFIG_HOME/ctrace.
 */
#ifndef TUI_DIRS_H
#define TUI_DIRS_H

#include "base/error.h"

/* A folder for state, made if it is not there ("": the folder itself). To be freed; NULL: err says why. */
char *dirs_state(const char *folder, struct ct_error *err);
/* The path of a file with settings, whether it is there or not. To be freed; NULL: no HOME, or no memory. */
char *dirs_config(const char *name);

#endif
