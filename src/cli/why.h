/*
 * why: `ctrace trace --clamp`: the graph of the run that clamps leave, held against the one without them.
 */
#ifndef CT_CLI_WHY_H
#define CT_CLI_WHY_H

#include "cli/cli.h"

enum { CLI_WHY_CLAMPS = 256 };

struct cli_why {
	const char *spec[CLI_WHY_CLAMPS];
	int n_specs;
	struct ct_clamp_options how;
	const char *mode;		/* to be read when the model is known; NULL: frozen */
	struct ct_clamp clamp[CLI_WHY_CLAMPS];
	int n;
	struct ct_session *then;	/* the session without clamps, once there is one with them */
};

/* The options --clamp, --mode and --through: 0, or -1 with the message written. */
int cli_why_clamp(struct cli_why *w, const char *spec);
int cli_why_through(struct cli_why *w, const char *value);

/*
 * Puts the clamps in force on the session of m, and in its place a session on the clamped run; the first one
 * becomes w->then. follow: explain what is likeliest now, else the same targets.
 */
int cli_why_trace(struct cli_why *w, struct cli_model *m, const struct ct_trace_options *opt, bool follow,
    const struct ct_job *job, struct ct_error *err);

/* The next tokens then, the clamps and how they run. */
void cli_why_show(const struct cli_why *w, const struct cli_model *m);

/* Activation and influence of a node of the graph now, as they were then and are now. */
void cli_why_row(const struct cli_why *w, const struct cli_model *m, int node, char *dst, size_t size);

/* What was kept then and is gone now, the strongest first, at most top of them. */
void cli_why_gone(const struct cli_why *w, const struct cli_model *m, int top);

/* The session of m is the first one again. */
void cli_why_close(struct cli_why *w, struct cli_model *m);

#endif
