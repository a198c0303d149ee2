/* page: see page.h. page_script.c has the style sheet and the script. */
#include "share/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "share/page_script.h"
#include "share/page_tree.h"
#include "share/picture.h"
#include "share/picture_svg.h"

/* Text, sanitised and escaped. */
static void
put_text(struct ct_buffer *f, const char *s)
{
	char clean[1200];

	ct_text_clean(clean, sizeof clean, s, strlen(s));
	picture_xml(f, clean);
}

/* The prompt's tokens, with a mark at the position that is explained; and the likeliest next tokens. */
static void
put_head(struct picture *p, const struct ct_export *x)
{
	const struct ct_graph *g = x->graph;
	struct ct_buffer *f = p->out;
	char token[160];

	ct_buffer_puts(f, "<header>\n<p class=\"prompt\">");
	for (int t = 0; t < g->T; t++) {
		picture_token(p, t, token, sizeof token);
		ct_buffer_printf(f, "<span%s>", t == g->pos ? " class=\"here\"" : "");
		picture_xml(f, token);
		ct_buffer_puts(f, x->names->apart ? "</span> " : "</span>");
	}
	ct_buffer_puts(f, "</p>\n<p class=\"next\">");
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct picture_node *n = &p->nodes[i];

		if (n->kind != CT_NODE_TARGET)
			continue;
		ct_buffer_puts(f, "<span><b>");
		picture_xml(f, n->label);
		ct_buffer_puts(f, "</b> ");
		picture_xml(f, n->note);
		ct_buffer_puts(f, "</span> ");
	}
	ct_buffer_puts(f, "</p>\n<p class=\"dim\">");
	put_text(f, x->page && x->page->model ? x->page->model : x->names->scan);
	if (!isnan(g->scores.replacement))
		ct_buffer_printf(f, " · replacement %.2f · completeness %.2f", g->scores.replacement,
		    g->scores.completeness);
	ct_buffer_puts(f, "</p>\n</header>\n");
}

/* A probability as a cell with a bar. */
static void
put_bar(struct ct_buffer *f, double share)
{
	ct_buffer_printf(f, "<td><i style=\"--w:%.1f%%\"></i>%.1f%%", 100 * share, 100 * share);
}

/* A share as a cell; empty if it is not known. */
static void
put_share(struct ct_buffer *f, double share)
{
	if (isnan(share))
		ct_buffer_puts(f, "<td>");
	else
		ct_buffer_printf(f, "<td>%.1f%%", 100 * share);
}

/*
 * The pinned boxes: for an output its probability before and after; for others how much of their activation
 * is left.
 */
static void
put_levels(struct ct_buffer *f, const struct ct_page *page)
{
	if (page->n_boxes == 0)
		return;
	ct_buffer_puts(f, "<table class=\"boxes\"><tr><th>box<th>before<th>after</tr>\n");
	for (int i = 0; i < page->n_boxes; i++) {
		const struct ct_page_box *b = &page->box[i];

		ct_buffer_puts(f, "<tr><td>");
		put_text(f, b->name);
		put_share(f, b->before);
		put_share(f, b->after);
		ct_buffer_puts(f, b->output ? "<td>probability</tr>\n" : isnan(b->after) ? "<td></tr>\n" :
		    "<td>of its activation</tr>\n");
	}
	ct_buffer_puts(f, "</table>\n");
}

static void
put_clamps(struct ct_buffer *f, const struct ct_page *page)
{
	if (page->n_clamps == 0)
		return;
	ct_buffer_puts(f, "<section>\n<h2>Clamps</h2>\n<p>");
	for (int i = 0; i < page->n_clamps; i++) {
		ct_buffer_puts(f, "<code>");
		put_text(f, page->clamps[i]);
		ct_buffer_puts(f, "</code> ");
	}
	ct_buffer_puts(f, "<span class=\"dim\">");
	put_text(f, page->mode);
	ct_buffer_puts(f, "</span></p>\n<table><tr><th>next token<th>before<th>after</tr>\n");
	for (int i = 0; i < page->n_changes; i++) {
		const struct ct_page_change *c = &page->change[i];

		ct_buffer_puts(f, "<tr><td>");
		put_text(f, c->token);
		put_bar(f, c->before);
		put_bar(f, c->after);
		ct_buffer_puts(f, "</tr>\n");
	}
	ct_buffer_puts(f, "</table>\n");
	put_levels(f, page);
	ct_buffer_puts(f, "</section>\n");
}

static void
put_notes(struct ct_buffer *f, const struct ct_page *page)
{
	if (page->n_notes == 0)
		return;
	ct_buffer_puts(f, "<section>\n<h2>Notes</h2>\n<ul class=\"notes\">\n");
	for (int i = 0; i < page->n_notes; i++) {
		ct_buffer_puts(f, "<li>");
		put_text(f, page->notes[i]);
		ct_buffer_puts(f, "</li>\n");
	}
	ct_buffer_puts(f, "</ul>\n</section>\n");
}

/* A sentence in which the feature is active; the stronger, the darker the background of the token. */
static void
put_example(struct ct_buffer *f, const struct ct_page_example *e, bool apart)
{
	float most = e->peak >= 0 && e->peak < e->n ? e->acts[e->peak] : 0;

	ct_buffer_puts(f, "<li>");
	for (int k = 0; k < e->n; k++) {
		double share = most > 0 && e->acts[k] > 0 ? (double)(e->acts[k] / most) : 0;

		if (share > 0)
			ct_buffer_printf(f, "<mark style=\"--a:%.0f%%\">", 15 + 70 * share);
		put_text(f, e->tokens[k]);
		ct_buffer_puts(f, share > 0 ? "</mark>" : "");
		ct_buffer_puts(f, apart ? " " : "");
	}
	ct_buffer_puts(f, "</li>\n");
}

