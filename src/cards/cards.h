/*
 * cards: everything known about a transcoder's features.
 *
 * Joins the store (automatic labels; cards on demand, of which the last few are kept) with the labels that
 * people typed, which take precedence. Missing cards are not an error.
 */
#ifndef CT_CARDS_CARDS_H
#define CT_CARDS_CARDS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/notes.h"
#include "cards/card.h"
#include "model/transcoder.h"

struct ct_cards;

/*
 * features_dir may be missing; so may labels_path, which the first label creates. Cards that are damaged or
 * were made from other weights than tc's are ignored: ct_cards_trouble says why, and so does asking for one.
 * Labels that cannot be read or were typed for another model are noted: see labels.h.
 */
int ct_cards_open(struct ct_cards **out, const char *features_dir, const char *labels_path,
    const struct ct_transcoder *tc, const char *fingerprint, struct ct_notes *notes, struct ct_error *err);
void ct_cards_made_with(struct ct_cards *c, const char *fingerprint);
void ct_cards_close(struct ct_cards *c);

bool ct_cards_present(const struct ct_cards *c);
const char *ct_cards_trouble(const struct ct_cards *c);	/* "": there is none */

/* The label that a person typed, else the automatic one, else "". Lent until ct_cards_set_label. */
const char *ct_cards_label(const struct ct_cards *c, int layer, int feature);
/* "": nothing was typed */
const char *ct_cards_label_typed(const struct ct_cards *c, int layer, int feature);
double ct_cards_label_f1(const struct ct_cards *c, int layer, int feature);	/* NAN: typed or unknown */

/* NULL with CT_ENOTFOUND if there is no card. Lent until CT_CARDS_KEPT others have been asked for. */
enum { CT_CARDS_KEPT = 32 };
const struct ct_card *ct_cards_get(struct ct_cards *c, int layer, int feature, struct ct_error *err);

/* "" removes the typed label. */
int ct_cards_set_label(struct ct_cards *c, int layer, int feature, const char *text, struct ct_error *err);

#endif
