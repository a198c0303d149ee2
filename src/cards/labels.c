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
#include "model/fingerprint.h"

enum { FILE_MAX = 1 << 20 };

struct label {
	int layer, feature;
	char *text;
};

struct ct_labels {
	char *path;
	char fingerprint[CT_FINGERPRINT];	/* of the present model; "": not known */
	struct label *list;	/* by layer, then feature */
	int n;
};

static const char fingerprint_key[] = "fingerprint", unread[] = "# not read: ";
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
	if (!l)
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

/* NULL if the text can be a label, else what is wrong with it. */
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

	if (grown)
		*list = grown;
	if (!grown || !copy) {
		free(copy);
		return ct_fail_memory(err, strlen(text), "a label");
	}
	grown[(*n)++] = (struct label){ .layer = layer, .feature = feature, .text = copy };
	return CT_OK;
}

/* The contents of a file while it is read. */
struct contents {
	struct label *list;
	int n;
	char made[CT_FINGERPRINT];	/* the file's fingerprint; "": it has none */
	struct ct_buffer rest;		/* lines that could not be read, each with its newline */
};

static void
contents_free(struct contents *c)
{
	free_list(c->list, c->n);
	ct_buffer_free(&c->rest);
	*c = (struct contents){ 0 };
}

/* One entry of the file. */
static int
load_entry(const struct ct_yaml_doc *doc, const struct ct_yaml *e, struct contents *c, struct ct_error *err)
{
	int layer, feature;

	if (e->kind == CT_YAML_SCALAR && strcmp(e->key, fingerprint_key) == 0) {
		if (!ct_fingerprint_valid(e->text))
			return ct_yaml_fail(doc, e, CT_EFORMAT, err,
			    "expected a fingerprint, found \"%.40s\"", e->text);
		memcpy(c->made, e->text, sizeof c->made);
		return CT_OK;
	}
	if (!ct_label_feature(e->key, &layer, &feature))
		return ct_yaml_fail(
		    doc, e, CT_EFORMAT, err, "expected a feature such as L1#249, found \"%.40s\"", e->key);
	if (e->kind != CT_YAML_SCALAR)
		return ct_yaml_fail(doc, e, CT_EFORMAT, err, "the label of %s must be text", e->key);
	if (fault(e->text))
		return ct_yaml_fail(doc, e, CT_EFORMAT, err, "the label of %s %s", e->key, fault(e->text));
	for (int i = 0; i < c->n; i++)
		if (c->list[i].layer == layer && c->list[i].feature == feature)
			return ct_yaml_fail(doc, e, CT_EFORMAT, err, "%s has two labels: keep one of "
			    "them", e->key);
	return add(&c->list, &c->n, layer, feature, e->text, err);
}

static int
parse(const char *path, const char *text, size_t size, struct contents *c, struct ct_error *err)
{
	const struct ct_yaml *root;
	struct ct_yaml_doc *doc;
	int code = ct_yaml_open(&doc, path, text, size, err);

	if (code < 0)
		return code;
	root = ct_yaml_root(doc);
	if (root->kind != CT_YAML_MAP)
		code = ct_yaml_fail(doc, root, CT_EFORMAT, err, "expected lines such as  L1#249: \"Texas\"");
	for (int i = 0; code == CT_OK && i < root->n; i++)
		code = load_entry(doc, &root->items[i], c, err);
	ct_yaml_close(doc);
	return code;
}

/* A file with only blank lines and comments, which is no YAML document, has no labels. */
static bool
blank(const char *text)
{
	for (text += strspn(text, " \t\r\n"); *text == '#'; text += strspn(text, " \t\r\n"))
		text += strcspn(text, "\n");
	return *text == '\0';
}

/* Keeps a line for the next write: printable, so that a comment can hold it. */
static void
set_aside(struct contents *c, const char *line, size_t n)
{
	size_t size = 8 * n + 1;
	char *clean = malloc(size);

	if (clean) {
		ct_text_clean(clean, size, line, n);
		ct_buffer_printf(&c->rest, "%s\n", clean);
	}
	c->rest.lost |= !clean;
	free(clean);
}

