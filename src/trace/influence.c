/* influence: see influence.h. */
#include "trace/influence.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "trace/edges.h"

/*
 * Nodes from the outputs down: every edge goes from a later to an earlier node of this order. Errors and
 * embeddings have no inputs, so only targets and features are in it.
 */
static int *
descending(const struct ct_graph *g, struct ct_arena *a, int *n)
{
	int *order = ct_arena_alloc(a, (size_t)g->n_nodes, sizeof *order);

	*n = 0;
	for (int i = g->n_nodes - g->n_targets; order && i < g->n_nodes; i++)
		order[(*n)++] = i;
	/* Features are sorted by layer. */
	for (int i = g->n_features - 1; order && i >= 0; i--)
		order[(*n)++] = i;
	return order;
}

/*
 * One descending pass. influence[s] = sum_t (influence[t] + weight[t]) * |A[t,s]| / sums[t], over nodes that
 * are in (NULL: all). sums (n_nodes) is filled too, and, when error_share is not NULL, the share of errors
 * in them.
 */
static int
propagate(const struct ct_graph *g, const bool *in, double *influence, double *sums, double *error_share,
    struct ct_arena *scratch, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	int n, *order = descending(g, scratch, &n), errors_end = g->n_features + g->n_errors;
	struct ct_edge *list = ct_arena_need(scratch, (size_t)g->n_nodes, sizeof *list, "influence", err);
	int code = order && list ? CT_OK :
	    ct_fail_memory(err, (size_t)g->n_nodes * sizeof *list, "influence");

	memset(influence, 0, (size_t)g->n_nodes * sizeof *influence);
	for (int k = 0; code == CT_OK && k < n; k++) {
		int t = order[k], edges = 0;
		double flow = influence[t] + (double)g->nodes[t].weight, errors = 0;

		if (k % CT_ASK_ROWS == 0 && !ct_job_go_on(job, "influence", k, n)) {
			code = ct_fail(err, CT_ECANCELLED, "influence cancelled");
			break;
		}
		sums[t] = 0;
		if (!in || in[t])
			edges = ct_graph_row(g, t, list);
		for (int i = 0; i < edges; i++) {
			int s = list[i].source;

			if (in && !in[s])
				continue;
			sums[t] += fabs((double)list[i].weight);
			if (s >= g->n_features && s < errors_end)
				errors += fabs((double)list[i].weight);
		}
		if (error_share)
			error_share[t] = sums[t] > 0 ? errors / sums[t] : 0;
		if (flow == 0 || sums[t] == 0)
			continue;
		flow /= sums[t];
		for (int i = 0; i < edges; i++)
			if (!in || in[list[i].source])
				influence[list[i].source] += flow * fabs((double)list[i].weight);
	}
	ct_arena_release(scratch, mark);
	return code;
}

struct ranked {
	double value;
	int node;
};

static int
by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->node < y->node ? -1 : 1;
}

static void
score(const struct ct_graph *g, const double *influence, const double *error_share, struct ct_scores *out)
{
	double tokens = 0, errors = 0, explained = 0, all = 0;

	for (int i = 0; i < g->n_nodes; i++) {
		double w = influence[i] + (double)g->nodes[i].weight;

		if (g->nodes[i].kind == CT_NODE_ERROR)
			errors += influence[i];
		/* A feature that a person set counts as explained, like a word. */
		if (g->nodes[i].kind == CT_NODE_EMBEDDING || g->nodes[i].set)
			tokens += influence[i];
		explained += w * (1 - error_share[i]);
		all += w;
	}
	/*
	 * If no position can have features, as in a prompt of BOS alone, nothing is explained and nothing is
	 * left out.
	 */
	if (g->n_features == 0 && errors == 0) {
		out->replacement = out->completeness = NAN;
		return;
	}
	out->replacement = tokens + errors > 0 ? tokens / (tokens + errors) : NAN;
	out->completeness = all > 0 ? explained / all : NAN;
}

/* The share of the targets' influence that does not end at features without rows. */
static double
share_seen(const struct ct_graph *g)
{
	double all = 0, waiting = 0;

	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];

		if (n->kind == CT_NODE_TARGET)
			all += (double)n->weight;
		else if (n->kind == CT_NODE_FEATURE && !n->attributed && !n->set)
			waiting += n->influence;
	}
	return all > 0 ? fmax(0, 1 - waiting / all) : 1;
}

