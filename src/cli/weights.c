/*
 * weights: what `ctrace features --weights FEATURE` shows: what a feature reads and writes in every prompt.
 */
#include "cli/card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/json_out.h"

enum { FORMAT = 1 };			/* version of this command's JSON */
enum { ROWS = 10, TOKENS = 6, JSON_ROWS = 100 };

/* The tokens whose values are most standard deviations above the mean. */
static void
show_tokens(const struct ct_engine *e, const char *what, const float *x)
{
	struct ct_outstanding top[TOKENS];
	int n = ct_weights_outstanding(ct_engine_info(e)->V, x, top, TOKENS);
	char line[512];
	size_t used = (size_t)snprintf(line, sizeof line, "%s", what);

	for (int i = 0; i < n && used < sizeof line; i++)
		used += (size_t)snprintf(line + used, sizeof line - used, "  %s %.1f",
		    ct_engine_token(e, top[i].token), (double)top[i].deviations);
	cli_line("%s", line);
}

static void
show_rows(const struct ct_engine *e, const char *what, const struct ct_weight_row *rows, int n)
{
	char label[120], text[200], p[16], adds[16] = "";

	cli_line("%s", "");
	cli_line("%9s %9s %9s  %s", "adds", "weight", "together", what);
	for (int i = 0; i < n && i < ROWS; i++) {
		const struct ct_weight_row *r = &rows[i];

		ct_engine_label_short(e, r->layer, r->feature, label, sizeof label, NULL);
		snprintf(text, sizeof text, "%s%sL%d#%d", label, *label ? "  " : "", r->layer, r->feature);
		if (!isnan(r->adds))
			snprintf(adds, sizeof adds, "%+.3f", r->adds);
		cli_line("%9s %+9.3f %9s  %s", adds, r->weight, isnan(r->together) ? "" :
		    cli_percent(p, r->together), text);
	}
	if (n > ROWS)
		cli_line("... %d more", n - ROWS);
}

static void
show(const struct ct_engine *e, const struct ct_feature_weights *w)
{
	const struct ct_weights *all = &w->all;
	char label[120];

	ct_engine_label_short(e, all->layer, all->feature, label, sizeof label, NULL);
	cli_line("L%d#%d  %s", all->layer, all->feature, *label ? label : "no label");
	show_tokens(e, "reads ", all->read);
	show_tokens(e, "writes", all->written);
	if (w->counted)
		cli_line("active on %ld tokens of the corpus", w->n_active);
	show_rows(e, "from", w->in, w->n_in);
	show_rows(e, "to", w->out, w->n_out);
	cli_line("%s", "");
	if (!isnan(w->mean))
		cli_line("where it is active: %+.3f = lower features %+.3f, its word %+.3f, bias %+.3f, "
		    "the rest %+.3f", w->mean, w->from_features, w->from_word, (double)all->bias, w->rest);
	cli_line("at one token, through the residual stream; left out: attention%s", all->exact ? "" :
	    " and the scales of norms");
}

static json_t *
tokens_json(const struct ct_engine *e, const float *x)
{
	struct ct_outstanding top[TOKENS];
	int n = ct_weights_outstanding(ct_engine_info(e)->V, x, top, TOKENS);
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:o, s:o}", "token",
		    cli_token_json(e, top[i].token), "z", ct_json_out_number((double)top[i].deviations)));
	return list;
}

static json_t *
rows_json(const struct ct_engine *e, const struct ct_weight_row *rows, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n && i < JSON_ROWS; i++) {
		char name[40];

		snprintf(name, sizeof name, "L%d#%d", rows[i].layer, rows[i].feature);
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "feature",
		    ct_json_out_string(name), "label",
		    ct_json_out_string(ct_engine_label(e, rows[i].layer, rows[i].feature)),
		    "weight", ct_json_out_number(rows[i].weight), "together",
		    ct_json_out_number(rows[i].together), "adds", ct_json_out_number(rows[i].adds)));
	}
	return list;
}

static json_t *
feature_json(const struct ct_engine *e, const struct ct_feature_weights *w)
{
	json_t *one = json_object();
	char name[40];

	snprintf(name, sizeof name, "L%d#%d", w->all.layer, w->all.feature);
	json_object_set_new(one, "feature", ct_json_out_string(name));
	json_object_set_new(one, "label",
	    ct_json_out_string(ct_engine_label(e, w->all.layer, w->all.feature)));
	json_object_set_new(one, "active_tokens", w->counted ? json_integer(w->n_active) :
	    json_null());
	json_object_set_new(one, "reads", tokens_json(e, w->all.read));
	json_object_set_new(one, "writes", tokens_json(e, w->all.written));
	json_object_set_new(one, "from", rows_json(e, w->in, w->n_in));
	json_object_set_new(one, "to", rows_json(e, w->out, w->n_out));
	json_object_set_new(one, "mean", json_pack("{s:o, s:o, s:o, s:o, s:o}",
	    "preactivation", ct_json_out_number(w->mean), "features", ct_json_out_number(w->from_features),
	    "word", ct_json_out_number(w->from_word), "bias", ct_json_out_number((double)w->all.bias),
	    "rest", ct_json_out_number(w->rest)));
	json_object_set_new(one, "norm_scales", json_boolean(w->all.exact));
	return one;
}

/* Where results go: into the list, or as text if that is NULL. */
struct shown {
	json_t *list;
	int n;
};

static int
take_weights(void *ctx, struct ct_engine *e, int layer, int feature, struct ct_error *err)
{
	struct shown *to = ctx;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_arena arena = { 0 };
	struct ct_feature_weights w;
	int code = ct_engine_weights(e, layer, feature, &w, &arena, &job, err);

	cli_progress_end(&progress);
	if (code == CT_OK) {
		if (to->list)
			json_array_append_new(to->list, feature_json(e, &w));
		else {
			if (to->n)
				cli_line("%s", "");
			show(e, &w);
		}
		to->n++;
	}
	ct_arena_free(&arena);
	return code;
}

int
cli_weights(struct cli_model *m, char **names, int n_names, const char *json)
{
	struct ct_error err = { 0 };
	json_t *root, *list = json ? json_array() : NULL;
	struct shown to = { .list = list };
	int code = cli_model_open(m, NULL, &err), status;

	for (int i = 0; code == CT_OK && i < n_names; i++)
		code = cli_features_named(m->engine, names[i], take_weights, &to, &err);
	status = code == CT_OK ? CLI_OK : cli_fail(&err);
	if (json && code == CT_OK) {
		root = json_object();
		json_object_set_new(root, "model", ct_json_out_string(ct_engine_info(m->engine)->name));
		json_object_set(root, "features", list);
		status = cli_json(json, FORMAT, root);
	}
	json_decref(list);
	cli_model_close(m);
	return status;
}
