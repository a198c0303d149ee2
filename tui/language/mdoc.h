/* mdoc: writes text for the manual pages that are made from the tables. */
#ifndef TUI_MDOC_H
#define TUI_MDOC_H

#include <stdio.h>

/* A text within a line, in which nothing is taken for markup. */
void mdoc_word(FILE *out, const char *s);
/* A text in lines of its own, broken at blanks. */
void mdoc_text(FILE *out, const char *s);

#endif
