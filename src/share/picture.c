/*
 * picture: see picture.h. The graph and DOT; SVG and HTML are in picture_svg.c.
 */
#include "share/picture.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"
#include "base/text.h"
#include "share/picture_graph.h"

const char picture_plus[] = "#2166ac", picture_minus[] = "#d95f0e";

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

const char *
picture_token(const struct picture *p, int pos, char *dst, size_t size)
{
	const char *token = json_string_value(json_array_get(p->tokens, (size_t)pos));

	clean(dst, size, token ? token : "");
	return dst;
}

/* "E" is the layer of embeddings; others are numbers, some programs write them as such. */
static int
layer_of(const json_t *node)
{
	const json_t *v = json_object_get(node, "layer");

	if (json_is_integer(v))
		return (int)json_integer_value(v);
	if (!json_is_string(v) || *json_string_value(v) == 'E')
		return PICTURE_INPUT;
	return (int)strtol(json_string_value(v), NULL, 10);
}

static enum picture_kind
kind_of(const char *type)
{
	return strcmp(type, "mlp reconstruction error") == 0 ? PICTURE_ERROR
	    : strcmp(type, "embedding") == 0		     ? PICTURE_EMBEDDING
	    : strcmp(type, "logit") == 0		     ? PICTURE_OUTPUT
							     : PICTURE_FEATURE;
}

/* "L1#249" from the id "1_249_8"; false for ids of another form. */
static bool
feature_name(const struct picture_node *n, char *dst, size_t size)
{
	const char *first = strchr(n->id, '_'), *last = strrchr(n->id, '_');

	if (!first || !last || last <= first)
		return false;
	snprintf(dst, size, "L%d#%.*s", n->layer, (int)(last - first - 1) < 20 ? (int)(last - first - 1) : 20, first + 1);
	return true;
}

/* What a person reads of a feature: its label, of a mixed one the best candidate, else its name. */
static void
describe_feature(struct picture_node *n, const char *clerp, double activation)
{
	char name[40] = "", active[24] = "", label[sizeof n->label];

	feature_name(n, name, sizeof name);
	if (activation > 0)
		snprintf(active, sizeof active, "active %.3g", activation);
	if (*clerp) {
		ct_label_short(label, sizeof label, clerp);
		clean(n->label, sizeof n->label, label);
	} else {
		clean(n->label, sizeof n->label, *name ? name : n->id);
		*name = '\0';
	}
	snprintf(n->note, sizeof n->note, "%s%s%s", name, *name && *active ? " " : "", active);
	clean(n->note, sizeof n->note, n->note);
}

/* Output "Austin" (p=0.983) as what it is likely to be. */
static void
describe_output(struct picture_node *n, const char *clerp, double prob)
{
	static const char before[] = "Output \"";
	const char *from = strncmp(clerp, before, sizeof before - 1) == 0 ? clerp + sizeof before - 1 : clerp;
	const char *end = from == clerp ? NULL : strstr(from, "\" (p=");

	if (from > clerp && !end)		/* a difference: A" - "B" */
		from = clerp;
	ct_text_clean(n->label, sizeof n->label, from, end ? (size_t)(end - from) : strlen(from));
	if (end)
		snprintf(n->note, sizeof n->note, "%.3g%%", 100 * prob);
}

static void
describe(struct picture *p, struct picture_node *n, const json_t *v)
{
	const json_t *influence = json_object_get(v, "influence");
	const char *clerp = string(v, "clerp");

	n->id = string(v, "node_id");
	n->kind = kind_of(string(v, "feature_type"));
	n->layer = layer_of(v);
	n->pos = (int)json_integer_value(json_object_get(v, "ctx_idx"));
	n->influence = json_is_number(influence) ? json_number_value(influence) : NAN;
	switch (n->kind) {
	case PICTURE_FEATURE:
		describe_feature(n, clerp, json_number_value(json_object_get(v, "activation")));
		break;
	case PICTURE_ERROR:
		snprintf(n->label, sizeof n->label, "error");
		snprintf(n->note, sizeof n->note, "L%d", n->layer);
		break;
	case PICTURE_EMBEDDING:
		picture_token(p, n->pos, n->label, sizeof n->label);
		snprintf(n->note, sizeof n->note, "input");
		break;
	case PICTURE_OUTPUT:
		describe_output(n, clerp, json_number_value(json_object_get(v, "token_prob")));
		break;
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct picture_node *p = a, *q = b;

	if (p->layer != q->layer)
		return p->layer < q->layer ? -1 : 1;
	if (p->pos != q->pos)
		return p->pos < q->pos ? -1 : 1;
	if (isfinite(p->influence) && isfinite(q->influence) && p->influence != q->influence)
		return p->influence < q->influence ? -1 : 1;
	return strcmp(p->id, q->id);
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
	ct_buffer_free(&p->out);
	free(p->nodes);
	free(p->links);
}

int
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
	p->tokens = json_object_get(json_object_get(graph, "metadata"), "prompt_tokens");
	for (i = 0; i < p->n_nodes; i++)
		describe(p, &p->nodes[i], json_array_get(nodes, i));
	qsort(p->nodes, p->n_nodes, sizeof *p->nodes, by_place);
	for (i = 0; i < p->n_nodes; i++)
		if (json_object_set_new(index, p->nodes[i].id, json_integer((json_int_t)i)) != 0) {
			json_decref(index);
			return ct_fail(err, CT_ENOMEM, "out of memory for a picture of %zu nodes", p->n_nodes);
		}
	json_array_foreach(links, i, v) {
		struct picture_link *l = &p->links[i];

		l->source = (int)json_integer_value(json_object_get(index, string(v, "source")));
		l->target = (int)json_integer_value(json_object_get(index, string(v, "target")));
		l->weight = json_number_value(json_object_get(v, "weight"));
		p->largest = fmax(p->largest, fabs(l->weight));
	}
	p->largest = p->largest > 0 ? p->largest : 1;
	json_decref(index);
	qsort(p->links, p->n_links, sizeof *p->links, by_strength);
	clean(p->title, sizeof p->title, string(json_object_get(graph, "metadata"), "prompt"));
	return CT_OK;
}

int
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
shape(const struct picture_node *n)
{
	return n->kind == PICTURE_ERROR ? "diamond" : n->kind == PICTURE_FEATURE ? "box" : "plaintext";
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
		const struct picture_link *l = &p.links[i];

		ct_buffer_puts(&p.out, "\t");
		dot_id(&p.out, p.nodes[l->source].id);
		ct_buffer_puts(&p.out, " -> ");
		dot_id(&p.out, p.nodes[l->target].id);
		ct_buffer_printf(&p.out, " [weight=%.4g, penwidth=%.2f, color=\"%s\", tooltip=\"%+.3g\"];\n",
		    1 + 10 * fabs(l->weight) / p.largest, 0.3 + 3 * fabs(l->weight) / p.largest,
		    l->weight < 0 ? picture_minus : picture_plus, l->weight);
	}
	ct_buffer_puts(&p.out, "}\n");
	return picture_finish(&p, text, n, err);
}
