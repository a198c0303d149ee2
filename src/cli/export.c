/* export: `ctrace export`: checks saved graphs and writes them in another form. share/ has the forms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "cli/cli.h"
#include "share/formats.h"
#include "share/graph_file.h"
#include "share/graph_folder.h"

enum { KEY_TO = CLI_LONG, KEY_PINNED, KEY_ALL, KEY_SCAN };

struct export {
	const char *to;			/* the form: "dot", ... */
	bool pinned, all;
	const char *scan;		/* value of "scan" that replaces the graph's own; NULL: keep it */
	const char *out;		/* a file, "-", or a folder */
	struct ct_graph_folder *list;	/* the list of graphs to write into the folder; NULL: none */
};

static int
write_graph(const struct export *x, const struct ct_export *content, const char *out)
{
	struct ct_error err = { 0 };
	struct cli_output o;

	if (cli_output_open(&o, out, &err) < 0)
		return cli_fail(&err);
	return cli_output_end(&o, ct_format_write(x->to, content, cli_output_write, &o, &err), &err);
}

/* Writes one graph to `out`. If slug is given, the graph gets this name and is added to the list. */
static int
export_graph(struct export *x, const char *path, const char *out, const char *slug)
{
	struct ct_error err = { 0 };
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_graph_file *file;
	struct ct_graph_names names;
	struct ct_export content;
	int status, code;

	code = ct_graph_file_open(&file, path, &job, &err);
	cli_progress_end(&progress);
	if (code < 0)
		return cli_fail(&err);
	if (file->left_out)
		cli_error("%s; left out%s", file->trouble, file->left_out > 1 ? ", and more like it" : "");
	names = ct_graph_file_names(file);
	names.slug = slug;
	names.scan = x->scan ? x->scan : names.scan;
	content = (struct ct_export){ .graph = &file->graph, .subgraph = &file->subgraph, .names = &names,
		.pinned = x->pinned, .all = x->all };
	status = write_graph(x, &content, out);
	if (status == CLI_OK && x->list && ct_graph_folder_add(x->list, &content, &err) < 0)
		status = cli_fail(&err);
	ct_graph_file_close(file);
	return status;
}

/* A graph's name in the folder: its file's name without ".json". The caller frees it. */
static char *
slug_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	return strndup(name, n > 5 && strcmp(name + n - 5, ".json") == 0 ? n - 5 : n);
}

/* Names all graphs. If two have the same name, one would overwrite the other, so this is an error. */
static int
name_graphs(const struct cli *c, char **slugs)
{
	for (int i = 0; i < c->argc; i++) {
		slugs[i] = slug_of(c->argv[i]);
		for (int k = 0; slugs[i] && k < i; k++)
			if (strcmp(slugs[i], slugs[k]) == 0) {
				cli_error("%s and %s would get the same name in the folder: rename one of "
				    "them", c->argv[k], c->argv[i]);
				return CLI_ERROR;
			}
		if (!slugs[i]) {
			cli_error("out of memory for the names of %d graphs", c->argc);
			return CLI_ERROR;
		}
	}
	return CLI_OK;
}

/* Writes one graph as NAME.FORM into the folder. An operand that is the folder's own list is skipped. */
static int
export_into(struct export *x, const char *path, const char *slug)
{
	struct ct_buffer b = { 0 };
	char *name, *out = NULL;
	int status = CLI_OK;

	ct_buffer_printf(&b, "%s.%s", slug, x->to);
	name = ct_buffer_take(&b, NULL);
	if (!name || !(out = ct_path_join(x->out, name))) {
		cli_error("out of memory for a name in %s", x->out);
		status = CLI_ERROR;
	} else if (strcmp(name, ct_graph_folder_list) != 0) {
		status = export_graph(x, path, out, slug);
	}
	free(out);
	free(name);
	return status;
}

