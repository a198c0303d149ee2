/* eval: `ctrace eval`: every figure of a model and its transcoders, over its corpus. */
#include "cli/cli.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/corpus_context.h"
#include "eval/control.h"
#include "eval/eval.h"
#include "io/json_out.h"

enum { FORMAT = 2 };			/* version of this command's JSON */
enum {
	KEY_CORPUS = CLI_LONG, KEY_PROMPTS, KEY_SWAPS, KEY_VALIDATION, KEY_CONTROL, KEY_NEURONS
};

/* "0.987", or "-" where there is nothing to measure. */
static const char *
figure(char *buf, size_t size, double x)
{
	if (!isfinite(x))
		return "-";
	snprintf(buf, size, "%.3f", x);
	return buf;
}

static void
row(const char *name, const double *values, int n)
{
	char line[512], cell[32];
	int i, used = snprintf(line, sizeof line, "  %-36s", name);

	for (i = 0; i < n && used < (int)sizeof line; i++)
		used += snprintf(
		    line + used, sizeof line - (size_t)used, " %7s", figure(cell, sizeof cell, values[i]));
	cli_line("%s", line);
}

static void
layer_rows(const struct ct_fidelity *f)
{
	static const char *const names[] = {"explained variance", "active features per token (L0)",
	    "never active", "active on more than 10 %"};
	double *values = calloc((size_t)f->L + 1, sizeof *values);
	int k, l;

	if (!values) {
		cli_line("  out of memory");
		return;
	}
	for (k = 0; k < 4; k++) {
		for (l = 0; l < f->L; l++) {
			const struct ct_fidelity_layer *x = &f->layers[l];

			const double all[4] = { x->explained_variance, x->l0, x->dead, x->dense };

			values[l] = all[k];
		}
		values[f->L] = k == 1 ? f->l0_mean : f->dead;
		row(names[k], values, k == 1 || k == 2 ? f->L + 1 : f->L);
	}
	free(values);
}

static void
graph_rows(const struct ct_graph_figures *g)
{
	char title[64];

	cli_line(" graphs of %d held-out prompts", g->n);
	row("replacement score", &g->replacement, 1);
	row("completeness score", &g->completeness, 1);
	row("nodes with .8 of the influence", &g->nodes, 1);
	row("features of the pruned graph", &g->features, 1);
	row("influence against ablation (rank)", &g->spearman, 1);
	cli_line("  %-36s %7d", "prompts with ranks", g->n_ranked);
	cli_line("  %-36s %7.1e (edges)  %.1e (logits)", "worst self-check", g->max_edge_residual,
	    g->max_logit_error);
	row("answer from words, features, errors", g->direct_net, CT_DIRECT_SOURCES);
	row("  the same by the size of edges", g->direct_absolute, CT_DIRECT_SOURCES);
	row("first ten features: label F1 >= .8", &g->first_named, 1);
	row("  of how many a graph has, up to ten", &g->first_rows, 1);
	row("lead lost without the pruned graph", &g->necessity, 1);
	row("  without as many random others", &g->random_necessity, 1);
	row("lead left with nothing else", &g->sufficiency, 1);
	row("  with as many random others alone", &g->random_sufficiency, 1);
	snprintf(title, sizeof title, "prompts that lead by %g or more", CT_LEAST_LEAD);
	cli_line("  %-36s %7d", title, g->n_lead);
	row("kept features shared by like prompts", &g->stability, 1);
}

