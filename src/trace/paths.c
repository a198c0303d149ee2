/* paths: see paths.h. */
#include "trace/paths.h"

#include <math.h>

#include "base/best.h"

/* The end of a path: its last edge, and the rank of the rest among the paths to the edge's source. */
struct tail {
	double share;
	float edge;
	int source, rank;
};

struct search {
	const struct ct_graph *g;
	int max;
	struct tail *tails;		/* (n_nodes, max) of each node, strongest first */
	int *n;				/* (n_nodes) how many */
	double *total;			/* (n_nodes) over all paths from words */
	struct ct_edge *row;		/* (n_nodes) */
};

static int
by_share(const void *a, const void *b, void *ctx)
{
	const struct tail *x = a, *y = b;

	(void)ctx;
	return (x->share < y->share) - (x->share > y->share);
}

/* Inserts a tail in order. Returns false if neither it nor any weaker one is among the strongest. */
static bool
offer(const struct search *s, int node, struct tail t)
{
	return ct_best_keep(s->tails + (size_t)node * (size_t)s->max, &s->n[node], s->max, &t, sizeof t,
	    by_share, NULL);
}

/* All paths to a node, from those to its sources. */
static void
extend(struct search *s, int node)
{
	int edges = ct_graph_row(s->g, node, s->row);
	double sum = 0;

	for (int i = 0; i < edges; i++)
		sum += fabs((double)s->row[i].weight);
	for (int i = 0; i < edges && sum > 0; i++) {
		const struct ct_edge *e = &s->row[i];
		const struct tail *from = s->tails + (size_t)e->source * (size_t)s->max;
		double share = fabs((double)e->weight) / sum;

		s->total[node] += share * s->total[e->source];
		for (int k = 0; k < s->n[e->source]; k++)
			if (!offer(s, node, (struct tail){ share * from[k].share, e->weight, e->source, k }))
				break;
	}
}

/* Writes the path of that rank at the target. */
static int
collect(const struct search *s, int target, int rank, struct ct_path *out, struct ct_arena *a,
    struct ct_error *err)
{
	const struct tail *t = s->tails + (size_t)target * (size_t)s->max + (size_t)rank;
	int node = target;

	*out = (struct ct_path){ .share = t->share, .sign = 1, .n = 1 };
	for (const struct tail *at = t; at->source >= 0; out->n++)
		at = s->tails + (size_t)at->source * (size_t)s->max + (size_t)at->rank;
	out->node = ct_arena_need(a, (size_t)out->n, sizeof *out->node, "a path", err);
	out->edge = ct_arena_need(a, (size_t)out->n, sizeof *out->edge, "a path", err);
	if (!out->node || !out->edge)
		return CT_ENOMEM;
	for (int i = out->n - 1; i > 0; i--) {
		out->node[i] = node;
		out->edge[i - 1] = t->edge;
		out->sign = t->edge < 0 ? -out->sign : out->sign;
		node = t->source;
		t = s->tails + (size_t)t->source * (size_t)s->max + (size_t)t->rank;
	}
	out->node[0] = node;
	return CT_OK;
}

static int
search_init(struct search *s, const struct ct_graph *g, int max, struct ct_arena *scratch,
    struct ct_error *err)
{
	size_t n = (size_t)g->n_nodes;

	*s = (struct search){ .g = g, .max = max };
	s->tails = ct_arena_need(scratch, n * (size_t)max, sizeof *s->tails, "paths", err);
	s->n = ct_arena_need(scratch, n, sizeof *s->n, "paths", err);
	s->total = ct_arena_need(scratch, n, sizeof *s->total, "paths", err);
	s->row = ct_arena_need(scratch, n, sizeof *s->row, "paths", err);
	return s->tails && s->n && s->total && s->row ? CT_OK : CT_ENOMEM;
}

int
ct_paths_find(struct ct_paths *out, const struct ct_graph *g, int target, int max, struct ct_arena *a,
    struct ct_arena *scratch, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	int first = g->n_features + g->n_errors, code;
	struct search s;

	*out = (struct ct_paths){ .target = target };
	if (max < 1 || target < g->n_nodes - g->n_targets || target >= g->n_nodes)
		return ct_fail(err, CT_EINVAL, "paths must end at a target, which node %d is not", target);
	code = search_init(&s, g, max, scratch, err);
	if (code < 0)
		goto done;
	for (int i = first; i < first + g->n_embeddings; i++) {
		s.total[i] = 1;
		s.n[i] = 1;
		s.tails[(size_t)i * (size_t)max] = (struct tail){ .share = 1, .source = -1 };
	}
	for (int i = 0; i < g->n_features; i++)
		extend(&s, i);
	extend(&s, target);
	out->total = s.total[target];
	out->path = ct_arena_need(a, (size_t)s.n[target], sizeof *out->path, "paths", err);
	code = out->path ? CT_OK : CT_ENOMEM;
	for (; code == CT_OK && out->n < s.n[target]; out->n++) {
		code = collect(&s, target, out->n, &out->path[out->n], a, err);
		out->listed += code == CT_OK ? out->path[out->n].share : 0;
	}
done:
	ct_arena_release(scratch, mark);
	return code;
}
