/*
 * paths: a list of files, each once, gathered from folders next to models.
 */
#ifndef TUI_PATHS_H
#define TUI_PATHS_H

#include <stdbool.h>
#include <stddef.h>

struct paths {
	char **list;			/* NULL-ended, or NULL: none. Freed by ct_model_list_free. */
	size_t n;
};

/* Takes over path; NULL, one that is there already, and one for which there is no memory are left out. */
void paths_add(struct paths *p, char *path);
/* The files in FOLDER, next to a model's directory, that end in ENDING: in the order of their names. */
void paths_add_beside(struct paths *p, const char *model_dir, const char *folder, const char *ending);

/* "a/b" of "a/b/c", "." of "c". To be freed. */
char *paths_folder(const char *path);
/* The last part of a path without its ending: "dallas" of "gallery/dallas.session". Returns buf. */
const char *paths_name(const char *path, char *buf, size_t size);
bool paths_end_in(const char *path, const char *ending);

#endif
