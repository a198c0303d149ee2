/*
 * text: see text.h. UTF-8 and the sanitiser; column widths are in width.c.
 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD, NEWLINE_SYMBOL = 0x23CE, TAB_SYMBOL = 0x21E5, BLANK_SYMBOL = 0x2423,
	ELLIPSIS = 0x2026 };

static bool
valid_cp(uint32_t cp)
{
	return cp <= 0x10FFFF && !(cp >= 0xD800 && cp <= 0xDFFF);
}

int
ct_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c = u[0];
	int len;

	*cp = REPLACEMENT;
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
	if (c < 0xC2 || c > 0xF4 || (size_t)len > n)
		return 1;
	c &= 0x7Fu >> len;
	for (int i = 1; i < len; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return 1;
		c = c << 6 | (u[i] & 0x3F);
	}
	if (c < least[len] || !valid_cp(c))
		return 1;
	*cp = c;
	return len;
}

int
ct_utf8_encode(uint32_t cp, char out[4])
{
	if (!valid_cp(cp))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

/* Code points that reorder, join or hide text without being seen themselves. */
static bool
invisible(uint32_t cp)
{
	return cp == 0x00AD || cp == 0x034F || cp == 0x061C || cp == 0x115F || cp == 0x1160 || cp == 0x17B4 ||
	    cp == 0x17B5 || (cp >= 0x180B && cp <= 0x180F) || (cp >= 0x200B && cp <= 0x200F) ||
	    (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) || cp == 0x3164 ||
	    cp == 0xFEFF || cp == 0xFFA0 || (cp >= 0xFFF0 && cp <= 0xFFFB) ||
	    (cp >= 0x1BCA0 && cp <= 0x1BCA3) || (cp >= 0x1D173 && cp <= 0x1D17A) ||
	    (cp >= 0xE0000 && cp <= 0xE0FFF);
}

/* What is shown for one code point of the source; at most 12 bytes. */
static int
visible(char out[16], const char *src, int len, uint32_t cp)
{
	unsigned char byte = (unsigned char)*src;

	if (cp == '\n')
		return ct_utf8_encode(NEWLINE_SYMBOL, out);
	if (cp == '\t')
		return ct_utf8_encode(TAB_SYMBOL, out);
	if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
		return snprintf(out, 16, "\\x%02x", (unsigned)cp);
	if (cp == REPLACEMENT && len == 1)
		return snprintf(out, 16, "\\x%02x", (unsigned)byte);
	if (invisible(cp))
		return snprintf(out, 16, "\\u{%04X}", (unsigned)cp);
	memcpy(out, src, (size_t)len);
	return len;
}

size_t
ct_text_clean(char *dst, size_t size, const char *src, size_t n)
{
	size_t at = 0;

	if (!size)
		return 0;
	for (size_t i = 0; i < n;) {
		char out[16];
		uint32_t cp;
		int len = ct_utf8_decode(src + i, n - i, &cp);
		size_t w = (size_t)visible(out, src + i, len, cp);

		if (at + w >= size)
			break;
		memcpy(dst + at, out, w);
		at += w;
		i += (size_t)len;
	}
	dst[at] = '\0';
	return at;
}

/* Code points other than U+0020 that look like a blank. */
static bool
looks_blank(uint32_t cp)
{
	return cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x202F || cp == 0x205F ||
	    cp == 0x3000;
}

const char *
ct_text_word(char *dst, size_t size, const char *token)
{
	size_t n = strlen(token), blanks = strspn(token, " "), at = 0;
	char out[16];
	uint32_t cp;

	for (size_t i = 0; i < blanks && blanks == n; i++)
		if (at + 3 < size)
			at += (size_t)ct_utf8_encode(BLANK_SYMBOL, dst + at);
	for (size_t i = blanks; i < n;) {
		int len = ct_utf8_decode(token + i, n - i, &cp), w = len;

		memcpy(out, token + i, (size_t)len);
		if (looks_blank(cp) && (i == blanks || i + (size_t)len == n))
			w = snprintf(out, sizeof out, "\\u{%04X}", (unsigned)cp);
		if (at + (size_t)w >= size)
			break;
		memcpy(dst + at, out, (size_t)w);
		at += (size_t)w;
		i += (size_t)len;
	}
	if (size)
		dst[at] = '\0';
	return dst;
}

static bool
invalid(const char *s, size_t n)
{
	uint32_t cp;

	return ct_utf8_decode(s, n, &cp) == 1 && cp == REPLACEMENT;
}

