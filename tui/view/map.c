/*
 * map: layers by tokens. The shade of a cell shows its influence; its number is what it adds to the selected
 * node, or what the selected node adds to it.
 *
 * Owns the selected cell. The cell follows the selected node, and selecting a cell selects its strongest
 * node.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/view.h"

enum { LABEL_W = 4, CELL_MIN = 4, CELL_MAX = 20, NAMED = 7 };

/* The geometry of the drawing, when last drawn. */
struct scale {
	int cell, high;		/* columns and lines of a cell */
	int first, shown;	/* visible positions */
	/* visible layers: the first one's row, and how many; inputs and outputs are always visible */
	int top, layers;
};

struct map {
	struct list list;	/* rows: targets, layers from the last to the first, input words */
	int pos;		/* column */
	double *heat;		/* (rows, T) influence */
	float *edge;		/* (rows, T) between the selected node and the cell */
	int *count;		/* (rows, T) number of nodes of the pruned graph */
	bool *pinned;		/* (rows, T) whether a node there is pinned */
	int rows, T;
	double hottest;
	struct scale scale;
};

static void *
map_open(void)
{
	return calloc(1, sizeof(struct map));
}

static void
map_close(void *state)
{
	struct map *m = state;

	free(m->heat);
	free(m->edge);
	free(m->count);
	free(m->pinned);
	free(m);
}

static int
row_of(const struct ct_graph *g, const struct ct_node *n)
{
	if (n->kind == CT_NODE_EMBEDDING)
		return g->L + 1;
	if (ct_node_subject(n) == CT_NODE_TARGET)
		return 0;
	return g->L - n->layer;
}

static void
follow(struct app *a, struct map *m)
{
	const struct ct_node *n = study_node(&a->study, a->study.node);

	if (!n)
		return;
	list_select(&m->list, row_of(a->study.graph, n));
	m->pos = n->pos;
}

static bool
size_to(struct map *m, int rows, int T)
{
	size_t n = (size_t)rows * (size_t)T;

	if (m->rows != rows || m->T != T) {
		free(m->heat);
		free(m->edge);
		free(m->count);
		free(m->pinned);
		m->heat = malloc(n * sizeof *m->heat);
		m->edge = malloc(n * sizeof *m->edge);
		m->count = malloc(n * sizeof *m->count);
		m->pinned = malloc(n * sizeof *m->pinned);
		m->rows = m->heat && m->edge && m->count && m->pinned ? rows : 0;
		m->T = T;
	}
	for (size_t i = 0; m->rows && i < n; i++) {
		m->heat[i] = 0;
		m->edge[i] = 0;
		m->count[i] = 0;
		m->pinned[i] = false;
	}
	return m->rows > 0;
}

static size_t
cell_of(const struct map *m, const struct ct_graph *g, int node)
{
	return (size_t)row_of(g, &g->nodes[node]) * (size_t)m->T + (size_t)g->nodes[node].pos;
}

static bool
measure(struct app *a, struct map *m)
{
	const struct ct_graph *g = a->study.graph;
	const struct ct_parts *x = pins_parts(&a->study);
	struct ct_edge *edge;
	int n;

	if (!g || !size_to(m, g->L + 2, g->T))
		return false;
	edge = malloc((size_t)g->n_nodes * sizeof *edge);
	if (!edge)
		return false;
	m->hottest = 0;
	for (int i = 0; i < g->n_nodes; i++) {
		size_t c = cell_of(m, g, i);

		if (!g->nodes[i].kept)
			continue;
		m->count[c]++;
		if (g->nodes[i].kind == CT_NODE_TARGET)
			continue;
		m->heat[c] += g->nodes[i].influence;
		m->hottest = fmax(m->hottest, m->heat[c]);
	}
	for (int i = 0; x && i < x->n; i++)
		for (int k = 0; k < x->part[i].n; k++)
			if (x->part[i].node[k] >= 0)
				m->pinned[cell_of(m, g, x->part[i].node[k])] = true;
	if (a->study.node >= 0) {
		n = ct_graph_inputs(g, a->study.node, false, edge, g->n_nodes);
		for (int i = 0; i < n && i < g->n_nodes; i++)
			m->edge[cell_of(m, g, edge[i].source)] += edge[i].weight;
		n = ct_graph_outputs(g, a->study.node, false, edge, g->n_nodes);
		for (int i = 0; i < n && i < g->n_nodes; i++)
			m->edge[cell_of(m, g, edge[i].target)] += edge[i].weight;
	}
	free(edge);
	return true;
}

