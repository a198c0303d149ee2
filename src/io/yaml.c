/*
 * yaml: see yaml.h.
 */
#include "io/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "io/sniff.h"

enum { MAX_DEPTH = 32, MAX_FILE = 1 << 20, MAX_RECIPE = 4 << 20 };

struct ct_yaml_doc {
	struct ct_arena arena;		/* the item arrays */
	char *path;
	char *text;			/* all strings, one after the other */
	size_t text_used, text_size;
	struct ct_yaml *root;
};

/* A list or map that is still open. Its items are those of the pile from `first` on. */
struct open_node {
	struct ct_yaml node;
	int first;
	const char *key;		/* a map's key that still waits for its value */
};

struct reader {
	struct ct_yaml_doc *doc;
	yaml_parser_t parser;
	struct open_node open[MAX_DEPTH];
	int depth;
	struct ct_yaml *pile;		/* finished children of open nodes, outermost first */
	int n_pile, room;
};

static int
fail_line(const struct ct_yaml_doc *d, size_t line, struct ct_error *err, const char *what)
{
	return ct_fail(err, CT_EFORMAT, "%s:%zu: %s", d->path, line, what);
}

static int
parser_error(struct reader *r, struct ct_error *err)
{
	const yaml_parser_t *p = &r->parser;
	size_t line = p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR)
		return ct_fail(err, CT_ENOMEM, "out of memory while reading %s", r->doc->path);
	if (p->error == YAML_READER_ERROR)
		return ct_fail(err, CT_EFORMAT, "%s: byte %zu: not UTF-8 text: %s", r->doc->path,
		    p->problem_offset, p->problem ? p->problem : "unreadable");
	return ct_fail(err, CT_EFORMAT, "%s:%zu: not valid YAML: %s", r->doc->path, line,
	    p->problem ? p->problem : "unreadable");
}

static int
push(struct reader *r, const struct ct_yaml *node, struct ct_error *err)
{
	if (r->n_pile == r->room) {
		int room = r->room ? 2 * r->room : 256;
		struct ct_yaml *pile = realloc(r->pile, (size_t)room * sizeof *pile);

		if (!pile)
			return ct_fail_memory(err, (size_t)room * sizeof *pile, r->doc->path);
		r->pile = pile;
		r->room = room;
	}
	r->pile[r->n_pile++] = *node;
	return CT_OK;
}

/* A finished node goes to its parent, or is the root. */
static int
place(struct reader *r, struct ct_yaml node, struct ct_error *err)
{
	struct open_node *parent;

	if (!r->depth) {
		r->doc->root = ct_arena_need(&r->doc->arena, 1, sizeof node, r->doc->path, err);
		if (!r->doc->root)
			return CT_ENOMEM;
		*r->doc->root = node;
		return CT_OK;
	}
	parent = &r->open[r->depth - 1];
	if (parent->node.kind != CT_YAML_MAP)
		return push(r, &node, err);
	if (parent->key) {
		node.key = parent->key;
		parent->key = NULL;
		return push(r, &node, err);
	}
	if (node.kind != CT_YAML_SCALAR)
		return fail_line(r->doc, (size_t)node.line, err, "a key must be plain text, found a list or "
		    "map");
	parent->key = node.text;
	return CT_OK;
}

static int
by_key(const void *a, const void *b)
{
	const struct ct_yaml *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	return order ? order : (*x)->line - (*y)->line;
}

