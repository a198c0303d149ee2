/* trace: `ctrace trace`: the attribution graph of one prompt as a tree, as graph JSON or as a page. */
#include "cli/cli.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch.h"
#include "cli/group.h"
#include "cli/inactive.h"
#include "cli/tree.h"
#include "cli/why.h"

enum { KEY_MAX_NODES = CLI_LONG, KEY_PRUNE, KEY_DEPTH, KEY_BATCH, KEY_SHARD, KEY_TARGETS,
	KEY_TARGET_PROB, KEY_PATHS, KEY_GROUPS, KEY_CLAMP, KEY_MODE, KEY_THROUGH, KEY_QK,
	KEY_INACTIVE, KEY_HTML };
enum { FORMAT = 1 };			/* version of the JSON of --paths */
enum { MAX_PATHS = 10000, MAX_TARGETS = 1000 };

static void
show_next(const struct cli_model *m, int pos)
{
	enum { N = 5 };
	struct ct_top top[N];
	char text[512] = "next", percent[16];
	size_t used = strlen(text);
	int n = ct_session_top(m->session, CT_RUN_ORIGINAL, pos, top, N);

	for (int i = 0; i < n && used < sizeof text; i++) {
		int w = snprintf(text + used, sizeof text - used, "  %s %s",
		    ct_engine_token(m->engine, top[i].token), cli_percent(percent, (double)top[i].prob));

		used += w > 0 ? (size_t)w : 0;
	}
	cli_line("%s", text);
}

/* What to show of a graph. */
struct request {
	struct cli_query ask;
	struct ct_trace_options trace;
	struct cli_tree tree;
	int paths;			/* 0: none */
	int inactive;			/* features nearest to firing; 0: none */
	bool groups;			/* group the features, in text or as supernodes of the JSON */
	const char *html;		/* write a page to this file */
	bool qk;			/* explain each node's strongest head in the JSON */
	struct ct_auto_groups found;
	bool targets;			/* --targets or --target-prob was given: show all targets */
	struct cli_why why;		/* --clamp: the graph is that of the clamped run */
};

/*
 * If a target is likelier with a blank before it (or without) than as it was typed, says that this token is
 * meant.
 */
static void
say_spelling(const struct cli_model *m, const struct ct_graph *g, const struct ct_node *n)
{
	int other = ct_engine_other_spelling(m->engine, n->index);
	char p[2][16];

	if (n->target == CT_TARGET_LOGIT && other >= 0)
		cli_line("  \"%s\" is meant, %s, not \"%s\", %s", ct_engine_token(m->engine, n->index),
		    cli_percent(p[0], (double)n->prob), ct_engine_token(m->engine, other),
		    cli_percent(p[1], (double)ct_session_prob(m->session, CT_RUN_ORIGINAL, g->pos, other)));
}

/* How many targets to show: all if they were asked for, else the likeliest. */
static int
n_shown(const struct request *r)
{
	const struct ct_graph *g = ct_session_graph(r->ask.m.session);

	return r->ask.target || r->targets ? g->n_targets : g->n_targets > 0;
}

