/*
 * term_kind: the part of term.h that knows kinds of terminals: terminfo's entry for each, its size, its keys.
 */
#ifndef TUI_TERM_KIND_H
#define TUI_TERM_KIND_H

#include <wchar.h>

/* Keys that curses does not know, as numbers of its kind; they begin behind KEY_MAX. */
enum { TERM_KEYS = 0x10000, PASTE_BEGIN, PASTE_END, CTRL_LEFT, CTRL_RIGHT, ALT_LEFT, ALT_RIGHT };

/* terminfo's entry for a name, or the one that stands in for it; it is set up. NULL: there is neither. */
const char *term_entry(const char *name);
/* Before curses begins. */
void term_ask_size(void);
/* What curses reads as a key of ours (keys.h); -1: none. */
int term_special(wint_t code);
int term_char(wint_t c);

#endif
