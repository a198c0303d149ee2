/* term_kind: what differs between kinds of terminals: the terminfo entry, size and keys. A part of term.h. */
#ifndef TUI_TERM_KIND_H
#define TUI_TERM_KIND_H

#include <wchar.h>

/* Keys that curses does not know, as codes greater than KEY_MAX. */
enum { TERM_KEYS = 0x10000, PASTE_BEGIN, PASTE_END, CTRL_LEFT, CTRL_RIGHT, ALT_LEFT, ALT_RIGHT };

/* The terminfo entry for a name, or one that can replace it, already set up. NULL: there is neither. */
const char *term_entry(const char *name);
/* To be called before curses begins. */
void term_ask_size(void);
/* Turns what curses reads into a code of key.h; -1: it is none of our keys. */
int term_special(wint_t code);
int term_char(wint_t c);

#endif
