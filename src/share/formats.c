/* formats: see formats.h. */
#include "share/formats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json_out.h"
#include "share/picture.h"

/* ---- the pinned part */

/* What becomes of each pinned node: its id, or that of its supernode. */
struct merger {
	const json_t *graph;
	json_t *to;			/* id -> id */
	json_t *nodes, *links;
	json_t *link_at;		/* "source target" -> index in links */
};

static json_t *
supernodes_of(const json_t *graph)
{
	return json_object_get(json_object_get(graph, "qParams"), "supernodes");
}

static void
supernode_id(char *dst, size_t size, size_t i)
{
	snprintf(dst, size, "supernode-%zu", i);
}

/* Pinned ids first each stand for themselves; members of supernodes then for these. */
static void
map_ids(struct merger *m)
{
	const json_t *params = json_object_get(m->graph, "qParams"), *v, *member;
	char id[64];
	size_t i, k;

	json_array_foreach(json_object_get(params, "pinnedIds"), i, v)
		if (json_is_string(v))
			json_object_set(m->to, json_string_value(v), (json_t *)v);
	json_array_foreach(supernodes_of(m->graph), i, v) {
		supernode_id(id, sizeof id, i);
		json_array_foreach(v, k, member)
			if (k > 0 && json_is_string(member) && json_object_get(m->to, json_string_value(member)))
				json_object_set_new(m->to, json_string_value(member), json_string(id));
	}
}

static bool
stands_alone(const struct merger *m, const json_t *node)
{
	const char *id = json_string_value(json_object_get(node, "node_id"));
	const json_t *to = json_object_get(m->to, id);

	return to && strcmp(json_string_value(to), id) == 0;
}

/* Of several outputs the first alone has the mark; the target of a graph may be a feature. */
static bool
is_output(const json_t *node)
{
	const char *type = json_string_value(json_object_get(node, "feature_type"));

	return (type && strcmp(type, "logit") == 0) || json_is_true(json_object_get(node, "is_target_logit"));
}

/* A graph explains something: without a pinned output, or with all of them in supernodes, the likeliest is there too. */
static void
map_target(struct merger *m)
{
	const json_t *v, *best = NULL;
	double most = -1;
	size_t i;

	json_array_foreach(json_object_get(m->graph, "nodes"), i, v) {
		double prob = json_number_value(json_object_get(v, "token_prob"));

		if (!is_output(v))
			continue;
		if (stands_alone(m, v))
			return;
		if (prob > most) {
			most = prob;
			best = json_object_get(v, "node_id");
		}
	}
	if (best)
		json_object_set(m->to, json_string_value(best), (json_t *)best);
}

static double
layer_of(const json_t *node)
{
	const json_t *v = json_object_get(node, "layer");

	if (json_is_string(v))
		return *json_string_value(v) == 'E' ? -1 : strtod(json_string_value(v), NULL);
	return json_number_value(v);
}

/* One node for the members of a supernode: their mean layer, their last position, their summed activation. */
static void
add_supernode(struct merger *m, size_t i, const json_t *list)
{
	const json_t *nodes = json_object_get(m->graph, "nodes"), *v;
	double layer = 0, activation = 0, influence = 1;
	json_int_t pos = 0;
	char id[64], text[32];
	int n = 0;
	size_t k;

	supernode_id(id, sizeof id, i);
	json_array_foreach(nodes, k, v) {
		const json_t *to = json_object_get(m->to, json_string_value(json_object_get(v, "node_id")));
		const json_t *share = json_object_get(v, "influence");

		if (!to || strcmp(json_string_value(to), id) != 0)
			continue;
		n++;
		layer += layer_of(v);
		activation += json_number_value(json_object_get(v, "activation"));
		if (json_is_number(share))
			influence = fmin(influence, json_number_value(share));
		if (json_integer_value(json_object_get(v, "ctx_idx")) > pos)
			pos = json_integer_value(json_object_get(v, "ctx_idx"));
	}
	if (n == 0)
		return;
	snprintf(text, sizeof text, "%.0f", fmax(0, layer / n));
	json_array_append_new(m->nodes, json_pack("{s:s, s:n, s:s, s:I, s:s, s:s, s:O, s:o, s:o, s:i, s:b}",
	    "node_id", id, "feature", "layer", text, "ctx_idx", pos, "feature_type", "cross layer transcoder",
	    "jsNodeId", id, "clerp", json_array_get(list, 0), "influence", ct_json_out_number(influence),
	    "activation", ct_json_out_number(activation), "token_prob", 0, "is_target_logit", 0));
}

