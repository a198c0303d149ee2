/*
 * swap: `ctrace swap`: sets the features of a hidden value to those of another value, or of each other value
 * in turn, with controls.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json_out.h"

enum { KEY_FROM = CLI_LONG, KEY_TO, KEY_STRENGTH };
enum { FORMAT = 1 };			/* version of this command's JSON */

struct request {
	struct cli_query ask;
	struct ct_swap_options opt;
};

static const char *
token(const struct request *r, int id)
{
	return id < 0 ? "-" : ct_engine_token(r->ask.m.engine, id);
}

/* "Sacramento", "one of 6" */
static const char *
expected(const struct request *r, int answer, int answers, char *buf, size_t size)
{
	if (answer >= 0 || answers == 0)
		return token(r, answer);
	snprintf(buf, size, "one of %d", answers);
	return buf;
}

/* "Texas > California  Sacramento  Sacramento 94.8%  yes" */
static void
show_row(const struct request *r, const struct ct_swap_row *row)
{
	char value[160], answer[160], got[160], many[24], p[16];

	cli_line("%s  %s  %s %6s  %s%s%s", cli_column(value, sizeof value, row->value, 18),
	    cli_column(answer, sizeof answer, expected(r, row->expected, row->answers, many,
	    sizeof many), 18),
	    cli_column(got, sizeof got, token(r, row->got), 18), cli_percent(p, (double)row->prob_got),
	    !row->counts ? "·" : row->given ? "✓" : "✗",
	    row->random_changed ? "  random features: " : "",
	    row->random_changed ? token(r, row->random_got) : "");
}

static void
show_same(const struct request *r, const struct ct_swap *w)
{
	char value[160], answer[160], got[160], many[24], p[16];
	char *text = ct_session_swap_same(r->ask.m.session, w);

	if (w->same < 0) {
		cli_line("%s has no other sentence like this one: no control with the same value", w->own);
		return;
	}
	cli_line("%s  %s  %s %6s  %s  same value: %s", cli_column(value, sizeof value, w->own, 18),
	    cli_column(answer, sizeof answer, expected(r, w->own_answer, w->own_answers, many,
	    sizeof many), 18),
	    cli_column(got, sizeof got, token(r, w->same_got), 18), cli_percent(p, (double)w->same_prob),
	    w->same_changed ? "≠" : "=", text ? text : "out of memory");
	free(text);
}

static void
show(const struct request *r, const struct ct_swap *w)
{
	const struct cli_model *m = &r->ask.m;
	char p[16];

	cli_model_line(m->engine);
	cli_prompt_line(m->session, w->pos);
	cli_line("says   %s %s", token(r, w->said), cli_percent(p, (double)w->prob_said));
	cli_line("swap   %s for another value at %s%s, %g times the difference; mode free, through the "
	    "model", w->own, ct_session_token_text(m->session, w->pos - w->n_pos + 1),
	    w->n_pos > 1 ? " and after" : "", w->strength);
	cli_line("%s", "");
	cli_line("%-18s  %-18s  %-18s %6s", "value", "its answer", "answer now", "");
	show_same(r, w);
	for (int i = 0; i < w->n; i++)
		show_row(r, &w->row[i]);
	cli_line("%s", "");
	cli_line("swaps that give the value's answer   %3d of %d, %s", w->given, w->tried,
	    w->tried ? cli_percent(p, (double)w->given / w->tried) : "-");
	cli_line("control: the same value              %s", w->same < 0 ? "none" :
	    w->same_changed ? "changes the answer" : w->same_got != w->said ? "gives another of its answers" :
	    "changes nothing");
	cli_line("control: as many random features     %3d of %d give it, %d change the answer",
	    w->random_given, w->tried, w->random_changed);
	cli_line("  in the same layers, moved as far: where they change the answer, any push would");
	if (!w->controls_hold)
		cli_line("the controls change answers too: a changed answer shows little, the value's own "
		    "answer more");
}

static json_t *
token_json(const struct request *r, int id)
{
	return id < 0 ? json_null() : cli_token_json(r->ask.m.engine, id);
}

static json_t *
id_json(int id)
{
	return id < 0 ? json_null() : json_integer(id);
}

static json_t *
row_json(const struct request *r, const struct ct_swap_row *row)
{
	return json_pack("{s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:b}",
	    "value", ct_json_out_string(row->value),
	    "features", row->moved,
	    "answers", row->answers,
	    "expected", token_json(r, row->expected), "expected_id", id_json(row->expected),
	    "prob_expected", ct_json_out_number((double)row->prob_expected),
	    "got", token_json(r, row->got), "got_id", id_json(row->got),
	    "prob", ct_json_out_number((double)row->prob_got),
	    "counts", row->counts,
	    "given", row->given,
	    "random_got", token_json(r, row->random_got), "random_changed", row->random_changed);
}

