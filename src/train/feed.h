/*
 * feed: what a model's MLPs read and write over a text, as rows for a transcoder to learn from.
 *
 * Never holds all rows at once. The text's windows are shuffled, and a load of them at a time is run through
 * the model into a buffer. If layers are trained one by one, the stream before the present layer is kept for
 * all windows in a work file, so that only this layer is run, and each earlier one only once. If all layers
 * are trained together, a load is run from its tokens. Owns the buffer, the order of windows and rows, the
 * scales, and the work file.
 */
#ifndef CT_TRAIN_FEED_H
#define CT_TRAIN_FEED_H

#include <stdint.h>

#include "base/job.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"
#include "train/mlp_rows.h"

struct ct_feed_options {
	const struct ct_model *m;
	const struct ct_corpus *c;	/* windows; held-out ones are skipped */
	enum ct_read_point read;
	enum ct_write_point write;
	bool per_layer;
	int buffer;			/* rows of a load, at most */
	int batch;			/* rows that are drawn together */
	int passes;			/* how often each row of a load is drawn before the next load comes */
	int seed;
	const char *path;		/* of the work file, if per_layer */
	uint64_t key;			/* identifies the training that it belongs to */
	struct ct_pool *pool;
};

/*
 * What a layer's rows are divided by, and the variance whose explained share is reported; computed from the
 * layer's first load.
 */
struct ct_feed_scales {
	float x, y;			/* as ct_mlp_rows.x_scale, y_scale */
	double weight;			/* the factor that gives 1/|stream|^2 the mean 1 */
	double variance;
};

/* Where the next batch begins in the order of all rows. */
struct ct_feed_place {
	int load;			/* counts from 0 */
	int epoch, from, to;		/* windows order[from..to) of that epoch's order are in it */
	int rows;			/* number of rows in these windows */
	int batch;			/* of the load */
};

struct ct_feed {
	struct ct_feed_options o;
	struct ct_transcoder hooks;	/* only read and write points are set, as linear.h needs them */
	int layer;			/* the layer whose rows are fed; only if per_layer */
	int *windows, n;		/* indices into the corpus, in the order of the epoch */
	int epoch;			/* of that order; -1: none yet */
	size_t *at;			/* (n_sentences) tokens of the windows before this one */
	size_t tokens;			/* of all windows */
	long positions;			/* rows of all windows */
	struct ct_feed_place place;
	int filled;			/* the load that the rows are of; -1: none */
	struct ct_mlp_rows rows;	/* the buffer: L is 1 when per_layer */
	struct ct_feed_scales *scales;	/* (rows.L) weight 0: not known yet */
	float *x_mean;			/* (rows.L,D) of the scaled rows */
	int *order;			/* rows of the load, as they are drawn */
	int shuffled;			/* the pass of the load that `order` is for; -1: none */
	int fd;				/* of the work file, or -1 */
};

/* CT_EINVAL if the text has fewer rows than a batch. To be closed after a failure too. */
int ct_feed_open(struct ct_feed *f, const struct ct_feed_options *o, struct ct_error *err);
void ct_feed_close(struct ct_feed *f);

/* Bytes that a feed needs in memory, and at most on disk. */
unsigned long long ct_feed_memory(const struct ct_feed_options *o);
unsigned long long ct_feed_disk(const struct ct_feed_options *o);

/*
 * Starts layer l (0 unless per_layer) at its first batch. The stream before the layer is read from the work
 * file if it is there, else computed. Scales whose weight is 0 are computed; others are kept.
 */
int ct_feed_layer(struct ct_feed *f, int l, const struct ct_job *job, struct ct_error *err);

/* Moves to the place after n batches from the start, without running them. */
void ct_feed_skip(struct ct_feed *f, long n);

/* Fills the buffer with the load at this place, and computes the scales if they are not known. */
int ct_feed_fill(struct ct_feed *f, const struct ct_job *job, struct ct_error *err);

/* The next batch: indices of rows (batch) of f->rows, lent until the next call. *rows NULL: an error. */
int ct_feed_next(struct ct_feed *f, const int **rows, const struct ct_job *job, struct ct_error *err);

/* The number of batches in the load at this place. */
int ct_feed_batches(const struct ct_feed *f);

#endif