static void
show(const struct cli_transcoder *transcoder, const struct ct_eval *e)
{
	const struct ct_fidelity *f = e->fidelity;
	const struct ct_eval_labels *labels = &e->labels;
	char title[64];
	int i;

	cli_line("%s  %s", cli_transcoder_kind(transcoder), transcoder->dir);
	snprintf(title, sizeof title, "held out: %d answers", f->n_answers);
	cli_line(" %s", title);
	row("accuracy of the model", &f->accuracy, 1);
	row("replacement model: top-1 agreement", &f->top1_agreement, 1);
	row("KL at answers", &f->kl, 1);
	row("KL at all positions", &f->kl_all, 1);
	cli_line(" layers 0 to %d, then all", f->L - 1);
	layer_rows(f);
	graph_rows(&e->graphs);
	if (e->hidden.n > 0) {
		cli_line(" the hidden variable's features ablated, in %d sentences", e->hidden.n);
		row("answer's probability before", &e->hidden.before, 1);
		row("answer's probability left", &e->hidden.left, 1);
		row("features ablated, mean", &e->hidden.features, 1);
	}
	if (e->groups.n > 0) {
		cli_line(" groups by the program, in %d sentences with a hidden variable", e->groups.n);
		row("a group for the hidden variable", &e->groups.found, 1);
		row("features in it, mean", &e->groups.features, 1);
		snprintf(title, sizeof title, "its swap gives the other answer (%d)", e->groups.n_swaps);
		row(title, &e->groups.given, 1);
		row("or at least another one", &e->groups.changed, 1);
	}
	if (e->n_causal > 0)
		cli_line(" causal tests, shares of %d", e->causal[0].n);
	for (i = 0; i < e->n_causal; i++)
		row(e->causal[i].name, &e->causal[i].share, 1);
	cli_line(" labels of %ld features", labels->features);
	cli_line("  never active %ld   F1 >= .9 %ld   F1 >= .5 %ld   mixed %ld", labels->dead, labels->sure,
	    labels->named, labels->features - labels->dead - labels->named);
	if (labels->values > 0)
		cli_line(
		    "  %d of %d values have a bridge feature of F1 >= .9", labels->bridges, labels->values);
}

static json_t *
layers_json(const struct ct_fidelity *f)
{
	json_t *list = json_array();
	int l;

	for (l = 0; l < f->L; l++) {
		const struct ct_fidelity_layer *x = &f->layers[l];

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}",
		    "explained_variance", ct_json_out_number(x->explained_variance),
		    "l0", ct_json_out_number(x->l0),
		    "dead", ct_json_out_number(x->dead),
		    "dense", ct_json_out_number(x->dense)));
	}
	return list;
}

static json_t *
causal_json(const struct ct_eval *e)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < e->n_causal; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:i}",
		    "name", ct_json_out_string(e->causal[i].name),
		    "share", ct_json_out_number(e->causal[i].share),
		    "n", e->causal[i].n));
	return list;
}

static json_t *
labels_json(const struct ct_eval_labels *l)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:i, s:i}",
	    "features", (json_int_t)l->features,
	    "dead", (json_int_t)l->dead,
	    "f1_90", (json_int_t)l->sure,
	    "f1_50", (json_int_t)l->named,
	    "mixed", (json_int_t)(l->features - l->dead - l->named),
	    "bridges", l->bridges,
	    "bridge_values", l->values);
}

/* words, features and errors, in the order of enum ct_direct_source */
static json_t *
split_json(const double *share)
{
	json_t *split = json_object();

	for (int i = 0; i < CT_DIRECT_SOURCES; i++)
		json_object_set_new(split, ct_direct_name((enum ct_direct_source)i),
		    ct_json_out_number(share[i]));
	return split;
}

static json_t *
hidden_json(const struct ct_hidden_figures *h)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}",
	    "n", h->n,
	    "before", ct_json_out_number(h->before),
	    "left", ct_json_out_number(h->left),
	    "kept", ct_json_out_number(h->kept),
	    "features", ct_json_out_number(h->features),
	    "none", ct_json_out_number(h->none));
}

static json_t *
groups_json(const struct ct_group_swap_figures *g)
{
	return json_pack("{s:i, s:o, s:o, s:i, s:o, s:o}",
	    "n", g->n,
	    "found", ct_json_out_number(g->found),
	    "features", ct_json_out_number(g->features),
	    "swaps", g->n_swaps,
	    "given", ct_json_out_number(g->given),
	    "changed", ct_json_out_number(g->changed));
}

static json_t *
circuit_json(const struct ct_graph_figures *g)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:i, s:o, s:o}",
	    "nodes", ct_json_out_number(g->nodes),
	    "features", ct_json_out_number(g->features),
	    "necessity", ct_json_out_number(g->necessity),
	    "sufficiency", ct_json_out_number(g->sufficiency),
	    "random_necessity", ct_json_out_number(g->random_necessity),
	    "random_sufficiency", ct_json_out_number(g->random_sufficiency),
	    "n", g->n_lead,
	    "stability", ct_json_out_number(g->stability),
	    "n_alike", g->n_alike,
	    "first_rows", ct_json_out_number(g->first_rows),
	    "first_named", ct_json_out_number(g->first_named));
}

