/*
 * nfc: text in Unicode's normalization form C, as some tokenizers want it.
 *
 * Unicode Annex 15: characters are taken apart, marks sorted by their class, and what belongs together is put
 * together. Unicode 9, as in Hugging Face's tokenizers; the oracle is theirs (tests/peer/nfc_tables.py).
 */
#ifndef CT_MODEL_NFC_H
#define CT_MODEL_NFC_H

#include "model/piece.h"

/* Appends `in` in form C. Bytes that are no UTF-8 stay. O(n log n). */
int ct_nfc_run(const struct ct_piece *in, struct ct_changed_text *out, struct ct_error *err);

#endif
