/* compare: what the two ways of `ctrace compare` to show prompts have in common: its sessions and options. */
#ifndef CT_CLI_COMPARE_H
#define CT_CLI_COMPARE_H

#include "cli/cli.h"

enum { CLI_COMPARE_PROMPTS = 64, CLI_COMPARE_COLUMNS = 16 };

struct cli_compare {
	struct cli_query ask;
	int n;
	struct ct_session *session[CLI_COMPARE_PROMPTS];	/* traced */
	int n_columns;
	const char *column[CLI_COMPARE_COLUMNS];	/* features and labels, as they were typed */
};

/* Both return an exit status. */
int cli_compare_pair(const struct cli_compare *r);
int cli_compare_table(const struct cli_compare *r);

#endif
