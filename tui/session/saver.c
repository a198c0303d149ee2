/* saver: see saver.h. There is one thread, and room for one text to be written next. */
#include "tui/session/saver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"

struct saver {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *path, *text;		/* to be written; NULL: nothing */
	size_t n;
	bool writing, ends, failed;
	struct ct_error err;
};

static void *
work(void *arg)
{
	struct saver *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ends || s->path) {
		char *path = s->path, *text = s->text;
		struct ct_error err;
		size_t n = s->n;
		int code;

		if (!path) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		s->path = s->text = NULL;
		s->writing = true;
		pthread_mutex_unlock(&s->lock);
		code = ct_file_replace(path, text, n, &err);
		free(path);
		free(text);
		pthread_mutex_lock(&s->lock);
		s->writing = false;
		if (code != CT_OK) {
			s->failed = true;
			s->err = err;
		}
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int
saver_open(struct saver **out, struct ct_error *err)
{
	struct saver *s = calloc(1, sizeof *s);
	sigset_t all, before;
	int code;

	*out = NULL;
	if (!s)
		return ct_fail_memory(err, sizeof *s, "saving");
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	/* Signals go to the thread that has the terminal. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&s->thread, NULL, work, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code != CT_OK) {
		pthread_cond_destroy(&s->changed);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return ct_fail(err, CT_EIO, "cannot start a thread: %s", strerror(code));
	}
	*out = s;
	return CT_OK;
}

void
saver_close(struct saver *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->ends = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void
saver_put(struct saver *s, char *path, char *text, size_t n)
{
	pthread_mutex_lock(&s->lock);
	free(s->path);
	free(s->text);
	s->path = path;
	s->text = text;
	s->n = n;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

bool
saver_wait(struct saver *s, int ms)
{
	struct timespec until;
	bool done;
	int code = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&s->lock);
	while ((s->path || s->writing) && code != ETIMEDOUT)
		code = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	done = !s->path && !s->writing;
	pthread_mutex_unlock(&s->lock);
	return done;
}

bool
saver_failed(struct saver *s, bool *busy, struct ct_error *err)
{
	bool failed;

	pthread_mutex_lock(&s->lock);
	failed = s->failed;
	s->failed = false;
	if (failed)
		*err = s->err;
	*busy = s->path || s->writing;
	pthread_mutex_unlock(&s->lock);
	return failed;
}
