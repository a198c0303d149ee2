/* tree: see tree.h. */
#include "cli/tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "io/json_out.h"

/* NAMED: so many members of a folded row are named */
enum { COLUMN = 64, NARROW = 36, TEXT = 400, NAMED = 3 };

/* "in Texas  L0#340@7 Dallas", `input "Dallas"@7`, "error L1@8". */
static void
describe(const struct cli_model *m, int node, char *dst, size_t size)
{
	const struct ct_node *n = &ct_session_graph(m->session)->nodes[node];
	char words[160], name[160], token[160];

	ct_session_node_name(m->session, node, name, sizeof name);
	if (n->kind != CT_NODE_FEATURE) {
		snprintf(dst, size, "%s", name);
		return;
	}
	ct_session_words(m->session, n->layer, n->index, n->pos, words, sizeof words);
	snprintf(dst, size, "%s%s%s %s", words, *words ? "  " : "", name, ct_text_word(token, sizeof token,
	    ct_session_token_text(m->session, n->pos)));
}

/* The first members of a row that folds several words: "Dallas +0.41, containing +0.05". */
static void
members(const struct cli_model *m, const struct ct_input *row, char *dst, size_t size)
{
	const struct ct_graph *g = ct_session_graph(m->session);
	size_t at = strlen(dst);
	char token[160];

	for (int i = 0; i < row->n && i < NAMED && at < size; i++)
		at += (size_t)snprintf(dst + at, size - at, "%s%s %+.2f", i ? ", " : ": ",
		    ct_text_word(token, sizeof token, ct_session_token_text(m->session,
		    g->nodes[row->edge[i].source].pos)), (double)row->edge[i].weight);
}

static void
show_fold(const struct cli_model *m, const struct ct_input *row, int indent, double size, int width)
{
	char text[TEXT], column[256];

	if (row->kind == CT_INPUT_REST) {
		cli_line("%*s... %d more: %+.3f %+.3f", indent, "", row->n, row->plus, row->minus);
		return;
	}
	if (row->kind == CT_INPUT_LEFT_OUT) {
		cli_column(column, sizeof column, "left out of the graph", width - indent);
		cli_line("%*s%s %+8.3f", indent, "", column, row->plus + row->minus);
		return;
	}
	snprintf(text, sizeof text, "%s (%d)", row->kind == CT_INPUT_WORDS ? "words" : "errors", row->n);
	if (row->kind == CT_INPUT_WORDS)
		members(m, row, text, sizeof text);
	cli_line("%*s%s %+8.3f %4.0f%%", indent, "", cli_column(column, sizeof column, text, width - indent),
	    row->plus + row->minus, 100 * (row->plus - row->minus) / size);
}

static int
show_inputs(const struct cli_model *m, const struct cli_tree *t, int node, int level, int top,
    struct ct_error *err)
{
	const struct ct_graph *g = ct_session_graph(m->session);
	struct ct_arena a = { 0 };
	struct ct_inputs in;
	int indent = 2 * level, width = t->why ? NARROW : COLUMN;
	int code = ct_inputs_of(&in, g, node, CT_BY_KIND, top, &a, err);

	t->opened[node] = true;
	for (int i = 0; code == CT_OK && i < in.n; i++) {
		const struct ct_input *row = &in.input[i];
		bool deeper = row->kind == CT_INPUT_NODE && level < t->depth &&
		    g->nodes[row->key].kind == CT_NODE_FEATURE && g->nodes[row->key].attributed;
		char text[TEXT], column[256], was[120] = "";

		if (row->kind != CT_INPUT_NODE) {
			show_fold(m, row, indent, in.size, width);
			continue;
		}
		describe(m, row->key, text, sizeof text);
		if (t->why)
			cli_why_row(t->why, m, row->key, was, sizeof was);
		cli_line("%*s%s %+8.3f %4.0f%%%s%s", indent, "",
		    cli_column(column, sizeof column, text, width - indent), row->plus + row->minus,
		    100 * (row->plus - row->minus) / in.size, was,
		    deeper && t->opened[row->key] ? "  (see above)" : "");
		if (deeper && !t->opened[row->key])
			code = show_inputs(m, t, row->key, level + 1,
			    t->same || top <= 3 ? top : top / 2, err);
	}
	ct_arena_free(&a);
	return code;
}

static const char *
share_text(char dst[16], double share)
{
	snprintf(dst, 16, isfinite(share) ? "%.2f" : "-", share);
	return dst;
}

