/*
 * batch: `ctrace trace --batch`: traces many prompts and writes one line of JSON for each, in order. A batch
 * that was interrupted is resumed.
 */
#ifndef CT_CLI_BATCH_H
#define CT_CLI_BATCH_H

#include "cli/cli.h"

struct cli_batch {
	const char *prompts;		/* file, "-": standard input */
	int shard, shards;		/* trace part `shard` (from 1) of `shards`; 0, 0: all prompts */
	const char *out;		/* file, "-": standard output */
	const char *target;		/* the text of --target; NULL: explain the likeliest tokens */
	struct ct_trace_options trace;
	bool groups;			/* also of the features, and edges between them */
};

/* Parses "I/N". Returns 0, or -1 after it has written a message. */
int cli_batch_shard(const char *text, struct cli_batch *b);
/* Returns an exit status: CLI_NOTHING if a prompt failed. */
int cli_batch_run(struct cli_model *m, const struct cli_batch *b);

#endif
