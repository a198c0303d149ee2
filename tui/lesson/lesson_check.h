/*
 * lesson_check: what a step of a lesson expects to be true: tokens, probabilities, labels, scores.
 *
 * Each kind of expectation is one row of a table: its key in the file, its words on the screen, and its test.
 */
#ifndef TUI_LESSON_CHECK_H
#define TUI_LESSON_CHECK_H

#include <stdbool.h>

#include "io/yaml.h"

struct app;

struct lesson_check {
	const struct lesson_check_kind *kind;
	const char *text;	/* a token, label or name, lent by the file */
	double number;
	const char *at;		/* position or token that top, likely ... refer to; NULL: the last one */
};

/* Reads a step's `expect:` map as at most max expectations. Returns how many, or a code. */
int lesson_check_read(const struct ct_yaml_doc *d, const struct ct_yaml *map, struct lesson_check *out,
    int max, struct ct_error *err);

/* Whether it is true now. found (may be NULL): what is true instead. */
bool lesson_check_holds(struct app *a, const struct lesson_check *e, char *found, size_t size);

/* As text: "the model says Austin", "Austin at least 60%". */
const char *lesson_check_words(const struct lesson_check *e, char *buf, size_t size);

#endif
