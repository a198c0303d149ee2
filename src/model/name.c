/* name: see name.h. */
#include "model/name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "io/yaml.h"

const char *
ct_name_recipe(const char *dir, const char *key, struct ct_arena *a, struct ct_notes *notes)
{
	char *path = ct_path_join(dir, "recipe.yaml");
	struct ct_yaml_doc *doc = NULL;
	const char *text = "", *kept = NULL;
	struct ct_error err;

	if (path && ct_file_exists(path)) {
		if (ct_yaml_open(&doc, path, NULL, 0, &err) == CT_OK &&
		    ct_yaml_string(doc, ct_yaml_root(doc), key, false, &text, &err) == CT_OK)
			kept = ct_arena_strdup(a, text);
		else
			ct_note(notes, "%s; the model opens without its recipe", err.msg);
	}
	ct_yaml_close(doc);
	free(path);
	return kept ? kept : "";
}

const char *
ct_name_last(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

/* A part of the path is the name, or ends with it, as in Hugging Face's cache: models--google--gemma-2-2b. */
static bool
path_has(const char *path, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = path; *p; p++)
		if (strncasecmp(p, name, n) == 0 && (p == path || p[-1] == '/' || p[-1] == '-') &&
		    (p[n] == '/' || p[n] == '\0'))
			return true;
	return false;
}

bool
ct_name_known(const struct ct_model *m, const char *name)
{
	const char *last = ct_name_last(name);
	char *real;
	bool found;

	if (strcasecmp(ct_name_last(m->cfg.name), last) == 0)
		return true;
	if (!m->dir)
		return false;
	real = realpath(m->dir, NULL);
	found = path_has(m->dir, last) || (real && path_has(real, last));
	free(real);
	return found;
}
