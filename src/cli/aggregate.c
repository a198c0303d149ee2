/* aggregate: `ctrace aggregate`: the features, groups and edges that recur over the prompts of batches. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/label.h"
#include "io/json.h"
#include "io/json_out.h"
#include "share/aggregate.h"

enum { FORMAT = 3 };			/* version of this command's JSON */
enum { KEY_TOP = CLI_LONG, KEY_MIN, KEY_GROUPS, KEY_ABOUT, KEY_LABELS };

struct options {
	int top, min;
	const char *json;
};

static int
add_file(struct ct_aggregate *a, const char *path, struct cli_progress *progress, struct ct_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "re");
	const char *where = standard ? "standard input" : path;
	char *text = NULL;
	size_t room = 0;
	struct stat st;
	ssize_t n;
	int code = CT_OK;

	if (!f)
		return ct_fail(err, CT_EIO, "cannot open %s: %s", path, strerror(errno));
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode))
		code = ct_fail(err, CT_EIO, "%s is a directory: expected files of "
		    "ctrace trace --batch; name each file", path);
	for (long number = 1; code == CT_OK && (n = getline(&text, &room, f)) >= 0; number++) {
		json_t *line;

		/* The last line of a batch that still runs, or that was killed, has no newline. */
		if (n == 0 || text[n - 1] != '\n') {
			code = ct_fail(err, CT_EFORMAT, "%s:%ld: the line is cut off: run its batch again to "
			    "go on", where, number);
			break;
		}
		code = ct_json_parse(&line, where, text, (size_t)n, err);
		if (code < 0)
			code = ct_fail(err, CT_EFORMAT, "%s:%ld: expected a line of ctrace trace --batch",
			    where, number);
		else
			code = ct_aggregate_add(a, line, where, number, err);
		json_decref(line);
		if (code == CT_OK && !cli_progress(progress, "prompts", a->prompts, 0))
			code = ct_fail(err, CT_ECANCELLED, "interrupted");
	}
	if (code == CT_OK && ferror(f))
		code = ct_fail(err, CT_EIO, "%s: %s", where, strerror(errno));
	free(text);
	if (!standard)
		fclose(f);
	return code;
}

static int
by_nodes(const void *left, const void *right)
{
	const struct ct_recurring_node *x = *(struct ct_recurring_node *const *)left;
	const struct ct_recurring_node *y = *(struct ct_recurring_node *const *)right;

	if (x->influence.n != y->influence.n)
		return x->influence.n > y->influence.n ? -1 : 1;
	if (x->influence.mean != y->influence.mean)
		return x->influence.mean > y->influence.mean ? -1 : 1;
	return x->is.layer != y->is.layer ? x->is.layer - y->is.layer : x->is.feature - y->is.feature;
}

static int
by_edges(const void *left, const void *right)
{
	const struct ct_recurring_edge *x = *(struct ct_recurring_edge *const *)left;
	const struct ct_recurring_edge *y = *(struct ct_recurring_edge *const *)right;

	if (x->weight.n != y->weight.n)
		return x->weight.n > y->weight.n ? -1 : 1;
	if (fabs(x->weight.mean) != fabs(y->weight.mean))
		return fabs(x->weight.mean) > fabs(y->weight.mean) ? -1 : 1;
	return x->source != y->source ? x->source - y->source : x->target - y->target;
}

struct rows {
	const struct ct_recurring_node **nodes;
	const struct ct_recurring_edge **edges;
	size_t n_nodes, n_edges;
	size_t n_features;		/* features that occur in at least one prompt */
};

static int
select_rows(struct rows *r, const struct ct_aggregate *a, int min, struct ct_error *err)
{
	*r = (struct rows){ .nodes = calloc((size_t)a->n_nodes + 1, sizeof *r->nodes),
		.edges = calloc(a->n_edges + 1, sizeof *r->edges) };
	if (!r->nodes || !r->edges)
		return ct_fail_memory(err, (a->n_edges + (size_t)a->n_nodes) * sizeof *r->nodes,
		    "what recurs");
	for (int i = 0; i < a->n_nodes; i++) {
		bool is = a->nodes[i].is.listed;

		r->n_features += is;
		if (is && a->nodes[i].influence.n >= min)
			r->nodes[r->n_nodes++] = &a->nodes[i];
	}
	for (size_t i = 0; i < a->n_edges; i++)
		if (a->edges[i].weight.n >= min)
			r->edges[r->n_edges++] = &a->edges[i];
	qsort(r->nodes, r->n_nodes, sizeof *r->nodes, by_nodes);
	qsort(r->edges, r->n_edges, sizeof *r->edges, by_edges);
	return CT_OK;
}

