/*
 * yaml: a checked YAML document as a tree with line numbers (libyaml underneath).
 *
 * No anchors, aliases, tags or duplicate keys; depth <= 32; size <= 1 MiB (recipes: 4 MiB). Owns the tree;
 * nodes lend their strings until it is closed. Scalars stay text: the getters convert.
 */
#ifndef CT_IO_YAML_H
#define CT_IO_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum ct_yaml_kind { CT_YAML_SCALAR, CT_YAML_LIST, CT_YAML_MAP };

struct ct_yaml {
	enum ct_yaml_kind kind;
	int line;			/* 1-based */
	bool quoted;			/* the scalar is in quotes, so it is never null */
	const char *key;		/* of this entry, in a map; else NULL */
	const char *text;		/* scalar */
	const struct ct_yaml *items;	/* list or map: n of them */
	int n;
};

struct ct_yaml_doc;

/* Parses text, or if it is NULL the file; path is the file, and its name in messages. */
int ct_yaml_open(struct ct_yaml_doc **out, const char *path, const char *text, size_t n,
    struct ct_error *err);
void ct_yaml_close(struct ct_yaml_doc *doc);
const struct ct_yaml *ct_yaml_root(const struct ct_yaml_doc *doc);
const char *ct_yaml_path(const struct ct_yaml_doc *doc);

/* A map's entry, or NULL. */
const struct ct_yaml *ct_yaml_get(const struct ct_yaml *map, const char *key);

/*
 * Typed getters: the key's value into *out; when the key is missing *out keeps its (default) value and
 * CT_OK is returned, unless `need`. Errors name file, line, key, expected and found.
 */
int ct_yaml_string(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need,
    const char **out, struct ct_error *err);
int ct_yaml_int(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need,
    int min, int max, int *out, struct ct_error *err);
/* At most `most` integers from 1 to max; *n becomes their number, and is kept if the key is missing. */
int ct_yaml_ints(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, int most, int max,
    int *out, int *n, struct ct_error *err);
int ct_yaml_double(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need,
    double min, double max, double *out, struct ct_error *err);
int ct_yaml_bool(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, bool need,
    bool *out, struct ct_error *err);

/* Fails on a key of the map that is not in the NULL-ended list, offering the nearest. */
int ct_yaml_only(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *const *keys,
    struct ct_error *err);

/* "FILE:LINE: message". Returns code. */
int ct_yaml_fail(const struct ct_yaml_doc *d, const struct ct_yaml *at, int code, struct ct_error *err,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
