/* features: a list of all features of the model, with those active in this prompt first, by influence. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

enum { FIGURES = 34 };	/* columns to the right of the labels */

struct entry {
	int layer, feature;
	int node;		/* its most influential node in this graph, or -1 */
};

struct features {
	struct list list;
	struct entry *entry;
	char filter[256];
	struct ct_query query;	/* the label query of a filter that begins with a quote */
	bool labelled;
	bool stale;
};

static void *
features_open(void)
{
	struct features *v = calloc(1, sizeof *v);

	if (v)
		v->stale = true;
	return v;
}

static void
features_close(void *state)
{
	struct features *v = state;

	free(v->entry);
	free(v);
}

static void
features_changed(struct app *a, void *state, enum change what)
{
	struct features *v = state;

	(void)a;
	if (what == CHANGED_GRAPH) {
		v->stale = true;
		v->list.sel = v->list.top = 0;
	}
}

static bool
matches(struct app *a, const struct features *v, int layer, int feature)
{
	char name[64];

	if (!v->filter[0])
		return true;
	if (v->labelled)
		return ct_engine_label_fits(a->study.engine, layer, feature, &v->query);
	ct_engine_feature_name(a->study.engine, layer, feature, name, sizeof name);
	return ct_text_search(name, v->filter) ||
	    ct_text_search(ct_engine_label(a->study.engine, layer, feature), v->filter);
}

static int
by_influence(const void *left, const void *right, void *graph)
{
	const struct ct_graph *g = graph;
	const struct entry *x = left, *y = right;
	double dx = g->nodes[x->node].influence, dy = g->nodes[y->node].influence;

	return dx > dy ? -1 : dx < dy ? 1 : x->node - y->node;
}

static int
by_feature(const void *left, const void *right, void *graph)
{
	const struct entry *x = left, *y = right;

	if (x->layer != y->layer)
		return x->layer - y->layer;
	return x->feature != y->feature ? x->feature - y->feature : by_influence(left, right, graph);
}

/* If the graph is from a file, only its own features are known. */
static void
collect_known(struct app *a, struct features *v)
{
	const struct ct_graph *g = a->study.graph;
	int n = 0, kept = 0;

	free(v->entry);
	v->entry = malloc(((size_t)g->n_features + 1) * sizeof *v->entry);
	v->list.n = 0;
	v->stale = false;
	for (int i = 0; v->entry && i < g->n_features; i++)
		if (matches(a, v, g->nodes[i].layer, g->nodes[i].index))
			v->entry[n++] = (struct entry){ g->nodes[i].layer, g->nodes[i].index, i };
	if (n < 1)
		return;
	/* A feature may have nodes at several positions: keep the most influential, which is sorted first. */
	ct_sort(v->entry, (size_t)n, sizeof *v->entry, by_feature, (void *)(uintptr_t)g);
	for (int i = 0; i < n; i++)
		if (!kept || v->entry[i].layer != v->entry[kept - 1].layer ||
		    v->entry[i].feature != v->entry[kept - 1].feature)
			v->entry[kept++] = v->entry[i];
	ct_sort(v->entry, (size_t)kept, sizeof *v->entry, by_influence, (void *)(uintptr_t)g);
	v->list.n = kept;
}

static void
collect(struct app *a, struct features *v)
{
	const struct ct_engine_info *info = a->study.info;
	const struct ct_graph *g = a->study.graph;
	size_t total = (size_t)info->L * (size_t)info->F;
	int *best = malloc(total * sizeof *best), n = 0;
	struct entry *entry = malloc(total * sizeof *entry);

	free(v->entry);
	v->entry = entry;
	v->list.n = 0;
	v->stale = false;
	if (!best || !entry) {
		free(best);
		return;
	}
	for (size_t i = 0; i < total; i++)
		best[i] = -1;
	for (int i = 0; g && i < g->n_features; i++) {
		size_t at = (size_t)g->nodes[i].layer * (size_t)info->F + (size_t)g->nodes[i].index;

		if (best[at] < 0 || g->nodes[i].influence > g->nodes[best[at]].influence)
			best[at] = i;
	}
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < total; i++) {
			struct entry e = { (int)(i / (size_t)info->F), (int)(i % (size_t)info->F), best[i] };

			if ((best[i] >= 0) == (pass == 0) && matches(a, v, e.layer, e.feature))
				entry[n++] = e;
		}
		if (pass == 0 && n > 1)
			ct_sort(entry, (size_t)n, sizeof *entry, by_influence, (void *)(uintptr_t)g);
	}
	v->list.n = n;
	free(best);
}

static struct list *
features_list(struct app *a, void *state)
{
	struct features *v = state;

	if (v->stale)
		(a->study.info->from_file ? collect_known : collect)(a, v);
	list_select(&v->list, v->list.sel);
	return &v->list;
}

