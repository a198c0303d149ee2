/* models: `ctrace models`: lists the installed models, one on each line. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "io/json_out.h"

enum { FORMAT = 2 };			/* version of this command's JSON */

static json_t *
model_json(const struct ct_engine_info *i)
{
	return json_pack("{s:o, s:o, s:s, s:i, s:i, s:i, s:i, s:s, s:i, s:s, s:b, s:b, s:o}", "name",
	    ct_json_out_string(i->name), "dir", ct_json_out_string(i->dir), "family", i->family, "layers",
	    i->L, "width",
	    i->D, "vocabulary", i->V, "context", i->context, "transcoder", i->transcoder, "features", i->F,
	    "activation",
	    i->activation, "other_transcoder", i->has_other_transcoder, "cards", i->has_cards, "demo",
	    ct_json_out_string(i->demo));
}

static const char *
features_text(const struct ct_engine_info *i, char *buf, size_t size)
{
	snprintf(buf, size, "%s %dx%d %s", i->transcoder, i->L, i->F, i->activation);
	return buf;
}

/* Weights are mapped and not read in full, so listing stays quick. */
static int
describe(const char *dir, json_t *list)
{
	struct ct_error err = { 0 };
	struct ct_engine *e = NULL;
	const struct ct_engine_info *i;
	const char *other;
	struct ct_engine_options opt = { .threads = 1 };
	char features[64];

	if (ct_engine_open(&e, dir, &opt, &err) < 0) {
		cli_error("%s", err.msg);
		return CLI_ERROR;
	}
	i = ct_engine_info(e);
	other = strcmp(i->transcoder, "CLT") == 0 ? " + PLT" : " + CLT";
	if (*i->cards_trouble)
		cli_error("%s", i->cards_trouble);
	if (list)
		json_array_append_new(list, model_json(i));
	else
		cli_line("%-16s %-6s %2dL D%-5d V%-6d %s%s%s  %s", i->name, i->family, i->L, i->D, i->V,
		    features_text(i, features, sizeof features), i->has_other_transcoder ? other : "",
		    i->has_cards ? " + cards" : "", i->dir);
	ct_engine_close(e);
	return CLI_OK;
}

static int
run(struct cli *c)
{
	char **list;
	const char *value, *json = NULL;
	json_t *rows;
	int key, status = CLI_OK, n = 0;

	while ((key = cli_next(c, &value)) > 0)
		json = value;
	if (key < 0)
		return c->status;
	if (c->argc > 0) {
		cli_error("models takes no operand, found '%s'; see ctrace models --help", c->argv[0]);
		return CLI_ERROR;
	}
	rows = json ? json_array() : NULL;
	list = ct_model_list();
	for (; list && list[n]; n++)
		if (describe(list[n], rows) != CLI_OK)
			status = CLI_ERROR;
	ct_model_list_free(list);
	if (json && cli_json(json, FORMAT, json_pack("{s:o}", "models", rows)) != CLI_OK)
		status = CLI_ERROR;
	if (n == 0) {
		cli_error("no models found; set CTRACE_MODEL_PATH to the directory that holds them");
		return CLI_NOTHING;
	}
	return status;
}

static const struct cli_option options[] = {
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_models = {
	.name = "models",
	.synopsis = "[--json FILE]",
	.summary = "list the installed models",
	.details = "Models are looked for in $CTRACE_MODEL_PATH, $XDG_DATA_HOME/ctrace/models, the\n"
	    "installed data directory and ./models.",
	.options = options,
	.run = run
};
