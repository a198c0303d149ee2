/* typed: the state of the line that is being typed, if any. input.h changes it. */
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
	/* shown: the candidate in the line; -1: only what all have in common */
	int n_candidates, shown;
	size_t start;
	char about[128];	/* what the line is about, shown after its label; "" */
	char now[256];		/* the present value: shown as a hint, and inserted by Up in an empty line */
	bool proposed;	/* the text is a proposal, which the first typed character replaces */
	/* How the prompt would be split into tokens; id -1: not in the vocabulary. */
	struct ct_span token[INPUT_TOKENS];
	int n_tokens, n_bad;
};

#endif
