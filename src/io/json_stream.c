/* json_stream: see json_stream.h. */
#include "io/json_stream.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { MAX_DEPTH = 2048 };	/* as jansson */

int
ct_stream_fail(const struct ct_stream *s, size_t at, struct ct_error *err, const char *fmt, ...)
{
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return ct_fail(err, CT_EFORMAT, "%s: byte %zu: %s", s->where, at, msg);
}

static void
skip_space(struct ct_stream *s)
{
	while (s->at < s->n && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at])
		s->at++;
}

static bool
starts(const struct ct_stream *s, const char *word)
{
	return strncmp(s->text + s->at, word, strlen(word)) == 0;
}

char
ct_stream_peek(struct ct_stream *s)
{
	char c;

	skip_space(s);
	if (s->at >= s->n)
		return 0;
	c = s->text[s->at];
	if (starts(s, "NaN") || starts(s, "Infinity") || starts(s, "-Infinity"))
		return 'N';
	if (c == '-' || isdigit((unsigned char)c))
		return '0';
	if (c == '{' || c == '[' || c == '"')
		return c;
	return starts(s, "true") ? 't' : starts(s, "false") ? 'f' : starts(s, "null") ? 'n' : '?';
}

const char *
ct_stream_kind(char peeked)
{
	switch (peeked) {
	case '{': return "an object";
	case '[': return "a list";
	case '"': return "a string";
	case '0': return "a number";
	case 't': return "true";
	case 'f': return "false";
	case 'n': return "null";
	case 'N': return "a number that is not finite";
	case 0: return "the end of the file";
	default: return "what is no JSON";
	}
}

static int
expect(struct ct_stream *s, char kind, const char *what, struct ct_error *err)
{
	char found = ct_stream_peek(s);

	if (found == kind)
		return CT_OK;
	return ct_stream_fail(s, s->at, err, "%s: expected %s, found %s", what, ct_stream_kind(kind),
	    ct_stream_kind(found));
}

static int
open_container(struct ct_stream *s, char bracket, struct ct_error *err)
{
	char found = ct_stream_peek(s);

	if (found != bracket)
		return ct_stream_fail(s, s->at, err, "expected %s, found %s", ct_stream_kind(bracket),
		    ct_stream_kind(found));
	s->at++;
	s->first = 1;
	return CT_OK;
}

int
ct_stream_object(struct ct_stream *s, struct ct_error *err)
{
	return open_container(s, '{', err);
}

int
ct_stream_list(struct ct_stream *s, struct ct_error *err)
{
	return open_container(s, '[', err);
}

/* 1: one more element follows; 0: the container ended. */
static int
next(struct ct_stream *s, char bracket, struct ct_error *err)
{
	int first = s->first;

	s->first = 0;
	skip_space(s);
	if (s->at >= s->n)
		return ct_stream_fail(s, s->at, err, "the file ends inside %s: it was cut off",
		    bracket == '}' ? "an object" : "a list");
	if (s->text[s->at] == bracket) {
		s->at++;
		return 0;
	}
	if (first)
		return 1;
	if (s->text[s->at] != ',')
		return ct_stream_fail(s, s->at, err, "expected ',' or '%c'", bracket);
	s->at++;
	return 1;
}

int
ct_stream_item(struct ct_stream *s, struct ct_error *err)
{
	return next(s, ']', err);
}

/* Four hexadecimal digits, or -1. */
static int
hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];

		if (!isxdigit(c))
			return -1;
		v = v * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return v;
}

/* The code unit of the escape \uXXXX at p, or -1. */
static int
unit_at(const char *p)
{
	return p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
}

