/*
 * batch: `ctrace trace --batch`: many prompts, one line of JSON each, in order; goes on where it was
 * interrupted.
 */
#ifndef CT_CLI_BATCH_H
#define CT_CLI_BATCH_H

#include "cli/cli.h"

struct cli_batch {
	const char *prompts;		/* file, "-": standard input */
	int shard, shards;		/* this part of so many, from 1; 0, 0: everything */
	const char *out;		/* file, "-": standard output */
	const char *target;		/* as --target has it; NULL: the likeliest tokens */
	struct ct_trace_options trace;
};

/* "I/N"; 0, or -1 with the message written. */
int cli_batch_shard(const char *text, struct cli_batch *b);
/* An exit status: CLI_NOTHING when a prompt failed. */
int cli_batch_run(struct cli_model *m, const struct cli_batch *b);

#endif
