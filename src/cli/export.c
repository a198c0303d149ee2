/* export: `ctrace export`: a saved graph, checked and written in another form. */
#include "cli/cli.h"

#include <string.h>

#include "io/json.h"
#include "share/graph_json.h"

enum { KEY_TO = CLI_LONG };
static const size_t max_bytes = (size_t)1 << 30;

static int
run(struct cli *c)
{
	struct ct_error err = { 0 };
	const char *value, *to = NULL, *out = "-", *graph;
	json_t *root = NULL;
	int key;

	while ((key = cli_next(c, &value)) > 0)
		switch (key) {
		case 'o': out = value; break;
		case KEY_TO: to = value; break;
		}
	if (key < 0)
		return c->status;
	graph = cli_operand(c, "graph file");
	if (!graph)
		return CLI_ERROR;
	if (!to || strcmp(to, "json") != 0) {
		cli_error("--to: expected json, found %s", to ? to : "nothing");
		return CLI_ERROR;
	}
	if (ct_json_load(&root, graph, max_bytes, &err) < 0)
		return cli_fail(&err);
	if (ct_graph_json_check(root, graph, &err) < 0) {
		json_decref(root);
		return cli_fail(&err);
	}
	return cli_json(out, root);
}

static const struct cli_option options[] = {
	{ KEY_TO, "to", "FORM", "json: checked, and written in one normal form" },
	{ 'o', "output", "FILE", "where to write it (-: stdout)" },
	{ 0 }
};

const struct cli_command cli_export = {
	.name = "export",
	.synopsis = "GRAPH --to FORM [-o FILE]",
	.summary = "check a saved graph and write it in another form",
	.details = "",
	.options = options,
	.run = run
};
