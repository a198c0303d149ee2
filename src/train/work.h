/*
 * work: the directory that a training writes to, and what it keeps there until it is complete.
 *
 * Owns the work file by which an interrupted training goes on, the key that tells trainings apart, the notes
 * to whoever looks on, and the copy of the recipe. What is trained is train.c's and own.c's.
 */
#ifndef CT_TRAIN_WORK_H
#define CT_TRAIN_WORK_H

#include "train/checkpoint.h"
#include "train/result.h"

/*
 * What else is in the directory while a training on text lasts: the stream that the next layer reads, and a
 * folder of layers that are complete.
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
 * Makes the directory and opens the state of an earlier run with the same recipe and subject (a hash of what
 * else it learns from; 0: nothing). After a failure, too, it is to be closed.
 */
int ct_train_work_open(struct ct_train_work *w, const char *recipe, const struct ct_train_options *opt,
    int threads, uint64_t subject, struct ct_error *err);
void ct_train_work_close(struct ct_train_work *w);

/* "WHERE: text" to the options' note function. */
void ct_train_work_note(const struct ct_train_work *w, const char *where, const char *text);

/* The recipe belongs to the directory: it names the demo prompt and says how the files came about. */
int ct_train_work_copy_recipe(const struct ct_train_work *w, struct ct_error *err);

/* Removes all that is there for a continuation. */
void ct_train_work_clean(const char *recipe, const struct ct_train_options *opt);

#endif
