/* boxes_layout: see boxes_layout.h. */
#include "tui/view/boxes_layout.h"

#include <math.h>
#include <stdlib.h>

#include "tui/app.h"
#include "tui/study/pins.h"

/*
 * A part that gives at least least_share of what flows into a box is listed there; one that gives at least
 * row_share is placed in a row below.
 */
static const double least_share = .01, row_share = .05;

enum { BOX_LEAST = 18, BOX_MOST = 38 };

static const struct ct_pin *
pin_of(struct app *a, const struct ct_subgraph_part *p)
{
	return &ct_session_subgraph(a->study.session)->pin[p->pin[0]];
}

/* The first of its nodes that is in the graph; -1: none. */
int
boxes_node(const struct ct_subgraph_part *p)
{
	for (int k = 0; k < p->n; k++)
		if (p->node[k] >= 0)
			return p->node[k];
	return -1;
}

bool
boxes_is_word(struct app *a, const struct ct_subgraph_part *p)
{
	return p->supernode < 0 && pin_of(a, p)->kind == CT_NODE_EMBEDDING;
}

bool
boxes_is_target(struct app *a, const struct ct_subgraph_part *p)
{
	const struct ct_node *n = study_node(&a->study, boxes_node(p));

	return p->supernode < 0 && n && n->kind == CT_NODE_TARGET;
}

/*
 * The index of the first edge into a part; edges into the same part follow each other, the strongest first.
 */
static int
first_into(const struct ct_parts *x, int part)
{
	int low = 0, high = x->n_edges;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (x->edge[middle].target < part)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct ct_subgraph_edge *
boxes_edge(const struct ct_parts *x, int part, int i)
{
	for (int e = first_into(x, part); e < x->n_edges && x->edge[e].target == part; e++)
		if (fabs(x->edge[e].share) >= least_share && i-- == 0)
			return &x->edge[e];
	return NULL;
}

/* The edge from one part to another, or NULL. */
static const struct ct_subgraph_edge *
edge_between(const struct ct_parts *x, int source, int target)
{
	for (int e = first_into(x, target); e < x->n_edges && x->edge[e].target == target; e++)
		if (x->edge[e].source == source)
			return &x->edge[e];
	return NULL;
}

static bool
feeds(const struct ct_parts *x, int source, int target)
{
	const struct ct_subgraph_edge *e = edge_between(x, source, target);

	return e && fabs(e->share) >= row_share;
}

/*
 * Assigns rows from the answer down, in the order of x, which is by layer: a part goes into the row of the
 * part before it, unless it feeds a part of that row. Parts without a node in the graph get no box. Returns
 * the number of boxes.
 */
static int
find_rows(struct app *a, const struct ct_parts *x, struct box *box, int *n_rows)
{
	int n = 0, first = 0, row = 0;

	for (int words = 0; words < 2; words++)
		for (int i = 0; i < x->n; i++) {
			const struct ct_subgraph_part *p = &x->part[i];
			const struct ct_subgraph_part *last = n > first ? &x->part[box[n - 1].part] : NULL;
			bool below;

			if (!p->n_nodes || boxes_is_word(a, p) != words)
				continue;
			below = last && (boxes_is_target(a, last) != boxes_is_target(a, p) ||
			    boxes_is_word(a, last) != words);
			for (int k = first; k < n && !words && !below; k++)
				below = feeds(x, i, box[k].part);
			if (below) {
				row++;
				first = n;
			}
			box[n++] = (struct box){ .part = i, .row = row,
			    .pos = a->study.graph->nodes[boxes_node(p)].pos };
		}
	*n_rows = n ? row + 1 : 0;
	return n;
}

static int
by_column(const void *x, const void *y)
{
	const struct box *a = x, *b = y;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->pos != b->pos)
		return a->pos < b->pos ? -1 : 1;
	return (a->part > b->part) - (a->part < b->part);
}

