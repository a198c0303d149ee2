/* graph_json: see graph_json.h. */
#include "share/graph_json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "io/json_out.h"

/* Index that one number gives to a feature of a layer, as the reference does. */
static json_int_t
cantor(int layer, int feature)
{
	json_int_t sum = (json_int_t)layer + feature;

	return sum * (sum + 1) / 2 + feature;
}

/* i counts the difference targets before this one, which stand behind the vocabulary. */
static void
node_id(char *dst, size_t size, const struct ct_graph *g, int node)
{
	const struct ct_node *n = &g->nodes[node];
	int differences = 0;

	switch (n->kind) {
	case CT_NODE_ERROR:
		snprintf(dst, size, "%d_-1_%d", n->layer, n->pos);
		return;
	case CT_NODE_EMBEDDING:
		snprintf(dst, size, "E_%d_%d", n->index, n->pos);
		return;
	case CT_NODE_TARGET:
		if (n->target == CT_TARGET_FEATURE)
			break;
		for (int i = g->n_nodes - g->n_targets; i < node; i++)
			differences += g->nodes[i].target == CT_TARGET_DIFFERENCE;
		snprintf(dst, size, "%d_%d_%d", g->L + 1,
		    n->target == CT_TARGET_DIFFERENCE ? g->V + differences : n->index, n->pos);
		return;
	case CT_NODE_FEATURE:
		break;
	}
	snprintf(dst, size, "%d_%d_%d", n->layer, n->index, n->pos);
}

/* What is written: the graph, and of the pruned nodes those that are pinned. */
struct content {
	const struct ct_graph *g;
	const struct ct_subgraph *sg;
	bool *pinned;			/* (n_nodes) */
};

/* An active feature that is the target too has the target's id: only the target is written. */
static bool
written(const struct content *c, int node)
{
	const struct ct_graph *g = c->g;
	const struct ct_node *n = &g->nodes[node];

	if (!n->kept && !c->pinned[node])
		return false;
	if (n->kind == CT_NODE_FEATURE)
		for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
			const struct ct_node *t = &g->nodes[i];

			if (t->target == CT_TARGET_FEATURE && t->layer == n->layer && t->index == n->index &&
			    t->pos == n->pos)
				return false;
		}
	return true;
}

static json_t *
clerp(const struct ct_graph_names *names, const struct ct_node *n)
{
	const char *here = names->token(names->ctx, names->tokens[n->pos]);
	char buf[400];

	if (n->kind == CT_NODE_FEATURE || (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE))
		return ct_json_out_string(names->label(names->ctx, n->layer, n->index));
	if (n->kind == CT_NODE_ERROR)
		snprintf(buf, sizeof buf, "Err: mlp \"%s\"", here);
	else if (n->kind == CT_NODE_EMBEDDING)
		snprintf(buf, sizeof buf, "Emb: \"%s\"", here);
	else if (n->target == CT_TARGET_DIFFERENCE)
		snprintf(buf, sizeof buf, "Output \"%s\" - \"%s\"", names->token(names->ctx, n->index),
		    names->token(names->ctx, n->other));
	else
		snprintf(buf, sizeof buf, "Output \"%s\" (p=%.3f)", names->token(names->ctx, n->index),
		    (double)n->prob);
	return ct_json_out_string(buf);
}

static json_t *
node_json(const struct ct_graph *g, const struct ct_graph_names *names, int node)
{
	static const char *const types[] = {
		[CT_NODE_FEATURE] = "cross layer transcoder", [CT_NODE_ERROR] = "mlp reconstruction error",
		[CT_NODE_EMBEDDING] = "embedding", [CT_NODE_TARGET] = "logit"
	};
	const struct ct_node *n = &g->nodes[node];
	bool target = n->kind == CT_NODE_TARGET;
	bool feature = n->kind == CT_NODE_FEATURE || (target && n->target == CT_TARGET_FEATURE);
	char id[64], layer[16];
	json_int_t index;

	node_id(id, sizeof id, g, node);
	if (n->kind == CT_NODE_EMBEDDING)
		snprintf(layer, sizeof layer, "E");
	else
		snprintf(layer, sizeof layer, "%d", target && !feature ? g->L + 1 : n->layer);
	index = feature ? cantor(n->layer, n->index) : n->kind == CT_NODE_ERROR ? -1 :
	    n->kind == CT_NODE_EMBEDDING ? n->pos : n->index;
	return json_pack("{s:s, s:I, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:i, s:i}",
	    "node_id", id,
	    "feature", index,
	    "layer", layer,
	    "ctx_idx", n->pos,
	    "feature_type", types[feature ? CT_NODE_FEATURE : n->kind],
	    "jsNodeId", id,
	    "clerp", clerp(names, n),
	    "influence", target ? json_null() : ct_json_out_number(n->cumulative),
	    "activation", n->kind == CT_NODE_FEATURE ? ct_json_out_number(n->activation) : json_null(),
	    "token_prob", ct_json_out_number(target && !feature ? (double)n->prob : 0),
	    "is_target_logit", node == g->n_nodes - g->n_targets,
	    "run_idx", 0,
	    "reverse_ctx_idx", 0);
}

