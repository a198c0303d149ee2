/* player: see player.h. */
#include "tui/lesson/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/frame.h"
#include "tui/view/tree.h"

static const struct step *
current(const struct app *a)
{
	return &a->player.lesson->step[a->player.step];
}

/* The prompt of a step: its own, or that of the last one before it that has one. */
static const char *
prompt_of(const struct lesson *l, int step)
{
	while (!l->step[step].prompt)
		step--;
	return l->step[step].prompt;
}

/* The screen as every step finds it. */
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
	if (s->info->has_other_transcoder && !strcmp(s->info->transcoder, "PLT") &&
	    study_other_transcoder(s, &err))
		return app_error(a, &err);
	s->how = (struct ct_clamp_options){ .mode = CT_FROZEN };
	s->trace.node_threshold = s->trace.edge_threshold = 0;
	if (study_prompt(s, prompt_of(a->player.lesson, a->player.step), &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	return DID_CHANGE;
}

/* The student finds these commands in the history, as if typed. */
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
		    "this was the last step; 0 lists the lessons, :lesson off closes this one");
	p->step = step;
	p->busy = true;
	memset(p->met, 0, sizeof p->met);
	did = clean_slate(a);
	if (!(did & DID_FAIL))
		did |= run_all(a, current(a)->command);
	p->busy = false;
	if (!(did & DID_FAIL))
		a->message[0] = '\0';	/* the step says it better */
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
		return app_fail(a, "this step asks for nothing: Space goes on");
	did = run_all(a, current(a)->answer);
	player_update(a);
	return did;
}

void
player_update(struct app *a)
{
	struct player *p = &a->player;

	if (!p->lesson || p->busy)
		return;
	for (int i = 0; i < current(a)->n_checks; i++)
		if (!p->met[i])
			p->met[i] = lesson_check_holds(a, &current(a)->checks[i], NULL, 0);
}

bool
player_done(const struct app *a)
{
	for (int i = 0; i < current(a)->n_checks; i++)
		if (!a->player.met[i])
			return false;
	return true;
}

bool
player_keys(const struct app *a)
{
	return a->player.lesson && (a->focus == VIEW_TREE || a->view != VIEW_TREE) && a->focus != VIEW_HELP;
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

/* Do all expectations hold now? */
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
		return verdict(a, "the screen cannot be set", a->message);
	s = current(a);
	frame_draw(a);
	if (!s->ask)
		return verdict(a, all_hold(a, why, sizeof why) ? NULL : "not as the text says", why);
	if (all_hold(a, why, sizeof why))
		return verdict(a, "done before the student did anything", s->ask);
	if (player_answer(a) & DID_FAIL)
		return verdict(a, "the answer cannot be given", a->message);
	frame_draw(a);
	return verdict(a, all_hold(a, why, sizeof why) ? NULL : "the answer is not what is expected", why);
}

int
player_check(struct app *a)
{
	int failed = 0;

	for (int i = 0; i < a->player.lesson->n; i++)
		failed += !check_step(a, i);
	return failed > 0;
}
