/*
 * arena: memory with one lifetime, freed all at once.
 *
 * Owns blocks of memory and hands out aligned, zeroed pieces. Memory has three lifetimes in ctrace: that of a
 * model, of a session, and of one call. Arenas hold the last two. Pieces are never freed one by one.
 */
#ifndef CT_BASE_ARENA_H
#define CT_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

struct ct_arena_block;

struct ct_arena {
	struct ct_arena_block *blocks;	/* newest first */
	size_t used;			/* bytes handed out */
	size_t peak;
};

struct ct_arena_mark {
	struct ct_arena_block *block;
	size_t fill, used;
};

/* A zeroed `struct ct_arena` is an empty arena. */
void ct_arena_free(struct ct_arena *a);		/* all of it; a is empty again */

/* Zeroed, 64-byte aligned; never NULL for n*size == 0; NULL when out of memory or n*size overflows. */
void *ct_arena_alloc(struct ct_arena *a, size_t n, size_t size);

/* The same, with the error filled in. */
void *ct_arena_need(struct ct_arena *a, size_t n, size_t size, const char *what, struct ct_error *err);

char *ct_arena_strdup(struct ct_arena *a, const char *s);

/* Everything allocated after the mark is gone after the release. */
struct ct_arena_mark ct_arena_mark(const struct ct_arena *a);
void ct_arena_release(struct ct_arena *a, struct ct_arena_mark m);

#endif
