/*
 * compare: `ctrace compare`: what the graphs of two prompts share, what only one of them has, and what the
 * model says when one is patched with the other; or many prompts as a table.
 */
#include "cli/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/cli.h"
#include "io/json_out.h"

enum { KEY_FEATURE = CLI_LONG };
enum { FORMAT = 1, COLUMN = 38, TEXT = 400 };

static const char *const sides[CT_SIDES] = { "shared", "only here", "only there" };
static const char *const keys[CT_SIDES] = { "shared", "here", "there" };

struct pair {
	struct ct_session *s[2];
	struct ct_comparison c;
	struct ct_arena arena;
};

/* The likeliest token after the prompt. */
static struct ct_top
answer(struct ct_session *s)
{
	struct ct_top top = { .token = -1 };

	ct_session_top(s, CT_RUN_ORIGINAL, ct_session_graph(s)->pos, &top, 1);
	return top;
}

static const char *
token(const struct cli_compare *r, int id)
{
	return id < 0 ? "-" : ct_engine_token(r->ask.m.engine, id);
}

/*
 * A node of the comparison as its graph has it: the graph here, or if it is only there, that one; with its
 * session.
 */
static const struct ct_node *
node_of(const struct pair *p, const struct ct_compared_node *n, struct ct_session **s, int *node)
{
	int side = n->here < 0;

	*s = p->s[side];
	*node = side ? n->there : n->here;
	return &p->c.graph[side]->nodes[*node];
}

static double
activation(const struct pair *p, int side, const struct ct_compared_node *n)
{
	return ct_session_compared_activation(p->s[side], &p->c, n, side);
}

/*
 * Whether patching this node can change anything: it must be a feature at an aligned position whose two
 * activations differ.
 */
static bool
can_patch(const struct pair *p, const struct ct_compared_node *n, struct ct_patch_what *what)
{
	struct ct_session *s;
	int node;
	const struct ct_node *x = node_of(p, n, &s, &node);
	int pos = n->here >= 0 ? x->pos : p->c.align.here[x->pos];

	*what = (struct ct_patch_what){ x->layer, x->index, pos };
	return x->kind == CT_NODE_FEATURE && pos >= 0 && p->c.align.there[pos] >= 0 &&
	    isfinite(activation(p, 0, n)) && isfinite(activation(p, 1, n)) &&
	    activation(p, 0, n) != activation(p, 1, n);
}

/* The share of the influence; an output's probability; "-" where a graph does not have the node. */
static void
share_text(const struct pair *p, const struct ct_node *n, int side, int node, char dst[16])
{
	if (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_LOGIT)
		cli_percent(dst, (double)ct_session_prob(p->s[side], CT_RUN_ORIGINAL,
		    p->c.graph[side]->pos, n->index));
	else if (node < 0)
		snprintf(dst, 16, "-");
	else
		cli_percent(dst, ct_compared_share(&p->c, side, node));
}

static int
show_node(const struct pair *p, const struct ct_compared_node *n, struct ct_error *err)
{
	struct ct_session *s;
	int node, code = CT_OK;
	const struct ct_node *x = node_of(p, n, &s, &node);
	char text[TEXT], name[160], words[160], column[256];
	char a[2][24] = { "", "" }, share[2][16], test[24] = "";
	struct ct_patch_what what;
	struct ct_patch patch;

	ct_session_node_name(s, node, name, sizeof name);
	words[0] = '\0';
	if (x->kind == CT_NODE_FEATURE) {
		ct_session_words(s, x->layer, x->index, x->pos, words, sizeof words);
		for (int i = 0; i < 2; i++)
			snprintf(a[i], sizeof a[i], isfinite(activation(p, i, n)) ? "%.2f" : "-",
			    activation(p, i, n));
	}
	snprintf(text, sizeof text, "%s%s%s%s%s", words, *words ? "  " : "", name,
	    x->kind == CT_NODE_FEATURE ? " " : "",
	    x->kind == CT_NODE_FEATURE ? ct_session_token_text(s, x->pos) : "");
	for (int i = 0; i < 2; i++)
		share_text(p, x, i, i ? n->there : n->here, share[i]);
	if (can_patch(p, n, &what)) {
		if ((code = ct_session_patch(p->s[0], p->s[1], &p->c, &what, &patch, err)) < 0)
			return code;
		snprintf(test, sizeof test, "%+.2f", (double)patch.moved);
	}
	cli_line(*test ? "  %s %6s %6s   %5s %5s %7s" : "  %s %6s %6s   %5s %5s%s",
	    cli_column(column, sizeof column, text, COLUMN), a[0], a[1], share[0], share[1], test);
	return code;
}

