/* arena: see arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#ifdef __SANITIZE_ADDRESS__
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#endif

enum { ALIGN = 64, BLOCK = 1 << 18 };

struct ct_arena_block {
	struct ct_arena_block *next;
	size_t size, fill;
	size_t dirty;		/* bytes ever handed out: those beyond are still zero */
	unsigned char *data;	/* aligned, inside memory */
	void *memory;
};

/*
 * For AddressSanitizer: marks the bytes of a block that nobody may touch: the free ones, and the gap after
 * each piece. Otherwise a loop that runs one step too far would read or write the next piece unnoticed.
 */
static void
close_bytes(unsigned char *p, size_t n)
{
#ifdef WATCHED
	ASAN_POISON_MEMORY_REGION(p, n);
#else
	(void)p;
	(void)n;
#endif
}

static void
open_bytes(unsigned char *p, size_t n)
{
#ifdef WATCHED
	ASAN_UNPOISON_MEMORY_REGION(p, n);
#else
	(void)p;
	(void)n;
#endif
}

static void
drop_block(struct ct_arena *a)
{
	struct ct_arena_block *b = a->blocks;

	a->blocks = b->next;
	open_bytes(b->data, b->size);
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
	close_bytes(b->data, size);
	return b;
}

void *
ct_arena_alloc(struct ct_arena *a, size_t n, size_t size)
{
	struct ct_arena_block *b = a->blocks;
	size_t need;
	unsigned char *p;

	if (size && n > (SIZE_MAX - 2 * ALIGN) / size)
		return NULL;
	/* Each piece ends with a gap of a byte or more. */
	need = (n * size + ALIGN) / ALIGN * ALIGN;
	if (!b || b->size - b->fill < need)
		b = new_block(a, need);
	if (!b)
		return NULL;
	p = b->data + b->fill;
	open_bytes(p, need);
	if (b->dirty > b->fill)
		memset(p, 0, b->dirty - b->fill < need ? b->dirty - b->fill : need);
	close_bytes(p + n * size, need - n * size);
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
	if (a->blocks) {
		a->blocks->fill = m.fill;
		close_bytes(a->blocks->data + m.fill, a->blocks->size - m.fill);
	}
	a->used = m.used;
}
