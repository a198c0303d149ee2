/*
 * pty: ctrace-tui on a pseudo-terminal, as its tests drive it. Every one of these fails the test when it does
 * not work.
 */
#ifndef PTY_H
#define PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

enum { PATIENCE_MS = 20000, OUT_MAX = 1 << 18 };

#define LEAVE "\033[?1049l"	/* xterm's end of the alternate screen */
#define READY "quit"		/* the last word of the hint line */

struct run {
	pid_t pid;
	int master, slave;	/* the slave stays open so that its settings can be looked at */
	struct termios before;
	char out[OUT_MAX];
	size_t n;
	bool quiet;	/* what was typed is answered, and nothing came since */
};

/* Setup and teardown of a group: the model, and a directory for what the program keeps ($XDG_STATE_HOME). */
int pty_enter(void **state);
int pty_leave(void **state);
const char *pty_home(void);
const char *pty_model(void);
const char *pty_program(void);

/*
 * Starts ctrace-tui; skips the test where there are no pseudo-terminals. With a shell command, $0 to $4 start
 * it.
 */
void start(struct run *r, const char *term, int cols, int rows);
void start_with(struct run *r, const char *model);
void start_under(struct run *r, const char *shell_command);

/* Reads until text has come (after byte `from`), or, with text NULL, until nothing came for a while. */
bool read_until(struct run *r, size_t from, const char *text);
void type(struct run *r, const char *keys);
/*
 * Types keys, or only waits when there are none, and returns how many bytes that brought. A key that brings
 * none costs no more time than another: the program has read it, and then wrote nothing for a while.
 */
size_t bytes_for(struct run *r, const char *keys);
void resize(struct run *r, int cols, int rows);

/* Waits for its end; its status. */
int finish(struct run *r);
/* The terminal is as it was, and closed. */
void assert_restored(struct run *r);

#endif
