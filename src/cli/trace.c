/* trace: `ctrace trace`: the attribution graph of one prompt, as a tree in text or as graph JSON. */
#include "cli/cli.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch.h"

enum { KEY_MAX_NODES = CLI_LONG, KEY_PRUNE, KEY_DEPTH, KEY_BATCH, KEY_SHARD };

/* In the tree, a contributor below this share of its target's inputs is counted, not shown. */
static const double least_share = 0.02;

struct tree {
	const struct ct_engine *e;
	const struct ct_session *s;
	const struct ct_graph *g;
	struct ct_edge *edges;		/* (depth, n_nodes): inputs of the node open at each depth */
	bool *opened;			/* (n_nodes): its inputs were shown already */
	int depth, top;
};

/* "L1#249@8", the token it stands at, and its label. */
static void
describe(const struct tree *t, int node, char *dst, size_t size)
{
	const struct ct_node *n = &t->g->nodes[node];
	char label[160];
	char name[160];

	ct_session_node_name(t->s, node, name, sizeof name);
	if (n->kind != CT_NODE_FEATURE) {
		snprintf(dst, size, "%s", name);
		return;
	}
	ct_engine_label_short(t->e, n->layer, n->index, label, sizeof label, NULL);
	snprintf(dst, size, "%-10s %s%s%s", name, ct_session_token_text(t->s, n->pos),
	    *label ? ": " : "", label);
}


static void
contributors(struct tree *t, int node, int level, int top)
{
	struct ct_edge *in = t->edges + (size_t)(level - 1) * (size_t)t->g->n_nodes;
	double sum = 0, plus = 0, minus = 0;
	int n, shown = 0, indent = 2 * level;

	t->opened[node] = true;
	n = ct_graph_inputs(t->g, node, false, in, t->g->n_nodes);
	for (int i = 0; i < n; i++)
		sum += fabsf(in[i].weight);
	n = ct_graph_inputs(t->g, node, true, in, t->g->n_nodes);
	for (int i = 0; i < n; i++) {
		int source = in[i].source;
		double share = fabsf(in[i].weight) / sum;
		bool more = level < t->depth && t->g->nodes[source].kind == CT_NODE_FEATURE;
		char text[400], column[256];

		if (shown == top || share < least_share) {
			plus += in[i].weight > 0 ? in[i].weight : 0;
			minus += in[i].weight < 0 ? in[i].weight : 0;
			continue;
		}
		shown++;
		describe(t, source, text, sizeof text);
		cli_line("%*s%s %+8.3f %4.0f%%%s", indent, "",
		    cli_column(column, sizeof column, text, 64 - indent), (double)in[i].weight, 100 * share,
		    more && t->opened[source] ? "  (see above)" : "");
		if (more && !t->opened[source])
			contributors(t, source, level + 1, top > 3 ? top / 2 : top);
	}
	if (n > shown)
		cli_line("%*s... %d more: %+.3f %+.3f", indent, "", n - shown, plus, minus);
}

static int
show_tree(const struct cli_model *m, const struct ct_graph *g, int n_roots, int depth, int top)
{
	struct tree t = { .e = m->engine, .s = m->session, .g = g, .depth = depth, .top = top };
	int first = g->n_nodes - g->n_targets, status = CLI_OK;

	t.edges = calloc((size_t)depth * (size_t)g->n_nodes, sizeof *t.edges);
	t.opened = calloc((size_t)g->n_nodes, sizeof *t.opened);
	if (!t.edges || !t.opened) {
		cli_error("out of memory for the tree of %d nodes", g->n_nodes);
		status = CLI_ERROR;
		goto done;
	}
	for (int i = first; i < g->n_nodes && i < first + n_roots; i++) {
		char text[400], column[256];

		describe(&t, i, text, sizeof text);
		cli_line("%s", "");
		cli_line("%s %+8.3f  of it bias %+.3f", cli_column(column, sizeof column, text, 64),
		    (double)g->nodes[i].value, (double)g->nodes[i].bias);
		contributors(&t, i, 1, top);
	}
done:
	free(t.edges);
	free(t.opened);
	return status;
}

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

static int
show(const struct cli_model *m, const struct ct_graph *g, int n_roots, int depth, int top)
{
	cli_model_line(m->engine);
	cli_prompt_line(m->session, g->pos);
	show_next(m, g->pos);
	if (show_tree(m, g, n_roots, depth, top) != CLI_OK)
		return CLI_ERROR;
	cli_line("%s", "");
	cli_line("graph       %d features, %d errors, %d inputs, %d target%s, %ld edges; kept %d nodes and "
	    "%d edges", g->n_features, g->n_errors, g->n_embeddings, g->n_targets,
	    g->n_targets == 1 ? "" : "s",
	    g->n_edges, g->n_kept, g->n_pruned);
	cli_line("scores      replacement %.3f  completeness %.3f", g->scores.replacement,
	    g->scores.completeness);
	cli_line("self-check  edges + bias = value within %.1e  local replacement = model within %.1e",
	    g->check.max_edge_residual, g->check.max_logit_error);
	cli_line("time        %.1f ms", 1e3 * ct_session_trace_seconds(m->session));
	return CLI_OK;
}

