/*
 * dirs: where the program keeps what is the person's own: $XDG_STATE_HOME/ctrace, $XDG_CONFIG_HOME/ctrace.
 */
#ifndef TUI_DIRS_H
#define TUI_DIRS_H

#include <stdbool.h>

#include "base/error.h"

/* A folder for state ("": the one of them all), made if it should be. To be freed; NULL: err says why. */
char *dirs_state(const char *folder, bool make, struct ct_error *err);
/* The path of a file with settings, whether it is there or not. To be freed; NULL: no HOME, or no memory. */
char *dirs_config(const char *name);

#endif
