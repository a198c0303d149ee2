/*
 * shim: loaded before the C library (LD_PRELOAD), it lets the n-th call of one kind fail, and counts what is
 * never freed.
 *
 *   TORTURE_KIND=alloc|open|read|write|rename|sync|map|stat|thread
 *   TORTURE_AT=N         the call that fails (0: none fails, calls are only counted)
 *   TORTURE_MORE=1       all calls after it fail too
 *   TORTURE_REPORT=FILE  gets "CALLS LEAKS LARGEST PEAK" at exit: LARGEST are the bytes of the largest
 *                        allocation, PEAK the most bytes allocated at one time
 *   TORTURE_SITES=FILE   gets the numbers of calls that differ: of those with the same backtrace, the first
 *                        two and the last
 *   TORTURE_SECONDS=N    SIGALRM ends a run that takes longer
 *   TORTURE_POINTS=FILE  instead of one run, makes two runs for each number in FILE, each in its own process:
 *                        in one only that call fails, in the other all later ones too. For each run that
 *                        neither succeeded nor failed properly the report has a line "AT MORE STATUS LEAKS
 *                        LARGEST": MORE is 1 or -, STATUS the shell's exit status, LEAKS ? if the run did not
 *                        end by itself. Its last line is the number of runs
 *   TORTURE_KEEP=DIR     gets the outputs of these runs, as AT.MORE.out and AT.MORE.err
 *   TORTURE_CLEAN=DIR    is emptied before each of these runs
 *
 * Only calls by the program count, and those by libraries that read its input (jansson, yaml, pcre2, zlib,
 * and the C library on their behalf). Calls by OpenBLAS, curses and the loader do not: how these behave
 * without memory is not ours to test.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);
extern void __libc_free(void *p);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t at, size_t room);
char *__realpath_chk(const char *path, char *out, size_t room);

enum kind { NONE, ALLOC, OPEN, READ, WRITE, RENAME, SYNC, MAP, STAT, THREAD };
enum { RANGES = 32, LIVE = 1 << 20, CALLS = 1 << 17, SITES = 2 * CALLS, DEPTH = 32 };

static struct {
	enum kind kind;
	long at;
	bool more;
	int report, sites;		/* -1: nowhere */
	struct {
		uintptr_t begin, end;
		bool owns;		/* what it allocates it must free */
	} range[RANGES];
	int n_ranges;
	bool ready;
} shim = { .report = -1, .sites = -1 };

static atomic_long calls;
static _Atomic(uintptr_t) live[LIVE];	/* open addressing; 1: was there */
static atomic_long leaks, held, largest, peak;
static uint64_t site[CALLS];		/* what the backtrace of each call amounts to */

/* Is this return address in code that counts? *owns: and that has to free what it gets. */
static bool
counts(const void *caller, bool *owns)
{
	uintptr_t at = (uintptr_t)caller;

	for (int i = 0; i < shim.n_ranges; i++)
		if (at >= shim.range[i].begin && at < shim.range[i].end) {
			*owns = shim.range[i].owns;
			return true;
		}
	return false;
}

static uint64_t
backtrace_sum(void)
{
	void *at[DEPTH];
	uint64_t sum = 14695981039346656037u;

	for (int i = 0, n = backtrace(at, DEPTH); i < n; i++)
		sum = (sum ^ (uintptr_t)at[i]) * 1099511628211u;
	return sum;
}

/* For a debugger's breakpoint: what called this is what fails. */
__attribute__((noinline)) static bool
torture_failed(void)
{
	__asm__ volatile("");
	return true;
}

/* Must this call fail? */
static bool
fails(enum kind kind, const void *caller)
{
	bool owns;
	long n;

	if (!shim.ready || kind != shim.kind || !counts(caller, &owns))
		return false;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (shim.sites >= 0 && n <= CALLS)
		site[n - 1] = backtrace_sum();
	return shim.at > 0 && (n == shim.at || (shim.more && n > shim.at)) && torture_failed();
}

static void
note_alloc(void *p, const void *caller)
{
	bool owns = false;

	if (!p || !shim.ready || !counts(caller, &owns) || !owns)
		return;
	for (size_t i = (uintptr_t)p / 16 * 0x9E3779B97F4A7C15u % LIVE, left = LIVE; left; left--,
	    i = (i + 1) % LIVE) {
		uintptr_t old = live[i];

		if (old <= 1 && atomic_compare_exchange_strong(&live[i], &old, (uintptr_t)p)) {
			long size = (long)malloc_usable_size(p), now = atomic_fetch_add(&held, size) + size;

			/* Two threads may overtake each other here: it is one of their figures then. */
			if (size > largest)
				largest = size;
			if (now > peak)
				peak = now;
			leaks++;
			return;
		}
	}
}

