/* paths: a list of files, each once, collected from folders next to models. */
#ifndef TUI_PATHS_H
#define TUI_PATHS_H

#include <stdbool.h>
#include <stddef.h>

struct paths {
	char **list;			/* ended by NULL; NULL: none. To be freed by ct_model_list_free. */
	size_t n;
};

/* Takes over path. Ignores NULL, paths that are already listed, and paths for which there is no memory. */
void paths_add(struct paths *p, char *path);
/*
 * Adds the files of FOLDER, which is next to a model's directory, whose names end in ENDING, sorted by name.
 */
void paths_add_beside(struct paths *p, const char *model_dir, const char *folder, const char *ending);

/* "a/b" for "a/b/c", "." for "c". To be freed. */
char *paths_folder(const char *path);
/* The last part of a path without its ending: "dallas" for "gallery/dallas.session". Returns buf. */
const char *paths_name(const char *path, char *buf, size_t size);
bool paths_end_in(const char *path, const char *ending);

#endif
