/* qk: `ctrace qk`: why an attention head attends from one token to another. */
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "io/json_out.h"

enum { KEY_HEAD = CLI_LONG, KEY_QUERY, KEY_KEY };
enum { FORMAT = 1 };			/* version of this command's JSON */
enum { COLUMN = 34, HALF = 24 };	/* widths of terms, in columns */

struct request {
	struct cli_query ask;
	const char *head, *query, *key;
};

/* `in Texas  L0#340@7`, `Dallas@7`, `error L1@8`, `constants`. */
static const char *
term_text(const struct request *r, const struct ct_qk_term *t, char *dst, size_t size)
{
	const struct ct_session *s = r->ask.m.session;
	char label[120], name[80];

	if (t->kind == CT_QK_WORDS)
		snprintf(dst, size, "%s@%d", ct_session_token_text(s, t->pos), t->pos);
	else if (t->kind != CT_QK_FEATURES)
		ct_session_term_name(s, t, dst, size);
	else {
		ct_engine_label_short(r->ask.m.engine, t->layer, t->index, label, sizeof label, NULL);
		ct_session_term_name(s, t, name, sizeof name);
		snprintf(dst, size, "%s%s%s", label, *label ? "  " : "", name);
	}
	return dst;
}

static void
show_pairs(const struct request *r, const struct ct_qk *qk)
{
	char a[240], b[240], column[300];
	double weaker = 0;

	cli_line("%8s  %-*s %s", "adds", COLUMN, "in the query", "with, in the key");
	for (int i = 0; i < qk->n_pairs; i++) {
		const struct ct_qk_pair *p = &qk->pairs[i];

		if (i >= r->ask.top) {
			weaker += (double)p->adds;
			continue;
		}
		term_text(r, &qk->query[p->query], a, sizeof a);
		term_text(r, &qk->key[p->key], b, sizeof b);
		cli_line("%+8.3f  %s %s", (double)p->adds, cli_column(column, sizeof column, a, COLUMN), b);
	}
	if (qk->n_pairs > r->ask.top)
		cli_line("%+8.3f  %d weaker pairs of these terms", weaker, qk->n_pairs - r->ask.top);
	if (qk->n_query > CT_QK_STRONGEST || qk->n_key > CT_QK_STRONGEST)
		cli_line("%+8.3f  the rest: pairs of all %d x %d terms", qk->rest, qk->n_query, qk->n_key);
	cli_line("%+8.3f  together, the score", qk->score);
}

/* The score by kinds of terms: a row for each kind in the query, a column for each in the key. */
static void
show_parts(const struct ct_qk *qk)
{
	cli_line("%s", "");
	cli_line("%-16s %10s %10s %10s %10s %10s", "query \\ key", ct_qk_kind_name(0),
	    ct_qk_kind_name(1), ct_qk_kind_name(2), ct_qk_kind_name(3), ct_qk_kind_name(CT_QK_KINDS));
	for (int i = 0; i <= CT_QK_KINDS; i++) {
		double part[CT_QK_KINDS] = { 0 }, sum = 0;

		for (int j = 0; j < CT_QK_KINDS; j++) {
			for (int k = 0; k < CT_QK_KINDS; k++)
				part[j] += i == k || i == CT_QK_KINDS ? qk->parts[k][j] : 0;
			sum += part[j];
		}
		cli_line("%-16s %+10.3f %+10.3f %+10.3f %+10.3f %+10.3f", ct_qk_kind_name(i),
		    part[0], part[1], part[2], part[3], sum);
	}
}

/* What each query term adds with the whole key, and each key term with the whole query. */
static void
show_marginals(const struct request *r, const struct ct_qk *qk)
{
	char a[240], b[240], column[300];

	cli_line("%s", "");
	cli_line("%8s  %-*s %8s  %s", "query", HALF, "with the whole key", "key",
	    "with the whole query");
	for (int i = 0; i < r->ask.top / 2 && (i < qk->n_query || i < qk->n_key); i++) {
		char left[16] = "", right[16] = "";

		a[0] = b[0] = '\0';
		if (i < qk->n_query) {
			snprintf(left, sizeof left, "%+8.3f", (double)qk->query[i].marginal);
			term_text(r, &qk->query[i], a, sizeof a);
		}
		if (i < qk->n_key) {
			snprintf(right, sizeof right, "%+8.3f", (double)qk->key[i].marginal);
			term_text(r, &qk->key[i], b, sizeof b);
		}
		cli_line("%8s  %s %8s  %s", left, cli_column(column, sizeof column, a, HALF), right, b);
	}
}

static void
show(const struct request *r, const struct ct_qk *qk)
{
	const struct cli_model *m = &r->ask.m;
	const struct ct_qk_question *at = &qk->at;
	char p[16];

	cli_model_line(m->engine);
	cli_prompt_line(m->session, at->query);
	cli_line("qk     why L%dH%d looks from %s@%d at %s@%d: score %+.3f, %s of its attention", at->layer,
	    at->head, ct_session_token_text(m->session, at->query), at->query,
	    ct_session_token_text(m->session, at->key), at->key, qk->score, cli_percent(p, qk->pattern));
	if (qk->softcap > 0)
		cli_line("       softcap %g makes %+.3f of the score", qk->softcap, qk->capped);
	if (qk->rival >= 0)
		cli_line("       the highest score of another token is %+.3f, of %s@%d", qk->rival_score,
		    ct_session_token_text(m->session, qk->rival), qk->rival);
	cli_line("%s", "");
	show_pairs(r, qk);
	show_parts(qk);
	show_marginals(r, qk);
	cli_line("%s", "");
	cli_line("check  terms, marginals and kinds each add up to the score within %.1e", qk->residual);
	cli_line("check  the softmax of this query's scores is its pattern within %.1e", qk->pattern_error);
}

