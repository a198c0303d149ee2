/* progress: a bar on stderr for long work. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { BAR = 16 };
static const double first_after = 0.4, redraw_every = 0.1;	/* seconds */
static const double status_every = 0.2, log_every = 60;

static void
time_left(char *dst, size_t size, double seconds)
{
	int s = seconds < 359999 ? (int)(seconds + 0.5) : 359999;

	if (s >= 3600)
		snprintf(dst, size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(dst, size, "%d:%02d", s / 60, s % 60);
}

static void
draw(struct cli_progress *p, const char *phase, long done, long total, double now)
{
	double rate = (double)(done - p->first) / (now - p->start);
	char bar[BAR + 1], left[16] = "";
	int fill;

	if (total <= 0) {
		fprintf(stderr, "\r%-20.20s %ld  %.3g/s\033[K", phase, done, rate);
		return;
	}
	fill = (int)(BAR * (done < total ? done : total) / total);
	memset(bar, '.', BAR);
	memset(bar, '#', (size_t)fill);
	bar[BAR] = '\0';
	if (rate > 0)
		time_left(left, sizeof left, (double)(total - done) / rate);
	/* a percentage of much work stays 0 for long: the count shows that it moves */
	fprintf(stderr, "\r\033[?7l%-15.20s [%s] %3ld%%  %ld of %ld  %.3g/s  %s left\033[K\033[?7h", phase,
	    bar, 100 * done / total, done, total, rate, *left ? left : "?");
}

bool
cli_progress(void *ctx, const char *phase, long done, long total)
{
	struct cli_progress *p = ctx;
	double now = ct_seconds();

	if (cli_interrupted())
		return false;
	if (!p->phase || strcmp(p->phase, phase) != 0) {
		p->phase = phase;
		p->start = now;
		p->first = done;
	}
	if (now - p->start < first_after || now - p->drawn < redraw_every || !isatty(STDERR_FILENO))
		return true;
	draw(p, phase, done, total, now);
	p->drawn = now;
	p->visible = true;
	return true;
}

double
cli_status_pause(void)
{
	return isatty(STDERR_FILENO) ? status_every : log_every;
}

void
cli_status(const char *fmt, ...)
{
	char raw[400], clean[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	ct_text_clean(clean, sizeof clean, raw, strlen(raw));
	/* One wider than the terminal must not wrap: the next would overwrite its last line only. */
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[?7l%s\033[K\033[?7h", clean);
	else if (*clean)
		cli_error("%s", clean);
}

struct ct_job
cli_job(struct cli_progress *p)
{
	return (struct ct_job){ .progress = cli_progress, .ctx = p };
}

void
cli_progress_end(struct cli_progress *p)
{
	if (p->visible)
		fputs("\r\033[K", stderr);
	*p = (struct cli_progress){ 0 };
}