static json_t *
nodes_json(const struct content *c, const struct ct_graph_names *names)
{
	json_t *list = json_array();

	for (int i = 0; i < c->g->n_nodes; i++)
		if (written(c, i) && json_array_append_new(list, node_json(c->g, names, i)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static int
add_link(json_t *list, const struct ct_graph *g, const struct ct_edge *e)
{
	char source[64], target[64];

	node_id(source, sizeof source, g, e->source);
	node_id(target, sizeof target, g, e->target);
	return json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "source", source, "target", target,
	    "weight", ct_json_out_number((double)e->weight)));
}

static json_t *
links_json(const struct content *c)
{
	const struct ct_graph *g = c->g;
	json_t *list = json_array();
	int bad = 0;

	for (int i = 0; i < g->n_pruned; i++)
		if (written(c, g->pruned[i].source) && written(c, g->pruned[i].target))
			bad |= add_link(list, g, &g->pruned[i]);
	/* A pinned node that the pruning has dropped comes with its edges from and to the other pinned ones. */
	for (int t = 0; t < g->n_nodes; t++)
		for (int s = 0; c->pinned[t] && s < g->n_nodes; s++) {
			struct ct_edge e = { s, t, 0 };

			if (!c->pinned[s] || (g->nodes[s].kept && g->nodes[t].kept) || !written(c, s) || !written(c, t))
				continue;
			e.weight = ct_graph_edge(g, t, s);
			bad |= e.weight != 0 ? add_link(list, g, &e) : 0;
		}
	if (bad) {
		json_decref(list);
		return NULL;
	}
	return list;
}

/* qParams: the ids of what is pinned, and each supernode as [name, id, ...]. */
static json_t *
params_json(const struct content *c)
{
	const struct ct_subgraph *sg = c->sg;
	json_t *pins = json_array(), *supernodes = json_array();

	for (int i = 0; i < sg->n_supernodes; i++)
		json_array_append_new(supernodes, json_pack("[o]", ct_json_out_string(sg->name[i])));
	for (int i = 0; i < sg->n_pins; i++) {
		int node = ct_pin_node(c->g, &sg->pin[i]);
		char id[64];

		if (node < 0)
			continue;
		node_id(id, sizeof id, c->g, node);
		json_array_append_new(pins, json_string(id));
		if (sg->pin[i].supernode >= 0)
			json_array_append_new(json_array_get(supernodes, (size_t)sg->pin[i].supernode), json_string(id));
	}
	/* Those with a name alone have no member in this graph. */
	for (size_t i = json_array_size(supernodes); i-- > 0;)
		if (json_array_size(json_array_get(supernodes, i)) < 2)
			json_array_remove(supernodes, i);
	return json_pack("{s:o, s:o, s:s, s:s, s:s}", "pinnedIds", pins, "supernodes", supernodes, "linkType", "both",
	    "clickedId", "", "sg_pos", "");
}

/* "capitals-the-capital-of-the-state": letters and digits of model and prompt. */
static void
slug(char *dst, size_t size, const struct ct_graph_names *names)
{
	const char *parts[] = { names->model, " ", names->prompt };
	size_t n = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		for (const char *s = parts[i]; *s && n + 1 < size; s++)
			if (isalnum((unsigned char)*s))
				dst[n++] = (char)tolower((unsigned char)*s);
			else if (n > 0 && dst[n - 1] != '-')
				dst[n++] = '-';
	while (n > 0 && dst[n - 1] == '-')
		n--;
	dst[n] = '\0';
}

/* What another program wrote about its graph stays; the pruning is ours. */
static json_t *
foreign_metadata(const struct ct_graph *g, const json_t *metadata)
{
	json_t *copy = json_copy((json_t *)metadata), *pruning = json_copy(json_object_get(metadata, "pruning_settings"));

	if (!json_is_object(pruning)) {
		json_decref(pruning);
		pruning = json_object();
	}
	json_object_set_new(pruning, "node_threshold", ct_json_out_number(g->node_threshold));
	json_object_set_new(pruning, "edge_threshold", ct_json_out_number(g->edge_threshold));
	json_object_set_new(copy, "pruning_settings", pruning);
	json_object_set_new(copy, "node_threshold", ct_json_out_number(g->node_threshold));
	return copy;
}

static json_t *
metadata_json(const struct ct_graph *g, const struct ct_graph_names *names)
{
	json_t *tokens;
	char name[80];

	if (names->metadata)
		return foreign_metadata(g, names->metadata);
	tokens = json_array();
	for (int i = 0; i < g->T; i++)
		json_array_append_new(tokens, ct_json_out_string(names->token(names->ctx, names->tokens[i])));
	slug(name, sizeof name, names);
	return json_pack("{s:s, s:o, s:[], s:o, s:o, s:o, s:i, s:{s:{s:s, s:s}}, s:{}, s:{s:o, s:o}}",
	    "slug", name,
	    "scan", ct_json_out_string(names->scan),
	    "transcoder_list",
	    "prompt_tokens", tokens,
	    "prompt", ct_json_out_string(names->prompt),
	    "node_threshold", ct_json_out_number(g->node_threshold),
	    "schema_version", 1,
	    "info", "generator", "name", PACKAGE_NAME, "version", PACKAGE_VERSION,
	    "generation_settings",
	    "pruning_settings", "node_threshold", ct_json_out_number(g->node_threshold),
	    "edge_threshold", ct_json_out_number(g->edge_threshold));
}

/* The terms of each node that have no source node. */
static void
terms_json(json_t *root, const struct content *c)
{
	json_t *bias = json_object(), *omitted = json_object(), *values = json_object(), *inputs = json_object();
	const struct ct_graph *g = c->g;

	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];
		char id[64];

		if (!written(c, i) || !(g->links ? n->attributed : g->rows[i] != NULL))
			continue;
		node_id(id, sizeof id, g, i);
		json_object_set_new(bias, id, ct_json_out_number((double)n->bias));
		json_object_set_new(inputs, id, ct_json_out_number(n->inputs));
		if (n->omitted != 0)
			json_object_set_new(omitted, id, ct_json_out_number((double)n->omitted));
		if (n->kind == CT_NODE_TARGET)
			json_object_set_new(values, id, ct_json_out_number((double)n->value));
	}
	json_object_set_new(root, "bias", bias);
	json_object_set_new(root, "inputs", inputs);
	json_object_set_new(root, "omitted", omitted);
	json_object_set_new(root, "target_values", values);
}

