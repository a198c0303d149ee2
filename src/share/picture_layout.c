/* picture_layout: see picture_layout.h. */
#include "share/picture_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	WIDE = 150, NARROW = 84,	/* widths of boxes of features, and of words alone */
	GAP = 26,			/* between slots: room for passing edges */
	TOP = 28, CHANNEL = 62,		/* above everything; between rows: room for edges to turn */
	LANE = 4			/* between edges that pass next to each other */
};
/* least ratio of width to height: a page or slide is wider than high */
static const double shape = 1.5;

void
picture_layout_free(struct picture_layout *g)
{
	free(g->columns);
	free(g->width);
	free(g->x);
	free(g->y);
	free(g->layer);
}

/* The number of rows that the fullest cell of a layer needs. nodes[first..last) are those of the layer. */
static int
rows_of(const struct picture *p, const struct picture_layout *g, size_t first, size_t last)
{
	int most = 1;

	for (size_t i = first, k; i < last; i = k) {
		int lines;

		for (k = i; k < last && p->nodes[k].pos == p->nodes[i].pos; k++)
			;
		lines = ((int)(k - i) + g->columns[p->nodes[i].pos] - 1) / g->columns[p->nodes[i].pos];
		most = lines > most ? lines : most;
	}
	return most;
}

static size_t
layer_end(const struct picture *p, size_t first)
{
	size_t last = first;

	while (last < p->n_nodes && p->nodes[last].layer == p->nodes[first].layer)
		last++;
	return last;
}

/* Width and height with the present columns; *tall: a position with the fullest cell, -1: no cell is full. */
static void
measure(struct picture_layout *g, const struct picture *p, int *tall)
{
	int most = 1;

	*tall = -1;
	g->rows = 0;
	for (size_t i = 0, end; i < p->n_nodes; i = end) {
		end = layer_end(p, i);
		g->rows += rows_of(p, g, i, end);
		for (size_t a = i, b; a < end; a = b) {
			int lines;

			for (b = a; b < end && p->nodes[b].pos == p->nodes[a].pos; b++)
				;
			lines = ((int)(b - a) + g->columns[p->nodes[a].pos] -
			    1) / g->columns[p->nodes[a].pos];
			if (lines > most || (lines == most && lines > 1)) {
				most = lines;
				*tall = p->nodes[a].pos;
			}
		}
	}
	g->x[0] = PICTURE_LEFT;
	for (int t = 0; t < g->T; t++)
		g->x[t + 1] = g->x[t] + (g->columns[t] ? g->columns[t] * (g->width[t] + GAP) + GAP : 0);
	g->total_w = g->x[g->T] + PICTURE_MARGIN;
	g->total_h = TOP + g->rows * (PICTURE_BOX_H + CHANNEL) - CHANNEL + PICTURE_BOTTOM;
}

/* Places one cell: its boxes fill rows from the lowest up; the last row is centred. */
static void
place_cell(const struct picture_layout *g, struct picture_node *n, int count, int row)
{
	int columns = g->columns[n->pos];

	for (int i = 0; i < count; i++) {
		int line = i / columns, in_line = count - line * columns < columns ? count - line * columns :
		    columns;

		n[i].row = row + line;
		n[i].column = i % columns + (columns - in_line) / 2;
		n[i].w = g->width[n->pos];
		n[i].x = g->x[n->pos] + GAP + n[i].column * (n[i].w + GAP);
		n[i].y = g->total_h - PICTURE_BOTTOM - PICTURE_BOX_H - n[i].row * (PICTURE_BOX_H + CHANNEL);
	}
}

