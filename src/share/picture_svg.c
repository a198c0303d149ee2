/*
 * picture_svg: graphs as SVG, and as a page of HTML around it. See picture.h.
 *
 * Positions run from left to right and layers from the bottom (words) to the top (what is explained). The
 * nodes of one layer and position fill a cell, in as many columns as give the whole a shape that fits a page.
 */
#include "share/picture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "share/picture_graph.h"

enum {
	BOX_W = 150, BOX_H = 36, GAP_X = 12, GAP_Y = 8,	/* boxes and what is between them */
	WORD_W = 84,					/* boxes where there are words alone */
	CELL = 16,					/* beside the boxes of a column */
	ROW = 46,					/* between layers: room for edges */
	LEFT = 64, TOP = 24, BOTTOM = 52		/* layers' names, tokens */
};
static const double shape = 1.5;			/* width over height */

struct grid {
	int T, rows;
	int *count;			/* (rows,T) nodes in each cell */
	int *columns;			/* (T) boxes beside each other; 0: no node there */
	int *box;			/* (T) width of the boxes */
	int *lines;			/* (rows) boxes above each other */
	double *x, *y;			/* (T+1) left ends, (rows) top ends */
	double width, height;
};

static void
free_grid(struct grid *g)
{
	free(g->count);
	free(g->columns);
	free(g->box);
	free(g->lines);
	free(g->x);
	free(g->y);
}

static int
lines_of(const struct grid *g, int row, int t)
{
	return g->columns[t] ? (g->count[row * g->T + t] + g->columns[t] - 1) / g->columns[t] : 0;
}

static void
measure(struct grid *g)
{
	g->x[0] = LEFT;
	for (int t = 0; t < g->T; t++)
		g->x[t + 1] = g->x[t] + (g->columns[t] ? g->columns[t] * (g->box[t] + GAP_X) - GAP_X + 2 *
		    CELL : 0);
	g->width = g->x[g->T] + CELL;
	g->height = TOP;
	for (int row = g->rows - 1; row >= 0; row--) {
		g->lines[row] = 0;
		for (int t = 0; t < g->T; t++)
			if (lines_of(g, row, t) > g->lines[row])
				g->lines[row] = lines_of(g, row, t);
		g->y[row] = g->height;
		g->height += g->lines[row] * (BOX_H + GAP_Y) - GAP_Y + (row ? ROW : 0);
	}
	g->height += BOTTOM;
}

/* The position with the tallest cell, the last of them; -1: none is taller than one box. */
static int
tallest(const struct grid *g)
{
	int most = 1, at = -1;

	for (int t = 0; t < g->T; t++)
		for (int row = 0; row < g->rows; row++)
			if (lines_of(g, row, t) > 1 && lines_of(g, row, t) >= most) {
				most = lines_of(g, row, t);
				at = t;
			}
	return at;
}

