/* export: `ctrace export`: a saved graph, checked and written in another form. The forms are in share/. */
#include "cli/cli.h"

#include <stdlib.h>

#include "share/forms.h"
#include "share/graph_file.h"

enum { KEY_TO = CLI_LONG, KEY_PINNED };

static int
run(struct cli *c)
{
	struct ct_error err = { 0 };
	const char *value, *to = "", *out = "-", *graph;
	bool pinned = false;
	struct cli_progress progress = { 0 };
	struct ct_graph_file *file;
	struct ct_graph_names names;
	json_t *root = NULL;
	char *text = NULL;
	size_t n;
	int key, status, r;

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
	r = ct_graph_file_open(&file, graph, cli_progress, &progress, &err);
	cli_progress_end(&progress);
	if (r < 0)
		return cli_fail(&err);
	names = ct_graph_file_names(file);
	if (ct_graph_to_json(&root, &file->graph, &file->subgraph, &names, &err) < 0 ||
	    ct_form_write(&text, &n, to, pinned, root, &err) < 0)
		status = cli_fail(&err);
	else
		status = cli_text(out, text, n);
	free(text);
	json_decref(root);
	ct_graph_file_close(file);
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
