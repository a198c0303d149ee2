/*
 * sweep: two more results of `ctrace steer`: a sweep of the clamps' strengths (sparklines of probabilities,
 * and where the answer changes), and the contrast of frozen and free attention patterns.
 */
#ifndef CT_CLI_SWEEP_H
#define CT_CLI_SWEEP_H

#include "cli/cli.h"

struct cli_sweep {
	double from, to;
	int steps;			/* 0: no sweep was asked for */
};

/* Parses "FROM:TO:STEPS": 0, or -1 after it has written a message. */
int cli_sweep_parse(const char *text, struct cli_sweep *out);

/* unit: the clamps' unit; tokens: how many to show. */
void cli_sweep_show(const struct cli_model *m, const struct ct_sweep *w, enum ct_unit unit, int tokens);
json_t *cli_sweep_json(const struct cli_model *m, const struct ct_sweep *w, bool times);
/* targets: how many to show. */
void cli_contrast_show(const struct cli_model *m, const struct ct_contrast *x, int targets);

#endif