static int
check_duplicates(struct reader *r, const struct ct_yaml *map, struct ct_error *err)
{
	const struct ct_yaml **sorted;
	int code = CT_OK;

	if (map->n < 2)
		return CT_OK;
	sorted = malloc((size_t)map->n * sizeof *sorted);
	if (!sorted)
		return ct_fail_memory(err, (size_t)map->n * sizeof *sorted, r->doc->path);
	for (int i = 0; i < map->n; i++)
		sorted[i] = &map->items[i];
	qsort(sorted, (size_t)map->n, sizeof *sorted, by_key);
	for (int i = 1; i < map->n && code == CT_OK; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			code = ct_fail(err, CT_EFORMAT, "%s:%d: the key \"%s\" occurs twice (first in "
			    "line %d)", r->doc->path, sorted[i]->line, sorted[i]->key, sorted[i - 1]->line);
	free(sorted);
	return code;
}

static int
begin(struct reader *r, enum ct_yaml_kind kind, size_t line, struct ct_error *err)
{
	if (r->depth == MAX_DEPTH)
		return fail_line(r->doc, line, err, "nested more than 32 deep");
	r->open[r->depth++] = (struct open_node){
		.node = { .kind = kind, .line = (int)line },
		.first = r->n_pile,
	};
	return CT_OK;
}

static int
end(struct reader *r, struct ct_error *err)
{
	struct open_node *o = &r->open[r->depth - 1];
	struct ct_yaml node = o->node, *items;
	int code;

	node.n = r->n_pile - o->first;
	items = ct_arena_need(&r->doc->arena, (size_t)node.n, sizeof *items, r->doc->path, err);
	if (!items)
		return CT_ENOMEM;
	if (node.n)
		memcpy(items, r->pile + o->first, (size_t)node.n * sizeof *items);
	node.items = items;
	r->n_pile = o->first;
	r->depth--;
	if (node.kind == CT_YAML_MAP) {
		code = check_duplicates(r, &node, err);
		if (code != CT_OK)
			return code;
	}
	return place(r, node, err);
}

static int
scalar(struct reader *r, const yaml_event_t *e, size_t line, struct ct_error *err)
{
	struct ct_yaml_doc *d = r->doc;
	size_t n = e->data.scalar.length;
	char *copy = d->text + d->text_used;

	if (memchr(e->data.scalar.value, 0, n))
		return fail_line(d, line, err, "a NUL character in text");
	if (n >= d->text_size - d->text_used)
		return fail_line(d, line, err, "text grows beyond its file");
	memcpy(copy, e->data.scalar.value, n);
	copy[n] = '\0';
	d->text_used += n + 1;
	return place(r, (struct ct_yaml){
		.kind = CT_YAML_SCALAR,
		.line = (int)line,
		.quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
		.text = copy,
	}, err);
}

static int
refuse_extras(struct reader *r, const void *anchor, const void *tag, size_t line, struct ct_error *err)
{
	if (anchor)
		return fail_line(r->doc, line, err, "anchors (&name) are not allowed; write the value out");
	if (tag)
		return fail_line(r->doc, line, err, "tags (!name) are not allowed; write the plain value");
	return CT_OK;
}

static int
handle(struct reader *r, const yaml_event_t *e, struct ct_error *err)
{
	size_t line = e->start_mark.line + 1;
	int code;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		code = refuse_extras(r, e->data.scalar.anchor, e->data.scalar.tag, line, err);
		return code == CT_OK ? scalar(r, e, line, err) : code;
	case YAML_SEQUENCE_START_EVENT:
		code = refuse_extras(r, e->data.sequence_start.anchor, e->data.sequence_start.tag, line, err);
		return code == CT_OK ? begin(r, CT_YAML_LIST, line, err) : code;
	case YAML_MAPPING_START_EVENT:
		code = refuse_extras(r, e->data.mapping_start.anchor, e->data.mapping_start.tag, line, err);
		return code == CT_OK ? begin(r, CT_YAML_MAP, line, err) : code;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end(r, err);
	case YAML_ALIAS_EVENT:
		return fail_line(r->doc, line, err, "aliases (*name) are not allowed; write the value out");
	case YAML_DOCUMENT_START_EVENT:
		if (r->doc->root)
			return fail_line(r->doc, line, err, "a second document; expected one");
		return CT_OK;
	default:
		return CT_OK;
	}
}

static int
read_events(struct reader *r, struct ct_error *err)
{
	bool more = true;

	while (more) {
		yaml_event_t e;
		int code;

		if (!yaml_parser_parse(&r->parser, &e))
			return parser_error(r, err);
		more = e.type != YAML_STREAM_END_EVENT;
		code = handle(r, &e, err);
		yaml_event_delete(&e);
		if (code != CT_OK)
			return code;
	}
	if (!r->doc->root)
		return ct_fail(err, CT_EFORMAT, "%s: the file is empty", r->doc->path);
	return CT_OK;
}

