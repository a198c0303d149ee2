/* picture: see picture.h. Prepares the graph, and writes DOT; picture_svg.c writes SVG. */
#include "share/picture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"
#include "base/text.h"
#include "share/graph_file.h"
#include "share/picture_graph.h"

const char picture_plus[] = "#2166ac", picture_minus[] = "#d95f0e";

static void
clean(char *dst, size_t size, const char *s)
{
	ct_text_clean(dst, size, s, strlen(s));
}

static void
clean_token(const struct picture *p, int id, char *dst, size_t size)
{
	clean(dst, size, p->x->names->token(p->x->names->ctx, id));
}

const char *
picture_token(const struct picture *p, int pos, char *dst, size_t size)
{
	clean_token(p, p->x->names->tokens[pos], dst, size);
	return dst;
}

/* "L1#249", "L1 lorsa 9"; "L1#?" if a file does not say which feature it is. */
static void
feature_name(const struct picture *p, const struct ct_node *n, int node, char *dst, size_t size)
{
	const struct ct_graph_file *file = p->x->names->file;
	const struct ct_graph_there *there = file &&
	    file->place[node] >= 0 ? &file->there[file->place[node]] : NULL;
	int number = there ? there->number : n->index;
	char type[40];

	clean(type, sizeof type, n->kind == CT_NODE_OTHER && there ? there->type : "");
	if (n->kind == CT_NODE_OTHER && number >= 0)
		snprintf(dst, size, "L%d %s %d", n->layer, type, number);
	else if (n->kind == CT_NODE_OTHER)
		snprintf(dst, size, "L%d %s", n->layer, type);
	else if (number >= 0)
		snprintf(dst, size, "L%d#%d", n->layer, number);
	else
		snprintf(dst, size, "L%d#?", n->layer);
}

/* The text of a feature: its label, for a mixed label the best candidate, else its name. */
static void
describe_feature(const struct picture *p, struct picture_node *n, const struct ct_content_part *part)
{
	const struct ct_graph_names *names = p->x->names;
	const struct ct_node *node = part->node < 0 ? NULL : &p->x->graph->nodes[part->node];
	const char *label = node ? names->label(names->ctx, node->layer, node->index) : part->name;
	char name[60] = "", active[24] = "", text[sizeof n->label];

	if (node)
		feature_name(p, node, part->node, name, sizeof name);
	else
		snprintf(name, sizeof name, "%d node%s", part->n, part->n == 1 ? "" : "s");
	if (part->activation > 0)
		snprintf(active, sizeof active, "active %.3g", part->activation);
	if (*label) {
		ct_label_short(text, sizeof text, label);
		clean(n->label, sizeof n->label, text);
	} else {
		snprintf(n->label, sizeof n->label, "%s", name);
		*name = '\0';
	}
	snprintf(n->note, sizeof n->note, "%s%s%s", name, *name && *active ? " " : "", active);
}

/* "Austin" with its probability, or A - B. */
static void
describe_output(const struct picture *p, struct picture_node *n, const struct ct_node *node)
{
	char a[70], b[70];

	clean_token(p, node->index, n->label, sizeof n->label);
	if (node->target == CT_TARGET_DIFFERENCE) {
		clean_token(p, node->index, a, sizeof a);
		clean_token(p, node->other, b, sizeof b);
		snprintf(n->label, sizeof n->label, "%s - %s", a, b);
	} else if (!isnan(node->prob)) {
		snprintf(n->note, sizeof n->note, "%.3g%%", 100 * (double)node->prob);
	}
}

static void
describe(struct picture *p, struct picture_node *n, const struct ct_content_part *part)
{
	const struct ct_node *node = part->node < 0 ? NULL : &p->x->graph->nodes[part->node];
	enum ct_node_kind kind = node ? ct_node_subject(node) : CT_NODE_FEATURE;
	const char *name = ct_node_traits(kind)->name;

	*n = (struct picture_node){ .id = part->id, .node = part->node, .kind = kind, .layer = part->layer,
	    .pos = part->pos, .cumulative = part->cumulative };
	switch (kind) {
	case CT_NODE_TARGET:
		n->layer = p->x->graph->L;
		describe_output(p, n, node);
		break;
	case CT_NODE_ERROR:
		snprintf(n->label, sizeof n->label, "%s", name);
		snprintf(n->note, sizeof n->note, "L%d", n->layer);
		break;
	case CT_NODE_EMBEDDING:
		picture_token(p, n->pos, n->label, sizeof n->label);
		snprintf(n->note, sizeof n->note, "%s", name);
		break;
	case CT_NODE_FEATURE:
	case CT_NODE_OTHER:
		describe_feature(p, n, part);
		break;
	}
}