static int
show(struct request *r, struct ct_error *err)
{
	const struct cli_model *m = &r->ask.m;
	const struct ct_graph *g = ct_session_graph(m->session);
	int first = g->n_nodes - g->n_targets, code;

	r->tree.top = r->ask.top;
	r->tree.opened = calloc((size_t)g->n_nodes, sizeof *r->tree.opened);
	if (!r->tree.opened)
		return ct_fail_memory(err, (size_t)g->n_nodes, "the tree");
	cli_model_line(m->engine);
	cli_prompt_line(m->session, g->pos);
	show_next(m, g->pos);
	if (r->why.then)
		cli_why_show(&r->why, m);
	for (int i = first; i < first + n_shown(r); i++) {
		cli_line("%s", "");
		code = cli_tree_show(m, i, &r->tree, err);
		if (code == CT_OK && r->ask.target)
			say_spelling(m, g, &g->nodes[i]);
		if (code == CT_OK && r->paths)
			code = cli_tree_paths(m, i, r->paths, err);
		if (code < 0)
			return code;
	}
	if (r->groups && (code = cli_group_parts(m->session, &r->found, err)) < 0)
		return code;
	if (r->why.then)
		cli_why_gone(&r->why, m, r->ask.top);
	cli_line("%s", "");
	cli_line("graph       %d features, %d errors, %d inputs, %d target%s, %ld edges; kept %d nodes and "
	    "%d edges", g->n_features, g->n_errors, g->n_embeddings, g->n_targets,
	    g->n_targets == 1 ? "" : "s", g->n_edges, g->n_kept, g->n_pruned);
	if (isnan(g->scores.replacement))
		cli_line("scores      none: no position of this prompt can have features");
	else
		cli_line("scores      replacement %.3f  completeness %.3f", g->scores.replacement,
		    g->scores.completeness);
	cli_line("self-check  edges + bias = value within %.1e  local replacement = model within %.1e",
	    g->check.max_edge_residual, g->check.max_logit_error);
	cli_line("time        %.1f ms", 1e3 * ct_session_trace_seconds(m->session));
	return CT_OK;
}

static int
parse_prune(const char *text, struct ct_trace_options *opt)
{
	struct ct_error err;

	opt->edge_threshold = CT_DEFAULT_EDGES;
	if (ct_prune_parse(text, &opt->node_threshold, &opt->edge_threshold, &err) == CT_OK)
		return 0;
	cli_error("--prune: %s", err.msg);
	return -1;
}

static int
run_batch(struct cli *c, struct request *r, struct cli_batch *b)
{
	int status;

	if (!b->prompts || c->argc > 0) {
		cli_error(b->prompts ? "--batch reads its prompts from a file: leave out the prompt" :
		    "--shard selects a part of a batch: name the prompts with --batch FILE");
		return CLI_ERROR;
	}
	if (r->paths || r->inactive) {
		cli_error("--%s: the lines of a batch have none; trace prompts one by one",
		    r->paths ? "paths" : "inactive");
		return CLI_ERROR;
	}
	if (r->html) {
		cli_error("--html: the lines of a batch have no pages; trace prompts one by one");
		return CLI_ERROR;
	}
	if (r->why.n_specs) {
		cli_error("--clamp: the lines of a batch have no clamps; trace prompts one by one");
		return CLI_ERROR;
	}
	b->trace = r->trace;
	b->groups = r->groups;
	b->trace.targets.pos = r->ask.at;
	b->target = r->ask.target;
	b->out = r->ask.json ? r->ask.json : "-";
	status = cli_batch_run(&r->ask.m, b);
	cli_model_close(&r->ask.m);
	return status;
}

/* Writes the graph as JSON, or with --paths only the paths. Returns an exit status. */
static int
write_json(const struct request *r, struct ct_error *err)
{
	const struct ct_graph *g = ct_session_graph(r->ask.m.session);
	struct cli_output out;
	json_t *root, *list, *one;
	int first = g->n_nodes - g->n_targets, code = CT_OK;

	if (!r->paths) {
		if (cli_output_open(&out, r->ask.json, err) < 0)
			return cli_fail(err);
		code = ct_session_graph_json(r->ask.m.session, cli_output_write, &out, err);
		return cli_output_end(&out, code, err);
	}
	root = cli_prompt_json(r->ask.m.session);
	list = json_array();
	for (int i = first; code == CT_OK && i < first + n_shown(r); i++) {
		code = cli_tree_paths_json(&one, &r->ask.m, i, r->paths, err);
		json_array_append_new(list, one);
	}
	json_object_set_new(root, "targets", list);
	if (code == CT_OK)
		return cli_json(r->ask.json, FORMAT, root);
	json_decref(root);
	return cli_fail(err);
}

/* Writes the graph as a page with cards and with what the clamps changed. Returns an exit status. */
static int
write_html(const struct request *r, struct ct_error *err)
{
	const struct ct_export_options opt = { .form = "html" };
	struct cli_output out;
	int code;

	if (cli_output_open(&out, r->html, err) < 0)
		return cli_fail(err);
	code = ct_session_export(r->ask.m.session, &opt, cli_output_write, &out, err);
	return cli_output_end(&out, code, err);
}