static void
features_filter(struct app *a, void *state, const char *text)
{
	struct features *v = state;

	(void)a;
	ct_text_clean(v->filter, sizeof v->filter, text, strlen(text));
	v->labelled = *v->filter == '"' && ct_query_parse(&v->query, v->filter, NULL) == CT_OK;
	v->stale = true;
	v->list.sel = v->list.top = 0;
}

static void
features_save(struct app *a, void *state, struct lines *out)
{
	const struct features *v = state;

	(void)a;
	if (v->filter[0])
		lines_add(out, "filter %s", v->filter);
}

static void
draw_entry(struct app *a, const struct area *area, int y, const struct entry *e)
{
	bool guess;
	char text[STUDY_NAME];
	const char *label = study_label(&a->study, e->layer, e->feature, text, sizeof text, &guess);
	double f1 = ct_engine_label_f1(a->study.engine, e->layer, e->feature);
	char b[FMT_SIZE], place[STUDY_NAME];
	int x = 2, end = area->w - FIGURES;

	x += draw_fmt(area, x, y, e->node >= 0 ? ST_STRONG : ST_DIM, "%s",
	    ct_engine_feature_name(a->study.engine, e->layer, e->feature, place, sizeof place));
	x = x < 13 ? 13 : x + 1;
	draw_cut(area, x, y, end - x, e->node >= 0 && !guess ? ST_TEXT : ST_DIM, label);
	if (*label && isfinite(f1))
		draw_right(area, end + 8, y, ST_DIM, fmt_share(b, sizeof b, f1));
	if (e->node < 0)
		return;
	draw_right(
	    area, end + 17, y, ST_TEXT, fmt_plain(b, sizeof b, a->study.graph->nodes[e->node].activation));
	draw_cut(area, end + 19, y, area->w - end - 20, ST_TEXT,
	    study_place(&a->study, a->study.graph->nodes[e->node].pos, place, sizeof place));
}

static void
features_draw(struct app *a, void *state, const struct area *area)
{
	struct features *v = state;
	struct list *l = features_list(a, v);
	int end = area->w - FIGURES;

	l->y = 1;
	list_resize(l, l->n, area->h - 1);
	if (v->filter[0])
		draw_fmt(area, 1, 0, ST_DIM, "%d with \"%s\"", l->n, v->filter);
	else
		draw_fmt(area, 1, 0, ST_DIM, "%d features, those active here first", l->n);
	draw_right(area, end + 8, 0, ST_DIM, "F1");
	draw_right(area, end + 17, 0, ST_DIM, "active");
	for (int y = 1; y < area->h && l->top + y - 1 < l->n; y++) {
		draw_entry(a, area, y, &v->entry[l->top + y - 1]);
		if (l->top + y - 1 == l->sel)
			draw_select(area, 0, y, area->w - FIGURES);
	}
}

static void
features_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct features *v = state;
	const struct entry *e = &v->entry[row];

	char name[STUDY_NAME];

	snprintf(buf, size, "%s %s", ct_engine_feature_name(a->study.engine, e->layer, e->feature, name,
	    sizeof name), ct_engine_label(a->study.engine, e->layer, e->feature));
}

static bool
features_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct features *v = state;
	const struct entry *e;

	if (!features_list(a, v)->n)
		return false;
	e = &v->entry[v->list.sel];
	*out = (struct ct_clamp){
		.layer = e->layer,
		.feature = e->feature,
		.pos = e->node >= 0 ? a->study.graph->nodes[e->node].pos : a->study.pos,
	};
	return true;
}

static int
features_enter(struct app *a, void *state)
{
	struct features *v = state;
	const struct entry *e;

	if (!features_list(a, v)->n)
		return DID_NOTHING;
	e = &v->entry[v->list.sel];
	if (e->node < 0)
		return app_fail(a,
		    "L%d#%d is not active in this prompt: c clamps it, A traces what it would need",
		    e->layer, e->feature);
	view_select(a, e->node);
	a->view = a->focus = VIEW_TREE;
	if (!tree_reveal(a, e->node))
		app_say(a, "L%d#%d feeds none of the targets: it is not in the tree", e->layer, e->feature);
	return DID_CHANGE;
}

const struct view_ops features_view = {
	.name = "features",
	.title = "features",
	.note = "all features of the model, those active in this prompt first; \\ filters by name or label",
	.keep = true,
	.save = features_save,
	.open = features_open,
	.close = features_close,
	.changed = features_changed,
	.draw = features_draw,
	.list = features_list,
	.text = features_text,
	.filter = features_filter,
	.enter = features_enter,
	.feature = features_feature,
};
