/*
 * options: what a person can have otherwise, as config.yaml sets it for the beginning and `set` at any time.
 *
 * The one table of their names and values; reading config.yaml is `settings`' part.
 */
#ifndef TUI_OPTIONS_H
#define TUI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct app;

struct option_entry {
	const char *name;
	const char *values;	/* with blanks between; <...> where there are too many to name */
	const char *note;
	/* What it is now; returns buf. */
	const char *(*get)(const struct app *a, char *buf, size_t size);
	/* Returns enum did; NULL: the command of that name does it. */
	int (*set)(struct app *a, const char *value);
};

/* The i-th option, NULL after the last. */
const struct option_entry *option_at(int i);
/* Its index, or -1. */
int option_find(const char *name);
/* Is it one of the values that an option names? */
bool option_has(const struct option_entry *o, const char *value);
/* "default, dark, light": its values for a message; returns buf. */
const char *option_values(const struct option_entry *o, char *buf, size_t size);
/* Sets an option of the running program; returns enum did. */
int option_set(struct app *a, int option, const char *value);
/* The value after the one it has, of those that it names; NULL: it names none. */
const char *option_next(const struct app *a, int option, char *buf, size_t size);

#endif
