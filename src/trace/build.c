/* build: see build.h. */
#include "trace/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/edges.h"
#include "trace/influence.h"

/* What a build works on; rows of all rounds end up in the graph. */
struct build {
	const struct ct_local_model *lrm;
	struct ct_layout layout;
	struct ct_row *rows; /* targets first, then the features chosen so far */
	int n_rows, n_targets;
	int *row_of; /* (lrm->n) index in rows, -1: not attributed */
};

int
ct_default_targets(const float *logits, int V, int pos, double share, struct ct_target *out, int max)
{
	double sum = 0, covered = 0;
	float top = logits[0];
	int n = 0;

	for (int v = 1; v < V; v++)
		if (logits[v] > top)
			top = logits[v];
	for (int v = 0; v < V; v++)
		sum += exp((double)logits[v] - top);
	while (n < max && n < V && covered < share) {
		int best = -1;

		for (int v = 0; v < V; v++) {
			bool taken = false;

			if (best >= 0 && logits[v] <= logits[best])
				continue;
			for (int i = 0; i < n && !taken; i++)
				taken = out[i].index == v;
			if (!taken)
				best = v;
		}
		if (best < 0)
			break;
		out[n] = (struct ct_target){ .kind = CT_TARGET_LOGIT, .pos = pos, .index = best,
		    .other = -1 };
		out[n].prob = out[n].weight = (float)(exp((double)logits[best] - top) / sum);
		covered += out[n++].prob;
	}
	return n;
}

/* The index of an active feature, or -1: binary search in its (layer, position) range. */
static int
find_active(const struct ct_local_model *lrm, const struct ct_target *f)
{
	const int *first = lrm->first + f->layer * lrm->T + f->pos;
	int a = first[0], b = first[1];

	while (a < b) {
		int mid = a + (b - a) / 2;

		if (lrm->active[mid].feature == f->index)
			return mid;
		if (lrm->active[mid].feature < f->index)
			a = mid + 1;
		else
			b = mid;
	}
	return -1;
}

static struct ct_row
feature_row(const struct ct_active *f)
{
	return (struct ct_row){ .target = { .kind = CT_TARGET_FEATURE, .layer = f->layer, .pos = f->pos,
		.index = f->feature, .other = -1 } };
}

/* ct_attribute reorders its rows, so where each feature's row went is noted afterwards. */
static int
attribute(struct build *b, int first, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int r = ct_attribute(b->lrm, &b->layout, b->rows + first, b->n_rows - first, a, job, err);

	for (int i = first; r == CT_OK && first > 0 && i < b->n_rows; i++)
		b->row_of[find_active(b->lrm, &b->rows[i].target)] = i;
	return r;
}

struct candidate {
	double influence;
	int active;
};

static int
by_influence(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->influence != b->influence)
		return a->influence > b->influence ? -1 : 1;
	return a->active < b->active ? -1 : 1;
}

/* Influence of every active feature as far as rows are known, from the outputs down. */
static int
known_influence(const struct build *b, const float *weights, double *influence, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_local_model *lrm = b->lrm;
	int T = lrm->T;

	memset(influence, 0, (size_t)lrm->n * sizeof *influence);
	for (int k = 0, i = lrm->n, rows = 0; k < b->n_targets || i > 0;) {
		const struct ct_row *row;
		double flow;

		if (k < b->n_targets) {
			flow = (double)weights[k];
			row = &b->rows[k++];
		} else {
			i--;
			if (b->row_of[i] < 0)
				continue;
			row = &b->rows[b->row_of[i]];
			/* What a clamp set ends the flow. */
			flow = lrm->active[i].set ? 0 : influence[i];
		}
		if (rows++ % CT_ASK_ROWS == 0 && !ct_job_go_on(job, "choice of nodes", rows, b->n_rows))
			return ct_fail(err, CT_ECANCELLED, "choice of nodes cancelled");
		if (flow == 0 || row->total == 0)
			continue;
		flow /= row->total;
		for (int t = lrm->pass->start; t <= row->target.pos; t++) {
			const float *edge = row->edges +
			    ct_layout_at(&b->layout, CT_NODE_FEATURE, row->target.layer, t);

			for (int l = 0; l < row->target.layer; l++)
				for (int s = lrm->first[l * T + t]; s < lrm->first[l * T + t + 1]; s++)
					influence[s] += flow * fabs((double)*edge++);
		}
	}
	return CT_OK;
}

