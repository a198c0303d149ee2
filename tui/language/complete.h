/*
 * complete: what Tab offers for the line that is being typed.
 */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

struct app;

/* Fills in the candidates of a->input, and where what they replace begins. */
void complete_find(struct app *a);

#endif
