/* picture_svg: writes graphs as SVG. See picture.h; picture_layout.c places everything. */
#include "share/picture_svg.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "share/picture.h"
#include "share/picture_layout.h"

enum { H = PICTURE_BOX_H, LABEL_H = 11, LABEL_CHAR = 6 };

void
picture_xml(struct ct_buffer *f, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': ct_buffer_puts(f, "&amp;"); break;
		case '<': ct_buffer_puts(f, "&lt;"); break;
		case '>': ct_buffer_puts(f, "&gt;"); break;
		case '"': ct_buffer_puts(f, "&quot;"); break;
		case '\'': ct_buffer_puts(f, "&#39;"); break;
		default: ct_buffer_add(f, s, 1);
		}
}

void
picture_weight(char *dst, size_t size, double w)
{
	snprintf(dst, size, fabs(w) < 1 ? "%+.2f" : "%+.3g", w);
}

/* As much of a text as fits into so many columns. */
static void
xml_cut(struct ct_buffer *f, const char *s, int cols)
{
	char buf[200];
	size_t n = ct_text_fit(s, cols);

	if (s[n])
		n = ct_text_fit(s, cols - 1);
	snprintf(buf, sizeof buf, "%.*s%s", (int)n, s, s[n] ? "\xe2\x80\xa6" : "");
	picture_xml(f, buf);
}

/* A weight that is written next to its edge, and the room that it needs. */
struct label {
	double x, y, w;			/* the middle */
};

struct canvas {
	struct picture *p;
	const struct picture_layout *g;
	struct label *label;		/* (n_links) */
	int n_labels;
};

/* The point of a Bezier curve at t. */
static double
bezier(double a, double b, double c, double d, double t)
{
	double u = 1 - t;

	return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}

/* The last curve of a link, which ends at its target. */
struct curve {
	double x[4], y[4];
};

static void
bend(struct curve *c, double x1, double y1, double x2, double y2)
{
	double half = fabs(y1 - y2) / 2;

	*c = (struct curve){ { x1, x1, x2, x2 }, { y1, y1 - half, y2 + half, y2 } };
}

static void
put_curve(struct ct_buffer *f, const struct curve *c)
{
	ct_buffer_printf(f, "C%.1f %.1f %.1f %.1f %.1f %.1f", c->x[1], c->y[1], c->x[2], c->y[2], c->x[3],
	    c->y[3]);
}

/* The route of a link as the data of a path; *last is where its weight can be written. */
static void
put_way(const struct canvas *v, const struct picture_link *l, struct curve *last)
{
	const struct picture_node *s = &v->p->nodes[l->source], *t = &v->p->nodes[l->target];
	double x1 = s->x + s->w / 2.0, x2 = t->x + t->w / 2.0, below, above;
	struct ct_buffer *f = v->p->out;
	struct curve first;

	ct_buffer_printf(f, "M%.1f %.1f", x1, s->y);
	if (t->row <= s->row) {			/* above the row of both boxes */
		*last = (struct curve){ { x1, x1, x2, x2 }, { s->y, s->y - H, t->y - H, t->y } };
	} else if (isnan(l->corridor)) {
		bend(last, x1, s->y, x2, t->y + H);
	} else {
		below = v->g->y[s->row + 1] + H;
		above = v->g->y[t->row - 1];
		bend(&first, x1, s->y, l->corridor, below);
		put_curve(f, &first);
		ct_buffer_printf(f, "V%.1f", above);
		bend(last, l->corridor, above, x2, t->y + H);
	}
	put_curve(f, last);
}

static bool
is_free(const struct canvas *v, const struct label *a)
{
	for (int i = 0; i < v->n_labels; i++) {
		const struct label *b = &v->label[i];

		if (fabs(a->x - b->x) < (a->w + b->w) / 2 && fabs(a->y - b->y) < LABEL_H)
			return false;
	}
	return true;
}

