/* app: see app.h. */
#include "tui/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "tui/terminal/fmt.h"
#include "tui/terminal/term.h"

enum { QUIET_MS = 100, POLL_MS = 20 };	/* work shorter than QUIET_MS shows no progress */

static void __attribute__((format(printf, 3, 0)))
set_message(struct app *a, bool alert, const char *fmt, va_list ap)
{
	char raw[sizeof a->message];

	vsnprintf(raw, sizeof raw, fmt, ap);
	ct_text_clean(a->message, sizeof a->message, raw, strlen(raw));
	a->alert = alert;
}

void
app_say(struct app *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_message(a, false, fmt, ap);
	va_end(ap);
}

int
app_fail(struct app *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_message(a, true, fmt, ap);
	va_end(ap);
	return DID_FAIL | DID_CHANGE;
}

static void __attribute__((format(printf, 3, 0)))
put(FILE *out, const char *before, const char *fmt, va_list ap)
{
	char raw[4096], clean[2 * sizeof raw];

	vsnprintf(raw, sizeof raw, fmt, ap);
	ct_text_clean(clean, sizeof clean, raw, strlen(raw));
	fprintf(out, "%s%s\n", before, clean);
}

void
app_complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stderr, "ctrace-tui: ", fmt, ap);
	va_end(ap);
}

void
app_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stdout, "", fmt, ap);
	va_end(ap);
}

int
app_error(struct app *a, const struct ct_error *err)
{
	if (err->code == CT_ECANCELLED)
		return app_fail(a, "stopped; nothing has changed");
	return app_fail(a, "%s", err->msg);
}

int
app_refuse(struct app *a, const char *what)
{
	if (!a->readonly)
		return DID_NOTHING;
	return app_fail(a, "%s: nothing is written, since the program was started with --readonly", what);
}

void
app_forget_history(struct app *a)
{
	free(a->history_path);
	free(a->commands_path);
	a->history_path = a->commands_path = NULL;
}

void
app_unkept(struct app *a, const char *why)
{
	app_fail(a, "prompts and sessions are not kept from now on: %s", why);
	a->session.autosave = false;
	a->session.first = 0;
	app_forget_history(a);
}

void
app_remember(struct app *a, struct history *h, const char *line)
{
	const char *path = h == &a->prompts ? a->history_path : a->commands_path;
	struct ct_error err;

	history_add(h, line);
	if (path && !a->session.reading && history_keep(h, path, &err))
		app_unkept(a, err.msg);
}

const char *
app_edge(const struct app *a, const struct ct_edge *e, char *buf, size_t size)
{
	if (!a->shares)
		return fmt_signed(buf, size, (double)e->weight);
	fmt_signed(buf, size, 100 * study_share(&a->study, e));
	snprintf(buf + strlen(buf), size - strlen(buf), "%%");
	return buf;
}

/* Shows the progress of long work on the last line; Esc stops it. */
static bool
on_progress(void *ctx, const char *phase, long done, long total)
{
	struct app *a = ctx;
	struct area all = area_of(&a->grid);
	long now = (long)(1e3 * ct_seconds());
	int x;

	if (!a->live || now - a->busy_since < QUIET_MS)
		return true;
	if (a->busy_shown && now - a->busy_drawn < POLL_MS)
		return true;
	a->busy_shown = true;
	a->busy_drawn = now;
	draw_line(&all, 0, all.h - 1, all.w, ST_TEXT, ' ');
	x = 1 + draw_text(&all, 1, all.h - 1, ST_STRONG, phase) + 1;
	if (total > 0)
		x += draw_fmt(&all, x, all.h - 1, ST_TEXT, "%ld%%", 100 * done / total);
	draw_text(&all, x + 2, all.h - 1, ST_DIM, "Esc stops");
	term_send(&a->grid);
	return !term_interrupted();
}

/* The same while there is no screen yet; Ctrl-C still ends the program. */
static bool
on_opening(void *ctx, const char *phase, long done, long total)
{
	struct app *a = ctx;
	long now = (long)(1e3 * ct_seconds());

	if (!isatty(STDERR_FILENO) || now - a->busy_since < QUIET_MS ||
	    (a->busy_shown && now - a->busy_drawn < POLL_MS))
		return true;
	fprintf(stderr, "\r%s %ld%%", phase, total > 0 ? 100 * done / total : 0);
	a->busy_shown = true;
	a->busy_drawn = now;
	return true;
}

int
app_open_study(struct app *a, const struct ct_engine_options *opt, const char *name, bool graph,
    struct ct_error *err)
{
	int code;

	a->study.job = (struct ct_job){ .progress = on_opening, .ctx = a };
	a->study.options = *opt;
	code = graph ? study_open_graph(&a->study, name, err) : study_open(&a->study, name, opt, err);
	a->study.job.progress = on_progress;
	if (a->busy_shown)
		fputs("\r\033[K", stderr);
	a->busy_shown = false;
	return code;
}