/*
 * "+1.25 ±0.03"; format -: "+12.50% ±0.03"; format %: "12.50% ±0.03". The spread is left out where only
 * one prompt has a value, and both are – where none has.
 */
static void
spread(char *dst, size_t size, const char *fmt, const struct ct_stat *s, double scale)
{
	char mean[32], sd[32] = "";

	if (s->known == 0) {
		snprintf(dst, size, "–");
		return;
	}
	snprintf(mean, sizeof mean, *fmt == '+' ? "%+.3f" : *fmt == '-' ? "%+.2f%%" : "%.2f%%",
	    scale * s->mean);
	if (s->known > 1)
		snprintf(sd, sizeof sd, *fmt == '+' ? " ±%.3f" : " ±%.2f", scale * ct_stat_sd(s));
	snprintf(dst, size, "%s%s", mean, sd);
}

/*
 * "absent in lines 4, 7": the prompts without this node or edge, if these are few; "" if none lacks it or if
 * most do.
 */
static const char *
absent(char *dst, size_t size, const struct ct_aggregate *a, const struct ct_stat *s,
    const struct ct_gaps *gaps, long last)
{
	enum { SHOWN = 4 };
	long line[SHOWN];
	int n = 2 * s->n > a->prompts ? ct_aggregate_absent(a, gaps, last, line, SHOWN) : 0, at = 0;

	dst[0] = '\0';
	for (int i = 0; i < n && at >= 0 && (size_t)at < size; i++)
		at += snprintf(dst + at, size - (size_t)at, "%s%ld", i ? ", " : n == 1 ? "  absent in line " :
		    "  absent in lines ", line[i]);
	if (n > 0 && (size_t)at < size && a->prompts - s->n > n)
		snprintf(dst + at, size - (size_t)at, ", ...");
	return dst;
}

static void
show_rest(size_t n, int top)
{
	if (n > (size_t)top)
		cli_line("  ... %zu more", n - (size_t)top);
}

/* A node's name, filled to at least pad columns, and its label; both within `cols` columns. */
static const char *
named(char *dst, size_t size, const struct ct_recurring_node *n, int pad, int cols)
{
	char text[2600], label[400];

	ct_label_short(label, sizeof label, n->label);
	snprintf(text, sizeof text, "%-*.1200s %s", pad, n->name, label);
	return cli_column(dst, size, text, cols);
}

static void
show(const struct ct_aggregate *a, const struct rows *r, const struct options *o)
{
	char column[300], target[300], value[80], share[16], lines[120], failed[48] = "";
	const char *things = a->by == CT_BY_FEATURE ? "features" : "groups";
	double all = (double)a->prompts;
	int width = ct_aggregate_groups(a->by) ? 30 : 20;	/* classes are long */

	if (a->failed)
		snprintf(failed, sizeof failed, ", without %ld that failed", a->failed);
	cli_line("%ld prompt%s of %s %s%s", a->prompts, a->prompts == 1 ? "" : "s", a->model, a->transcoder,
	    failed);
	cli_line("%s in at least %d prompt%s: %zu of %zu", things, o->min, o->min == 1 ? "" : "s", r->n_nodes,
	    r->n_features);
	for (size_t i = 0; i < r->n_nodes && i < (size_t)o->top; i++) {
		const struct ct_recurring_node *n = r->nodes[i];

		spread(value, sizeof value, "%", &n->influence, 100);
		absent(lines, sizeof lines, a, &n->influence, &n->gaps, n->prompt);
		cli_line("  %s %6ld %6s  influence %s%s", named(column, sizeof column, n, 9, 44),
		    n->influence.n, cli_percent(share, (double)n->influence.n / all), value, lines);
	}
	show_rest(r->n_nodes, o->top);
	cli_line("edges in at least %d prompt%s: %zu of %zu", o->min, o->min == 1 ? "" : "s", r->n_edges,
	    a->n_edges);
	for (size_t i = 0; i < r->n_edges && i < (size_t)o->top; i++) {
		const struct ct_recurring_edge *e = r->edges[i];

		if (ct_aggregate_groups(a->by))
			spread(value, sizeof value, "-", &e->share, 100);
		else
			spread(value, sizeof value, "+", &e->weight, 1);
		absent(lines, sizeof lines, a, &e->weight, &e->gaps, e->prompt);
		cli_line("  %s -> %s %6ld %6s  %s%s%s",
		    named(column, sizeof column, &a->nodes[e->source], 0, width),
		    named(target, sizeof target, &a->nodes[e->target], 0, width), e->weight.n,
		    cli_percent(share, (double)e->weight.n / all), ct_aggregate_groups(a->by) ? "share " : "",
		    value, lines);
	}
	show_rest(r->n_edges, o->top);
}

