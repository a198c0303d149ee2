/*
 * model: the options that name a model and ask a question about a prompt, what these open, and the lines that
 * begin every result: the model's and the prompt's.
 */
#include "cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static const char default_model[] = "capitals";
/*
 * The largest relative error of sums in float. A larger one means that the graph does not describe the run.
 */
static const double check_limit = 1e-5;

static int
read_basis(const char *value, bool *neurons)
{
	*neurons = strcmp(value, "neurons") == 0;
	if (*neurons || strcmp(value, "transcoder") == 0)
		return 0;
	cli_error("--basis: expected transcoder or neurons, found \"%s\"", value);
	return -1;
}

int
cli_model_option(struct cli_model *m, int key, const char *value)
{
	switch (key) {
	case 'm': m->model = value; break;
	case CLI_TRANSCODER: m->transcoder = value; break;
	case CLI_BASIS: return read_basis(value, &m->neurons);
	case CLI_K: return cli_int(value, "--k", 1, 1 << 24, &m->k);
	case CLI_NONFINITE: m->allow_nonfinite = true; break;
	}
	return 0;
}

int
cli_model_open(struct cli_model *m, const char *prompt, struct ct_error *err)
{
	struct ct_engine_options opt = {
		.transcoder_dir = m->transcoder, .neurons = m->neurons, .k = m->k,
		.allow_nonfinite = m->allow_nonfinite
	};
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	int code;

	code = ct_engine_open(&m->engine, m->model ? m->model : default_model, &opt, err);
	if (code < 0)
		return code;
	cli_notes(ct_engine_notes(m->engine));
	if (*ct_engine_info(m->engine)->cards_trouble)
		cli_error("%s; going on without feature cards", ct_engine_info(m->engine)->cards_trouble);
	if (!prompt)
		return CT_OK;
	code = ct_session_open(&m->session, m->engine, err);
	if (code < 0)
		return code;
	code = ct_session_prompt(m->session, prompt, &job, err);
	cli_progress_end(&progress);
	/* Neurons are chosen when the targets are known, so their note comes later. */
	if (code == CT_OK && *ct_session_note(m->session) && !ct_engine_info(m->engine)->neurons)
		cli_note("%s", ct_session_note(m->session));
	return code;
}

void
cli_model_close(struct cli_model *m)
{
	ct_session_close(m->session);
	ct_engine_close(m->engine);
	m->session = NULL;
	m->engine = NULL;
}

int
cli_query_option(struct cli_query *q, int key, const char *value)
{
	switch (key) {
	case CLI_AT: return cli_int(value, "--at", 0, INT_MAX, &q->at);
	case CLI_TARGET: q->target = value; break;
	case CLI_TOP: return cli_int(value, "--top", 1, CLI_MAX_TOP, &q->top);
	case CLI_JSON: q->json = value; break;
	case CLI_TIMES: q->times = true; break;
	default: return cli_model_option(&q->m, key, value);
	}
	return 0;
}

int
cli_query_read(struct cli *c, struct cli_query *q, const struct cli_text *texts)
{
	const struct cli_text *t;
	const char *value;
	int key;

	while ((key = cli_next(c, &value)) > 0) {
		for (t = texts; t->key && t->key != key; t++)
			;
		if (t->key)
			*t->value = value;
		else if (cli_query_option(q, key, value) < 0) {
			c->status = CLI_ERROR;
			return -1;
		}
	}
	return key;
}

int
cli_query_run(struct cli *c, struct cli_query *q, int (*answer)(void *request, const char *prompt),
    void *request)
{
	char *prompt = cli_prompt(c);
	int status;

	if (!prompt)
		return CLI_ERROR;
	status = answer(request, prompt);
	cli_model_close(&q->m);
	free(prompt);
	return status;
}

int
cli_query_trace(struct cli_query *q, const char *prompt, struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err)
{
	int code = cli_model_open(&q->m, prompt, err);

	opt->targets.pos = q->at;
	if (code == CT_OK && q->target)
		code = ct_session_parse_targets(q->m.session, q->target, q->at, &opt->targets, err);
	if (code == CT_OK)
		code = ct_session_trace(q->m.session, opt, job, err);
	if (code == CT_OK && *ct_session_note(q->m.session) && ct_engine_info(q->m.engine)->neurons)
		cli_note("%s", ct_session_note(q->m.session));
	return code;
}

void
cli_model_line(const struct ct_engine *e)
{
	const struct ct_engine_info *i = ct_engine_info(e);
	char features[64];

	snprintf(features, sizeof features, "%s %dx%d %s", i->transcoder, i->L, i->F, i->activation);
	cli_line("%s  %s %dL D%d H%d V%d  %s  context %d", i->name, i->family, i->L, i->D, i->H, i->V,
	    features, i->context);
}

int
cli_self_check(const struct ct_graph *g, struct ct_error *err)
{
	if (g->check.max_edge_residual <= check_limit && g->check.max_logit_error <= check_limit)
		return CT_OK;
	return ct_fail(err, CT_EINVAL, "self-check failed: expected differences of at most %.0e, found %.1e "
	    "(edges) and %.1e (logits): do not trust this graph", check_limit, g->check.max_edge_residual,
	    g->check.max_logit_error);
}

void
cli_prompt_line(const struct ct_session *s, int pos)
{
	const char *between = ct_engine_info(ct_session_engine(s))->spaced ? "" : " ";
	struct ct_buffer b = { 0 };
	char *line;

	for (int i = 0; i < ct_session_length(s); i++)
		ct_buffer_printf(&b, i == pos ? "%s[%s]" : "%s%s", i ? between : "",
		    ct_session_token_text(s, i));
	line = ct_buffer_take(&b, NULL);
	cli_line("%s", line ? line : "out of memory");
	free(line);
}
