/*
 * lab: a model with its transcoders and its corpus, for the commands that measure over a corpus.
 *
 * These commands look below the facade, which is about one prompt at a time.
 */
#ifndef CT_CLI_LAB_H
#define CT_CLI_LAB_H

#include "base/error.h"
#include "base/pool.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "model/transcoder.h"

struct cli_coder {
	struct ct_transcoder *tc;
	char *dir;			/* of the transcoder */
	char *features;			/* of its cards */
};

struct cli_lab {
	bool allow_nonfinite;		/* set before opening, */
	bool no_corpus;			/* as is this: none is needed */
	char *dir;
	struct ct_model *model;
	struct ct_tokenizer *tokenizer;
	struct ct_corpus *corpus;	/* in the model's token ids */
	struct ct_pool *pool;
	int n_coders;			/* the model's CLT and its per-layer twin, or the one named */
	struct cli_coder coders[2];
};

/*
 * model NULL: the default. transcoder NULL: the model's own, both kinds. corpus: a recipe (*.yaml) or a text
 * file; NULL: the model's recipe.yaml. After a failure too, the lab is to be closed.
 */
int cli_lab_open(struct cli_lab *lab, const char *model, const char *transcoder, const char *corpus,
    struct ct_error *err);
void cli_lab_close(struct cli_lab *lab);

/* "CLT" or "PLT". */
const char *cli_coder_kind(const struct cli_coder *coder);

/* Builds the cards of its transcoders, with a progress bar and lines of figures (features.c). */
int cli_lab_features(const struct cli_lab *lab, struct ct_error *err);

#endif
