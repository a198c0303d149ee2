/* reporter: see reporter.h. */
#include "train/reporter.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "train/checkpoint.h"

void
ct_reporter_start(struct ct_reporter *w, ct_train_fn fn, void *ctx, const char *phase, int steps)
{
	memset(w, 0, sizeof *w);
	w->fn = fn;
	w->ctx = ctx;
	w->live = (struct ct_train_live){ .phase = phase, .steps = steps, .loss = NAN, .accuracy = NAN,
		.explained = NAN, .l0 = NAN, .dead = NAN };
	w->start = w->last = ct_seconds();
}

void
ct_reporter_resume(struct ct_reporter *w, const struct ct_part_state *state)
{
	w->start = ct_seconds() - state->seconds;
}

bool
ct_reporter_due(struct ct_reporter *w, int step, double tokens)
{
	w->tokens += tokens;
	return w->fn && (step == w->live.steps || ct_seconds() - w->last >= .1);
}

bool
ct_reporter_send(struct ct_reporter *w, int step)
{
	double t = ct_seconds();

	w->live.step = step;
	w->live.tokens_per_second = w->tokens / fmax(t - w->last, 1e-9);
	w->live.seconds = t - w->start;
	w->live.seconds_left = w->live.seconds / step * (w->live.steps - step);
	w->last = t;
	w->tokens = 0;
	return w->fn(w->ctx, &w->live);
}

int
ct_reporter_save(const struct ct_reporter *w, struct ct_part_state *state, struct ct_checkpoint *c,
    bool go_on, struct ct_error *err)
{
	int code;

	if (go_on && !ct_checkpoint_due(c))
		return CT_OK;
	state->seconds = ct_reporter_seconds(w);
	if ((code = ct_checkpoint_write(c, err)) != CT_OK || go_on)
		return code;
	return ct_fail(err, CT_ECANCELLED, "training was cancelled at step %d of %d", state->step,
	    w->live.steps);
}

int
ct_reporter_finish(const struct ct_reporter *w, struct ct_part_state *state, struct ct_checkpoint *c,
    struct ct_error *err)
{
	state->finished = 1;
	state->seconds = ct_reporter_seconds(w);
	return ct_checkpoint_finish(c, err);
}

double
ct_reporter_seconds(const struct ct_reporter *w)
{
	return ct_seconds() - w->start;
}
