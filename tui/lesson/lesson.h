/*
 * lesson: a lesson as its file has it: steps with a text, commands that set the screen, a task, expectations.
 *
 * Owns the file's contents; steps lend their texts until it is closed. Playing it belongs to `player`. The
 * format in full: ctrace-models(5).
 *
 *   model: capitals
 *   title: Two hops
 *   audience: anyone who has read the first lesson
 *   steps:
 *   - title: Without Texas
 *     prompt: the capital of the state containing Dallas is    # else that of the step before
 *     text: >
 *       Five lines of 76 columns at most; `x` is shown as a key.
 *     do: [select output "Austin", expand]    # commands that make the screen what the text says
 *     ask: Set the Texas features to 0        # what the student does ...
 *     answer: ablate "Texas"                  # ... and the commands that would do it
 *     hints: [The command is ablate, "ablate and the label in quotes"]
 *     expect: {not_top: Austin, clamped: Texas}
 *   - title: And California?
 *     text: First say what you expect; then see.
 *     predict: {ask: What will it say?, choose: [Austin, Sacramento, Houston], right: Sacramento}
 *     see: clamp "California"@Dallas=2        # commands that show it, once something is chosen
 */
#ifndef TUI_LESSON_H
#define TUI_LESSON_H

#include "tui/lesson/lesson_check.h"
#include "tui/lesson/progress.h"

enum { LESSON_COMMANDS = 12 };
/* for a step's text, so that it fits on the smallest screen */
enum { LESSON_LINES = 5, LESSON_COLS = 76 };

enum { LESSON_CHOICES = 4, LESSON_HINTS = 2 };

/* A question with choices, to be answered before the screen shows the right one. */
struct predict {
	const char *ask;			/* NULL: the step has none */
	const char *choice[LESSON_CHOICES];
	int n, right;				/* number of choices; index of the right one */
};

struct step {
	const char *title, *text, *prompt;	/* prompt NULL: that of the step before */
	const char *ask;			/* NULL: the step asks for nothing */
	const char *command[LESSON_COMMANDS], *answer[LESSON_COMMANDS];	/* NULL after the last */
	struct predict predict;
	const char *see[LESSON_COMMANDS];	/* run after a prediction */
	const char *hint[LESSON_HINTS];		/* NULL after the last */
	struct lesson_check checks[LESSON_CHECKS];
	int n_checks;
	int line;				/* in the file */
};

struct lesson {
	struct ct_yaml_doc *doc;
	char *path;
	char *model;			/* a directory, or a name on the search path */
	const char *title, *audience;
	struct step step[LESSON_STEPS];
	int n;
};

/*
 * Opens a lesson. which: a file; the name of a model that has a lesson; or the name of a file in a lessons/
 * folder next to models.
 */
int lesson_open(struct lesson **out, const char *which, struct ct_error *err);
void lesson_close(struct lesson *l);

/* The paths of all lessons that have names, ended by NULL; those about several models come first. */
char **lesson_list(void);
void lesson_list_free(char **list);
/* Prints a line for each: name, steps, title. Returns an exit status, 1 if there is none. */
int lesson_print(void);
/* The name for a path: the model's, or the file's without ".yaml". */
const char *lesson_name(const char *path, char *buf, size_t size);

#endif
