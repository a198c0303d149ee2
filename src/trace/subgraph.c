/* subgraph: see subgraph.h. */
#include "trace/subgraph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trace/influence.h"

struct ct_pin
ct_pin_of(const struct ct_node *n)
{
	struct ct_pin p = {
		.kind = n->kind, .layer = n->layer, .pos = n->pos, .index = n->index, .other = -1,
		    .supernode = -1
	};

	if (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE)
		p.kind = CT_NODE_FEATURE;
	else if (n->kind == CT_NODE_TARGET)
		p.other = n->other;
	return p;
}

static bool
same(const struct ct_pin *a, const struct ct_pin *b)
{
	if (a->kind != b->kind || a->pos != b->pos)
		return false;
	switch (a->kind) {
	case CT_NODE_EMBEDDING:
		return true;
	case CT_NODE_ERROR:
		return a->layer == b->layer;
	case CT_NODE_FEATURE:
	case CT_NODE_OTHER:
		return a->layer == b->layer && a->index == b->index;
	case CT_NODE_TARGET:
		break;
	}
	return a->index == b->index && a->other == b->other;
}

bool
ct_subgraph_same(const struct ct_subgraph *a, const struct ct_subgraph *b)
{
	if (a->n_pins != b->n_pins || a->n_supernodes != b->n_supernodes)
		return false;
	for (int i = 0; i < a->n_pins; i++)
		if (!same(&a->pin[i], &b->pin[i]) || a->pin[i].supernode != b->pin[i].supernode)
			return false;
	for (int i = 0; i < a->n_supernodes; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return false;
	return true;
}

int
ct_pin_node(const struct ct_graph *g, const struct ct_pin *p)
{
	/*
	 * Targets come last, so a feature that is also the target is found as the target, which has its
	 * inputs.
	 */
	for (int i = g->n_nodes - 1; i >= 0; i--) {
		struct ct_pin q = ct_pin_of(&g->nodes[i]);

		if (same(p, &q))
			return i;
	}
	return -1;
}

int
ct_subgraph_find(const struct ct_subgraph *sg, const struct ct_pin *p)
{
	for (int i = 0; i < sg->n_pins; i++)
		if (same(&sg->pin[i], p))
			return i;
	return -1;
}

int
ct_subgraph_pin(struct ct_subgraph *sg, const struct ct_pin *p, struct ct_error *err)
{
	int i = ct_subgraph_find(sg, p);

	if (i >= 0)
		return i;
	if (sg->n_pins == CT_MAX_PINS)
		return ct_fail(err, CT_EINVAL, "%d nodes are pinned already, and there can be no more",
		    CT_MAX_PINS);
	sg->pin[sg->n_pins] = *p;
	sg->pin[sg->n_pins].supernode = -1;
	return sg->n_pins++;
}

int
ct_subgraph_supernode(const struct ct_subgraph *sg, const char *name)
{
	for (int i = 0; i < sg->n_supernodes; i++)
		if (strcmp(sg->name[i], name) == 0)
			return i;
	return -1;
}

static void
drop_supernode(struct ct_subgraph *sg, int supernode)
{
	sg->n_supernodes--;
	memmove(sg->name[supernode], sg->name[supernode + 1],
	    (size_t)(sg->n_supernodes - supernode) * sizeof *sg->name);
	for (int i = 0; i < sg->n_pins; i++) {
		int *at = &sg->pin[i].supernode;

		*at = *at == supernode ? -1 : *at - (*at > supernode);
	}
}

static void
drop_if_empty(struct ct_subgraph *sg, int supernode)
{
	for (int i = 0; i < sg->n_pins; i++)
		if (sg->pin[i].supernode == supernode)
			return;
	if (supernode >= 0)
		drop_supernode(sg, supernode);
}

void
ct_subgraph_unpin(struct ct_subgraph *sg, int pin)
{
	int was = sg->pin[pin].supernode;

	sg->n_pins--;
	memmove(sg->pin + pin, sg->pin + pin + 1, (size_t)(sg->n_pins - pin) * sizeof *sg->pin);
	drop_if_empty(sg, was);
}

void
ct_supernode_name(char dst[CT_SUPERNODE_NAME], const char *text)
{
	size_t n = strlen(text), first = 0, len;

	while (first < n && text[first] == ' ')
		first++;
	while (n > first && text[n - 1] == ' ')
		n--;
	len = ct_text_clean(dst, CT_SUPERNODE_NAME, text + first, n - first);
	for (size_t i = 0; i < len; i++)
		if (dst[i] == '"')
			dst[i] = '\'';
	while (len > 0 && dst[len - 1] == ' ')	/* blanks at the cut */
		dst[--len] = '\0';
}

/* The supernode with this name, which is made if there is none; or a code. */
static int
need_supernode(struct ct_subgraph *sg, const char *text, struct ct_error *err)
{
	char name[CT_SUPERNODE_NAME];
	int i;

	ct_supernode_name(name, text);
	if (!*name)
		return ct_fail(err, CT_EINVAL, "a supernode needs a name");
	i = ct_subgraph_supernode(sg, name);
	if (i >= 0)
		return i;
	if (sg->n_supernodes == CT_MAX_SUPERNODES)
		return ct_fail(
		    err, CT_EINVAL, "there are %d supernodes already, and there can be no more",
		    CT_MAX_SUPERNODES);
	memcpy(sg->name[sg->n_supernodes], name, sizeof name);
	return sg->n_supernodes++;
}

int
ct_subgraph_group(struct ct_subgraph *sg, int pin, const char *name, struct ct_error *err)
{
	int was = sg->pin[pin].supernode, to = name ? need_supernode(sg, name, err) : -1;

	if (name && to < 0)
		return to;
	sg->pin[pin].supernode = to;
	drop_if_empty(sg, was);
	return CT_OK;
}

void
ct_subgraph_ungroup(struct ct_subgraph *sg, int supernode)
{
	drop_supernode(sg, supernode);
}

int
ct_subgraph_rename(struct ct_subgraph *sg, int supernode, const char *text, struct ct_error *err)
{
	char name[CT_SUPERNODE_NAME];
	int there;

	ct_supernode_name(name, text);
	if (!*name)
		return ct_fail(err, CT_EINVAL, "a supernode needs a name");
	there = ct_subgraph_supernode(sg, name);
	if (there >= 0 && there != supernode)
		return ct_fail(err, CT_EINVAL, "there is a supernode \"%s\" already; move the members there",
		    name);
	memcpy(sg->name[supernode], name, sizeof name);
	return CT_OK;
}

/* One part for each supernode and for each pin in none, with its nodes in this graph. */
static int
gather(struct ct_parts *out, const struct ct_subgraph *sg, const struct ct_graph *g, struct ct_arena *a,
    struct ct_error *err)
{
	int most = sg->n_supernodes + sg->n_pins;
	/* Each part has room for one member; supernodes take more from one list. */
	int *pins = ct_arena_need(a, (size_t)sg->n_pins, sizeof *pins, "a subgraph", err);
	int *nodes = ct_arena_need(a, (size_t)sg->n_pins, sizeof *nodes, "a subgraph", err), used = 0;

	out->part = ct_arena_need(a, (size_t)most, sizeof *out->part, "a subgraph", err);
	if (!pins || !nodes || !out->part)
		return CT_ENOMEM;
	for (int k = -sg->n_supernodes; k < sg->n_pins; k++) {
		int supernode = k < 0 ? k + sg->n_supernodes : -1;
		struct ct_subgraph_part *p = &out->part[out->n];

		if (k >= 0 && sg->pin[k].supernode >= 0)
			continue;
		*p = (struct ct_subgraph_part){ .supernode = supernode, .pin = pins + used,
		    .node = nodes + used };
		for (int i = 0; i < sg->n_pins; i++) {
			if (k < 0 ? sg->pin[i].supernode != supernode : i != k)
				continue;
			p->pin[p->n] = i;
			p->node[p->n++] = ct_pin_node(g, &sg->pin[i]);
		}
		used += p->n;
		out->n++;
	}
	return CT_OK;
}

static void
sum_up(struct ct_parts *out, const struct ct_graph *g, bool *pinned)
{
	for (int i = 0; i < out->n; i++) {
		struct ct_subgraph_part *p = &out->part[i];

		for (int k = 0; k < p->n; k++) {
			const struct ct_node *n = p->node[k] < 0 ? NULL : &g->nodes[p->node[k]];

			if (!n)
				continue;
			p->n_nodes++;
			p->layer += n->layer;
			/* a file may not have it */
			p->activation += isnan(n->activation) ? 0 : (double)n->activation;
			p->influence += n->influence;
			out->n_features += n->kind == CT_NODE_FEATURE && !pinned[p->node[k]];
			pinned[p->node[k]] = true;
		}
		if (p->n_nodes)
			p->layer /= p->n_nodes;
	}
}

/* Parts that are not in the graph come last. */
static int
by_place(const void *x, const void *y)
{
	const struct ct_subgraph_part *a = x, *b = y;

	if (!a->n_nodes != !b->n_nodes)
		return a->n_nodes ? -1 : 1;
	if (a->layer != b->layer)
		return a->layer > b->layer ? -1 : 1;
	if (a->influence != b->influence)
		return a->influence > b->influence ? -1 : 1;
	return a->pin[0] < b->pin[0] ? -1 : 1;
}

static int
by_strength(const void *x, const void *y)
{
	const struct ct_subgraph_edge *a = x, *b = y;

	if (fabs(a->weight) != fabs(b->weight))
		return fabs(a->weight) > fabs(b->weight) ? -1 : 1;
	return a->source < b->source ? -1 : 1;
}

/* Buffers for summing the edges into one part. */
struct gathering {
	struct ct_edge *list;		/* (n_nodes) */
	double *row;			/* (n_nodes) edges into one node, else zeros */
	bool *inside;			/* (n_nodes) members of the part, else false */
	double *weight, *share;		/* (n) of every part, summed */
	double inflow, total;		/* from all nodes outside: signed, and as sizes of members' shares */
};

/* Weights of a part's members in the row, without those that are also members of the target. */
static double
from_part(const struct gathering *w, const struct ct_subgraph_part *p)
{
	double sum = 0;

	for (int k = 0; k < p->n; k++)
		if (p->node[k] >= 0 && !w->inside[p->node[k]])
			sum += w->row[p->node[k]];
	return sum;
}

/* The edges into one part: the weight and share of every other part. */
static void
sum_edges(struct gathering *w, const struct ct_parts *out, const struct ct_graph *g, int target)
{
	const struct ct_subgraph_part *p = &out->part[target];

	w->inflow = w->total = 0;
	memset(w->weight, 0, (size_t)out->n * sizeof *w->weight);
	memset(w->share, 0, (size_t)out->n * sizeof *w->share);
	for (int k = 0; k < p->n; k++)
		if (p->node[k] >= 0)
			w->inside[p->node[k]] = true;
	for (int k = 0; k < p->n; k++) {
		int t = p->node[k], n = t < 0 ? 0 : ct_graph_row(g, t, w->list);
		double inputs = t < 0 ? 0 : g->nodes[t].inputs, outside = inputs;

		for (int i = 0; i < n; i++) {
			w->row[w->list[i].source] = (double)w->list[i].weight;
			if (w->inside[w->list[i].source])
				outside -= fabs((double)w->list[i].weight);
			else
				w->inflow += (double)w->list[i].weight;
		}
		w->inflow += t < 0 ? 0 : (double)g->nodes[t].omitted;
		/*
		 * A member's share divides by its inputs from outside; its weight in the mean, outside /
		 * inputs, cancels that.
		 */
		w->total += inputs > 0 ? outside / inputs : 0;
		for (int s = 0; s < out->n && n > 0; s++) {
			double sum = s == target ? 0 : from_part(w, &out->part[s]);

			w->weight[s] += sum;
			w->share[s] += sum / inputs;
		}
		for (int i = 0; i < n; i++)
			w->row[w->list[i].source] = 0;
	}
	for (int i = 0; i < out->n && w->total > 0; i++)
		w->share[i] /= w->total;
	for (int k = 0; k < p->n; k++)
		if (p->node[k] >= 0)
			w->inside[p->node[k]] = false;
}

/* What flows into a part apart from the edges. */
static void
find_rest(struct ct_subgraph_part *p, const struct gathering *w, int n)
{
	p->fed = w->total > 0;
	p->rest = p->fed ? w->inflow : 0;
	p->rest_share = p->fed;
	for (int s = 0; s < n && p->fed; s++) {
		p->rest -= w->weight[s];
		p->rest_share -= fabs(w->share[s]);
	}
	p->rest_share = fmax(p->rest_share, 0);
}

static int
join(struct ct_parts *out, const struct ct_graph *g, struct ct_arena *a, struct ct_arena *scratch,
    struct ct_error *err)
{
	size_t n = (size_t)out->n, n_nodes = (size_t)g->n_nodes;
	struct gathering w = {
		.list = ct_arena_need(scratch, n_nodes, sizeof *w.list, "a subgraph", err),
		.row = ct_arena_need(scratch, n_nodes, sizeof *w.row, "a subgraph", err),
		.inside = ct_arena_need(scratch, n_nodes, sizeof *w.inside, "a subgraph", err),
		.weight = ct_arena_need(scratch, n, sizeof *w.weight, "a subgraph", err),
		.share = ct_arena_need(scratch, n, sizeof *w.share, "a subgraph", err)
	};
	struct ct_subgraph_edge *found = ct_arena_need(scratch, n * n, sizeof *found, "a subgraph", err);

	if (!w.list || !w.row || !w.inside || !w.weight || !w.share || !found)
		return CT_ENOMEM;
	for (int t = 0; t < out->n; t++) {
		int first = out->n_edges;

		sum_edges(&w, out, g, t);
		find_rest(&out->part[t], &w, out->n);
		for (int s = 0; s < out->n; s++)
			if (w.weight[s] != 0)
				found[out->n_edges++] =
				    (struct ct_subgraph_edge){ s, t, w.weight[s], w.share[s] };
		qsort(found + first, (size_t)(out->n_edges - first), sizeof *found, by_strength);
	}
	out->edge = ct_arena_need(a, (size_t)out->n_edges, sizeof *found, "a subgraph", err);
	if (!out->edge)
		return CT_ENOMEM;
	memcpy(out->edge, found, (size_t)out->n_edges * sizeof *found);
	return CT_OK;
}

int
ct_parts_init(struct ct_parts *out, const struct ct_subgraph *sg, const struct ct_graph *g,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_arena scratch = { 0 };
	bool *pinned = ct_arena_need(&scratch, (size_t)g->n_nodes, sizeof *pinned, "a subgraph", err);
	int code = pinned ? CT_OK : CT_ENOMEM;

	*out = (struct ct_parts){ 0 };
	if (code == CT_OK && (code = gather(out, sg, g, a, err)) == CT_OK) {
		sum_up(out, g, pinned);
		if (out->n)
			qsort(out->part, (size_t)out->n, sizeof *out->part, by_place);
		if ((code = join(out, g, a, &scratch, err)) == CT_OK &&
		    (code = ct_graph_pinned_scores(g, pinned, &out->scores, &scratch, err)) == CT_OK) {
			memset(pinned, true, (size_t)g->n_nodes * sizeof *pinned);
			code = ct_graph_pinned_scores(g, pinned, &out->whole, &scratch, err);
		}
	}
	ct_arena_free(&scratch);
	return code;
}
