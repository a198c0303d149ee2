/* inactive: `ctrace inactive`: features that nearly fire, what inhibits them, and what they would do. */
#include "cli/inactive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "io/json_out.h"

enum { KEY_TO = CLI_LONG, KEY_POS };
enum { FORMAT = 1 };			/* version of this command's JSON */

struct request {
	struct cli_query ask;
	const char *to;
	int target;			/* a node of the graph */
	int pos;			/* -1: every position up to the target's */
};

/* `Dallas@7`, `in Texas L0#340@7`, `error L1@8`. */
static const char *
edge_text(const struct request *r, const struct ct_inactive_edge *e, char *dst, size_t size)
{
	const struct ct_session *s = r->ask.m.session;
	char label[120] = "";

	if (e->kind == CT_NODE_FEATURE) {
		ct_engine_label_short(r->ask.m.engine, e->layer, e->index, label, sizeof label, NULL);
		snprintf(dst, size, "%s%sL%d#%d@%d", label, *label ? "  " : "", e->layer, e->index, e->pos);
	} else if (e->kind == CT_NODE_ERROR)
		snprintf(dst, size, "error L%d@%d", e->layer, e->pos);
	else
		snprintf(dst, size, "%s@%d", ct_session_token_text(s, e->pos), e->pos);
	return dst;
}

static void
show_row(const struct request *r, const struct ct_inactive *f)
{
	const struct ct_engine *e = r->ask.m.engine;
	char label[160], column[240], name[300], hold[240];

	ct_engine_label_short(e, f->layer, f->feature, label, sizeof label, NULL);
	snprintf(name, sizeof name, "%s%sL%d#%d@%d", label, *label ? "  " : "", f->layer, f->feature, f->pos);
	cli_line("%s %+7.2f %+7.2f %+8.3f  %s%s", cli_column(column, sizeof column, name, 36), (double)f->pre,
	    (double)f->threshold, (double)(f->unit * f->typical), f->held_by_one ? "held down by " :
	    f->held ? "held down; most by " : f->hold.weight < 0 ? "most against it " : "nothing against it",
	    f->hold.weight < 0 ? edge_text(r, &f->hold, hold, sizeof hold) : "");
}

static void
show(const struct request *r, const struct ct_inactives *found)
{
	const struct cli_model *m = &r->ask.m;
	char name[160], where[80] = "all positions";
	int held = 0;

	ct_session_node_name(m->session, r->target, name, sizeof name);
	if (r->pos >= 0)
		snprintf(where, sizeof where, "%s@%d", ct_session_token_text(m->session, r->pos), r->pos);
	cli_line("not active at %s: the %d nearest of %ld, by what they would add to %s", where, found->n,
	    found->total, name);
	cli_line("%s", "");
	cli_line("%-36s %7s %7s %8s", "feature", "h", "needs", "would");
	for (int i = 0; i < found->n && i < r->ask.top; i++)
		show_row(r, &found->items[i]);
	if (found->n > r->ask.top)
		cli_line("... %d more", found->n - r->ask.top);
	for (int i = 0; i < found->n; i++)
		held += found->items[i].held;
	cli_line("%s", "");
	cli_line("%d of these would be active if nothing were against them", held);
	cli_line("check  edges + bias = h within %.1e", found->residual);
}

static json_t *
edge_json(const struct ct_inactive_edge *e)
{
	if (e->weight == 0)
		return json_null();
	return json_pack("{s:s, s:i, s:i, s:i, s:o}", "kind", ct_node_traits(e->kind)->name,
	    "layer", e->layer, "pos", e->pos, "index", e->index,
	    "weight", ct_json_out_number((double)e->weight));
}

static json_t *
row_json(const struct request *r, const struct ct_inactive *f)
{
	char name[80];

	snprintf(name, sizeof name, "L%d#%d@%d", f->layer, f->feature, f->pos);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b}",
	    "node", ct_json_out_string(name),
	    "label", ct_json_out_string(ct_engine_label(r->ask.m.engine, f->layer, f->feature)),
	    "preactivation", ct_json_out_number((double)f->pre),
	    "threshold", ct_json_out_number((double)f->threshold),
	    "spread", ct_json_out_number((double)f->spread),
	    "excitation", ct_json_out_number(f->excitation),
	    "inhibition", ct_json_out_number(f->inhibition),
	    "bias", ct_json_out_number((double)f->bias),
	    "push", edge_json(&f->push), "hold", edge_json(&f->hold),
	    "unit", ct_json_out_number((double)f->unit), "typical", ct_json_out_number((double)f->typical),
	    "held_by_one", f->held_by_one, "held", f->held);
}

