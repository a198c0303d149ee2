/* edges: see edges.h. */
#include "trace/edges.h"

#include <string.h>

int
ct_layout_init(struct ct_layout *y, int T, int L, ct_count_fn count, const void *ctx, struct ct_arena *a,
    struct ct_error *err)
{
	y->T = T;
	y->L = L;
	y->start = ct_arena_need(a, (size_t)(L + 1) * (T + 1), sizeof *y->start, "the layout of edges", err);
	if (!y->start)
		return CT_ENOMEM;
	for (int k = 0; k < CT_SOURCE_KINDS; k++) {
		struct ct_source_block *b = &y->block[k];

		b->first = ct_arena_need(a, (size_t)T + 1, sizeof *b->first, "the layout of edges", err);
		b->count = ct_arena_need(a, (size_t)T * (L + 1), sizeof *b->count, "the layout of edges",
		    err);
		if (!b->first || !b->count)
			return CT_ENOMEM;
		for (int t = 0; t < T; t++) {
			int n = 0;

			for (int l = 0; l <= L; l++) {
				n += count(ctx, (enum ct_node_kind)k, l - 1, t);
				b->count[t * (L + 1) + l] = n;
			}
			b->first[t + 1] = b->first[t] + n;
		}
		b->node = ct_arena_need(a, (size_t)b->first[T], sizeof *b->node, "the layout of edges", err);
		if (!b->node)
			return CT_ENOMEM;
		memset(b->node, -1, (size_t)b->first[T] * sizeof *b->node);
	}
	for (int l = 0; l <= L; l++)
		for (int t = 0; t < T; t++)
			y->start[l * (T + 1) + t + 1] = ct_layout_at(y, CT_NODE_TARGET, l, t);
	return CT_OK;
}
