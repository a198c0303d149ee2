/* binding: what a key does in the present situation. */
#ifndef TUI_BINDING_H
#define TUI_BINDING_H

struct app;
struct key_entry;

/* NULL: nothing. */
const struct key_entry *binding_of(const struct app *a, int key);

#endif