static int
show_json(const struct request *r, const struct ct_inactives *found)
{
	const struct ct_session *s = r->ask.m.session;
	json_t *root = cli_prompt_json(s), *list = json_array();
	char name[160];

	for (int i = 0; i < found->n && i < r->ask.top; i++)
		json_array_append_new(list, row_json(r, &found->items[i]));
	ct_session_node_name(s, r->target, name, sizeof name);
	json_object_set_new(root, "target", ct_json_out_string(name));
	json_object_set_new(root, "position", r->pos < 0 ? json_null() : json_integer(r->pos));
	json_object_set_new(root, "total", json_integer(found->total));
	json_object_set_new(root, "looked_at", json_integer(found->n));
	json_object_set_new(root, "features", list);
	json_object_set_new(root, "max_residual", ct_json_out_number(found->residual));
	return cli_json(r->ask.json, FORMAT, root);
}

/* Of the prompt that was traced. title: begin with the model and the prompt. Returns an exit status. */
static int
find_and_show(struct request *r, bool title)
{
	struct ct_session *s = r->ask.m.session;
	const struct ct_graph *g = ct_session_graph(s);
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_arena arena = { 0 };
	struct ct_inactives found = { 0 };
	struct ct_error err = { 0 };
	int status = CLI_OK, code;

	r->target = r->to ? ct_session_find_node(s, r->to, &err) : g->n_nodes - g->n_targets;
	code = r->target < 0 ? r->target : ct_session_inactive(s, r->target, r->pos, &found, &arena, &job,
	    &err);
	cli_progress_end(&progress);
	if (code < 0) {
		status = cli_fail(&err);
	} else if (r->ask.json) {
		status = show_json(r, &found);
	} else {
		if (title) {
			cli_model_line(r->ask.m.engine);
			cli_prompt_line(s, g->pos);
		}
		show(r, &found);
	}
	if (status == CLI_OK && !found.n)
		status = CLI_NOTHING;
	ct_arena_free(&arena);
	return status;
}

static int
inactive(void *request, const char *prompt)
{
	struct request *r = request;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_trace_options trace = { 0 };
	struct ct_error err = { 0 };
	int code = cli_query_trace(&r->ask, prompt, &trace, &job, &err);

	cli_progress_end(&progress);
	return code < 0 ? cli_fail(&err) : find_and_show(r, true);
}

int
cli_inactive_show(const struct cli_query *ask, int n)
{
	struct request r = { .ask = *ask, .pos = -1 };

	r.ask.top = n;
	return find_and_show(&r, false);
}

static int
run(struct cli *c)
{
	struct request r = { .ask = { .at = -1, .top = 20 }, .pos = -1 };
	const char *pos = NULL;
	const struct cli_text texts[] = { { KEY_TO, &r.to }, { KEY_POS, &pos }, { 0 } };

	if (cli_query_read(c, &r.ask, texts) < 0)
		return c->status;
	if (pos && cli_int(pos, "--pos", 0, 1 << 20, &r.pos) < 0)
		return CLI_ERROR;
	return cli_query_run(c, &r.ask, inactive, &r);
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ KEY_TO, "to", "NODE", "what they would do to a feature or output (the likeliest token)" },
	{ KEY_POS, "pos", "POS", "features at this position alone" },
	{ CLI_TOP, "top", "N", "rows to show (20)" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_inactive = {
	.name = "inactive",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
	    "[--to NODE] [--pos POS] [--top N] [--json FILE] PROMPT",
	.summary = "features that nearly fire, what inhibits them, and what they would do",
	.details = "Examines the inactive features nearest to firing: those whose pre-activation h is the\n"
	    "fewest standard deviations (of h over the prompt's tokens) below the threshold. What a feature\n"
	    "would do is its unit edge to the target times its typical activation.",
	.options = options,
	.run = run
};
