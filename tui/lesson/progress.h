/* progress: how far a person has come in a lesson. player.h goes through its steps. */
#ifndef TUI_PROGRESS_H
#define TUI_PROGRESS_H

#include <stdbool.h>

enum { LESSON_STEPS = 40, LESSON_CHECKS = 6 };	/* at most, in a lesson and in a step */

struct lesson;

/* What a student did in a step, for the result to hand in. */
struct step_result {
	bool seen, done;
	bool shown;			/* the lesson did the task, */
	int hints;			/* after so many hints */
	int choice;			/* the student's prediction, from 1; 0: none */
};

struct player {
	struct lesson *lesson;		/* NULL: no lesson is open */
	int step;
	bool met[LESSON_CHECKS];	/* expectations that have been true since the step began */
	bool busy;			/* the step's commands are running, so expectations do not count */
	bool warned;			/* the student has been told that the task is not done */
	int hints;			/* given so far in this step */
	int choice;			/* this step's prediction, from 1; 0: none yet */
	struct step_result result[LESSON_STEPS];
};

#endif
