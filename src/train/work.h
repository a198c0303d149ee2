/*
 * work: the directory that a training writes to, and what it keeps there until the training is complete.
 *
 * Owns the work file from which an interrupted training continues, the key that identifies a training, the
 * notes to the user, and the copy of the recipe. train.c and own.c decide what is trained.
 */
#ifndef CT_TRAIN_WORK_H
#define CT_TRAIN_WORK_H

#include "train/checkpoint.h"
#include "train/result.h"

/*
 * Further files during a training on text: the stream that the next layer reads, and a folder of complete
 * layers.
 */
extern const char ct_work_stream[], ct_work_layers[];

struct ct_train_work {
	const struct ct_train_options *opt;
	const char *recipe;		/* its path, lent */
	char *dir;
	uint64_t key;
	struct ct_checkpoint checkpoint;
};

/*
 * Creates the directory, and opens the state of an earlier run with the same recipe and subject (a hash of
 * whatever else it learns from; 0: nothing). To be closed after a failure too.
 */
int ct_train_work_open(struct ct_train_work *w, const char *recipe, const struct ct_train_options *opt,
    int threads, uint64_t subject, struct ct_error *err);
void ct_train_work_close(struct ct_train_work *w);

/* Sends "WHERE: text" to the note function of the options. */
void ct_train_work_note(const struct ct_train_work *w, const char *where, const char *text);

/* Copies the recipe into the directory, since it names the demo prompt and says how the files were made. */
int ct_train_work_copy_recipe(const struct ct_train_work *w, struct ct_error *err);

/* Removes everything that was kept for a continuation. */
void ct_train_work_clean(const char *recipe, const struct ct_train_options *opt);

#endif
