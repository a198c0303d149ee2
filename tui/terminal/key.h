/* key: codes of keys, their names in scripts and config.yaml, and how the screen shows them. */
#ifndef TUI_KEY_H
#define TUI_KEY_H

#include <stddef.h>

enum {
	K_ALT = 1 << 24,
	K_CTRL = 1 << 25,
	K_SPECIAL = 0x200000,	/* above every code point */
	K_ENTER,
	K_TAB,
	K_BACKTAB,
	K_ESC,
	K_BACKSPACE,
	K_DELETE,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_F1,			/* up to F12 */
	K_LAST = K_F1 + 11
};

/* "Ctrl-r", "Alt-f", "PageDown", "F1", "x" -> code; -1: there is no such key. */
int key_parse(const char *name);
/* The name of a key, as key_parse reads it. */
const char *key_text(char *buf, size_t size, int key);
/* What the screen shows for a key's name: "↑" for "Up". Lent. */
const char *key_shown(const char *name);
/* The same, copied to buf. */
const char *key_label(char *buf, size_t size, const char *key);

#endif
