/* dirs: see dirs.h. */
#include "tui/study/dirs.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* "$VARIABLE/ctrace", else "$HOME/REST/ctrace"; relative paths are ignored (XDG Base Directory). */
static char *
find(const char *variable, const char *rest)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	char *dir = NULL, *own;

	if (base && *base == '/')
		dir = strdup(base);
	else if (home && *home == '/')
		dir = ct_path_join(home, rest);
	own = dir ? ct_path_join(dir, "ctrace") : NULL;
	free(dir);
	return own;
}

char *
dirs_state(const char *folder, bool make, struct ct_error *err)
{
	char *own = find("XDG_STATE_HOME", ".local/state"), *dir;

	if (!own) {
		ct_fail(err, CT_ENOTFOUND, "there is no directory for it: set XDG_STATE_HOME or HOME");
		return NULL;
	}
	dir = *folder ? ct_path_join(own, folder) : strdup(own);
	free(own);
	if (!dir) {
		ct_fail_memory(err, strlen(folder), "a path");
	} else if (make && ct_dir_make(dir, err)) {
		free(dir);
		dir = NULL;
	}
	return dir;
}

char *
dirs_config(const char *name)
{
	char *own = find("XDG_CONFIG_HOME", ".config"), *path = own ? ct_path_join(own, name) : NULL;

	free(own);
	return path;
}
