/* heads: `ctrace heads`: which attention heads carried how much from which token to which. */
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "io/json_out.h"

enum { KEY_FROM = CLI_LONG, KEY_TO };
enum { FORMAT = 1 };			/* version of this command's JSON */
enum { ROWS = 20 };			/* without --top: at most so many, and of */
static const double LEAST = .001;	/* at least this share of the whole */

struct request {
	struct cli_query ask;
	const char *from, *to;
	struct ct_heads_question q;
};

/* `L0#340@7 to output "Austin"`, `everything to L1#3@8`, `... to the pruned graph's nodes at is@8`. */
static const char *
describe(const struct request *r, char *dst, size_t size)
{
	const struct ct_session *s = r->ask.m.session;
	char from[160] = "everything", to[160];

	if (r->q.source >= 0)
		ct_session_node_name(s, r->q.source, from, sizeof from);
	else if (r->q.pos >= 0)
		snprintf(from, sizeof from, "all that was written at %s@%d",
		    ct_session_token_text(s, r->q.pos), r->q.pos);
	if (r->q.target >= 0)
		ct_session_node_name(s, r->q.target, to, sizeof to);
	else
		snprintf(to, sizeof to, "the pruned graph's nodes at %s@%d",
		    ct_session_token_text(s, r->q.to_pos), r->q.to_pos);
	snprintf(dst, size, "%s to %s", from, to);
	return dst;
}

/* Without --top rows end where nothing that matters follows. They are sorted by size. */
static int
n_rows(const struct request *r, const struct ct_heads *heads)
{
	double whole = r->q.target < 0 ? 1 : fabs(heads->total);
	int n = 0, most = r->ask.top ? r->ask.top : ROWS;

	while (n < heads->n && n < most &&
	    (r->ask.top || fabs((double)heads->loads[n].loading) >= LEAST * whole))
		n++;
	return n;
}

static void
show_loads(const struct request *r, const struct ct_heads *heads)
{
	const struct ct_session *s = r->ask.m.session;
	int n = n_rows(r, heads);
	char from[80], to[80], column[160], p[16];

	cli_line("%-8s %9s %7s  %-28s %s", "head", "carries", "", "from", "to");
	for (int i = 0; i < n; i++) {
		const struct ct_head_load *load = &heads->loads[i];
		double size = fabs((double)load->loading);

		snprintf(from, sizeof from, "%s@%d", ct_session_token_text(s, load->key), load->key);
		snprintf(to, sizeof to, "%s@%d", ct_session_token_text(s, load->query), load->query);
		if (r->q.target < 0)
			cli_line("L%dH%-5d %9s %7s  %s %s", load->layer, load->head, cli_percent(p, size), "",
			    cli_column(column, sizeof column, from, 28), to);
		else
			cli_line("L%dH%-5d %+9.3f %7s  %s %s", load->layer, load->head, (double)load->loading,
			    heads->whole > 0 ? cli_percent(p, size / heads->whole) : "      –",
			    cli_column(column, sizeof column, from, 28), to);
	}
	if (heads->n > n)
		cli_line("... %d more", heads->n - n);
}

/* How much each layer lets through: by its heads, in the residual stream, and as a constant. */
static void
show_layers(const struct ct_heads *heads)
{
	cli_line("%s", "");
	cli_line("%-8s %9s %10s %10s %9s", "layer", "heads", "past them", "constant", "together");
	for (int l = 0; l < heads->layers; l++) {
		double sum = 0;

		for (int h = 0; h < heads->H; h++)
			sum += heads->loading[l * heads->H + h];
		cli_line("%-8d %+9.3f %+10.3f %+10.3f %+9.3f", l, sum, heads->bypass[l], heads->constant[l],
		    sum + heads->bypass[l] + heads->constant[l]);
	}
}

/* Of a graph: what each head's parts sum up to; heads that carry next to nothing are one row. */
static void
show_sums(const struct request *r, const struct ct_heads *heads)
{
	double rest = 0;
	int n = 0;
	char p[16];

	cli_line("%s", "");
	for (int i = 0; i < heads->layers * heads->H; i++)
		if (r->ask.top || heads->loading[i] >= LEAST) {
			cli_line("L%dH%-5d %9s in all", i / heads->H, i % heads->H,
			    cli_percent(p, heads->loading[i]));
		} else {
			rest += heads->loading[i];
			n++;
		}
	if (n > 0)
		cli_line("%-8s %9s in all", "others", cli_percent(p, rest));
}

static void
show(const struct request *r, const struct ct_heads *heads)
{
	const struct cli_model *m = &r->ask.m;
	char text[400];

	cli_model_line(m->engine);
	cli_prompt_line(m->session, ct_session_graph(m->session)->pos);
	if (r->q.target < 0 && r->q.to_pos < 0)
		cli_line(
		    "heads  of the pruned graph: their parts of what feeds its nodes, weighted by influence");
	else if (r->q.target < 0)
		cli_line("heads  that carried %s: parts of what feeds these, weighted by influence",
		    describe(r, text, sizeof text));
	else
		cli_line(
		    "heads  that carried %s: %+.3f in all", describe(r, text, sizeof text), heads->total);
	if (isnan(heads->whole))
		cli_line("       this lead is below %g logits: too small for shares of it", CT_LEAST_LEAD);
	cli_line("%s", "");
	show_loads(r, heads);
	if (r->q.target < 0)
		show_sums(r, heads);
	else
		show_layers(heads);
	cli_line("%s", "");
	cli_line(
	    "check  heads + past them + constant = the whole, for every layer, within %.1e", heads->residual);
}