/* The nodes in the order of the picture, and the node of each part. */
struct place {
	struct picture_node node;
	int part;
};

static int
by_place(const void *a, const void *b)
{
	const struct picture_node *p = &((const struct place *)a)->node,
	    *q = &((const struct place *)b)->node;

	if (p->layer != q->layer)
		return p->layer < q->layer ? -1 : 1;
	if (p->pos != q->pos)
		return p->pos < q->pos ? -1 : 1;
	if (isfinite(p->cumulative) && isfinite(q->cumulative) && p->cumulative != q->cumulative)
		return p->cumulative < q->cumulative ? -1 : 1;
	return ((const struct place *)a)->part - ((const struct place *)b)->part;
}

static int
by_strength(const void *a, const void *b)
{
	const struct picture_link *p = a, *q = b;

	if (fabs(p->weight) != fabs(q->weight))
		return fabs(p->weight) < fabs(q->weight) ? -1 : 1;
	return p->source != q->source ? p->source - q->source : p->target - q->target;
}

void
picture_close(struct picture *p)
{
	ct_content_close(&p->content);
	free(p->nodes);
	free(p->links);
}

/* Outputs first, then by influence; nodes of unknown influence come last. */
static int
by_importance(const void *a, const void *b)
{
	const struct picture_node *p = &((const struct place *)a)->node,
	    *q = &((const struct place *)b)->node;
	double x = isnan(p->cumulative) ? INFINITY : p->cumulative,
	    y = isnan(q->cumulative) ? INFINITY : q->cumulative;

	if ((p->kind == CT_NODE_TARGET) != (q->kind == CT_NODE_TARGET))
		return p->kind == CT_NODE_TARGET ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return ((const struct place *)a)->part - ((const struct place *)b)->part;
}

/* place_of: the node of each part, or -1 if it is not among the `most` strongest, which are drawn. */
static int
place_nodes(struct picture *p, int most, int *place_of)
{
	const struct ct_content *c = &p->content;
	struct place *list = calloc((size_t)c->n_parts + 1, sizeof *list);
	int n = c->n_parts;

	if (!list)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		describe(p, &list[i].node, &c->part[i]);
		list[i].part = i;
		place_of[i] = -1;
	}
	if (most > 0 && n > most) {
		qsort(list, (size_t)n, sizeof *list, by_importance);
		n = most;
	}
	qsort(list, (size_t)n, sizeof *list, by_place);
	for (int i = 0; i < n; i++) {
		p->nodes[i] = list[i].node;
		place_of[list[i].part] = i;
	}
	p->n_nodes = (size_t)n;
	free(list);
	return CT_OK;
}

/*
 * If there are many links, draws those without which a node would have no connection (its strongest one out
 * and its two strongest in, by shares of inputs), and then the strongest of all, up to twice as many as
 * nodes.
 */
struct share {
	double share;			/* of the target's inputs */
	size_t link;
};

static int
by_share(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	return x->link < y->link ? -1 : 1;
}

static int
choose_links(struct picture *p)
{
	struct share *list = calloc(p->n_links + 1, sizeof *list);
	double *inputs = calloc(p->n_nodes + 1, sizeof *inputs);
	int *in = calloc(2 * p->n_nodes + 1, sizeof *in), *out = in ? in + p->n_nodes : NULL;
	bool *drawn = calloc(p->n_links + 1, sizeof *drawn);
	size_t n = 0, most = 2 * p->n_nodes;
	bool ok = list && inputs && in && drawn;

	for (size_t i = 0; ok && i < p->n_links; i++)
		inputs[p->links[i].target] += fabs(p->links[i].weight);
	for (size_t i = 0; ok && i < p->n_links; i++)
		list[i] = (struct share){ fabs(p->links[i].weight) / inputs[p->links[i].target], i };
	if (ok)
		qsort(list, p->n_links, sizeof *list, by_share);
	for (size_t i = 0; ok && i < p->n_links; i++) {
		const struct picture_link *l = &p->links[list[i].link];

		drawn[list[i].link] = out[l->source] < 1 || in[l->target] < 2;
		out[l->source] += drawn[list[i].link];
		in[l->target] += drawn[list[i].link];
		n += drawn[list[i].link];
	}
	for (size_t i = 0; ok && i < p->n_links && n < most; i++) {
		n += !drawn[list[i].link];
		drawn[list[i].link] = true;
	}
	n = 0;
	for (size_t i = 0; ok && i < p->n_links; i++)
		if (drawn[i])
			p->links[n++] = p->links[i];
	p->n_links = ok ? n : p->n_links;
	free(list);
	free(inputs);
	free(in);
	free(drawn);
	return ok ? CT_OK : CT_ENOMEM;
}

