/*
 * reporter: decides when to report the figures of a training and when to save its state, and measures its
 * speed.
 */
#ifndef CT_TRAIN_REPORTER_H
#define CT_TRAIN_REPORTER_H

#include <stdbool.h>

#include "base/error.h"

struct ct_checkpoint;
struct ct_part_state;

/* Figures of the present step, for the display. NAN: not known in this phase. */
struct ct_train_live {
	const char *phase;		/* "transformer", "transcoder", "transcoder-plt" */
	int step, steps;
	/* transformer: nats per token; transcoder: per row, penalty included */
	double loss;
	/* share of graded tokens predicted right, in the batches since the last report */
	double accuracy;
	double explained;		/* share of the targets' variance, mean over layers */
	double l0;			/* active features per row and layer */
	double dead;			/* share of features not active for long */
	double tokens_per_second;
	double seconds, seconds_left;	/* of this phase */
};

/* Called about ten times a second; false cancels. */
typedef bool (*ct_train_fn)(void *ctx, const struct ct_train_live *live);

struct ct_reporter {
	ct_train_fn fn;			/* or NULL */
	void *ctx;
	struct ct_train_live live;	/* the trainer fills in its figures before it calls step */
	double start, last;		/* seconds */
	double tokens;			/* trained on since the last report */
};

void ct_reporter_start(struct ct_reporter *w, ct_train_fn fn, void *ctx, const char *phase, int steps);

/* Says that the part continues from the state of an earlier run. */
void ct_reporter_resume(struct ct_reporter *w, const struct ct_part_state *state);

/* True when a report is due after `step` steps: then fill in live and call ct_reporter_send. */
bool ct_reporter_due(struct ct_reporter *w, int step, double tokens);

/* False: cancel. */
bool ct_reporter_send(struct ct_reporter *w, int step);

/*
 * To be called after each step: writes the checkpoint if it is time to, or if the training is cancelled
 * (CT_ECANCELLED).
 */
int ct_reporter_save(const struct ct_reporter *w, struct ct_part_state *state, struct ct_checkpoint *c,
    bool go_on, struct ct_error *err);
/* After the last step. */
int ct_reporter_finish(const struct ct_reporter *w, struct ct_part_state *state, struct ct_checkpoint *c,
    struct ct_error *err);

double ct_reporter_seconds(const struct ct_reporter *w);

#endif