static int
write_list(const struct ct_graph_folder *list, const char *path)
{
	struct ct_error err = { 0 };
	struct cli_output o;
	struct ct_buffer to = { .drain = cli_output_write, .ctx = &o, .err = &err };

	if (cli_output_open(&o, path, &err) < 0)
		return cli_fail(&err);
	ct_graph_folder_write(&to, list);
	return cli_output_end(&o, ct_buffer_finish(&to), &err);
}

/* If a graph fails, the list still names those that were written. */
static int
export_folder(struct export *x, const struct cli *c)
{
	struct ct_error err = { 0 };
	struct ct_graph_folder list = { 0 };
	char *path = ct_path_join(x->out, ct_graph_folder_list),
	    **slugs = calloc((size_t)c->argc, sizeof *slugs);
	bool listed = strcmp(x->to, "json") == 0;
	int status = CLI_ERROR;

	if (!path || !slugs) {
		cli_error("out of memory for the names of %d graphs", c->argc);
		goto done;
	}
	if (name_graphs(c, slugs) != CLI_OK)
		goto done;
	if (ct_dir_make(x->out, &err) < 0 || (listed && ct_graph_folder_read(&list, path, &err) < 0)) {
		cli_fail(&err);
		goto done;
	}
	x->list = listed ? &list : NULL;
	status = CLI_OK;
	for (int i = 0; i < c->argc && status == CLI_OK; i++)
		status = export_into(x, c->argv[i], slugs[i]);
	if (listed && write_list(&list, path) != CLI_OK)
		status = CLI_ERROR;
done:
	for (int i = 0; slugs && i < c->argc; i++)
		free(slugs[i]);
	ct_graph_folder_free(&list);
	free(slugs);
	free(path);
	return status;
}

static bool
is_folder(const char *out)
{
	return *out && (out[strlen(out) - 1] == '/' || ct_dir_exists(out));
}

static int
run(struct cli *c)
{
	struct export x = { .to = "", .out = "-" };
	const char *value;
	int key;

	while ((key = cli_next(c, &value)) > 0)
		switch (key) {
		case 'o': x.out = value; break;
		case KEY_TO: x.to = value; break;
		case KEY_PINNED: x.pinned = true; break;
		case KEY_ALL: x.all = true; break;
		case KEY_SCAN: x.scan = value; break;
		}
	if (key < 0)
		return c->status;
	if (!ct_format_known(x.to)) {
		cli_error("--to: expected dot, svg, html or json, found %s", *x.to ? x.to : "nothing");
		return CLI_ERROR;
	}
	if (c->argc > 0 && is_folder(x.out))
		return export_folder(&x, c);
	if (c->argc > 1) {
		cli_error("%d graphs go to a folder: name it with -o DIR/", c->argc);
		return CLI_ERROR;
	}
	return cli_operand(c, "graph file") ? export_graph(&x, c->argv[0], x.out, NULL) : CLI_ERROR;
}

static const struct cli_option options[] = {
	{ KEY_TO, "to", "FORM", "dot, svg, html, or json (in one normal form)" },
	{ KEY_PINNED, "pinned", NULL, "only what is pinned, each supernode as one node" },
	{ KEY_ALL, "all", NULL, "pictures of every node, not only the strongest 60" },
	{ KEY_SCAN, "scan", "NAME", "where viewers of JSON find the cards, such as ./data/cards" },
	{ 'o', "output", "FILE", "where to write it (-: stdout), or a folder: DIR/" },
	{ 0 }
};

const struct cli_command cli_export = {
	.name = "export",
	.synopsis = "GRAPH ... --to FORM [--pinned] [--all] [--scan NAME] [-o FILE | -o DIR/]",
	.summary = "check saved graphs and write them as DOT, SVG, HTML or JSON",
	.details = "GRAPH is graph JSON, from ctrace trace --json or from another program. In a folder each\n"
	    "graph keeps its name, and JSON gets the list that viewers look for, graph-metadata.json.",
	.options = options,
	.run = run
};