static int
show_side(const struct cli_compare *r, const struct pair *p, enum ct_side side, struct ct_error *err)
{
	char title[64], column[256];
	int shown = 0, code = CT_OK;

	cli_line("%s", "");
	snprintf(title, sizeof title, "%s: %d node%s", sides[side], p->c.count[side],
	    p->c.count[side] == 1 ? "" : "s");
	cli_line("%s     here  there    here there   patch", cli_column(column, sizeof column, title,
	    COLUMN));
	for (int i = 0; code == CT_OK && i < p->c.n && shown < r->ask.top; i++)
		if (p->c.node[i].side == side) {
			code = show_node(p, &p->c.node[i], err);
			shown++;
		}
	if (p->c.count[side] > shown)
		cli_line("  ... %d more", p->c.count[side] - shown);
	return code;
}

/* "in Texas L0#340@7 > capital of Texas L1#57@8": an edge as its source and target. */
static void
edge_text(const struct pair *p, const struct ct_compared_edge *e, char *dst, size_t size)
{
	char part[2][160];

	for (int i = 0; i < 2; i++) {
		struct ct_session *s;
		int node;
		char name[80], words[80] = "";
		const struct ct_node *n = node_of(p, &p->c.node[i ? e->target : e->source], &s, &node);

		ct_session_node_name(s, node, name, sizeof name);
		if (n->kind == CT_NODE_FEATURE)
			ct_session_words(s, n->layer, n->index, n->pos, words, sizeof words);
		if (*words)
			snprintf(part[i], sizeof part[i], "%.16s @%d", words, n->pos);
		else
			snprintf(part[i], sizeof part[i], "%s", name);
	}
	snprintf(dst, size, "%s > %s", part[0], part[1]);
}

static void
show_edges(const struct cli_compare *r, const struct pair *p)
{
	char text[TEXT], column[256];

	cli_line("%s", "");
	cli_line("edges: %d shared, %d only here, %d only there%*s  here  there", p->c.edge_count[CT_SHARED],
	    p->c.edge_count[CT_ONLY_HERE], p->c.edge_count[CT_ONLY_THERE], 12, "");
	for (int side = 0, i = 0; side < CT_SIDES; side++)
		for (int shown = 0; i < p->c.n_edges && (int)p->c.edge[i].side == side; i++) {
			if (shown++ >= (r->ask.top + 1) / 2)
				continue;
			edge_text(p, &p->c.edge[i], text, sizeof text);
			cli_line("  %-11s%s %+6.2f %+6.2f", sides[side],
			    cli_column(column, sizeof column, text, 50), (double)p->c.edge[i].here,
			    (double)p->c.edge[i].there);
		}
}