/* Rounds of the most influential features so far, until max_features have rows. */
static int
expand(struct build *b, const float *weights, int max_features, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_local_model *lrm = b->lrm;
	int batch = max_features / 16 > 256 ? max_features / 16 : 256, chosen = 0, r = CT_ENOMEM;
	struct ct_arena tmp = { 0 };
	double *influence = ct_arena_need(&tmp, (size_t)lrm->n, sizeof *influence, "influence", err);
	struct candidate *list = ct_arena_need(&tmp, (size_t)lrm->n, sizeof *list, "influence", err);

	if (!influence || !list)
		goto out;
	r = CT_OK;
	while (chosen < max_features && r == CT_OK) {
		int n = 0, first = b->n_rows;

		if ((r = known_influence(b, weights, influence, job, err)) < 0)
			break;
		for (int i = 0; i < lrm->n; i++)
			if (b->row_of[i] < 0)
				list[n++] = (struct candidate){ influence[i], i };
		qsort(list, (size_t)n, sizeof *list, by_influence);
		for (int i = 0; i < n && i < batch && chosen < max_features; i++, chosen++)
			b->rows[b->n_rows++] = feature_row(&lrm->active[list[i].active]);
		r = attribute(b, first, a, job, err);
	}
out:
	ct_arena_free(&tmp);
	return r;
}

static int
alloc_graph(struct ct_graph *g, struct ct_arena *a, struct ct_error *err)
{
	size_t n = (size_t)g->n_nodes;

	g->nodes = ct_arena_need(a, n, sizeof *g->nodes, "graph nodes", err);
	g->edges = ct_arena_need(a, 1, sizeof *g->edges, "graph rows", err);
	if (!g->nodes || !g->edges)
		return CT_ENOMEM;
	g->edges->rows = ct_arena_need(a, n, sizeof *g->edges->rows, "graph rows", err);
	g->edges->rank = ct_arena_need(a, n, sizeof *g->edges->rank, "graph nodes", err);
	return g->edges->rows && g->edges->rank ? CT_OK : CT_ENOMEM;
}

static void
set_row(struct ct_graph *g, int node, const struct ct_row *row)
{
	struct ct_node *n = &g->nodes[node];

	g->edges->rows[node] = row->edges;
	n->value = row->value;
	n->bias = row->bias;
	n->inputs = row->total;
	n->attributed = true;
	/* A NaN stays: what is not a number agrees with nothing. */
	if (isnan(row->residual) || row->residual > g->check.max_edge_residual)
		g->check.max_edge_residual = row->residual;
}

/* Edges from features left out, and the count of the others. */
static int
sum_omitted(
    struct ct_graph *g, struct ct_arena *scratch, const struct ct_job *job, struct ct_error *err)
{
	struct ct_edge *list = ct_arena_need(scratch, (size_t)g->n_nodes, sizeof *list, "edges", err);

	if (!list)
		return CT_ENOMEM;
	for (int t = 0; t < g->n_nodes; t++) {
		if (t % CT_ASK_ROWS == 0 && !ct_job_go_on(job, "edges", t, g->n_nodes))
			return ct_fail(err, CT_ECANCELLED, "edges cancelled");
		g->nodes[t].omitted = (float)ct_graph_omitted(g, t);
		g->n_edges += ct_graph_row(g, t, list);
	}
	return CT_OK;
}

/* The nodes of features that have rows, in front of all others; returns how many. */
static int
add_features(struct ct_graph *g, const struct build *b)
{
	const struct ct_local_model *lrm = b->lrm;
	int T = lrm->T, n = 0;

	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *f = &lrm->active[i];

		if (b->row_of[i] < 0)
			continue;
		g->nodes[n] = (struct ct_node){ .kind = CT_NODE_FEATURE,
			.layer = f->layer,
			.pos = f->pos,
			.index = f->feature,
			.other = -1,
			.activation = f->act };
		set_row(g, n, &b->rows[b->row_of[i]]);
		if (f->set) {
			/* The row is of what the encoder says, which is not where the value is from. */
			g->nodes[n].set = true;
			g->nodes[n].attributed = false;
			g->nodes[n].bias = 0;
			g->nodes[n].inputs = 0;
			g->edges->rows[n] = NULL;
		}
		/* Among the features at its position: those of lower layers, then its place in its own. */
		ct_graph_place(g, n++, ct_layout_count(&b->layout, CT_NODE_FEATURE, f->layer, f->pos) + i -
		    lrm->first[f->layer * T + f->pos]);
	}
	return n;
}

