/* main: the program `ctrace`: the table of sub-commands, and what belongs to all of them. */
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "cli/commands.h"

const struct cli_command *const cli_commands[] = {
	&cli_trace,
	&cli_aggregate,
	&cli_steer,
	&cli_survey,
	&cli_swap,
	&cli_judge,
	&cli_eval,
	&cli_features,
	&cli_train,
	&cli_compare,
	&cli_heads,
	&cli_qk,
	&cli_errors,
	&cli_inactive,
	&cli_export,
	&cli_models,
	&cli_bench,
	NULL
};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

bool
cli_interrupted(void)
{
	return interrupted != 0;
}

static void
usage(void)
{
	cli_line("usage: ctrace COMMAND [OPTION]... [OPERAND]...");
	cli_line("Looks into a language model: which features led to its next token, and what changes when");
	cli_line("one of them is clamped. (ctrace-tui is the same on a screen.)");
	cli_line("%s", "");
	for (int i = 0; cli_commands[i]; i++)
		cli_line("  %-10s %s", cli_commands[i]->name, cli_commands[i]->summary);
	cli_line("%s", "");
	cli_line("ctrace COMMAND --help says more about one; ctrace --version names libraries; man ctrace.");
}

/* The command whose name is nearest to a mistyped one. */
static const char *
nearest(const char *name)
{
	const char *best = NULL;
	int least = 3;

	for (int i = 0; cli_commands[i]; i++) {
		int d = ct_text_distance(name, cli_commands[i]->name, least);

		if (d < least) {
			least = d;
			best = cli_commands[i]->name;
		}
	}
	return best;
}

static int
dispatch(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const char *help = name && strcmp(name, "help") == 0 && argc > 2 ? argv[2] : NULL;

	if (!name) {
		cli_error("no command given; ctrace --help lists them");
		return CLI_ERROR;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		cli_version();
		return CLI_OK;
	}
	if (!help && (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)) {
		usage();
		return CLI_OK;
	}
	for (int i = 0; cli_commands[i]; i++) {
		struct cli c = { .cmd = cli_commands[i], .argc = argc - 1, .argv = argv + 1 };

		if (strcmp(help ? help : name, c.cmd->name) != 0)
			continue;
		if (help) {
			cli_help(c.cmd);
			return CLI_OK;
		}
		return c.cmd->run(&c);
	}
	name = help ? help : name;
	help = nearest(name);
	if (help)
		cli_error("no command '%s'; did you mean '%s'? ctrace --help lists them all", name, help);
	else
		cli_error("no command '%s'; ctrace --help lists them", name);
	return CLI_ERROR;
}

int
main(int argc, char **argv)
{
	/* The first SIGINT asks the work to stop; the second one ends the program. */
	struct sigaction act = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
	int status;

	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	ct_map_guard();
	signal(SIGXFSZ, SIG_IGN);	/* so that writing beyond the limit for files returns an error */
	cli_json_watch();
	status = dispatch(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		cli_error("stdout: the output could not be written completely");
		return CLI_ERROR;
	}
	return interrupted ? CLI_INTERRUPTED : status;
}
