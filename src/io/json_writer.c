/* json_writer: see json_writer.h. */
#include "io/json_writer.h"

#include "config.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void
new_line(struct ct_writer *w, int depth)
{
	static const char blanks[CT_WRITER_DEPTH + 1] = "                                ";

	if (!w->indent)
		return;
	ct_buffer_add(w->to, "\n", 1);
	for (; depth > CT_WRITER_DEPTH; depth -= CT_WRITER_DEPTH)
		ct_buffer_add(w->to, blanks, CT_WRITER_DEPTH);
	ct_buffer_add(w->to, blanks, (size_t)depth);
}

/* Writes one code point of a string, as ASCII. */
static void
put_code_point(struct ct_buffer *to, uint32_t cp)
{
	static const char from[] = "\"\\\b\f\n\r\t", as[] = "\"\\bfnrt";
	const char *at = cp && cp < 0x80 ? strchr(from, (int)cp) : NULL;
	char c = (char)cp, escape[2] = { '\\', 0 };

	if (at) {
		escape[1] = as[at - from];
		ct_buffer_add(to, escape, 2);
	} else if (cp >= ' ' && cp < 0x7F) {
		ct_buffer_add(to, &c, 1);
	} else if (cp <= 0xFFFF) {
		ct_buffer_printf(to, "\\u%04X", (unsigned)cp);
	} else {
		ct_buffer_printf(to, "\\u%04X\\u%04X", (unsigned)(0xD800 + ((cp - 0x10000) >> 10)),
		    (unsigned)(0xDC00 + ((cp - 0x10000) & 0x3FF)));
	}
}

/* Writes runs of plain characters at once. */
static size_t
plain(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= ' ' && s[i] < 0x7F && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

static void
put_string(struct ct_buffer *to, const char *s)
{
	size_t n = strlen(s), run;

	ct_buffer_add(to, "\"", 1);
	for (size_t i = 0; i < n;) {
		uint32_t cp;

		run = plain(s + i, n - i);
		ct_buffer_add(to, s + i, run);
		i += run;
		if (i < n) {
			i += (size_t)ct_utf8_decode(s + i, n - i, &cp);
			put_code_point(to, cp);
		}
	}
	ct_buffer_add(to, "\"", 1);
}

/* Writes what comes before a value: a comma, a new line, the name. */
static void
begin(struct ct_writer *w, const char *key)
{
	if (!w->first)
		ct_buffer_add(w->to, ",", 1);
	w->first = false;
	if (w->depth > 0)
		new_line(w, w->depth);
	if (!key)
		return;
	put_string(w->to, key);
	ct_buffer_add(w->to, ": ", w->indent ? 2 : 1);
}

/* Writes what follows the last value. */
static void
end(struct ct_writer *w)
{
	if (w->depth == 0)
		ct_buffer_add(w->to, "\n", 1);
}

void
ct_writer_init(struct ct_writer *w, struct ct_buffer *to, bool indent)
{
	*w = (struct ct_writer){ .to = to, .indent = indent, .first = true };
}

void
ct_writer_document(struct ct_writer *w, struct ct_buffer *to, bool indent, int format)
{
	ct_writer_init(w, to, indent);
	ct_writer_object(w, NULL);
	ct_writer_string(w, "ctrace_version", PACKAGE_VERSION);
	ct_writer_integer(w, "format", format);
}

static void
open_bracket(struct ct_writer *w, const char *key, const char *bracket, char close)
{
	begin(w, key);
	ct_buffer_add(w->to, bracket, 1);
	w->first = true;
	if (w->depth < CT_WRITER_DEPTH)
		w->close[w->depth] = close;
	else
		w->to->lost = true;	/* deeper than our documents: the end reports a failure */
	w->depth++;
}

void
ct_writer_object(struct ct_writer *w, const char *key)
{
	open_bracket(w, key, "{", '}');
}

void
ct_writer_list(struct ct_writer *w, const char *key)
{
	open_bracket(w, key, "[", ']');
}

void
ct_writer_end(struct ct_writer *w)
{
	w->depth--;
	if (!w->first)
		new_line(w, w->depth);
	w->first = false;
	if (w->depth < CT_WRITER_DEPTH)
		ct_buffer_add(w->to, &w->close[w->depth], 1);
	end(w);
}

void
ct_writer_string(struct ct_writer *w, const char *key, const char *s)
{
	begin(w, key);
	put_string(w->to, s);
	end(w);
}

void
ct_writer_integer(struct ct_writer *w, const char *key, long long v)
{
	begin(w, key);
	ct_buffer_printf(w->to, "%lld", v);
	end(w);
}

/*
 * The 9 digits that restore a float, with a point or an exponent, so that a reader does not take it for an
 * integer.
 */
void
ct_writer_number(struct ct_writer *w, const char *key, double v)
{
	char text[40], *e;

	if (!isfinite(v)) {
		ct_writer_null(w, key);
		return;
	}
	snprintf(text, sizeof text, "%.9g", v);
	if (!strpbrk(text, ".e"))
		memcpy(text + strlen(text), ".0", 3);
	/* 1e+06 as 1e6, 1e-06 as 1e-6. */
	if ((e = strchr(text, 'e'))) {
		char *digits = e + 1 + (e[1] == '+' || e[1] == '-'), *to = e + 1 + (e[1] == '-');

		while (*digits == '0')
			digits++;
		memmove(to, digits, strlen(digits) + 1);
	}
	begin(w, key);
	ct_buffer_puts(w->to, text);
	end(w);
}

void
ct_writer_bool(struct ct_writer *w, const char *key, bool v)
{
	begin(w, key);
	ct_buffer_puts(w->to, v ? "true" : "false");
	end(w);
}

void
ct_writer_null(struct ct_writer *w, const char *key)
{
	begin(w, key);
	ct_buffer_puts(w->to, "null");
	end(w);
}

void
ct_writer_tree(struct ct_writer *w, const char *key, const json_t *v)
{
	const char *name;
	json_t *item;
	size_t i;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		ct_writer_object(w, key);
		json_object_foreach((json_t *)(uintptr_t)v, name, item)
			ct_writer_tree(w, name, item);
		ct_writer_end(w);
		break;
	case JSON_ARRAY:
		ct_writer_list(w, key);
		json_array_foreach(v, i, item)
			ct_writer_tree(w, NULL, item);
		ct_writer_end(w);
		break;
	case JSON_STRING: ct_writer_string(w, key, json_string_value(v)); break;
	case JSON_INTEGER: ct_writer_integer(w, key, json_integer_value(v)); break;
	case JSON_REAL: ct_writer_number(w, key, json_real_value(v)); break;
	case JSON_TRUE: ct_writer_bool(w, key, true); break;
	case JSON_FALSE: ct_writer_bool(w, key, false); break;
	case JSON_NULL: ct_writer_null(w, key); break;
	}
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The code unit of an escape \uXXXX at s, of which n bytes are left; -1: there is none. */
static int
unit_at(const char *s, size_t n)
{
	unsigned unit;
	int end = 0;

	return n >= 6 && s[0] == '\\' && s[1] == 'u' && sscanf(s + 2, "%4x%n", &unit, &end) == 1 &&
	    end == 4 ? (int)unit : -1;
}

/* Writes an escape unchanged, or U+FFFD if it is not a character; returns its length. */
static size_t
copy_escape(struct ct_writer *w, const char *s, size_t n)
{
	int unit = unit_at(s, n), low = unit_at(s + 6, n > 6 ? n - 6 : 0);
	bool pair = unit >= 0xD800 && unit < 0xDC00 && low >= 0xDC00 && low < 0xE000;
	size_t len = pair ? 12 : unit >= 0 ? 6 : n < 2 ? n : 2;

	if (w->lenient && !pair && (unit == 0 || (unit >= 0xD800 && unit < 0xE000)))
		ct_buffer_puts(w->to, "\\uFFFD");
	else
		ct_buffer_add(w->to, s, len);
	return len;
}

/* Writes a string with its quotes; returns its length. */
static size_t
copy_string(struct ct_writer *w, const char *s, size_t n)
{
	size_t i = 1;

	ct_buffer_add(w->to, "\"", 1);
	while (i < n && s[i] != '"') {
		size_t run = plain(s + i, n - i);
		uint32_t cp;

		ct_buffer_add(w->to, s + i, run);
		i += run;
		if (i < n && s[i] == '\\') {
			i += copy_escape(w, s + i, n - i);
		} else if (i < n && s[i] != '"') {
			i += (size_t)ct_utf8_decode(s + i, n - i, &cp);
			put_code_point(w->to, cp);
		}
	}
	ct_buffer_add(w->to, "\"", 1);
	return i < n ? i + 1 : n;
}

/* Writes a number or a word; returns its length. */
static size_t
copy_scalar(struct ct_buffer *to, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !is_space(s[i]) && !strchr(",:]}", s[i]))
		i++;
	if (*s == 'N' || *s == 'I' || (i > 1 && s[0] == '-' && s[1] == 'I'))
		ct_buffer_puts(to, "null");
	else
		ct_buffer_add(to, s, i);
	return i ? i : 1;
}

