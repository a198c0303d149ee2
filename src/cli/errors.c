/* errors: `ctrace errors`: which neurons an error node is made of. */
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cli/commands.h"
#include "io/json_out.h"

enum { KEY_FROM = CLI_LONG, KEY_TO, KEY_OPEN };
enum { FORMAT = 1 };			/* version of this command's JSON */
enum { MAX_OPEN = 1000 };
/* The parts must add up to the edge within this fraction of their sizes. */
static const double exact = 1e-5;

struct request {
	struct cli_query ask;
	const char *from, *to;
	int open;			/* how many errors to open if none is named */
	int target;
};

static void
show_neurons(const struct ct_opened *o, int top)
{
	double plus = 0, minus = 0;

	for (int i = 0; i < o->n; i++) {
		const struct ct_opened_neuron *n = &o->neurons[i];

		if (i < top) {
			cli_line("    L%d neuron %-6d %+9.3f  active %+.3f", o->layer, n->neuron,
			    (double)n->weight, (double)n->act);
			continue;
		}
		*(n->weight > 0 ? &plus : &minus) += (double)n->weight;
	}
	if (o->n > top)
		cli_line("    ... %d more: %+.3f %+.3f", o->n - top, plus, minus);
}

static void
show(const struct request *r, int error, const struct ct_opened *o)
{
	const struct ct_session *s = r->ask.m.session;
	char from[160], to[160];

	ct_session_node_name(s, error, from, sizeof from);
	ct_session_node_name(s, r->target, to, sizeof to);
	cli_line("%s (%s) into %s  %+.3f", from, ct_session_token_text(s, o->pos), to, o->edge);
	cli_line("  neurons of the MLP    %+9.3f", o->neurons_sum);
	show_neurons(o, r->ask.top);
	cli_line("  less its features     %+9.3f", o->features);
	if (o->skip != 0)
		cli_line("  less its skip path    %+9.3f", o->skip);
	cli_line("  biases                %+9.3f", o->bias);
	cli_line("  self-check  parts = edge within %.1e", o->residual);
}

static json_t *
opened_json(const struct request *r, int error, const struct ct_opened *o)
{
	json_t *neurons = json_array();
	char name[160];

	for (int i = 0; i < o->n && i < r->ask.top; i++)
		json_array_append_new(neurons, json_pack("{s:i, s:o, s:o}", "neuron", o->neurons[i].neuron,
		    "activation", ct_json_out_number((double)o->neurons[i].act),
		    "weight", ct_json_out_number((double)o->neurons[i].weight)));
	ct_session_node_name(r->ask.m.session, error, name, sizeof name);
	return json_pack("{s:o, s:i, s:i, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o}",
	    "error", ct_json_out_string(name), "layer", o->layer, "pos", o->pos,
	    "edge", ct_json_out_number(o->edge), "neurons_sum", ct_json_out_number(o->neurons_sum),
	    "neurons", neurons, "n_neurons", o->n, "features", ct_json_out_number(o->features),
	    "bias", ct_json_out_number(o->bias), "skip", ct_json_out_number(o->skip),
	    "residual", ct_json_out_number(o->residual));
}

/* Opens one error: shows its parts, or adds them to the list. */
static int
open_one(const struct request *r, int error, json_t *list, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena a = { 0 };
	struct ct_opened o;
	int code = ct_session_open_error(r->ask.m.session, r->target, error, &o, &a, job, err);

	if (code == CT_OK && list)
		json_array_append_new(list, opened_json(r, error, &o));
	else if (code == CT_OK)
		show(r, error, &o);
	if (code == CT_OK && !(o.residual < exact))
		code = ct_fail(err, CT_EINVAL, "self-check failed: the parts of an error add up within %.1e "
		    "of their sizes, expected %.0e: do not trust them", o.residual, exact);
	ct_arena_free(&a);
	return code;
}