static struct list *
map_list(struct app *a, void *state)
{
	struct map *m = state;

	m->list.n = a->study.graph ? a->study.graph->L + 2 : 0;
	return &m->list;
}

static void
map_changed(struct app *a, void *state, enum change what)
{
	(void)what;
	map_list(a, state);
	follow(a, state);
}

/* The strongest node of a cell that is weaker than `after` (-1: the strongest of all); -1: there is none. */
static int
strongest(struct app *a, int row, int pos, int after)
{
	const struct ct_graph *g = a->study.graph;
	int best = -1;

	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];
		bool later = after < 0 || n->influence < g->nodes[after].influence ||
		    (n->influence == g->nodes[after].influence && i > after);

		if (!n->kept || n->pos != pos || row_of(g, n) != row || i == after || !later)
			continue;
		if (best < 0 || n->influence > g->nodes[best].influence)
			best = i;
	}
	return best;
}

static int
next_in_cell(struct app *a, const struct map *m, int after)
{
	return strongest(a, m->list.sel, m->pos, after);
}

static void
map_moved(struct app *a, void *state)
{
	struct map *m = state;
	int node = next_in_cell(a, m, -1);

	if (node >= 0)
		view_select(a, node);
}

static int
map_side(struct app *a, void *state, int step)
{
	struct map *m = state;
	int pos = m->pos + step;

	if (!a->study.graph || pos < 0 || pos >= a->study.T)
		return DID_NOTHING;
	m->pos = pos;
	map_moved(a, m);
	return DID_CHANGE;
}

static int
map_enter(struct app *a, void *state)
{
	struct map *m = state;
	const struct ct_node *n = study_node(&a->study, a->study.node);
	int node;

	if (!n)
		return DID_NOTHING;
	node = next_in_cell(
	    a, m, n->pos == m->pos && row_of(a->study.graph, n) == m->list.sel ? a->study.node : -1);
	if (node < 0)
		node = next_in_cell(a, m, -1);
	if (node < 0)
		return app_fail(a, "there is nothing in this cell");
	view_select(a, node);
	return DID_CHANGE;
}

/* The sum of influence in a column or a row. */
static double
sum_line(const struct map *m, bool column, int i)
{
	double sum = 0;

	for (int k = 0; k < (column ? m->rows : m->T); k++) {
		int row = column ? k : i, pos = column ? i : k;

		sum += m->heat[(size_t)row * (size_t)m->T + (size_t)pos];
	}
	return sum;
}

/*
 * Of all runs of n lines within first..last, the start of the one with the most influence that includes
 * `keep`, if that is in first..last; of equal ones the first. So a map opens where influence is.
 */
static int
hottest(const struct map *m, bool column, int first, int last, int n, int keep)
{
	double most = -1;
	int best = first;

	for (int i = first; i + n - 1 <= last; i++) {
		double sum = 0;

		if (keep >= first && keep <= last && (keep < i || keep >= i + n))
			continue;
		for (int k = i; k < i + n; k++)
			sum += sum_line(m, column, k);
		if (sum > most * (1 + 1e-9)) {
			most = sum;
			best = i;
		}
	}
	return best;
}

