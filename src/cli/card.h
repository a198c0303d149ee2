/* card: what `ctrace features FEATURE` shows. */
#ifndef CT_CLI_CARD_H
#define CT_CLI_CARD_H

#include "cli/cli.h"

/*
 * Shows the cards of features ("L1#249", or a label), or writes them as JSON; closes m. Returns an exit
 * status.
 */
int cli_cards(struct cli_model *m, char **names, int n_names, const char *json, bool ascii);

/* The same of what features ("L1#249") do everywhere, by their weights. */
int cli_weights(struct cli_model *m, char **names, int n_names, const char *json);

#endif
