/* buffer: see buffer.h. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 256, PIECE = 1 << 16 };

/* Makes room for n more bytes and a NUL. */
static bool
reserve(struct ct_buffer *b, size_t n)
{
	size_t room = b->room ? b->room : FIRST;
	char *text;

	if (b->lost || n > SIZE_MAX / 4 - b->n)
		b->lost = true;
	if (b->lost || b->n + n < b->room)
		return !b->lost;
	while (room <= b->n + n)
		room *= 2;
	text = realloc(b->text, room);
	if (!text) {
		b->lost = true;
		return false;
	}
	b->text = text;
	b->room = room;
	return true;
}

/* Passes the text gathered so far to the drain. */
static void
pass_on(struct ct_buffer *b)
{
	if (!b->lost && b->n > 0)
		b->code = b->drain(b->ctx, b->text, b->n, b->err);
	b->lost |= b->code < 0;
	b->n = 0;
}

void
ct_buffer_add(struct ct_buffer *b, const char *text, size_t n)
{
	if (!reserve(b, n))
		return;
	memcpy(b->text + b->n, text, n);
	b->n += n;
	b->text[b->n] = '\0';
	if (b->drain && b->n >= PIECE)
		pass_on(b);
}

void
ct_buffer_puts(struct ct_buffer *b, const char *text)
{
	ct_buffer_add(b, text, strlen(text));
}

void
ct_buffer_vprintf(struct ct_buffer *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		b->lost = true;
	if (n < 0 || !reserve(b, (size_t)n))
		return;
	vsnprintf(b->text + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
	if (b->drain && b->n >= PIECE)
		pass_on(b);
}

void
ct_buffer_printf(struct ct_buffer *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ct_buffer_vprintf(b, fmt, ap);
	va_end(ap);
}

char *
ct_buffer_take(struct ct_buffer *b, size_t *n)
{
	char *text;

	ct_buffer_add(b, "", 0);
	text = b->lost ? NULL : b->text;
	if (n)
		*n = text ? b->n : 0;
	if (!text)
		free(b->text);
	*b = (struct ct_buffer){ 0 };
	return text;
}

void
ct_buffer_free(struct ct_buffer *b)
{
	free(b->text);
	*b = (struct ct_buffer){ 0 };
}

int
ct_buffer_finish(struct ct_buffer *b)
{
	int code;

	if (b->drain)
		pass_on(b);
	code = b->code < 0 ? b->code : b->lost ? ct_fail_memory(b->err, PIECE, "a text") : CT_OK;
	ct_buffer_free(b);
	return code;
}
