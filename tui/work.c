/* work: see work.h. */
#include "tui/work.h"

#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/terminal/term.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

bool
work_waits(const struct app *a)
{
	return a->study.graph && a->study.graph->partial && !a->work.stopped && !a->work.failed;
}

/* Lets rows be computed until a key is pressed. */
static bool
until_key(void *ctx, const char *phase, long done, long total)
{
	(void)ctx;
	(void)phase;
	(void)done;
	(void)total;
	return !term_pending();
}

/* Opens these items of the tree again, except those that no longer exist. */
static void
open_again(struct app *a, const struct lines *open)
{
	const struct cmd_entry *branch = cmd_find("branch", 6);
	const char *at = open->text;
	size_t n;

	for (; at && *at && !open->failed; at += n + (at[n] == '\n')) {
		char *line = NULL;

		n = strcspn(at, "\n");
		if (strncmp(at, "branch", 6) == 0 && (line = strndup(at, n)))
			branch->exec(a, line + 6 + strspn(line + 6, " "));
		free(line);
	}
}

/*
 * Nodes have new numbers in the complete graph, so the items that were open in the tree are opened again by
 * name.
 */
static void
show_whole(struct app *a, const struct lines *open)
{
	char message[sizeof a->message];
	bool alert = a->alert;

	memcpy(message, a->message, sizeof message);
	view_changed(a, CHANGED_GRAPH);
	open_again(a, open);
	memcpy(a->message, message, sizeof message);
	a->alert = alert;
}

static int
run(struct app *a, double seconds, const struct ct_job *job, struct ct_error *err)
{
	const struct tree *t = a->state[VIEW_TREE];
	struct lines open = { .text = NULL };
	int code;

	if (t->shaped)
		view_ops(VIEW_TREE)->save(a, a->state[VIEW_TREE], &open);
	code = seconds > 0 ? study_work(&a->study, seconds, job, err) : study_finish(&a->study, job, err);
	if (code == CT_WORK_FINISHED)
		show_whole(a, &open);
	lines_free(&open);
	return code;
}

int
work_step(struct app *a)
{
	static const double slice = 0.08;
	const struct ct_job job = { .progress = until_key };
	int did = DID_NOTHING, code;
	struct ct_error err;

	code = run(a, slice, &job, &err);
	if (code == CT_ECANCELLED)
		return DID_NOTHING;
	if (code < 0) {
		a->work.failed = true;
		return app_fail(a, "the graph stays incomplete: %s", err.msg) & ~DID_FAIL;
	}
	if (code == CT_WORK_CHANGED || code == CT_WORK_FINISHED)
		did = DID_CHANGE;
	a->work.behind |= code == CT_WORK_CHANGED;
	/* Only the tree: other views would start their own work again each time. */
	if (a->work.behind && a->view == VIEW_TREE && a->study.graph->partial) {
		view_changed(a, CHANGED_PRUNING);
		a->work.behind = false;
	}
	return did;
}

bool
work_stop(struct app *a)
{
	char seen[FMT_SIZE];

	if (!work_waits(a) || a->view != VIEW_TREE)
		return false;
	a->work.stopped = true;
	app_say(a, "stopped: the graph has followed %s of the influence; any key goes on",
	    fmt_percent(seen, sizeof seen, a->study.graph->seen));
	return true;
}

bool
work_finish(struct app *a)
{
	struct ct_error err;

	if (!a->study.graph || !a->study.graph->partial)
		return true;
	if (run(a, 0, &a->study.job, &err) >= 0)
		return true;
	app_error(a, &err);
	return false;
}
