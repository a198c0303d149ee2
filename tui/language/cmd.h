/* cmd: the commands. Keys, `:` and scripts run them; help and the manual list them. */
#ifndef TUI_CMD_H
#define TUI_CMD_H

#include <stdio.h>

struct app;

enum {
	CMD_GRAPH = 1 << 0,	/* needs a traced prompt */
	CMD_SCRIPT = 1 << 1,	/* for scripts only */
	/* writes files or ends the program: not for lessons, whose author may be anyone */
	CMD_PERSON = 1 << 2,
	CMD_STEP = 1 << 3,	/* goes to a neighbouring place: leaves no mark in the jumplist */
	CMD_MODEL = 1 << 4,	/* needs a model, so it fails with a graph from a file */
	/* not for sessions either, whose author may be anyone; commands that restore a session lack this */
	CMD_OUTSIDE = 1 << 5,
	CMD_NODE = 1 << 6,	/* acts on the selected node: its keys act only where that is visible */
	CMD_LOOK = 1 << 7,	/* moves, searches or leaves: the only keys that act in a text */
	CMD_WHOLE = 1 << 8	/* needs all rows of the graph, and computes them first */
};

/* What commands are for. Help and the manual list them in these groups. */
enum cmd_group {
	GROUP_PROMPT, GROUP_MOVE, GROUP_GRAPH, GROUP_CLAMP, GROUP_PIN, GROUP_VIEW, GROUP_KEEP, GROUP_PROGRAM,
	    GROUP_SCRIPT,
	GROUP_COUNT
};

struct cmd_entry {
	enum cmd_group group;
	const char *name;
	const char *args;	/* arguments, as the help shows them */
	/*
	 * Values that Tab offers, separated by blanks; NULL: none. <models> and the like stand for lists that
	 * change (complete.c).
	 */
	const char *words;
	const char *note;
	int flags;
	/* arg: the rest of the line, or ""; returns an enum did */
	int (*exec)(struct app *a, const char *arg);
};

/* NULL after the last. */
const struct cmd_entry *cmd_at(int i);
const char *cmd_title(enum cmd_group group);
const struct cmd_entry *cmd_find(const char *name, size_t len);

/* Runs one line. Blank lines and lines that begin with # do nothing. */
int cmd_run(struct app *a, const char *line);

void cmd_mdoc(FILE *out);

#endif