/* What graphs say, whatever their features are. */
static json_t *
graphs_json(const struct ct_graph_figures *g)
{
	return json_pack("{s:{s:o, s:o, s:i}, s:{s:o, s:i}, s:{s:o, s:o}, s:{s:o, s:o, s:i}, s:o}",
	    "scores",
	    "replacement", ct_json_out_number(g->replacement),
	    "completeness", ct_json_out_number(g->completeness),
	    "n", g->n,
	    "faithfulness",
	    "spearman", ct_json_out_number(g->spearman),
	    "n", g->n_ranked,
	    "self_check",
	    "max_edge_residual", ct_json_out_number(g->max_edge_residual),
	    "max_logit_error", ct_json_out_number(g->max_logit_error),
	    "direct",
	    "net", split_json(g->direct_net),
	    "absolute", split_json(g->direct_absolute),
	    "n", g->n_split,
	    "circuit", circuit_json(g));
}

static json_t *
transcoder_json(const struct ct_eval *e)
{
	const struct ct_fidelity *f = e->fidelity;
	json_t *all = graphs_json(&e->graphs);

	json_object_update_new(all, json_pack("{s:{s:o, s:o, s:o, s:o, s:i}, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "heldout",
	    "accuracy", ct_json_out_number(f->accuracy),
	    "top1_agreement", ct_json_out_number(f->top1_agreement),
	    "kl", ct_json_out_number(f->kl),
	    "kl_all", ct_json_out_number(f->kl_all),
	    "n", f->n_answers,
	    "layers", layers_json(f),
	    "l0_mean", ct_json_out_number(f->l0_mean),
	    "dead", ct_json_out_number(f->dead),
	    "causal", causal_json(e),
	    "labels", labels_json(&e->labels),
	    "hidden", hidden_json(&e->hidden)));
	json_object_set_new(all, "groups", groups_json(&e->groups));
	return all;
}

/* The sentences whose figures are reported, or with --validation those that settings are chosen by. */
static int
choose_sentences(struct ct_corpus *c, bool validation, struct ct_error *err)
{
	if (validation && !ct_corpus_has_validation(c))
		return ct_fail(err, CT_EINVAL, "no sentence is set apart for validation; give "
		    "`hold_out:` of the recipe a share, `validation: 0.4`");
	ct_corpus_grade(c, validation);
	return CT_OK;
}

/* Measures one transcoder: writes the figures under a title, or if root is given, as JSON under a key. */
static int
evaluate_one(const struct cli_corpus_context *context, const struct cli_transcoder *t,
    const struct ct_eval_options *opt, json_t *root, const char *key, struct ct_error *err)
{
	struct cli_progress progress = { 0 };
	struct ct_eval *e;
	int code = ct_eval_run(&e, context->model, t->tc, context->corpus, opt,
	    &(struct ct_job){ context->pool, cli_progress, &progress }, err);

	cli_progress_end(&progress);
	if (code != CT_OK)
		return code;
	if (root)
		json_object_set_new(root, key, transcoder_json(e));
	else
		show(t, e);
	ct_eval_free(e);
	return CT_OK;
}

/*
 * The same figures for a transcoder with random encoders: what figures a transcoder gets whose features mean
 * nothing.
 */
static int
evaluate_control(const struct cli_corpus_context *context, const struct cli_transcoder *t,
    const struct ct_eval_options *opt, json_t *root, const char *key, struct ct_error *err)
{
	struct cli_transcoder control = { .dir = "control: random encoders, fitted decoders" };
	struct cli_progress progress = { 0 };
	int code = ct_control_build(&control.tc, t->tc, context->model, context->corpus,
	    &(struct ct_job){ context->pool, cli_progress, &progress }, err);

	cli_progress_end(&progress);
	if (code != CT_OK)
		return code;
	code = evaluate_one(context, &control, opt, root, key, err);
	ct_transcoder_close(control.tc);
	return code;
}

/*
 * Measures graphs whose features are the model's own neurons. These replace no MLP and have no labels, so the
 * other figures are absent.
 */
static int
evaluate_neurons(const struct cli_corpus_context *context, const struct ct_eval_options *opt, json_t *root,
    struct ct_error *err)
{
	struct ct_subject x = { .m = context->model, .c = context->corpus };
	struct cli_progress progress = { 0 };
	struct ct_graph_figures g;
	struct ct_transcoder *tc;
	int code = ct_transcoder_neurons(&tc, context->model, err);

