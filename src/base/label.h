/*
 * label: the wording of feature labels. A mixed feature is called "mixed: Texas / say TX / a bird": the labels that fit
 * it best, none of them well.
 */
#ifndef CT_BASE_LABEL_H
#define CT_BASE_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#define CT_LABEL_MIXED "mixed: "
#define CT_LABEL_OR " / "

/* The label in few words: of a mixed one the best candidate, as a guess: "Texas?". Is it one? */
bool ct_label_short(char *dst, size_t size, const char *label);

#endif
