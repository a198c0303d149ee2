/*
 * train: from a recipe to a model directory.
 *
 * The facade of training: reads the recipe, builds its corpus, trains the transformer, collects what its MLPs
 * do over the corpus, trains the transcoders on that, measures all of it on held-out sentences, and writes
 * the directory. The same recipe, machine and thread count give the same bytes, interrupted or not: what is
 * learned so far waits in a work file of the directory.
 */
#ifndef CT_TRAIN_TRAIN_H
#define CT_TRAIN_TRAIN_H

#include <stdbool.h>

#include "base/error.h"
#include "train/reporter.h"

enum { CT_TRAIN_LAYERS = 64 };		/* the most a recipe may ask for */

/* A transcoder in the finished directory. */
struct ct_train_transcoder_report {
	bool made;
	double seconds;
	double agreement, kl;		/* replacement model against the model, at held-out answers */
	double accuracy;		/* of the replacement model there */
	double l0, dead;		/* over all layers and the whole corpus */
	double layer_explained[CT_TRAIN_LAYERS], layer_l0[CT_TRAIN_LAYERS], layer_dead[CT_TRAIN_LAYERS];
};

struct ct_train_report {
	int L, D, F, V;
	int sentences, held_out;
	double accuracy;		/* at held-out answers */
	double accuracy_seen;		/* at the answers trained on */
	double model_seconds;
	struct ct_train_transcoder_report clt, plt;
};

/* Something to be told once, such as where an interrupted training goes on: one line. */
typedef void (*ct_train_note_fn)(void *ctx, const char *text);

struct ct_train_options {
	const char *out_dir;		/* NULL: where the recipe lies */
	int threads;			/* 0: one per processor */
	double save_every;		/* seconds between two writings of the work file */
	ct_train_fn watch;		/* or NULL */
	ct_train_note_fn note;		/* or NULL */
	void *ctx;
};

/*
 * Files already in the directory stay until their successors are complete. The work file is left in any case:
 * once all else that belongs to the directory is made, ct_train_clean removes it.
 */
int ct_train(const char *recipe_path, const struct ct_train_options *opt, struct ct_train_report *report,
    struct ct_error *err);
void ct_train_clean(const char *recipe_path, const struct ct_train_options *opt);

#endif
