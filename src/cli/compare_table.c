/* compare_table: many prompts as a table: answers, and how active chosen features or groups are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/card.h"
#include "cli/compare.h"
#include "io/json_out.h"

enum { FORMAT = 1 };

/* A column: one feature, or all features whose labels fit. */
struct column {
	char name[200];
	bool group;
	int layer, feature;
	struct ct_query query;
	/* its share of influence, summed over the prompts whose graph has it */
	double sum;
};

struct table {
	const struct cli_compare *r;
	int n;
	struct column column[CLI_COMPARE_COLUMNS];
};

static bool
belongs(const struct table *t, const struct column *c, const struct ct_node *n)
{
	if (n->kind != CT_NODE_FEATURE)
		return false;
	if (c->group)
		return ct_engine_label_fits(t->r->ask.m.engine, n->layer, n->index, &c->query);
	return n->layer == c->layer && n->index == c->feature;
}

/*
 * The largest sum of the column's activations at one position of a prompt, and that position (-1: nowhere
 * active).
 */
static double
most(const struct table *t, const struct column *c, const struct ct_session *s, int *pos)
{
	const struct ct_graph *g = ct_session_graph(s);
	double *sum = calloc((size_t)g->T, sizeof *sum), best = 0;

	*pos = -1;
	for (int i = 0; sum && i < g->n_features; i++)
		if (belongs(t, c, &g->nodes[i]))
			sum[g->nodes[i].pos] += (double)g->nodes[i].activation;
	for (int i = 0; sum && i < g->T; i++)
		if (sum[i] > best) {
			best = sum[i];
			*pos = i;
		}
	if (!sum)
		best = NAN;
	free(sum);
	return best;
}

static int
exists(void *ctx, struct ct_engine *e, int layer, int feature, struct ct_error *err)
{
	(void)ctx;
	(void)e;
	(void)layer;
	(void)feature;
	(void)err;
	return CT_OK;
}

static int
read_column(struct table *t, const char *text, struct ct_error *err)
{
	struct column *c = &t->column[t->n];
	const struct ct_engine_info *info = ct_engine_info(t->r->ask.m.engine);
	char words[160], rest;

	*c = (struct column){ .layer = -1 };
	if (sscanf(text, "L%5d#%9d%c", &c->layer, &c->feature, &rest) == 2) {
		if (c->layer < 0 || c->layer >= info->L || c->feature < 0 || c->feature >= info->F)
			return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d in this transcoder", c->layer,
			    c->feature);
		ct_engine_label_short(t->r->ask.m.engine, c->layer, c->feature, words, sizeof words, NULL);
		snprintf(c->name, sizeof c->name, "%s%sL%d#%d", words, *words ? "  " : "", c->layer,
		    c->feature);
	} else {
		c->group = true;
		snprintf(c->name, sizeof c->name, "%s", text);
		if (ct_query_parse(&c->query, text, err) < 0 ||
		    cli_features_named(t->r->ask.m.engine, text, exists, NULL, err) < 0)
			return err->code;
	}
	t->n++;
	return CT_OK;
}

static int
by_sum(const void *x, const void *y)
{
	const struct column *a = x, *b = y;

	if (a->sum != b->sum)
		return a->sum > b->sum ? -1 : 1;
	return a->layer != b->layer ? (a->layer > b->layer) - (a->layer < b->layer) :
	    (a->feature > b->feature) - (a->feature < b->feature);
}

/* Adds a feature's share of its graph's influence to its column. */
static void
count(struct column *list, int *n, const struct ct_node *x, double share)
{
	for (int i = 0; i < *n; i++)
		if (list[i].layer == x->layer && list[i].feature == x->index) {
			list[i].sum += share;
			return;
		}
	list[(*n)++] = (struct column){ .layer = x->layer, .feature = x->index, .sum = share };
}

