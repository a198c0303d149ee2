/* labels: see labels.h. */
#include "cards/labels.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"
#include "io/yaml.h"

enum { FILE_MAX = 1 << 20 };

struct label {
	int layer, feature;
	char *text;
};

struct ct_labels {
	char *path;
	struct label *list;	/* by layer, then feature */
	int n;
};

static const char header[] = "# Feature labels typed by people; they win over automatic ones.\n"
			     "# One per line, as in   L1#249: \"Texas\"   Other comments are not kept.\n";

static void
free_list(struct label *list, int n)
{
	while (n > 0)
		free(list[--n].text);
	free(list);
}

void
ct_labels_close(struct ct_labels *l)
{
	if (l == NULL)
		return;
	free_list(l->list, l->n);
	free(l->path);
	free(l);
}

static int
order(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	return (x->feature > y->feature) - (x->feature < y->feature);
}

bool
ct_label_feature(const char *name, int *layer, int *feature)
{
	char again[40];
	int used = 0;

	if (strlen(name) > 24 || sscanf(name, "L%9d#%9d%n", layer, feature, &used) != 2)
		return false;
	snprintf(again, sizeof again, "L%d#%d", *layer, *feature);
	return *layer >= 0 && *feature >= 0 && strcmp(again, name) == 0;
}

/* NULL when the text may be a label, else what is wrong with it. */
static const char *
fault(const char *text)
{
	char clean[CT_LABEL_MAX + 1];
	size_t n = strlen(text);

	if (n == 0)
		return "is empty";
	if (n > CT_LABEL_MAX)
		return "is longer than 200 bytes";
	ct_text_clean(clean, sizeof clean, text, n);
	return strcmp(clean, text) != 0 ? "has an invisible or control character, or is not UTF-8" : NULL;
}

static int
add(struct label **list, int *n, int layer, int feature, const char *text, struct ct_error *err)
{
	struct label *grown = realloc(*list, ((size_t)*n + 1) * sizeof *grown);
	char *copy = strdup(text);

	if (grown != NULL)
		*list = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return ct_fail_memory(err, strlen(text), "a label");
	}
	grown[(*n)++] = (struct label){.layer = layer, .feature = feature, .text = copy};
	return CT_OK;
}

static int
load_doc(const struct ct_yaml_doc *doc, struct label **list, int *n, struct ct_error *err)
{
	const struct ct_yaml *root = ct_yaml_root(doc), *e;
	int i, layer, feature, rc;

	if (root->kind != CT_YAML_MAP)
		return ct_yaml_fail(doc, root, CT_EFORMAT, err, "expected lines such as  L1#249: \"Texas\"");
	for (i = 0; i < root->n; i++) {
		e = &root->items[i];
		if (!ct_label_feature(e->key, &layer, &feature))
			return ct_yaml_fail(doc, e, CT_EFORMAT, err,
			    "expected a feature such as L1#249, found \"%.40s\"", e->key);
		if (e->kind != CT_YAML_SCALAR)
			return ct_yaml_fail(doc, e, CT_EFORMAT, err, "the label of %s must be text", e->key);
		if (fault(e->text) != NULL)
			return ct_yaml_fail(
			    doc, e, CT_EFORMAT, err, "the label of %s %s", e->key, fault(e->text));
		rc = add(list, n, layer, feature, e->text, err);
		if (rc != CT_OK)
			return rc;
	}
	if (*n > 0)
		qsort(*list, (size_t)*n, sizeof **list, order);
	return CT_OK;
}

/* Nothing but blank lines and comments: YAML sees no document there, we see no labels. */
static bool
blank(const char *text)
{
	for (text += strspn(text, " \t\r\n"); *text == '#'; text += strspn(text, " \t\r\n"))
		text += strcspn(text, "\n");
	return *text == '\0';
}

