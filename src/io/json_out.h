/*
 * json_out: building and writing JSON safely (jansson underneath).
 *
 * Owns nothing beyond the call. Reading is json.h's.
 */
#ifndef CT_IO_JSON_OUT_H
#define CT_IO_JSON_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A string of any bytes: what is not UTF-8 becomes U+FFFD. NULL: out of memory. */
json_t *ct_json_out_string(const char *s);

/*
 * Text for people: what is not UTF-8, such as a token that is part of a character, becomes what is shown of
 * it, like \xe6, within 1023 bytes. NULL: out of memory.
 */
json_t *ct_json_out_shown(const char *s);

/* A number, or null when x is not finite. */
json_t *ct_json_out_number(double x);

/*
 * The fields of an object, after those with which every JSON of ours begins: "ctrace_version", and "format",
 * an integer that changes whenever a script that reads this kind of document would have to. Takes over body,
 * which may be NULL (building it failed). NULL: out of memory.
 */
json_t *ct_json_out_document(int format, json_t *body);

/*
 * The text of root, on one line or indented, ending in a newline. It is ASCII, so that nothing in it can act
 * on a terminal or a page; floats have the 9 digits that restore them exactly. root may be NULL (building it
 * failed). *text, n bytes and a NUL, is freed by the caller.
 */
int ct_json_out_text(char **text, size_t *n, const json_t *root, bool indent, struct ct_error *err);

#endif