/* Finds a place next to the curve where no other weight is; if there is none, the weight is not written. */
static void
put_weight(struct canvas *v, size_t i, const struct curve *c)
{
	static const double at[] = { .5, .62, .38, .72, .28 };
	const struct picture_link *l = &v->p->links[i];
	char text[32];

	picture_weight(text, sizeof text, l->weight);
	for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
		struct label a = { bezier(c->x[0], c->x[1], c->x[2], c->x[3], at[k]),
			bezier(c->y[0], c->y[1], c->y[2], c->y[3], at[k]),
			    LABEL_CHAR * (double)strlen(text) };

		if (!is_free(v, &a))
			continue;
		v->label[v->n_labels++] = a;
		ct_buffer_printf(v->p->out, "<text class=\"weight %s\" data-e=\"%zu\" x=\"%.1f\" y=\"%.1f\" "
		    "fill=\"%s\">%s</text>\n", l->weight < 0 ? "minus" : "plus", i, a.x, a.y + 3,
		    l->weight < 0 ? picture_minus :
		    picture_plus, text);
		return;
	}
}

/* Draws links, the weakest first; then weights, the strongest first, since they choose their places first. */
static void
draw_links(struct canvas *v)
{
	struct ct_buffer *f = v->p->out;
	struct curve *last = calloc(v->p->n_links + 1, sizeof *last);

	v->label = calloc(v->p->n_links + 1, sizeof *v->label);
	if (!last || !v->label)
		f->lost = true;
	ct_buffer_puts(f, "<g fill=\"none\" stroke-linecap=\"round\">\n");
	for (size_t i = 0; last && i < v->p->n_links; i++) {
		const struct picture_link *l = &v->p->links[i];
		double share = fabs(l->weight) / v->p->largest;

		ct_buffer_printf(f, "<path class=\"%s\" data-s=\"%d\" data-t=\"%d\" data-w=\"%.4g\" d=\"",
		    l->weight < 0 ? "minus" : "plus", l->source, l->target, l->weight);
		put_way(v, l, &last[i]);
		ct_buffer_printf(f, "\" stroke=\"%s\" stroke-width=\"%.2f\" "
		    "stroke-opacity=\"%.2f\"%s><title>%+.3g</title>"
		    "</path>\n", l->weight < 0 ? picture_minus : picture_plus, 0.8 + 5 * share,
		    0.3 + 0.6 * share, l->weight < 0 ? " stroke-dasharray=\"5 4\"" : "", l->weight);
	}
	ct_buffer_puts(f, "</g>\n<g class=\"weights\" font-size=\"10\" stroke=\"#fff\" stroke-width=\"3\" "
	    "paint-order=\"stroke\" stroke-linejoin=\"round\">\n");
	for (size_t i = v->p->n_links; last && v->label && i-- > 0;)
		put_weight(v, i, &last[i]);
	ct_buffer_puts(f, "</g>\n");
	free(last);
	free(v->label);
}

static void
draw_node(const struct picture *p, size_t i)
{
	static const struct {
		const char *fill, *rest;
	} kinds[] = {
		[CT_NODE_FEATURE] = { "#fff", " rx=\"6\"" },
		[CT_NODE_ERROR] = { "#f1f1f1", " rx=\"6\" stroke-dasharray=\"3 2\"" },
		[CT_NODE_EMBEDDING] = { "#f7f1dc", " rx=\"2\"" },
		[CT_NODE_TARGET] = { "#e2efdf", " rx=\"2\"" },
		[CT_NODE_OTHER] = { "#f3ecf7", " rx=\"6\"" }
	};
	const struct picture_node *n = &p->nodes[i];
	const struct ct_node *node = n->node < 0 ? NULL : &p->x->graph->nodes[n->node];
	double middle = n->x + n->w / 2.0;
	struct ct_buffer *f = p->out;

	ct_buffer_printf(f, "<g class=\"node %s\" data-i=\"%zu\"", ct_node_traits(n->kind)->name, i);
	if (node && node->kind == CT_NODE_FEATURE)
		ct_buffer_printf(f, " data-card=\"L%d-%d\"", node->layer, node->index);
	ct_buffer_puts(f, "><title>");
	picture_xml(f, n->label);
	ct_buffer_puts(f, *n->note ? ", " : "");
	picture_xml(f, n->note);
	if (isfinite(n->cumulative))
		ct_buffer_printf(f, ", within the first %.0f%% of influence", 100 * n->cumulative);
	ct_buffer_printf(f, "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" fill=\"%s\" "
	    "stroke=\"#777\"%s/><text x=\"%.1f\" y=\"%.1f\">", n->x, n->y, n->w, H, kinds[n->kind].fill,
	    kinds[n->kind].rest, middle, n->y + (*n->note ? 16 : 22));
	xml_cut(f, n->label, n->w / 7);
	if (*n->note) {
		ct_buffer_printf(f, "</text><text class=\"note\" x=\"%.1f\" y=\"%.1f\" font-size=\"10\" "
		    "fill=\"#666\">", middle, n->y + 29);
		xml_cut(f, n->note, n->w / 6 + 1);
	}
	ct_buffer_puts(f, "</text></g>\n");
}

