/* export: `ctrace export`: saved graphs, checked and written in another form. The forms are in share/. */
#include "base/buffer.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "share/formats.h"
#include "share/graph_file.h"
#include "share/graph_folder.h"

enum { KEY_TO = CLI_LONG, KEY_PINNED, KEY_ALL, KEY_SCAN };

struct export {
	const char *to;			/* the form */
	bool pinned, all;
	const char *scan;		/* in place of the graph's; NULL: none */
	const char *out;		/* file, "-", or the folder */
	struct ct_graph_folder *list;	/* of the graphs in the folder, to write anew; NULL: none is kept */
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

/* Writes one graph to `out`; with a slug under this name, and into the list if there is one. */
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

/* The name of a graph in a folder, freed by the caller: that of its file without ".json". */
static char *
slug_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	return strndup(name, n > 5 && strcmp(name + n - 5, ".json") == 0 ? n - 5 : n);
}

/* The names of all graphs; of two with one name the second would replace the first. */
static int
name_graphs(const struct cli *c, char **slugs)
{
	for (int i = 0; i < c->argc; i++) {
		slugs[i] = slug_of(c->argv[i]);
		for (int k = 0; slugs[i] && k < i; k++)
			if (strcmp(slugs[i], slugs[k]) == 0) {
				cli_error("%s and %s would be one file of the folder: rename one", c->argv[k],
				    c->argv[i]);
				return CLI_ERROR;
			}
		if (!slugs[i]) {
			cli_error("out of memory for the names of %d graphs", c->argc);
			return CLI_ERROR;
		}
	}
	return CLI_OK;
}

/* One graph as NAME.FORM of the folder. The list of the folder may be named among them: it is none. */
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

/* After a failure, too, the list has what was written. */
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