/* Comments with lines that were ignored earlier. */
static void
keep_unread(const char *text, struct contents *c)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, unread, sizeof unread - 1) == 0)
			set_aside(c, line + sizeof unread - 1, strcspn(line + sizeof unread - 1, "\n"));
	}
}

/* One line without its newline: a label, a comment, or a line that is ignored and kept. */
static int
parse_line(const char *path, char *line, int number, struct contents *c, struct ct_notes *notes,
    struct ct_error *err)
{
	struct ct_error why = { 0 };
	const char *message;
	int code;

	keep_unread(line, c);
	if (blank(line))
		return CT_OK;
	code = parse("", line, strlen(line), c, &why);
	if (code == CT_OK)
		return CT_OK;
	if (code == CT_ENOMEM)
		return ct_fail(err, code, "%s", why.msg);
	/* The line was parsed as a text of one line, so its place is ":1: " or ":1:7: ". */
	message = strstr(why.msg, ": ");
	ct_note(notes, "%s:%d: %s; this line is ignored", path, number, message ? message + 2 : why.msg);
	set_aside(c, line, strlen(line));
	return CT_OK;
}

/* Reads the whole text as YAML; if that fails, line by line, so that only bad lines are lost. */
static int
parse_all(const char *path, char *text, size_t size, struct contents *c, struct ct_notes *notes,
    struct ct_error *err)
{
	struct ct_error why;
	int code, number = 0;

	if (blank(text) || (strlen(text) == size && parse(path, text, size, c, &why) == CT_OK)) {
		keep_unread(text, c);
		goto sort;
	}
	contents_free(c);
	for (char *line = text, *end; line < text + size; line = end + 1) {
		end = memchr(line, '\n', size - (size_t)(line - text));
		end = end ? end : text + size;
		*end = '\0';
		code = parse_line(path, line, ++number, c, notes, err);
		if (code < 0)
			return code;
	}
	if (c->rest.lost)
		return ct_fail_memory(err, size, path);
sort:
	if (c->n > 0)
		qsort(c->list, (size_t)c->n, sizeof *c->list, order);
	return CT_OK;
}

/* A missing file has no labels; labels for another model are a failure. */
static int
load(const struct ct_labels *l, struct contents *c, struct ct_notes *notes, struct ct_error *err)
{
	char *text, differs[120];
	size_t size;
	int code;

	*c = (struct contents){ 0 };
	if (ct_file_missing(l->path))
		return CT_OK;
	code = ct_file_read(&text, &size, l->path, FILE_MAX, err);
	if (code < 0)
		return code;
	code = parse_all(l->path, text, size, c, notes, err);
	free(text);
	if (code == CT_OK && *c->made && *l->fingerprint &&
	    *ct_fingerprint_differs(c->made, l->fingerprint, differs, sizeof differs))
		code = ct_fail(err, CT_EINVAL, "%s: the labels were typed for different files: %s (%s there, "
		    "%s here)", l->path, differs, c->made, l->fingerprint);
	if (code < 0)
		contents_free(c);
	return code;
}

void
ct_labels_made_with(struct ct_labels *l, const char *fingerprint)
{
	snprintf(l->fingerprint, sizeof l->fingerprint, "%s", fingerprint);
}

int
ct_labels_open(struct ct_labels **out, const char *path, const char *fingerprint, struct ct_notes *notes,
    struct ct_error *err)
{
	struct ct_labels *l = calloc(1, sizeof *l);
	struct ct_error why = { 0 };
	struct contents c;
	int code;

	*out = NULL;
	if (l)
		l->path = strdup(path);
	if (!l || !l->path) {
		ct_labels_close(l);
		return ct_fail_memory(err, sizeof *l, "labels");
	}
	ct_labels_made_with(l, fingerprint ? fingerprint : "");
	code = load(l, &c, notes, &why);
	if (code == CT_EINVAL) {	/* labels for another model */
		ct_note(notes, "%s; none of them is shown", why.msg);
		code = CT_OK;
	}
	if (code < 0) {
		ct_labels_close(l);
		return ct_fail(err, code, "%s", why.msg);
	}
	l->list = c.list;
	l->n = c.n;
	ct_buffer_free(&c.rest);
	*out = l;
	return CT_OK;
}