static struct scale
fit(struct app *a, const struct map *m, const struct area *area)
{
	struct scale s = { .cell = CELL_MIN, .high = 2 };
	int first = a->study.T > 1, columns = a->study.T - first;

	s.shown = (area->w - LABEL_W + 1) / CELL_MIN;	/* the last cell needs no gap after it */
	if (s.shown > columns)
		s.shown = columns;
	if (s.shown > 0)
		s.cell = (area->w - LABEL_W + 1) / s.shown;
	if (s.cell > CELL_MAX)
		s.cell = CELL_MAX;
	if (2 * m->rows + 1 > area->h)
		s.high = 1;
	/* There is room for a name in each cell, and for the nodes of the selected cell below. */
	else if (s.cell >= NAMED && 4 * m->rows + 5 <= area->h)
		s.high = 4;
	else if (s.cell >= NAMED && 3 * m->rows + 5 <= area->h)
		s.high = 3;
	s.first = hottest(m, true, first, a->study.T - 1, s.shown, m->pos);
	s.layers = m->rows - 2;
	if (m->rows * s.high + 1 > area->h)	/* not all rows fit */
		s.layers = (area->h - 1) / s.high - 2;
	s.top = hottest(m, false, 1, m->rows - 2, s.layers, m->list.sel);
	return s;
}

/* The line of the drawing where a row is; -1: it is not visible. */
static int
line_of(const struct map *m, const struct scale *s, int row)
{
	if (row == 0)
		return 1;
	if (row == m->rows - 1)
		return 1 + (s->layers + 1) * s->high;
	return row < s->top || row >= s->top + s->layers ? -1 : 1 + (row - s->top + 1) * s->high;
}

/* The row at a line of the drawing; -1: none. */
static int
row_at(const struct map *m, const struct scale *s, int y)
{
	for (int row = 0; row < m->rows; row++) {
		int line = line_of(m, s, row);

		if (line >= 0 && y >= line && y < line + s->high)
			return row;
	}
	return -1;
}

/* In a few columns, more letters say more than a mark that letters are missing. */
static void
draw_short(const struct area *area, int x, int y, int w, enum style style, const char *s)
{
	if (w < 6)
		draw_prefix(area, x, y, w, style, s);
	else
		draw_cut(area, x, y, w, style, s);
}

static uint32_t
shade(double share)
{
	return share > .5 ? 0x2588 : share > .2 ? 0x2593 : share > .06 ? 0x2592 : 0x2591;
}

/* What the strongest node of a cell is about. */
static void
draw_strongest(struct app *a, const struct area *area, int x, int y, int w, int row, int pos)
{
	char text[STUDY_NAME];
	int node = strongest(a, row, pos, -1);

	if (node < 0 || a->study.graph->nodes[node].kind == CT_NODE_EMBEDDING)
		return;
	study_note(&a->study, node, text, sizeof text);
	if (!*text)
		study_name(&a->study, node, text, sizeof text);
	draw_cut(area, x, y, w, ST_DIM, text);
}

static void
draw_cell_of(
    struct app *a, const struct map *m, const struct area *area, const struct scale *s, int row, int pos)
{
	size_t c = (size_t)row * (size_t)m->T + (size_t)pos;
	int x = LABEL_W + (pos - s->first) * s->cell, y = line_of(m, s, row), w = s->cell - 1;
	char text[FMT_SIZE], name[STUDY_NAME];
	enum style style = m->edge[c] < 0 ? ST_MINUS : m->edge[c] > 0 ? ST_PLUS : ST_RULE;
	bool chosen = a->focus == VIEW_MAP && row == m->list.sel && pos == m->pos;