/* Chooses the features with the most influence in all prompts together. */
static int
choose_columns(struct table *t, struct ct_error *err)
{
	const struct cli_compare *r = t->r;
	struct ct_arena a = { 0 };
	struct column *list;
	size_t room = 1;
	int n = 0, code = CT_OK, want = r->ask.top < CLI_COMPARE_COLUMNS ? r->ask.top : CLI_COMPARE_COLUMNS;

	for (int p = 0; p < r->n; p++)
		room += (size_t)ct_session_graph(r->session[p])->n_features;
	if (!(list = ct_arena_need(&a, room, sizeof *list, "a table", err)))
		return CT_ENOMEM;
	for (int p = 0; p < r->n; p++) {
		const struct ct_graph *g = ct_session_graph(r->session[p]);

		for (int i = 0; i < g->n_features; i++)
			if (g->nodes[i].kept && g->influence > 0)
				count(list, &n, &g->nodes[i], ct_graph_influence_share(g, i));
	}
	qsort(list, (size_t)n, sizeof *list, by_sum);
	for (int i = 0; code == CT_OK && i < n && i < want; i++) {
		char text[32];

		snprintf(text, sizeof text, "L%d#%d", list[i].layer, list[i].feature);
		code = read_column(t, text, err);
	}
	ct_arena_free(&a);
	return code;
}

static void
show(const struct table *t)
{
	const struct cli_compare *r = t->r;
	char percent[16], column[160], short_name[16];
	struct ct_buffer b = { 0 };

	cli_model_line(r->ask.m.engine);
	for (int i = 0; i < t->n; i++)
		cli_line("%c  %s%s", 'A' + i, t->column[i].name, t->column[i].group ? "  (summed)" : "");
	cli_line("%s", "");
	for (int i = 0; i < t->n; i++)
		ct_buffer_printf(&b, " %6c", 'A' + i);
	cli_line("%-20s%s", "answer", b.lost ? "" : b.text ? b.text : "");
	ct_buffer_free(&b);
	for (int p = 0; p < r->n; p++) {
		struct ct_session *s = r->session[p];
		struct ct_top top = { .token = -1 };

		b = (struct ct_buffer){ 0 };
		ct_session_top(s, CT_RUN_ORIGINAL, ct_session_graph(s)->pos, &top, 1);
		for (int i = 0; i < t->n; i++) {
			int pos;
			double v = most(t, &t->column[i], s, &pos);

			snprintf(short_name, sizeof short_name, pos < 0 ? "." : "%.2f", v);
			ct_buffer_printf(&b, " %6s", short_name);
		}
		cli_line("%s %6s%s  %s", cli_column(column, sizeof column,
		    ct_engine_token(r->ask.m.engine, top.token), 13),
		    cli_percent(percent, (double)top.prob), b.lost ? "" : b.text ? b.text : "",
		    ct_session_text(s));
		ct_buffer_free(&b);
	}
}

static int
table_json(const struct table *t)
{
	const struct cli_compare *r = t->r;
	json_t *root = json_object(), *columns = json_array(), *rows = json_array();

	for (int i = 0; i < t->n; i++)
		json_array_append_new(columns, json_pack("{s:o, s:b}", "name",
		    ct_json_out_string(t->column[i].name), "group", t->column[i].group));
	for (int p = 0; p < r->n; p++) {
		struct ct_session *s = r->session[p];
		struct ct_top top = { .token = -1 };
		json_t *one = cli_prompt_json(s), *cells = json_array();

		ct_session_top(s, CT_RUN_ORIGINAL, ct_session_graph(s)->pos, &top, 1);
		for (int i = 0; i < t->n; i++) {
			int pos;
			double v = most(t, &t->column[i], s, &pos);

			json_array_append_new(cells, json_pack("{s:o, s:o}", "activation",
			    ct_json_out_number(v), "pos", pos < 0 ? json_null() : json_integer(pos)));
		}
		json_object_set_new(one, "answer", cli_token_json(r->ask.m.engine, top.token));
		json_object_set_new(one, "prob", ct_json_out_number((double)top.prob));
		json_object_set_new(one, "cells", cells);
		json_array_append_new(rows, one);
	}
	json_object_set_new(root, "columns", columns);
	json_object_set_new(root, "prompts", rows);
	return cli_json(r->ask.json, FORMAT, root);
}

int
cli_compare_table(const struct cli_compare *r)
{
	struct table t = { .r = r };
	struct ct_error err = { 0 };
	int code = CT_OK;

	for (int i = 0; code == CT_OK && i < r->n_columns; i++)
		code = read_column(&t, r->column[i], &err);
	if (code == CT_OK && !r->n_columns)
		code = choose_columns(&t, &err);
	if (code < 0)
		return cli_fail(&err);
	if (r->ask.json)
		return table_json(&t);
	show(&t);
	return CLI_OK;
}