/* Where the edges into a node come from: net sums, and sums of sizes. */
static int
show_direct(const struct cli_model *m, int node, struct ct_error *err)
{
	struct ct_direct d;
	char t[6][16];
	int code = ct_session_direct(m->session, node, &d, err);

	for (int i = 0; code == CT_OK && i < 3; i++) {
		share_text(t[i], d.net[i]);
		share_text(t[3 + i], d.absolute[i]);
	}
	if (code == CT_OK)
		cli_line("  comes from  words %s  features %s  errors %s  (by size %s  %s  %s)", t[0],
		    t[1], t[2], t[3], t[4], t[5]);
	return code;
}

int
cli_tree_show(const struct cli_model *m, int node, const struct cli_tree *tree, struct ct_error *err)
{
	const struct ct_node *n = &ct_session_graph(m->session)->nodes[node];
	char text[TEXT], column[256];
	int code;

	describe(m, node, text, sizeof text);
	cli_line("%s %+8.3f  bias %+.3f", cli_column(column, sizeof column, text, COLUMN),
	    (double)n->value, (double)n->bias);
	code = show_direct(m, node, err);
	return code < 0 ? code : show_inputs(m, tree, node, 1, tree->top, err);
}

/* One step of a path: a word; or a feature's label and position. */
static void
step_text(const struct cli_model *m, int node, char *dst, size_t size)
{
	const struct ct_node *n = &ct_session_graph(m->session)->nodes[node];
	char words[160];

	if (n->kind == CT_NODE_EMBEDDING) {
		snprintf(dst, size, "%s", ct_session_token_text(m->session, n->pos));
		return;
	}
	if (n->kind == CT_NODE_FEATURE &&
	    ct_session_words(m->session, n->layer, n->index, n->pos, words, sizeof words) != CT_WORDS_NONE) {
		snprintf(dst, size, "%s L%d#%d@%d", words, n->layer, n->index, n->pos);
		return;
	}
	ct_session_node_name(m->session, node, dst, size);
}

int
cli_tree_paths(const struct cli_model *m, int target, int n, struct ct_error *err)
{
	struct ct_arena a = { 0 };
	struct ct_paths p;
	int code = ct_session_paths(m->session, target, n, &p, &a, err);

	for (int i = 0; code == CT_OK && i < p.n; i++) {
		const struct ct_path *path = &p.path[i];
		struct ct_buffer b = { 0 };
		char text[TEXT], percent[16];

		for (int k = 0; k < path->n; k++) {
			step_text(m, path->node[k], text, sizeof text);
			ct_buffer_printf(&b, "%s%s", k ? " > " : "", text);
		}
		if (i == 0)
			cli_line("paths from words: all of them together are %s of the target's inputs",
			    cli_percent(percent, p.total));
		cli_line("  %7s %c  %s", cli_percent(percent, path->share), path->sign < 0 ? '-' : '+',
		    b.lost ? "out of memory" : b.text);
		ct_buffer_free(&b);
	}
	if (code == CT_OK && p.n == 0)
		cli_line("%s", "paths from words: there is none");
	ct_arena_free(&a);
	return code;
}

static json_t *
path_json(const struct cli_model *m, const struct ct_path *path)
{
	const struct ct_graph *g = ct_session_graph(m->session);
	json_t *nodes = json_array();

	for (int k = 0; k < path->n; k++) {
		const struct ct_node *n = &g->nodes[path->node[k]];
		char name[160];

		ct_session_node_name(m->session, path->node[k], name, sizeof name);
		json_array_append_new(nodes, json_pack("{s:o, s:o, s:i, s:o}",
		    "node", ct_json_out_string(name),
		    "label", n->kind == CT_NODE_FEATURE
			? ct_json_out_string(ct_engine_label(m->engine, n->layer, n->index)) : json_null(),
		    "pos", n->pos,
		    "edge", k + 1 < path->n ? ct_json_out_number((double)path->edge[k]) : json_null()));
	}
	return json_pack("{s:o, s:i, s:o}", "share", ct_json_out_number(path->share), "sign", path->sign,
	    "nodes", nodes);
}

int
cli_tree_paths_json(json_t **out, const struct cli_model *m, int target, int n, struct ct_error *err)
{
	struct ct_arena a = { 0 };
	struct ct_paths p;
	json_t *list = json_array();
	char name[160];
	int code = ct_session_paths(m->session, target, n, &p, &a, err);

	for (int i = 0; code == CT_OK && i < p.n; i++)
		json_array_append_new(list, path_json(m, &p.path[i]));
	ct_session_node_name(m->session, target, name, sizeof name);
	*out = json_pack("{s:o, s:o, s:o, s:o}", "target", ct_json_out_string(name), "all_paths",
	    ct_json_out_number(p.total), "listed", ct_json_out_number(p.listed), "paths", list);
	ct_arena_free(&a);
	return code;
}
