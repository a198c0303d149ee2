/* features: `ctrace features`: build the feature cards and automatic labels of a model over its corpus. */
#include "cli/cli.h"

#include <stdlib.h>

#include "cards/build.h"
#include "cards/rewrite.h"
#include "cards/store.h"
#include "cli/card.h"
#include "cli/commands.h"
#include "cli/corpus_context.h"
#include "model/fingerprint.h"

enum { KEY_CORPUS = CLI_LONG, KEY_EXPORT, KEY_IMPORT, KEY_ASCII, KEY_WEIGHTS };

int
cli_transcoder_cards(const struct cli_corpus_context *context, const struct cli_transcoder *transcoder,
    const struct ct_activity *activity, const struct ct_card_rewrite *rewrites, bool say,
    struct ct_error *err)
{
	char fingerprint[CT_FINGERPRINT];
	const struct ct_cards_source source = { context->model, transcoder->tc, context->corpus, activity,
	    rewrites, fingerprint };
	struct cli_progress progress = { 0 };
	struct ct_build_summary sum;
	int code;

	ct_fingerprint_text(fingerprint, context->model, transcoder->tc, context->tokenizer);
	code = ct_cards_build(transcoder->features, &source, &sum,
	    &(struct ct_job){ context->pool, cli_progress, &progress }, err);
	cli_progress_end(&progress);
	if (code != CT_OK || !say)
		return code;
	cli_line("%s: %ld cards of the %s over %d sentences, %d tokens", transcoder->features, sum.features,
	    cli_transcoder_kind(transcoder), context->corpus->n_sentences, context->corpus->n_tokens);
	cli_line("  never active %ld   label with F1 >= .9 %ld   >= .5 %ld   mixed %ld", sum.dead, sum.sure,
	    sum.named, sum.features - sum.dead - sum.named);
	if (rewrites)
		cli_line("  two steps of the PLT in one, perhaps: %ld", sum.rewrites);
	return CT_OK;
}

int
cli_corpus_context_features(const struct cli_corpus_context *context, struct ct_error *err)
{
	const struct cli_transcoder *transcoders = context->transcoders;
	struct ct_activity *activity[2] = { NULL };
	struct ct_card_rewrite *rewrites = NULL;
	struct cli_progress progress = { 0 };
	int i, code = CT_OK;

	for (i = 0; code == CT_OK && i < context->n_transcoders; i++)
		code = ct_activity_collect(&activity[i], context->model, transcoders[i].tc, context->corpus,
		    &(struct ct_job){ context->pool, cli_progress, &progress }, err);
	cli_progress_end(&progress);
	if (code == CT_OK && context->n_transcoders == 2 && transcoders[0].tc->kind == CT_CLT &&
	    transcoders[1].tc->kind == CT_PLT)
		code = ct_rewrites_find(&rewrites, transcoders[0].tc, activity[0], transcoders[1].tc,
		    activity[1], err);
	for (i = 0; code == CT_OK && i < context->n_transcoders; i++)
		code = cli_transcoder_cards(context, &transcoders[i], activity[i], i ? NULL : rewrites, true,
		    err);
	for (i = 0; i < context->n_transcoders; i++)
		ct_activity_free(activity[i]);
	free(rewrites);
	return code;
}

/* Whether texts written for other programs need spaces between tokens: they do if tokens carry no blanks. */
static bool
stand_apart(const struct cli_corpus_context *context)
{
	return !ct_tokenizer_spaced(context->tokenizer);
}

/* Whether there are cards, and they were made from the present weights. */
static bool
is_built(const struct cli_corpus_context *context)
{
	const struct cli_transcoder *transcoder = &context->transcoders[0];
	char fingerprint[CT_FINGERPRINT];
	struct ct_store *store;
	bool built;

	if (ct_store_open(&store, transcoder->features, NULL) != CT_OK)
		return false;
	ct_fingerprint_text(fingerprint, context->model, transcoder->tc, context->tokenizer);
	built = ct_store_weights(store, 0) != 0 &&
	    ct_store_fits(store, transcoder->tc, fingerprint, NULL) == CT_OK;
	ct_store_close(store);
	return built;
}

static int
export_cards(const struct cli_corpus_context *context, const char *to, struct ct_error *err)
{
	const struct cli_transcoder *transcoder = &context->transcoders[0];
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	struct ct_store *store;
	int code = ct_store_open(&store, transcoder->features, err);

	if (code != CT_OK)
		return code;
	code = ct_store_export(store, to, stand_apart(context), &job, err);
	cli_progress_end(&progress);
	ct_store_close(store);
	return code;
}

static int
import_cards(const struct cli_corpus_context *context, const char *from, struct ct_error *err)
{
	const struct cli_transcoder *transcoder = &context->transcoders[0];
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);
	char fingerprint[CT_FINGERPRINT];
	long n;
	int code;

	ct_fingerprint_text(fingerprint, context->model, transcoder->tc, context->tokenizer);
	code = ct_store_import(transcoder->features, from, transcoder->tc, fingerprint, stand_apart(context),
	    &n, &job, err);
	cli_progress_end(&progress);
	if (code == CT_OK)
		cli_line("%s: %ld cards of the %s, from %s", transcoder->features, n,
		    cli_transcoder_kind(transcoder), from);
	return code;
}

