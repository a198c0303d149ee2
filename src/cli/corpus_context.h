/*
 * corpus_context: a model with its transcoders and its corpus, for the commands that measure over a corpus.
 *
 * These commands call functions below the facade, since the facade is about one prompt at a time.
 */
#ifndef CT_CLI_CORPUS_CONTEXT_H
#define CT_CLI_CORPUS_CONTEXT_H

#include "base/error.h"
#include "base/pool.h"
#include "cli/cli.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "model/transcoder.h"

struct cli_transcoder {
	struct ct_transcoder *tc;
	char *dir;			/* directory of the transcoder */
	char *features;			/* directory of its cards */
};

struct cli_corpus_context {
	/* To be set before opening: */
	bool no_transcoder;		/* do not open a transcoder */
	bool no_corpus;			/* do not open a corpus */
	int k;				/* the value of --k */
	char *dir;
	struct ct_model *model;
	struct ct_tokenizer *tokenizer;
	struct ct_corpus *corpus;	/* in the model's token ids */
	struct ct_pool *pool;
	/* the model's CLT and its per-layer transcoder, or the one named */
	int n_transcoders;
	struct cli_transcoder transcoders[2];
};

/*
 * m: as its options name it, a transcoder of NULL being the model's own, both kinds. corpus: a recipe
 * (*.yaml) or a text file; NULL: the model's recipe.yaml. After a failure too, the context is to be closed.
 */
int cli_corpus_context_open(struct cli_corpus_context *context, const struct cli_model *m,
    const char *corpus, struct ct_error *err);
void cli_corpus_context_close(struct cli_corpus_context *context);

/* "CLT" or "PLT". */
const char *cli_transcoder_kind(const struct cli_transcoder *transcoder);

/* Builds the cards of all transcoders, with a progress bar, and shows figures (features.c). */
int cli_corpus_context_features(const struct cli_corpus_context *context, struct ct_error *err);

/*
 * Builds the cards of one transcoder from its activity. rewrites (rewrite.h) may be NULL. say: show figures.
 */
struct ct_activity;
struct ct_card_rewrite;
int cli_transcoder_cards(const struct cli_corpus_context *context, const struct cli_transcoder *transcoder,
    const struct ct_activity *activity, const struct ct_card_rewrite *rewrites, bool say,
    struct ct_error *err);

#endif
