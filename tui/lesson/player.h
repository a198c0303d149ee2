/*
 * player: the lesson that is open: at which step it is, what of it is done.
 *
 * A step always begins from the same screen: its prompt traced, nothing clamped, then its own commands. So a
 * student can do anything in between, and come back.
 */
#ifndef TUI_PLAYER_H
#define TUI_PLAYER_H

#include <stdbool.h>

#include "tui/lesson/lesson.h"

struct app;

/* What a student did in a step, for the result that is handed in. */
struct step_result {
	bool seen, done;
	bool shown;			/* the lesson did it, */
	int hints;			/* after so many */
	int choice;			/* of a prediction, from 1; 0: none */
};

struct player {
	struct lesson *lesson;		/* NULL: none is open */
	int step;
	bool met[LESSON_CHECKS];	/* expectations that have held since the step began */
	bool busy;			/* setting the screen: nothing counts yet */
	bool warned;			/* that the task is not done */
	int hints;			/* given in this step */
	int choice;			/* of this step's prediction, from 1; 0: none yet */
	struct step_result result[LESSON_STEPS];
};

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
/* How many choices has a prediction that is awaited? 0: none is. */
int player_asks(const struct app *a);
/* After a command that changed something: what of the task is missed, if no other message is there. */
void player_comment(struct app *a);
/* Writes what was done in each step to a file. */
int player_result(struct app *a, const char *path);
void player_update(struct app *a);		/* after any command: has an expectation come true? */
bool player_done(const struct app *a);		/* all of this step's have */

/*
 * Do Space, [ and ] go through the lesson? They do in the tree and in all views that fill the body but help;
 * in the panes beside the tree and in help they mean what they always do, if anything.
 */
bool player_keys(const struct app *a);

/* Plays every step; one line of standard output each. Returns the exit status: 0, 1 when one failed. */
int player_check(struct app *a);

#endif
