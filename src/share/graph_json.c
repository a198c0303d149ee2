/* graph_json: see graph_json.h. graph_again.c writes graphs that were read from a file. */
#include "share/graph_json.h"

#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/json_writer.h"
#include "share/content.h"
#include "share/graph_again.h"
#include "share/graph_id.h"
#include "share/graph_qk.h"
#include "trace/compare.h"
#include "trace/direct.h"

/* The single number of a feature of a layer, as in circuit-tracer. */
static long long
cantor(int layer, int feature)
{
	long long sum = (long long)layer + feature;

	return sum * (sum + 1) / 2 + feature;
}

/* A document while it is written. */
struct job {
	const struct ct_export *x;
	struct ct_writer w;
	const bool *written;		/* (n_nodes) */
	const char *const *id;		/* (n_nodes) for nodes that are written */
};

static void
write_clerp(struct job *j, const struct ct_node *n)
{
	const struct ct_graph_names *names = j->x->names;
	const char *token = names->token(names->ctx,
	    n->kind == CT_NODE_TARGET ? n->index : names->tokens[n->pos]);
	struct ct_buffer b = { 0 };
	char *text;

	if (ct_node_subject(n) == CT_NODE_FEATURE) {
		ct_writer_string(&j->w, "clerp", names->label(names->ctx, n->layer, n->index));
		return;
	}
	if (n->kind == CT_NODE_ERROR)
		ct_buffer_printf(&b, "Err: mlp \"%s\"", token);
	else if (n->kind == CT_NODE_EMBEDDING)
		ct_buffer_printf(&b, "Emb: \"%s\"", token);
	else if (n->target == CT_TARGET_DIFFERENCE)
		ct_buffer_printf(&b, "Output \"%s\" - \"%s\"", token, names->token(names->ctx, n->other));
	else
		ct_buffer_printf(&b, "Output \"%s\" (p=%.3f)", token, (double)n->prob);
	text = ct_buffer_take(&b, NULL);
	ct_writer_string(&j->w, "clerp", text ? text : "");
	j->w.to->lost |= !text;
	free(text);
}

static void
write_node(struct job *j, int node)
{
	const struct ct_graph *g = j->x->graph;
	const struct ct_node *n = &g->nodes[node];
	bool target = n->kind == CT_NODE_TARGET, feature = ct_node_subject(n) == CT_NODE_FEATURE;
	struct ct_writer *w = &j->w;
	char layer[16];

	if (n->kind == CT_NODE_EMBEDDING)
		snprintf(layer, sizeof layer, "E");
	else
		snprintf(layer, sizeof layer, "%d", target && !feature ? g->L + 1 : n->layer);
	ct_writer_object(w, NULL);
	ct_writer_string(w, "node_id", j->id[node]);
	ct_writer_integer(w, "feature", feature ? cantor(n->layer, n->index) : n->kind == CT_NODE_ERROR ? -1 :
	    n->kind == CT_NODE_EMBEDDING ? n->pos : n->index);
	ct_writer_string(w, "layer", layer);
	ct_writer_integer(w, "ctx_idx", n->pos);
	ct_writer_string(w, "feature_type", ct_node_traits(ct_node_subject(n))->json);
	ct_writer_string(w, "jsNodeId", j->id[node]);
	write_clerp(j, n);
	ct_writer_number(w, "influence", target ? NAN : n->cumulative);
	ct_writer_number(w, "activation",
	    ct_node_traits(n->kind)->has_activation ? (double)n->activation : NAN);
	ct_writer_number(w, "token_prob", target && !feature ? (double)n->prob : 0);
	ct_writer_bool(w, "is_target_logit", node == g->n_nodes - g->n_targets);
	ct_writer_integer(w, "run_idx", 0);
	ct_writer_integer(w, "reverse_ctx_idx", 0);
	ct_graph_qk_node(w, j->x, node);
	ct_writer_end(w);
}

static void
write_link(struct job *j, const char *source, const char *target, double weight)
{
	ct_writer_object(&j->w, NULL);
	ct_writer_string(&j->w, "source", source);
	ct_writer_string(&j->w, "target", target);
	ct_writer_number(&j->w, "weight", weight);
	ct_writer_end(&j->w);
}

static void
put_edge(void *ctx, const struct ct_edge *e)
{
	struct job *j = ctx;

	write_link(j, j->id[e->source], j->id[e->target], (double)e->weight);
}