/* The escape at p, which begins with its backslash, as *cp; returns its length, or 0. */
static size_t
unescape(const char *p, uint32_t *cp)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = p[1] ? strchr(from, p[1]) : NULL;
	int unit, low;

	if (at) {
		*cp = (uint32_t)to[at - from];
		return 2;
	}
	if ((unit = unit_at(p)) < 0)
		return 0;
	*cp = unit == 0 || (unit >= 0xD800 && unit < 0xE000) ? 0xFFFD : (uint32_t)unit;
	if (unit < 0xD800 || unit > 0xDBFF || (low = unit_at(p + 6)) < 0xDC00 || low > 0xDFFF)
		return 6;
	*cp = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
	return 12;
}

/* Skips a string; anything else is an error. */
static int
skip_string(struct ct_stream *s, const char *what, struct ct_error *err)
{
	size_t start = s->at++, len;
	uint32_t cp;

	while (s->at < s->n) {
		unsigned char c = (unsigned char)s->text[s->at];

		if (c == '"') {
			s->at++;
			return CT_OK;
		}
		if (c < ' ')
			return ct_stream_fail(s, s->at, err, "%s: a control character in a string", what);
		len = c == '\\' ? unescape(s->text + s->at, &cp) : 1;
		if (!len && s->at + 6 < s->n)
			return ct_stream_fail(s, s->at, err, "%s: a bad escape in a string", what);
		s->at += len ? len : s->n;
	}
	s->at = s->n;
	return ct_stream_fail(s, start, err, "%s: a string without an end: the file was cut off", what);
}

/* The character of a string at *at, before its end, as UTF-8; returns its length. */
static size_t
decode(const struct ct_stream *s, size_t *at, size_t end, char *dst)
{
	uint32_t cp;

	*at += s->text[*at] == '\\' ? unescape(s->text + *at, &cp)
	    : (size_t)ct_utf8_decode(s->text + *at, end - *at, &cp);
	return (size_t)ct_utf8_encode(cp, dst);
}

int
ct_stream_string(struct ct_stream *s, const char *what, char **out, struct ct_error *err)
{
	size_t start, end, n = 0;
	int code = expect(s, '"', what, err);

	if (code < 0)
		return code;
	start = s->at + 1;
	if ((code = skip_string(s, what, err)) < 0)
		return code;
	end = s->at - 1;
	/*
	 * A byte that is not UTF-8 becomes U+FFFD, three bytes; an escape is longer than what it stands for.
	 */
	for (size_t i = start; i < end; i++)
		n += s->text[i] & 0x80 ? 3 : 1;
	*out = ct_arena_alloc(s->strings, n + 4, 1);
	if (!*out)
		return ct_fail_memory(err, n, what);
	for (n = 0; start < end;)
		n += decode(s, &start, end, *out + n);
	(*out)[n] = '\0';
	return CT_OK;
}

int
ct_stream_key(struct ct_stream *s, const char **key, struct ct_error *err)
{
	int code = next(s, '}', err);
	size_t at, n = 0;

	if (code <= 0)
		return code;
	if ((code = expect(s, '"', "the name of a field", err)) < 0)
		return code;
	s->key_span.start = s->at;
	at = s->at + 1;
	if ((code = skip_string(s, "the name of a field", err)) < 0)
		return code;
	s->key_span.end = s->at;
	while (at + 1 < s->at && n + 4 < sizeof s->key)
		n += decode(s, &at, s->at - 1, s->key + n);
	s->key[n] = '\0';
	*key = s->key;
	skip_space(s);
	if (s->text[s->at] != ':')
		return ct_stream_fail(s, s->at, err, "expected ':' after \"%.40s\"", s->key);
	s->at++;
	return 1;
}

/* The length of the number at p by JSON's grammar, 0 if there is none. *whole: it is an integer. */
static size_t
number(const char *p, bool *whole)
{
	const char *q = p + (*p == '-');

	*whole = true;
	if (*q == '0')
		q++;
	else if (!isdigit((unsigned char)*q))
		return 0;
	else
		while (isdigit((unsigned char)*q))
			q++;
	if (*q == '.') {
		*whole = false;
		if (!isdigit((unsigned char)*++q))
			return 0;
		while (isdigit((unsigned char)*q))
			q++;
	}
	if (*q == 'e' || *q == 'E') {
		*whole = false;
		q++;
		q += *q == '+' || *q == '-';
		if (!isdigit((unsigned char)*q))
			return 0;
		while (isdigit((unsigned char)*q))
			q++;
	}
	return (size_t)(q - p);
}

