/* inactive: the inactive features nearest to firing, for `ctrace inactive` and `ctrace trace --inactive`. */
#ifndef CT_CLI_INACTIVE_H
#define CT_CLI_INACTIVE_H

#include "cli/cli.h"

/* Shows, or writes as JSON, the n nearest in the prompt that ask traced. Returns an exit status. */
int cli_inactive_show(const struct cli_query *ask, int n);

#endif