static int
lay_out(struct grid *g, struct picture *p, struct ct_error *err)
{
	*g = (struct grid){ .T = 1 };
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (p->nodes[i].pos < 0 || p->nodes[i].pos > 100000)
			return ct_fail(err, CT_EFORMAT, "node '%s': expected a position from 0, found %d",
			    p->nodes[i].id,
			    p->nodes[i].pos);
		g->T = p->nodes[i].pos >= g->T ? p->nodes[i].pos + 1 : g->T;
		g->rows += i == 0 || p->nodes[i].layer != p->nodes[i - 1].layer;
	}
	g->count = calloc((size_t)g->rows * (size_t)g->T + 1, sizeof *g->count);
	g->columns = calloc((size_t)g->T, sizeof *g->columns);
	g->box = calloc((size_t)g->T, sizeof *g->box);
	g->lines = calloc((size_t)g->rows + 1, sizeof *g->lines);
	g->x = calloc((size_t)g->T + 1, sizeof *g->x);
	g->y = calloc((size_t)g->rows + 1, sizeof *g->y);
	if (!g->count || !g->columns || !g->box || !g->lines || !g->x || !g->y)
		return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %d positions", g->T);
	for (size_t i = 0, row = 0; i < p->n_nodes; i++) {
		row += i > 0 && p->nodes[i].layer != p->nodes[i - 1].layer;
		g->count[row * (size_t)g->T + (size_t)p->nodes[i].pos]++;
		g->columns[p->nodes[i].pos] = 1;
		if (p->nodes[i].kind != PICTURE_EMBEDDING || ct_text_width(p->nodes[i].label) > 11)
			g->box[p->nodes[i].pos] = BOX_W;
		else if (!g->box[p->nodes[i].pos])
			g->box[p->nodes[i].pos] = WORD_W;
	}
	for (measure(g); g->width < shape * g->height && tallest(g) >= 0; measure(g))
		g->columns[tallest(g)]++;
	for (size_t i = 0, row = 0, k = 0; i < p->n_nodes; i++) {
		struct picture_node *n = &p->nodes[i];
		int columns = g->columns[n->pos], cell, used, lines, line;

		row += i > 0 && n->layer != n[-1].layer;
		k = i > 0 && n->layer == n[-1].layer && n->pos == n[-1].pos ? k + 1 : 0;
		cell = g->count[row * (size_t)g->T + (size_t)n->pos];
		lines = lines_of(g, (int)row, n->pos);
		/* A cell stands in the middle of its column and layer, a last line that is not full too. */
		line = (int)k / columns;
		used = line == lines - 1 ? cell - (lines - 1) * columns : columns;
		n->x = g->x[n->pos] + CELL + ((int)k % columns + (columns - used) / 2.0) *
		    (g->box[n->pos] + GAP_X);
		n->w = g->box[n->pos];
		n->y = g->y[row] + (line + (g->lines[row] - lines) / 2.0) * (BOX_H + GAP_Y);
	}
	return CT_OK;
}

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

/* As much of the text as fits into so many columns. */
static void
xml_cut(struct ct_buffer *f, const char *s, int cols)
{
	char buf[200];
	size_t n = ct_text_fit(s, cols);

	if (s[n])
		n = ct_text_fit(s, cols - 1);
	snprintf(buf, sizeof buf, "%.*s%s", (int)n, s, s[n] ? "\xe2\x80\xa6" : "");
	xml_string(f, buf);
}

static void
draw_link(struct picture *p, const struct picture_link *l)
{
	const struct picture_node *s = &p->nodes[l->source], *t = &p->nodes[l->target];
	double share = fabs(l->weight) / p->largest, x1 = s->x + s->w / 2.0, x2 = t->x + t->w / 2.0;
	double bend = fmax(24, 0.4 * (s->y - t->y - BOX_H));

	ct_buffer_printf(p->out, "<path class=\"%s\" data-s=\"%d\" data-t=\"%d\" data-w=\"%.4g\" "
	    "d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" stroke=\"%s\" stroke-width=\"%.2f\" "
	    "stroke-opacity=\"%.2f\"%s><title>%+.3g</title></path>\n",
	    l->weight < 0 ? "minus" : "plus", l->source, l->target, l->weight, x1, s->y, x1, s->y - bend, x2,
	    t->y + BOX_H + bend, x2, t->y + BOX_H, l->weight < 0 ? picture_minus : picture_plus,
	    0.4 + 5 * share,
	    0.12 + 0.88 * share, l->weight < 0 ? " stroke-dasharray=\"5 3\"" : "", l->weight);
}