static int
show_json(const struct request *r, const struct ct_swap *w)
{
	json_t *root = cli_prompt_json(r->ask.m.session), *rows = json_array(), *rest;
	char *same = ct_session_swap_same(r->ask.m.session, w);

	for (int i = 0; i < w->n; i++)
		json_array_append_new(rows, row_json(r, &w->row[i]));
	rest = json_pack("{s:o, s:o, s:o, s:i, s:i, s:o, s:s, s:s}",
	    "from", ct_json_out_string(w->own),
	    "said", token_json(r, w->said),
	    "prob", ct_json_out_number((double)w->prob_said),
	    "position", w->pos - w->n_pos + 1, "positions", w->n_pos,
	    "strength", ct_json_out_number(w->strength), "mode", "free", "through", "model");
	json_object_update(root, rest);
	json_decref(rest);
	json_object_set_new(root, "swaps", rows);
	json_object_set_new(root, "tried", json_integer(w->tried));
	json_object_set_new(root, "given", json_integer(w->given));
	json_object_set_new(root, "controls", json_pack("{s:o, s:{s:i, s:i}}", "same_value", same
	    ? json_pack("{s:o, s:o, s:o, s:b}", "sentence", ct_json_out_string(same), "got", token_json(r,
	    w->same_got), "prob", ct_json_out_number((double)w->same_prob), "changed",
	    w->same_changed) : json_null(),
	    "random_features", "given", w->random_given, "changed", w->random_changed));
	json_object_set_new(root, "controls_hold", json_boolean(w->controls_hold));
	free(same);
	return cli_json(r->ask.json, FORMAT, root);
}

static int
swap(void *request, const char *prompt)
{
	struct request *r = request;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	const struct ct_swap *w;
	struct ct_error err = { 0 };
	int code = cli_model_open(&r->ask.m, prompt, &err), status = CLI_OK;

	if (code == CT_OK)
		code = ct_session_swap(r->ask.m.session, &r->opt, &w, &job, &err);
	cli_progress_end(&progress);
	if (code < 0)
		return cli_fail(&err);
	if (r->ask.json)
		status = show_json(r, w);
	else
		show(r, w);
	return status == CLI_OK && w->tried > 0 && w->given == 0 ? CLI_NOTHING : status;
}

static int
run(struct cli *c)
{
	struct request r = { .ask = { .at = -1 }, .opt = { .strength = 1 } };
	const char *value;
	int key;

	while ((key = cli_next(c, &value)) > 0) {
		int bad = 0;

		switch (key) {
		case CLI_AT: r.opt.at = value; break;
		case KEY_FROM: r.opt.from = value; break;
		case KEY_TO: r.opt.to = value; break;
		case KEY_STRENGTH: bad = cli_double(value, "--strength", -100, 100, &r.opt.strength); break;
		default: bad = cli_query_option(&r.ask, key, value);
		}
		if (bad)
			return CLI_ERROR;
	}
	if (key < 0)
		return c->status;
	if (!r.opt.to) {
		cli_error("--to is missing: name a value, such as --to California, or all");
		return CLI_ERROR;
	}
	if (strcmp(r.opt.to, "all") == 0)
		r.opt.to = NULL;
	return cli_query_run(c, &r.ask, swap, &r);
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	{ CLI_AT, "at", "PLACE", "swap here: @Dallas, @8, @8.. (where the value is determined)" },
	{ KEY_FROM, "from", "VALUE", "fail unless the prompt's hidden value is this one" },
	{ KEY_TO, "to", "VALUE", "swap for this value, or for all others in turn" },
	{ KEY_STRENGTH, "strength", "K", "times the difference between both values' means (1)" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_swap = {
	.name = "swap",
	.synopsis = CLI_MODEL_SYNOPSIS
	    "[--at PLACE] [--from VALUE]\n"
	    "--to VALUE|all [--strength K] [--json FILE] PROMPT",
	.summary = "set the features of a hidden value to another's, and see whether the answer follows",
	.details = "The prompt is a sentence of the model's corpus up to its answer. The features of\n"
	    "a value are described by their mean activations over the corpus' training\n"
	    "sentences about it. Two controls should change nothing: another sentence about\n"
	    "the same value, and as many random features. Exit status 1: no swap gave the\n"
	    "other value's answer.",
	.options = options,
	.run = run
};
