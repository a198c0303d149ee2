/*
 * json_writer: JSON written piece by piece, so that a document of any size takes little memory.
 *
 * Owns nothing but its place in the document; the text goes to a buffer, which remembers the first failure:
 * nothing here returns one. The text is ASCII (nothing of it can act on a terminal or a page) and looks like
 * that of json_out.h.
 *
 *	ct_writer_document(&w, &buffer, true, 1);
 *	ct_writer_list(&w, "links");
 *	...
 *	ct_writer_end(&w);
 *	ct_writer_end(&w);
 */
#ifndef CT_IO_JSON_WRITER_H
#define CT_IO_JSON_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum { CT_WRITER_DEPTH = 32 };

struct ct_writer {
	struct ct_buffer *to;
	bool indent;			/* one value a line; else all in one line */
	bool lenient;			/* in raw values, escapes that are not characters become U+FFFD */
	bool first;			/* the innermost object or list is still empty */
	int depth;
	char close[CT_WRITER_DEPTH];	/* the brackets that are open */
};

/* A writer of one value. */
void ct_writer_init(struct ct_writer *w, struct ct_buffer *to, bool indent);
/* The same, in an object that begins as every document of ours does: see ct_json_out_document. */
void ct_writer_document(struct ct_writer *w, struct ct_buffer *to, bool indent, int format);

/*
 * key: the name of a field; NULL for an element of a list and for the whole document, which ends with a
 * newline.
 */
void ct_writer_object(struct ct_writer *w, const char *key);
void ct_writer_list(struct ct_writer *w, const char *key);
void ct_writer_end(struct ct_writer *w);

/* of any bytes, as ct_json_out_string */
void ct_writer_string(struct ct_writer *w, const char *key, const char *s);
void ct_writer_integer(struct ct_writer *w, const char *key, long long v);
void ct_writer_number(struct ct_writer *w, const char *key, double v);		/* not finite: null */
void ct_writer_bool(struct ct_writer *w, const char *key, bool v);
void ct_writer_null(struct ct_writer *w, const char *key);
void ct_writer_tree(struct ct_writer *w, const char *key, const json_t *v);
/*
 * A value that was read from a file, n bytes of valid JSON. Numbers, escapes and the order of fields are
 * kept; white space is replaced, characters outside ASCII become escapes, and NaN and infinities, which are
 * not JSON, become null.
 */
void ct_writer_raw(struct ct_writer *w, const char *key, const char *text, size_t n);
/* The same with its name, n_key bytes with their quotes, from a file too. */
void ct_writer_raw_field(struct ct_writer *w, const char *key, size_t n_key, const char *text, size_t n);

#endif
