/* arena: see arena.h. */
#include "base/arena.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, BLOCK = 1 << 18 };

struct ct_arena_block {
	struct ct_arena_block *next;
	size_t size, fill;
	size_t dirty;		/* bytes handed out at some time: what is beyond is still zero */
	unsigned char *data;	/* aligned, inside memory */
	void *memory;
};

static void
drop_block(struct ct_arena *a)
{
	struct ct_arena_block *b = a->blocks;

	a->blocks = b->next;
	free(b->memory);
	free(b);
}

void
ct_arena_free(struct ct_arena *a)
{
	if (!a)
		return;
	while (a->blocks)
		drop_block(a);
	a->used = 0;
}

static struct ct_arena_block *
new_block(struct ct_arena *a, size_t need)
{
	size_t size = need > BLOCK ? need : BLOCK;
	struct ct_arena_block *b = malloc(sizeof *b);

	if (!b)
		return NULL;
	/* calloc gets large blocks from the system, which need not be zeroed again. */
	b->memory = calloc(1, size + ALIGN);
	if (!b->memory) {
		free(b);
		return NULL;
	}
	b->data = (unsigned char *)(((uintptr_t)b->memory + ALIGN - 1) / ALIGN * ALIGN);
	b->dirty = 0;
	b->size = size;
	b->fill = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *
ct_arena_alloc(struct ct_arena *a, size_t n, size_t size)
{
	struct ct_arena_block *b = a->blocks;
	size_t need;
	void *p;

	if (size && n > (SIZE_MAX - 2 * ALIGN) / size)
		return NULL;
	need = (n * size + ALIGN) / ALIGN * ALIGN;
	if (!b || b->size - b->fill < need)
		b = new_block(a, need);
	if (!b)
		return NULL;
	p = b->data + b->fill;
	if (b->dirty > b->fill)
		memset(p, 0, b->dirty - b->fill < need ? b->dirty - b->fill : need);
	b->fill += need;
	if (b->fill > b->dirty)
		b->dirty = b->fill;
	a->used += need;
	if (a->used > a->peak)
		a->peak = a->used;
	return p;
}

void *
ct_arena_need(struct ct_arena *a, size_t n, size_t size, const char *what, struct ct_error *err)
{
	void *p = NULL;

	if (ct_memory_check((unsigned long long)n * size, what, "", err) < 0)
		return NULL;
	p = ct_arena_alloc(a, n, size);
	if (!p)
		ct_fail_memory(err, size && n > SIZE_MAX / size ? SIZE_MAX : n * size, what);
	return p;
}

char *
ct_arena_strdup(struct ct_arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = ct_arena_alloc(a, n, 1);

	return p ? memcpy(p, s, n) : NULL;
}

struct ct_arena_mark
ct_arena_mark(const struct ct_arena *a)
{
	return (struct ct_arena_mark){
		.block = a->blocks,
		.fill = a->blocks ? a->blocks->fill : 0,
		.used = a->used,
	};
}

void
ct_arena_release(struct ct_arena *a, struct ct_arena_mark m)
{
	while (a->blocks && a->blocks != m.block)
		drop_block(a);
	if (a->blocks)
		a->blocks->fill = m.fill;
	a->used = m.used;
}