/* Up to five bytes that belong to no character, from src[*i] on; *i moves past them. */
static int
bad_bytes(char out[16], const char *src, size_t n, size_t *i, size_t end)
{
	int len = 0;

	out[len++] = '<';
	for (int k = 0; k < 5 && *i < end && invalid(src + *i, n - *i); k++)
		len += snprintf(out + len, 16 - (size_t)len, "%02x", (unsigned)(unsigned char)src[(*i)++]);
	out[len++] = '>';
	return len;
}

/* The beginning of the character that src[start] is part of. */
static size_t
begin_of(const char *src, size_t n, size_t start)
{
	uint32_t cp;

	for (size_t back = 1; back <= 3 && back <= start && start < n; back++)
		if ((size_t)ct_utf8_decode(src + start - back, n - start + back, &cp) > back)
			return start - back;
	return start;
}

size_t
ct_text_piece(char *dst, size_t size, const char *src, size_t n, size_t start, size_t end)
{
	size_t at = 0;

	if (!size)
		return 0;
	for (size_t i = begin_of(src, n, start); i < end;) {
		char out[16];
		uint32_t cp;
		int len = ct_utf8_decode(src + i, n - i, &cp), w;

		if (invalid(src + i, n - i)) {
			w = bad_bytes(out, src, n, &i, end);
		} else {
			w = i + (size_t)len > end ? ct_utf8_encode(ELLIPSIS, out) :
			    visible(out, src + i, len, cp);
			i += (size_t)len;
		}
		if (at + (size_t)w >= size)
			break;
		memcpy(dst + at, out, (size_t)w);
		at += (size_t)w;
	}
	dst[at] = '\0';
	return at;
}

enum { MAX_DISTANCE_WORD = 128 };

/* The code points of s, or -1 when there are more than fit. */
static int
code_points(uint32_t out[MAX_DISTANCE_WORD], const char *s)
{
	size_t n = strlen(s);
	int count = 0;

	for (size_t i = 0; i < n; count++) {
		if (count == MAX_DISTANCE_WORD)
			return -1;
		i += (size_t)ct_utf8_decode(s + i, n - i, &out[count]);
	}
	return count;
}

static int
min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

int
ct_text_distance(const char *a, const char *b, int limit)
{
	uint32_t x[MAX_DISTANCE_WORD], y[MAX_DISTANCE_WORD];
	int rows[3][MAX_DISTANCE_WORD + 1];
	int *before = rows[0], *last = rows[1], *now = rows[2];
	int n = code_points(x, a), m = code_points(y, b);

	if (n < 0 || m < 0)
		return strcmp(a, b) == 0 ? 0 : limit + 1;
	if (abs(n - m) > limit)
		return limit + 1;
	for (int j = 0; j <= m; j++)
		last[j] = j;
	for (int i = 1; i <= n; i++) {
		int *spare = before;
		int best = now[0] = i;

		for (int j = 1; j <= m; j++) {
			int d = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x[i - 1] != y[j - 1]));

			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1] &&
			    before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			now[j] = d;
			best = d < best ? d : best;
		}
		/*
		 * Minima of neighbouring rows differ by at most 1, so a swap, from the row before, is too
		 * far, too.
		 */
		if (best > limit + 1)
			return limit + 1;
		before = last;
		last = now;
		now = spare;
	}
	return last[m] <= limit ? last[m] : limit + 1;
}

static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

const char *
ct_text_search(const char *text, const char *what)
{
	for (;; text++) {
		size_t i = 0;

		while (what[i] && lower(text[i]) == lower(what[i]))
			i++;
		if (!what[i])
			return text;
		if (!*text)
			return NULL;
	}
}

const char *
ct_text_within(const char *s, size_t n, const char *what)
{
	size_t length = strlen(what);

	for (size_t i = 0; length <= n && i <= n - length; i++)
		if (memcmp(s + i, what, length) == 0)
			return s + i;
	return NULL;
}

bool
ct_text_long(const char *s, long *out)
{
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*out = strtol(s, &end, 10);
	return errno == 0 && *end == '\0';
}

bool
ct_text_double(const char *s, double *out)
{
	char *end;

	if (!*s || s[strspn(s, "+-.0123456789eE")] != '\0')
		return false;
	*out = strtod(s, &end);
	return *end == '\0' && isfinite(*out);
}