int
ct_graph_influence(struct ct_graph *g, struct ct_arena *scratch, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	size_t n = (size_t)g->n_nodes;
	double *influence = ct_arena_need(scratch, n, sizeof *influence, "influence", err);
	double *sums = ct_arena_need(scratch, n, sizeof *sums, "influence", err);
	double *shares = ct_arena_need(scratch, n, sizeof *shares, "influence", err);
	struct ranked *rank = ct_arena_need(scratch, n, sizeof *rank, "influence", err);
	double total = 0, running = 0;
	int code = CT_ENOMEM;

	if (!influence || !sums || !shares || !rank ||
	    (code = propagate(g, NULL, influence, sums, shares, scratch, job, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		g->nodes[i].influence = influence[i];
		rank[i] = (struct ranked){ influence[i], (int)i };
		total += influence[i];
	}
	qsort(rank, n, sizeof *rank, by_value);
	for (size_t i = 0; i < n; i++) {
		running += rank[i].value;
		g->nodes[rank[i].node].cumulative = total > 0 ? running / total : 1;
	}
	g->influence = total;
	score(g, influence, shares, &g->scores);
	g->seen = share_seen(g);
	code = CT_OK;
out:
	ct_arena_release(scratch, mark);
	return code;
}

/* The node that an edge comes from if features without a pin count as errors. */
static int
merged(const struct ct_graph *g, const bool *pinned, int s)
{
	const struct ct_node *n = &g->nodes[s];

	return n->kind == CT_NODE_FEATURE && !pinned[s] ? g->n_features + n->layer * g->T + n->pos : s;
}

int
ct_graph_fewest(const struct ct_graph *g, double share)
{
	int before = 0;

	/* The node with which the share is reached is kept; those before it do not reach it. */
	for (int i = 0; i < g->n_nodes; i++)
		before += g->nodes[i].cumulative < share;
	return g->n_nodes > before ? before + 1 : before;
}

int
ct_graph_pinned_scores(const struct ct_graph *g, const bool *pinned, struct ct_scores *out,
    struct ct_arena *scratch, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	size_t n_nodes = (size_t)g->n_nodes;
	struct ct_edge *list = ct_arena_need(scratch, n_nodes, sizeof *list, "scores", err);
	double *influence = ct_arena_need(scratch, n_nodes, sizeof *influence, "scores", err);
	double *shares = ct_arena_need(scratch, n_nodes, sizeof *shares, "scores", err);
	double *sum = ct_arena_need(scratch, n_nodes, sizeof *sum, "scores", err);
	bool *seen = ct_arena_need(scratch, n_nodes, sizeof *seen, "scores", err);
	int n, *order = descending(g, scratch, &n);
	int code = list && influence && shares && sum && seen ? CT_OK : CT_ENOMEM;

	if (!order)
		code = ct_fail_memory(err, n_nodes * sizeof *order, "scores");
	for (int k = 0; code == CT_OK && k < n; k++) {
		int t = order[k], edges, sources = 0;
		double flow = influence[t] + (double)g->nodes[t].weight, total = 0, errors = 0;

		if (flow == 0)	/* a feature without a pin, or a node without influence */
			continue;
		edges = ct_graph_row(g, t, list);
		for (int i = 0; i < edges; i++) {
			int s = merged(g, pinned, list[i].source);

			sum[s] += (double)list[i].weight;
			if (!seen[s])
				list[sources++].source = s;	/* this edge and those before it are read */
			seen[s] = true;
		}
		for (int i = 0; i < sources; i++) {
			total += fabs(sum[list[i].source]);
			if (g->nodes[list[i].source].kind == CT_NODE_ERROR)
				errors += fabs(sum[list[i].source]);
		}
		shares[t] = total > 0 ? errors / total : 0;
		for (int i = 0; i < sources; i++) {
			int s = list[i].source;

			influence[s] += total > 0 ? flow / total * fabs(sum[s]) : 0;
			sum[s] = 0;
			seen[s] = false;
		}
	}
	if (code == CT_OK)
		score(g, influence, shares, out);
	ct_arena_release(scratch, mark);
	return code;
}

float
ct_share_cut(float *v, int n, double share)
{
	double total = 0, above = 0;
	int lo = 0, hi = n; /* the cut is in v[lo..hi); values before lo are larger and sum to `above` */

	for (int i = 0; i < n; i++)
		total += v[i];
	share *= total;
	while (hi - lo > 1) {
		float pivot = v[lo + (hi - lo) / 2];
		double larger = 0, equal = 0;
		int a = lo, b = lo, c = hi; /* [lo,a) > pivot, [a,b) = pivot, [c,hi) < pivot */

		while (b < c) {
			float t = v[b];

			if (t > pivot) {
				larger += t;
				v[b++] = v[a];
				v[a++] = t;
			} else if (t < pivot) {
				v[b] = v[--c];
				v[c] = t;
			} else {
				equal += t;
				b++;
			}
		}
		if (above + larger >= share && a > lo)
			hi = a;
		else if (above + larger + equal >= share || c == hi)
			return pivot;
		else {
			above += larger + equal;
			lo = c;
		}
	}
	return v[lo];
}

/*
 * Drops features and errors without an outgoing edge and features without an incoming one until none is
 * left. Features that had no inputs before the pruning (no row yet, or none in the file) stay.
 */
static void
drop_dangling(struct ct_graph *g, int *in, int *out)
{
	int dropped;

	do {
		int kept = 0;

		dropped = 0;
		memset(in, 0, (size_t)g->n_nodes * sizeof *in);
		memset(out, 0, (size_t)g->n_nodes * sizeof *out);
		for (int i = 0; i < g->n_pruned; i++) {
			struct ct_edge e = g->pruned[i];

			if (!g->nodes[e.source].kept || !g->nodes[e.target].kept)
				continue;
			in[e.target]++;
			out[e.source]++;
			g->pruned[kept++] = e;
		}
		g->n_pruned = kept;
		for (int i = 0; i < g->n_features + g->n_errors; i++) {
			struct ct_node *n = &g->nodes[i];

			bool bare = n->kind == CT_NODE_FEATURE && in[i] == 0 && !n->set &&
			    !(ct_graph_is_listed(g) ? g->edges->first[i] == g->edges->first[i + 1]
			    : !g->edges->rows[i]);

			if (n->kept && (out[i] == 0 || bare)) {
				n->kept = false;
				dropped++;
			}
		}
	} while (dropped);
}

/* What passes through each node: (n_nodes) influence, and the sum of |edges| into it. */
struct flow {
	const double *influence, *sums;
};

/*
 * Edges among the nodes that are in, whose score Ahat[t,s] * (influence[t] + weight[t]) is at least `least`:
 * how many there are, or a code. scores and edges may be NULL; an edge has its score in place of the weight.
 * row has room for n_nodes.
 */
static long
score_edges(const struct ct_graph *g, const bool *in, const struct flow *f, float least, float *scores,
    struct ct_edge *edges, struct ct_edge *row, const struct ct_job *job)
{
	long n = 0;

	for (int t = 0; t < g->n_nodes; t++) {
		int into = in[t] && f->sums[t] > 0 ? ct_graph_row(g, t, row) : 0;
		double flow = into ? (f->influence[t] + (double)g->nodes[t].weight) / f->sums[t] : 0;

		if (t % CT_ASK_ROWS == 0 && !ct_job_go_on(job, "pruning", t, g->n_nodes))
			return CT_ECANCELLED;
		for (int i = 0; i < into; i++) {
			float score = (float)(flow * fabs((double)row[i].weight));

			if (!in[row[i].source] || !(score >= least))
				continue;
			if (scores)
				scores[n] = score;
			if (edges)
				edges[n] = (struct ct_edge){ row[i].source, t, score };
			n++;
		}
	}
	return n;
}

static int
by_score(const void *a, const void *b, void *ctx)
{
	const struct ct_edge *x = a, *y = b;

	(void)ctx;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

/*
 * The pruned edges, the highest score first. There may be millions, so only finding the cut takes additional
 * memory: while edges are sorted, scores are stored in place of their weights.
 */
static int
select_edges(struct ct_graph *g, const bool *in, const struct flow *f, double threshold, struct ct_arena *a,
    struct ct_arena *scratch, const struct ct_job *job, struct ct_error *err)
{
	struct ct_edge *row = ct_arena_need(scratch, (size_t)g->n_nodes, sizeof *row, "edge scores", err);
	struct ct_edge *pruned;
	float *scores, cut = 0;
	long n, kept;

	if (!row)
		return CT_ENOMEM;
	if ((n = kept = score_edges(g, in, f, 0, NULL, NULL, row, job)) < 0)
		return ct_fail(err, CT_ECANCELLED, "pruning cancelled");
	if (n > INT_MAX)
		return ct_fail(err, CT_EUNSUPPORTED, "%ld edges to prune are more than %d: trace fewer "
		    "features or prune more nodes", n, INT_MAX);
	if (n > 0 && threshold < 1) {
		scores = ct_arena_need(scratch, (size_t)n, sizeof *scores, "edge scores", err);
		if (!scores)
			return CT_ENOMEM;
		score_edges(g, in, f, 0, scores, NULL, row, NULL);
		cut = ct_share_cut(scores, (int)n, threshold);
		kept = 0;
		for (long i = 0; i < n; i++)
			kept += scores[i] >= cut;
	}
	/* The graph keeps its present pruning until no step is left that can fail. */
	pruned = ct_arena_need(a, (size_t)kept, sizeof *pruned, "pruned edges", err);
	if (!pruned)
		return CT_ENOMEM;
	score_edges(g, in, f, cut, NULL, pruned, row, NULL);
	ct_sort(pruned, (size_t)kept, sizeof *pruned, by_score, NULL);
	for (long i = 0; i < kept; i++)
		pruned[i].weight = ct_graph_edge(g, pruned[i].target, pruned[i].source);
	g->pruned = pruned;
	g->n_pruned = (int)kept;
	return CT_OK;
}

static void
select_nodes(struct ct_graph *g, double threshold, float *values, bool *in)
{
	float cut;

	for (int i = 0; i < g->n_nodes; i++)
		values[i] = (float)g->nodes[i].influence;
	cut = ct_share_cut(values, g->n_nodes, threshold);
	for (int i = 0; i < g->n_nodes; i++)
		in[i] = (float)g->nodes[i].influence >= cut || i >= g->n_features + g->n_errors;
}

/*
 * The same by the cumulative shares in a file, which are sums over a whole graph of which the file has only a
 * part. The smallest value that reaches the threshold is the last to be kept.
 */
static void
select_known(struct ct_graph *g, double threshold, bool *in)
{
	int pruned = g->n_features + g->n_errors;
	double cut = INFINITY;

	for (int i = 0; i < pruned; i++)
		if (g->nodes[i].cumulative >= threshold && g->nodes[i].cumulative < cut)
			cut = g->nodes[i].cumulative;
	for (int i = 0; i < g->n_nodes; i++)
		in[i] = !g->nodes[i].missing && (g->nodes[i].cumulative <= cut || i >= pruned);
}

int
ct_graph_prune(struct ct_graph *g, double node_threshold, double edge_threshold, struct ct_arena *a,
    struct ct_arena *scratch, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	size_t n = (size_t)g->n_nodes;
	const struct ct_known all = { .nodes = 1, .edges = 1 };
	struct ct_known known = ct_graph_is_listed(g) ? g->known : all;
	bool everything = node_threshold >= known.nodes && edge_threshold >= known.edges;
	bool *in = ct_arena_need(scratch, n, sizeof *in, "pruning", err);
	float *values = ct_arena_need(scratch, n, sizeof *values, "pruning", err);
	double *influence = ct_arena_need(scratch, n, sizeof *influence, "pruning", err);
	double *sums = ct_arena_need(scratch, n, sizeof *sums, "pruning", err);
	int *degrees = ct_arena_need(scratch, 2 * n, sizeof *degrees, "pruning", err);
	int code = CT_ENOMEM;

	if (!in || !values || !influence || !sums || !degrees)
		goto out;
	if (ct_graph_is_listed(g))
		select_known(g, everything ? INFINITY : node_threshold, in);
	else if (everything)
		memset(in, true, n);
	else
		select_nodes(g, node_threshold, values, in);
	if ((code = propagate(g, in, influence, sums, NULL, scratch, job, err)) < 0 ||
	    (code = select_edges(g, in, &(struct flow){ influence, sums }, edge_threshold / known.edges, a,
	    scratch, job, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		g->nodes[i].kept = in[i];
	if (!everything)
		drop_dangling(g, degrees, degrees + n);
	g->n_kept = 0;
	for (size_t i = 0; i < n; i++)
		g->n_kept += g->nodes[i].kept;
	g->node_threshold = fmin(node_threshold, known.nodes);
	g->edge_threshold = fmin(edge_threshold, known.edges);
out:
	ct_arena_release(scratch, mark);
	return code;
}