/* Patches each aligned position whose features differ, then all of them together. */
static int
show_places(const struct cli_compare *r, const struct pair *p, struct ct_error *err)
{
	struct ct_patch_what what = { .layer = -1, .feature = -1 };
	struct ct_patch patch;
	int T = p->c.align.T, code = CT_OK;

	cli_line("%s", "");
	cli_line("test: features here set to what they are there; attention frozen, through the model");
	if (answer(p->s[0]).token == answer(p->s[1]).token)
		cli_line("      both prompts have one answer: the numbers are what is added to its logit");
	for (int t = 0; t <= T; t++) {
		char text[TEXT], column[256], got[16], gap[32] = "";

		what.pos = t < T ? t : -1;
		if (t < T && p->c.align.there[t] < 0)
			continue;
		if ((code = ct_session_patch(p->s[0], p->s[1], &p->c, &what, &patch, err)) < 0)
			return code;
		if (patch.features == 0)
			continue;
		if (t == T)
			snprintf(text, sizeof text, "all aligned positions");
		else
			snprintf(text, sizeof text, "@%d %s | %s", t, ct_session_token_text(p->s[0], t),
			    ct_session_token_text(p->s[1], p->c.align.there[t]));
		if (isfinite(patch.share))
			snprintf(gap, sizeof gap, "  %.0f%% of the gap", 100 * (double)patch.share);
		cli_line("  %s %3d feature%s %+7.2f   %s %s%s", cli_column(column, sizeof column, text, 28),
		    patch.features, patch.features == 1 ? " " : "s", (double)patch.moved,
		    token(r, patch.top), cli_percent(got, (double)patch.prob), gap);
	}
	return code;
}

static void
show_alignment(const struct cli_compare *r, const struct pair *p)
{
	struct ct_buffer b = { 0 };
	const struct ct_alignment *x = &p->c.align;
	struct ct_top top[2];
	char percent[2][16];

	for (int i = 0; i < 2; i++) {
		top[i] = answer(p->s[i]);
		cli_percent(percent[i], (double)top[i].prob);
		ct_buffer_printf(&b, "%s", i ? "there" : "here ");
		cli_line("%s  %s %s:", b.lost ? "" : b.text, token(r, top[i].token), percent[i]);
		ct_buffer_free(&b);
		b = (struct ct_buffer){ 0 };
		cli_prompt_line(p->s[i], ct_session_graph(p->s[i])->pos);
	}
	for (int t = 0; t < x->T; t++)
		if (x->there[t] < 0 || ct_session_token(p->s[0], t) != ct_session_token(p->s[1], x->there[t]))
			ct_buffer_printf(&b, "%s@%d %s | %s", b.text ? ", " : "", t,
			    ct_session_token_text(p->s[0], t),
			    x->there[t] < 0 ? "-" : ct_session_token_text(p->s[1], x->there[t]));
	for (int t = 0; t < x->U; t++)
		if (x->here[t] < 0)
			ct_buffer_printf(&b, "%s- | %s @%d", b.text ? ", " : "",
			    ct_session_token_text(p->s[1], t), t);
	cli_line("aligned: %d of %d tokens are equal%s%s", x->equal, x->T, b.text ? "; " : "",
	    b.lost ? "out of memory" : b.text ? b.text : "");
	ct_buffer_free(&b);
}

static json_t *
side_json(const struct pair *p, int side, int node)
{
	const struct ct_node *n = node < 0 ? NULL : &p->c.graph[side]->nodes[node];

	return !n ? json_null() : json_pack("{s:o, s:o, s:b}",
	    "activation", n->kind == CT_NODE_FEATURE ? ct_json_out_number((double)n->activation) :
		json_null(),
	    "influence", ct_json_out_number(ct_compared_share(&p->c, side, node)), "kept", n->kept);
}

static json_t *
patch_json(const struct cli_compare *r, const struct ct_patch *patch)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:i, s:o, s:o}", "features", patch->features,
	    "moved", ct_json_out_number((double)patch->moved), "gap", ct_json_out_number((double)patch->gap),
	    "top", cli_token_json(r->ask.m.engine, patch->top), "top_id", patch->top,
	    "prob", ct_json_out_number((double)patch->prob),
	    "prob_there", ct_json_out_number((double)patch->prob_there));
}