static void
place(struct picture_layout *g, struct picture *p)
{
	int row = 0;

	for (size_t i = 0, end; i < p->n_nodes; i = end) {
		int rows;

		end = layer_end(p, i);
		rows = rows_of(p, g, i, end);
		for (size_t a = i, b; a < end; a = b) {
			for (b = a; b < end && p->nodes[b].pos == p->nodes[a].pos; b++)
				;
			place_cell(g, &p->nodes[a], (int)(b - a), row);
		}
		for (int k = 0; k < rows; k++) {
			g->layer[row + k] = p->nodes[i].layer;
			g->y[row + k] = g->total_h - PICTURE_BOTTOM - PICTURE_BOX_H -
			    (row + k) * (PICTURE_BOX_H + CHANNEL);
		}
		row += rows;
	}
}

/*
 * The gaps between slots, from left to right; returns how many. out: room for one more than slots and
 * positions together.
 */
static int
find_gaps(const struct picture_layout *g, double *out)
{
	int n = 0;

	for (int t = 0; t < g->T; t++)
		for (int k = 0; g->columns[t] && k <= g->columns[t]; k++)
			out[n++] = g->x[t] + GAP / 2.0 + k * (g->width[t] + GAP);
	return n;
}

/*
 * Each link that passes rows takes the gap with the shortest way; links in the same gap run next to each
 * other.
 */
static int
route(const struct picture_layout *g, struct picture *p)
{
	int slots = 2 * g->T + 2, n;
	double *gap;
	int *used;

	for (int t = 0; t < g->T; t++)
		slots += g->columns[t];
	gap = calloc((size_t)slots, sizeof *gap);
	used = calloc((size_t)slots, sizeof *used);
	if (!gap || !used) {
		free(gap);
		free(used);
		return CT_ENOMEM;
	}
	n = find_gaps(g, gap);
	/* The strongest links, which come last, choose first. */
	for (size_t i = p->n_links; i-- > 0;) {
		struct picture_link *l = &p->links[i];
		const struct picture_node *s = &p->nodes[l->source], *t = &p->nodes[l->target];
		double from = s->x + s->w / 2.0, to = t->x + t->w / 2.0, least = INFINITY;
		int best = 0, lanes = (GAP - LANE) / LANE, lane;

		l->corridor = NAN;
		if (t->row <= s->row + 1)
			continue;
		for (int k = 0; k < n; k++) {
			double way = fabs(from - gap[k]) + fabs(to - gap[k]) + 6.0 * used[k];

			if (way < least) {
				least = way;
				best = k;
			}
		}
		lane = used[best]++ % lanes;
		/* lanes 0, +1, -1, +2, -2, ... from the middle */
		l->corridor = gap[best] + LANE * (lane % 2 ? (lane + 1) / 2 : -(lane / 2));
	}
	free(gap);
	free(used);
	return CT_OK;
}

static bool
allocate(struct picture_layout *g, size_t n_nodes)
{
	g->columns = calloc((size_t)g->T, sizeof *g->columns);
	g->width = calloc((size_t)g->T, sizeof *g->width);
	g->x = calloc((size_t)g->T + 1, sizeof *g->x);
	g->y = calloc(n_nodes + 1, sizeof *g->y);
	g->layer = calloc(n_nodes + 1, sizeof *g->layer);
	return g->columns && g->width && g->x && g->y && g->layer;
}

int
picture_layout(struct picture_layout *g, struct picture *p, struct ct_error *err)
{
	int tall;

	*g = (struct picture_layout){ .T = 1 };
	for (size_t i = 0; i < p->n_nodes; i++)
		g->T = p->nodes[i].pos >= g->T ? p->nodes[i].pos + 1 : g->T;
	if (!allocate(g, p->n_nodes))
		return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %d positions", g->T);
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct picture_node *n = &p->nodes[i];

		g->columns[n->pos] = 1;
		if (n->kind != CT_NODE_EMBEDDING || ct_text_width(n->label) > 11)
			g->width[n->pos] = WIDE;
		else if (!g->width[n->pos])
			g->width[n->pos] = NARROW;
	}
	for (measure(g, p, &tall); g->total_w < shape * g->total_h && tall >= 0; measure(g, p, &tall))
		g->columns[tall]++;
	place(g, p);
	if (route(g, p) < 0)
		return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %zu edges", p->n_links);
	return CT_OK;
}
