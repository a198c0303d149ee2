/* judge: `ctrace judge`: what is lost without the features of an explanation, and what they can do alone. */
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/json_out.h"

enum { KEY_FEATURES = CLI_LONG, KEY_GRAPH };
enum { FORMAT = 1 };			/* version of this command's JSON */

struct request {
	struct cli_query ask;
	const char *features;		/* features to judge, as text, or */
	/* a saved graph whose pins, or features, are judged; both NULL: the pruned graph */
	const char *graph;
};

/* "91.2% of the lead is lost", or a dash; "": the row has no share. */
static const char *
share_text(char *dst, size_t size, double share, const char *figure)
{
	char p[16];

	if (!*figure)
		return "";
	if (isnan(share))
		return "–";
	snprintf(dst, size, "%s%s %s", share < 0 ? "-" : "", cli_percent(p, fabs(share)), figure);
	return dst;
}

/* A row for one run: what it says instead, the answer's probability, and by how much the answer leads. */
static void
show_run(const struct request *r, const struct ct_judgement *j, const char *what, const struct ct_judged *run,
    const char *figure, double share)
{
	char p[16], text[60];

	cli_line("%-40s %-14s %7s %+8.2f   %s", what, run->said == j->answer ? "" :
	    ct_engine_token(r->ask.m.engine, run->said), cli_percent(p, run->prob), run->lead,
	    share_text(text, sizeof text, share, figure));
}

static void
show_control(const struct ct_judgement *j, const char *what, double share, const char *figure)
{
	char text[60];

	if (j->draws && j->n_random)
		cli_line("%-40s %-14s %7s %8s   %s", what, "", "", "",
		    share_text(text, sizeof text, share, figure));
}

static void
show_runs(const struct request *r, const struct ct_judgement *j)
{
	char what[80];

	cli_line("%-40s %-14s %7s %8s", "", "says instead", "answer", "lead");
	show_run(r, j, "as it is", &j->whole, "", NAN);
	show_run(r, j, "without these features", &j->without, "of the lead is lost", j->necessity);
	snprintf(what, sizeof what, "  without %d random others", j->n_random);
	show_control(j, what, j->random_necessity, "is lost");
	show_run(r, j, "with these features alone", &j->alone, "of the lead is left", j->sufficiency);
	snprintf(what, sizeof what, "  with %d random others alone", j->n_random);
	show_control(j, what, j->random_sufficiency, "is left");
}

static const char *
part_name(const struct request *r, const struct ct_explained_part *part, char *dst, size_t size)
{
	const struct ct_session *s = r->ask.m.session;
	const struct ct_node *n = &ct_session_graph(s)->nodes[part->node];
	char label[120], name[80];

	if (*part->name) {
		snprintf(dst, size, "%s  (%d)", part->name, part->n);
		return dst;
	}
	ct_engine_label_short(r->ask.m.engine, n->layer, n->index, label, sizeof label, NULL);
	ct_session_node_name(s, part->node, name, sizeof name);
	snprintf(dst, size, "%s%s%s", label, *label ? "  " : "", name);
	return dst;
}

static void
show_parts(const struct request *r, const struct ct_explanation *e)
{
	char name[240], column[300];

	if (!e->n_parts)
		return;
	cli_line("%s", "");
	cli_line("without one part of it");
	for (int i = 0; i < e->n_parts && i < r->ask.top; i++)
		show_run(r, &e->judged, cli_column(column, sizeof column, part_name(r, &e->part[i], name,
		    sizeof name), 40), &e->part[i].without, "is lost", e->part[i].lost);
	if (e->n_parts > r->ask.top)
		cli_line("... %d more", e->n_parts - r->ask.top);
}

