/* watch: when to report the figures of a training, and how fast it goes. */
#ifndef CT_TRAIN_WATCH_H
#define CT_TRAIN_WATCH_H

#include "train/train.h"

struct ct_watch {
	ct_train_fn fn;			/* or NULL */
	void *ctx;
	struct ct_train_live live;	/* the trainer fills in its figures before it calls step */
	double start, last;		/* seconds */
	double tokens;			/* trained on since the last report */
};

void ct_watch_start(struct ct_watch *w, ct_train_fn fn, void *ctx, const char *phase, int steps);

/* True when a report is due: then fill in live and call ct_watch_report. */
bool ct_watch_due(struct ct_watch *w, int step, double tokens);

/* False: cancel. */
bool ct_watch_report(struct ct_watch *w, int step);

double ct_watch_seconds(const struct ct_watch *w);

#endif
