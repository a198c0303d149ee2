/*
 * nfc: text in Unicode's normalization form C, which some tokenizers need.
 *
 * Unicode Annex 15: characters are decomposed, marks sorted by class, and what can be composed is composed.
 * Unicode 9, as in Hugging Face's tokenizers; the oracle is theirs (tests/peer/nfc_tables.py).
 */
#ifndef CT_MODEL_NFC_H
#define CT_MODEL_NFC_H

#include "model/piece.h"

/* Appends `in` in form C. Bytes that are not UTF-8 stay as they are. O(n log n). */
int ct_nfc_run(const struct ct_piece *in, struct ct_changed_text *out, struct ct_error *err);

#endif
