/*
 * lines: a text that grows by lines, such as the one a session is written as.
 */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char *text;		/* NUL-terminated; NULL while there are none */
	size_t n, size;
	bool failed;		/* out of memory, or a line that would not be one; nothing was added since */
};

/* Adds a line; the end of the line is added too. */
void lines_add(struct lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lines_free(struct lines *l);

#endif
