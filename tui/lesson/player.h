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

struct player {
	struct lesson *lesson;		/* NULL: none is open */
	int step;
	bool met[LESSON_CHECKS];	/* expectations that have held since the step began */
	bool busy;			/* setting the screen: nothing counts yet */
};

/* Opens a lesson and its model, and shows the first step. Returns what was done (enum did). */
int player_open(struct app *a, const char *which);
/* The same for a lesson whose model is open already; takes the lesson over. */
int player_start(struct app *a, struct lesson *l);
void player_close(struct app *a);

int player_go(struct app *a, int step);		/* shows a step, from its beginning */
int player_answer(struct app *a);		/* does what the step asks for */
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
