/*
 * error: how a fallible function tells its caller what went wrong.
 *
 * Owns the status codes and the one-line message. Printing it, and deciding whether to go on, belong to the
 * programs: the engine never prints or exits.
 *
 * Convention: `int f(..., struct ct_error *err)` returns CT_OK or a negative code and has then filled `err`
 * (which may be NULL) with one line that says what, where (file, tensor or field, byte offset or line),
 * expected, found, and what to do.
 */
#ifndef CT_BASE_ERROR_H
#define CT_BASE_ERROR_H

enum ct_status {
	CT_OK = 0,
	CT_EIO = -1,		/* the operating system refused */
	CT_EFORMAT = -2,	/* a file is not what it should be */
	CT_EINVAL = -3,		/* the request makes no sense */
	CT_ENOMEM = -4,		/* not enough memory; the message says how much */
	CT_ENOTFOUND = -5,	/* no such word, feature, model, ... */
	CT_ECANCELLED = -6,	/* a progress function returned false */
	CT_EUNSUPPORTED = -7	/* valid, but not supported; the message names it */
};

struct ct_error {
	int code;
	char msg[4096];	/* room for a list of what is missing */
};

/* Fills err (if not NULL), cut to fit, and returns code: `return ct_fail(...)`. */
int ct_fail(struct ct_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message, for callers that know the place. Returns err's code. */
int ct_fail_in(struct ct_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "out of memory: N bytes for WHAT". */
int ct_fail_memory(struct ct_error *err, unsigned long long bytes, const char *what);

#endif
