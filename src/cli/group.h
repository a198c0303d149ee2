/* group: supernodes on the command line (--group NAME=NODE,NODE), and the text and JSON that show them. */
#ifndef CT_CLI_GROUP_H
#define CT_CLI_GROUP_H

#include "cli/cli.h"

/* Pins the nodes of "NAME=NODE,NODE" as the supernode NAME; needs a traced prompt. */
int cli_group_add(struct ct_session *s, const char *spec, struct ct_error *err);

/* Shows each supernode's activation, and how much of it the clamps in force leave. */
void cli_group_show(const struct ct_session *s, const struct ct_parts *x);
/* [{name, members, activation, level, influence}] */
json_t *cli_group_json(const struct ct_session *s, const struct ct_parts *x);

/*
 * Groups the pruned graph (ct_session_auto_groups), pins the groups, and shows each with its influence and,
 * below it, what feeds it.
 */
int cli_group_auto(struct ct_session *s, struct ct_auto_groups *said, const struct ct_job *job,
    struct ct_error *err);
int cli_group_parts(struct ct_session *s, const struct ct_auto_groups *said, struct ct_error *err);

#endif
