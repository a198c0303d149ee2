/* aggregate_line: see aggregate_line.h. */
#include "share/aggregate_line.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/label.h"
#include "share/graph_line.h"

static bool
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool
ct_aggregate_groups(enum ct_aggregate_by by)
{
	return by == CT_BY_GROUP || by == CT_BY_VALUE;
}

/* A label by which features can be grouped; NULL: there is none. */
static const char *
group_label(enum ct_aggregate_by by, const json_t *v)
{
	const char *label = by == CT_BY_LABEL ? json_string_value(json_object_get(v, "label")) : NULL;

	return label && *label && strncmp(label, CT_LABEL_MIXED, sizeof CT_LABEL_MIXED - 1) != 0 ? label :
	    NULL;
}

/* The values in a class name, "<state>", separated by blanks; if it has none, the whole name. */
static void
name_features(enum ct_aggregate_by by, const char *class, char name[CT_AGGREGATE_NAME])
{
	static const char say[] = "say ";
	bool says = strncmp(class, say, sizeof say - 1) == 0;
	size_t used = (size_t)snprintf(name, CT_AGGREGATE_NAME, "\"%s", says ? say : ""), none = used;

	for (const char *p = strchr(class, '<'), *end; by == CT_BY_VALUE && p; p = strchr(end, '<')) {
		end = p + strcspn(p, ">");
		if (!*end || used + (size_t)(end - p) + 4 > CT_AGGREGATE_NAME)
			break;
		used += (size_t)snprintf(name + used, CT_AGGREGATE_NAME - used, "%s%.*s>",
		    used > none ? " " : "", (int)(end - p), p);
	}
	if (used > none)
		snprintf(name + used, CT_AGGREGATE_NAME - used, "\"");
	else
		snprintf(name, CT_AGGREGATE_NAME, "\"%.1000s\"", class);
}

static bool
identify_group(enum ct_aggregate_by by, const json_t *v, struct ct_line_node *n,
    char name[CT_AGGREGATE_NAME])
{
	const char *kind = json_string_value(json_object_get(v, "kind"));
	const char *own = json_string_value(json_object_get(v, "name"));
	const json_t *said = json_object_get(v, "class");
	const char *class = json_string_value(said);

	if (!kind || !own || !(class || json_is_null(said)))
		return false;
	n->group = n->listed = !is(kind, CT_LINE_OUTPUT);
	if (is(kind, CT_LINE_OUTPUT))
		snprintf(name, CT_AGGREGATE_NAME, "%s", kind);
	else if (is(kind, CT_LINE_INPUT) && class)
		snprintf(name, CT_AGGREGATE_NAME, "%s \"%.1000s\"", kind, class);
	else if ((is(kind, CT_LINE_GROUP) || is(kind, CT_LINE_FEATURE)) && class)
		name_features(by, class, name);
	else if (is(kind, CT_LINE_GROUP) || is(kind, CT_LINE_FEATURE) || is(kind, CT_LINE_ERROR))
		snprintf(name, CT_AGGREGATE_NAME, "%.1000s", own);
	else
		return false;
	return true;
}

bool
ct_aggregate_identify(enum ct_aggregate_by by, const json_t *v, struct ct_line_node *n,
    char name[CT_AGGREGATE_NAME])
{
	const char *kind = json_string_value(json_object_get(v, "kind"));
	const char *token = json_string_value(json_object_get(v, "token"));
	const json_t *layer = json_object_get(v, "layer"), *feature = json_object_get(v, "feature");
	json_int_t l = json_integer_value(layer), f = json_integer_value(feature);
	bool placed = json_is_integer(layer) && l >= 0 && l < INT_MAX;

	*n = (struct ct_line_node){ .layer = -1, .feature = -1 };
	if (ct_aggregate_groups(by))
		return identify_group(by, v, n, name);
	if (!kind)
		return false;
	if (is(kind, ct_node_traits(CT_NODE_FEATURE)->name)) {
		if (!placed || !json_is_integer(feature) || f < 0 || f >= INT_MAX)
			return false;
		n->group = group_label(by, v);
		n->listed = n->group || by == CT_BY_FEATURE;
		if (n->group) {
			snprintf(name, CT_AGGREGATE_NAME, "\"%.1000s\"", group_label(by, v));
			return true;
		}
		n->layer = (int)l;
		n->feature = (int)f;
		snprintf(name, CT_AGGREGATE_NAME, "L%d#%d", n->layer, n->feature);
		return true;
	}
	if (is(kind, ct_node_traits(CT_NODE_ERROR)->name)) {
		snprintf(name, CT_AGGREGATE_NAME, "%.20s L%d", kind, (int)l);
		return placed;
	}
	snprintf(name, CT_AGGREGATE_NAME, "%.20s \"%.1000s\"", kind, token ? token : "");
	return token && (is(kind, ct_node_traits(CT_NODE_EMBEDDING)->name) ||
	    is(kind, ct_node_traits(CT_NODE_TARGET)->name));
}

bool
ct_aggregate_counts(enum ct_aggregate_by by, const json_t *edge)
{
	return !ct_aggregate_groups(by) ||
	    fabs(json_number_value(json_array_get(edge, 3))) >= CT_AGGREGATE_SHARE;
}

static int
bad(const char *where, long number, const char *what, size_t i, struct ct_error *err)
{
	return ct_fail(err, CT_EFORMAT, "%s:%ld: %s[%zu]: expected what ctrace trace --batch writes", where,
	    number, what, i);
}

/* Source, target and weight; between groups also the share. */
static bool
is_edge(enum ct_aggregate_by by, const json_t *v, size_t n_nodes)
{
	size_t numbers = ct_aggregate_groups(by) ? 4 : 3;

	for (size_t k = 0; k < 2; k++) {
		const json_t *end = json_array_get(v, k);

		if (!json_is_integer(end) || json_integer_value(end) < 0 ||
		    json_integer_value(end) >= (json_int_t)n_nodes)
			return false;
	}
	for (size_t k = 2; k < numbers; k++)
		if (!json_is_number(json_array_get(v, k)))
			return false;
	return true;
}

/* A number or null: targets have no influence, and only features have an activation. */
static bool
may_be_number(const json_t *v, const char *key)
{
	const json_t *x = json_object_get(v, key);

	return !x || json_is_null(x) || json_is_number(x);
}

int
ct_aggregate_check(enum ct_aggregate_by by, const json_t *nodes, const json_t *edges, const char *where,
    long number, struct ct_error *err)
{
	bool groups = ct_aggregate_groups(by);
	struct ct_line_node n;
	char name[CT_AGGREGATE_NAME];
	const json_t *v;
	size_t i;

	if (!json_is_array(nodes) || !json_is_array(edges))
		return ct_fail(err, CT_EFORMAT, "%s:%ld: expected a line of ctrace trace --batch, with %s "
		    "and %s", where, number, groups ? "groups" : "nodes", groups ? "group_edges" : "edges");
	json_array_foreach(nodes, i, v)
		if (!ct_aggregate_identify(by, v, &n, name) || !may_be_number(v, "influence") ||
		    !may_be_number(v, "activation"))
			return bad(where, number, groups ? "groups" : "nodes", i, err);
	json_array_foreach(edges, i, v)
		if (!is_edge(by, v, json_array_size(nodes)))
			return bad(where, number, groups ? "group_edges" : "edges", i, err);
	return CT_OK;
}
