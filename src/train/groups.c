/* groups: see groups.h. */
#include "train/groups.h"

#include <string.h>

#include "base/sort.h"

static int
order(const struct ct_sentence *s, int kind, int about, int relation)
{
	if (s->kind != kind)
		return s->kind - kind;
	return s->about != about ? s->about - about : s->relation - relation;
}

static int
compare(const void *a, const void *b, void *ctx)
{
	const struct ct_corpus *c = ctx;
	int i = *(const int *)a, j = *(const int *)b;
	const struct ct_sentence *t = &c->sentences[j];
	int d = order(&c->sentences[i], t->kind, t->about, t->relation);

	return d ? d : (i > j) - (i < j);
}

int
ct_groups_find(struct ct_groups *g, struct ct_arena *arena, const struct ct_corpus *c, struct ct_error *err)
{
	g->c = c;
	g->sorted = ct_corpus_select(arena, c, false, false, &g->n);
	if (!g->sorted)
		return ct_fail_memory(err, (size_t)c->n_sentences * sizeof *g->sorted, "groups of sentences");
	ct_sort(g->sorted, (size_t)g->n, sizeof *g->sorted, compare, (void *)c);
	return CT_OK;
}

/*
 * The first sorted sentence that does not come before the given ones, or with `after`, that comes after them.
 */
static int
bound(const struct ct_groups *g, int kind, int about, int relation, bool after)
{
	int low = 0, high = g->n;

	while (low < high) {
		int mid = (low + high) / 2;
		int d = order(&g->c->sentences[g->sorted[mid]], kind, about, relation);

		if (d < 0 || (after && d == 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A random training sentence with this template, `about` and relation, or -1. */
static int
draw(const struct ct_groups *g, struct ct_rng *rng, int kind, int about, int relation)
{
	int first = bound(g, kind, about, relation, false), end = bound(g, kind, about, relation, true);

	return end > first ? g->sorted[first + (int)ct_rng_below(rng, (uint32_t)(end - first))] : -1;
}

/* The number of rows in which two sentences differ. */
static int
rows_apart(const struct ct_corpus *c, const struct ct_sentence *s, const struct ct_sentence *t)
{
	int same = 0;

	if (s->n != t->n)
		return 0;
	while (same < s->n - 1 && c->tokens[s->first + same] == c->tokens[t->first + same])
		same++;
	return s->n - 1 - same;
}

static int
make_pair(const struct ct_groups *g, struct ct_rng *rng, int *batch, unsigned char *group)
{
	const struct ct_sentence *s = &g->c->sentences[batch[0]];

	if (s->about >= 0)
		batch[1] = draw(g, rng, s->kind, s->about, s->relation);
	else
		batch[1] = batch[0];
	group[0] = CT_GROUP_PAIR;
	return rows_apart(g->c, s, &g->c->sentences[batch[1]]);
}

static bool
make_grid(const struct ct_groups *g, struct ct_rng *rng, int *batch, unsigned char *group)
{
	const struct ct_sentence *s = &g->c->sentences[batch[0]], *t = &g->c->sentences[batch[3]];
	int one, two;

	if (s->kind != t->kind || s->about < 0 || t->about < 0 || s->about == t->about || s->relation < 0 ||
	    t->relation < 0 || s->relation == t->relation || s->answer <= 0)
		return false;
	one = draw(g, rng, s->kind, s->about, t->relation);
	two = draw(g, rng, s->kind, t->about, s->relation);
	if (one < 0 || two < 0)
		return false;
	batch[1] = one;
	batch[2] = two;
	group[0] = CT_GROUP_GRID;
	return true;
}

struct ct_grouped
ct_groups_draw(const struct ct_groups *g, struct ct_rng *rng, bool pairs, bool grids, int *batch,
    unsigned char *group, int n)
{
	struct ct_grouped drawn = { 0 };

	memset(group, CT_GROUP_NONE, (size_t)n);
	for (int k = 0; k < n; k += CT_PACK_GROUP) {
		bool grid = grids && (!pairs || k / CT_PACK_GROUP % 2) && k + CT_PACK_GROUP <= n;

		if (grid)
			drawn.grids += make_grid(g, rng, batch + k, group + k);
		for (int i = k; !grid && pairs && i + 1 < n && i < k + CT_PACK_GROUP; i += 2)
			drawn.apart += make_pair(g, rng, batch + i, group + i);
	}
	return drawn;
}
