/*
 * typed: the state of the line that is being typed, if any. What happens to it belongs to `input`.
 */
#ifndef TUI_TYPED_H
#define TUI_TYPED_H

#include "ctrace.h"
#include "tui/terminal/prompt.h"

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

#endif
