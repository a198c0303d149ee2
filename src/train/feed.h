/*
 * feed: what a model's MLPs read and write over a text, for a transcoder to learn from.
 *
 * Never holds all of it. The text's windows are shuffled, and a load of them at a time is run through the
 * model into a buffer of rows. Per layer, the stream of all windows before that layer waits in a work file,
 * so that each layer is run for itself and layers before it only once; over all layers, a load is run from
 * its tokens. Owns the buffer, the order of windows and rows, the scales, and the work file.
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
	const struct ct_corpus *c;	/* windows; those held out are left out */
	enum ct_read_point read;
	enum ct_write_point write;
	bool per_layer;
	int buffer;			/* rows of a load, at most */
	int batch;			/* rows that are drawn together */
	int passes;			/* how often each row of a load is drawn before the next load */
	int seed;
	const char *path;		/* of the work file, if per_layer */
	uint64_t key;			/* of the training that it belongs to */
	struct ct_pool *pool;
};

/* What rows are divided by, and where explained variance begins; a layer's, from its first load. */
struct ct_feed_scales {
	float x, y;			/* as ct_mlp_rows.x_scale, y_scale */
	double weight;			/* 1/|stream|^2 times this has mean 1 */
	double variance;
};

/* Where in the order of all rows the next batch begins. */
struct ct_feed_place {
	int load;			/* counts from 0 */
	int epoch, from, to;		/* windows order[from..to) of that epoch's order are in it */
	int rows;			/* that they have */
	int batch;			/* of the load */
};

struct ct_feed {
	struct ct_feed_options o;
	struct ct_transcoder hooks;	/* read and write alone: what linear.h asks for */
	int layer;			/* whose rows are fed; per_layer alone */
	int *windows, n;		/* indices into the corpus, in the order of the epoch */
	int epoch;			/* of that order; -1: none yet */
	size_t *at;			/* (n_sentences) tokens of the windows before this one */
	size_t tokens;			/* of all windows */
	long positions;			/* rows of all windows */
	struct ct_feed_place place;
	int filled;			/* the load that is in rows; -1: none */
	struct ct_mlp_rows rows;	/* the buffer: L is 1 when per_layer */
	struct ct_feed_scales *scales;	/* (rows.L) weight 0: not known yet */
	float *x_mean;			/* (rows.L,D) of the scaled rows */
	int *order;			/* rows of the load, as they are drawn */
	int shuffled;			/* pass of the load that order is for; -1: none */
	int fd;				/* of the work file, or -1 */
};

/* CT_EINVAL when the text has fewer rows than a batch. Closed after a failure, too. */
int ct_feed_open(struct ct_feed *f, const struct ct_feed_options *o, struct ct_error *err);
void ct_feed_close(struct ct_feed *f);

/* Bytes that a feed will hold in memory, and on disk at most. */
unsigned long long ct_feed_memory(const struct ct_feed_options *o);
unsigned long long ct_feed_disk(const struct ct_feed_options *o);

/*
 * Begins with layer l (0 unless per_layer), at its first batch. The stream before it is taken from the work
 * file if that is there, and made otherwise. The scales stay; with a weight of 0 they are found anew.
 */
int ct_feed_layer(struct ct_feed *f, int l, const struct ct_job *job, struct ct_error *err);

/* Goes to the place after n batches from the beginning, without running what lies before. */
void ct_feed_skip(struct ct_feed *f, long n);

/* Fills the buffer with the load at the place, and finds the scales from it if they are not known. */
int ct_feed_fill(struct ct_feed *f, const struct ct_job *job, struct ct_error *err);

/* The next batch: indices of rows (batch) of f->rows, lent until the next call. *rows NULL: an error. */
int ct_feed_next(struct ct_feed *f, const int **rows, const struct ct_job *job, struct ct_error *err);

/* Batches of the load at the place. */
int ct_feed_batches(const struct ct_feed *f);

#endif