/* The column where a token's boxes begin: the width is divided among the tokens that have boxes. */
static int
column(const struct boxes *v, int pos, int width)
{
	int before = 0, all = 0;

	for (int t = 0, last = -1; t < v->list.n; t++) {
		int next = -1;

		for (int i = 0; i < v->list.n; i++)
			if (v->box[i].pos > last && (next < 0 || v->box[i].pos < next))
				next = v->box[i].pos;
		if (next < 0)
			break;
		all++;
		before += next < pos;
		last = next;
	}
	return all ? before * width / all : 0;
}

/*
 * Places the n boxes of a row: each at its token's column, moved only as far as needed for all to have room.
 */
static void
place_row(struct boxes *v, struct box *box, int n, int width)
{
	int w = (width - n + 1) / n, end = width;

	w = w < BOX_LEAST ? BOX_LEAST : w > BOX_MOST ? BOX_MOST : w;
	for (int i = 0, x = 0; i < n; i++) {
		int at = column(v, box[i].pos, width);

		box[i].w = w;
		box[i].x = at > x ? at : x;
		x = box[i].x + w + 1;
	}
	for (int i = n - 1; i >= 0; i--) {
		if (box[i].x + w > end)
			box[i].x = end - w;
		end = box[i].x - 1;
	}
}

/* Moves boxes for which a row has no room into a row below. */
static void
split_rows(struct boxes *v, int width)
{
	int most = (width + 1) / (BOX_LEAST + 1), shift = 0, in_row = 0;

	most = most < 1 ? 1 : most;
	for (int i = 0, was = 0; i < v->list.n; i++) {
		bool fresh = i > 0 && v->box[i].row != was;

		was = v->box[i].row;
		in_row = fresh ? 0 : in_row;
		if (in_row == most) {
			shift++;
			in_row = 0;
		}
		in_row++;
		v->box[i].row += shift;
	}
	v->n_rows += shift;
}

/* How many edges into a part are listed: those worth listing, but not more than `most`. */
static int
count_listed(const struct ct_parts *x, int part, int most)
{
	int n = 0;

	while (n < most && boxes_edge(x, part, n))
		n++;
	return n;
}

/* Places all rows one below the other; returns the number of lines. */
static int
place_lines(struct boxes *v)
{
	int y = 0, high = 0;

	for (int i = 0; i < v->list.n; i++) {
		if (i > 0 && v->box[i].row != v->box[i - 1].row) {
			y += high + 1;
			high = 0;
		}
		v->box[i].y = y;
		v->box[i].h = 2 + v->box[i].listed;
		high = v->box[i].h > high ? v->box[i].h : high;
	}
	return v->list.n ? y + high : 0;
}

/* Lists at most `most` edges in each box of a row. */
static void
list_edges(struct boxes *v, const struct ct_parts *x, int row, int most)
{
	for (int i = 0; i < v->list.n; i++)
		if (v->box[i].row == row)
			v->box[i].listed = count_listed(x, v->box[i].part, most);
}

/*
 * Lists one edge in each box in any case; then one more, row by row from the answer down, while there is
 * room.
 */
static void
share_lines(struct boxes *v, const struct ct_parts *x)
{
	bool room = true;

	for (int most = 1; most <= BOXES_LISTED && room; most++)
		for (int row = 0; row < v->n_rows && room; row++) {
			list_edges(v, x, row, most);
			room = most == 1 || place_lines(v) <= v->h;
			if (!room)
				list_edges(v, x, row, most - 1);
		}
	v->lines = place_lines(v);
}

