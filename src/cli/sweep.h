/*
 * sweep: how `ctrace steer` shows its clamps run in other ways: a sweep as sparklines of shares over
 * strengths, with where the answer flips; and attention patterns frozen and free.
 */
#ifndef CT_CLI_SWEEP_H
#define CT_CLI_SWEEP_H

#include "cli/cli.h"

struct cli_sweep {
	double from, to;
	int steps;			/* 0: none asked for */
};

/* "FROM:TO:STEPS": 0, or -1 with the message written. */
int cli_sweep_parse(const char *text, struct cli_sweep *out);

/* unit: that of the clamps; tokens: how many to show. */
void cli_sweep_show(const struct cli_model *m, const struct ct_sweep *w, enum ct_unit unit, int tokens);
json_t *cli_sweep_json(const struct cli_model *m, const struct ct_sweep *w, bool times);
/* targets: how many to show. */
void cli_contrast_show(const struct cli_model *m, const struct ct_contrast *x, int targets);

#endif
