/*
 * buffer: a text that grows as it is written, or is passed on to a file. It remembers whether any of the text
 * was lost because memory ran out or the file could not be written, which the C library's open_memstream does
 * not always do.
 *
 * Writers need not check every step: after a failure all further text is dropped, and the end reports the
 * failure.
 */
#ifndef CT_BASE_BUFFER_H
#define CT_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Takes the next n bytes of a text. Returns 0, or a code with *err filled. */
typedef int (*ct_drain_fn)(void *ctx, const char *text, size_t n, struct ct_error *err);

/* A zeroed one is empty and keeps all that is written to it. */
struct ct_buffer {
	char *text;			/* n bytes and a NUL; NULL while nothing was written */
	size_t n, room;
	bool lost;
	ct_drain_fn drain;		/* the text goes here in pieces; NULL: it is kept */
	void *ctx;
	struct ct_error *err;		/* gets the drain's first failure; may be NULL */
	int code;			/* of the drain */
};

void ct_buffer_add(struct ct_buffer *b, const char *text, size_t n);
void ct_buffer_puts(struct ct_buffer *b, const char *text);
void ct_buffer_printf(struct ct_buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ct_buffer_vprintf(struct ct_buffer *b, const char *fmt,
    va_list ap) __attribute__((format(printf, 2, 0)));

/*
 * The text, to be freed by the caller ("" if nothing was written), or NULL if any of it was lost. Afterwards
 * b is empty.
 */
char *ct_buffer_take(struct ct_buffer *b, size_t *n);
void ct_buffer_free(struct ct_buffer *b);

/*
 * Passes on what a buffer with a drain still holds. 0, or the code of whatever failed first; the buffer is
 * empty again.
 */
int ct_buffer_finish(struct ct_buffer *b);

#endif
