/* title: see title.h. */
#include "tui/screen/title.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"

/* The sizes of the model, or the program that a saved graph is from. */
static const char *
sizes_text(const struct study *s, char *buf, size_t size)
{
	const struct ct_engine_info *info = s->info;

	if (info->from_file)
		snprintf(buf, size, "%dL %s%ssaved graph", info->L, info->transcoder,
		    *info->transcoder ? " " : "");
	else if (strcmp(info->transcoder, "CLT") == 0)
		snprintf(buf, size, "%dL D%d CLT %dx%d", info->L, info->D, info->L, info->F);
	else
		snprintf(buf, size, "%dL D%d %s %d", info->L, info->D, info->transcoder, info->F);
	return buf;
}

/* The largest error of the graph's sums; NaN is the worst. */
static double
worst_error(const struct ct_graph *g)
{
	double worst = g->check.max_edge_residual;

	if (!(g->check.max_logit_error <= worst))
		worst = isnan(worst) ? worst : g->check.max_logit_error;
	return worst;
}

struct figure {
	const char *name;
	char value[FMT_SIZE];
	enum style style;
	int rank;		/* order of dropping when there is little room: the largest first */
	bool gone;
};

static void
add_figure(struct figure *f, int *n, const char *name, const char *value, enum style style, int rank)
{
	f[*n] = (struct figure){ .name = name, .style = style, .rank = rank };
	snprintf(f[*n].value, sizeof f[*n].value, "%s", value);
	++*n;
}

/*
 * Collects the figures of a graph: how its answer splits, its scores, the error of its sums. Returns how
 * many.
 */
static int
collect_figures(const struct study *s, struct figure *f)
{
	const struct ct_graph *g = s->graph;
	bool neurons = s->info->neurons;	/* neurons leave no errors and replace nothing */
	char b[FMT_SIZE];
	int n = 0;

	if (g->partial)
		add_figure(f, &n, "graph", fmt_percent(b, sizeof b, g->seen), ST_STRONG, 0);
	for (int i = 0; i < CT_DIRECT_SOURCES && isfinite(s->split.net[i]); i++)
		if (!neurons || i != CT_DIRECT_ERRORS)
			add_figure(f, &n, neurons && i == CT_DIRECT_FEATURES ? "neurons" :
			    ct_direct_name((enum ct_direct_source)i), fmt_part(b, sizeof b, s->split.net[i]),
			    ST_STRONG, 0);
	if (isnan(g->scores.replacement))	/* a file of another program has none */
		return n;
	if (!neurons && !g->partial) {	/* these mean little for a part of a graph */
		add_figure(f, &n, "replacement", fmt_share(b, sizeof b, g->scores.replacement), ST_STRONG, 1);
		add_figure(f, &n, "completeness", fmt_share(b, sizeof b, g->scores.completeness), ST_STRONG,
		    4);
	}
	add_figure(f, &n, "exact", fmt_tiny(b, sizeof b, worst_error(g)),
	    worst_error(g) <= 1e-5 ? ST_TEXT : ST_BAD, 2);
	return n;
}

static int
figures_width(const struct figure *f, int n)
{
	int width = 0;

	for (int i = 0; i < n; i++)
		if (!f[i].gone)
			width += ct_text_width(f[i].name) + 1 + ct_text_width(f[i].value) + 2;
	return width;
}

/* Draws the model and the graph's figures. If they do not fit, sizes are dropped first, then scores. */
void
title_draw(struct app *a, const struct area *all)
{
	const struct ct_engine_info *info = a->study.info;
	struct figure f[CT_DIRECT_SOURCES + 4];
	char sizes[160];
	int n = a->study.graph ? collect_figures(&a->study, f) : 0, x, w;
	bool with_sizes;

	x = 1 + draw_cut(all, 1, 0, 24, ST_TITLE, info->name) + 2;
	if (study_shows_now(&a->study))
		x += draw_text(all, x, 0, ST_CLAMP, "clamped run") + 2;
	w = ct_text_width(sizes_text(&a->study, sizes, sizeof sizes)) + 2;
	for (int rank = 4; rank > 0 && x + figures_width(f, n) > all->w + 1; rank--)
		for (int i = 0; i < n; i++)
			f[i].gone |= f[i].rank == rank;
	with_sizes = x + w + figures_width(f, n) <= all->w + 1;
	if (with_sizes || !n)
		draw_text(all, x, 0, ST_DIM, sizes);
	if (x + figures_width(f, n) > all->w + 1)
		return;
	x = all->w + 1 - figures_width(f, n);
	for (int i = 0; i < n; i++) {
		if (f[i].gone)
			continue;
		x += draw_text(all, x, 0, ST_DIM, f[i].name) + 1;
		x += draw_text(all, x, 0, f[i].style, f[i].value) + 2;
	}
}
