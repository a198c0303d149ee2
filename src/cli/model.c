/* model: opening what -m and --transcoder name, and the two lines that say what is looked at. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

static const char default_model[] = "capitals";

int
cli_model_open(struct cli_model *m, const char *prompt, struct ct_error *err)
{
	struct ct_engine_options opt = {
		.transcoder_dir = m->transcoder, .allow_nonfinite = m->allow_nonfinite
	};
	struct cli_progress progress = { 0 };
	int rc;

	rc = ct_engine_open(&m->engine, m->model ? m->model : default_model, &opt, err);
	if (rc < 0)
		return rc;
	if (*ct_engine_info(m->engine)->cards_trouble)
		cli_error("%s; going on without feature cards", ct_engine_info(m->engine)->cards_trouble);
	if (!prompt)
		return CT_OK;
	rc = ct_session_open(&m->session, m->engine, err);
	if (rc < 0)
		return rc;
	rc = ct_session_prompt(m->session, prompt, cli_progress, &progress, err);
	cli_progress_end(&progress);
	return rc;
}

void
cli_model_close(struct cli_model *m)
{
	ct_session_close(m->session);
	ct_engine_close(m->engine);
	m->session = NULL;
	m->engine = NULL;
}

void
cli_model_line(const struct ct_engine *e)
{
	const struct ct_engine_info *i = ct_engine_info(e);

	cli_line("%s  %s %dL D%d H%d V%d  %s %dx%d %s", i->name, i->family, i->L, i->D, i->H, i->V,
	    i->transcoder, i->L, i->F, i->activation);
}

void
cli_prompt_line(const struct ct_session *s, int pos)
{
	struct ct_buffer b = { 0 };
	char *line;

	for (int i = 0; i < ct_session_length(s); i++) {
		const char *t = ct_engine_token(ct_session_engine(s), ct_session_token(s, i));

		ct_buffer_printf(&b, i == pos ? "%s[%s]" : "%s%s", i ? " " : "", t);
	}
	line = ct_buffer_take(&b, NULL);
	cli_line("%s", line ? line : "out of memory");
	free(line);
}
