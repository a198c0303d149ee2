/*
 * options: the program's options, which config.yaml sets at the start and `set` at any time.
 *
 * This is the only table of their names and values; settings.h reads config.yaml.
 */
#ifndef TUI_OPTIONS_H
#define TUI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct app;

struct option_entry {
	const char *name;
	const char *values;	/* separated by blanks; <...> if there are too many to list */
	const char *note;
	/* Its present value; returns buf. */
	const char *(*get)(const struct app *a, char *buf, size_t size);
	/* Returns an enum did; NULL: the command with the option's name does it. */
	int (*set)(struct app *a, const char *value);
};

/* The i-th option, NULL after the last. */
const struct option_entry *option_at(int i);
/* Its index, or -1. */
int option_find(const char *name);
/* Whether a value is one of those listed. */
bool option_has(const struct option_entry *o, const char *value);
/* Its values for a message: "default, dark, light". Returns buf. */
const char *option_values(const struct option_entry *o, char *buf, size_t size);
/* Sets an option; returns an enum did. */
int option_set(struct app *a, int option, const char *value);
/* The value that follows the present one in its list; NULL: it has no list. */
const char *option_next(const struct app *a, int option, char *buf, size_t size);

#endif