static void
show(const struct request *r, const struct ct_explanation *e)
{
	const struct cli_model *m = &r->ask.m;
	const struct ct_judgement *j = &e->judged;
	char p[2][16];

	cli_model_line(m->engine);
	cli_prompt_line(m->session, ct_session_graph(m->session)->pos);
	cli_line("judge  %d feature%s %s, of %d active: does \"%s\" lead over \"%s\" because of them?",
	    j->n_inside, j->n_inside == 1 ? "" : "s", e->pinned ? "that were chosen" : "of the pruned graph",
	    j->n_inside + j->n_outside, ct_engine_token(m->engine, j->answer),
	    ct_engine_token(m->engine, j->against));
	cli_line("       what is left out is set to 0 together; attention free, by the model's own MLPs");
	if (e->n_absent)
		cli_line("       %d chosen features are not active in this prompt", e->n_absent);
	if (e->n_other)
		cli_line("       %d chosen words and errors stay in every run", e->n_other);
	cli_line("%s", "");
	show_runs(r, j);
	if (!(j->whole.lead > 0))
		cli_line("the answer does not lead: there is nothing to lose");
	else if (isnan(j->necessity))
		cli_line("the lead is below %g logits: too small for shares of it", CT_LEAST_LEAD);
	show_parts(r, e);
	cli_line("%s", "");
	if (e->n_alike)
		cli_line("in %d sentences with the same answer %s of these features are kept (overlap of "
		    "pruned graphs %s)", e->n_alike, cli_percent(p[0], e->found),
		    cli_percent(p[1], e->overlap));
	else
		cli_line("not compared with other sentences: this prompt is not a sentence of the "
		    "model's corpus, or the corpus has none like it");
	if (j->draws && j->n_random)
		cli_line("random others: %d draws of features of about the same size", j->draws);
}

static json_t *
run_json(const struct request *r, const struct ct_judged *run)
{
	return json_pack("{s:o, s:o, s:o}", "lead", ct_json_out_number(run->lead),
	    "prob", ct_json_out_number(run->prob), "says", cli_token_json(r->ask.m.engine, run->said));
}

static json_t *
parts_json(const struct request *r, const struct ct_explanation *e)
{
	json_t *list = json_array();
	char name[160];

	for (int i = 0; i < e->n_parts; i++) {
		const struct ct_explained_part *part = &e->part[i];
		json_t *one = json_object();

		ct_session_node_name(r->ask.m.session, part->node, name, sizeof name);
		json_object_set_new(one, *part->name ? "group" : "node",
		    ct_json_out_string(*part->name ? part->name : name));
		json_object_set_new(one, "features", json_integer(part->n));
		json_object_set_new(one, "without", run_json(r, &part->without));
		json_object_set_new(one, "lost", ct_json_out_number(part->lost));
		json_array_append_new(list, one);
	}
	return list;
}

static int
show_json(const struct request *r, const struct ct_explanation *e)
{
	const struct ct_session *s = r->ask.m.session;
	const struct ct_engine *engine = r->ask.m.engine;
	const struct ct_judgement *j = &e->judged;
	json_t *root = cli_prompt_json(s);

	json_object_set_new(root, "position", json_integer(ct_session_graph(s)->pos));
	json_object_set_new(root, "of", ct_json_out_string(e->pinned ? "features" : "graph"));
	json_object_set_new(root, "answer", cli_token_json(engine, j->answer));
	json_object_set_new(root, "against", cli_token_json(engine, j->against));
	json_object_set_new(root, "features", json_integer(j->n_inside));
	json_object_set_new(root, "others", json_integer(j->n_outside));
	json_object_set_new(root, "absent", json_integer(e->n_absent));
	json_object_set_new(root, "whole", run_json(r, &j->whole));
	json_object_set_new(root, "without", run_json(r, &j->without));
	json_object_set_new(root, "alone", run_json(r, &j->alone));
	json_object_set_new(root, "necessity", ct_json_out_number(j->necessity));
	json_object_set_new(root, "sufficiency", ct_json_out_number(j->sufficiency));
	json_object_set_new(root, "random", json_pack("{s:i, s:i, s:o, s:o}", "draws", j->draws,
	    "features", j->n_random, "necessity", ct_json_out_number(j->random_necessity),
	    "sufficiency", ct_json_out_number(j->random_sufficiency)));
	json_object_set_new(root, "parts", parts_json(r, e));
	json_object_set_new(root, "stability", json_pack("{s:i, s:o, s:o}", "sentences", e->n_alike,
	    "found", ct_json_out_number(e->found), "overlap", ct_json_out_number(e->overlap)));
	return cli_json(r->ask.json, FORMAT, root);
}