static void
note_free(void *p)
{
	if (!p || !shim.ready)
		return;
	for (size_t i = (uintptr_t)p / 16 * 0x9E3779B97F4A7C15u % LIVE, left = LIVE; left && live[i];
	     left--, i = (i + 1) % LIVE)
		if (live[i] == (uintptr_t)p) {
			live[i] = 1;
			held -= (long)malloc_usable_size(p);
			leaks--;
			return;
		}
}

static int
add_object(struct dl_phdr_info *info, size_t size, void *first)
{
	static const char *const guests[] = { "libjansson", "libyaml", "libpcre2", "libz.", "libc." };
	const char *name = info->dlpi_name;
	bool *is_first = first, counted = *is_first, owns = *is_first;

	(void)size;
	*is_first = false;
	for (size_t i = 0; i < sizeof guests / sizeof *guests; i++)
		if (strstr(name, guests[i])) {
			counted = true;
			owns = i + 1 < sizeof guests / sizeof *guests;	/* the C library keeps buffers */
		}
	for (int i = 0; i < info->dlpi_phnum && counted && shim.n_ranges < RANGES; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_LOAD || !(h->p_flags & PF_X))
			continue;
		shim.range[shim.n_ranges].begin = info->dlpi_addr + h->p_vaddr;
		shim.range[shim.n_ranges].end = info->dlpi_addr + h->p_vaddr + h->p_memsz;
		shim.range[shim.n_ranges++].owns = owns;
	}
	return 0;
}

/* What a run says of itself at its end, in memory that it shares with who started it. */
struct result {
	bool ended;
	long leaks, largest;
};
static struct result *result;

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	return at->level ? remove(path) : 0;
}

static void
redirect(int fd, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (to < 0 || dup2(to, fd) != fd)
		_exit(99);
	close(to);
}

/* Reads a small file whole; -1 for one that is not small. */
static ssize_t
read_small(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size) : -1;

	if (fd >= 0)
		close(fd);
	return n < (ssize_t)size ? n : -1;
}

/* One line "PROGRAM: something", and a status that says so. */
static bool
plainly_failed(int status, const char *err)
{
	static char text[1 << 16];
	ssize_t n = read_small(err, text, sizeof text - 1);
	const char *colon;

	if ((status != 1 && status != 2) || n <= 0 || text[n - 1] != '\n')
		return false;
	text[n] = '\0';
	colon = strstr(text, ": ");
	return strncmp(text, "ctrace", 6) == 0 && colon && colon[2] != '\n' &&
	    strchr(text, '\n') == text + n - 1;
}

static bool
plainly_succeeded(int status, const char *out, const char *err, const char *good)
{
	static char text[2][1 << 18];
	ssize_t n = read_small(out, text[0], sizeof text[0]);

	return status == 0 && n >= 0 && read_small(good, text[1], sizeof text[1]) == n &&
	    memcmp(text[0], text[1], (size_t)n) == 0 && read_small(err, text[0], sizeof text[0]) == 0;
}

