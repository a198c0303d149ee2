/*
 * label: the wording of feature labels. A mixed feature is called "mixed: Texas / say TX / a bird": the
 * labels that fit it best, none of them well.
 */
#ifndef CT_BASE_LABEL_H
#define CT_BASE_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#define CT_LABEL_MIXED "mixed: "
#define CT_LABEL_OR " / "
#define CT_LABEL_GUESS "\342\211\210 "	/* "≈ " */

/* The i-th label (from 0) that fits a feature: a label has one, a mixed one several. false after the last. */
bool ct_label_candidate(char *dst, size_t size, const char *label, int i);

/* Copies the label's words; those of the best candidate if it is mixed. Returns whether it is mixed. */
bool ct_label_words(char *dst, size_t size, const char *label);

/* The same for the screen, where a guess is marked: "≈ Texas". */
bool ct_label_short(char *dst, size_t size, const char *label);

#endif
