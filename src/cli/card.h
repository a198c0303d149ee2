/* card: what `ctrace features FEATURE` shows. */
#ifndef CT_CLI_CARD_H
#define CT_CLI_CARD_H

#include "cli/cli.h"

/* Does something with one feature. A code below 0 ends the loop. */
typedef int (*cli_feature_fn)(void *ctx, struct ct_engine *e, int layer, int feature, struct ct_error *err);

/*
 * Calls take for the feature "L1#249", or for each feature whose label fits the name; fails if there is none.
 */
int cli_features_named(struct ct_engine *e, const char *name, cli_feature_fn take, void *ctx,
    struct ct_error *err);

/*
 * Shows the cards of features (each "L1#249", or a label), or writes them as JSON, then closes m. Returns an
 * exit status.
 */
int cli_cards(struct cli_model *m, char **names, int n_names, const char *json, bool ascii);

/* The same for what features do in every prompt, by their weights. */
int cli_weights(struct cli_model *m, char **names, int n_names, const char *json);

#endif