static void
write_params(struct job *j)
{
	ct_writer_object(&j->w, "qParams");
	ct_graph_pins_write(&j->w, j->x);
	ct_writer_string(&j->w, "linkType", "both");
	ct_writer_string(&j->w, "clickedId", "");
	ct_writer_string(&j->w, "sg_pos", "");
	ct_writer_end(&j->w);
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

/* Viewers join the tokens to the prompt, so tokens without their own blanks get them here. */
static void
write_tokens(struct ct_writer *w, const struct ct_graph *g, const struct ct_graph_names *names)
{
	ct_writer_list(w, "prompt_tokens");
	for (int i = 0; i < g->T; i++) {
		const char *token = names->token(names->ctx, names->tokens[i]);
		struct ct_buffer b = { 0 };
		char *text;

		ct_buffer_puts(&b, names->apart && i > 0 ? " " : "");
		ct_buffer_puts(&b, token);
		text = ct_buffer_take(&b, NULL);
		ct_writer_string(w, NULL, text ? text : "");
		w->to->lost |= !text;
		free(text);
	}
	ct_writer_end(w);
}

static void
write_metadata(struct ct_writer *w, const char *key, const struct ct_export *x)
{
	const struct ct_graph_names *names = x->names;
	const struct ct_graph *g = x->graph;
	char name[80];

	slug(name, sizeof name, names);
	ct_writer_object(w, key);
	ct_writer_string(w, "slug", names->slug ? names->slug : name);
	ct_writer_string(w, "scan", names->scan);
	ct_writer_list(w, "transcoder_list");
	ct_writer_end(w);
	write_tokens(w, g, names);
	ct_writer_string(w, "prompt", names->prompt);
	ct_writer_number(w, "node_threshold", g->node_threshold);
	ct_writer_integer(w, "schema_version", 1);
	ct_writer_object(w, "info");
	ct_writer_object(w, "generator");
	ct_writer_string(w, "name", PACKAGE_NAME);
	ct_writer_string(w, "version", PACKAGE_VERSION);
	ct_writer_end(w);
	ct_writer_end(w);
	ct_writer_object(w, "generation_settings");
	ct_writer_end(w);
	ct_writer_object(w, "pruning_settings");
	ct_writer_number(w, "node_threshold", g->node_threshold);
	ct_writer_number(w, "edge_threshold", g->edge_threshold);
	ct_writer_end(w);
	ct_writer_end(w);
}

void
ct_graph_json_metadata(struct ct_buffer *to, const struct ct_export *x)
{
	struct ct_writer w;

	ct_writer_init(&w, to, true);
	if (x->names->file)
		ct_graph_again_metadata(&w, NULL, x);
	else
		write_metadata(&w, NULL, x);
}

enum term { BIAS, INPUTS, OMITTED, VALUES, N_TERMS };

/* One kind of term for each node that has it, such as biases, which have no source node. */
static void
write_terms(struct job *j, const char *key, enum term which)
{
	const struct ct_graph *g = j->x->graph;

	ct_writer_object(&j->w, key);
	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];
		double v[N_TERMS] = { (double)n->bias, n->inputs, (double)n->omitted, (double)n->value };
		bool there = which == OMITTED ? n->omitted != 0 : which != VALUES ||
		    n->kind == CT_NODE_TARGET;

		if (there && j->written[i] && n->attributed)
			ct_writer_number(&j->w, j->id[i], v[which]);
	}
	ct_writer_end(&j->w);
}

static void
write_token_ids(struct job *j)
{
	ct_writer_list(&j->w, "prompt_token_ids");
	for (int i = 0; i < j->x->graph->T; i++)
		ct_writer_integer(&j->w, NULL, j->x->names->tokens[i]);
	ct_writer_end(&j->w);
}

static void
write_shares(struct ct_writer *w, const char *key, const double share[CT_DIRECT_SOURCES])
{
	ct_writer_object(w, key);
	for (int i = 0; i < CT_DIRECT_SOURCES; i++)
		ct_writer_number(w, ct_direct_name((enum ct_direct_source)i), share[i]);
	ct_writer_end(w);
}

/* What feeds each target directly. Not written for a graph from a file, which may lack edges. */
static int
write_direct(struct job *j, struct ct_error *err)
{
	const struct ct_graph *g = j->x->graph;
	struct ct_writer *w = &j->w;
	struct ct_arena tmp = { 0 };
	struct ct_direct d;
	int code = CT_OK;

	ct_writer_object(w, "direct");
	for (int i = g->n_nodes - g->n_targets; code == CT_OK && i < g->n_nodes; i++) {
		if (ct_graph_is_listed(g) || !j->written[i] ||
		    (code = ct_direct_split(&d, g, i, &tmp, err)) < 0)
			continue;
		ct_writer_object(w, j->id[i]);
		write_shares(w, "net", d.net);
		write_shares(w, "absolute", d.absolute);
		ct_writer_end(w);
	}
	ct_writer_end(w);
	ct_arena_free(&tmp);
	return code;
}