static json_t *
term_json(const struct request *r, const struct ct_qk_term *t)
{
	char name[200];

	ct_session_term_name(r->ask.m.session, t, name, sizeof name);
	return json_pack("{s:o, s:s, s:o, s:o}", "node", ct_json_out_string(name), "kind",
	    ct_qk_kind_name((int)t->kind), "label", t->kind != CT_QK_FEATURES ? json_null() :
	    ct_json_out_string(ct_engine_label(r->ask.m.engine, t->layer, t->index)),
	    "marginal", ct_json_out_number((double)t->marginal));
}

static json_t *
terms_json(const struct request *r, const struct ct_qk_term *terms, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, term_json(r, &terms[i]));
	return list;
}

static json_t *
pairs_json(const struct request *r, const struct ct_qk *qk)
{
	json_t *list = json_array();

	for (int i = 0; i < qk->n_pairs && i < r->ask.top; i++)
		json_array_append_new(list, json_pack("{s:i, s:i, s:o}", "query", qk->pairs[i].query, "key",
		    qk->pairs[i].key, "adds", ct_json_out_number((double)qk->pairs[i].adds)));
	return list;
}

static json_t *
parts_json(const struct ct_qk *qk)
{
	json_t *all = json_object();

	for (int i = 0; i < CT_QK_KINDS; i++) {
		json_t *row = json_object();

		for (int j = 0; j < CT_QK_KINDS; j++)
			json_object_set_new(row, ct_qk_kind_name(j), ct_json_out_number(qk->parts[i][j]));
		json_object_set_new(all, ct_qk_kind_name(i), row);
	}
	return all;
}

static int
show_json(const struct request *r, const struct ct_qk *qk)
{
	json_t *root = cli_prompt_json(r->ask.m.session);

	json_object_set_new(root, "head", json_pack("{s:i, s:i}", "layer", qk->at.layer,
	    "head", qk->at.head));
	json_object_set_new(root, "query", json_integer(qk->at.query));
	json_object_set_new(root, "key", json_integer(qk->at.key));
	json_object_set_new(root, "score", ct_json_out_number(qk->score));
	json_object_set_new(root, "softcap", qk->softcap > 0 ? ct_json_out_number(qk->softcap) : json_null());
	json_object_set_new(root, "capped", ct_json_out_number(qk->capped));
	json_object_set_new(root, "pattern", ct_json_out_number(qk->pattern));
	json_object_set_new(root, "rival", qk->rival < 0 ? json_null() : json_integer(qk->rival));
	json_object_set_new(root, "rival_score", qk->rival < 0 ? json_null() :
	    ct_json_out_number(qk->rival_score));
	json_object_set_new(root, "parts", parts_json(qk));
	json_object_set_new(root, "query_terms", terms_json(r, qk->query, qk->n_query));
	json_object_set_new(root, "key_terms", terms_json(r, qk->key, qk->n_key));
	json_object_set_new(root, "pairs", pairs_json(r, qk));
	json_object_set_new(root, "n_pairs", json_integer(qk->n_pairs));
	json_object_set_new(root, "rest", ct_json_out_number(qk->rest));
	json_object_set_new(root, "max_residual", ct_json_out_number(qk->residual));
	json_object_set_new(root, "max_pattern_error", ct_json_out_number(qk->pattern_error));
	return cli_json(r->ask.json, FORMAT, root);
}

static int
qk(void *request, const char *prompt)
{
	struct request *r = request;
	struct cli_progress progress = { 0 };
	struct ct_job job = { NULL, cli_progress, &progress };
	struct ct_trace_options trace = { 0 };
	struct ct_arena arena = { 0 };
	struct ct_qk_question q;
	struct ct_qk found;
	struct ct_error err = { 0 };
	int code, status = CLI_OK;

	code = cli_query_trace(&r->ask, prompt, &trace, &job, &err);
	if (code == CT_OK)
		code = ct_session_parse_qk(r->ask.m.session, r->head, r->query, r->key, &q, &job, &err);
	if (code == CT_OK)
		code = ct_session_qk(r->ask.m.session, &q, &found, &arena, &job, &err);
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
	const struct cli_text texts[] = {
		{ KEY_HEAD, &r.head }, { KEY_QUERY, &r.query }, { KEY_KEY, &r.key }, { 0 }
	};

	if (cli_query_read(c, &r.ask, texts) < 0)
		return c->status;
	return cli_query_run(c, &r.ask, qk, &r);
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ KEY_HEAD, "head", "HEAD", "the head, such as L1H2 (the one that carries most in the graph)" },
	{ KEY_QUERY, "query", "PLACE", "the token that looks, such as @is (the one that is explained)" },
	{ KEY_KEY, "key", "PLACE", "the token that it looks at, such as @Dallas (the one it sees most)" },
	{ CLI_TOP, "top", "N", "pairs to show or write (20)" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_qk = {
	.name = "qk",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
	    "[--head HEAD] [--query PLACE] [--key PLACE] [--top N] [--json FILE] PROMPT",
	.summary = "why an attention head attends from one token to another",
	.details = "A head's score is a product of a query and a key. With norm scales frozen, both are\n"
	    "sums over words, features, errors and constants, as far as attention has carried them, so the\n"
	    "score is a sum over pairs of these. Shows the strongest pairs and checks that all add up.",
	.options = options,
	.run = run
};
