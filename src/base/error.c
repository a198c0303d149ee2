/* error: see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
ct_fail(struct ct_error *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(err->msg, sizeof err->msg, fmt, ap);
		va_end(ap);
		err->code = code;
	}
	return code;
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
		snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %.*s",
		    (int)(sizeof err->msg - (size_t)n - 3 > 0 ? sizeof err->msg - (size_t)n - 3 : 0), old);
	return err->code;
}

int
ct_fail_memory(struct ct_error *err, unsigned long long bytes, const char *what)
{
	return ct_fail(err, CT_ENOMEM, "out of memory: %llu bytes for %s", bytes, what);
}
