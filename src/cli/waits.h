/*
 * waits: how long a reader waits for a model of real size, as ratios within one process: random weights of a
 * real shape, traced piece by piece.
 */
#ifndef CT_CLI_WAITS_H
#define CT_CLI_WAITS_H

#include "cli/cli.h"
#include "trace/measure.h"

enum { CLI_MAX_WAITS = 4 };
struct cli_waits {
	const char *name;
	int tokens;
	struct ct_waits seconds;
};

/* Measures one shape, or for NULL all but the largest; returns how many were filled, or a code. */
int cli_waits_measure(struct cli_waits out[CLI_MAX_WAITS], const char *shape, const struct ct_job *job,
    struct ct_error *err);
bool cli_waits_know(const char *shape);
void cli_waits_show(const struct cli_waits *w, int n);
json_t *cli_waits_json(const struct cli_waits *w, int n);

#endif
