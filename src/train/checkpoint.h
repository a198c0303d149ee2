/*
 * checkpoint: what an interrupted training needs in order to go on, in one work file.
 *
 * Owns the file: its format, when it is written, and the check that it belongs to this training. A training
 * consists of parts, one after the other; each names the memory that is its state. Of finished parts only
 * results are kept.
 */
#ifndef CT_TRAIN_CHECKPOINT_H
#define CT_TRAIN_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CT_CHECKPOINT_PARTS = 4, CT_CHECKPOINT_BLOCKS = 32, CT_CHECKPOINT_NAME = 40 };

struct ct_block {
	char name[CT_CHECKPOINT_NAME];	/* "transformer: weights" */
	bool result;			/* kept after its part is finished */
	void *data;
	uint64_t size;
};

/* How far a part has come. */
struct ct_part_state {
	int32_t step, finished;		/* steps done */
	double seconds;
};

/* A zeroed one has no file: nothing is written, and every part starts at its beginning. */
struct ct_checkpoint {
	char *path;
	uint64_t key;			/* identifies the training */
	double every, last;		/* seconds */
	double cost;			/* seconds that the last write took */
	const char *part;
	struct ct_part_state states[CT_CHECKPOINT_PARTS];
	int n_parts;
	struct ct_block blocks[CT_CHECKPOINT_BLOCKS];
	int n, kept;			/* blocks[0..kept) are results of finished parts */
	char *text;			/* the file that an earlier run left, or NULL */
	struct ct_block found[CT_CHECKPOINT_BLOCKS];	/* the blocks in it */
	int n_found;
};

/*
 * Reads the file at path if it exists. *foreign: it exists, but belongs to another training (another key) or
 * is damaged; it is then not touched until it is replaced. every: seconds between two writes.
 */
int ct_checkpoint_open(struct ct_checkpoint *c, const char *path, uint64_t key, double every, bool *foreign,
    struct ct_error *err);
void ct_checkpoint_close(struct ct_checkpoint *c);

/*
 * Begins the part of this name (lent): the following blocks belong to it. Returns its state, lent until the
 * next part; the state is a block too.
 */
struct ct_part_state *ct_checkpoint_part(struct ct_checkpoint *c, const char *name);
/* data[0..size) is a block of the part until that is finished; a result is kept until c is closed. */
void ct_checkpoint_block(struct ct_checkpoint *c, const char *name, bool result, void *data, size_t size);

/*
 * Call it once all blocks of a part are named: fills them from the file. Returns false if the file has
 * nothing of this part.
 */
bool ct_checkpoint_restore(struct ct_checkpoint *c);

/* Whether it is time to write. A state whose writing takes long is written less often than asked for. */
bool ct_checkpoint_due(const struct ct_checkpoint *c);
int ct_checkpoint_write(struct ct_checkpoint *c, struct ct_error *err);

/* Ends the part: forgets its state except the results, and writes the file. */
int ct_checkpoint_finish(struct ct_checkpoint *c, struct ct_error *err);

/* FNV-1a of n bytes, continued from an earlier hash (0: a new one). */
uint64_t ct_checkpoint_hash(uint64_t hash, const void *data, size_t n);

#endif
