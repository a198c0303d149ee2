/*
 * player: plays the open lesson, and records how far a person has come.
 *
 * Every step begins with the same screen: its prompt is traced, nothing is clamped, and the step's commands
 * have been run. So a student can try anything and come back.
 */
#ifndef TUI_PLAYER_H
#define TUI_PLAYER_H

#include <stdbool.h>

#include "tui/lesson/lesson.h"
#include "tui/lesson/progress.h"

struct app;

/* Opens a lesson and its model, and shows the first step. Returns an enum did. */
int player_open(struct app *a, const char *which);
/* The same for a lesson whose model is open already; takes over l. */
int player_start(struct app *a, struct lesson *l);
void player_close(struct app *a);

int player_go(struct app *a, int step);		/* shows a step from its beginning */
/* Goes to the next step. If the task is not done, first says what is missing. */
int player_next(struct app *a);
/* Shows the next hint; after the last one does the task. */
int player_hint(struct app *a);
int player_answer(struct app *a);		/* does the task */
int player_choose(struct app *a, int choice);	/* takes a prediction, then shows what is right */
/* Writes what was done in each step to a file. */
int player_result(struct app *a, const char *path);
void player_update(struct app *a);		/* checks the expectations again */
/* The same after a command. changed: if the command changed something, says what is still missing. */
void player_after(struct app *a, bool changed);

/* Plays all steps and prints a line for each. Returns an exit status: 1 if a step failed. */
int player_check(struct app *a);

#endif