static const char *
row_name(const struct picture *p, const struct picture_layout *g, int row, char buf[16])
{
	if (g->layer[row] == PICTURE_INPUT)
		return ct_node_traits(CT_NODE_EMBEDDING)->name;
	if (g->layer[row] == p->x->graph->L)
		return ct_node_traits(CT_NODE_TARGET)->name;
	snprintf(buf, 16, "L%d", g->layer[row]);
	return buf;
}

/* Shaded bands for positions, names of layers on the left, tokens at the bottom. */
static void
draw_frame(const struct picture *p, const struct picture_layout *g)
{
	struct ct_buffer *f = p->out;
	char token[160], name[16];
	int shown = 0;

	for (int t = 0; t < g->T; t++) {
		if (!g->columns[t])
			continue;
		if (shown++ % 2 == 0)
			ct_buffer_printf(f, "<path class=\"band\" fill=\"#f5f7f9\" d=\"M%.1f "
			    "0H%.1fV%.1fH%.1fZ\"/>\n", g->x[t], g->x[t + 1], g->total_h, g->x[t]);
		ct_buffer_printf(f, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\" font-size=\"13\">",
		    (g->x[t] + g->x[t + 1]) / 2, g->total_h - 26);
		xml_cut(f, picture_token(p, t, token, sizeof token), (int)(g->x[t + 1] - g->x[t]) / 8);
		ct_buffer_puts(f, "</text>\n");
	}
	for (int row = 0; row < g->rows; row++)
		if (row == 0 || g->layer[row] != g->layer[row - 1])
			ct_buffer_printf(f, "<text class=\"note\" x=\"%d\" y=\"%.1f\" "
			    "fill=\"#666\">%s</text>\n",
			    PICTURE_LEFT / 2, g->y[row] + H / 2.0 + 4, row_name(p, g, row, name));
}

/* A text that says what is left out. */
static void
draw_rest(const struct picture *p, const struct picture_layout *g)
{
	bool nodes = p->n_nodes < (size_t)p->content.n_parts, edges = p->n_links < p->n_edges;

	if (!nodes && !edges)
		return;
	ct_buffer_printf(p->out, "<text class=\"note\" x=\"%d\" y=\"%.1f\" font-size=\"11\" fill=\"#666\" "
	    "text-anchor=\"start\">", PICTURE_MARGIN, g->total_h - 6);
	if (nodes)
		ct_buffer_printf(p->out, "the strongest %zu of %d nodes%s", p->n_nodes, p->content.n_parts,
		    edges ? ", " : "");
	if (edges)
		ct_buffer_printf(p->out, "the strongest %zu of %zu edges%s", p->n_links, p->n_edges,
		    nodes ? " between them" : "");
	ct_buffer_puts(p->out, "</text>\n");
}

int
picture_draw(struct picture *p, struct ct_error *err)
{
	struct picture_layout g;
	struct canvas v = { .p = p, .g = &g };
	struct ct_buffer *f = p->out;
	int code = picture_layout(&g, p, err);

	if (code == CT_OK) {
		ct_buffer_printf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
		    "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" "
		    "text-anchor=\"middle\">\n"
		    "<title>", g.total_w, g.total_h, g.total_w, g.total_h);
		picture_xml(f, p->title);
		ct_buffer_puts(f, "</title>\n<rect class=\"paper\" width=\"100%\" height=\"100%\" "
		    "fill=\"#fff\"/>\n");
		draw_frame(p, &g);
		draw_links(&v);
		for (size_t i = 0; i < p->n_nodes; i++)
			draw_node(p, i);
		draw_rest(p, &g);
		ct_buffer_puts(f, "</svg>\n");
	}
	picture_layout_free(&g);
	return code;
}

int
ct_picture_svg(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	struct picture p;
	int code = picture_open(&p, to, x, x->all ? 0 : CT_PICTURE_NODES, err);

	if (code == CT_OK)
		code = picture_draw(&p, err);
	picture_close(&p);
	return code;
}
