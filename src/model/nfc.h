/*
 * nfc: whether text is certainly in Unicode's normalization form C.
 */
#ifndef CT_MODEL_NFC_H
#define CT_MODEL_NFC_H

#include <stdbool.h>
#include <stddef.h>

/* False for some rare text that is in form C, too; *at is then the byte where certainty ends. */
bool ct_nfc_check(const char *s, size_t n, size_t *at);

#endif
