/* export: `ctrace export`: a saved graph, checked and written in another form. The forms are in share/. */
#include "cli/cli.h"

#include <stdlib.h>

#include "io/json.h"
#include "share/forms.h"
#include "share/graph_json.h"

enum { KEY_TO = CLI_LONG, KEY_PINNED };
static const size_t max_bytes = (size_t)1 << 30;

static int
run(struct cli *c)
{
	struct ct_error err = { 0 };
	const char *value, *to = "", *out = "-", *graph;
	bool pinned = false;
	json_t *root = NULL;
	char *text = NULL;
	size_t n;
	int key, status;

	while ((key = cli_next(c, &value)) > 0)
		switch (key) {
		case 'o': out = value; break;
		case KEY_TO: to = value; break;
		case KEY_PINNED: pinned = true; break;
		}
	if (key < 0)
		return c->status;
	graph = cli_operand(c, "graph file");
	if (!graph)
		return CLI_ERROR;
	if (!ct_form_known(to)) {
		cli_error("--to: expected dot, svg, html or json, found %s", *to ? to : "nothing");
		return CLI_ERROR;
	}
	if (ct_json_load(&root, graph, max_bytes, &err) < 0)
		return cli_fail(&err);
	if (ct_graph_json_check(root, graph, &err) < 0 || ct_form_write(&text, &n, to, pinned, root, &err) < 0)
		status = cli_fail(&err);
	else
		status = cli_text(out, text, n);
	free(text);
	json_decref(root);
	return status;
}

static const struct cli_option options[] = {
	{ KEY_TO, "to", "FORM", "dot, svg, html, or json (in one normal form)" },
	{ KEY_PINNED, "pinned", NULL, "only what is pinned, each supernode as one node" },
	{ 'o', "output", "FILE", "where to write it (-: stdout)" },
	{ 0 }
};

const struct cli_command cli_export = {
	.name = "export",
	.synopsis = "GRAPH --to FORM [--pinned] [-o FILE]",
	.summary = "check a saved graph and write it as DOT, SVG, HTML or JSON",
	.details = "GRAPH is graph JSON, from ctrace trace --json or from another program.",
	.options = options,
	.run = run
};
