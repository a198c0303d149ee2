/* commands: one line for each sub-command's file. */
#ifndef CT_CLI_COMMANDS_H
#define CT_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct cli_command cli_trace;
extern const struct cli_command cli_aggregate;
extern const struct cli_command cli_steer;
extern const struct cli_command cli_survey;
extern const struct cli_command cli_swap;
extern const struct cli_command cli_compare;
extern const struct cli_command cli_judge;
extern const struct cli_command cli_heads;
extern const struct cli_command cli_qk;
extern const struct cli_command cli_errors;
extern const struct cli_command cli_inactive;
extern const struct cli_command cli_export;
extern const struct cli_command cli_train;
extern const struct cli_command cli_models;
extern const struct cli_command cli_bench;
extern const struct cli_command cli_eval;
extern const struct cli_command cli_features;

#endif
