/*
 * dirs: the person's own directories: $XDG_STATE_HOME/ctrace for state, $XDG_CONFIG_HOME/ctrace for settings.
 */
#ifndef TUI_DIRS_H
#define TUI_DIRS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * A folder for state ("": the directory of all of them); `make`: creates it. To be freed; NULL: err says why.
 */
char *dirs_state(const char *folder, bool make, struct ct_error *err);
/* The path of a file of settings, whether or not it exists. To be freed; NULL: no HOME, or no memory. */
char *dirs_config(const char *name);

#endif
