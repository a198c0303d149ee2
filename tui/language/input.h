/*
 * input: the line that is being typed, if any: what it is for, what completes it, what is wrong with it.
 *
 * A finished line becomes a command; when the command fails the line stays open, so nothing typed is lost.
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include "ctrace.h"
#include "tui/terminal/draw.h"
#include "tui/terminal/prompt.h"

struct app;

enum input_kind {
	INPUT_NONE,
	INPUT_PROMPT,
	INPUT_COMMAND,
	INPUT_SEARCH,
	INPUT_CLAMP,
	INPUT_TARGET,
	INPUT_LABEL,
	INPUT_FILTER,
	INPUT_GROUP,
	INPUT_RENAME,
	INPUT_EXPORT,
	INPUT_SAVE,
	INPUT_NOTE
};

enum { INPUT_CANDIDATES = 64, INPUT_TOKENS = 512 };

struct input {
	enum input_kind kind;
	struct prompt line;
	/* Completion: candidates for the bytes from `start` to the cursor. */
	char *candidate[INPUT_CANDIDATES];
	int n_candidates, shown;	/* shown: the one in the line, -1: only their common part */
	size_t start;
	char about[128];	/* what the line is about, beside the label; "": said by the line */
	char now[256];		/* what is in its place now: a hint, and what Up brings into an empty line */
	bool proposed;	/* the text is a proposal: the first character that is typed takes its place */
	/* How a prompt would be split; id -1: not in the vocabulary. */
	struct ct_span token[INPUT_TOKENS];
	int n_tokens, n_bad;
};

/* text NULL: the field as it stands. */
void input_open(struct app *a, enum input_kind kind, const char *text);
/* An empty line for something that has a value: that is a hint, and not in the way of what is typed. */
void input_open_about(struct app *a, enum input_kind kind, const char *about, const char *now);
void input_close(struct app *a);
int input_key(struct app *a, int key);
int input_paste(struct app *a, int cp);

/* The line itself, at most area->w columns, with the cursor. */
void input_draw(struct app *a, const struct area *area, int x, int y);
/* The label before a line at the bottom ("clamp L1#249@8 "), and what to say beside it. Returns buf. */
const char *input_label(const struct app *a, char *buf, size_t size);
void input_hint(struct app *a, const struct area *area, int y);
/* The tokens that a prompt being typed would become, and how many of those that the model can read. */
void input_tokens(struct app *a, const struct area *area, int y);

#endif