static void
draw_node(struct picture *p, size_t i)
{
	static const struct {
		const char *name, *fill, *rest;
	} kinds[] = {
		[PICTURE_FEATURE] = { "feature", "#fff", " rx=\"5\"" },
		[PICTURE_ERROR] = { "error", "#eee", " stroke-dasharray=\"3 2\"" },
		[PICTURE_EMBEDDING] = { "input", "#f5efd8", "" },
		[PICTURE_OUTPUT] = { "output", "#e3efe0", "" },
		[PICTURE_OTHER] = { "other", "#f3ecf7", " rx=\"5\"" }
	};
	const struct picture_node *n = &p->nodes[i];
	double middle = n->x + n->w / 2.0;

	ct_buffer_printf(p->out, "<g class=\"node %s\" data-i=\"%zu\"><title>", kinds[n->kind].name, i);
	xml_string(p->out, n->label);
	ct_buffer_puts(p->out, *n->note ? ", " : "");
	xml_string(p->out, n->note);
	if (isfinite(n->cumulative))
		ct_buffer_printf(p->out, ", within the first %.0f%% of influence", 100 * n->cumulative);
	ct_buffer_printf(p->out, "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" fill=\"%s\" "
	    "stroke=\"#555\"%s/><text x=\"%.1f\" y=\"%.1f\">", n->x, n->y, n->w, BOX_H, kinds[n->kind].fill,
	    kinds[n->kind].rest, middle, n->y + (*n->note ? 15 : 22));
	xml_cut(p->out, n->label, 22);
	if (*n->note) {
		ct_buffer_printf(p->out, "</text><text class=\"note\" x=\"%.1f\" y=\"%.1f\" font-size=\"10\" "
		    "fill=\"#555\">",
		    middle, n->y + 29);
		xml_cut(p->out, n->note, 26);
	}
	ct_buffer_puts(p->out, "</text></g>\n");
}

/* Bands behind the positions, names of layers at the left, tokens below. */
static void
draw_frame(struct picture *p, const struct grid *g)
{
	char token[160];
	int shown = 0;

	for (int t = 0; t < g->T; t++) {
		double middle = (g->x[t] + g->x[t + 1]) / 2;

		if (!g->columns[t])
			continue;
		if (shown++ % 2 == 0)
			ct_buffer_printf(p->out, "<path class=\"band\" fill=\"#f4f6f8\" d=\"M%.1f "
			    "0H%.1fV%.1fH%.1fZ\"/>\n",
			    g->x[t], g->x[t + 1], g->height, g->x[t]);
		ct_buffer_printf(p->out, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\" font-size=\"13\">",
		    middle,
		    g->height - 18);
		xml_cut(p->out, picture_token(p, t, token, sizeof token), g->columns[t] * g->box[t] / 7);
		ct_buffer_puts(p->out, "</text>\n");
	}
	for (size_t i = 0, row = 0; i < p->n_nodes; i++) {
		const struct picture_node *n = &p->nodes[i];

		if (i > 0 && n->layer == n[-1].layer)
			continue;
		row += i > 0;
		ct_buffer_printf(p->out, "<text class=\"note\" x=\"%d\" y=\"%.1f\" fill=\"#555\">", LEFT / 2,
		    g->y[row] + (g->lines[row] * (BOX_H + GAP_Y) - GAP_Y) / 2.0 + 4);
		if (n->kind == PICTURE_EMBEDDING || n->kind == PICTURE_OUTPUT)
			ct_buffer_puts(p->out, n->kind == PICTURE_OUTPUT ? "output" : "input");
		else
			ct_buffer_printf(p->out, "L%d", n->layer);
		ct_buffer_puts(p->out, "</text>\n");
	}
}

static int
draw(struct picture *p, struct ct_error *err)
{
	struct grid g;
	int rc = lay_out(&g, p, err);

	if (rc < 0)
		goto out;
	ct_buffer_printf(p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
	    "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" text-anchor=\"middle\">\n"
	    "<title>", g.width, g.height, g.width, g.height);
	xml_string(p->out, p->title);
	ct_buffer_puts(p->out, "</title>\n<rect class=\"paper\" width=\"100%\" height=\"100%\" "
	    "fill=\"#fff\"/>\n");
	draw_frame(p, &g);
	if (p->n_nodes < (size_t)p->content.n_parts)
		ct_buffer_printf(p->out, "<text class=\"note\" x=\"%d\" y=\"%.1f\" font-size=\"11\" "
		    "fill=\"#555\" "
		    "text-anchor=\"start\">the strongest %zu of %d nodes</text>\n", CELL, g.height - 4,
		    p->n_nodes,
		    p->content.n_parts);
	ct_buffer_puts(p->out, "<g fill=\"none\">\n");
	for (size_t i = 0; i < p->n_links; i++)
		draw_link(p, &p->links[i]);
	ct_buffer_puts(p->out, "</g>\n");
	for (size_t i = 0; i < p->n_nodes; i++)
		draw_node(p, i);
	ct_buffer_puts(p->out, "</svg>\n");
out:
	free_grid(&g);
	return rc;
}

