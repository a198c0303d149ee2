/*
 * cli: what the sub-commands of `ctrace` share: options, messages, results, progress, exit codes.
 *
 * A sub-command is one file with one `struct cli_command`, listed in the table of main.c; its help, and the
 * checks that it has help, come from that struct. It calls the facade ctrace.h and leaves to this file all
 * writing: data to stdout by cli_line and cli_json, one-line messages to stderr by cli_error and cli_fail.
 *
 *	static int
 *	run(struct cli *c)
 *	{
 *		while ((key = cli_next(c, &value)) > 0)
 *			switch (key) { case 'm': model = value; break; ... }
 *		if (key < 0)
 *			return c->status;
 *		... operands are c->argv[0..c->argc) ...
 *	}
 */
#ifndef CT_CLI_CLI_H
#define CT_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "ctrace.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_NOTHING = 1,		/* nothing found, or a check failed */
	CLI_ERROR = 2,
	CLI_INTERRUPTED = 130
};

/*
 * Keys of options without a short form are above all letters; those that several commands use are named here.
 */
enum { CLI_LONG = 256 };
enum {
	CLI_TRANSCODER = 512, CLI_BASIS, CLI_NONFINITE, CLI_K, CLI_AT, CLI_TARGET, CLI_TOP, CLI_JSON,
	CLI_TIMES
};

struct cli_option {
	int key;			/* a letter makes it a short option too */
	const char *name;		/* without "--" */
	const char *arg;		/* such as "MODEL"; NULL: the option takes no value */
	const char *help;		/* one line */
};

struct cli;
struct cli_command {
	const char *name;
	const char *synopsis;		/* what follows "ctrace NAME"; \n separates its forms */
	const char *summary;		/* one line, for the list in ctrace --help */
	const char *details;		/* what --help says after the options, or "" */
	/* ends with a NULL name; --help and --version are added to all */
	const struct cli_option *options;
	int (*run)(struct cli *c);	/* returns an enum cli_exit */
};

enum { CLI_MAX_OPTIONS = 32 };

struct cli {
	const struct cli_command *cmd;
	int argc;			/* operands, once cli_next has returned 0 */
	char **argv;
	int status;			/* exit status, once cli_next has returned -1 */
};

extern const struct cli_command *const cli_commands[];	/* main.c; ends with NULL */

/*
 * Returns the key of the next option, with its value in *value; 0 after the last one; -1 if the command is
 * over because --help was answered or a message was written: then return c->status.
 */
int cli_next(struct cli *c, const char **value);

void cli_help(const struct cli_command *cmd);
void cli_version(void);

/* Parse the value of the option `what`: 0, or -1 after they have written a message. */
int cli_int(const char *text, const char *what, int min, int max, int *out);
int cli_double(const char *text, const char *what, double min, double max, double *out);
/* Likewise the value of --through. */
int cli_through(const char *value, struct ct_clamp_options *how);

/* The only operand, or NULL after a message; `what` says what is expected, such as "graph file". */
const char *cli_operand(const struct cli *c, const char *what);
/* All operands joined by spaces, to be freed by the caller; NULL after a message. */
char *cli_prompt(const struct cli *c);

/* Write "ctrace: message" to stderr. cli_fail returns the exit status for the error's code. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* what a user should know */
void cli_notes(const struct ct_notes *notes);		/* each on a line of its own, like an error */
int cli_fail(const struct ct_error *err);

/* Writes one line to stdout, sanitised as a whole, and adds the newline. */
void cli_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Copies text to exactly `cols` columns of a terminal: cut (with "...") or filled with spaces. Returns dst.
 */
const char *cli_column(char *dst, size_t size, const char *text, int cols);

/* "77.1%", ".04%": with as many digits as are meaningful. Returns dst. */
const char *cli_percent(char dst[16], double share);

/*
 * cli_json writes JSON to stdout ("-") or to a file (atomically), and returns an exit status. It takes the
 * reference of root (NULL: out of memory). The document begins with the program's version and `format`, a
 * number that changes with the structure of this command's JSON; with format 0 (another program's format)
 * root is written as it is. cli_text writes text that is JSON already.
 */
int cli_json(const char *file, int format, json_t *root);
int cli_json_packed(const char *file, int format, json_t *root);	/* on one line */
void cli_json_watch(void);		/* call it first: lets cli_json notice that memory ran out */
int cli_text(const char *file, const char *text, size_t n);

/*
 * A file, or standard output for "-", written piece by piece: cli_output_write is a ct_drain_fn. If
 * cli_output_close gets a code below 0, the new file is given up and the old one stays. Returns an exit
 * status.
 */
struct cli_output {
	struct ct_file_new file;
	bool standard;
};
int cli_output_open(struct cli_output *o, const char *file, struct ct_error *err);
int cli_output_write(void *output, const char *text, size_t n, struct ct_error *err);
int cli_output_end(struct cli_output *o, int code, struct ct_error *err);
/* Flushes stdout; false if not everything could be written. */
bool cli_flush(void);

/*
 * A token as data: its raw text, whatever its bytes. Results also list ids, since two tokens may have the
 * same text.
 */