/* Activation and share of influence of a node without and with clamps; node -1: it is not in that graph. */
static void
write_then_now(struct job *j, const char *id, int node_then, int node_now)
{
	const struct ct_graph *g[2] = { j->x->then->graph, j->x->graph };
	const char *keys[2] = { "then", "now" };
	int node[2] = { node_then, node_now };

	ct_writer_object(&j->w, id);
	for (int i = 0; i < 2; i++) {
		const struct ct_node *n = node[i] < 0 ? NULL : &g[i]->nodes[node[i]];

		ct_writer_object(&j->w, keys[i]);
		ct_writer_number(&j->w, "activation", n ? (double)n->activation : NAN);
		ct_writer_number(&j->w, "influence", ct_graph_influence_share(g[i], node[i]));
		ct_writer_bool(&j->w, "kept", n && n->kept);
		ct_writer_end(&j->w);
	}
	ct_writer_bool(&j->w, "set", node_now >= 0 && j->x->graph->nodes[node_now].set);
	ct_writer_end(&j->w);
}

/*
 * For a clamped run: the clamps as numbers, and each feature that one of the graphs keeps, without and with
 * clamps.
 */
static void
write_clamped(struct job *j)
{
	const struct ct_then *then = j->x->then;
	const struct ct_graph *g = j->x->graph;
	struct ct_export old = *j->x;
	struct ct_writer *w = &j->w;
	char buf[CT_NODE_ID];

	old.graph = then->graph;
	ct_writer_object(w, "clamped");
	ct_writer_string(w, "mode", ct_mode_name(then->how->mode));
	ct_writer_string(w, "through", ct_through_name(then->how->through));
	ct_writer_list(w, "clamps");
	for (int i = 0; i < then->n_clamps; i++) {
		const struct ct_clamp *c = &then->clamps[i];

		if (c->off)
			continue;
		ct_writer_object(w, NULL);
		ct_writer_integer(w, "layer", c->layer);
		ct_writer_integer(w, "feature", c->feature);
		ct_writer_integer(w, "pos", c->pos);
		ct_writer_bool(w, "onwards", c->onwards);
		ct_writer_string(w, "unit", ct_unit_name(c->unit));
		ct_writer_number(w, "amount", c->amount);
		ct_writer_end(w);
	}
	ct_writer_end(w);
	ct_writer_object(w, "nodes");
	for (int i = 0; i < g->n_features; i++) {
		int same = ct_graph_counterpart(then->graph, &g->nodes[i], g->nodes[i].pos);

		if (g->nodes[i].kept || g->nodes[i].set || (same >= 0 && then->graph->nodes[same].kept))
			write_then_now(j, ct_graph_node_id(j->x, i, buf), same, i);
	}
	for (int i = 0; i < then->graph->n_features; i++)
		if (then->graph->nodes[i].kept &&
		    ct_graph_counterpart(g, &then->graph->nodes[i], then->graph->nodes[i].pos) < 0)
			write_then_now(j, ct_graph_node_id(&old, i, buf), i, -1);
	ct_writer_end(w);
	ct_writer_end(w);
}

/* What has no place in the format: sizes, the check, the scores, the tokens of a difference. */
static int
write_extras(struct job *j, struct ct_error *err)
{
	const struct ct_graph *g = j->x->graph;
	const struct ct_graph_names *names = j->x->names;
	struct ct_writer *w = &j->w;
	int code;

	ct_writer_object(w, "ctrace");
	ct_writer_object(w, "model");
	ct_writer_string(w, "name", names->model);
	ct_writer_string(w, "transcoder", names->transcoder);
	ct_writer_integer(w, "layers", g->L);
	ct_writer_integer(w, "features", names->features);
	ct_writer_integer(w, "vocabulary", g->V);
	ct_writer_integer(w, "edges", g->n_edges);
	ct_writer_end(w);
	write_token_ids(j);
	ct_writer_object(w, "self_check");
	ct_writer_number(w, "max_edge_residual", g->check.max_edge_residual);
	ct_writer_number(w, "max_logit_error", g->check.max_logit_error);
	ct_writer_end(w);
	ct_writer_object(w, "scores");
	ct_writer_number(w, "replacement", g->scores.replacement);
	ct_writer_number(w, "completeness", g->scores.completeness);
	ct_writer_end(w);
	code = write_direct(j, err);
	ct_writer_object(w, "differences");
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		if (g->nodes[i].target != CT_TARGET_DIFFERENCE || !j->written[i])
			continue;
		ct_writer_list(w, j->id[i]);
		ct_writer_integer(w, NULL, g->nodes[i].index);
		ct_writer_integer(w, NULL, g->nodes[i].other);
		ct_writer_end(w);
	}
	ct_writer_end(w);
	if (j->x->then)
		write_clamped(j);
	write_terms(j, "bias", BIAS);
	write_terms(j, "inputs", INPUTS);
	write_terms(j, "omitted", OMITTED);
	write_terms(j, "target_values", VALUES);
	ct_writer_end(w);
	return code;
}