static void
add_nodes(struct merger *m)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(m->graph, "nodes"), i, v)
		if (stands_alone(m, v))
			json_array_append(m->nodes, (json_t *)v);
	json_array_foreach(supernodes_of(m->graph), i, v)
		if (json_is_string(json_array_get(v, 0)))
			add_supernode(m, i, v);
}

static void
add_link(struct merger *m, const char *source, const char *target, double weight)
{
	size_t size = strlen(source) + strlen(target) + 2;
	char *key = malloc(size);
	const json_t *at;
	json_t *link;

	if (!key)
		return;
	snprintf(key, size, "%s %s", source, target);
	at = json_object_get(m->link_at, key);
	link = at ? json_array_get(m->links, (size_t)json_integer_value(at)) : NULL;
	if (link) {
		weight += json_number_value(json_object_get(link, "weight"));
		json_object_set_new(link, "weight", ct_json_out_number(weight));
	} else {
		json_object_set_new(m->link_at, key, json_integer((json_int_t)json_array_size(m->links)));
		json_array_append_new(m->links, json_pack("{s:s, s:s, s:o}", "source", source, "target", target,
		    "weight", ct_json_out_number(weight)));
	}
	free(key);
}

static void
add_links(struct merger *m)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(m->graph, "links"), i, v) {
		const json_t *source = json_object_get(m->to, json_string_value(json_object_get(v, "source")));
		const json_t *target = json_object_get(m->to, json_string_value(json_object_get(v, "target")));

		if (source && target && strcmp(json_string_value(source), json_string_value(target)) != 0)
			add_link(m, json_string_value(source), json_string_value(target),
			    json_number_value(json_object_get(v, "weight")));
	}
}

int
ct_graph_json_pinned(json_t **out, const json_t *graph, struct ct_error *err)
{
	struct merger m = { graph, json_object(), json_array(), json_array(), json_object() };
	bool some;

	*out = NULL;
	map_ids(&m);
	some = json_object_size(m.to) > 0;
	map_target(&m);
	add_nodes(&m);
	if (some) {
		add_links(&m);
		*out = json_pack("{s:O, s:{s:[], s:[], s:s, s:s, s:s}, s:O, s:O}", "metadata",
		    json_object_get(graph, "metadata"), "qParams", "pinnedIds", "supernodes", "linkType", "both",
		    "clickedId", "", "sg_pos", "", "nodes", m.nodes, "links", m.links);
	}
	json_decref(m.to);
	json_decref(m.nodes);
	json_decref(m.links);
	json_decref(m.link_at);
	if (!some)
		return ct_fail(err, CT_ENOTFOUND, "nothing is pinned in this graph: pin nodes first");
	return *out ? CT_OK : ct_fail(err, CT_ENOMEM, "out of memory for the pinned part of a graph");
}

/* ---- forms */

static int
write_json(char **text, size_t *n, const json_t *graph, struct ct_error *err)
{
	return ct_json_out_text(text, n, graph, true, err);
}

static const struct form {
	const char *name;
	int (*write)(char **text, size_t *n, const json_t *graph, struct ct_error *err);
} forms[] = {
	{ "dot", ct_picture_dot },
	{ "svg", ct_picture_svg },
	{ "html", ct_picture_html },
	{ "json", write_json },
	{ 0 }
};

static const struct form *
find_form(const char *name)
{
	const struct form *f = forms;

	while (f->name && strcmp(f->name, name) != 0)
		f++;
	return f->name ? f : NULL;
}

bool
ct_format_known(const char *form)
{
	return find_form(form);
}

int
ct_format_write(char **text, size_t *n, const char *form, bool pinned, const json_t *graph, struct ct_error *err)
{
	const struct form *f = find_form(form);
	json_t *part = NULL;
	int rc;

	if (!f)
		return ct_fail(err, CT_EINVAL, "expected dot, svg, html or json, found %s", *form ? form : "nothing");
	if (pinned && (rc = ct_graph_json_pinned(&part, graph, err)) < 0)
		return rc;
	rc = f->write(text, n, part ? part : graph, err);
	json_decref(part);
	return rc;
}