/* What the format has no place for: sizes, the check, the scores, which tokens a difference is of. */
static json_t *
extras_json(const struct content *c, const struct ct_graph_names *names)
{
	const struct ct_graph *g = c->g;
	json_t *root = json_pack("{s:{s:o, s:s, s:i, s:i, s:i, s:I}, s:{s:o, s:o}, s:{s:o, s:o}, s:{}}",
	    "model", "name", ct_json_out_string(names->model), "transcoder", names->transcoder, "layers", g->L,
	    "features", names->features, "vocabulary", g->V, "edges", (json_int_t)g->n_edges,
	    "self_check", "max_edge_residual", ct_json_out_number(g->check.max_edge_residual),
	    "max_logit_error", ct_json_out_number(g->check.max_logit_error),
	    "scores", "replacement", ct_json_out_number(g->scores.replacement),
	    "completeness", ct_json_out_number(g->scores.completeness),
	    "differences");
	json_t *differences = json_object_get(root, "differences");

	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];
		char id[64];

		if (n->target != CT_TARGET_DIFFERENCE || !written(c, i))
			continue;
		node_id(id, sizeof id, g, i);
		json_object_set_new(differences, id, json_pack("[i, i]", n->index, n->other));
	}
	if (root && (!g->links || g->known.terms))
		terms_json(root, c);
	return root;
}

int
ct_graph_to_json(json_t **out, const struct ct_graph *g, const struct ct_subgraph *sg,
    const struct ct_graph_names *names, struct ct_error *err)
{
	struct content c = { g, sg, calloc((size_t)g->n_nodes, sizeof *c.pinned) };

	*out = NULL;
	for (int i = 0; c.pinned && i < sg->n_pins; i++) {
		int node = ct_pin_node(g, &sg->pin[i]);

		if (node >= 0)
			c.pinned[node] = true;
	}
	if (c.pinned)
		*out = json_pack("{s:o, s:o, s:o, s:o, s:o}",
		    "metadata", metadata_json(g, names),
		    "qParams", params_json(&c),
		    "nodes", nodes_json(&c, names),
		    "links", links_json(&c),
		    "ctrace", extras_json(&c, names));
	free(c.pinned);
	if (!*out)
		return ct_fail(err, CT_ENOMEM, "out of memory for the JSON of %d nodes", g->n_kept);
	return CT_OK;
}