int
ct_picture_svg(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	struct picture p;
	int code = picture_open(&p, to, x, x->all ? 0 : CT_PICTURE_NODES, err);

	if (code == CT_OK)
		code = draw(&p, err);
	picture_close(&p);
	return code;
}

static const char style[] =
    ":root{color-scheme:light "
    "dark;--paper:#fff;--ink:#222;--dim:#555;--box:#fff;--err:#eee;--in:#f5efd8;--out:#e3efe0;"
    "--band:#f4f6f8;--line:#555;--plus:#2166ac;--minus:#d95f0e;--hot:#111}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#16181c;--ink:#e6e6e6;--dim:#a8adb5;--box:#23272e;--err:#2e2e2e;"
    "--in:#39351f;--out:#233624;--band:#1c1f24;--line:#8a9099;--plus:#6db1f2;--minus:#f59b4c;--hot:#fff}}\n"
    "body{font:14px/1.4 "
    "sans-serif;margin:0;background:var(--paper);color:var(--ink);display:flex;height:100vh}\n"
    "main{flex:1;overflow:auto;padding:0 1em}svg{width:100%;height:auto;min-width:50em}h1{font-size:1.2em}aside{width:19em;overflow:auto;padding:1em;"
    "border-left:1px solid var(--line)}aside h2{font-size:1.1em;margin:0}p{color:var(--dim)}\n"
    "aside button{display:flex;width:100%;gap:.5em;border:0;background:none;color:inherit;font:inherit;text-align:left;"
    "cursor:pointer;padding:1px 0}aside button span:first-child{flex:1}aside "
    "button:hover{text-decoration:underline}\n"
    ".paper{fill:var(--paper)}.band{fill:var(--band)}text{fill:var(--ink)}.note{fill:var(--dim)}\n"
    ".node{cursor:pointer;outline:none}.node rect{fill:var(--box);stroke:var(--line)}.error "
    "rect{fill:var(--err)}"
    ".input rect{fill:var(--in)}.output "
    "rect{fill:var(--out)}.plus{stroke:var(--plus)}.minus{stroke:var(--minus)}\n"
    ".some path[data-s]{stroke-opacity:.04}.some path.on{stroke-opacity:1}.some .node{opacity:.35}.some "
    ".node.on{opacity:1}"
    ".node.here "
    "rect{stroke:var(--hot);stroke-width:2.5}.minus,td.m{color:var(--minus)}.plus{color:var(--plus)}\n"
    "@media(max-width:50em){body{flex-direction:column}aside{width:auto;height:35vh;border-left:0;"
    "border-top:1px solid var(--line)}}";

