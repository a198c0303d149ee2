/* piece: see piece.h. */
#include "model/piece.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t
ct_piece_at(const struct ct_piece *p, size_t i)
{
	return p->at ? p->at[i] : p->base + i;
}

struct ct_piece
ct_piece_part(const struct ct_piece *p, size_t from, size_t to)
{
	return (struct ct_piece){ .s = p->s + from, .n = to - from, .at = p->at ? p->at + from : NULL,
		.base = p->base + from };
}

static int
reserve(struct ct_changed_text *c, size_t n, struct ct_error *err)
{
	size_t room = c->room ? c->room : 64, *at;
	char *s;

	if (n > SIZE_MAX / 16 - c->n)
		return ct_fail_memory(err, n, "the text");
	if (c->n + n + 1 <= c->room)
		return CT_OK;
	while (room < c->n + n + 1)
		room *= 2;
	s = realloc(c->s, room);
	if (s)
		c->s = s;
	at = s ? realloc(c->at, room * sizeof *at) : NULL;
	if (at)
		c->at = at;
	if (!s || !at)
		return ct_fail_memory(err, room * (1 + sizeof *at), "the text");
	c->room = room;
	return CT_OK;
}

int
ct_changed_copy(struct ct_changed_text *c, const struct ct_piece *p, size_t from, size_t to,
    struct ct_error *err)
{
	int code = reserve(c, to - from, err);

	if (code != CT_OK)
		return code;
	memcpy(c->s + c->n, p->s + from, to - from);
	for (size_t i = from; i < to; i++)
		c->at[c->n++] = ct_piece_at(p, i);
	return CT_OK;
}

int
ct_changed_put(struct ct_changed_text *c, const char *text, size_t n, const struct ct_piece *p, size_t from,
    struct ct_error *err)
{
	int code = reserve(c, n, err);

	if (code != CT_OK)
		return code;
	memcpy(c->s + c->n, text, n);
	for (size_t i = 0; i < n; i++)
		c->at[c->n++] = ct_piece_at(p, from);
	return CT_OK;
}

int
ct_changed_end(struct ct_changed_text *c, const struct ct_piece *p, struct ct_piece *out,
    struct ct_error *err)
{
	int code = reserve(c, 0, err);

	if (code != CT_OK)
		return code;
	c->at[c->n] = ct_piece_at(p, p->n);
	c->s[c->n] = '\0';
	*out = (struct ct_piece){ .s = c->s, .n = c->n, .at = c->at };
	return CT_OK;
}

void
ct_changed_free(struct ct_changed_text *c)
{
	free(c->s);
	free(c->at);
	*c = (struct ct_changed_text){ 0 };
}
