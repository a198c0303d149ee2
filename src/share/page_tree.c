/* page_tree: see page_tree.h. */
#include "share/page_tree.h"

#include <math.h>
#include <stdlib.h>

#include "share/picture_svg.h"

enum { DEPTH = 4, FIRST = 8, LEAST = 3 };	/* levels; rows below an output, and below the deepest node */

struct tree {
	const struct picture *p;
	const struct ct_graph *g;
	int *shown;			/* (n_nodes of the graph) index in the picture, or -1 */
	struct ct_edge *edges;		/* (DEPTH, n_nodes) */
};

/* One row: its words, its weight, and a bar as long as its weight relative to the strongest. */
static void
put_row(const struct tree *t, const struct ct_edge *e, double most)
{
	const struct picture_node *n = &t->p->nodes[t->shown[e->source]];
	struct ct_buffer *f = t->p->out;
	double w = (double)e->weight;
	char weight[32];

	picture_weight(weight, sizeof weight, w);
	ct_buffer_puts(f, "<span class=\"row\"><span class=\"name\">");
	picture_xml(f, n->label);
	ct_buffer_puts(f, " <small>");
	picture_xml(f, n->note);
	ct_buffer_printf(f, "</small></span><span class=\"%s\">%s</span><i class=\"%s\" "
	    "style=\"--w:%.1f%%\"></i></span>",
	    w < 0 ? "minus" : "plus", weight, w < 0 ? "minus" : "plus", most > 0 ? 100 * fabs(w) / most : 0);
}

/* The kept inputs of a node that are in the picture, strongest first. */
static void
put_inputs(const struct tree *t, int node, int level)
{
	struct ct_edge *in = t->edges + (size_t)level * (size_t)t->g->n_nodes;
	int n = ct_graph_inputs(t->g, node, true, in, t->g->n_nodes), most = FIRST >> level, shown = 0;
	struct ct_buffer *f = t->p->out;

	most = most > LEAST ? most : LEAST;
	ct_buffer_puts(f, "<ul>\n");
	for (int i = 0; i < n && shown < most; i++) {
		int source = in[i].source;
		bool more = level + 1 < DEPTH && t->g->nodes[source].kind == CT_NODE_FEATURE;

		if (t->shown[source] < 0)
			continue;
		shown++;
		ct_buffer_printf(f, "<li data-n=\"%d\">%s", t->shown[source],
		    more ? "<details><summary>" : "");
		put_row(t, &in[i], fabs((double)in[0].weight));
		if (more) {
			ct_buffer_puts(f, "</summary>\n");
			put_inputs(t, source, level + 1);
			ct_buffer_puts(f, "</details>");
		}
		ct_buffer_puts(f, "</li>\n");
	}
	if (n > shown)
		ct_buffer_printf(f, "<li class=\"dim\">%d more</li>\n", n - shown);
	ct_buffer_puts(f, "</ul>\n");
}

int
page_tree(const struct picture *p, const struct ct_export *x, struct ct_error *err)
{
	const struct ct_graph *g = x->graph;
	size_t n = (size_t)g->n_nodes;
	struct tree t = { p, g, calloc(n + 1, sizeof *t.shown), calloc(DEPTH * n + 1, sizeof *t.edges) };
	struct ct_buffer *f = p->out;
	bool ok = t.shown && t.edges;

	for (size_t i = 0; ok && i < n; i++)
		t.shown[i] = -1;
	for (size_t i = 0; ok && i < p->n_nodes; i++)
		if (p->nodes[i].node >= 0)
			t.shown[p->nodes[i].node] = (int)i;
	ct_buffer_puts(f, "<section id=\"tree\">\n<h2>What it is made from</h2>\n");
	for (int i = g->n_nodes - g->n_targets; ok && i < g->n_nodes; i++) {
		if (t.shown[i] < 0)
			continue;
		ct_buffer_printf(f, "<details%s><summary><b>", i == g->n_nodes - g->n_targets ? " open" : "");
		picture_xml(f, p->nodes[t.shown[i]].label);
		ct_buffer_puts(f, "</b> ");
		picture_xml(f, p->nodes[t.shown[i]].note);
		ct_buffer_puts(f, "</summary>\n");
		put_inputs(&t, i, 0);
		ct_buffer_puts(f, "</details>\n");
	}
	ct_buffer_puts(f, "</section>\n");
	free(t.shown);
	free(t.edges);
	return ok ? CT_OK : ct_fail_memory(err, DEPTH * n * sizeof *t.edges, "the tree of a page");
}
