/* checkpoint: see checkpoint.h. */
#include "train/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"

/* The file: this header, n entries, then the bytes of all blocks. It is read on the machine that wrote it. */
struct header {
	char magic[16];
	uint64_t key, check;		/* check: hash of all that follows the header */
	uint64_t n;
};
struct entry {
	char name[CT_CHECKPOINT_NAME];
	uint64_t size;
};
static const char magic[16] = "ctrace training";
static const size_t max_size = SIZE_MAX / 2;	/* a valid file was once in memory */

uint64_t
ct_checkpoint_hash(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;

	if (hash == 0)
		hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

/* Finds the blocks in c->text; false if that is not a complete file of this training. */
static bool
parse(struct ct_checkpoint *c, size_t size)
{
	struct header h;
	struct entry e;
	size_t at = sizeof h;

	if (size < sizeof h)
		return false;
	memcpy(&h, c->text, sizeof h);
	if (memcmp(h.magic, magic, sizeof magic) != 0 || h.key != c->key || h.n > CT_CHECKPOINT_BLOCKS ||
	    h.check != ct_checkpoint_hash(0, c->text + at, size - at) || size - at < h.n * sizeof e)
		return false;
	at += h.n * sizeof e;
	for (size_t k = 0; k < h.n; k++) {
		memcpy(&e, c->text + sizeof h + k * sizeof e, sizeof e);
		if (e.size > size - at)
			return false;
		c->found[k] = (struct ct_block){ .data = c->text + at, .size = e.size };
		memcpy(c->found[k].name, e.name, sizeof e.name);
		at += e.size;
	}
	c->n_found = (int)h.n;
	return at == size;
}

int
ct_checkpoint_open(struct ct_checkpoint *c, const char *path, uint64_t key, double every, bool *foreign,
    struct ct_error *err)
{
	size_t size;
	int code;

	*c = (struct ct_checkpoint){ .path = strdup(path), .key = key, .every = every, .last = ct_seconds() };
	*foreign = false;
	if (!c->path)
		return ct_fail_memory(err, strlen(path), "a path");
	if (!ct_file_exists(path))
		return CT_OK;
	if ((code = ct_file_read(&c->text, &size, path, max_size, err)) != CT_OK)
		return code;
	if (!parse(c, size)) {
		*foreign = true;
		c->n_found = 0;
	}
	return CT_OK;
}

void
ct_checkpoint_close(struct ct_checkpoint *c)
{
	free(c->path);
	free(c->text);
	memset(c, 0, sizeof *c);
}

void
ct_checkpoint_block(struct ct_checkpoint *c, const char *name, bool result, void *data, size_t size)
{
	struct ct_block *b = &c->blocks[c->n];

	if (!c->path || c->n == CT_CHECKPOINT_BLOCKS)
		return;
	*b = (struct ct_block){ .result = result, .data = data, .size = size };
	snprintf(b->name, sizeof b->name, "%s: %s", c->part, name);
	c->n++;
}

struct ct_part_state *
ct_checkpoint_part(struct ct_checkpoint *c, const char *name)
{
	struct ct_part_state *state = &c->states[c->n_parts];

	*state = (struct ct_part_state){ 0 };
	c->part = name;
	ct_checkpoint_block(c, "state", true, state, sizeof *state);
	if (c->path && c->n_parts + 1 < CT_CHECKPOINT_PARTS)
		c->n_parts++;
	return state;
}

bool
ct_checkpoint_restore(struct ct_checkpoint *c)
{
	int n = 0;

	for (int k = c->kept; k < c->n; k++) {
		struct ct_block *b = &c->blocks[k];

		for (int i = 0; i < c->n_found; i++)
			if (memcmp(b->name, c->found[i].name, sizeof b->name) == 0 &&
			    b->size == c->found[i].size) {
				memcpy(b->data, c->found[i].data, b->size);
				n++;
			}
	}
	return n > 0;
}

bool
ct_checkpoint_due(const struct ct_checkpoint *c)
{
	double wait = fmax(c->every, 20 * c->cost);

	return c->path && ct_seconds() - c->last >= wait;
}

int
ct_checkpoint_write(struct ct_checkpoint *c, struct ct_error *err)
{
	struct ct_part parts[CT_CHECKPOINT_BLOCKS + 2];
	struct entry entries[CT_CHECKPOINT_BLOCKS] = { 0 };
	struct header h = { .key = c->key, .n = (uint64_t)c->n };
	double start = ct_seconds();
	int code;

	if (!c->path)
		return CT_OK;
	if (c->n == CT_CHECKPOINT_BLOCKS)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: a training with more than %d blocks of state",
		    c->path, CT_CHECKPOINT_BLOCKS - 1);
	for (int k = 0; k < c->n; k++) {
		memcpy(entries[k].name, c->blocks[k].name, sizeof entries[k].name);
		entries[k].size = c->blocks[k].size;
		parts[k + 2] = (struct ct_part){ c->blocks[k].data, c->blocks[k].size };
	}
	memcpy(h.magic, magic, sizeof magic);
	parts[0] = (struct ct_part){ &h, sizeof h };
	parts[1] = (struct ct_part){ entries, (size_t)c->n * sizeof *entries };
	for (int k = 1; k < c->n + 2; k++)
		h.check = ct_checkpoint_hash(h.check, parts[k].data, parts[k].size);
	code = ct_file_replace_parts(c->path, parts, c->n + 2, err);
	c->last = ct_seconds();
	c->cost = c->last - start;
	return code;
}

int
ct_checkpoint_finish(struct ct_checkpoint *c, struct ct_error *err)
{
	for (int k = c->kept; k < c->n; k++)
		if (c->blocks[k].result)
			c->blocks[c->kept++] = c->blocks[k];
	c->n = c->kept;
	return ct_checkpoint_write(c, err);
}
