/* lines: a text that grows by lines, such as a session. */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char *text;		/* NUL-terminated; NULL: no lines yet */
	size_t n, size;
	/* memory ran out, or a text had a line break in it; nothing was added since */
	bool failed;
};

/* Adds a line and its newline. */
void lines_add(struct lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lines_free(struct lines *l);

#endif