	if (code != CT_OK)
		return code;
	tc->k = context->k;
	x.tc = tc;
	code = ct_graph_figures_measure(&g, &x, opt->prompts,
	    &(struct ct_job){ context->pool, cli_progress, &progress }, err);
	cli_progress_end(&progress);
	ct_transcoder_close(tc);
	if (code != CT_OK)
		return code;
	if (root) {
		json_t *all = graphs_json(&g);

		json_object_set_new(all, "left_out", ct_json_out_number(g.left_out));
		json_object_set_new(root, "neurons", all);
		return CT_OK;
	}
	cli_line("neurons");
	graph_rows(&g);
	row("effects of neurons left out", &g.left_out, 1);
	return CT_OK;
}

static int
evaluate(const struct cli_corpus_context *context, const struct ct_eval_options *opt, bool control,
    json_t *root, struct ct_error *err)
{
	int code = CT_OK;

	for (int i = 0; code == CT_OK && i < context->n_transcoders; i++) {
		const struct cli_transcoder *t = &context->transcoders[i];
		bool clt = t->tc->kind == CT_CLT;

		code = evaluate_one(context, t, opt, root, clt ? "clt" : "plt", err);
		if (code == CT_OK && control)
			code = evaluate_control(context, t, opt, root, clt ? "clt_control" : "plt_control",
			    err);
	}
	if (code == CT_OK && context->no_transcoder)
		code = evaluate_neurons(context, opt, root, err);
	return code;
}

static int
run(struct cli *c)
{
	const char *corpus = NULL, *json = NULL, *value;
	struct ct_eval_options opt = { .prompts = 0, .others = 4 };
	struct cli_corpus_context context = { 0 };
	struct cli_model m = { .model = NULL };
	struct ct_error err = { 0 };
	json_t *root = json_object();
	bool validation = false, control = false, bad = false;
	int key = 0, code, status;

	while (!bad && (key = cli_next(c, &value)) > 0) {
		switch (key) {
		case KEY_CORPUS: corpus = value; break;
		case CLI_JSON: json = value; break;
		case KEY_VALIDATION: validation = true; break;
		case KEY_CONTROL: control = true; break;
		case KEY_NEURONS: context.no_transcoder = true; break;
		case KEY_PROMPTS: bad = cli_int(value, "--prompts", 1, INT_MAX, &opt.prompts) < 0; break;
		case KEY_SWAPS: bad = cli_int(value, "--swaps", 1, 1000, &opt.others) < 0; break;
		default: bad = cli_model_option(&m, key, value) < 0;
		}
	}
	if (bad)
		goto usage;
	if (key < 0) {
		json_decref(root);
		return c->status;
	}
	if (c->argc > 0) {
		cli_error("eval takes no operand, found '%s'; see ctrace eval --help", c->argv[0]);
		goto usage;
	}
	code = cli_corpus_context_open(&context, &m, corpus, &err);
	if (code == CT_OK)
		code = choose_sentences(context.corpus, validation, &err);
	if (code == CT_OK)
		code = evaluate(&context, &opt, control, json ? root : NULL, &err);
	cli_corpus_context_close(&context);
	if (code == CT_OK && json)
		return cli_json(json, FORMAT, root);
	status = code == CT_OK ? CLI_OK : cli_fail(&err);
	json_decref(root);
	return status;
usage:
	json_decref(root);
	return CLI_ERROR;
}

static const struct cli_option options[] = {
	CLI_FILES_ROWS,
	CLI_K_ROW,
	CLI_NONFINITE_ROW,
	{ KEY_CORPUS, "corpus", "FILE", "a recipe or a text file to read (MODEL/recipe.yaml)" },
	{ KEY_PROMPTS, "prompts", "N", "trace at most N held-out prompts (all)" },
	{ KEY_SWAPS, "swaps", "N", "bridge and plan swaps per held-out sentence (4)" },
	{ KEY_VALIDATION, "validation", NULL, "over the sentences kept for choosing settings" },
	{ KEY_CONTROL, "control", NULL, "and a transcoder with random encoders, to compare with" },
	{ KEY_NEURONS, "neurons", NULL, "and graphs of the model's own neurons, to compare with" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_eval = { .name = "eval",
	.synopsis = "[-m MODEL] [--transcoder DIR] [--k N] [--allow-nonfinite]\n"
		    "[--corpus FILE] [--prompts N] [--swaps N] [--validation]\n"
		    "[--control] [--neurons] [--json FILE]",
	.summary = "measure every figure of a model and its transcoders",
	.details = "Over the sentences that were held out from training: how often the model is right; how "
		   "well the\n"
		   "transcoder stands in for its MLPs; what the graphs explain; whether what a graph calls "
		   "important\n"
		   "is; and whether moving the features of a hidden variable moves the answer.",
	.options = options,
	.run = run };
