/*
 * nfc_table: Unicode's tables of characters that combine. Rows are in rising order of their first number.
 *
 * Written by tests/peer/nfc_tables.py, as Unicode 9 has it: so do Hugging Face's tokenizers.
 */
#ifndef CT_MODEL_NFC_TABLE_H
#define CT_MODEL_NFC_TABLE_H

#include <stddef.h>

#include "base/text.h"

/* Canonical_Combining_Class of first..last. */
struct ct_nfc_marks {
	uint32_t first, last, class;
};
struct ct_nfc_parts {
	uint32_t cp, a, b;
};
struct ct_nfc_single {
	uint32_t cp, to;
};

extern const struct ct_cp_range ct_nfc_uncertain[];
extern const struct ct_nfc_marks ct_nfc_marks[];
extern const struct ct_nfc_parts ct_nfc_pairs[], ct_nfc_apart[];
extern const struct ct_nfc_single ct_nfc_singles[];
extern const size_t ct_nfc_uncertain_n, ct_nfc_marks_n, ct_nfc_pairs_n, ct_nfc_apart_n, ct_nfc_singles_n;

#endif
