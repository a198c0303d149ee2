/*
 * text: UTF-8, columns, and the one sanitiser.
 *
 * Everything that is shown to a person (screen, stderr, logs) passes through ct_text_clean first: model files
 * and prompts come from strangers.
 */
#ifndef CT_BASE_TEXT_H
#define CT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one code point of s[0..n): returns its length in bytes (>= 1) and sets *cp. An invalid byte
 * (overlong, surrogate, > U+10FFFF, cut off) has length 1 and *cp = 0xFFFD. n > 0.
 */
int ct_utf8_decode(const char *s, size_t n, uint32_t *cp);

/* Encodes cp into out (4 bytes at most), returns the length. Invalid cp becomes U+FFFD. */
int ct_utf8_encode(uint32_t cp, char out[4]);

/* Columns of a code point on a terminal: 0 (combining), 1 or 2. From a table, not from the locale. */
int ct_cp_width(uint32_t cp);

/* Columns of a NUL-terminated UTF-8 string. */
int ct_text_width(const char *s);

/* Tables of code points: n ranges in rising order, each with its ends. */
struct ct_cp_range {
	uint32_t first, last;
};
bool ct_cp_inside(const struct ct_cp_range *table, size_t n, uint32_t cp);

/* Bytes of the longest prefix of s that takes at most cols columns. */
size_t ct_text_fit(const char *s, int cols);

/*
 * Writes src[0..n) to dst (size bytes, always NUL-terminated when size > 0) so that no byte of it can act on
 * a terminal or mislead a reader: controls (C0, DEL, C1) as visible symbols (newline as U+23CE, tab as
 * U+21E5, others as \xNN), bidi and zero-width formatting as \u{NNNN}, invalid bytes as \xNN. Returns the
 * length written; never cuts inside a code point or escape.
 */
size_t ct_text_clean(char *dst, size_t size, const char *src, size_t n);

/*
 * The same for src[start..end), a piece of src[0..n) that may begin and end inside of characters, as tokens
 * do: the piece with the last byte of a character shows it, a piece with other bytes of it shows an ellipsis,
 * and bytes that belong to no character appear as <e697>.
 */
size_t ct_text_piece(char *dst, size_t size, const char *src, size_t n, size_t start, size_t end);

/*
 * How a token is called where it stands alone: without the blanks it begins with, or if it is nothing else,
 * as U+2423 for each. Blanks that look like these but are others (such as U+00A0) come as \u{NNNN}, unless
 * they are within a word. dst: size bytes; what does not fit is cut at a character. Returns dst.
 */
const char *ct_text_word(char *dst, size_t size, const char *token);

/* Where `what` begins in text, ignoring the case of A-Z; NULL: nowhere. "" is found at the beginning. */
const char *ct_text_search(const char *text, const char *what);

/* Where `what` begins in s[0..n), which may hold any bytes; NULL: nowhere. */
const char *ct_text_within(const char *s, size_t n, const char *what);

/*
 * Edit distance on code points (insert, delete, replace, swap neighbours), at most limit+1. For suggestions.
 */
int ct_text_distance(const char *a, const char *b, int limit);

/*
 * The whole of s as a decimal number: no spaces, no hexadecimal, no inf or nan, in range. Expects the C
 * locale's decimal point (the programs set only LC_CTYPE).
 */
bool ct_text_long(const char *s, long *out);
bool ct_text_double(const char *s, double *out);

#endif