/* Opens the context again with a corpus, and builds the cards that do not exist yet. */
static int
with_corpus(struct cli_corpus_context *context, const struct cli_model *m, struct ct_error *err)
{
	cli_corpus_context_close(context);
	*context = (struct cli_corpus_context){ 0 };
	return cli_corpus_context_open(context, m, NULL, err);
}

/* What the command does with all cards. */
struct job {
	const char *corpus, *to, *from;
};

static int
all_cards(const struct cli_model *m, const struct job *j, struct ct_error *err)
{
	struct cli_corpus_context opened = { 0 }, *context = &opened;
	int code;

	/* Cards that exist are exported without a corpus. */
	context->no_corpus = j->from || (j->to && !j->corpus);
	code = cli_corpus_context_open(context, m, j->corpus, err);
	if (code == CT_OK && !j->from && context->no_corpus && !is_built(context))
		code = with_corpus(context, m, err);
	if (code == CT_OK && j->from)
		code = import_cards(context, j->from, err);
	else if (code == CT_OK && !context->no_corpus)
		code = cli_corpus_context_features(context, err);
	if (code == CT_OK && j->to)
		code = export_cards(context, j->to, err);
	cli_corpus_context_close(context);
	return code;
}

static int
show_some(const struct cli *c, struct cli_model *m, const char *json, bool weights, bool ascii)
{
	if (weights && ascii) {
		cli_error("--ascii draws the pictures of cards, and --weights shows none: leave out one "
		    "of them");
		return CLI_ERROR;
	}
	return weights ? cli_weights(m, c->argv, c->argc, json) :
	    cli_cards(m, c->argv, c->argc, json, ascii);
}

static int
run(struct cli *c)
{
	const char *corpus = NULL, *to = NULL, *from = NULL, *json = NULL, *value;
	bool ascii = false, weights = false;
	struct cli_model m = { .model = NULL };
	struct ct_error err = { 0 };
	int key, code;

	while ((key = cli_next(c, &value)) > 0) {
		switch (key) {
		case KEY_CORPUS: corpus = value; break;
		case KEY_EXPORT: to = value; break;
		case KEY_IMPORT: from = value; break;
		case KEY_ASCII: ascii = true; break;
		case KEY_WEIGHTS: weights = true; break;
		case CLI_JSON: json = value; break;
		default:
			if (cli_model_option(&m, key, value) < 0)
				return CLI_ERROR;
		}
	}
	if (key < 0)
		return c->status;
	if (c->argc > 0 && (corpus || to || from)) {
		cli_error("%s applies to all cards, but '%s' shows one: leave out one of them",
		    corpus ? "--corpus" : to ? "--export" : "--import", c->argv[0]);
		return CLI_ERROR;
	}
	if (c->argc > 0)
		return show_some(c, &m, json, weights, ascii);
	if (json || ascii || weights) {
		cli_error("%s needs the features to show, such as L1#249",
		    json ? "--json" : ascii ? "--ascii" : "--weights");
		return CLI_ERROR;
	}
	if (from && corpus) {
		cli_error("--import reads cards and --corpus builds them: leave out one of them");
		return CLI_ERROR;
	}
	code = all_cards(&m, &(struct job){ corpus, to, from }, &err);
	return code == CT_OK ? CLI_OK : cli_fail(&err);
}

static const struct cli_option options[] = {
	CLI_FILES_ROWS,
	CLI_K_ROW,
	CLI_NONFINITE_ROW,
	{ KEY_CORPUS, "corpus", "FILE", "a recipe or a text file to read (MODEL/recipe.yaml)" },
	{ KEY_IMPORT, "import", "DIR", "take the cards from files DIR/{cantor}.json instead" },
	{ KEY_EXPORT, "export", "DIR", "write each card as DIR/{cantor}.json; those that are there are not "
	    "built anew" },
	{ CLI_JSON, "json", "FILE", "write the cards shown as JSON to FILE, or to stdout for -" },
	{ KEY_WEIGHTS, "weights", NULL, "show their weights from and to other features instead" },
	{ KEY_ASCII, "ascii", NULL, "show pictures in ASCII" },
	{ 0 }
};

const struct cli_command cli_features = { .name = "features",
	.synopsis = "[-m MODEL] [--transcoder DIR] [--k N] [--allow-nonfinite] [--corpus FILE]\n"
	    "[--import DIR] [--export DIR]\n"
	    "[-m MODEL] [--transcoder DIR] [--k N] [--allow-nonfinite] [--json FILE] [--ascii]\n"
	    "[--weights] FEATURE ...",
	.summary = "build the feature cards and automatic labels of a model, or show some",
	.details = "Runs the model over its corpus and replaces MODEL/features: for each feature where it is "
	    "active,\n"
	    "its strongest examples, the output tokens it writes, and the annotation of the corpus "
	    "that says\n"
	    "best when it is active (the label, with its F1). Labels typed by people stay, and win.\n"
	    "With FEATURE, such as L1#249 or a label, shows its card instead, or with --weights what\n"
	    "it adds to other features, and they to it, through the residual stream.",
	.options = options,
	.run = run };