static json_t *
stat_json(const struct ct_stat *s)
{
	return json_pack("{s:o, s:o}", "mean", ct_json_out_number(ct_stat_mean(s)), "sd",
	    ct_json_out_number(ct_stat_sd(s)));
}

/* The number of a layer or feature; a group by label has none. */
static json_t *
number_json(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

/* The lines of prompts without this node or edge, as far as they are known. */
static json_t *
absent_json(const struct ct_aggregate *a, const struct ct_gaps *gaps, long last)
{
	int most = ct_aggregate_groups(a->by) && a->prompts < INT_MAX ? (int)a->prompts : 100, n;
	long *line = malloc((size_t)most * sizeof *line);
	json_t *list = json_array();

	if (!line) {
		json_decref(list);
		return json_null();
	}
	n = ct_aggregate_absent(a, gaps, last, line, most);
	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_integer(line[i]));
	free(line);
	return list;
}

static json_t *
node_json(const struct ct_aggregate *a, const struct ct_recurring_node *n)
{
	json_t *row = json_object();

	json_object_set_new(row, "node", ct_json_out_string(n->name));
	if (!ct_aggregate_groups(a->by)) {
		json_object_set_new(row, "layer", number_json(n->is.layer));
		json_object_set_new(row, "feature", number_json(n->is.feature));
		json_object_set_new(row, "label", ct_json_out_string(n->label));
		json_object_set_new(row, "activation", stat_json(&n->activation));
	}
	json_object_set_new(row, "prompts", json_integer(n->influence.n));
	json_object_set_new(row, "share", ct_json_out_number((double)n->influence.n / (double)a->prompts));
	json_object_set_new(row, "influence", stat_json(&n->influence));
	json_object_set_new(row, "absent", absent_json(a, &n->gaps, n->prompt));
	return row;
}

static json_t *
edge_json(const struct ct_aggregate *a, const struct ct_recurring_edge *e)
{
	json_t *row = json_object();

	json_object_set_new(row, "source", ct_json_out_string(a->nodes[e->source].name));
	json_object_set_new(row, "target", ct_json_out_string(a->nodes[e->target].name));
	json_object_set_new(row, "prompts", json_integer(e->weight.n));
	json_object_set_new(row, "share", ct_json_out_number((double)e->weight.n / (double)a->prompts));
	json_object_set_new(row, "weight", stat_json(&e->weight));
	if (ct_aggregate_groups(a->by))
		json_object_set_new(row, "inflow", stat_json(&e->share));
	json_object_set_new(row, "absent", absent_json(a, &e->gaps, e->prompt));
	return row;
}

static json_t *
rows_json(const struct ct_aggregate *a, const struct rows *r, const struct options *o)
{
	json_t *nodes = json_array(), *edges = json_array();

	for (size_t i = 0; i < r->n_nodes && i < (size_t)o->top; i++)
		json_array_append_new(nodes, node_json(a, r->nodes[i]));
	for (size_t i = 0; i < r->n_edges && i < (size_t)o->top; i++)
		json_array_append_new(edges, edge_json(a, r->edges[i]));
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "prompts", (json_int_t)a->prompts, "failed",
	    (json_int_t)a->failed, "model", ct_json_out_string(a->model), "transcoder",
	    ct_json_out_string(a->transcoder),
	    a->by == CT_BY_FEATURE ? "features" : "groups", nodes, "edges", edges);
}

static int
report(const struct ct_aggregate *a, const struct options *o, struct ct_error *err)
{
	struct rows r;
	int status = CLI_OK, code = select_rows(&r, a, o->min, err);

	if (code == CT_OK && o->json)
		status = cli_json(o->json, FORMAT, rows_json(a, &r, o));
	else if (code == CT_OK)
		show(a, &r, o);
	if (code == CT_OK && status == CLI_OK && r.n_nodes + r.n_edges == 0)
		status = CLI_NOTHING;
	free(r.nodes);
	free(r.edges);
	return code < 0 ? cli_fail(err) : status;
}

