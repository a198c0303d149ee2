/*
 * term: see term.h. A process has one terminal, and this file has its state. Signal handlers only set flags
 * and write to a pipe, except those of fatal signals, which restore the terminal with strings prepared here.
 */
#include "tui/terminal/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"
#include "tui/terminal/key.h"
#include "tui/terminal/term_kind.h"

enum { QUEUE = 64, DOUBLE_MS = 400 };

/* Reports of motion with a button down, which curses does not ask for. */
#define DRAGS_ON "\033[?1002h"
#define DRAGS_OFF "\033[?1002l"
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

static struct {
	bool open, pasting, colours, mouse, drags;
	struct termios before;
	bool have_before;
	char restore[256];		/* what restores the terminal, without padding */
	size_t restore_size;
	int pipe[2];			/* written by signal handlers */
	struct event queue[QUEUE];	/* events that arrived while something was computed */
	int head, count;
	long click_ms;
	int click_x, click_y;
	const char *type;		/* name of the terminfo entry in use */
} term = { .pipe = { -1, -1 } };

static volatile sig_atomic_t caught_end, caught_winch, caught_stop;

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static const int end_signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

static void
on_signal(int sig)
{
	int saved = errno;

	if (sig == SIGWINCH)
		caught_winch = 1;
	else if (sig == SIGTSTP)
		caught_stop = 1;
	else
		caught_end = sig;
	if (term.pipe[1] >= 0 && write(term.pipe[1], "", 1) < 0)
		errno = saved;	/* a full pipe does no harm: its reader looks at the flags anyway */
	errno = saved;
}

