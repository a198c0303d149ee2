/* paths: see paths.h. */
#include "tui/study/paths.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

bool
paths_end_in(const char *path, const char *ending)
{
	size_t n = strlen(path), k = strlen(ending);

	return n > k && strcmp(path + n - k, ending) == 0;
}

const char *
paths_name(const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');

	snprintf(buf, size, "%.*s", (int)(dot > base ? (size_t)(dot - base) : strlen(base)), base);
	return buf;
}

void
paths_add(struct paths *p, char *path)
{
	char **grown;

	for (size_t i = 0; path && i < p->n; i++)
		if (strcmp(p->list[i], path) == 0) {
			free(path);
			return;
		}
	grown = path ? realloc(p->list, (p->n + 2) * sizeof *grown) : NULL;
	if (!grown) {
		free(path);
		return;
	}
	p->list = grown;
	grown[p->n++] = path;
	grown[p->n] = NULL;
}

char *
paths_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, slash > path ? (size_t)(slash - path) : 1) : strdup(".");
}

void
paths_add_beside(struct paths *p, const char *model_dir, const char *folder, const char *ending)
{
	char *root = paths_folder(model_dir), *dir = root ? ct_path_join(root, folder) : NULL;
	struct dirent **entry = NULL;
	int n = dir ? scandir(dir, &entry, NULL, alphasort) : 0;

	for (int i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.' && paths_end_in(entry[i]->d_name, ending))
			paths_add(p, ct_path_join(dir, entry[i]->d_name));
		free(entry[i]);
	}
	free(entry);
	free(dir);
	free(root);
}