static json_t *
loads_json(const struct request *r, const struct ct_heads *heads)
{
	json_t *list = json_array();

	for (int i = 0; i < heads->n && i < (r->ask.top ? r->ask.top : ROWS); i++) {
		const struct ct_head_load *load = &heads->loads[i];

		json_array_append_new(list,
		    json_pack("{s:i, s:i, s:i, s:i, s:o}", "layer", load->layer, "head", load->head, "query",
			load->query, "key", load->key, "loading", ct_json_out_number((double)load->loading)));
	}
	return list;
}

static json_t *
layers_json(const struct request *r, const struct ct_heads *heads)
{
	json_t *list = json_array();

	for (int l = 0; l < heads->layers; l++) {
		json_t *loading = json_array(), *layer;

		for (int h = 0; h < heads->H; h++)
			json_array_append_new(loading, ct_json_out_number(heads->loading[l * heads->H + h]));
		layer = json_pack("{s:o}", "loading", loading);
		if (r->q.target >= 0) {
			json_object_set_new(layer, "bypass", ct_json_out_number(heads->bypass[l]));
			json_object_set_new(layer, "constant", ct_json_out_number(heads->constant[l]));
		}
		json_array_append_new(list, layer);
	}
	return list;
}

static int
show_json(const struct request *r, const struct ct_heads *heads)
{
	const struct ct_session *s = r->ask.m.session;
	json_t *root = cli_prompt_json(s);
	char name[160];

	json_object_set_new(root, "position", json_integer(ct_session_graph(s)->pos));
	json_object_set_new(root, "of", ct_json_out_string(r->q.target < 0 ? "graph" : "target"));
	if (r->q.target >= 0) {
		ct_session_node_name(s, r->q.target, name, sizeof name);
		json_object_set_new(root, "target", ct_json_out_string(name));
		json_object_set_new(root, "total", ct_json_out_number(heads->total));
	}
	if (r->q.source >= 0) {
		ct_session_node_name(s, r->q.source, name, sizeof name);
		json_object_set_new(root, "source", ct_json_out_string(name));
	} else if (r->q.pos >= 0)
		json_object_set_new(root, "source_position", json_integer(r->q.pos));
	if (r->q.to_pos >= 0)
		json_object_set_new(root, "target_position", json_integer(r->q.to_pos));
	json_object_set_new(root, "layers", layers_json(r, heads));
	json_object_set_new(root, "loads", loads_json(r, heads));
	json_object_set_new(root, "n_loads", json_integer(heads->n));
	json_object_set_new(root, "max_residual", ct_json_out_number(heads->residual));
	return cli_json(r->ask.json, FORMAT, root);
}

static int
heads(void *request, const char *prompt)
{
	struct request *r = request;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_trace_options trace = { 0 };
	struct ct_arena arena = { 0 };
	struct ct_heads found = { 0 };
	struct ct_error err = { 0 };
	int code, status;

	code = cli_query_trace(&r->ask, prompt, &trace, &job, &err);
	if (code == CT_OK)
		code = ct_session_parse_heads(r->ask.m.session, r->from, r->to, &r->q, &err);
	if (code == CT_OK)
		code = ct_session_heads(r->ask.m.session, &r->q, &found, &arena,
		    &job, &err);
	cli_progress_end(&progress);
	if (code < 0)
		status = cli_fail(&err);
	else if (r->ask.json)
		status = show_json(r, &found);
	else {
		show(r, &found);
		status = CLI_OK;
	}
	ct_arena_free(&arena);
	return status;
}

static int
run(struct cli *c)
{
	struct request r = { .ask = { .at = -1 } };
	const struct cli_text texts[] = { { KEY_FROM, &r.from }, { KEY_TO, &r.to }, { 0 } };

	if (cli_query_read(c, &r.ask, texts) < 0)
		return c->status;
	return cli_query_run(c, &r.ask, heads, &r);
}

static const struct cli_option options[] = { CLI_MODEL_ROWS, CLI_TARGET_ROWS,
	{ KEY_FROM, "from", "NODE", "what flows from a node, such as L0#340@7, or from a place, @Dallas" },
	{ KEY_TO, "to", "NODE", "into a node, or the graph's nodes at a place (with --from: the likeliest "
	    "token)" },
	{ CLI_TOP, "top", "N", "rows to show (20 of .1 % or more)" }, CLI_JSON_ROW, { 0 } };

const struct cli_command cli_heads = { .name = "heads",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
		    "[--from NODE|PLACE] [--to NODE|PLACE] [--top N] [--json FILE] PROMPT",
	.summary = "which attention heads carry an edge, and from which token to which",
	.details =
	    "An edge passes the attention of each layer either through its heads or in the residual stream.\n"
	    "With --from and --to, shows the parts of one edge; with --to alone, of all that reaches a\n"
	    "node; with neither, of the whole pruned graph; with --to @PLACE, of its nodes there.\n"
	    "Checks that all parts add up.",
	.options = options,
	.run = run };