static int
parse(const char *path, const char *text, size_t size, struct label **list, int *n, struct ct_error *err)
{
	struct ct_yaml_doc *doc;
	int rc;

	*list = NULL;
	*n = 0;
	if (blank(text))
		return CT_OK;
	rc = ct_yaml_open(&doc, path, text, size, err);
	if (rc != CT_OK)
		return rc;
	rc = load_doc(doc, list, n, err);
	ct_yaml_close(doc);
	if (rc != CT_OK) {
		free_list(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return rc;
}

static int
load(const char *path, struct label **list, int *n, struct ct_error *err)
{
	char *text;
	size_t size;
	int rc;

	*list = NULL;
	*n = 0;
	if (access(path, F_OK) != 0)
		return CT_OK;
	rc = ct_file_read(&text, &size, path, FILE_MAX, err);
	if (rc != CT_OK)
		return rc;
	rc = parse(path, text, size, list, n, err);
	free(text);
	return rc;
}

int
ct_labels_open(struct ct_labels **out, const char *path, struct ct_error *err)
{
	struct ct_labels *l = calloc(1, sizeof *l);
	int rc;

	*out = NULL;
	if (l != NULL)
		l->path = strdup(path);
	if (l == NULL || l->path == NULL) {
		ct_labels_close(l);
		return ct_fail_memory(err, sizeof *l, "labels");
	}
	rc = load(path, &l->list, &l->n, err);
	if (rc != CT_OK) {
		ct_labels_close(l);
		return rc;
	}
	*out = l;
	return CT_OK;
}

int
ct_labels_count(const struct ct_labels *l)
{
	return l->n;
}

static struct label *
find(struct label *list, int n, int layer, int feature)
{
	struct label key = {.layer = layer, .feature = feature};

	return n > 0 ? bsearch(&key, list, (size_t)n, sizeof *list, order) : NULL;
}

const char *
ct_labels_find(const struct ct_labels *l, int layer, int feature)
{
	const struct label *found = find(l->list, l->n, layer, feature);

	return found != NULL ? found->text : NULL;
}

static int
change(struct label **list, int *n, int layer, int feature, const char *text, struct ct_error *err)
{
	struct label *old = find(*list, *n, layer, feature);
	int rc = CT_OK;

	if (old != NULL) {
		free(old->text);
		memmove(old, old + 1, (size_t)(*list + *n - old - 1) * sizeof *old);
		(*n)--;
	}
	if (text[0] != '\0') {
		rc = add(list, n, layer, feature, text, err);
		if (rc == CT_OK)
			qsort(*list, (size_t)*n, sizeof **list, order);
	}
	return rc;
}

/* The file's text, to be freed. Labels are printable, so a quoted scalar needs two escapes only. */
static char *
compose(const struct label *list, int n, size_t *size)
{
	struct ct_buffer b = {0};
	const char *c;
	int i;

	ct_buffer_puts(&b, header);
	for (i = 0; i < n; i++) {
		ct_buffer_printf(&b, "L%d#%d: \"", list[i].layer, list[i].feature);
		for (c = list[i].text; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				ct_buffer_puts(&b, "\\");
			ct_buffer_add(&b, c, 1);
		}
		ct_buffer_puts(&b, "\"\n");
	}
	return ct_buffer_take(&b, size);
}

int
ct_labels_set(struct ct_labels *l, int layer, int feature, const char *text, struct ct_error *err)
{
	struct label *list = NULL, *check = NULL;
	char *file = NULL;
	size_t size;
	int n = 0, n_check = 0, lock = -1, rc;

	if (text == NULL)
		text = "";
	if (layer < 0 || feature < 0)
		return ct_fail(err, CT_EINVAL, "no feature L%d#%d to label", layer, feature);
	if (text[0] != '\0' && fault(text) != NULL)
		return ct_fail(err, CT_EINVAL, "the label of L%d#%d %s", layer, feature, fault(text));
	rc = ct_file_lock(&lock, l->path, err);
	if (rc == CT_OK)
		rc = load(l->path, &list, &n, err);
	if (rc == CT_OK)
		rc = change(&list, &n, layer, feature, text, err);
	if (rc != CT_OK)
		goto fail;
	file = compose(list, n, &size);
	if (file == NULL) {
		rc = ct_fail_memory(err, 1 << 16, "labels");
		goto fail;
	}
	rc = parse(l->path, file, size, &check, &n_check, err);	/* never write what could not be read again */
	if (rc == CT_OK)
		rc = ct_file_replace(l->path, file, size, err);
	if (rc != CT_OK)
		goto fail;
	free_list(l->list, l->n);
	l->list = list;
	l->n = n;
	list = NULL;
	n = 0;
fail:
	ct_file_unlock(lock);
	free_list(check, n_check);
	free_list(list, n);
	free(file);
	return rc;
}
