/*
 * picture: see picture.h.
 *
 * Positions run from left to right and layers from the bottom (words) to the top (what is explained); nodes
 * of one layer and position stand side by side.
 */
#include "share/picture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum { BOX_W = 132, BOX_H = 26, GAP_X = 10, ROW_H = 64, MARGIN = 24, LABEL = 20 };
enum { EMBEDDING = -1 };

static const char plus_colour[] = "#2166ac", minus_colour[] = "#d95f0e";

struct node {
	const char *id, *type;
	char label[160];		/* sanitised, not escaped */
	int layer, pos;
	double influence;		/* cumulative share: small is important; NAN: not given */
	double x, y;			/* top left corner, SVG only */
};

struct link {
	int source, target;
	double weight;
};

struct picture {
	struct node *nodes;		/* by layer, then position */
	struct link *links;
	size_t n_nodes, n_links;
	double largest;			/* |weight| */
	const json_t *tokens;
	char title[400];		/* the prompt, sanitised */
	int T;				/* SVG: positions; t reaches from columns[t] to columns[t+1] */
	double *columns, width, height;
	struct ct_buffer out;
};

static const char *
string(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static void
clean(char *dst, size_t size, const char *s)
{
	ct_text_clean(dst, size, s, strlen(s));
}

/* "E" is the layer of embeddings; others are numbers, some programs write them as such. */
static int
layer_of(const json_t *node)
{
	const json_t *v = json_object_get(node, "layer");

	if (json_is_integer(v))
		return (int)json_integer_value(v);
	if (!json_is_string(v) || *json_string_value(v) == 'E')
		return EMBEDDING;
	return (int)strtol(json_string_value(v), NULL, 10);
}

/* What a person reads in the box: the label, or "L1#249" from the id "1_249_8". */
static void
label(struct node *n, const json_t *v)
{
	const char *clerp = string(v, "clerp"), *first = strchr(n->id, '_'), *last = strrchr(n->id, '_');

	if (*clerp)
		clean(n->label, sizeof n->label, clerp);
	else if (first && last && last > first)
		snprintf(n->label, sizeof n->label, "L%d#%.*s", n->layer, (int)(last - first - 1), first + 1);
	else
		clean(n->label, sizeof n->label, n->id);
}

static int
by_place(const void *a, const void *b)
{
	const struct node *p = a, *q = b;

	if (p->layer != q->layer)
		return p->layer < q->layer ? -1 : 1;
	if (p->pos != q->pos)
		return p->pos < q->pos ? -1 : 1;
	return strcmp(p->id, q->id);
}

static void
picture_close(struct picture *p)
{
	ct_buffer_free(&p->out);
	free(p->nodes);
	free(p->links);
	free(p->columns);
}

static int
picture_open(struct picture *p, const json_t *graph, struct ct_error *err)
{
	const json_t *nodes = json_object_get(graph, "nodes"), *links = json_object_get(graph, "links"), *v;
	json_t *index = json_object();
	size_t i;

	*p = (struct picture){ .n_nodes = json_array_size(nodes), .n_links = json_array_size(links) };
	p->nodes = calloc(p->n_nodes + 1, sizeof *p->nodes);
	p->links = calloc(p->n_links + 1, sizeof *p->links);
	if (!p->nodes || !p->links || !index) {
		json_decref(index);
		return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %zu nodes", p->n_nodes);
	}
	json_array_foreach(nodes, i, v) {
		struct node *n = &p->nodes[i];
		const json_t *influence = json_object_get(v, "influence");

		n->id = string(v, "node_id");
		n->type = string(v, "feature_type");
		n->layer = layer_of(v);
		n->pos = (int)json_integer_value(json_object_get(v, "ctx_idx"));
		n->influence = json_is_number(influence) ? json_number_value(influence) : NAN;
		label(n, v);
	}
	qsort(p->nodes, p->n_nodes, sizeof *p->nodes, by_place);
	for (i = 0; i < p->n_nodes; i++)
		if (json_object_set_new(index, p->nodes[i].id, json_integer((json_int_t)i)) != 0) {
			json_decref(index);
			return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %zu nodes", p->n_nodes);
		}
	json_array_foreach(links, i, v) {
		struct link *l = &p->links[i];

		l->source = (int)json_integer_value(json_object_get(index, string(v, "source")));
		l->target = (int)json_integer_value(json_object_get(index, string(v, "target")));
		l->weight = json_number_value(json_object_get(v, "weight"));
		p->largest = fmax(p->largest, fabs(l->weight));
	}
	p->largest = p->largest > 0 ? p->largest : 1;
	json_decref(index);
	p->tokens = json_object_get(json_object_get(graph, "metadata"), "prompt_tokens");
	clean(p->title, sizeof p->title, string(json_object_get(graph, "metadata"), "prompt"));
	return CT_OK;
}

/* The text goes to the caller; everything else is freed. */
static int
picture_finish(struct picture *p, char **text, size_t *n, struct ct_error *err)
{
	*text = ct_buffer_take(&p->out, n);
	picture_close(p);
	return *text ? CT_OK : ct_fail(err, CT_ENOMEM, "out of memory for a picture");
}

/* ---- DOT */

static void
dot_string(struct ct_buffer *f, const char *s)
{
	ct_buffer_puts(f, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			ct_buffer_puts(f, "\\");
		ct_buffer_add(f, s, 1);
	}
	ct_buffer_puts(f, "\"");
}

static const char *
shape(const struct node *n)
{
	if (strcmp(n->type, "mlp reconstruction error") == 0)
		return "diamond";
	return strcmp(n->type, "cross layer transcoder") == 0 ? "box" : "plaintext";
}

/* Ids of other programs' graphs are text like any other. */
static void
dot_id(struct ct_buffer *f, const char *id)
{
	char buf[256];

	clean(buf, sizeof buf, id);
	dot_string(f, buf);
}

int
ct_picture_dot(char **text, size_t *n, const json_t *graph, struct ct_error *err)
{
	struct picture p;

	if (picture_open(&p, graph, err) < 0) {
		picture_close(&p);
		return CT_ENOMEM;
	}
	ct_buffer_puts(&p.out, "digraph circuit {\n\trankdir=BT;\n\tlabel=");
	dot_string(&p.out, p.title);
	ct_buffer_puts(&p.out, ";\n\tnode [fontname=\"sans-serif\"];\n");
	for (size_t i = 0; i < p.n_nodes; i++) {
		if (i == 0 || p.nodes[i].layer != p.nodes[i - 1].layer)
			ct_buffer_printf(&p.out, "%s\t{ rank=same;\n", i ? "\t}\n" : "");
		ct_buffer_puts(&p.out, "\t\t");
		dot_id(&p.out, p.nodes[i].id);
		ct_buffer_puts(&p.out, " [label=");
		dot_string(&p.out, p.nodes[i].label);
		ct_buffer_printf(&p.out, ", shape=%s];\n", shape(&p.nodes[i]));
	}
	ct_buffer_puts(&p.out, p.n_nodes ? "\t}\n" : "");
	for (size_t i = 0; i < p.n_links; i++) {
		const struct link *l = &p.links[i];

		ct_buffer_puts(&p.out, "\t");
		dot_id(&p.out, p.nodes[l->source].id);
		ct_buffer_puts(&p.out, " -> ");
		dot_id(&p.out, p.nodes[l->target].id);
		ct_buffer_printf(&p.out, " [weight=%.4g, penwidth=%.2f, color=\"%s\", tooltip=\"%+.3g\"];\n",
		    1 + 10 * fabs(l->weight) / p.largest, 0.3 + 3 * fabs(l->weight) / p.largest,
		    l->weight < 0 ? minus_colour : plus_colour, l->weight);
	}
	ct_buffer_puts(&p.out, "}\n");
	return picture_finish(&p, text, n, err);
}

/* ---- SVG */

static void
xml_string(struct ct_buffer *f, const char *s)
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

/* As much of the text as fits into a box. */
static void
xml_cut(struct ct_buffer *f, const char *s, int cols)
{
	char buf[160];
	size_t n = ct_text_fit(s, cols);

	snprintf(buf, sizeof buf, "%.*s%s", (int)n, s, s[n] ? "\xe2\x80\xa6" : "");
	xml_string(f, buf);
}

/* Places the nodes. A column is as wide as its fullest layer. */
static int
place(struct picture *p, struct ct_error *err)
{
	int T = 1, rows = 0;
	double *x;

	for (size_t i = 0; i < p->n_nodes; i++) {
		if (p->nodes[i].pos < 0 || p->nodes[i].pos > 100000)
			return ct_fail(err, CT_EFORMAT, "node '%s': expected a position from 0, found %d",
			    p->nodes[i].id, p->nodes[i].pos);
		if (p->nodes[i].pos >= T)
			T = p->nodes[i].pos + 1;
		rows += i == 0 || p->nodes[i].layer != p->nodes[i - 1].layer;
	}
	x = p->columns = calloc((size_t)T + 1, sizeof *x);
	if (!x)
		return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %d positions", T);
	for (size_t i = 0, in_place = 0; i < p->n_nodes; i++) {
		const struct node *n = &p->nodes[i];
		bool same = i > 0 && n->layer == n[-1].layer && n->pos == n[-1].pos;

		in_place = same ? in_place + 1 : 1;
		x[n->pos + 1] = fmax(x[n->pos + 1], (double)in_place * (BOX_W + GAP_X));
	}
	x[0] = MARGIN;
	for (int t = 1; t <= T; t++)
		x[t] += x[t - 1];
	for (size_t i = 0, row = 0, in_place = 0; i < p->n_nodes; i++) {
		struct node *n = &p->nodes[i];

		row += i > 0 && n->layer != n[-1].layer;
		in_place = i > 0 && n->layer == n[-1].layer && n->pos == n[-1].pos ? in_place + 1 : 0;
		n->x = x[n->pos] + (double)in_place * (BOX_W + GAP_X);
		n->y = MARGIN + (double)(rows - 1 - (int)row) * ROW_H;
	}
	p->width = x[T] + MARGIN;
	p->height = 2 * MARGIN + rows * ROW_H + LABEL;
	p->T = T;
	return CT_OK;
}

static void
draw_link(struct picture *p, const struct link *l)
{
	const struct node *s = &p->nodes[l->source], *t = &p->nodes[l->target];
	double share = fabs(l->weight) / p->largest, middle = (s->y + t->y + BOX_H) / 2;
	double x1 = s->x + BOX_W / 2.0, x2 = t->x + BOX_W / 2.0;

	ct_buffer_printf(&p->out, "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" stroke=\"%s\" "
	    "stroke-width=\"%.2f\" stroke-opacity=\"%.2f\"%s><title>%+.3g</title></path>\n", x1, s->y, x1,
	    middle, x2, middle, x2, t->y + BOX_H, l->weight < 0 ? minus_colour : plus_colour, 0.3 + 5 * share,
	    0.15 + 0.85 * share, l->weight < 0 ? " stroke-dasharray=\"5 3\"" : "", l->weight);
}

static void
draw_node(struct picture *p, const struct node *n)
{
	bool error = strcmp(n->type, "mlp reconstruction error") == 0;
	bool feature = strcmp(n->type, "cross layer transcoder") == 0;

	ct_buffer_puts(&p->out, "<g><title>");
	xml_string(&p->out, n->label);
	if (isfinite(n->influence))
		ct_buffer_printf(&p->out, ", within the first %.0f%% of influence", 100 * n->influence);
	ct_buffer_printf(&p->out, "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" rx=\"%d\" "
	    "fill=\"%s\" stroke=\"#444\"%s/><text x=\"%.1f\" y=\"%.1f\">", n->x, n->y, BOX_W, BOX_H,
	    feature ? 4 : 0,
	    error ? "#eee" : feature ? "#fff" : "#f5efd8", error ? " stroke-dasharray=\"3 2\"" : "",
	    n->x + BOX_W / 2.0, n->y + BOX_H / 2.0 + 4);
	xml_cut(&p->out, n->label, 19);
	ct_buffer_puts(&p->out, "</text></g>\n");
}

static int
draw(struct picture *p, struct ct_error *err)
{
	const double *x;
	int rc = place(p, err);

	if (rc < 0)
		return rc;
	x = p->columns;
	ct_buffer_printf(&p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
	    "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" text-anchor=\"middle\">\n"
	    "<title>", p->width, p->height, p->width, p->height);
	xml_string(&p->out, p->title);
	ct_buffer_puts(&p->out, "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<g fill=\"none\">\n");
	for (size_t i = 0; i < p->n_links; i++)
		draw_link(p, &p->links[i]);
	ct_buffer_puts(&p->out, "</g>\n");
	for (size_t i = 0; i < p->n_nodes; i++)
		draw_node(p, &p->nodes[i]);
	for (int t = 0; t < p->T; t++) {
		const char *token = json_string_value(json_array_get(p->tokens, (size_t)t));
		char buf[120];

		if (!token || x[t + 1] <= x[t])
			continue;
		clean(buf, sizeof buf, token);
		ct_buffer_printf(&p->out, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">", (x[t] + x[t + 1]) / 2,
		    p->height - MARGIN);
		xml_cut(&p->out, buf, 40);
		ct_buffer_puts(&p->out, "</text>\n");
	}
	ct_buffer_puts(&p->out, "</svg>\n");
	return CT_OK;
}

int
ct_picture_svg(char **text, size_t *n, const json_t *graph, struct ct_error *err)
{
	struct picture p;
	int rc = picture_open(&p, graph, err);

	if (rc == CT_OK)
		rc = draw(&p, err);
	if (rc < 0) {
		picture_close(&p);
		return rc;
	}
	return picture_finish(&p, text, n, err);
}

int
ct_picture_html(char **text, size_t *n, const json_t *graph, struct ct_error *err)
{
	struct picture p;
	int rc = picture_open(&p, graph, err);

	if (rc < 0)
		goto fail;
	ct_buffer_puts(&p.out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>");
	xml_string(&p.out, p.title);
	ct_buffer_puts(&p.out, "</title>\n<style>body { font-family: sans-serif; margin: 1em } div { overflow: auto }</style>"
	    "\n<h1>");
	xml_string(&p.out, p.title);
	ct_buffer_printf(&p.out, "</h1>\n<p>%zu nodes, %zu edges. Blue adds, dashed orange takes away; width is "
	    "strength. Point at a node or an edge to read it.</p>\n<div>\n", p.n_nodes, p.n_links);
	rc = draw(&p, err);
	if (rc < 0)
		goto fail;
	ct_buffer_puts(&p.out, "</div>\n</html>\n");
	return picture_finish(&p, text, n, err);
fail:
	picture_close(&p);
	return rc;
}
