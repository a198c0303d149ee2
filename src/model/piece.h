/*
 * piece: a stretch of text on its way from the prompt to tokens.
 *
 * Normalizers and pre-tokenizers change text (a blank becomes U+2581, a character is put in front), yet each
 * token must know which bytes of the prompt it stands for. So for each byte of a changed text, a piece keeps
 * where in the prompt the character begins that it came from.
 */
#ifndef CT_MODEL_PIECE_H
#define CT_MODEL_PIECE_H

#include <stddef.h>

#include "base/error.h"

struct ct_piece {
	const char *s;
	size_t n;
	/* (n+1) byte of the prompt for each byte, ascending; NULL: the text is that of the prompt, */
	const size_t *at;
	size_t base;		/* from this byte on */
};

/* Where in the prompt byte i of the piece comes from; i = n is its end. */
size_t ct_piece_at(const struct ct_piece *p, size_t i);

/* The part [from, to) of a piece. */
struct ct_piece ct_piece_part(const struct ct_piece *p, size_t from, size_t to);

/*
 * A text that is made from a piece, step by step. Must be zeroed first; free it when its piece is no longer
 * used.
 */
struct ct_changed_text {
	char *s;
	size_t *at;
	size_t n, room;
};

/* Appends [from, to) of the piece as it is; or n bytes of `text` that stand for that part. */
int ct_changed_copy(struct ct_changed_text *c, const struct ct_piece *p, size_t from, size_t to,
    struct ct_error *err);
int ct_changed_put(struct ct_changed_text *c, const char *text, size_t n, const struct ct_piece *p,
    size_t from, struct ct_error *err);
/* The finished text as a piece. */
int ct_changed_end(struct ct_changed_text *c, const struct ct_piece *p, struct ct_piece *out,
    struct ct_error *err);
void ct_changed_free(struct ct_changed_text *c);

#endif