	if (row == 0 && m->count[c]) {
		const struct ct_graph *g = a->study.graph;

		draw_short(area, x, y, w, ST_STRONG,
		    study_name(&a->study, g->n_nodes - g->n_targets, name, sizeof name));
	} else if (m->count[c]) {
		draw_line(area, x, y, w, style, shade(m->hottest > 0 ? m->heat[c] / m->hottest : 0));
	} else {
		draw_cell(area, x, y, ST_RULE, 0xb7);
	}
	if (m->pinned[c])
		draw_cell(area, x + w - 1, y, ST_CLAMP, 0x25cf);
	if (s->high >= 2 && w >= 4 && fabsf(m->edge[c]) >= .005f)
		draw_cut(area, x, y + 1, w, style, fmt_signed(text, sizeof text, m->edge[c]));
	else if (s->high >= 2 && fabsf(m->edge[c]) >= .05f)
		draw_cut(area, x, y + 1, w, style, fmt_short(text, sizeof text, m->edge[c]));
	if (s->high >= 3 && row > 0 && m->count[c])
		draw_strongest(a, area, x, y + 2, w, row, pos);
	if (chosen)
		for (int i = 0; i < s->high && i < 3; i++)
			draw_bar_only(area, x, y + i, w);
	if (chosen)
		draw_select(area, x - 1, y, 0);
	else if (row == m->list.sel && pos == m->pos)
		draw_here(area, x - 1, y);
}

/* The nodes of the selected cell, below all cells. */
static void
draw_nodes(struct app *a, const struct map *m, const struct area *area, int y)
{
	const struct ct_graph *g = a->study.graph;
	char p[FMT_SIZE];
	int node = -1;

	for (node = next_in_cell(a, m, -1); node >= 0 && y < area->h; node = next_in_cell(a, m, node), y++) {
		int x = 2, end = area->w - 9;

		node_name_draw(a, area, x, y, end - x, node);
		if (g->nodes[node].kind != CT_NODE_TARGET)
			draw_right(area, area->w - 1, y, ST_TEXT,
			    fmt_percent(p, sizeof p, ct_graph_influence_share(g, node)));
		if (node == a->study.node)
			draw_here(area, 0, y);
	}
}

static void
map_draw(struct app *a, void *state, const struct area *area)
{
	struct map *m = state;
	char token[STUDY_NAME];
	struct scale s;
	int last;

	if (!measure(a, m)) {
		draw_text(area, 1, 0, ST_DIM, a->study.graph ? "out of memory" : "nothing traced yet");
		return;
	}
	s = m->scale = fit(a, m, area);
	m->list.h = m->rows;
	last = s.first + s.shown;
	for (int pos = s.first; pos < last; pos++)
		draw_short(area, LABEL_W + (pos - s.first) * s.cell, 0, s.cell - 1,
		    pos == a->study.pos ? ST_STRONG : ST_DIM,
		    ct_text_word(token, sizeof token, study_token(&a->study, pos)));
	for (int row = 0; row < m->rows; row++) {
		char label[16];

		if (line_of(m, &s, row) < 0)
			continue;
		if (row == 0)
			snprintf(label, sizeof label, "out");
		else if (row == m->rows - 1)
			snprintf(label, sizeof label, "in");
		else
			snprintf(label, sizeof label, "L%d", m->rows - 2 - row);
		draw_cut(area, 0, line_of(m, &s, row), LABEL_W - 1, ST_DIM, label);
		for (int pos = s.first; pos < last; pos++)
			draw_cell_of(a, m, area, &s, row, pos);
	}
	draw_nodes(a, m, area, 2 + (s.layers + 2) * s.high);
}

static int
map_click(struct app *a, void *state, int x, int y)
{
	struct map *m = state;
	struct list *l = map_list(a, m);
	int pos, row;

	if (!l->n || !m->scale.cell || x < LABEL_W || y < 1)
		return DID_NOTHING;
	pos = m->scale.first + (x - LABEL_W) / m->scale.cell;
	row = row_at(m, &m->scale, y);
	if (row < 0 || row >= l->n || pos >= m->scale.first + m->scale.shown)
		return DID_NOTHING;
	m->pos = pos;
	list_select(l, row);
	map_moved(a, m);
	return DID_CHANGE;
}

const struct view_ops map_view = {
	.node = true,
	.name = "map",
	.title = "map",
	.note = "layers by tokens: shade is influence, numbers are the selected node's edges with each cell",
	.keep = true,
	.open = map_open,
	.close = map_close,
	.changed = map_changed,
	.draw = map_draw,
	.list = map_list,
	.moved = map_moved,
	.side = map_side,
	.enter = map_enter,
	.click = map_click,
};