static int
parse(struct ct_yaml_doc *d, const char *text, size_t n, struct ct_error *err)
{
	struct reader *r = calloc(1, sizeof *r);
	int code;

	if (!r || !yaml_parser_initialize(&r->parser)) {
		free(r);
		return ct_fail_memory(err, sizeof *r, d->path);
	}
	r->doc = d;
	/*
	 * Since the encoding is set, libyaml would take a byte order mark, which some editors write, as text.
	 */
	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		n -= 3;
	}
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, n);
	code = read_events(r, err);
	yaml_parser_delete(&r->parser);
	free(r->pile);
	free(r);
	return code;
}

int
ct_yaml_open(struct ct_yaml_doc **out, const char *path, const char *text, size_t n, struct ct_error *err)
{
	struct ct_yaml_doc *d = calloc(1, sizeof *d);
	const char *base = strrchr(path, '/');
	size_t max = strcmp(base ? base + 1 : path, "recipe.yaml") == 0 ? MAX_RECIPE : MAX_FILE;
	char *own = NULL;
	int code;

	*out = NULL;
	if (!d)
		return ct_fail_memory(err, sizeof *d, path);
	if (!text) {
		code = ct_file_read(&own, &n, path, max, err);
		if (code == CT_OK && n)		/* the parser reports an empty file */
			code = ct_sniff_expect(path, own, n, CT_SNIFF_OTHER, "a YAML file", err);
		if (code != CT_OK)
			goto fail;
		text = own;
	} else if (n > max) {
		code = ct_fail(err, CT_EFORMAT, "%s has %zu bytes; expected at most %zu", path, n, max);
		goto fail;
	}
	/* Escapes can grow text by half, and each piece gets a NUL: four times the file is always enough. */
	d->text_size = 4 * n + 64;
	d->text = malloc(d->text_size);
	d->path = strdup(path);
	if (!d->text || !d->path) {
		code = ct_fail_memory(err, d->text_size, path);
		goto fail;
	}
	code = parse(d, text, n, err);
	if (code != CT_OK)
		goto fail;
	free(own);
	*out = d;
	return CT_OK;
fail:
	free(own);
	ct_yaml_close(d);
	return code;
}

void
ct_yaml_close(struct ct_yaml_doc *doc)
{
	if (!doc)
		return;
	ct_arena_free(&doc->arena);
	free(doc->text);
	free(doc->path);
	free(doc);
}

const struct ct_yaml *
ct_yaml_root(const struct ct_yaml_doc *doc)
{
	return doc->root;
}

const char *
ct_yaml_path(const struct ct_yaml_doc *doc)
{
	return doc->path;
}

const struct ct_yaml *
ct_yaml_get(const struct ct_yaml *map, const char *key)
{
	if (!map || map->kind != CT_YAML_MAP)
		return NULL;
	for (int i = 0; i < map->n; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return &map->items[i];
	return NULL;
}

static bool
is_null(const struct ct_yaml *v)
{
	return v->kind == CT_YAML_SCALAR && !v->quoted &&
	    (!*v->text || strcmp(v->text, "null") == 0 || strcmp(v->text, "~") == 0);
}

/* The scalar under key, NULL when missing or null. */
static int
look_up(const struct ct_yaml **out, const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key,
    bool need, const char *expected, struct ct_error *err)
{
	const struct ct_yaml *v;

	*out = NULL;
	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "expected a map with \"%s\", found %s", key,
		    map->kind == CT_YAML_LIST ? "a list" : "plain text");
	v = ct_yaml_get(map, key);
	if (v && is_null(v))
		v = NULL;
	if (!v && need)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "\"%s\" is missing", key);
	if (v && v->kind != CT_YAML_SCALAR)
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "\"%s\": expected %s, found a %s", key, expected,
		    v->kind == CT_YAML_LIST ? "list" : "map");
	*out = v;
	return CT_OK;
}

