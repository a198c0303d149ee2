/*
 * cmd: the commands. Keys, `:`, scripts and the manual all come here.
 */
#ifndef TUI_CMD_H
#define TUI_CMD_H

#include <stdio.h>

struct app;

enum {
	CMD_GRAPH = 1 << 0,	/* needs a traced prompt */
	CMD_SCRIPT = 1 << 1,	/* of use in scripts only */
	CMD_PERSON = 1 << 2,	/* changes files, or leaves: not for lessons, which may come from anyone */
	CMD_STEP = 1 << 3,	/* goes on from where the person is: leaves no mark in the jumplist */
	CMD_MODEL = 1 << 4,	/* needs a model: not for a graph from a file */
	CMD_OUTSIDE = 1 << 5,	/* the same for sessions: what brings back a session is for them */
	CMD_NODE = 1 << 6,	/* about the selected node: its keys are for where that is in sight */
	CMD_LOOK = 1 << 7,	/* moves, finds or leaves: all that keys do where a text is read */
	CMD_WHOLE = 1 << 8	/* needs all rows of the graph, which are computed first */
};

/* What commands are for; help and the manual list them so. */
enum cmd_group {
	GROUP_PROMPT, GROUP_MOVE, GROUP_GRAPH, GROUP_CLAMP, GROUP_PIN, GROUP_VIEW, GROUP_KEEP, GROUP_PROGRAM,
	    GROUP_SCRIPT,
	GROUP_COUNT
};

struct cmd_entry {
	enum cmd_group group;
	const char *name;
	const char *args;	/* as help shows them */
	/*
	 * Values that Tab offers, separated by blanks; <models> and the like stand for what there is
	 * (complete.c).
	 */
	const char *words;	/* NULL: none */
	const char *note;
	int flags;
	int (*exec)(struct app *a, const char *arg);	/* arg: the rest of the line, "" if none; enum did */
};

/* NULL after the last. */
const struct cmd_entry *cmd_at(int i);
const char *cmd_title(enum cmd_group group);
const struct cmd_entry *cmd_find(const char *name, size_t len);

/* Runs one line. Blank lines and lines that begin with # do nothing. */
int cmd_run(struct app *a, const char *line);

void cmd_mdoc(FILE *out);

#endif
