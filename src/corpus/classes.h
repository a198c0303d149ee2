/*
 * classes: replaces each value of a recipe's tables in a text by its kind: the class of "in Texas" is "in
 * <state>".
 *
 * Owns the tables. Labels with the same class mean the same in prompts about different values.
 */
#ifndef CT_CORPUS_CLASSES_H
#define CT_CORPUS_CLASSES_H

#include <stddef.h>

#include "base/error.h"

struct ct_classes;

/* If a recipe has no tables, such as one of plain text, every text is its own class. */
int ct_classes_open(struct ct_classes **out, const char *recipe, struct ct_error *err);
void ct_classes_close(struct ct_classes *c);

/*
 * The class of a label or token, in dst, which is returned. A value is replaced where it stands as whole
 * words, the longest first, and not after an article ("say a capital" names a column):
 *   1. by the name of its column, if that stands before it: "bird Cardinal" is "bird <bird>";
 *   2. after "say" by the first column that has it;
 *   3. by the table whose rows it names: "Dallas" is "<city>"; else by the first column that has it.
 * If 2 finds no column, 3 applies. In the world of sums, numbers and ranges such as 8-9 are "<number>". c
 * NULL: the text is copied.
 */
const char *ct_classes_of(const struct ct_classes *c, const char *text, char *dst, size_t size);

#endif
