/*
 * progress: how far a person is in a lesson. Taking steps belongs to `player`.
 */
#ifndef TUI_PROGRESS_H
#define TUI_PROGRESS_H

#include <stdbool.h>

enum { LESSON_STEPS = 40, LESSON_CHECKS = 6 };	/* of a lesson; of a step */

struct lesson;

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

#endif