void
boxes_layout(struct app *a, struct boxes *v)
{
	const struct ct_parts *x = pins_parts(&a->study);
	struct box *box = x ? realloc(v->box, ((size_t)x->n + 1) * sizeof *box) : NULL;

	v->box = box ? box : v->box;
	v->list.n = box ? find_rows(a, x, v->box, &v->n_rows) : 0;
	list_resize(&v->list, v->list.n, v->list.n);
	if (!v->list.n)
		return;
	qsort(v->box, (size_t)v->list.n, sizeof *v->box, by_column);
	split_rows(v, v->w);
	for (int i = 0, n; i < v->list.n; i += n) {
		for (n = 1; i + n < v->list.n && v->box[i + n].row == v->box[i].row;)
			n++;
		place_row(v, v->box + i, n, v->w);
	}
	share_lines(v, x);
}

static bool
feeds_alike(const struct ct_parts *x, int source, int target, double weight)
{
	const struct ct_subgraph_edge *e = edge_between(x, source, target);

	return e && fabs(e->share) >= least_share && (e->weight < 0) == (weight < 0);
}

/*
 * Lines that touch form a net, which a reader takes to mean that each box below it feeds each box above it,
 * with the same sign. Whether that is true if the nets marked in `from` are joined into one.
 */
static bool
may_join(const struct boxes *v, const struct ct_parts *x, const struct boxes_gap *gap, const bool *from,
    double weight)
{
	for (int i = 0; i < v->list.n; i++)
		for (int k = 0; k < v->list.n; k++) {
			const struct box *t = &v->box[i], *s = &v->box[k];

			if (t->row == gap->row && s->row == gap->row + 1 && from[t->net] && from[s->net] &&
			    !feeds_alike(x, s->part, t->part, weight))
				return false;
		}
	return true;
}

/*
 * Draws a line in a gap, unless it would join a net that then says something false. The boxes list the edge
 * anyway.
 */
static void
add_line(struct boxes *v, const struct ct_parts *parts, struct boxes_gap *gap, struct box *source,
    struct box *target, double weight)
{
	int from = source->x + source->w / 2, to = target->x + target->w / 2;
	int was[2] = { source->net, target->net };
	int low = from < to ? from : to, high = from < to ? to : from, net = gap->n_nets + 1;
	bool joined[BOXES_COLUMNS] = { false };

	if (high >= BOXES_COLUMNS || net >= BOXES_COLUMNS)
		return;
	for (int x = low; x <= high; x++)
		joined[gap->net[x]] = true;
	joined[source->net] = joined[target->net] = true;
	joined[0] = false;
	joined[net] = true;
	source->net = target->net = net;
	if (!may_join(v, parts, gap, joined, weight)) {
		source->net = was[0];
		target->net = was[1];
		return;
	}
	gap->n_nets = net;
	for (int i = 0; i < v->list.n; i++)
		v->box[i].net = joined[v->box[i].net] ? net : v->box[i].net;
	for (int x = 0; x < BOXES_COLUMNS; x++)
		gap->net[x] = joined[gap->net[x]] ? net : gap->net[x];
	for (int x = low; x <= high; x++) {
		gap->ways[x] |= (unsigned char)((x > low ? WAY_LEFT : 0) | (x < high ? WAY_RIGHT : 0) |
		    (x == from ? WAY_DOWN : 0) | (x == to ? WAY_UP : 0));
		gap->net[x] = net;
		gap->style[x] = weight < 0 ? ST_MINUS : ST_PLUS;
	}
}

/* Draws the lines of a gap for the listed edges, the strongest of each box first. */
void
boxes_lines(struct boxes *v, const struct ct_parts *x, struct boxes_gap *gap)
{
	for (int i = 0; i < v->list.n; i++)
		v->box[i].net = 0;
	for (int k = 0; k < BOXES_LISTED; k++)
		for (int i = 0; i < v->list.n; i++) {
			struct box *t = &v->box[i];
			const struct ct_subgraph_edge *e =
			    t->row == gap->row && k < t->listed ? boxes_edge(x, t->part, k) : NULL;

			for (int j = 0; e && j < v->list.n; j++)
				if (v->box[j].row == gap->row + 1 && v->box[j].part == e->source)
					add_line(v, x, gap, &v->box[j], t, e->weight);
		}
}
