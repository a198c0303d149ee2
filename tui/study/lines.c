/* lines: see lines.h. */
#include "tui/study/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
make_room(struct lines *l, size_t more)
{
	size_t size = l->size ? l->size : 512;
	char *text;

	if (l->n + more <= l->size)
		return true;
	while (size < l->n + more)
		size *= 2;
	text = realloc(l->text, size);
	if (!text)
		return false;
	l->text = text;
	l->size = size;
	return true;
}

void
lines_add(struct lines *l, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	if (l->failed)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0 || !make_room(l, (size_t)n + 2)) {
		l->failed = true;
	} else {
		vsnprintf(l->text + l->n, (size_t)n + 1, fmt, again);
		if (memchr(l->text + l->n, '\n', (size_t)n)) {
			l->failed = true;
			l->text[l->n] = '\0';
		} else {
			l->n += (size_t)n;
			l->text[l->n++] = '\n';
			l->text[l->n] = '\0';
		}
	}
	va_end(again);
	va_end(ap);
}

void
lines_free(struct lines *l)
{
	free(l->text);
	*l = (struct lines){ .text = NULL };
}