/* Returns in the process that is to run. */
static bool
run_point(long at, bool more, const char *keep, const char *good)
{
	char out[PATH_MAX], err[PATH_MAX], leaks[32] = "?";
	const char *clean = getenv("TORTURE_CLEAN");
	int status;
	pid_t pid;

	snprintf(out, sizeof out, "%s/%ld.%s.out", keep, at, more ? "1" : "-");
	snprintf(err, sizeof err, "%s/%ld.%s.err", keep, at, more ? "1" : "-");
	if (clean)
		nftw(clean, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	*result = (struct result){ .ended = false };
	pid = fork();
	if (pid == 0) {
		redirect(STDOUT_FILENO, out);
		redirect(STDERR_FILENO, err);
		lseek(STDIN_FILENO, 0, SEEK_SET);
		shim.at = at;
		shim.more = more;
		close(shim.report);
		shim.report = -1;
		return true;
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		_exit(99);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (result->ended)
		snprintf(leaks, sizeof leaks, "%ld", result->leaks);
	if (at == 0 && rename(out, good) != 0)
		_exit(99);
	else if (at && result->ended && !result->leaks && result->largest <= 64 << 20 &&
	    (plainly_failed(status, err) || plainly_succeeded(status, out, err, good)))
		unlink(out);
	else if (at)
		dprintf(shim.report, "%ld %s %d %s %ld\n", at, more ? "1" : "-", status, leaks,
		    result->largest);
	if (access(out, F_OK) != 0)
		unlink(err);
	return false;
}

/* Returns in each of the processes that are to run; does not return in the one that starts them. */
static void
serve(void)
{
	static long points[CALLS];
	const char *keep = getenv("TORTURE_KEEP");
	FILE *f = fopen(getenv("TORTURE_POINTS"), "re");
	char good[PATH_MAX];
	long n = 0, runs = 0;

	result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!f || !keep || result == MAP_FAILED)
		_exit(99);
	while (n < CALLS && fscanf(f, "%ld", &points[n]) == 1)
		n++;
	fclose(f);	/* a process that ends would set it back */
	snprintf(good, sizeof good, "%s/good", keep);
	if (run_point(0, false, keep, good))
		return;
	for (long i = 0; i < n; i++)
		for (int more = 0; more < 2; more++, runs++)
			if (run_point(points[i], more, keep, good))
				return;
	dprintf(shim.report, "%ld\n", runs);
	_exit(0);
}

__attribute__((constructor)) static void
set_up(void)
{
	static const char *const names[] = { "", "alloc", "open", "read", "write", "rename", "sync", "map",
	    "stat",
		"thread" };
	const char *kind = getenv("TORTURE_KIND"), *at = getenv("TORTURE_AT"),
	    *report = getenv("TORTURE_REPORT");
	const char *sites = getenv("TORTURE_SITES"), *seconds = getenv("TORTURE_SECONDS");
	bool first = true;

	for (int i = 1; kind && i < (int)(sizeof names / sizeof *names); i++)
		if (strcmp(kind, names[i]) == 0)
			shim.kind = (enum kind)i;
	shim.at = at ? strtol(at, NULL, 10) : 0;
	shim.more = getenv("TORTURE_MORE") != NULL;
	if (report)
		shim.report = open(report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (sites) {
		shim.sites = open(sites, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		backtrace_sum();	/* the first one allocates */
	}
	dl_iterate_phdr(add_object, &first);
	if (getenv("TORTURE_POINTS"))
		serve();
	if (seconds)
		alarm((unsigned)strtoul(seconds, NULL, 10));
	shim.ready = true;
}

static void
say_sites(void)
{
	static struct { uint64_t sum; long seen, last; } table[SITES];
	static long entry[CALLS];
	long n = calls < CALLS ? calls : CALLS;

	for (long i = 0; i < n; i++) {
		long k = (long)(site[i] % SITES);

		while (table[k].last && table[k].sum != site[i])
			k = (k + 1) % SITES;
		table[k].sum = site[i];
		table[k].last = i + 1;
		entry[i] = k;
	}
	for (long i = 0; i < n; i++)
		if (table[entry[i]].seen++ < 2 || table[entry[i]].last == i + 1)
			dprintf(shim.sites, "%ld\n", i + 1);
}

__attribute__((destructor)) static void
say(void)
{
	char text[128];
	int n;

	shim.ready = false;
	if (shim.sites >= 0)
		say_sites();
	if (result)
		*result = (struct result){ .ended = true, .leaks = leaks, .largest = largest };
	if (shim.report < 0)
		return;
	n = snprintf(text, sizeof text, "%ld %ld %ld %ld\n", (long)calls, (long)leaks, (long)largest,
	    (long)peak);
	if (write(shim.report, text, (size_t)n) != n)
		return;
}

#define CALLER __builtin_return_address(0)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_WITH(code, result) return errno = (code), (result)

void *
malloc(size_t n)
{
	void *p;

	if (fails(ALLOC, CALLER))
		FAIL_WITH(ENOMEM, NULL);
	p = __libc_malloc(n);
	note_alloc(p, CALLER);
	return p;
}

void *
calloc(size_t n, size_t size)
{
	void *p;

	if (fails(ALLOC, CALLER))
		FAIL_WITH(ENOMEM, NULL);
	p = __libc_calloc(n, size);
	note_alloc(p, CALLER);
	return p;
}

void *
realloc(void *old, size_t n)
{
	void *p;

	if (fails(ALLOC, CALLER))
		FAIL_WITH(ENOMEM, NULL);
	note_free(old);
	p = __libc_realloc(old, n);
	note_alloc(p ? p : n ? old : NULL, CALLER);
	return p;
}

void *
aligned_alloc(size_t align, size_t n)
{
	void *p;

	if (fails(ALLOC, CALLER))
		FAIL_WITH(ENOMEM, NULL);
	p = __libc_memalign(align, n);
	note_alloc(p, CALLER);
	return p;
}

int
posix_memalign(void **out, size_t align, size_t n)
{
	void *p;

	if (fails(ALLOC, CALLER))
		return ENOMEM;
	p = __libc_memalign(align, n);
	if (!p)
		return ENOMEM;
	note_alloc(p, CALLER);
	*out = p;
	return 0;
}

void
free(void *p)
{
	note_free(p);
	__libc_free(p);
}

char *
strndup(const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	char *p;

	if (fails(ALLOC, CALLER))
		FAIL_WITH(ENOMEM, NULL);
	p = __libc_malloc(n + 1);
	if (!p)
		return NULL;
	memcpy(p, s, n);
	p[n] = '\0';
	note_alloc(p, CALLER);
	return p;
}

char *
strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p;

	if (fails(ALLOC, CALLER))
		FAIL_WITH(ENOMEM, NULL);
	p = __libc_malloc(n);
	if (p)
		memcpy(p, s, n);
	note_alloc(p, CALLER);
	return p;
}

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (fails(OPEN, CALLER))
		FAIL_WITH(EMFILE, -1);
	return openat(AT_FDCWD, path, flags, mode);
}

FILE *
fopen(const char *path, const char *mode)
{
	if (fails(OPEN, CALLER))
		FAIL_WITH(EMFILE, NULL);
	return REAL(fopen)(path, mode);
}

DIR *
opendir(const char *path)
{
	if (fails(OPEN, CALLER))
		FAIL_WITH(EMFILE, NULL);
	return REAL(opendir)(path);
}

ssize_t
read(int fd, void *buf, size_t n)
{
	if (fails(READ, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(read)(fd, buf, n);
}

ssize_t
pread(int fd, void *buf, size_t n, off_t at)
{
	if (fails(READ, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(pread)(fd, buf, n, at);
}

/* What -D_FORTIFY_SOURCE calls instead. */
ssize_t
__read_chk(int fd, void *buf, size_t n, size_t room)
{
	(void)room;
	if (fails(READ, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(read)(fd, buf, n);
}

ssize_t
__pread_chk(int fd, void *buf, size_t n, off_t at, size_t room)
{
	(void)room;
	if (fails(READ, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(pread)(fd, buf, n, at);
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	if (fails(WRITE, CALLER))
		FAIL_WITH(ENOSPC, -1);
	return REAL(write)(fd, buf, n);
}

int
rename(const char *from, const char *to)
{
	if (fails(RENAME, CALLER))
		FAIL_WITH(EACCES, -1);
	return REAL(rename)(from, to);
}

int
mkdir(const char *path, mode_t mode)
{
	if (fails(RENAME, CALLER))
		FAIL_WITH(EACCES, -1);
	return REAL(mkdir)(path, mode);
}

int
fsync(int fd)
{
	if (fails(SYNC, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(fsync)(fd);
}

int
close(int fd)
{
	int r = REAL(close)(fd);

	if (fails(SYNC, CALLER))
		FAIL_WITH(EIO, -1);
	return r;
}

void *
mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
	if (fails(MAP, CALLER))
		FAIL_WITH(ENOMEM, MAP_FAILED);
	return REAL(mmap)(at, n, prot, flags, fd, from);
}

int
stat(const char *restrict path, struct stat *restrict st)
{
	if (fails(STAT, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(stat)(path, st);
}

int
fstat(int fd, struct stat *st)
{
	if (fails(STAT, CALLER))
		FAIL_WITH(EIO, -1);
	return REAL(fstat)(fd, st);
}

char *
realpath(const char *restrict path, char *restrict out)
{
	if (fails(STAT, CALLER))
		FAIL_WITH(EIO, NULL);
	return REAL(realpath)(path, out);
}

char *
__realpath_chk(const char *path, char *out, size_t room)
{
	(void)room;
	if (fails(STAT, CALLER))
		FAIL_WITH(EIO, NULL);
	return REAL(realpath)(path, out);
}

int
pthread_create(pthread_t *restrict t, const pthread_attr_t *restrict a, void *(*fn)(void *),
    void *restrict arg)
{
	if (fails(THREAD, CALLER))
		return EAGAIN;
	return REAL(pthread_create)(t, a, fn, arg);
}