json_t *cli_token_json(const struct ct_engine *e, int id);
json_t *cli_ids_json(const int *ids, int n);
/* A new object whose first two fields are the prompt's text and its token ids. */
json_t *cli_prompt_json(const struct ct_session *s);

/* The model and transcoder of -m and --transcoder. With a prompt, a session on it is opened too. */
struct cli_model {
	const char *model;		/* NULL: the default */
	const char *transcoder;		/* NULL: the model's own */
	bool neurons;			/* --basis neurons: no transcoder */
	bool allow_nonfinite;
	int k;				/* the value of --k; 0: not given */
	struct ct_engine *engine;
	struct ct_session *session;
};
/* Takes one of those options. Returns 0, or -1 after it has written a message. Keys of others are ignored. */
int cli_model_option(struct cli_model *m, int key, const char *value);
int cli_model_open(struct cli_model *m, const char *prompt, struct ct_error *err);
void cli_model_close(struct cli_model *m);

/* How the synopses of commands with these options begin. */
#define CLI_MODEL_SYNOPSIS "[-m MODEL] [--transcoder DIR] [--basis NAME] [--k N] [--allow-nonfinite]\n"
#define CLI_TARGET_SYNOPSIS "[--at POS] [--target TARGET]\n"

/* The options of every command that asks one question about one prompt; cli_query_option takes them. */
#define CLI_FILES_ROWS \
	{ 'm', "model", "MODEL", "a model directory, or the name of an installed model (capitals)" }, \
	{ CLI_TRANSCODER, "transcoder", "DIR", "the transcoder in this directory" }
#define CLI_MODEL_ROWS \
	CLI_FILES_ROWS, \
	{ CLI_BASIS, "basis", "NAME", "features: transcoder, or the model's own neurons (transcoder)" }, \
	CLI_K_ROW, \
	CLI_NONFINITE_ROW
#define CLI_NONFINITE_ROW \
	{ CLI_NONFINITE, "allow-nonfinite", NULL, "read weights that are NaN or infinite" }
#define CLI_K_ROW \
	{ CLI_K, "k", "N", "features that stay active, for a TopK that does not say; neurons (4096)" }
#define CLI_TARGET_ROWS \
	{ CLI_AT, "at", "POS", "explain the token after position POS; BOS is 0 (the last)" }, \
	{ CLI_TARGET, "target", "TARGET", "TOK[,TOK...], A-B, or feature: L1#249@8 (the likeliest tokens)" }
#define CLI_TIMES_ROW { CLI_TIMES, "times", NULL, "with --json: say how long it took, too" }
#define CLI_JSON_ROW { CLI_JSON, "json", "FILE", "write JSON to FILE, or to stdout for -, instead of text" }

enum { CLI_MAX_TOP = 1000 };

struct cli_query {
	struct cli_model m;
	int at;				/* -1: the last position */
	const char *target;		/* NULL: the likeliest tokens */
	int top;			/* rows to show at most */
	const char *json;		/* file, "-"; NULL: text */
	/* write times into the JSON, which is the same on each run without them */
	bool times;
};
/* Returns 0, or -1 after it has written a message. Keys of other options are ignored. */
int cli_query_option(struct cli_query *q, int key, const char *value);
/* An option whose value is kept as text; a list of these ends with key 0. */
struct cli_text {
	int key;
	const char **value;
};
/*
 * Reads all options of a command: those of q, and texts. Returns 0, or -1 if the command is over: return
 * c->status.
 */
int cli_query_read(struct cli *c, struct cli_query *q, const struct cli_text *texts);
/*
 * Once options are read: calls answer with the prompt (the operands), then closes the model. Returns an exit
 * status.
 */
int cli_query_run(struct cli *c, struct cli_query *q, int (*answer)(void *request, const char *prompt),
    void *request);
/* Opens the model and traces the prompt as the query says; the caller sets what else opt has. */
int cli_query_trace(struct cli_query *q, const char *prompt, struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err);

/* "capitals  4L D128 H4 V384  CLT 4x1024 JumpReLU" */
void cli_model_line(const struct ct_engine *e);
/* Fails if the graph does not add up to the run that it describes. */
int cli_self_check(const struct ct_graph *g, struct ct_error *err);
/* The prompt's tokens, the one at pos in brackets. */
void cli_prompt_line(const struct ct_session *s, int pos);

/*
 * The progress function of every command: a bar with rate and remaining time on stderr, if that is a terminal
 * and the work takes longer than a moment. Returns false after SIGINT. ctx is a zeroed struct cli_progress;
 * cli_progress_end removes the bar.
 */
struct cli_progress {
	double start, drawn;		/* seconds; start: of this phase */
	const char *phase;
	long first;			/* units that were done when this phase began */
	bool visible;
};
bool cli_progress(void *ctx, const char *phase, long done, long total);
struct ct_job cli_job(struct cli_progress *p);	/* a job with this progress function */
void cli_progress_end(struct cli_progress *p);
/* Shows any text in place of the bar; "" removes it. A log gets it as a line of its own. */
void cli_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double cli_status_pause(void);	/* seconds between two of them: fewer lines for a log */
bool cli_interrupted(void);

#endif
