/*
 * json: reading JSON files with limits and good messages (jansson underneath).
 *
 * Owns nothing beyond the call: the caller holds the json_t and decrefs it. Duplicate keys, NUL in strings,
 * nesting deeper than jansson's limit (2048) and trailing bytes are errors that name file, line and column.
 */
#ifndef CT_IO_JSON_H
#define CT_IO_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/notes.h"

int ct_json_load(json_t **out, const char *path, size_t max_bytes, struct ct_error *err);
/*
 * The same for files that strangers' programs write: of a key that occurs twice the last one counts, as in
 * Hugging Face, and \u0000 and half surrogate pairs in strings become noncharacters. *mended says whether any
 * were. *digest gets a checksum of the file as it was read.
 */
int ct_json_load_mended(json_t **out, const char *path, size_t max_bytes, struct ct_notes *mended,
    uint32_t *digest, struct ct_error *err);
int ct_json_parse(json_t **out, const char *name, const char *text, size_t n, struct ct_error *err);
/*
 * One value, n bytes of a longer text from byte `at` on; errors name the byte. Lenient, for data that only
 * describes: of two fields with one name the last counts; NUL characters, lone surrogates and bytes that are
 * not UTF-8 become U+FFFD, and numbers that are not finite become null.
 */
int ct_json_parse_lenient(json_t **out, const char *name, const char *text, size_t at, size_t n,
    struct ct_error *err);

/* Typed getters as in yaml.h: a missing or null key keeps the default unless `need`. `where` is the file. */
int ct_json_int(const json_t *obj, const char *where, const char *key, bool need, int min, int max, int *out,
    struct ct_error *err);
int ct_json_double(const json_t *obj, const char *where, const char *key, bool need, double *out,
    struct ct_error *err);
int ct_json_bool(const json_t *obj, const char *where, const char *key, bool need, bool *out,
    struct ct_error *err);
int ct_json_string(const json_t *obj, const char *where, const char *key, bool need, const char **out,
    struct ct_error *err);

#endif