/* Makes only async-signal-safe calls, then lets the default action run. */
static void
on_fatal(int sig, siginfo_t *info, void *context)
{
	static const char why[] = "ctrace-tui: a fault in the program; the terminal was restored\n";

	(void)context;
	if (sig == SIGBUS && ct_map_repair(info))
		return;
	if (term.open) {
		if (write(STDOUT_FILENO, term.restore, term.restore_size) < 0)
			errno = 0;
		if (term.have_before)
			tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
		if (write(STDERR_FILENO, why, sizeof why - 1) < 0)
			errno = 0;
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

/* A fault during a handler ends the program, since its signal is blocked then. */
static void
catch_fatal(int sig)
{
	struct sigaction sa = { .sa_sigaction = on_fatal, .sa_flags = SA_ONSTACK | SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void
catch(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void
catch_signals(void)
{
	static char stack[1 << 16];	/* lets a stack overflow be handled */
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++)
		catch_fatal(fatal_signals[i]);
	for (size_t i = 0; i < sizeof end_signals / sizeof *end_signals; i++)
		catch(end_signals[i], on_signal, 0);
	catch(SIGWINCH, on_signal, 0);
	catch(SIGTSTP, on_signal, 0);
	catch(SIGPIPE, SIG_IGN, 0);
}

static void
add_restore(const char *s)
{
	size_t n;

	if (!s || s == (const char *)-1 || strstr(s, "$<"))
		return;
	n = strlen(s);
	if (term.restore_size + n > sizeof term.restore)
		return;
	memcpy(term.restore + term.restore_size, s, n);
	term.restore_size += n;
}

static void
prepare_restore(void)
{
	term.restore_size = 0;
	add_restore(PASTE_OFF);
	if (term.mouse)
		add_restore("\033[?1000l\033[?1002l\033[?1006l");
	add_restore(tigetstr("sgr0"));
	add_restore(tigetstr("op"));
	add_restore(tigetstr("rmkx"));
	add_restore(tigetstr("rmcup"));
	add_restore(tigetstr("cnorm"));
}

static void
set_locale(void)
{
	const char *said = getenv("LC_ALL");

	if (!said || !*said)
		said = getenv("LC_CTYPE");
	if (!said || !*said)
		said = getenv("LANG");
	setlocale(LC_CTYPE, "");
	/* No locale is set: assume UTF-8, which today's terminals use. */
	if (!said || !*said)
		setlocale(LC_CTYPE, "C.UTF-8");
}

bool
term_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void
write_out(const char *s)
{
	fflush(stdout);
	if (write(STDOUT_FILENO, s, strlen(s)) < 0)
		return;	/* the terminal is gone, which the next read reports */
}

static void
report_drags(bool on)
{
	if (term.drags)
		write_out(on ? DRAGS_ON : DRAGS_OFF);
}

/*
 * curses exits if it does not know the terminal, so this checks first. It also prepares the strings that
 * restore it.
 */
static int
check_terminfo(struct ct_error *err)
{
	const char *name = getenv("TERM"), *cup;
	bool moves;

	if (!name || !*name)
		return ct_fail(err, CT_EUNSUPPORTED,
		    "TERM is not set");
	term.type = term_entry(name);
	if (!term.type)
		return ct_fail(err, CT_EUNSUPPORTED, "unknown terminal type \"%.40s\" in TERM", name);
	cup = tigetstr("cup");
	moves = cup && cup != (char *)-1;
	prepare_restore();
	del_curterm(cur_term);
	if (!moves)
		return ct_fail(err, CT_EUNSUPPORTED, "terminal type \"%.40s\" cannot move the cursor", name);
	return CT_OK;
}

int
term_open(const struct term_options *opt, struct ct_error *err)
{
	int code;

	term.colours = opt->colours;
	term.mouse = opt->mouse;
	code = check_terminfo(err);
	if (code != CT_OK)
		return code;
	term.have_before = tcgetattr(STDIN_FILENO, &term.before) == 0;
	if (pipe(term.pipe) < 0)
		return ct_fail(err, CT_EIO, "pipe: %s", strerror(errno));
	for (int i = 0; i < 2; i++)
		fcntl(term.pipe[i], F_SETFL, fcntl(term.pipe[i], F_GETFL) | O_NONBLOCK);
	set_locale();
	catch_signals();
	/* From here on, a fault must restore the terminal. */
	term.open = true;
	term_ask_size();
	if (!newterm(term.type, stdout, stdin)) {
		term.open = false;
		return ct_fail(err, CT_EIO, "the terminal could not be initialised");
	}
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	idlok(stdscr, TRUE);
	set_escdelay(25);
	define_key("\033[200~", PASTE_BEGIN);
	define_key("\033[201~", PASTE_END);
	define_key("\033[1;5D", CTRL_LEFT);
	define_key("\033[1;5C", CTRL_RIGHT);
	define_key("\033[1;3D", ALT_LEFT);
	define_key("\033[1;3C", ALT_RIGHT);
	term_mouse(opt->mouse);
	theme_apply(opt->theme, opt->colours);
	curs_set(0);
	write_out(PASTE_ON);
	return CT_OK;
}

/* On a terminal without an alternate screen, the shell continues in the last line, which is cleared. */
static void
leave_screen(void)
{
	const char *alternate = tigetstr("rmcup");

	if (!alternate || alternate == (const char *)-1) {
		move(LINES - 1, 0);
		clrtoeol();
		refresh();
	}
	report_drags(false);
	write_out(PASTE_OFF);
	endwin();
	if (term.have_before)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &term.before);
}

void
term_close(void)
{
	if (!term.open)
		return;
	leave_screen();
	term.open = false;
	term_forget();
}

const char *
term_stands_for(void)
{
	const char *name = getenv("TERM");

	return term.type && name && strcmp(term.type, name) != 0 ? term.type : NULL;
}

const char *
term_version(void)
{
	return curses_version();
}

void
term_size(int *cols, int *rows)
{
	*cols = COLS;
	*rows = LINES;
}

void
term_theme(const struct theme *t)
{
	theme_apply(t, term.colours);
	term_redraw();
}

bool
term_mouse_free(void)
{
	const char *name = getenv("TERM");

	return !getenv("STY") || !name || strncmp(name, "screen", 6) != 0;
}

void
term_mouse(bool on)
{
	const mmask_t events = BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED |
	    REPORT_MOUSE_POSITION;

	if (on && !term.mouse) {
		term.mouse = true;
		prepare_restore();
	}
	term.mouse = on;
	mouseinterval(0);
	report_drags(false);
	term.drags = mousemask(on ? events : 0, NULL) != 0;
	report_drags(true);
}

static void
enqueue(const struct event *ev)
{
	if (ev->kind != EV_NONE && term.count < QUEUE)
		term.queue[(term.head + term.count++) % QUEUE] = *ev;
}

static struct event
mouse_event(const MEVENT *m)
{
	struct event ev = { .kind = EV_NONE, .x = m->x, .y = m->y };

	if (m->bstate & BUTTON4_PRESSED) {
		ev.kind = EV_WHEEL_UP;
	} else if (m->bstate & BUTTON5_PRESSED) {
		ev.kind = EV_WHEEL_DOWN;
	} else if (m->bstate & REPORT_MOUSE_POSITION) {
		ev.kind = EV_DRAG;
	} else if (m->bstate & BUTTON1_RELEASED) {
		ev.kind = EV_RELEASE;
	} else if (m->bstate & BUTTON1_PRESSED) {
		long t = (long)(1e3 * ct_seconds());

		ev.kind = EV_CLICK;
		if (t - term.click_ms < DOUBLE_MS && term.click_x == m->x && term.click_y == m->y)
			ev.kind = EV_DOUBLE;
		term.click_ms = ev.kind == EV_DOUBLE ? 0 : t;
		term.click_x = m->x;
		term.click_y = m->y;
	}
	return ev;
}

/* One mouse key of curses may stand for several events, of which curses gives the latest first. */
static void
read_mouse(void)
{
	MEVENT m[QUEUE];
	int n = 0;

	while (n < QUEUE && getmouse(&m[n]) == OK)
		n++;
	while (n-- > 0) {
		struct event ev = mouse_event(&m[n]);

		enqueue(&ev);
	}
}

/*
 * Turns one key that curses has read into an event, without waiting. EV_NONE: there is none, or it is in the
 * queue. *read_any: curses had something.
 */
static struct event
read_event(bool *read_any)
{
	struct event ev = { .kind = EV_NONE };
	wint_t c, after;
	int code = get_wch(&c);

	*read_any = code != ERR;
	if (code == ERR)
		return ev;
	if (code == KEY_CODE_YES) {
		if (c == KEY_MOUSE) {
			read_mouse();
			return ev;
		}
		if (c == PASTE_BEGIN || c == PASTE_END) {
			term.pasting = c == PASTE_BEGIN;
			return ev;
		}
		ev.key = term_special(c);
		ev.kind = ev.key < 0 || term.pasting ? EV_NONE : EV_KEY;
		return ev;
	}
	if (term.pasting) {
		ev.kind = EV_PASTE;
		ev.key = c == '\r' || c == '\n' || c == '\t' ? ' ' : (int)c;
		return ev;
	}
	ev.kind = EV_KEY;
	ev.key = term_char(c);
	/* A terminal sends Alt as Esc and the key at once; curses has waited long enough to tell. */
	if (ev.key == K_ESC && get_wch(&after) == OK)
		ev.key = K_ALT | term_char(after);
	return ev;
}

static struct event
signal_event(void)
{
	struct event ev = { .kind = EV_NONE };
	char drain[64];

	while (read(term.pipe[0], drain, sizeof drain) > 0)
		;
	if (caught_end) {
		ev.kind = EV_END;
		ev.key = caught_end;
	} else if (caught_winch) {
		struct winsize ws;

		caught_winch = 0;
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row) {
			resizeterm(ws.ws_row, ws.ws_col);
			term_redraw();
			ev = (struct event){ .kind = EV_RESIZE, .x = ws.ws_col, .y = ws.ws_row };
		}
	} else if (caught_stop) {
		caught_stop = 0;
		ev.kind = EV_SUSPEND;
	}
	return ev;
}

struct event
term_wait(int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = term.pipe[0], .events = POLLIN },
	};
	struct event ev;
	bool any;
	int n;

	for (;;) {
		if (term.count) {
			ev = term.queue[term.head];
			term.head = (term.head + 1) % QUEUE;
			term.count--;
			return ev;
		}
		ev = signal_event();
		if (ev.kind != EV_NONE)
			return ev;
		do {
			ev = read_event(&any);
			if (ev.kind != EV_NONE)
				return ev;
		} while (any && !term.count);
		if (term.count)
			continue;
		n = poll(fds, 2, timeout_ms);
		if (n == 0)
			return ev;
		if (n < 0)
			continue;	/* a signal, whose flag is checked above */
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			return (struct event){ .kind = EV_END };
		if (fds[0].revents & POLLIN) {
			int waiting = 0;

			/* It can be read but has no data: the other side is closed. */
			if (ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting == 0)
				return (struct event){ .kind = EV_END };
		}
	}
}

bool
term_pending(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return term.count > 0 || (poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN) && !caught_end);
}

bool
term_interrupted(void)
{
	bool any = true, stop = caught_end != 0;

	if (!term.open)
		return false;
	while (any) {
		struct event ev = read_event(&any);

		if (ev.kind == EV_KEY && (ev.key == K_ESC || ev.key == (K_CTRL | 'c')))
			stop = true;
		else
			enqueue(&ev);
	}
	return stop;
}

void
term_suspend(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;
	struct winsize ws;

	if (!term.open)
		return;
	leave_screen();
	sigemptyset(&dfl.sa_mask);
	sigaction(SIGTSTP, &dfl, &old);
	kill(0, SIGTSTP);
	/* The program continues here after it was stopped. */
	sigaction(SIGTSTP, &old, NULL);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row &&
	    (ws.ws_col != COLS || ws.ws_row != LINES))
		caught_winch = 1;
	refresh();
	report_drags(true);
	write_out(PASTE_ON);
	term_redraw();
}
