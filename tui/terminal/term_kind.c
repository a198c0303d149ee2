/* term_kind: see term_kind.h. */
#include "tui/terminal/term_kind.h"

#include <curses.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "tui/terminal/key.h"

_Static_assert((int)TERM_KEYS > KEY_MAX, "codes of our keys must be greater than those of curses");

/*
 * Terminals that understand the same as xterm. Their own terminfo entries are often missing on machines other
 * than the one they run on.
 */
static bool
is_like_xterm(const char *name)
{
	static const char *const begins[] = { "xterm", "alacritty", "foot", "ghostty", "kitty", "wezterm",
		"rio", "contour", "konsole", "vte", "gnome", "iterm", "mintty", "st-", "tmux", "screen" };

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncasecmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

const char *
term_entry(const char *name)
{
	/*
	 * tmux and screen understand less than xterm; the entries of screen are installed wherever these
	 * programs are.
	 */
	static const char *const multiplexer[] = { "screen-256color", "screen" };
	static const char *const xterm[] = { "xterm-256color", "xterm" };
	bool inside = strncmp(name, "tmux", 4) == 0 || strncmp(name, "screen", 6) == 0;
	int status;

	if (setupterm(name, STDOUT_FILENO, &status) == OK)
		return name;
	for (int i = 0; i < 2 && is_like_xterm(name); i++) {
		const char *other = inside ? multiplexer[i] : xterm[i];

		if (setupterm(other, STDOUT_FILENO, &status) == OK)
			return other;
	}
	return NULL;
}

/*
 * Takes the size that the terminal reports, at the start and after each change. LINES and COLUMNS, which a
 * shell may have exported long ago, count only if it reports none.
 */
void
term_ask_size(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row) {
		use_env(FALSE);
		use_tioctl(TRUE);
	}
}

int
term_special(wint_t code)
{
	static const struct {
		wint_t curses;
		int key;
	} map[] = {
		{ KEY_UP, K_UP },
		{ KEY_DOWN, K_DOWN },
		{ KEY_LEFT, K_LEFT },
		{ KEY_RIGHT, K_RIGHT },
		{ KEY_HOME, K_HOME },
		{ KEY_END, K_END },
		{ KEY_PPAGE, K_PAGE_UP },
		{ KEY_NPAGE, K_PAGE_DOWN },
		{ KEY_DC, K_DELETE },
		{ KEY_BACKSPACE, K_BACKSPACE },
		{ KEY_ENTER, K_ENTER },
		{ KEY_BTAB, K_BACKTAB },
		{ CTRL_LEFT, K_CTRL | K_LEFT },
		{ CTRL_RIGHT, K_CTRL | K_RIGHT },
		{ ALT_LEFT, K_ALT | K_LEFT },
		{ ALT_RIGHT, K_ALT | K_RIGHT },
	};

	for (size_t i = 0; i < sizeof map / sizeof *map; i++)
		if (map[i].curses == code)
			return map[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return K_F1 + (int)(code - KEY_F(1));
	return -1;
}

int
term_char(wint_t c)
{
	switch (c) {
	case '\r':
		return K_ENTER;
	case '\t':
		return K_TAB;
	case 27:
		return K_ESC;
	case 8:
	case 127:
		return K_BACKSPACE;
	}
	if (c < 0x20)
		return c == 0 ? (K_CTRL | ' ') : K_CTRL | (int)(c + 'a' - 1);
	return (int)c;
}