static int
parse_prune(const char *text, struct ct_trace_options *opt)
{
	const char *comma = strchr(text, ',');
	char node[64];
	double edge = CT_DEFAULT_EDGES;

	snprintf(node, sizeof node, "%.*s", comma ? (int)(comma - text) : (int)strlen(text), text);
	if (cli_double(node, "--prune NODE", 1e-6, 1, &opt->node_threshold) < 0)
		return -1;
	if (comma && cli_double(comma + 1, "--prune NODE,EDGE", 1e-6, 1, &edge) < 0)
		return -1;
	opt->edge_threshold = edge;
	return 0;
}

static int
run_batch(struct cli *c, struct cli_query *q, struct cli_batch *b, const struct ct_trace_options *opt)
{
	int status;

	if (!b->prompts || c->argc > 0) {
		cli_error(b->prompts ? "--batch reads its prompts from a file: leave out the prompt"
				     : "--shard is a part of a batch: name the prompts with --batch FILE");
		return CLI_ERROR;
	}
	b->trace = *opt;
	b->trace.target.pos = q->at;
	b->target = q->target;
	b->out = q->json ? q->json : "-";
	status = cli_batch_run(&q->m, b);
	cli_model_close(&q->m);
	return status;
}

static int
run(struct cli *c)
{
	struct cli_query q = { .at = -1, .top = 8 };
	struct cli_progress progress = { 0 };
	struct cli_batch batch = { 0 };
	struct ct_trace_options opt = { 0 };
	struct ct_error err = { 0 };
	const struct ct_graph *g;
	const char *value;
	char *prompt;
	int key, depth = 3, status;

	while ((key = cli_next(c, &value)) > 0) {
		int bad = 0;

		switch (key) {
		case KEY_MAX_NODES:
			bad = cli_int(value, "--max-feature-nodes", 1, INT_MAX, &opt.max_feature_nodes);
			break;
		case KEY_PRUNE: bad = parse_prune(value, &opt); break;
		case KEY_BATCH: batch.prompts = value; break;
		case KEY_SHARD: bad = cli_batch_shard(value, &batch); break;
		case KEY_DEPTH: bad = cli_int(value, "--depth", 1, 64, &depth); break;
		default: bad = cli_query_option(&q, key, value);
		}
		if (bad)
			return CLI_ERROR;
	}
	if (key < 0)
		return c->status;
	if (batch.prompts || batch.shard)
		return run_batch(c, &q, &batch, &opt);
	prompt = cli_prompt(c);
	if (!prompt)
		return CLI_ERROR;

	if (cli_query_trace(&q, prompt, &opt, cli_progress, &progress, &err) < 0)
		goto fail;
	cli_progress_end(&progress);
	g = ct_session_graph(q.m.session);
	if (q.json) {
		struct cli_output out;

		if (cli_output_open(&out, q.json, &err) < 0)
			goto fail;
		status = cli_output_end(&out, ct_session_graph_json(q.m.session, cli_output_write, &out,
		    &err), &err);
	} else {
		status = show(&q.m, g, q.target ? g->n_targets : 1, depth, q.top);
	}
	if (status == CLI_OK && ct_session_check(q.m.session, &err) < 0)
		goto fail;
	if (status == CLI_OK && cli_self_check(g, &err) < 0) {
		cli_error("%s", err.msg);
		status = CLI_NOTHING;
	}
	goto done;
fail:
	cli_progress_end(&progress);
	status = cli_fail(&err);
done:
	cli_model_close(&q.m);
	free(prompt);
	return status;
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ KEY_MAX_NODES, "max-feature-nodes", "N", "attribute at most N features (7500)" },
	{ KEY_PRUNE, "prune", "NODE[,EDGE]", "shares of influence to keep (0.8,0.98); 1,1 keeps everything" },
	{ KEY_DEPTH, "depth", "N", "levels of the tree (3)" },
	{ CLI_TOP, "top", "N", "contributors on the first level, half as many on each further one (8)" },
	CLI_JSON_ROW,
	{ KEY_BATCH, "batch", "FILE", "trace each line of FILE (-: stdin), one line of JSON each; --json "
	    "FILE resumes" },
	{ KEY_SHARD, "shard", "I/N", "of the batch only the I-th of N parts" },
	{ 0 }
};

const struct cli_command cli_trace = {
	.name = "trace",
	.synopsis = "[-m MODEL] [--transcoder DIR] [--k N] [--allow-nonfinite] [--at POS] [--target TARGET]\n"
	    "[--max-feature-nodes N] [--prune NODE[,EDGE]] [--depth N] [--top N] [--json FILE] PROMPT\n"
	    "... --batch FILE [--shard I/N] [--json FILE]",
	.summary = "which features, inputs and errors led to the next token",
	.details = "The tree shows for each node its strongest contributors, with their direct effects and\n"
	    "their share of all inputs. Exit status 1: the graph does not add up to the run it describes.",
	.options = options,
	.run = run
};
