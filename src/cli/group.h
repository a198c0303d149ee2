/*
 * group: supernodes on the command line, --group NAME=NODE,NODE, and how they are shown.
 */
#ifndef CT_CLI_GROUP_H
#define CT_CLI_GROUP_H

#include "cli/cli.h"

/* Pins and groups what "NAME=NODE,NODE" names; needs a traced prompt. */
int cli_group_add(struct ct_session *s, const char *spec, struct ct_error *err);

/* Each supernode: its activation, and what the clamps in force leave of it. */
void cli_group_show(const struct ct_session *s, const struct ct_parts *x);
/* [{name, members, activation, level, influence}] */
json_t *cli_group_json(const struct ct_session *s, const struct ct_parts *x);

/*
 * Lets the program group the pruned graph (ct_session_auto_groups), pins the groups, and shows them as text:
 * each part with its influence, and below it what feeds it.
 */
int cli_group_auto(struct ct_session *s, struct ct_auto_groups *said, const struct ct_job *job,
    struct ct_error *err);
int cli_group_parts(struct ct_session *s, const struct ct_auto_groups *said, struct ct_error *err);

#endif
