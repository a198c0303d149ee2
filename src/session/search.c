/* search: looks for models by name on the search path. See ctrace.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "ctrace.h"
#include "io/folder.h"

static bool
is_model(const char *dir)
{
	char config[4096];	/* not allocated, so that lack of memory is not taken for lack of a model */
	int n = snprintf(config, sizeof config, "%s/config.json", dir);

	return n > 0 && n < (int)sizeof config && ct_file_exists(config);
}

/* The installed models, relative to the program's own directory, so that an installed tree can be moved. */
static char *
installed_dir(void)
{
	char exe[4096], *moved = NULL;
	ptrdiff_t n = (ptrdiff_t)strlen(ct_system_program(exe, sizeof exe));

	for (int up = 0; n > 0 && up < 2; up++) {
		exe[n] = '\0';
		n = strrchr(exe, '/') ? strrchr(exe, '/') - exe : 0;
	}
	if (n > 0) {
		exe[n] = '\0';
		moved = ct_path_join(exe, "share/ctrace/models");
	}
	if (moved && ct_dir_exists(moved))
		return moved;
	free(moved);
	return strdup(CT_DATADIR "/models");
}

/* The i-th directory of the search path, to be freed; NULL after the last. */
static char *
search_dir(int i)
{
	const char *path = getenv("CTRACE_MODEL_PATH"), *data = getenv("XDG_DATA_HOME"),
		   *home = getenv("HOME");

	for (const char *p = path; p && *p;) {
		size_t n = strcspn(p, ":");

		if (n > 0 && i-- == 0)
			return strndup(p, n);
		p += n + (p[n] == ':');
	}
	if (i-- == 0) {
		char *base = data && *data ? strdup(data)
					   : ct_path_join(home && *home ? home : "/", ".local/share");
		char *dir = base ? ct_path_join(base, "ctrace/models") : NULL;

		free(base);
		return dir;
	}
	return i == 0 ? installed_dir() : i == 1 ? strdup("models") : NULL;
}

/* The name of the installed model that is most like this one, to be freed; NULL: none is alike. */
static char *
nearest_model(const char *name)
{
	char **list = ct_model_list(), *near = NULL;
	int best = 3;

	for (size_t i = 0; list && list[i]; i++) {
		int distance = ct_text_distance(name, ct_path_last(list[i]), best);

		if (distance < best) {
			best = distance;
			free(near);
			near = strdup(ct_path_last(list[i]));
		}
	}
	ct_model_list_free(list);
	return near;
}

int
ct_model_find(char **dir, const char *model, struct ct_error *err)
{
	char tried[400] = "", *root, *near;
	size_t n = 0;
	int code;

	*dir = NULL;
	if (!model || !*model)
		model = "capitals";
	if (is_model(model)) {
		*dir = strdup(model);
		return *dir ? CT_OK : ct_fail_memory(err, strlen(model), "a path");
	}
	if (ct_dir_exists(model) && ct_folder_explain(model, CT_FOLDER_CONFIG, err) != CT_OK)
		return CT_EUNSUPPORTED;
	if (!ct_dir_exists(model) && (code = ct_folder_explain_name(model, "model", err)) != CT_OK)
		return code;
	if (ct_dir_exists(model))
		return ct_fail(err, CT_ENOTFOUND,
		    "%s: no config.json in this directory, so it is not a model directory", model);
	if (strchr(model, '/'))
		return ct_fail(err, CT_ENOTFOUND,
		    "%s: no such model directory; 'ctrace models' lists what is installed", model);
	for (int i = 0; (root = search_dir(i)); i++) {
		char *found = ct_path_join(root, model);

		if (found && is_model(found)) {
			free(root);
			*dir = found;
			return CT_OK;
		}
		if (n < sizeof tried)
			n += (size_t)snprintf(tried + n, sizeof tried - n, "%s%s", n ? ", " : "", root);
		free(found);
		free(root);
	}
	near = nearest_model(model);
	code = ct_fail(err, CT_ENOTFOUND, "no model named \"%.80s\" in %s; %s%s%sname a directory with -m, "
	    "or set CTRACE_MODEL_PATH", model, tried, near ? "did you mean \"" : "", near ? near : "",
	    near ? "\"? Or " : "");
	free(near);
	return code;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the models in root whose names are not in the list yet. */
static void
list_models(char ***list, size_t *n, const char *root)
{
	DIR *d = opendir(root);
	struct dirent *entry;
	size_t first = *n;

	while (d && (entry = readdir(d))) {
		char *dir = entry->d_name[0] == '.' ? NULL : ct_path_join(root, entry->d_name), **grown;
		bool known = !dir || !is_model(dir);

		for (size_t i = 0; i < first && !known; i++)
			known = strcmp(ct_path_last((*list)[i]), entry->d_name) == 0;
		grown = known ? NULL : realloc(*list, (*n + 2) * sizeof **list);
		if (!grown) {
			free(dir);
			continue;
		}
		*list = grown;
		grown[(*n)++] = dir;
		grown[*n] = NULL;
	}
	if (d)
		closedir(d);
	if (*n > first)
		qsort(*list + first, *n - first, sizeof **list, by_name);
}

char **
ct_model_list(void)
{
	char **list = calloc(1, sizeof *list), *root;
	size_t n = 0;

	for (int i = 0; list && (root = search_dir(i)); i++) {
		list_models(&list, &n, root);
		free(root);
	}
	return list;
}

void
ct_model_list_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}