static int
put_card(struct ct_buffer *f, const struct ct_page *page, const struct ct_node *n, struct ct_error *err)
{
	struct ct_page_card c = { .label = "", .f1 = NAN, .frequency = NAN };
	int code = page->card(page->ctx, n->layer, n->index, &c, err);

	if (code < 0)
		return code == CT_ENOTFOUND ? CT_OK : code;
	ct_buffer_printf(f, "<article id=\"L%d-%d\"><h3>", n->layer, n->index);
	put_text(f, *c.label ? c.label : "no label");
	ct_buffer_printf(f, "</h3><p class=\"dim\">L%d#%d", n->layer, n->index);
	if (!isnan(c.f1))
		ct_buffer_printf(f, " · F1 %.2f", c.f1);
	if (!isnan(c.frequency))
		ct_buffer_printf(f, " · active on %.3g%% of tokens%s", 100 * c.frequency,
		    c.dense ? ": dense" : "");
	ct_buffer_puts(f, "</p>");
	if (*c.says || *c.says_less) {
		ct_buffer_puts(f, "<p>says <b>");
		put_text(f, c.says);
		ct_buffer_puts(f, "</b>");
		if (*c.says_less) {
			ct_buffer_puts(f, "<br>against ");
			put_text(f, c.says_less);
		}
		ct_buffer_puts(f, "</p>");
	}
	ct_buffer_puts(f, c.n_examples ? "<p class=\"dim\">fires on</p><ul>\n" : "");
	for (int i = 0; i < c.n_examples; i++)
		put_example(f, &c.example[i], page->apart);
	ct_buffer_puts(f, c.n_examples ? "</ul></article>\n" : "</article>\n");
	return CT_OK;
}

/* The cards of the features in the picture, each once. */
static int
put_cards(const struct picture *p, const struct ct_export *x, struct ct_error *err)
{
	const struct ct_graph *g = x->graph;
	struct ct_buffer *f = p->out;
	int code = CT_OK;

	ct_buffer_puts(f, "<section id=\"cards\">\n<h2>Features</h2>\n<div class=\"cards\">\n");
	for (size_t i = p->n_nodes; i-- > 0 && code == CT_OK;) {
		int node = p->nodes[i].node;
		size_t k = p->n_nodes;

		if (node < 0 || p->nodes[i].kind != CT_NODE_FEATURE)
			continue;
		while (--k > i)
			if (p->nodes[k].node >= 0 && p->nodes[k].kind == CT_NODE_FEATURE &&
			    g->nodes[p->nodes[k].node].layer == g->nodes[node].layer &&
			    g->nodes[p->nodes[k].node].index == g->nodes[node].index)
				break;
		if (k == i)
			code = put_card(f, x->page, &g->nodes[node], err);
	}
	ct_buffer_puts(f, "</div>\n</section>\n");
	return code;
}

/* The pinned part as a picture of its own. */
static int
put_boxes(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	struct ct_export pinned = *x;
	struct picture p;
	int code;

	if (x->pinned || x->subgraph->n_pins == 0)
		return CT_OK;
	pinned.pinned = true;
	ct_buffer_puts(to, "<section>\n<h2>What is pinned</h2>\n<figure>\n");
	code = picture_open(&p, to, &pinned, 0, err);
	if (code == CT_OK)
		code = picture_draw(&p, err);
	picture_close(&p);
	ct_buffer_puts(to, "</figure>\n</section>\n");
	return code;
}

static void
put_begin(const struct picture *p)
{
	struct ct_buffer *f = p->out;

	ct_buffer_puts(f, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	    "'unsafe-inline'; "
	    "script-src 'unsafe-inline'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	picture_xml(f, p->title);
	ct_buffer_puts(f, "</title>\n<style>\n");
	for (int i = 0; page_style[i]; i++)
		ct_buffer_printf(f, "%s\n", page_style[i]);
	ct_buffer_puts(f, "</style>\n<main>\n");
}

static void
put_end(struct ct_buffer *f)
{
	ct_buffer_puts(f, "</main>\n<aside><div><h2>How to read this</h2><p>Boxes are features and what "
	    "feeds them, with words below and the answer above. Blue adds, dashed orange takes away; width "
	    "is strength.</p>"
	    "<p>Point at a box to see what feeds it; click to keep it selected. Arrow keys go from box to "
	    "box, Esc deselects, + and - zoom, 0 fits the window.</p></div></aside>\n<script>\n");
	for (int i = 0; page_script[i]; i++)
		ct_buffer_printf(f, "%s\n", page_script[i]);
	ct_buffer_puts(f, "</script>\n</html>\n");
}

int
ct_page_html(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	struct picture p;
	int code = picture_open(&p, to, x, x->all ? 0 : CT_PICTURE_NODES, err);

	if (code < 0)
		goto done;
	put_begin(&p);
	put_head(&p, x);
	if (x->page)
		put_clamps(to, x->page);
	if ((code = put_boxes(to, x, err)) < 0)
		goto done;
	ct_buffer_puts(to, "<section>\n<h2>The graph</h2>\n<figure>\n");
	if ((code = picture_draw(&p, err)) < 0)
		goto done;
	ct_buffer_puts(to, "</figure>\n</section>\n");
	if ((code = page_tree(&p, x, err)) < 0)
		goto done;
	if (x->page)
		put_notes(to, x->page);
	if (x->page && x->page->card && (code = put_cards(&p, x, err)) < 0)
		goto done;
	put_end(to);
done:
	picture_close(&p);
	return code;
}
