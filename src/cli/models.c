/* models: `ctrace models`: what is installed, one line each. */
#include "cli/cli.h"

/* Opening maps the weights without reading them all, so listing stays quick. */
static int
describe(const char *dir)
{
	struct ct_error err = { 0 };
	struct ct_engine *e = NULL;
	const struct ct_engine_info *i;
	struct ct_engine_options opt = { .threads = 1 };

	if (ct_engine_open(&e, dir, &opt, &err) < 0) {
		cli_error("%s", err.msg);
		return CLI_ERROR;
	}
	i = ct_engine_info(e);
	if (*i->cards_trouble)
		cli_error("%s", i->cards_trouble);
	cli_line("%-16s %-6s %2dL D%-5d V%-6d %s %dx%d %s%s%s  %s", i->name, i->family, i->L, i->D, i->V,
	    i->transcoder, i->L, i->F, i->activation, i->has_twin ? " + twin" : "",
	    i->has_cards ? " + cards" : "", i->dir);
	ct_engine_close(e);
	return CLI_OK;
}

static int
run(struct cli *c)
{
	char **list;
	const char *value;
	int key, status = CLI_OK, n = 0;

	key = cli_next(c, &value);
	if (key < 0)
		return c->status;
	if (c->argc > 0) {
		cli_error("models takes no operand, found '%s'; see ctrace models --help", c->argv[0]);
		return CLI_ERROR;
	}
	list = ct_model_list();
	for (; list && list[n]; n++)
		if (describe(list[n]) != CLI_OK)
			status = CLI_ERROR;
	ct_model_list_free(list);
	if (n == 0) {
		cli_error("no models found; set CTRACE_MODEL_PATH to the directory that holds them");
		return CLI_NOTHING;
	}
	return status;
}

static const struct cli_option options[] = {
	{ 0 }
};

const struct cli_command cli_models = {
	.name = "models",
	.synopsis = "",
	.summary = "what is installed, one line each",
	.details = "Models are looked for in $CTRACE_MODEL_PATH, $XDG_DATA_HOME/ctrace/models, the\n"
	    "installed data directory and ./models.",
	.options = options,
	.run = run
};