static int
nodes_json(json_t **out, const struct cli_compare *r, const struct pair *p, struct ct_error *err)
{
	json_t *list = json_array();
	int code = CT_OK;

	for (int i = 0; code == CT_OK && i < p->c.n; i++) {
		const struct ct_compared_node *n = &p->c.node[i];
		struct ct_session *s;
		struct ct_patch_what what;
		struct ct_patch patch;
		int node;
		const struct ct_node *x = node_of(p, n, &s, &node);
		json_t *test = NULL;
		char name[160];

		ct_session_node_name(s, node, name, sizeof name);
		if (can_patch(p, n, &what) &&
		    (code = ct_session_patch(p->s[0], p->s[1], &p->c, &what, &patch, err)) == CT_OK)
			test = patch_json(r, &patch);
		json_array_append_new(list, json_pack("{s:o, s:i, s:s, s:o, s:o, s:o, s:o}",
		    "node", ct_json_out_string(name), "pos", x->pos, "side", keys[n->side],
		    "label", x->kind == CT_NODE_FEATURE ?
			ct_json_out_string(ct_engine_label(r->ask.m.engine, x->layer, x->index)) :
			json_null(),
		    "here", side_json(p, 0, n->here), "there", side_json(p, 1, n->there),
		    "patch", test ? test : json_null()));
	}
	*out = list;
	return code;
}

static json_t *
edges_json(const struct pair *p)
{
	json_t *list = json_array();

	for (int i = 0; i < p->c.n_edges; i++) {
		const struct ct_compared_edge *e = &p->c.edge[i];

		json_array_append_new(list, json_pack("{s:i, s:i, s:s, s:o, s:o}", "source", e->source,
		    "target", e->target, "side", keys[e->side], "here", ct_json_out_number((double)e->here),
		    "there", ct_json_out_number((double)e->there)));
	}
	return list;
}

static int
places_json(json_t **out, const struct cli_compare *r, const struct pair *p, struct ct_error *err)
{
	struct ct_patch_what what = { .layer = -1, .feature = -1 };
	json_t *list = json_array(), *one;
	struct ct_patch patch;
	int T = p->c.align.T, code = CT_OK;

	for (int t = 0; code == CT_OK && t <= T; t++) {
		what.pos = t < T ? t : -1;
		if ((t < T && p->c.align.there[t] < 0) ||
		    (code = ct_session_patch(p->s[0], p->s[1], &p->c, &what, &patch, err)) < 0)
			continue;
		one = patch_json(r, &patch);
		json_object_set_new(one, "pos", t < T ? json_integer(t) : json_null());
		json_array_append_new(list, one);
	}
	*out = list;
	return code;
}

static int
pair_json(const struct cli_compare *r, const struct pair *p, struct ct_error *err)
{
	json_t *root = json_object(), *prompts = json_array(), *align = json_array(), *nodes, *places;
	int code;

	for (int i = 0; i < 2; i++) {
		struct ct_top top = answer(p->s[i]);
		json_t *one = cli_prompt_json(p->s[i]);

		json_object_set_new(one, "answer", cli_token_json(r->ask.m.engine, top.token));
		json_object_set_new(one, "prob", ct_json_out_number((double)top.prob));
		json_array_append_new(prompts, one);
	}
	for (int t = 0; t < p->c.align.T; t++)
		json_array_append_new(align, json_integer(p->c.align.there[t]));
	json_object_set_new(root, "prompts", prompts);
	json_object_set_new(root, "aligned", align);
	code = nodes_json(&nodes, r, p, err);
	json_object_set_new(root, "nodes", nodes);
	json_object_set_new(root, "edges", edges_json(p));
	if (code == CT_OK) {
		code = places_json(&places, r, p, err);
		json_object_set_new(root, "patches", places);
	}
	if (code == CT_OK)
		return cli_json(r->ask.json, FORMAT, root);
	json_decref(root);
	return cli_fail(err);
}

