/* cmd_search: commands that search rows for a text, or show only rows that contain it; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/view/view.h"

/* Whether the text of a row names a feature, L1#249, whose label fits. */
static bool
feature_fits(const struct app *a, const char *text, const struct ct_query *q)
{
	int layer, feature;

	for (; (text = strchr(text, 'L')); text++)
		if (sscanf(text, "L%9d#%9d", &layer, &feature) == 2)
			return ct_engine_label_fits(a->study.engine, layer, feature, q);
	return false;
}

bool
cmd_text_fits(const struct app *a, const char *text, const char *what)
{
	struct ct_query q;
	char label[256];

	if (*what != '"' || ct_query_parse(&q, what, NULL) < 0)
		return ct_text_search(text, what);
	if (q.above >= 0)
		return feature_fits(a, text, &q);
	snprintf(label, sizeof label, "%.*s", (int)q.n, q.text);
	return q.exact ? strstr(text, label) != NULL : ct_query_matches(&q, text, NAN);
}

static bool
try_search(struct app *a, int step)
{
	const struct view_ops *ops = view_ops(a->focus);
	void *state = a->state[a->focus];
	struct list *l = ops->list ? ops->list(a, state) : NULL;
	char text[1024];

	if (l && ops->text)
		for (int i = 1; i <= l->n; i++) {
			int row = ((l->sel + step * i) % l->n + l->n) % l->n;

			ops->text(a, state, row, text, sizeof text);
			if (!cmd_text_fits(a, text, a->search))
				continue;
			list_select(l, row);
			if (ops->moved)
				ops->moved(a, state);
			/* The match is the row where the search began: there may be others elsewhere. */
			if (i < l->n || !ops->find)
				return true;
		}
	return (ops->find && ops->find(a, state, a->search)) || (l && l->n && ops->text &&
	    (ops->text(a, state, l->sel, text, sizeof text), cmd_text_fits(a, text, a->search)));
}

static int
search(struct app *a, int step)
{
	if (!a->search[0])
		return app_fail(a, "nothing was searched for yet: / begins a search");
	if (try_search(a, step))
		return DID_CHANGE;
	return app_fail(a, *a->search == '"' ? "%s is not found here" : "\"%s\" is not found here",
	    a->search);
}

int
do_search(struct app *a, const char *arg)
{
	struct ct_query q;
	struct ct_error err;

	if (!*arg) {
		input_open(a, INPUT_SEARCH, "");
		return DID_CHANGE;
	}
	if (*arg == '"' && strstr(arg, "\">") && ct_query_parse(&q, arg, &err) < 0)
		return app_error(a, &err);
	ct_text_clean(a->search, sizeof a->search, arg, strlen(arg));
	return search(a, 1);
}

int
do_search_next(struct app *a, const char *arg)
{
	(void)arg;
	return search(a, 1);
}

int
do_search_back(struct app *a, const char *arg)
{
	(void)arg;
	return search(a, -1);
}

int
do_filter(struct app *a, const char *arg)
{
	const struct view_ops *ops;
	const char *text = strcmp(arg, "*") != 0 ? arg : "";
	char clean[256];

	if (!*arg) {
		input_open(a, INPUT_FILTER, "");
		return DID_CHANGE;
	}
	if (!view_ops(a->focus)->filter)
		view_show(a, VIEW_FEATURES);
	ops = view_ops(a->focus);
	ops->filter(a, a->state[a->focus], text);
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	if (*text)
		app_say(a, "%d rows with \"%s\"; filter * shows all "
		    "rows", ops->list(a, a->state[a->focus])->n,
		    clean);
	return DID_CHANGE;
}
