/*
 * groups: draws sentences for a batch together, because a price compares what MLPs write in them.
 *
 * Owns the order of training sentences by what they ask and are about, and draws partners. prices.h has the
 * prices.
 */
#ifndef CT_TRAIN_GROUPS_H
#define CT_TRAIN_GROUPS_H

#include "base/random.h"
#include "corpus/corpus.h"
#include "train/pack.h"

struct ct_groups {
	const struct ct_corpus *c;
	int *sorted, n;			/* training sentences by template, `about` and relation */
};

/* What the groups of a batch are. */
struct ct_grouped {
	int apart;			/* rows that differ within pairs */
	int grids;
};

int ct_groups_find(struct ct_groups *g, struct ct_arena *arena, const struct ct_corpus *c,
    struct ct_error *err);

/*
 * Gives the sentences of batch (n) partners, four at a time:
 *   pairs  the second and fourth become sentences like the first and third, perhaps from another row
 *   grids  if the first (A asked 1) and last (B asked 2) have one template and differ in what they are about
 *          and in what they ask: the second becomes a sentence of A asked 2, the third one of B asked 1
 * Both: in turn. group (n) is set to the kind of group that each sentence begins.
 */
struct ct_grouped ct_groups_draw(const struct ct_groups *g, struct ct_rng *rng, bool pairs, bool grids,
    int *batch, unsigned char *group, int n);

#endif