int
ct_labels_count(const struct ct_labels *l)
{
	return l->n;
}

void
ct_labels_at(const struct ct_labels *l, int i, int *layer, int *feature)
{
	*layer = l->list[i].layer;
	*feature = l->list[i].feature;
}

static struct label *
find(struct label *list, int n, int layer, int feature)
{
	struct label key = { .layer = layer, .feature = feature };

	return n > 0 ? bsearch(&key, list, (size_t)n, sizeof *list, order) : NULL;
}

const char *
ct_labels_find(const struct ct_labels *l, int layer, int feature)
{
	const struct label *found = find(l->list, l->n, layer, feature);

	return found ? found->text : NULL;
}

static int
change(struct label **list, int *n, int layer, int feature, const char *text, struct ct_error *err)
{
	struct label *old = find(*list, *n, layer, feature);
	int code = CT_OK;

	if (old) {
		free(old->text);
		memmove(old, old + 1, (size_t)(*list + *n - old - 1) * sizeof *old);
		(*n)--;
	}
	if (text[0] != '\0') {
		code = add(list, n, layer, feature, text, err);
		if (code == CT_OK)
			qsort(*list, (size_t)*n, sizeof **list, order);
	}
	return code;
}

/* The text of the file, to be freed. Labels are printable, so a quoted scalar needs only two escapes. */
static char *
compose(const struct contents *c, const char *fingerprint, size_t *size)
{
	struct ct_buffer b = { 0 };

	ct_buffer_puts(&b, header);
	if (*fingerprint)
		ct_buffer_printf(&b, "%s: %s\n", fingerprint_key, fingerprint);
	for (int i = 0; i < c->n; i++) {
		ct_buffer_printf(&b, "L%d#%d: \"", c->list[i].layer, c->list[i].feature);
		for (const char *p = c->list[i].text; *p; p++) {
			if (*p == '"' || *p == '\\')
				ct_buffer_puts(&b, "\\");
			ct_buffer_add(&b, p, 1);
		}
		ct_buffer_puts(&b, "\"\n");
	}
	for (const char *p = c->rest.text; p && *p; p += strcspn(p, "\n") + 1)
		ct_buffer_printf(&b, "%s%.*s\n", unread, (int)strcspn(p, "\n"), p);
	return ct_buffer_take(&b, size);
}

/* Only write what can be read again. */
static int
check_text(const struct ct_labels *l, const char *file, size_t size, struct ct_error *err)
{
	struct contents check = { 0 };
	char *copy = strndup(file, size);
	int code = copy ? CT_OK : ct_fail_memory(err, size, "labels");

	if (code == CT_OK && !blank(copy))
		code = parse(l->path, copy, size, &check, err);
	free(copy);
	contents_free(&check);
	return code;
}

int
ct_labels_set(struct ct_labels *l, int layer, int feature, const char *text, struct ct_error *err)
{
	struct contents c = { 0 };
	char *file = NULL;
	size_t size;
	int lock = -1, code;

	text = text ? text : "";
	if (layer < 0 || feature < 0)
		return ct_fail(err, CT_EINVAL, "no feature L%d#%d to label", layer, feature);
	if (*text && fault(text))
		return ct_fail(err, CT_EINVAL, "the label of L%d#%d %s", layer, feature, fault(text));
	code = ct_file_lock(&lock, l->path, err);
	if (code == CT_OK)
		code = load(l, &c, NULL, err);
	if (code == CT_OK)
		code = change(&c.list, &c.n, layer, feature, text, err);
	if (code == CT_OK) {
		file = compose(&c, *l->fingerprint ? l->fingerprint : c.made, &size);
		code = file ? check_text(l, file, size, err) : ct_fail_memory(err, 1 << 16, "labels");
	}
	if (code == CT_OK)
		code = ct_file_replace(l->path, file, size, err);
	if (code == CT_OK) {
		free_list(l->list, l->n);
		l->list = c.list;
		l->n = c.n;
		c.list = NULL;
		c.n = 0;
	}
	ct_file_unlock(lock);
	contents_free(&c);
	free(file);
	return code;
}
