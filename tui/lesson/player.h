/*
 * player: plays the lesson that is open, and notes how far a person is in it.
 *
 * A step always begins with the same screen: its prompt is traced, nothing is clamped, and its own
 * commands are run. So a student can try anything and come back.
 */
#ifndef TUI_PLAYER_H
#define TUI_PLAYER_H

#include <stdbool.h>

#include "tui/lesson/lesson.h"
#include "tui/lesson/progress.h"

struct app;

/* Opens a lesson and its model, and shows the first step. Returns what was done (enum did). */
int player_open(struct app *a, const char *which);
/* The same for a lesson whose model is open already; takes the lesson over. */
int player_start(struct app *a, struct lesson *l);
void player_close(struct app *a);

int player_go(struct app *a, int step);		/* shows a step, from its beginning */
/* Goes on; where the task is not done, says first what is missing. */
int player_next(struct app *a);
/* The next hint; after the last does what the step asks for. */
int player_hint(struct app *a);
int player_answer(struct app *a);		/* does what the step asks for */
int player_choose(struct app *a, int choice);	/* predicts, then shows what is so */
/* Writes what was done in each step to a file. */
int player_result(struct app *a, const char *path);
void player_update(struct app *a);		/* has an expectation come true? */
/* The same after a command; changed: it changed something, so what is still missing is said. */
void player_after(struct app *a, bool changed);

/* Plays every step; one line of standard output each. Returns the exit status: 0, 1 when one failed. */
int player_check(struct app *a);

#endif
