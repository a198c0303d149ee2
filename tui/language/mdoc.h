/*
 * mdoc: text for the manual pages that are made from the tables.
 */
#ifndef TUI_MDOC_H
#define TUI_MDOC_H

#include <stdio.h>

/* Within a line: nothing in s is taken for markup. */
void mdoc_word(FILE *out, const char *s);
/* Lines of their own, broken at blanks. */
void mdoc_text(FILE *out, const char *s);

#endif
