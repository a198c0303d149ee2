/*
 * A monkey at the terminal: keys, pastes, clicks and changes of size as fast as they come, so that many
 * arrive while something is computed. The program stays alive, ends when it is told to, and gives the
 * terminal back. $MONKEY_EVENTS and $MONKEY_SEED replay; what the screen shows at the end is the matter of
 * tests/screens/monkey.sh.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "pty.h"

enum { KEPT = 8192 };	/* bytes of the output at least */

static struct run r;

static long
number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : otherwise;
}

/* One event as a terminal would send it. q would end the program, 0 and Ctrl-Z lead out of it. */
static size_t
event(char *out, size_t size, struct ct_rng *rng)
{
	static const char *const keys[] = { "\r", "\t", "\033", "\033[A", "\033[B", "\033[C", "\033[D",
	    "\033[5~", "\033[6~",
		"\033[H", "\033[F", " ", "\177", "\033[3~", "\033OP", "\022", "\001", "\013", "\027", "\003",
		    "\014", "\033[Z",
		"\033b", "\033[1;5C", "\xc3\xa9", "\xff", "\033[", "\033]0;x\a" };
	static const char *const texts[] = { ":clamp L1#3@2=0\r", ":mode free\r", ":prune .3\r", ":sweep "
	    "-2:2:9\r", ":view survey\r",
		":generate 5\r", "iw1 w2 w3 w4 w5 w6\r", ":attribute w3\r", ":expand all\r", ":transcoder\r",
		    "/w1\r" };
	static const char *const pastes[] = { "w1 w2", "q", "\n\n", "a\tb", "\033[31m",
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
	uint32_t kind = ct_rng_below(rng, 100);
	int n;

	if (kind < 45) {
		int c = 33 + (int)ct_rng_below(rng, 94);

		n = snprintf(out, size, "%c", c == 'q' || c == '0' ? 'j' : c);
	} else if (kind < 80) {
		n = snprintf(out, size, "%s", keys[ct_rng_below(rng, sizeof keys / sizeof *keys)]);
	} else if (kind < 86) {
		n = snprintf(out, size, "%s", texts[ct_rng_below(rng, sizeof texts / sizeof *texts)]);
	} else if (kind < 90) {
		n = snprintf(out, size, "\033[200~%s\033[201~",
		    pastes[ct_rng_below(rng, sizeof pastes / sizeof *pastes)]);
	} else {
		static const int buttons[] = { 0, 0, 0, 64, 65, 2 };

		n = snprintf(out, size, "\033[<%d;%u;%u%c", buttons[ct_rng_below(rng, 6)],
		    1 + ct_rng_below(rng, 510),
		    1 + ct_rng_below(rng, 210), ct_rng_below(rng, 4) ? 'M' : 'm');
	}
	return (size_t)n;
}

static void
begin(void)
{
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	assert_int_equal(fcntl(r.master, F_SETFL, O_NONBLOCK), 0);
}

/* Takes what comes back: the latest is of interest when it fails. */
static void
listen_to(void)
{
	ssize_t got;

	if (r.n > OUT_MAX / 2) {
		memmove(r.out, r.out + r.n - KEPT, KEPT);
		r.n = KEPT;
	}
	got = read(r.master, r.out + r.n, OUT_MAX / 2 - 1);
	if (got <= 0)
		fail_msg("the program is gone");
	r.n += (size_t)got;
}

/* Has it left? Then in good order: Tab may have completed a command to :quit, or :help to :q. */
static bool
gone(void)
{
	int status;

	if (waitpid(r.pid, &status, WNOHANG) != r.pid)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		read_until(&r, 0, NULL);
		print_message("%s\n", r.out + (r.n > KEPT ? r.n - KEPT : 0));
		fail_msg("the program ended with status %#x", (unsigned)status);
	}
	close(r.master);
	close(r.slave);
	return true;
}

/* Does it sleep, or compute, and never come to its input? One that only gets no processor is waited for. */
static bool
hangs(long waited, clockid_t clock, const struct timespec *before)
{
	struct timespec now;
	double used = 0;

	if (clock_gettime(clock, &now) == 0)
		used = (double)(now.tv_sec - before->tv_sec) + (double)(now.tv_nsec - before->tv_nsec) / 1e9;
	return waited >= PATIENCE_MS && (used <= 0 || used * 1000 >= PATIENCE_MS);
}

/*
 * Hands over all of it, and throws away what comes back. False when the program has left instead of reading
 * it.
 */
static bool
send_all(const char *text, size_t n)
{
	while (n) {
		struct pollfd p = { .fd = r.master, .events = POLLIN | POLLOUT };
		struct timespec before = { .tv_sec = 0 };
		clockid_t clock;
		ssize_t put;

		if (clock_getcpuclockid(r.pid, &clock) != 0)
			clock = CLOCK_MONOTONIC;
		clock_gettime(clock, &before);
		/* The slave that is kept open hides the end of the program from poll. */
		for (int waited = 0; poll(&p, 1, 100) == 0; waited += 100) {
			if (gone())
				return false;
			if (hangs(waited, clock, &before)) {
				kill(r.pid, SIGKILL);
				fail_msg("the program hangs");
			}
		}
		if (p.revents & POLLIN)
			listen_to();
		if (!(p.revents & POLLOUT))
			continue;
		put = write(r.master, text, n);
		if (put > 0) {
			text += put;
			n -= (size_t)put;
		}
	}
	return true;
}

static void
test_monkey(void **state)
{
	long events = number("MONKEY_EVENTS", 3000), seed = number("MONKEY_SEED", 1), starts = 1;
	struct ct_rng rng;
	char text[128];
	bool left = false;

	(void)state;
	ct_rng_seed(&rng, (uint64_t)seed, 1);
	begin();
	for (long i = 0; i < events; i++) {
		if (left || gone()) {
			begin();
			starts++;
		}
		left = false;
		if (ct_rng_below(&rng, 20) == 0)
			resize(&r, 1 + (int)ct_rng_below(&rng, 500), 1 + (int)ct_rng_below(&rng, 200));
		else
			left = !send_all(text, event(text, sizeof text, &rng));
	}
	print_message("%ld events, seed %ld, %ld starts\n", events, seed, starts);
	if (left || gone())
		return;
	resize(&r, 80, 24);
	/* Out of whatever is open, and out. */
	for (int i = 0; i < 40; i++) {
		if (!send_all(i % 2 ? "q" : "\033", 1))
			return;
		r.n = 0;
		read_until(&r, 0, NULL);
		if (gone())
			return;
	}
	kill(r.pid, SIGKILL);
	fail_msg("the program does not leave");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_monkey),
	};

	return cmocka_run_group_tests(tests, pty_enter, pty_leave);
}