int
ct_stream_double(struct ct_stream *s, const char *what, double *out, struct ct_error *err)
{
	int code = expect(s, '0', what, err);
	bool whole;
	size_t len;

	if (code < 0)
		return code;
	if (!(len = number(s->text + s->at, &whole)))
		return ct_stream_fail(s, s->at, err, "%s: not a number", what);
	*out = strtod(s->text + s->at, NULL);
	if (!isfinite(*out))
		return ct_stream_fail(s, s->at, err, "%s: %.*s is too large", what, len > 40 ? 40 : (int)len,
		    s->text + s->at);
	s->at += len;
	return CT_OK;
}

int
ct_stream_long(struct ct_stream *s, const char *what, long min, long max, long *out, struct ct_error *err)
{
	int code = expect(s, '0', what, err);
	bool whole;
	size_t len;

	if (code < 0)
		return code;
	len = number(s->text + s->at, &whole);
	errno = 0;
	*out = strtol(s->text + s->at, NULL, 10);
	if (!len || !whole || errno || *out < min || *out > max)
		return ct_stream_fail(s, s->at, err, "%s: expected an integer from %ld to %ld, found %.*s",
		    what, min, max, len > 40 ? 40 : (int)len, s->text + s->at);
	s->at += len;
	return CT_OK;
}

static int
skip_scalar(struct ct_stream *s, struct ct_error *err)
{
	char kind = ct_stream_peek(s);
	bool whole;
	size_t len = 0;

	switch (kind) {
	case '"': return skip_string(s, "a value", err);
	case '0': len = number(s->text + s->at, &whole); break;
	case 't': case 'n': len = 4; break;
	case 'f': len = 5; break;
	case 'N': len = strcspn(s->text + s->at, ",]} \t\r\n"); break;
	}
	if (!len)
		return ct_stream_fail(s, s->at, err, "expected a value, found %s", ct_stream_kind(kind));
	s->at += len;
	return CT_OK;
}

/* Not recursive: each open object or list is one bit. */
int
ct_stream_skip(struct ct_stream *s, struct ct_error *err)
{
	bool object[MAX_DEPTH];
	int depth = 0, code;

	do {
		char kind = ct_stream_peek(s);

		if (kind == '{' || kind == '[') {
			if (depth == MAX_DEPTH)
				return ct_stream_fail(s, s->at, err, "more than %d levels of brackets",
				    MAX_DEPTH);
			object[depth++] = kind == '{';
			s->at++;
			s->first = 1;
		} else if ((code = skip_scalar(s, err)) < 0) {
			return code;
		}
		/* Moves to the next value, past the ends of objects and lists. */
		while (depth > 0) {
			code = next(s, object[depth - 1] ? '}' : ']', err);
			if (code < 0)
				return code;
			if (code == 0) {
				depth--;
				continue;
			}
			if (!object[depth - 1])
				break;
			if (ct_stream_peek(s) != '"')
				return ct_stream_fail(s, s->at, err,
				    "the name of a field: expected a string");
			if ((code = skip_string(s, "the name of a field", err)) < 0)
				return code;
			skip_space(s);
			if (s->text[s->at] != ':')
				return ct_stream_fail(s, s->at, err,
				    "expected ':' after the name of a field");
			s->at++;
			break;
		}
	} while (depth > 0);
	return CT_OK;
}

int
ct_stream_end(struct ct_stream *s, struct ct_error *err)
{
	skip_space(s);
	if (s->at < s->n)
		return ct_stream_fail(s, s->at, err, "something follows the end of the graph");
	return CT_OK;
}
