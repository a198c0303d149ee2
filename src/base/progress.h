/*
 * progress: how work that takes long reports, and asks whether to go on.
 *
 * The engine calls it between pieces of work that take a few milliseconds; a false return cancels (the
 * function then fails with CT_ECANCELLED and leaves its object as it was before the call). The caller draws
 * and polls in it.
 */
#ifndef CT_BASE_PROGRESS_H
#define CT_BASE_PROGRESS_H

#include <stdbool.h>

/* done of total (total 0: not known), in units of `phase` ("attribution", "training", ...). */
typedef bool (*ct_progress_fn)(void *ctx, const char *phase, long done, long total);

enum { CT_ASK_ROWS = 32 };	/* a loop over short items asks once for so many of them */

/* Reports, and returns whether to go on. progress may be NULL. */
static inline bool
ct_go_on(ct_progress_fn progress, void *ctx, const char *phase, long done, long total)
{
	return !progress || progress(ctx, phase, done, total);
}

#endif