/* Opens the errors with the strongest edges into the target, from the whole graph. *opened: how many. */
static int
open_strongest(const struct request *r, json_t *list, int *opened, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_graph *g = ct_session_graph(r->ask.m.session);
	struct ct_arena a = { 0 };
	struct ct_edge *in = ct_arena_need(&a, (size_t)g->n_nodes, sizeof *in, "edges", err);
	int n = in ? ct_graph_inputs(g, r->target, false, in, g->n_nodes) : 0, code = in ? CT_OK : CT_ENOMEM;

	*opened = 0;
	for (int i = 0; i < n && *opened < r->open && code == CT_OK; i++)
		if (g->nodes[in[i].source].kind == CT_NODE_ERROR) {
			code = open_one(r, in[i].source, list, job, err);
			++*opened;
		}
	ct_arena_free(&a);
	return code;
}

static int
errors(void *request, const char *prompt)
{
	struct request *r = request;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_trace_options trace = { 0 };
	struct ct_error err = { 0 };
	json_t *list = r->ask.json ? json_array() : NULL, *root;
	int code = cli_query_trace(&r->ask, prompt, &trace, &job, &err), error = -1, opened = 1;
	struct ct_session *s = r->ask.m.session;
	char name[160];

	cli_progress_end(&progress);
	if (code == CT_OK && ct_engine_info(r->ask.m.engine)->neurons)
		code = ct_fail(&err, CT_EUNSUPPORTED, "--basis neurons leaves nothing out, so "
		    "there are no error nodes to open");
	if (code == CT_OK && r->from)
		code = error = ct_session_find_node(s, r->from, &err);
	r->target = 0;
	if (code >= 0 && r->to)
		code = r->target = ct_session_find_node(s, r->to, &err);
	else if (code >= 0)
		r->target = ct_session_graph(s)->n_nodes - ct_session_graph(s)->n_targets;
	if (code >= 0 && !ct_node_traits(ct_session_graph(s)->nodes[r->target].kind)->has_inputs)
		code = ct_fail(&err, CT_EINVAL,
		    "words and errors have no edges into them: name a feature or an output");
	if (code >= 0)
		code = r->from ? open_one(r, error, list, &job, &err) :
		    open_strongest(r, list, &opened, &job, &err);
	if (code < 0) {
		json_decref(list);
		return cli_fail(&err);
	}
	ct_session_node_name(s, r->target, name, sizeof name);
	if (!list && !opened)
		cli_line("no error has an edge into %s", name);
	if (!list)
		return opened ? CLI_OK : CLI_NOTHING;
	root = cli_prompt_json(s);
	json_object_set_new(root, "target", ct_json_out_string(name));
	json_object_set_new(root, "errors", list);
	code = cli_json(r->ask.json, FORMAT, root);
	return code == CLI_OK && !opened ? CLI_NOTHING : code;
}

static int
run(struct cli *c)
{
	struct request r = { .ask = { .at = -1, .top = 8 }, .open = 3 };
	const char *open = NULL;
	const struct cli_text texts[] = {
		{ KEY_FROM, &r.from }, { KEY_TO, &r.to }, { KEY_OPEN, &open }, { 0 }
	};

	if (cli_query_read(c, &r.ask, texts) < 0)
		return c->status;
	if (open && cli_int(open, "--open", 1, MAX_OPEN, &r.open) < 0)
		return CLI_ERROR;
	return cli_query_run(c, &r.ask, errors, &r);
}

static const struct cli_option options[] = { CLI_MODEL_ROWS, CLI_TARGET_ROWS,
	{ KEY_FROM, "from", "NODE", "open this error node, such as 'error L1@8' (the strongest)" },
	{ KEY_TO, "to", "NODE", "split its edge into this node (the likeliest token)" },
	{ KEY_OPEN, "open", "N", "without --from: open the N strongest error nodes (3)" },
	{ CLI_TOP, "top", "N", "neurons to show of each (8)" }, CLI_JSON_ROW, { 0 } };

const struct cli_command cli_errors = { .name = "errors",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
		    "[--from NODE] [--to NODE] [--open N] [--top N] [--json FILE] PROMPT",
	.summary = "which neurons an error node is made of",
	.details =
	    "An error node is what a transcoder leaves out of the output of an MLP: what its neurons write,\n"
	    "less what the features write. Splits its edge into a target over all neurons of the MLP, the\n"
	    "features and the biases, and checks that these parts add up to the edge.",
	.options = options,
	.run = run };
