/*
 * groups: draws sentences for a batch together, because a price compares what MLPs write in them.
 *
 * Owns the order of training sentences by what they ask and are about, and draws partners. The prices are
 * prices.h's.
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

/* What was drawn in a batch. */
struct ct_grouped {
	int apart;			/* rows that differ within pairs */
	int grids;
};

int ct_groups_find(struct ct_groups *g, struct ct_arena *arena, const struct ct_corpus *c,
    struct ct_error *err);

/*
 * Gives the sentences of batch (n) partners, four by four:
 *   pairs  the second and fourth become sentences like the first and third, of another row perhaps
 *   grids  first A asked 1, last B asked 2: the second becomes one of A asked 2, the third one of B asked 1,
 *          where first and last are of one template and differ in what they are about and in what they ask
 * Both: by turns. group (n) is set to what each sentence begins.
 */
struct ct_grouped ct_groups_draw(const struct ct_groups *g, struct ct_rng *rng, bool pairs, bool grids,
    int *batch, unsigned char *group, int n);

#endif
