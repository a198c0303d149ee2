/* watch: see watch.h. */
#include "train/watch.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

void
ct_watch_start(struct ct_watch *w, ct_train_fn fn, void *ctx, const char *phase, int steps)
{
	memset(w, 0, sizeof *w);
	w->fn = fn;
	w->ctx = ctx;
	w->live = (struct ct_train_live){ .phase = phase, .steps = steps, .loss = NAN, .accuracy = NAN,
		.explained = NAN, .l0 = NAN, .dead = NAN };
	w->start = w->last = ct_seconds();
}

bool
ct_watch_due(struct ct_watch *w, int step, double tokens)
{
	w->tokens += tokens;
	return w->fn && (step + 1 == w->live.steps || ct_seconds() - w->last >= .1);
}

bool
ct_watch_report(struct ct_watch *w, int step)
{
	double t = ct_seconds();

	w->live.step = step + 1;
	w->live.tokens_per_second = w->tokens / fmax(t - w->last, 1e-9);
	w->live.seconds = t - w->start;
	w->live.seconds_left = w->live.seconds / (step + 1) * (w->live.steps - step - 1);
	w->last = t;
	w->tokens = 0;
	return w->fn(w->ctx, &w->live);
}

double
ct_watch_seconds(const struct ct_watch *w)
{
	return ct_seconds() - w->start;
}