/* Pins the features of a list, which is written as in a clamp but without a strength. */
static int
pin_features(const struct request *r, struct ct_subgraph *pins, struct ct_error *err)
{
	static struct ct_clamp list[CT_MAX_PINS];
	size_t size = strlen(r->features) + 3;
	char *text = malloc(size);
	int n;

	if (!text)
		return ct_fail_memory(err, size, "a list of features");
	snprintf(text, size, "%sx0", r->features);
	n = ct_session_parse_clamps(r->ask.m.session, text, list, CT_MAX_PINS, err);
	free(text);
	for (int i = 0; i < n; i++) {
		struct ct_pin pin = { .kind = CT_NODE_FEATURE, .layer = list[i].layer, .pos = list[i].pos,
			.index = list[i].feature, .other = -1, .supernode = -1 };
		int at;

		if (pin.pos < 0)
			return ct_fail(err, CT_EINVAL, "--features: expected features at one place each, "
			    "such as L0#3@7 or \"Texas\"@8");
		if ((at = ct_subgraph_pin(pins, &pin, err)) < 0)
			return at;
	}
	return n < 0 ? n : CT_OK;
}

/* Pins what a saved graph pins, or if it has no pins, all of its features. */
static int
pin_graph(const struct request *r, struct ct_subgraph *pins, const struct ct_job *job, struct ct_error *err)
{
	struct ct_engine *engine = NULL;
	struct ct_session *s = NULL;
	int code = ct_engine_open_graph(&engine, r->graph, job, err);

	if (code == CT_OK)
		code = ct_session_open(&s, engine, err);
	if (code == CT_OK && ct_session_subgraph(s)->n_pins)
		*pins = *ct_session_subgraph(s);
	else if (code == CT_OK) {
		const struct ct_graph *g = ct_session_graph(s);

		for (int i = 0; i < g->n_features && code == CT_OK; i++) {
			struct ct_pin pin = ct_pin_of(&g->nodes[i]);
			int at = ct_subgraph_pin(pins, &pin, err);

			code = at < 0 ? at : CT_OK;
		}
	}
	ct_session_close(s);
	ct_engine_close(engine);
	return code;
}

static int
judge(void *request, const char *prompt)
{
	struct request *r = request;
	static struct ct_subgraph pins;
	struct cli_progress progress = { 0 };
	struct ct_job job = { NULL, cli_progress, &progress };
	struct ct_trace_options trace = { 0 };
	struct ct_arena arena = { 0 };
	struct ct_explanation found;
	struct ct_error err = { 0 };
	int status = CLI_OK, code = cli_query_trace(&r->ask, prompt, &trace, &job, &err);

	if (code == CT_OK && r->features)
		code = pin_features(r, &pins, &err);
	if (code == CT_OK && r->graph)
		code = pin_graph(r, &pins, &job, &err);
	if (code == CT_OK)
		code = ct_session_judge(r->ask.m.session, r->features || r->graph ? &pins : NULL, &found,
		    &arena, &job, &err);
	cli_progress_end(&progress);
	if (code < 0)
		status = cli_fail(&err);
	else if (r->ask.json)
		status = show_json(r, &found);
	else
		show(r, &found);
	ct_arena_free(&arena);
	return status;
}

static int
run(struct cli *c)
{
	struct request r = { .ask = { .at = -1, .top = 20 } };
	const struct cli_text texts[] = { { KEY_FEATURES, &r.features }, { KEY_GRAPH, &r.graph }, { 0 } };

	if (cli_query_read(c, &r.ask, texts) < 0)
		return c->status;
	if (r.features && r.graph) {
		cli_error("--features and --graph: expected only one of them");
		return CLI_ERROR;
	}
	return cli_query_run(c, &r.ask, judge, &r);
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ KEY_FEATURES, "features", "LIST", "judge these, such as L0#3@7,\"Texas\"@8 (the pruned graph's)" },
	{ KEY_GRAPH, "graph", "FILE", "or those that a saved graph of this prompt pins, or else has" },
	{ CLI_TOP, "top", "N", "parts to show (20)" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_judge = {
	.name = "judge",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
	    "[--features LIST | --graph FILE] [--top N] [--json FILE] PROMPT",
	.summary = "what would be lost without an explanation's features, and what they do alone",
	.details = "Sets the features of an explanation (the pruned graph, a list, a saved graph's pins) to\n"
	    "0 together, then all others; does the same with as many random features; leaves out one\n"
	    "part of it at a time; and looks for these features in sentences with the same answer.",
	.options = options,
	.run = run
};
