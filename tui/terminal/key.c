/* key: see key.h. */
#include "tui/terminal/key.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *name;
	int key;
	const char *label;	/* what the screen shows; NULL: the name */
} names[] = {
	{ "Enter", K_ENTER, NULL },
	{ "Tab", K_TAB, NULL },
	{ "Shift-Tab", K_BACKTAB, NULL },
	{ "Esc", K_ESC, NULL },
	{ "Space", ' ', NULL },
	{ "Backspace", K_BACKSPACE, NULL },
	{ "Delete", K_DELETE, NULL },
	{ "Up", K_UP, "↑" },
	{ "Down", K_DOWN, "↓" },
	{ "Left", K_LEFT, "←" },
	{ "Right", K_RIGHT, "→" },
	{ "Home", K_HOME, NULL },
	{ "End", K_END, NULL },
	{ "PageUp", K_PAGE_UP, "PgUp" },
	{ "PageDown", K_PAGE_DOWN, "PgDn" },
};

int
key_parse(const char *name)
{
	uint32_t cp;
	size_t n;
	int base;

	if (strncmp(name, "Ctrl-", 5) == 0 && name[5])
		return (base = key_parse(name + 5)) < 0 ? -1 : K_CTRL | base;
	if (strncmp(name, "Alt-", 4) == 0 && name[4])
		return (base = key_parse(name + 4)) < 0 ? -1 : K_ALT | base;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].key;
	if (name[0] == 'F' && name[1]) {
		char *end;
		long f = strtol(name + 1, &end, 10);

		return *end || f < 1 || f > 12 ? -1 : K_F1 + (int)f - 1;
	}
	n = strlen(name);
	if (n == 0 || (size_t)ct_utf8_decode(name, n, &cp) != n)
		return -1;
	return (int)cp;
}

const char *
key_text(char *buf, size_t size, int key)
{
	const char *mod = key & K_CTRL ? "Ctrl-" : key & K_ALT ? "Alt-" : "";
	int base = key & ~(K_CTRL | K_ALT);
	char utf8[5] = "";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].key == base) {
			snprintf(buf, size, "%s%s", mod, names[i].name);
			return buf;
		}
	if (base >= K_F1 && base <= K_LAST) {
		snprintf(buf, size, "%sF%d", mod, base - K_F1 + 1);
		return buf;
	}
	if (base >= 0x20 && base < K_SPECIAL)
		utf8[ct_utf8_encode((uint32_t)base, utf8)] = '\0';
	snprintf(buf, size, "%s%s", mod, *utf8 ? utf8 : "?");
	return buf;
}

const char *
key_shown(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].label ? names[i].label : name;
	return name;
}

const char *
key_label(char *buf, size_t size, const char *key)
{
	snprintf(buf, size, "%s", key_shown(key));
	return buf;
}