static void
copy_value(struct ct_writer *w, const char *text, size_t n)
{
	int depth = w->depth;

	for (size_t i = 0; i < n;) {
		const char *s = text + i;

		if (is_space(*s)) {
			i++;
		} else if (*s == '"') {
			i += copy_string(w, s, n - i);
		} else if (*s == '{' || *s == '[') {
			ct_buffer_add(w->to, s, 1);
			for (i++; i < n && is_space(text[i]); i++)
				;
			if (i < n && (text[i] == '}' || text[i] == ']'))
				ct_buffer_add(w->to, text + i++, 1);
			else
				new_line(w, ++depth);
		} else if (*s == '}' || *s == ']') {
			new_line(w, depth = depth > 0 ? depth - 1 : 0);
			ct_buffer_add(w->to, s, 1);
			i++;
		} else if (*s == ',') {
			ct_buffer_add(w->to, s, 1);
			new_line(w, depth);
			i++;
		} else if (*s == ':') {
			ct_buffer_add(w->to, ": ", w->indent ? 2 : 1);
			i++;
		} else {
			i += copy_scalar(w->to, s, n - i);
		}
	}
}

void
ct_writer_raw_field(struct ct_writer *w, const char *key, size_t n_key, const char *text, size_t n)
{
	begin(w, NULL);
	copy_string(w, key, n_key);
	ct_buffer_add(w->to, ": ", w->indent ? 2 : 1);
	copy_value(w, text, n);
	end(w);
}

void
ct_writer_raw(struct ct_writer *w, const char *key, const char *text, size_t n)
{
	begin(w, key);
	copy_value(w, text, n);
	end(w);
}
