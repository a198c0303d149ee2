/* result: what a training is asked for, and what it reports at its end, as plain data. */
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
	/* A transcoder for the model in `from`: of the rest only sizes, `made` and seconds are set. */
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

/* Something to be told once, such as where an interrupted training goes on: one line. */
typedef void (*ct_train_note_fn)(void *ctx, const char *text);

struct ct_train_options {
	const char *out_dir;		/* NULL: where the recipe lies */
	int threads;			/* 0: one per processor */
	double save_every;		/* seconds between two writings of the work file */
	bool estimate;			/* stop after the note that says how long it would take */
	bool json;			/* the caller writes a report, as there is of transcoders alone */
	ct_train_fn watch;		/* or NULL */
	ct_train_note_fn note;		/* or NULL */
	void *ctx;
};

#endif