/*
 * Whether two files have the same bytes. A file that cannot be read counts as different: the error comes when
 * its lines are read.
 */
static bool
same_bytes(const char *a, const char *b)
{
	FILE *f = fopen(a, "re"), *g = fopen(b, "re");
	bool same = f && g;
	int x = 0;

	while (same && x != EOF) {
		x = getc(f);
		same = x == getc(g);
	}
	same = same && !ferror(f) && !ferror(g);
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return same;
}

/* The index of an earlier operand that is the same file or has the same bytes; or -1. */
static int
given_before(char **files, int at)
{
	struct stat mine, other;

	for (int i = 0; i < at; i++) {
		if (strcmp(files[i], files[at]) == 0)
			return i;
		if (stat(files[at], &mine) != 0 || !S_ISREG(mine.st_mode) || stat(files[i], &other) != 0 ||
		    !S_ISREG(other.st_mode) || mine.st_size != other.st_size)
			continue;
		if ((mine.st_ino == other.st_ino && mine.st_dev == other.st_dev) ||
		    same_bytes(files[i], files[at]))
			return i;
	}
	return -1;
}

static int
run(struct cli *c)
{
	struct options o = { .top = 20, .min = 2 };
	struct cli_progress progress = { 0 };
	struct ct_error err = { 0 };
	struct ct_aggregate a;
	const char *value;
	bool given = false, groups = false, about = false, labels = false;
	int key, status, code;

	while ((key = cli_next(c, &value)) > 0) {
		int bad = 0;

		switch (key) {
		case KEY_TOP:
			bad = cli_int(value, "--top", 1, INT_MAX, &o.top);
			given = true;
			break;
		case KEY_MIN: bad = cli_int(value, "--min", 1, INT_MAX, &o.min); break;
		case KEY_GROUPS: groups = true; break;
		case KEY_ABOUT: about = true; break;
		case KEY_LABELS: labels = true; break;
		case CLI_JSON: o.json = value; break;
		}
		if (bad)
			return CLI_ERROR;
	}
	if (key < 0)
		return c->status;
	if (c->argc == 0) {
		cli_error("expected files of ctrace trace --batch, or - for standard input");
		return CLI_ERROR;
	}
	if ((groups || about) && labels) {
		cli_error("--groups and --about count the groups of the lines, --labels makes groups of "
		    "labels: leave out one");
		return CLI_ERROR;
	}
	if (o.json && !given)
		o.top = INT_MAX;
	code = ct_aggregate_init(&a, &err);
	a.by = about ? CT_BY_VALUE : groups ? CT_BY_GROUP : labels ? CT_BY_LABEL : CT_BY_FEATURE;
	for (int i = 0; code == CT_OK && i < c->argc; i++) {
		int before = given_before(c->argv, i);

		code = before < 0 ? add_file(&a, c->argv[i], &progress, &err)
		    : ct_fail(&err, CT_EINVAL, "%s: this file is given twice, also as %s: its prompts "
		    "would count twice", c->argv[i], c->argv[before]);
	}
	cli_progress_end(&progress);
	if (code == CT_OK && a.prompts == 0)
		code = ct_fail(&err, CT_ENOTFOUND, "no graph in these files: %ld prompts failed", a.failed);
	status = code < 0 ? cli_fail(&err) : report(&a, &o, &err);
	ct_aggregate_free(&a);
	return status;
}

static const struct cli_option options[] = {
	{ KEY_TOP, "top", "N", "rows of each table (20; with --json all)" },
	{ KEY_MIN, "min", "N", "only what occurs in at least N prompts (2)" },
	{ KEY_GROUPS, "groups", NULL, "count the groups of trace --batch --groups, and their edges" },
	{ KEY_ABOUT, "about", NULL, "the same, matching groups by the kind of value they are about" },
	{ KEY_LABELS, "labels", NULL, "count features that have the same label as one group" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_aggregate = {
	.name = "aggregate",
	.synopsis = "[--top N] [--min N] [--groups | --about | --labels] [--json FILE] FILE...",
	.summary = "which features, groups and edges recur over many traced prompts",
	.details = "FILEs are what ctrace trace --batch writes; - is standard input. A feature counts once "
	    "for each\n"
	    "prompt, wherever it is active, and so does an edge. Exit status 1: nothing recurs.",
	.options = options,
	.run = run
};
