/* node: see node.h. */
#include "trace/node.h"

#include <string.h>
#include <strings.h>

static const struct ct_node_traits traits[] = {
	[CT_NODE_FEATURE] = { .name = "feature", .label = "", .json = "cross layer transcoder",
	    .has_activation = true, .has_inputs = true, .has_label = true, .can_clamp = true },
	[CT_NODE_ERROR] = { .name = "error", .label = "error ", .json = "mlp reconstruction error",
	    .no_clamp = "an error node is what the features leave unexplained" },
	[CT_NODE_EMBEDDING] = { .name = "input", .label = "input ", .json = "embedding",
	    .no_clamp = "an input is the prompt itself, which can be edited" },
	[CT_NODE_OTHER] = { .name = "other", .label = "", .json = "unknown", .has_inputs = true,
	    .has_label = true },
	[CT_NODE_TARGET] = { .name = "output", .label = "output ", .json = "logit", .has_inputs = true,
	    .no_clamp = "an output is what clamps are measured by" },
};

const struct ct_node_traits *
ct_node_traits(enum ct_node_kind kind)
{
	return &traits[kind];
}

enum ct_node_kind
ct_node_kind_of_json(const char *type)
{
	for (int k = 0; k < CT_NODE_OTHER; k++)
		if (strcmp(traits[k].json, type) == 0)
			return (enum ct_node_kind)k;
	/* Anthropic's word for a feature whose row of edges was not computed. */
	return strcmp(type, "unexplored node") == 0 ? CT_NODE_FEATURE : CT_NODE_OTHER;
}

const char *
ct_target_label(enum ct_target_kind kind)
{
	return kind == CT_TARGET_FEATURE ? "target " : traits[CT_NODE_TARGET].label;
}

const char *
ct_node_after_label(const char *name, const char *label)
{
	size_t n = strlen(label);

	return n > 0 && strncasecmp(name, label, n) == 0 ? name + n : NULL;
}

int
ct_place_order(struct ct_place a, struct ct_place b)
{
	if (a.layer != b.layer)
		return a.layer < b.layer ? -1 : 1;
	if (a.pos != b.pos)
		return a.pos < b.pos ? -1 : 1;
	return a.index < b.index ? -1 : a.index > b.index;
}

bool
ct_target_same(const struct ct_target *a, const struct ct_target *b)
{
	return a->kind == b->kind && a->pos == b->pos && a->index == b->index &&
	    (a->kind != CT_TARGET_FEATURE || a->layer == b->layer) &&
	    (a->kind != CT_TARGET_DIFFERENCE || a->other == b->other);
}
