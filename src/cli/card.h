/* card: what `ctrace features FEATURE` shows. */
#ifndef CT_CLI_CARD_H
#define CT_CLI_CARD_H

#include "cli/cli.h"

/*
 * Shows the cards of features ("L1#249", or a label), or writes them as JSON; closes m. Returns an exit
 * status.
 */
int cli_cards(struct cli_model *m, char **names, int n_names, const char *json, bool ascii);

#endif