/* Point or go to a node: its edges stand out and are listed. A click or Enter holds it, Escape lets go. */
static const char *const script[] = {
	"'use strict';",
	"const svg=document.querySelector('svg'),side=document.querySelector('aside'),hint=side.innerHTML;",
	"const nodes=[...svg.querySelectorAll('.node')],links=[...svg.querySelectorAll('path[data-s]')].map(e=>",
	"({e,s:+e.dataset.s,t:+e.dataset.t,w:+e.dataset.w})).reverse();",
	"const at=nodes.map(n=>{const "
	    "r=n.querySelector('rect');return[+r.getAttribute('x'),+r.getAttribute('y')]});",
	"let held=-1,zoom=1;",
	"const name=i=>nodes[i].querySelector('title').textContent;",
	"function add(tag,text,to){const "
	    "e=document.createElement(tag);e.textContent=text;to.append(e);return e}",
	"function list(title,found,end){if(!found.length)return;add('p',title,side);for(const l of found){",
	"const b=add('button','',side);add('span',nodes[l[end]].querySelector('text').textContent,b);",
	"add('span',(l.w<0?'\\u2212':'+')+Math.abs(l.w).toPrecision(3),b).className=l.w<0?'minus':'plus';",
	"b.onclick=()=>{hold(l[end])}}}",
	"function show(i){nodes.forEach(n=>n.classList.remove('on','here'));links.forEach(l=>l.e.classList.remove('on'));",
	"svg.classList.toggle('some',i>=0);if(i<0){side.innerHTML=hint;return}",
	"nodes[i].classList.add('on','here');const "
	    "into=links.filter(l=>l.t===i),out=links.filter(l=>l.s===i);",
	"for(const l of into.concat(out)){l.e.classList.add('on');nodes[l.s].classList.add('on');nodes[l.t].classList.add('on')}",
	"side.replaceChildren();const[head,...rest]=name(i).split(', "
	    "');add('h2',head,side);add('p',rest.join(', '),side);",
	"list('from',into,'s');list('to',out,'t')}",
	"function hold(i){held=i;show(i);if(i>=0){nodes[i].focus({preventScroll:true});",
	"nodes[i].scrollIntoView({block:'nearest',inline:'nearest'})}}",
	"nodes.forEach((n,i)=>{n.tabIndex=0;n.setAttribute('role','button');n.setAttribute('aria-label',name(i));",
	"n.onmouseenter=()=>{if(held<0)show(i)};n.onmouseleave=()=>{if(held<0)show(-1)};",
	"n.onclick=e=>{e.stopPropagation();hold(held===i?-1:i)};n.onfocus=()=>{if(held!==i&&n.matches(':focus-visible'))hold(i)}});",
	"svg.onclick=()=>hold(-1);",
	"document.onkeydown=e=>{const "
	    "d={ArrowLeft:[-1,0],ArrowRight:[1,0],ArrowUp:[0,-1],ArrowDown:[0,1]}[e.key];",
	"if('+=-0'.includes(e.key)&&!e.ctrlKey&&!e.metaKey){zoom=e.key==='0'?1:Math.min(8,Math.max(.5,zoom*(e.key==='-'?.8:1.25)));",
	"svg.style.width=100*zoom+'%';if(held>=0)hold(held)}",
	"if(e.key==='Escape'){document.activeElement.blur();hold(-1)}",
	"if(!d)return;e.preventDefault();if(held<0){hold(nodes.length-1);return}",
	"let best=-1,least=1e9;at.forEach(([x,y],i)=>{const "
	    "dx=x-at[held][0],dy=y-at[held][1],along=dx*d[0]+dy*d[1],",
	"aside=Math.abs(dx*d[1])+Math.abs(dy*d[0]);if(along>1&&along+2*aside<least){least=along+2*aside;best=i}});",
	"if(best>=0)hold(best)};"
};

int
ct_picture_html(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	struct picture p;
	int rc = picture_open(&p, to, x, x->all ? 0 : CT_PICTURE_NODES, err);

	if (rc < 0)
		goto fail;
	ct_buffer_puts(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	    "'unsafe-inline'; "
	    "script-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	xml_string(to, p.title);
	ct_buffer_puts(to, "</title>\n<style>");
	ct_buffer_puts(to, style);
	ct_buffer_puts(to, "</style>\n<main>\n<h1>");
	xml_string(to, p.title);
	ct_buffer_puts(to, "</h1>\n");
	rc = draw(&p, err);
	if (rc < 0)
		goto fail;
	ct_buffer_printf(to, "</main>\n<aside><p>%zu nodes, %zu edges. Blue adds, dashed orange takes away; "
	    "width is "
	    "strength.</p><p>Point at a node to see its edges; click to hold it. Arrow keys go from node to "
	    "node, "
	    "Tab through all of them, Esc lets go; + and - zoom, 0 fits the window.</p></aside>\n<script>\n",
	    p.n_nodes, p.n_links);
	for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
		ct_buffer_puts(to, script[i]);
		ct_buffer_puts(to, "\n");
	}
	ct_buffer_puts(to, "</script>\n</html>\n");
fail:
	picture_close(&p);
	return rc;
}