int
cli_compare_pair(const struct cli_compare *r)
{
	static const enum ct_side order[CT_SIDES] = { CT_ONLY_HERE, CT_ONLY_THERE, CT_SHARED };
	struct pair p = { .s = { r->session[0], r->session[1] } };
	struct ct_error err = { 0 };
	int code = ct_session_compare(p.s[0], p.s[1], &p.c, &p.arena, &err), status = CLI_OK;

	if (code == CT_OK && r->ask.json) {
		status = pair_json(r, &p, &err);
		ct_arena_free(&p.arena);
		return status;
	}
	if (code == CT_OK) {
		cli_model_line(r->ask.m.engine);
		show_alignment(r, &p);
	}
	for (int i = 0; code == CT_OK && i < CT_SIDES; i++)
		code = show_side(r, &p, order[i], &err);
	if (code == CT_OK) {
		show_edges(r, &p);
		code = show_places(r, &p, &err);
	}
	ct_arena_free(&p.arena);
	return code < 0 ? cli_fail(&err) : CLI_OK;
}

/* Takes an option that only compare has: 0, or -1 after it has written a message. */
static int
take(struct cli_compare *r, int key, const char *value)
{
	if (key != KEY_FEATURE)
		return cli_query_option(&r->ask, key, value);
	if (r->n_columns == CLI_COMPARE_COLUMNS) {
		cli_error("more than %d features", CLI_COMPARE_COLUMNS);
		return -1;
	}
	r->column[r->n_columns++] = value;
	return 0;
}

/* Traces every prompt, in sessions of one engine. */
static int
open_all(struct cli_compare *r, const struct cli *c, struct ct_error *err)
{
	const struct ct_trace_options opt = { .targets = { .pos = -1 } };
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	int code = cli_model_open(&r->ask.m, NULL, err);

	for (int i = 0; code == CT_OK && i < c->argc; i++) {
		if ((code = ct_session_open(&r->session[i], r->ask.m.engine, err)) < 0)
			break;
		r->n++;
		code = ct_session_begin(r->session[i], c->argv[i], &opt, &job, err);
		if (code == CT_OK)
			code = cli_self_check(ct_session_graph(r->session[i]), err);
	}
	cli_progress_end(&progress);
	return code;
}

static int
run(struct cli *c)
{
	struct cli_compare r = { .ask = { .at = -1, .top = 8 } };
	struct ct_error err = { 0 };
	const char *value;
	int key, status;

	while ((key = cli_next(c, &value)) > 0)
		if (take(&r, key, value) < 0)
			return CLI_ERROR;
	if (key < 0)
		return c->status;
	if (c->argc < 2 || c->argc > CLI_COMPARE_PROMPTS) {
		cli_error("expected 2 to %d prompts, each in quotes, found %d; see ctrace compare --help",
		    CLI_COMPARE_PROMPTS, c->argc);
		return CLI_ERROR;
	}
	if (open_all(&r, c, &err) < 0)
		status = cli_fail(&err);
	else
		status = r.n == 2 && !r.n_columns ? cli_compare_pair(&r) : cli_compare_table(&r);
	for (int i = 0; i < r.n; i++)
		ct_session_close(r.session[i]);
	cli_model_close(&r.ask.m);
	return status;
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	{ KEY_FEATURE, "feature", "FEATURE", "a column of the table: L1#249, or a label, for its features; "
	    "may be given again" },
	{ CLI_TOP, "top", "N", "rows of each kind to show; of the table, features to choose (8)" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_compare = {
	.name = "compare",
	.synopsis = CLI_MODEL_SYNOPSIS
	    "[--feature FEATURE ...] [--top N] [--json FILE] PROMPT PROMPT ...",
	.summary = "what the graphs of two prompts share, and what a patch between them does",
	.details = "Two prompts: nodes and edges that both graphs keep, or only one, with activation and\n"
	    "influence in each. With each difference, what a patch adds to logit(answer there) -\n"
	    "logit(answer here): the feature here set to its activation there. More prompts, or\n"
	    "--feature: a table of answers and activations.",
	.options = options,
	.run = run
};
