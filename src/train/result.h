/* result: the options of a training, and its report, as plain data. */
#ifndef CT_TRAIN_RESULT_H
#define CT_TRAIN_RESULT_H

#include <stdbool.h>

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
	/*
	 * The transcoder is for the model in `from`: of the model's figures only sizes, `made` and seconds
	 * are set.
	 */
	bool own;
	char from[4096];
	int L, D, F, V;
	int sentences, held_out;	/* or windows of a text */
	long tokens;			/* of the text */
	double accuracy;		/* at held-out answers */
	double accuracy_seen;		/* at the answers trained on */
	double model_seconds;
	struct ct_train_transcoder_report clt, plt;
};

/* Gets a line to be shown once, such as where an interrupted training continues. */
typedef void (*ct_train_note_fn)(void *ctx, const char *text);

struct ct_train_options {
	const char *out_dir;		/* NULL: the recipe's directory */
	int threads;			/* 0: one per processor */
	double save_every;		/* seconds between two writings of the work file */
	bool estimate;			/* stop after the note about how long the training would take */
	/* the caller writes a report, which exists only for transcoders of an existing model */
	bool json;
	ct_train_fn watch;		/* or NULL */
	ct_train_note_fn note;		/* or NULL */
	void *ctx;
};

#endif
