/*
 * lesson_check: what a step of a lesson expects to see: tokens, probabilities, labels, scores.
 *
 * One table row for each kind of expectation: its key in the file, its words on the screen, its test.
 */
#ifndef TUI_LESSON_CHECK_H
#define TUI_LESSON_CHECK_H

#include <stdbool.h>

#include "io/yaml.h"

struct app;

struct lesson_check {
	const struct lesson_check_kind *kind;
	const char *text;	/* token, label, name: lent by the file */
	double number;
	const char *at;		/* where top, likely ... look: position or token; NULL: the last one */
};

/* Reads a step's `expect:` map into at most max expectations. Returns how many, or a code. */
int lesson_check_read(const struct ct_yaml_doc *d, const struct ct_yaml *map, struct lesson_check *out,
    int max,
    struct ct_error *err);

/* Does it hold now? found (may be NULL): what is there instead. */
bool lesson_check_holds(struct app *a, const struct lesson_check *e, char *found, size_t size);

/* "the model says Austin", "Austin at least 60%". */
const char *lesson_check_words(const struct lesson_check *e, char *buf, size_t size);

#endif