static const char *const *
name_nodes(const struct ct_export *x, const bool *written, struct ct_arena *a)
{
	const char **id = ct_arena_alloc(a, (size_t)x->graph->n_nodes, sizeof *id);
	char buf[CT_NODE_ID];

	for (int i = 0; id && i < x->graph->n_nodes; i++)
		if (written[i] && !(id[i] = ct_arena_strdup(a, ct_graph_node_id(x, i, buf))))
			return NULL;
	return id;
}

static int
write_whole(struct job *j, struct ct_error *err)
{
	int code;

	write_metadata(&j->w, "metadata", j->x);
	write_params(j);
	ct_writer_list(&j->w, "nodes");
	for (int i = 0; i < j->x->graph->n_nodes; i++)
		if (j->written[i])
			write_node(j, i);
	ct_writer_end(&j->w);
	ct_writer_list(&j->w, "links");
	ct_content_edges(j->x, j->written, put_edge, j);
	ct_writer_end(&j->w);
	code = ct_graph_qk_only(&j->w, j->x, j->written, err);
	return code < 0 ? code : write_extras(j, err);
}

/* A supernode is a node of a kind of its own, without a feature number. */
static void
write_supernode(struct job *j, const struct ct_content_part *p)
{
	struct ct_writer *w = &j->w;
	char layer[16];

	snprintf(layer, sizeof layer, "%d", p->layer);
	ct_writer_object(w, NULL);
	ct_writer_string(w, "node_id", p->id);
	ct_writer_null(w, "feature");
	ct_writer_string(w, "layer", layer);
	ct_writer_integer(w, "ctx_idx", p->pos);
	ct_writer_string(w, "feature_type", "cross layer transcoder");
	ct_writer_string(w, "jsNodeId", p->id);
	ct_writer_string(w, "clerp", p->name);
	ct_writer_number(w, "influence", p->cumulative);
	ct_writer_number(w, "activation", p->activation);
	ct_writer_integer(w, "token_prob", 0);
	ct_writer_bool(w, "is_target_logit", false);
	ct_writer_end(w);
}

static int
write_pinned(struct job *j, struct ct_error *err)
{
	const struct ct_graph_file *file = j->x->names->file;
	struct ct_writer *w = &j->w;
	struct ct_content c;
	int code = ct_content_open(&c, j->x, err);

	if (code < 0)
		return code;
	if (file)
		ct_graph_again_metadata(w, "metadata", j->x);
	else
		write_metadata(w, "metadata", j->x);
	ct_writer_object(w, "qParams");
	ct_writer_list(w, "pinnedIds");
	ct_writer_end(w);
	ct_writer_list(w, "supernodes");
	ct_writer_end(w);
	ct_writer_string(w, "linkType", "both");
	ct_writer_string(w, "clickedId", "");
	ct_writer_string(w, "sg_pos", "");
	ct_writer_end(w);
	ct_writer_list(w, "nodes");
	for (int i = 0; i < c.n_parts; i++)
		if (c.part[i].supernode >= 0)
			write_supernode(j, &c.part[i]);
		else if (file)
			ct_graph_again_node(w, file, c.part[i].node);
		else
			write_node(j, c.part[i].node);
	ct_writer_end(w);
	ct_writer_list(w, "links");
	for (size_t i = 0; i < c.n_edges; i++)
		write_link(j, c.part[c.edge[i].source].id, c.part[c.edge[i].target].id, c.edge[i].weight);
	ct_writer_end(w);
	ct_content_close(&c);
	return code;
}

int
ct_graph_json_write(struct ct_buffer *to, bool indent, const struct ct_export *x, struct ct_error *err)
{
	struct ct_arena a = { 0 };
	struct job j = { .x = x };
	int code = CT_OK;

	if (x->names->file && !x->pinned)
		return ct_graph_again_write(to, indent, x, err);
	j.written = ct_content_written(x, &a);
	j.id = j.written ? name_nodes(x, j.written, &a) : NULL;
	if (!j.id) {
		ct_arena_free(&a);
		return ct_fail_memory(err, (size_t)x->graph->n_nodes * CT_NODE_ID, "the JSON of a graph");
	}
	ct_writer_document(&j.w, to, indent, CT_GRAPH_JSON_FORMAT);
	if (x->pinned)
		code = write_pinned(&j, err);
	else
		code = write_whole(&j, err);
	ct_writer_end(&j.w);
	ct_arena_free(&a);
	return code;
}