static int
add_links(struct picture *p, const int *place_of, bool all)
{
	const struct ct_content *c = &p->content;

	for (size_t i = 0; i < c->n_edges; i++) {
		int source = place_of[c->edge[i].source], target = place_of[c->edge[i].target];

		if (source < 0 || target < 0)
			continue;
		p->links[p->n_links++] = (struct picture_link){ source, target, c->edge[i].weight, NAN };
		p->largest = fmax(p->largest, fabs(c->edge[i].weight));
	}
	p->largest = p->largest > 0 ? p->largest : 1;
	p->n_edges = p->n_links;
	qsort(p->links, p->n_links, sizeof *p->links, by_strength);
	return all || p->n_links <= 2 * p->n_nodes ? CT_OK : choose_links(p);
}

int
picture_open(struct picture *p, struct ct_buffer *to, const struct ct_export *x, int most,
    struct ct_error *err)
{
	const struct ct_content *c = &p->content;
	int *place_of = NULL, code;

	*p = (struct picture){ .x = x, .out = to };
	if ((code = ct_content_open(&p->content, x, err)) < 0)
		return code;
	p->nodes = calloc((size_t)c->n_parts + 1, sizeof *p->nodes);
	p->links = calloc(c->n_edges + 1, sizeof *p->links);
	place_of = calloc((size_t)c->n_parts + 1, sizeof *place_of);
	if (!p->nodes || !p->links || !place_of || place_nodes(p, most, place_of) < 0 ||
	    add_links(p, place_of, most == 0) < 0) {
		free(place_of);
		return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %d nodes", c->n_parts);
	}
	free(place_of);
	clean(p->title, sizeof p->title, x->names->prompt);
	return CT_OK;
}

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
shape(const struct picture_node *n)
{
	return n->kind == CT_NODE_ERROR ? "diamond" : n->kind == CT_NODE_FEATURE ||
	    n->kind == CT_NODE_OTHER ? "box" : "plaintext";
}

/* Ids in other programs' graphs are arbitrary text. */
static void
dot_id(struct ct_buffer *f, const char *id)
{
	char buf[256];

	clean(buf, sizeof buf, id);
	dot_string(f, buf);
}

int
ct_picture_dot(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	struct picture p;
	int code = picture_open(&p, to, x, 0, err);

	if (code < 0)
		goto done;
	ct_buffer_puts(to, "digraph circuit {\n\trankdir=BT;\n\tlabel=");
	dot_string(to, p.title);
	ct_buffer_puts(to, ";\n\tnode [fontname=\"sans-serif\"];\n");
	for (size_t i = 0; i < p.n_nodes; i++) {
		if (i == 0 || p.nodes[i].layer != p.nodes[i - 1].layer)
			ct_buffer_printf(to, "%s\t{ rank=same;\n", i ? "\t}\n" : "");
		ct_buffer_puts(to, "\t\t");
		dot_id(to, p.nodes[i].id);
		ct_buffer_puts(to, " [label=");
		dot_string(to, p.nodes[i].label);
		ct_buffer_printf(to, ", shape=%s];\n", shape(&p.nodes[i]));
	}
	ct_buffer_puts(to, p.n_nodes ? "\t}\n" : "");
	for (size_t i = 0; i < p.n_links; i++) {
		const struct picture_link *l = &p.links[i];

		ct_buffer_puts(to, "\t");
		dot_id(to, p.nodes[l->source].id);
		ct_buffer_puts(to, " -> ");
		dot_id(to, p.nodes[l->target].id);
		ct_buffer_printf(to, " [weight=%.4g, penwidth=%.2f, color=\"%s\", tooltip=\"%+.3g\"];\n",
		    1 + 10 * fabs(l->weight) / p.largest, 0.3 + 3 * fabs(l->weight) / p.largest,
		    l->weight < 0 ? picture_minus : picture_plus, l->weight);
	}
	ct_buffer_puts(to, "}\n");
done:
	picture_close(&p);
	return code;
}
