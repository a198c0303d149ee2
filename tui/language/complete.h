/*
 * complete: what Tab offers for the line that is being typed.
 */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

struct app;

/* Sets the candidates of a->input, and the start of the text that they replace. */
void complete_find(struct app *a);

#endif
