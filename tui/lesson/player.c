/* player: see player.h. */
#include "tui/lesson/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/input.h"
#include "tui/lesson/turn.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

static const struct step *
current(const struct app *a)
{
	return &a->player.lesson->step[a->player.step];
}

/* The prompt of a step, or of the last step before it that has one. */
static const char *
prompt_of(const struct lesson *l, int step)
{
	while (!l->step[step].prompt)
		step--;
	return l->step[step].prompt;
}

/* Resets the screen to what every step begins with. */
static int
clean_slate(struct app *a)
{
	const struct tree_shape shape = { .by = CT_BY_KIND };
	struct study *s = &a->study;
	struct ct_error err;

	input_close(a);
	a->view = a->focus = VIEW_TREE;
	a->shares = false;
	tree_order(a, &shape);
	view_ops(VIEW_FEATURES)->filter(a, a->state[VIEW_FEATURES], "");
	if (((s->info->has_other_transcoder && strcmp(s->info->transcoder, "PLT") == 0) ||
	    (s->info->neurons && s->info->has_transcoder)) &&
	    study_other_transcoder(s, &err))
		return app_error(a, &err);
	s->how = (struct ct_clamp_options){ .mode = CT_FROZEN };
	s->trace.node_threshold = s->trace.edge_threshold = 0;
	if (study_prompt(s, prompt_of(a->player.lesson, a->player.step), &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	return DID_CHANGE;
}

/* Runs commands. They are in the history, as if the student had typed them. */
static int
run_all(struct app *a, const char *const *command)
{
	int did = DID_CHANGE;

	for (int i = 0; i < LESSON_COMMANDS && command[i] && !(did & DID_FAIL); i++) {
		did |= cmd_run(a, command[i]);
		history_add(&a->commands, command[i]);
	}
	return did & ~DID_QUIT;
}

int
player_go(struct app *a, int step)
{
	struct player *p = &a->player;
	bool whole = a->view == VIEW_LESSON;
	int did;

	if (!p->lesson)
		return app_fail(a, "no lesson is open: lesson NAME opens one");
	if (step < 0)
		return app_fail(a, "this is the first step");
	if (step >= p->lesson->n)
		return app_fail(a,
		    "this was the last step: 0 lists the lessons; :lesson result FILE writes what you did");
	p->step = step;
	p->busy = true;
	memset(p->met, 0, sizeof p->met);
	p->hints = p->choice = 0;
	p->warned = false;
	p->result[step].seen = true;
	did = clean_slate(a);
	if (!(did & DID_FAIL))
		did |= run_all(a, current(a)->command);
	p->busy = false;
	if (!(did & DID_FAIL))
		a->message[0] = '\0';	/* the step's text says the same */
	if (whole && a->view == VIEW_TREE)
		view_show(a, VIEW_LESSON);
	player_update(a);
	return did;
}

int
player_answer(struct app *a)
{
	int did;

	if (!a->player.lesson)
		return app_fail(a, "no lesson is open: lesson NAME opens one");
	if (!current(a)->ask)
		return app_fail(a, "this step has no task: Space goes on");
	a->player.result[a->player.step].shown |= !turn_is_done(a);
	did = run_all(a, current(a)->answer);
	player_update(a);
	return did;
}

int
player_hint(struct app *a)
{
	struct player *p = &a->player;
	char plain[400];
	const char *hint;
	size_t n = 0;
	bool more;

	if (turn_choices(a))
		return app_fail(a, "a prediction has no hints: choose 1 to %d, then see", turn_choices(a));
	if (p->lesson && turn_is_done(a))
		return app_fail(a, "this step is done: Space goes on");
	if (!p->lesson || !current(a)->ask || p->hints == LESSON_HINTS)
		return player_answer(a);
	hint = current(a)->hint[p->hints];
	if (!hint)
		return player_answer(a);
	p->hints++;
	if (p->hints > p->result[p->step].hints)
		p->result[p->step].hints = p->hints;
	for (; *hint && n < sizeof plain - 1; hint++)
		if (*hint != '`')
			plain[n++] = *hint == '\n' ? ' ' : *hint;
	plain[n] = '\0';
	more = p->hints < LESSON_HINTS && current(a)->hint[p->hints];
	app_say(a, "hint %d: %s (. again %s)", p->hints, plain, more ? "says more" : "does it for you");
	return DID_CHANGE;
}

int
player_choose(struct app *a, int choice)
{
	const struct predict *q = a->player.lesson ? &current(a)->predict : NULL;
	int did;

	if (!turn_choices(a))
		return app_fail(a, "lesson choose: no prediction is asked for here");
	if (choice < 1 || choice > q->n)
		return app_fail(a, "lesson choose: expected 1 to %d", q->n);
	a->player.choice = choice;
	if (!a->player.result[a->player.step].choice)	/* only the first choice counts */
		a->player.result[a->player.step].choice = choice;
	did = run_all(a, current(a)->see);
	player_update(a);
	if (!(did & DID_FAIL))
		app_say(a, choice - 1 == q->right ? "as you predicted: %s" : "not as you predicted: it is %s",
		    q->choice[q->right]);
	return did;
}

/* The first expectation that is not true, and what is true instead. Returns false if all are true. */
static bool
first_missed(struct app *a, char *text, size_t size)
{
	char words[200], found[300] = "";

	for (int i = 0; i < current(a)->n_checks; i++) {
		const struct lesson_check *e = &current(a)->checks[i];

		if (a->player.met[i] || lesson_check_holds(a, e, found, sizeof found))
			continue;
		lesson_check_words(e, words, sizeof words);
		snprintf(text, size, "expected: %s; found: %s", words, found);
		return true;
	}
	return false;
}

int
player_next(struct app *a)
{
	struct player *p = &a->player;
	char missed[520];

	if (turn_choices(a) && !p->warned) {
		p->warned = true;
		return app_fail(a, "choose first: 1 to %d; Space again goes on without",
		    current(a)->predict.n);
	}
	if (p->lesson && current(a)->ask && !turn_is_done(a) && !p->warned &&
	    first_missed(a, missed, sizeof missed)) {
		p->warned = true;
		return app_fail(a, "not done yet, %s (. helps; Space again goes on)", missed);
	}
	return player_go(a, p->step + 1);
}

/* A text in quotes as YAML and JSON need it. */
static void
put_quoted(struct ct_buffer *b, const char *text)
{
	ct_buffer_puts(b, "\"");
	for (; *text; text++) {
		const char c = (unsigned char)*text < ' ' ? ' ' : *text;

		if (c == '"' || c == '\\')
			ct_buffer_puts(b, "\\");
		ct_buffer_add(b, &c, 1);
	}
	ct_buffer_puts(b, "\"");
}

/* The result of one step as a line; counts tasks done and predictions right without being shown. */
static void
put_result(struct ct_buffer *b, const struct step *s, const struct step_result *r, int step, int *right)
{
	bool predicted = r->choice - 1 == s->predict.right;

	*right += (s->ask && r->done && !r->shown) || (s->predict.ask && r->choice && predicted);
	ct_buffer_printf(b, "- {step: %d, title: ", step);
	put_quoted(b, s->title);
	ct_buffer_printf(b, ", seen: %s", r->seen ? "true" : "false");
	if (s->ask)
		ct_buffer_printf(b, ", done: %s, hints: %d, shown: %s", r->done ? "true" : "false", r->hints,
		    r->shown ? "true" : "false");
	if (s->predict.ask && r->choice) {
		ct_buffer_puts(b, ", predicted: ");
		put_quoted(b, s->predict.choice[r->choice - 1]);
		ct_buffer_printf(b, ", right: %s", predicted ? "true" : "false");
	}
	ct_buffer_puts(b, "}\n");
}

int
player_result(struct app *a, const char *path)
{
	const struct lesson *l = a->player.lesson;
	struct ct_buffer b = { 0 };
	struct ct_error err;
	int did = app_refuse(a, "lesson result"), right = 0, code;
	char *text;
	size_t n;

	if (did)
		return did;
	if (!l)
		return app_fail(a, "no lesson is open: lesson NAME opens one");
	ct_buffer_puts(&b, "lesson: ");
	put_quoted(&b, l->title);
	ct_buffer_puts(&b, "\nmodel: ");
	put_quoted(&b, a->study.info->name);
	ct_buffer_puts(&b, "\nsteps:\n");
	for (int i = 0; i < l->n; i++)
		put_result(&b, &l->step[i], &a->player.result[i], i + 1, &right);
	text = ct_buffer_take(&b, &n);
	if (!text)
		return app_fail(a, "out of memory");
	code = ct_file_replace(path, text, n, &err);
	free(text);
	if (code != CT_OK)
		return app_error(a, &err);
	app_say(a, "written to %s: %d step%s done or predicted without being shown", path, right,
	    right == 1 ? "" : "s");
	return DID_CHANGE;
}

void
player_update(struct app *a)
{
	struct player *p = &a->player;

	if (!p->lesson || p->busy || turn_choices(a))
		return;
	for (int i = 0; i < current(a)->n_checks; i++)
		if (!p->met[i])
			p->met[i] = lesson_check_holds(a, &current(a)->checks[i], NULL, 0);
	p->result[p->step].done |= turn_is_done(a);
}

/* Says what is still missing of the task, unless there is another message. */
static void
comment(struct app *a)
{
	char missed[520];

	if (a->player.lesson && !a->player.busy && current(a)->ask && !turn_is_done(a) && !a->message[0] &&
	    a->input.kind == INPUT_NONE && first_missed(a, missed, sizeof missed))
		app_say(a, "not yet, %s", missed);
}

void
player_after(struct app *a, bool changed)
{
	player_update(a);
	if (changed)
		comment(a);
}

void
player_close(struct app *a)
{
	lesson_close(a->player.lesson);
	a->player = (struct player){ .lesson = NULL };
}

int
player_start(struct app *a, struct lesson *l)
{
	player_close(a);
	a->player.lesson = l;
	return player_go(a, 0);
}

int
player_open(struct app *a, const char *which)
{
	struct lesson *l;
	struct ct_error err;
	char *dir;

	if (lesson_open(&l, which, &err))
		return app_error(a, &err);
	if (ct_model_find(&dir, l->model, &err))
		goto fail;
	if (strcmp(dir, a->study.info->dir) != 0 && study_model(&a->study, dir, &err)) {
		free(dir);
		goto fail;
	}
	free(dir);
	return player_start(a, l);
fail:
	lesson_close(l);
	return app_error(a, &err);
}

static bool
verdict(const struct app *a, const char *wrong, const char *detail)
{
	const struct step *s = current(a);

	if (wrong)
		app_line("not ok - step %d, %s: line %d: %s: %s", a->player.step + 1, s->title, s->line,
		    wrong, detail);
	else
		app_line("ok - step %d, %s", a->player.step + 1, s->title);
	return !wrong;
}

/* Whether all expectations are true now. */
static bool
all_hold(struct app *a, char *why, size_t size)
{
	char words[200], found[400] = "";

	for (int i = 0; i < current(a)->n_checks; i++) {
		const struct lesson_check *e = &current(a)->checks[i];

		if (lesson_check_holds(a, e, found, sizeof found))
			continue;
		lesson_check_words(e, words, sizeof words);
		snprintf(why, size, "expected: %s; found: %s", words, found);
		return false;
	}
	return true;
}

static bool
check_step(struct app *a, int step)
{
	char why[640] = "";
	const struct step *s;

	if (player_go(a, step) & DID_FAIL)
		return verdict(a, "the step cannot be set up", a->message);
	s = current(a);
	a->draw(a);
	if (s->predict.ask) {
		if (player_choose(a, s->predict.right + 1) & DID_FAIL)
			return verdict(a, "the commands of `see:` failed", a->message);
		a->draw(a);
		return verdict(a, all_hold(a, why, sizeof why) ? NULL :
		    "after `see:` the expectations are not true", why);
	}
	if (!s->ask)
		return verdict(a, all_hold(a, why, sizeof why) ? NULL : "the expectations are not true", why);
	if (all_hold(a, why, sizeof why))
		return verdict(a, "the expectations are true before the student does anything", s->ask);
	if (player_answer(a) & DID_FAIL)
		return verdict(a, "the commands of `answer:` failed", a->message);
	a->draw(a);
	return verdict(a, all_hold(a, why, sizeof why) ? NULL :
	    "after `answer:` the expectations are not true", why);
}

int
player_check(struct app *a)
{
	int failed = 0;

	for (int i = 0; i < a->player.lesson->n; i++)
		failed += !check_step(a, i);
	return failed > 0;
}
