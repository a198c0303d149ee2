/* error: see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes back the first bytes of a character that was cut off at the end. */
static void
end_whole(char *msg, size_t size)
{
	size_t n = strlen(msg), lead = n;

	if (n + 1 < size)
		return;
	while (lead > 0 && n - lead < 3 && ((unsigned char)msg[lead - 1] & 0xC0) == 0x80)
		lead--;
	if (lead > 0 && (unsigned char)msg[lead - 1] >= 0xC0) {
		unsigned char first = (unsigned char)msg[--lead];

		if (n - lead < (first >= 0xF0 ? 4u : first >= 0xE0 ? 3u : 2u))
			msg[lead] = '\0';
	}
}

int
ct_fail(struct ct_error *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(err->msg, sizeof err->msg, fmt, ap);
		va_end(ap);
		end_whole(err->msg, sizeof err->msg);
		err->code = code;
	}
	return code;
}

/* Puts s at msg[at..), cut to fit; returns where it ends. */
static size_t
append(char *msg, size_t size, size_t at, const char *s)
{
	size_t n = strlen(s), room = size - 1 - at;

	n = n < room ? n : room;
	memcpy(msg + at, s, n);
	msg[at + n] = '\0';
	return at + n;
}

int
ct_fail_in(struct ct_error *err, const char *fmt, ...)
{
	char old[sizeof err->msg];
	va_list ap;
	int n;

	if (!err)
		return CT_EFORMAT;
	memcpy(old, err->msg, sizeof old);
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof err->msg)
		append(err->msg, sizeof err->msg, append(err->msg, sizeof err->msg, (size_t)n, ": "), old);
	end_whole(err->msg, sizeof err->msg);
	return err->code;
}

int
ct_fail_memory(struct ct_error *err, unsigned long long bytes, const char *what)
{
	return ct_fail(err, CT_ENOMEM, "out of memory: %llu bytes for %s", bytes, what);
}
