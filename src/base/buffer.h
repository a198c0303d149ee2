/*
 * buffer: a text that grows as it is written to, and knows whether something was lost for want of memory. (The C
 * library's open_memstream does not always.)
 */
#ifndef CT_BASE_BUFFER_H
#define CT_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* A zeroed one is empty. */
struct ct_buffer {
	char *text;			/* n bytes and a NUL; NULL while nothing was written */
	size_t n, room;
	bool lost;
};

void ct_buffer_add(struct ct_buffer *b, const char *text, size_t n);
void ct_buffer_puts(struct ct_buffer *b, const char *text);
void ct_buffer_printf(struct ct_buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text, to be freed by the caller ("" when nothing was written), or NULL when some of it was lost. b is empty again. */
char *ct_buffer_take(struct ct_buffer *b, size_t *n);
void ct_buffer_free(struct ct_buffer *b);

#endif