/* The nodes of targets, behind all others. */
static void
add_targets(struct ct_graph *g, const struct build *b, const struct ct_target *targets, const int *row)
{
	for (int i = 0, n = g->n_nodes - g->n_targets; i < g->n_targets; i++, n++) {
		const struct ct_target *t = &b->rows[row[i]].target;

		g->nodes[n] = (struct ct_node){ .kind = CT_NODE_TARGET,
			.target = t->kind,
			.layer = t->layer,
			.pos = t->pos,
			.index = t->index,
			.other = t->other,
			.prob = targets[i].prob,
			.weight = targets[i].weight };
		set_row(g, n, &b->rows[row[i]]);
	}
}

static int
assemble(struct ct_graph *g, const struct build *b, const struct ct_target *targets, const int *row,
    struct ct_arena *a, struct ct_error *err)
{
	const struct ct_local_model *lrm = b->lrm;
	int T = lrm->T, L = lrm->m->cfg.L, n, code;

	g->T = T;
	g->L = L;
	g->V = lrm->m->cfg.V;
	g->n_features = b->n_rows - b->n_targets;
	g->n_errors = L * T;
	g->n_embeddings = T;
	g->n_targets = b->n_targets;
	g->n_nodes = g->n_features + g->n_errors + g->n_embeddings + g->n_targets;
	if ((code = alloc_graph(g, a, err)) < 0)
		return code;
	g->edges->layout = b->layout;
	n = add_features(g, b);
	for (int l = 0; l < L; l++)
		for (int t = 0; t < T; t++, n++) {
			g->nodes[n] = (struct ct_node){ .kind = CT_NODE_ERROR, .layer = l, .pos = t,
			    .index = -1,
				.other = -1 };
			ct_graph_place(g, n, l);
		}
	for (int t = 0; t < T; t++, n++) {
		g->nodes[n] = (struct ct_node){ .kind = CT_NODE_EMBEDDING, .layer = -1, .pos = t,
			.index = lrm->pass->ids[t], .other = -1 };
		ct_graph_place(g, n, 0);
	}
	add_targets(g, b, targets, row);
	g->pos = targets[0].pos;
	return CT_OK;
}

/*
 * The rows of the targets, attributed; row[i] is where the i-th went, weights[k] what belongs to the k-th
 * row.
 */
static int
attribute_targets(struct build *b, const struct ct_target *targets, int *row, float *weights,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int n = b->n_targets, code;

	for (int i = 0; i < n; i++) {
		struct ct_target *t = &b->rows[i].target;

		*t = targets[i];
		if (t->kind != CT_TARGET_FEATURE)
			t->layer = b->lrm->m->cfg.L;
		if (t->kind != CT_TARGET_DIFFERENCE)
			t->other = CT_VOCAB_MEAN;
	}
	if ((code = attribute(b, 0, a, job, err)) < 0)
		return code;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++)
			if (ct_target_same(&b->rows[k].target, &targets[i])) {
				row[i] = k;
				weights[k] = targets[i].weight;
			}
	return CT_OK;
}

int
ct_graph_build(struct ct_graph **out, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct build b = { .lrm = lrm, .n_targets = n, .n_rows = n };
	int wanted = lrm->n < max_features ? lrm->n : max_features, code = CT_ENOMEM;
	struct ct_graph *g = ct_arena_need(a, 1, sizeof *g, "the graph", err);
	int *row = ct_arena_need(&tmp, (size_t)n, sizeof *row, "targets", err);
	float *weights = ct_arena_need(&tmp, (size_t)n, sizeof *weights, "targets", err);

	b.rows = ct_arena_need(&tmp, (size_t)n + wanted, sizeof *b.rows, "rows", err);
	b.row_of = ct_arena_need(&tmp, (size_t)lrm->n, sizeof *b.row_of, "rows", err);
	if (!g || !row || !weights || !b.rows || !b.row_of ||
	    ct_attribution_layout(&b.layout, lrm, a, err) < 0)
		goto out;
	for (int i = 0; i < lrm->n; i++)
		b.row_of[i] = -1;
	if ((code = attribute_targets(&b, targets, row, weights, a, job, err)) < 0)
		goto out;
	if (wanted == lrm->n) {
		for (int i = 0; i < lrm->n; i++)
			b.rows[b.n_rows++] = feature_row(&lrm->active[i]);
		code = attribute(&b, n, a, job, err);
	} else {
		code = expand(&b, weights, wanted, a, job, err);
	}
	if (code < 0 || (code = assemble(g, &b, targets, row, a, err)) < 0 ||
	    (code = sum_omitted(g, &tmp, job, err)) < 0 || (code = ct_graph_influence(g, &tmp, job, err)) < 0)
		goto out;
	*out = g;
out:
	ct_arena_free(&tmp);
	return code;
}