static int
trace(struct request *r, const char *prompt)
{
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_error err = { 0 };
	struct ct_session *s;
	int code = cli_query_trace(&r->ask, prompt, &r->trace, &job, &err),
	    status = CLI_OK;

	if (code == CT_OK && r->why.n_specs)
		code = cli_why_trace(&r->why, &r->ask.m, &r->trace, !r->ask.target, &job, &err);
	r->tree.why = r->why.then ? &r->why : NULL;
	s = r->ask.m.session;
	if (code == CT_OK && r->groups)
		code = cli_group_auto(s, &r->found, &job, &err);
	if (code == CT_OK && r->qk)
		code = ct_session_trace_qk(s, &job, &err);
	cli_progress_end(&progress);
	if (code == CT_OK && r->inactive && r->ask.json)
		status = cli_inactive_show(&r->ask, r->inactive);
	else if (code == CT_OK && r->ask.json)
		status = write_json(r, &err);
	else if (code == CT_OK && r->html)
		status = write_html(r, &err);
	else if (code == CT_OK)
		code = show(r, &err);
	if (code == CT_OK && r->inactive && !r->ask.json) {
		cli_line("%s", "");
		status = cli_inactive_show(&r->ask, r->inactive) == CLI_ERROR ? CLI_ERROR : CLI_OK;
	}
	if (code == CT_OK && status == CLI_OK)
		code = ct_session_check(s, &err);
	if (code < 0)
		return cli_fail(&err);
	if (status == CLI_OK && cli_self_check(ct_session_graph(s), &err) < 0) {
		cli_error("%s", err.msg);
		status = CLI_NOTHING;
	}
	return status;
}

/* Takes an option that only trace has: 0, or -1 after it has written a message. */
static int
take(struct request *r, struct cli_batch *batch, int key, const char *value)
{
	switch (key) {
	case KEY_MAX_NODES:
		return cli_int(value, "--max-feature-nodes", 1, INT_MAX, &r->trace.max_feature_nodes);
	case KEY_PRUNE: return parse_prune(value, &r->trace);
	case KEY_BATCH: batch->prompts = value; return 0;
	case KEY_SHARD: return cli_batch_shard(value, batch);
	case KEY_DEPTH: return cli_int(value, "--depth", 1, 64, &r->tree.depth);
	case KEY_PATHS: return cli_int(value, "--paths", 1, MAX_PATHS, &r->paths);
	case KEY_GROUPS: r->groups = true; return 0;
	case KEY_HTML: r->html = value; return 0;
	case KEY_QK: r->qk = true; return 0;
	case KEY_INACTIVE: return cli_int(value, "--inactive", 1, CLI_MAX_TOP, &r->inactive);
	case KEY_CLAMP: return cli_why_clamp(&r->why, value);
	case KEY_MODE: r->why.mode = value; return 0;
	case KEY_THROUGH: return cli_through(value, &r->why.how);
	case KEY_TARGETS:
		r->targets = true;
		return cli_int(value, "--targets", 1, MAX_TARGETS, &r->trace.max_targets);
	case KEY_TARGET_PROB:
		return cli_double(value, "--target-prob", 1e-9, 1, &r->trace.target_share);
	case CLI_TOP: r->tree.same = true; break;
	}
	return cli_query_option(&r->ask, key, value);
}

