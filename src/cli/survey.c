/*
 * survey: `ctrace survey`: ablates each feature of the pruned graph in turn, and compares the effects with
 * its influence.
 */
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/json_out.h"

enum { FORMAT = 2 };			/* version of this command's JSON */

static int
show_json(const struct cli_model *m, const struct ct_survey *v, const char *file, bool times)
{
	const struct ct_graph *g = ct_session_graph(m->session);
	json_t *list = json_array(), *root = cli_prompt_json(m->session), *rest;
	char name[160];

	for (int i = 0; i < v->n; i++) {
		const struct ct_ablation *a = &v->items[i];
		const struct ct_node *n = &g->nodes[a->node];

		ct_session_node_name(m->session, a->node, name, sizeof name);
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}",
		    "node", ct_json_out_string(name),
		    "label", ct_json_out_string(ct_engine_label(m->engine, n->layer, n->index)),
		    "influence", ct_json_out_number(a->influence),
		    "kl", ct_json_out_number(a->kl),
		    "effect", ct_json_out_number((double)a->effect)));
	}
	ct_session_node_name(m->session, g->n_nodes - g->n_targets, name, sizeof name);
	rest = json_pack("{s:i, s:o, s:s, s:s, s:s, s:o, s:{s:o, s:o, s:i}}",
	    "position", g->pos,
	    "target", ct_json_out_string(name),
	    "strength", "x0",
	    "mode", "frozen",
	    "through", "model",
	    "nodes", list,
	    "spearman", "kl", ct_json_out_number(v->spearman_kl), "effect",
	    ct_json_out_number(v->spearman_effect), "n", v->n);
	json_object_update(root, rest);
	json_decref(rest);
	if (times) {
		json_object_set_new(root, "seconds", ct_json_out_number(v->seconds));
		json_object_set_new(root, "rate", ct_json_out_number(v->n / v->seconds));
	}
	return cli_json(file, FORMAT, root);
}

static void
show(const struct cli_model *m, const struct ct_survey *v, int top)
{
	const struct ct_graph *g = ct_session_graph(m->session);
	char name[160], text[400], column[300];

	cli_model_line(m->engine);
	cli_prompt_line(m->session, g->pos);
	ct_session_node_name(m->session, g->n_nodes - g->n_targets, name, sizeof name);
	cli_line("each feature x0; mode frozen, through the model; effect on %s", name);
	cli_line("%s", "");
	cli_line("%-48s %9s %10s %9s", "ablated", "KL", "influence", "effect");
	for (int i = 0; i < v->n && i < top; i++) {
		const struct ct_ablation *a = &v->items[i];
		const struct ct_node *n = &g->nodes[a->node];
		char label[160];

		ct_engine_label_short(m->engine, n->layer, n->index, label, sizeof label, NULL);
		ct_session_node_name(m->session, a->node, name, sizeof name);
		snprintf(text, sizeof text, "%-10s %s%s%s", name,
		    ct_session_token_text(m->session, n->pos), *label ? ": " : "", label);
		cli_line("%s %9.2e %9.2f%% %+9.3f", cli_column(column, sizeof column, text, 48), a->kl,
		    100 * a->influence, (double)a->effect);
	}
	if (v->n > top)
		cli_line("... %d more", v->n - top);
	cli_line("%s", "");
	if (v->n >= CT_RANK_LEAST && isfinite(v->spearman_kl))
		cli_line("spearman  influence and KL %.3f  influence and |effect| %.3f  n %d", v->spearman_kl,
		    v->spearman_effect, v->n);
	else
		cli_line("spearman  %s (n %d)", v->n < CT_RANK_LEAST ? "too few to rank" : "all alike", v->n);
	cli_line("time      %.1f ms, %.0f clamps per second", 1e3 * v->seconds, v->n / v->seconds);
}

static int
survey(void *request, const char *prompt)
{
	struct cli_query *q = request;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_trace_options trace = { 0 };
	const struct ct_survey *v;
	struct ct_error err = { 0 };

	if (cli_query_trace(q, prompt, &trace, &job, &err) < 0 ||
	    ct_session_survey(q->m.session, &v, &job, &err) < 0) {
		cli_progress_end(&progress);
		return cli_fail(&err);
	}
	cli_progress_end(&progress);
	if (v->n == 0) {
		cli_error("the pruned graph has no features to ablate");
		return CLI_NOTHING;
	}
	if (q->json)
		return show_json(&q->m, v, q->json, q->times);
	show(&q->m, v, q->top);
	return CLI_OK;
}

static int
run(struct cli *c)
{
	struct cli_query q = { .at = -1, .top = 20 };
	const char *value;
	int key;

	while ((key = cli_next(c, &value)) > 0)
		if (cli_query_option(&q, key, value) < 0)
			return CLI_ERROR;
	if (key < 0)
		return c->status;
	return cli_query_run(c, &q, survey, &q);
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ CLI_TOP, "top", "N", "features to show (20)" },
	CLI_JSON_ROW,
	CLI_TIMES_ROW,
	{ 0 }
};

const struct cli_command cli_survey = {
	.name = "survey",
	.synopsis = CLI_MODEL_SYNOPSIS
	    "[--at POS] [--target TARGET] [--top N] [--json FILE [--times]] PROMPT",
	.summary = "ablate each feature of the pruned graph in turn, and rank by what happened",
	.details = "KL is the divergence of the next token's probabilities, effect the change of\n"
	    "the target's logit minus the vocabulary's mean. The Spearman correlation shows how well\n"
	    "the graph's influence ranks the features by these effects.",
	.options = options,
	.run = run
};