int
ct_yaml_string(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need,
    const char **out, struct ct_error *err)
{
	const struct ct_yaml *v;
	int code = look_up(&v, d, map, key, need, "text", err);

	if (code == CT_OK && v)
		*out = v->text;
	return code;
}

/* The scalar v, which the key has as its value or in its list, as an integer. */
static int
read_int(const struct ct_yaml_doc *d, const struct ct_yaml *v, const char *key, int min, int max, int *out,
    struct ct_error *err)
{
	long x;

	if (v->quoted || !ct_text_long(v->text, &x))
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "\"%s\": expected an integer, found \"%s\"", key,
		    v->text);
	if (x < min || x > max)
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "\"%s\": expected %d to %d, found %ld", key, min,
		    max, x);
	*out = (int)x;
	return CT_OK;
}

int
ct_yaml_int(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need, int min,
    int max, int *out, struct ct_error *err)
{
	const struct ct_yaml *v;
	int code = look_up(&v, d, map, key, need, "an integer", err);

	return code != CT_OK || !v ? code : read_int(d, v, key, min, max, out, err);
}

int
ct_yaml_ints(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, int most, int max,
    int *out, int *n, struct ct_error *err)
{
	const struct ct_yaml *v = ct_yaml_get(map, key);
	int code = CT_OK;

	if (!v)
		return CT_OK;
	if (v->kind != CT_YAML_LIST || v->n > most)
		return ct_yaml_fail(d, v, CT_EFORMAT, err,
		    "\"%s\": expected a list of at most %d integers", key, most);
	for (int i = 0; i < v->n && code == CT_OK; i++)
		code = v->items[i].kind == CT_YAML_SCALAR ?
		    read_int(d, &v->items[i], key, 1, max, &out[i], err) :
		    ct_yaml_fail(d, &v->items[i], CT_EFORMAT, err, "\"%s\": expected a list of integers",
		    key);
	*n = v->n;
	return code;
}

int
ct_yaml_double(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need, double min,
    double max, double *out, struct ct_error *err)
{
	const struct ct_yaml *v;
	int code = look_up(&v, d, map, key, need, "a number", err);
	double x;

	if (code != CT_OK || !v)
		return code;
	if (v->quoted || !ct_text_double(v->text, &x))
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "\"%s\": expected a number, found \"%s\"", key,
		    v->text);
	if (x < min || x > max)
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "\"%s\": expected %g to %g, found %g", key, min,
		    max, x);
	*out = x;
	return CT_OK;
}

int
ct_yaml_bool(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need, bool *out,
    struct ct_error *err)
{
	const struct ct_yaml *v;
	int code = look_up(&v, d, map, key, need, "true or false", err);
	bool yes, no;

	if (code != CT_OK || !v)
		return code;
	yes = strcmp(v->text, "true") == 0 || strcmp(v->text, "True") == 0;
	no = strcmp(v->text, "false") == 0 || strcmp(v->text, "False") == 0;
	if (v->quoted || (!yes && !no))
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "\"%s\": expected true or false, found \"%s\"",
		    key, v->text);
	*out = yes;
	return CT_OK;
}

int
ct_yaml_only(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *const *keys,
    struct ct_error *err)
{
	for (int i = 0; i < map->n && map->kind == CT_YAML_MAP; i++) {
		const char *key = map->items[i].key, *near = NULL;
		int best = 4;
		bool known = false;

		for (const char *const *k = keys; *k && !known; k++) {
			int distance = ct_text_distance(key, *k, 3);

			known = distance == 0;
			if (distance < best) {
				best = distance;
				near = *k;
			}
		}
		if (!known && near)
			return ct_yaml_fail(d, &map->items[i], CT_EFORMAT, err,
			    "unknown key \"%s\"; did you mean \"%s\"?", key, near);
		if (!known)
			return ct_yaml_fail(d, &map->items[i], CT_EFORMAT, err, "unknown key \"%s\"", key);
	}
	return CT_OK;
}

int
ct_yaml_fail(const struct ct_yaml_doc *d, const struct ct_yaml *at, int code, struct ct_error *err,
    const char *fmt, ...)
{
	char msg[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return ct_fail(err, code, "%s:%d: %s", d->path, at ? at->line : 1, msg);
}