static int
run(struct cli *c)
{
	struct request r = { .ask = { .at = -1, .top = 8 }, .tree = { .depth = 3 } };
	struct cli_batch batch = { 0 };
	const char *value;
	char *prompt;
	int key, status;

	while ((key = cli_next(c, &value)) > 0)
		if (take(&r, &batch, key, value) < 0)
			return CLI_ERROR;
	if (key < 0)
		return c->status;
	if (r.ask.target && (r.targets || r.trace.target_share > 0)) {
		cli_error("--targets and --target-prob choose among the likeliest tokens: leave out "
		    "--target");
		return CLI_ERROR;
	}
	if ((r.why.mode || r.why.how.through) && !r.why.n_specs) {
		cli_error("--mode and --through apply to clamps: add --clamp SPEC");
		return CLI_ERROR;
	}
	if (r.ask.json && (r.groups || r.qk) + (r.paths > 0) + (r.inactive > 0) > 1) {
		cli_error("--json writes the graph, which --groups and --qk add to, or what --paths or "
		    "--inactive names alone: leave out one");
		return CLI_ERROR;
	}
	if (r.html && (r.ask.json || r.qk || r.paths || r.inactive)) {
		cli_error("--html writes a page of the graph, to which --groups and --clamp add: leave out "
		    "--json, --qk, --paths and --inactive");
		return CLI_ERROR;
	}
	if (r.qk && !r.ask.json) {
		cli_error("--qk adds to the graph's JSON: add --json FILE, or --json - for standard output");
		return CLI_ERROR;
	}
	if (batch.prompts || batch.shard)
		return run_batch(c, &r, &batch);
	prompt = cli_prompt(c);
	if (!prompt)
		return CLI_ERROR;
	status = trace(&r, prompt);
	cli_why_close(&r.why, &r.ask.m);
	cli_model_close(&r.ask.m);
	free(r.tree.opened);
	free(prompt);
	return status;
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ KEY_MAX_NODES, "max-feature-nodes", "N", "attribute at most N features (7500)" },
	{ KEY_PRUNE, "prune", "NODE[,EDGE]", "cumulative influence to keep (0.8,0.98); 1,1 keeps "
	    "everything" },
	{ KEY_TARGETS, "targets", "N", "explain at most the N likeliest tokens (10)" },
	{ KEY_TARGET_PROB, "target-prob", "P", "or as many as have this probability together (0.95)" },
	{ KEY_DEPTH, "depth", "N", "levels of the tree (3)" },
	{ CLI_TOP, "top", "N", "contributors on each level (8 on the first, half as many on each further "
	    "one)" },
	{ KEY_PATHS, "paths", "N", "also show the N strongest paths from words; JSON: only these" },
	{ KEY_INACTIVE, "inactive", "N", "also show the N inactive features nearest to firing; JSON: only "
	    "these" },
	{ KEY_CLAMP, "clamp", "SPEC", "trace the run with this clamp, such as L1#249@8=0; repeatable" },
	{ KEY_MODE, "mode", "MODE", "mode of the clamps: frozen, free or direct (frozen)" },
	{ KEY_THROUGH, "through", "WHAT", "what carries the clamps' effect: model or replacement (model)" },
	{ KEY_QK, "qk", NULL, "add to each node in the JSON why its strongest head attended" },
	{ KEY_GROUPS, "groups", NULL, "also group features by label and effect; JSON: as supernodes; batch: "
	    "in its lines" },
	CLI_JSON_ROW,
	{ KEY_HTML, "html", "FILE", "write a page to FILE instead: picture, tree, boxes, cards, clamps" },
	{ KEY_BATCH, "batch", "FILE", "trace each line of FILE (-: stdin), one line of JSON each; --json "
	    "FILE resumes" },
	{ KEY_SHARD, "shard", "I/N", "trace only part I of N of the batch" },
	{ 0 }
};

const struct cli_command cli_trace = {
	.name = "trace",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
	    "[--targets N] [--target-prob P] [--max-feature-nodes N] [--prune NODE[,EDGE]]\n"
	    "[--depth N] [--top N] [--paths N] [--inactive N] [--groups] [--qk]\n"
	    "[--clamp SPEC ...] [--mode MODE] [--through WHAT] [--json FILE | --html FILE] PROMPT\n"
	    "... --batch FILE [--groups] [--shard I/N] [--json FILE]",
	.summary = "which features, inputs and errors led to the next token",
	.details = "The tree shows for each node its strongest contributors, with their direct effects and\n"
	    "their share of all inputs; words, errors and the tail are a row each. With --clamp it is\n"
	    "the graph of the clamped run, towards what is likeliest now or --target, and rows say\n"
	    "activation and influence without the clamps and with them. Exit status 1: the graph does\n"
	    "not add up to the run it describes.",
	.options = options,
	.run = run
};
