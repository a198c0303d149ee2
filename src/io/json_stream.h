/*
 * json_stream: reading big JSON piece by piece, without a tree.
 *
 * Owns a place in a text that its caller owns and that stays as it is; strings are decoded into the caller's
 * arena. Is lenient with files by other programs: NUL characters, lone surrogates and bytes that are not
 * UTF-8 become U+FFFD in strings. Errors name the file and the byte. For small files json.h is handier.
 *
 * 	ct_stream_object(s, err);
 * 	while ((code = ct_stream_key(s, &key, err)) > 0)
 * 		code = strcmp(key, "weight") == 0 ? ct_stream_double(s, "weight", &w, err) :
 * 		    ct_stream_skip(s, err);
 *
 * Every function returns 0 or a code; ct_stream_key and ct_stream_item return 1 when there is one more, 0 at
 * the end.
 */
#ifndef CT_IO_JSON_STREAM_H
#define CT_IO_JSON_STREAM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct ct_stream {
	const char *where;		/* the file, for messages */
	const char *text;		/* n bytes and a NUL */
	size_t n, at;
	struct ct_arena *strings;	/* strings are decoded into this */
	int first;			/* the innermost object or list has just begun */
	char key[64];			/* the last name of a field, cut to fit: enough to compare it */
	struct ct_stream_span {
		size_t start, end;
	} key_span;			/* its bytes in the text, with the quotes */
};

/* '{' '[' '"' '0' (a number) 't' 'f' 'n', 'N' for NaN and infinities, 0 at the end, '?' for anything else. */
char ct_stream_peek(struct ct_stream *s);
/* "an object", "a list", ...: what ct_stream_peek saw, for messages. */
const char *ct_stream_kind(char peeked);

int ct_stream_object(struct ct_stream *s, struct ct_error *err);
int ct_stream_key(struct ct_stream *s, const char **key, struct ct_error *err);	/* lent until the next */
int ct_stream_list(struct ct_stream *s, struct ct_error *err);
int ct_stream_item(struct ct_stream *s, struct ct_error *err);

/* Values; `what` names them in messages. A string is lent by the arena, NUL-terminated and valid UTF-8. */
int ct_stream_string(struct ct_stream *s, const char *what, char **out, struct ct_error *err);
int ct_stream_double(struct ct_stream *s, const char *what, double *out, struct ct_error *err);
int ct_stream_long(struct ct_stream *s, const char *what, long min, long max, long *out,
    struct ct_error *err);

/* Skips a value of any type. */
int ct_stream_skip(struct ct_stream *s, struct ct_error *err);
/* Nothing but white space may follow. */
int ct_stream_end(struct ct_stream *s, struct ct_error *err);

/* "FILE: byte N: ..." */
int ct_stream_fail(const struct ct_stream *s, size_t at, struct ct_error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
