/*
 * map: see map.h. The list of mappings is the engine's one global: a signal handler can find nothing else.
 */
#include "base/map.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

/* A mapping as a signal handler sees it. */
struct ct_guard {
	uintptr_t begin, end;		/* of its pages */
	uintptr_t page;			/* bytes of one */
	atomic_bool lost;		/* pages were replaced */
	_Atomic(struct ct_guard *) next;
};

static struct {
	pthread_mutex_t lock;		/* held while the list is changed */
	_Atomic(struct ct_guard *) first;
	atomic_int readers;		/* handlers that are running: nothing they may use is freed */
} guards = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
link_guard(struct ct_guard *g)
{
	pthread_mutex_lock(&guards.lock);
	g->next = guards.first;
	guards.first = g;
	pthread_mutex_unlock(&guards.lock);
}

static void
unlink_guard(struct ct_guard *g)
{
	_Atomic(struct ct_guard *) *at = &guards.first;

	pthread_mutex_lock(&guards.lock);
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	pthread_mutex_unlock(&guards.lock);
	while (guards.readers)
		sched_yield();
}

bool
ct_map_repair(const siginfo_t *info)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	bool repaired = false;
	int saved = errno;

	if (info->si_code <= 0)		/* sent by a process */
		return false;
	guards.readers++;
	for (struct ct_guard *g = guards.first; g && !repaired; g = g->next) {
		if (at < g->begin || at >= g->end)
			continue;
		/* The pages after it are gone too: all are replaced at once. */
		at -= (at - g->begin) % g->page;
		repaired = mmap((void *)at, g->end - at, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0) != MAP_FAILED;
		g->lost = true;
	}
	guards.readers--;
	errno = saved;
	return repaired;
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (ct_map_repair(info))
		return;
	signal(sig, SIG_DFL);
	raise(sig);
}

void
ct_map_guard(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, NULL);
}

/* Maps m->size bytes and makes them known to the handler. */
static int
map_pages(struct ct_map *m, const char *path, int fd, struct ct_error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *data;

	m->guard = calloc(1, sizeof *m->guard);
	if (!m->guard)
		return ct_fail_memory(err, sizeof *m->guard, path);
	data = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		free(m->guard);
		m->guard = NULL;
		return ct_fail(err, CT_EIO, "cannot map %s (%zu bytes): %s", path, m->size, strerror(errno));
	}
	m->data = data;
	m->guard->begin = (uintptr_t)data;
	m->guard->page = page;
	m->guard->end = (uintptr_t)data + (m->size + page - 1) / page * page;
	link_guard(m->guard);
	return CT_OK;
}

int
ct_map_open(struct ct_map *m, const char *path, struct ct_error *err)
{
	struct stat st;
	int fd, code = CT_OK;

	*m = (struct ct_map){ .fd = -1 };
	fd = ct_file_open(path, &st, err);
	if (fd < 0)
		return fd;
	m->fd = fd;
	m->size = (size_t)st.st_size;
	m->written = ct_file_written(&st);
	m->path = strdup(path);
	if (!m->path)
		code = ct_fail_memory(err, strlen(path) + 1, path);
	else if (m->size)
		code = map_pages(m, path, fd, err);
	if (code < 0)
		ct_map_close(m);
	return code;
}

void
ct_map_close(struct ct_map *m)
{
	if (m->guard)
		unlink_guard(m->guard);
	if (m->data)
		munmap((void *)(uintptr_t)m->data, m->size);
	if (m->fd >= 0)
		close(m->fd);
	free(m->guard);
	free(m->path);
	*m = (struct ct_map){ .fd = -1 };
}

int
ct_map_check(const struct ct_map *m, struct ct_error *err)
{
	struct stat st;
	bool known = fstat(m->fd, &st) == 0;	/* if not, lost pages tell */

	if (known && (size_t)st.st_size < m->size)
		return ct_fail(err, CT_EIO,
		    "%s shrank from %zu to %zu bytes while it was open; open it again",
		    m->path, m->size, (size_t)st.st_size);
	if (known && (ct_file_written(&st).tv_sec != m->written.tv_sec ||
	    ct_file_written(&st).tv_nsec != m->written.tv_nsec))
		return ct_fail(err, CT_EIO, "%s was written to while it was open; open it again", m->path);
	if (m->guard && m->guard->lost)
		return ct_fail(err, CT_EIO, "%s: a part of it could not be read from the disk", m->path);
	return CT_OK;
}
