/* why: `ctrace trace --clamp`: the graph of the clamped run, compared with the graph without clamps. */
#ifndef CT_CLI_WHY_H
#define CT_CLI_WHY_H

#include "cli/cli.h"

enum { CLI_WHY_CLAMPS = 256 };

struct cli_why {
	const char *spec[CLI_WHY_CLAMPS];
	int n_specs;
	struct ct_clamp_options how;
	const char *mode;		/* text of --mode, parsed once the model is known; NULL: frozen */
	struct ct_clamp clamp[CLI_WHY_CLAMPS];
	int n;
	struct ct_session *then;	/* the session without clamps, once the clamped one exists */
};

/* Takes the option --clamp: 0, or -1 after it has written a message. */
int cli_why_clamp(struct cli_why *w, const char *spec);

/*
 * Puts the clamps in force, and replaces the session of m by one on the clamped run; the old one becomes
 * w->then. follow: explain what is likeliest now, else the same targets.
 */
int cli_why_trace(struct cli_why *w, struct cli_model *m, const struct ct_trace_options *opt, bool follow,
    const struct ct_job *job, struct ct_error *err);

/* Shows the next tokens without clamps, the clamps, and how they run. */
void cli_why_show(const struct cli_why *w, const struct cli_model *m);

/* A node's activation and influence without clamps and with them, as text. */
void cli_why_row(const struct cli_why *w, const struct cli_model *m, int node, char *dst, size_t size);

/* Shows features that were kept without clamps and are not now, the strongest first, at most top. */
void cli_why_gone(const struct cli_why *w, const struct cli_model *m, int top);

/* Gives m its first session back. */
void cli_why_close(struct cli_why *w, struct cli_model *m);

#endif
