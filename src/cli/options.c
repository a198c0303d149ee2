/*
 * options: parses the options in a sub-command's table with getopt_long, and writes its help from the same
 * table.
 */
#include "cli/cli.h"

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static const struct cli_option common[] = {
	{ 'h', "help", NULL, "explain this command and its options" },
	{ 'V', "version", NULL, "print the versions of ctrace and its libraries" },
	{ 0 }
};

static void
help_options(const struct cli_option *o)
{
	for (; o->name; o++) {
		char left[40];

		snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->key < CLI_LONG ? '-' : ' ',
		    o->key < CLI_LONG ? o->key : ' ', o->key < CLI_LONG ? ", " : "  ", o->name,
		    o->arg ? " " : "", o->arg ? o->arg : "");
		if (strlen(left) > 30) {
			cli_line("  %s", left);
			left[0] = '\0';
		}
		cli_line("  %-30s  %s", left, o->help);
	}
}

static void
lines(const char *text, const char *lead)
{
	while (*text) {
		int n = (int)strcspn(text, "\n");

		cli_line("%s%.*s", lead, n, text);
		text += n + (text[n] == '\n');
	}
}

void
cli_version(void)
{
	char libraries[CT_LIBRARIES_SIZE];

	cli_line("%s", PACKAGE_STRING);
	lines(ct_libraries(libraries, sizeof libraries), "");
}

void
cli_help(const struct cli_command *cmd)
{
	const char *s = cmd->synopsis;
	int first = (int)strcspn(s, "\n");

	cli_line("usage: ctrace %s%s%.*s", cmd->name, first ? " " : "", first, s);
	lines(s + first + (s[first] == '\n'), "           ");
	cli_line("%s", cmd->summary);
	cli_line("%s", "");
	help_options(cmd->options);
	help_options(common);
	if (*cmd->details)
		cli_line("%s", "");
	lines(cmd->details, "");
}

static int
stop(struct cli *c, int status)
{
	c->status = status;
	return -1;
}

int
cli_next(struct cli *c, const char **value)
{
	struct option longs[CLI_MAX_OPTIONS + 3];
	char shorts[2 * (CLI_MAX_OPTIONS + 3) + 2] = ":";
	size_t n = 0, used = 1;
	int key;

	for (int table = 0; table < 2; table++)
		for (const struct cli_option *o = table ? common : c->cmd->options; o->name; o++) {
			if (n == CLI_MAX_OPTIONS + 2)
				break;
			longs[n++] = (struct option){ .name = o->name, .val = o->key,
				.has_arg = o->arg ? required_argument : no_argument };
			if (o->key < CLI_LONG) {
				shorts[used++] = (char)o->key;
				if (o->arg)
					shorts[used++] = ':';
			}
		}
	longs[n] = (struct option){ 0 };
	shorts[used] = '\0';
	opterr = 0;
	key = getopt_long(c->argc, c->argv, shorts, longs, NULL);
	*value = optarg;
	if (key == -1) {
		c->argc -= optind;
		c->argv += optind;
		return 0;
	}
	if (key == 'h' || key == 'V') {
		if (key == 'h')
			cli_help(c->cmd);
		else
			cli_version();
		return stop(c, CLI_OK);
	}
	if (key == ':' || key == '?') {
		const char *at = c->argv[optind - 1];

		if (key == ':')
			cli_error("option %s needs a value; see ctrace %s --help", at, c->cmd->name);
		else if (optopt && optopt < CLI_LONG && at[0] == '-' && at[1] != '-')
			cli_error("option -%c is unknown; see ctrace %s --help", optopt, c->cmd->name);
		else if (optopt)
			cli_error("option %s takes no value; see ctrace %s --help", at, c->cmd->name);
		else
			cli_error("option %s is unknown or ambiguous; see ctrace %s --help", at,
			    c->cmd->name);
		return stop(c, CLI_ERROR);
	}
	return key;
}

int
cli_int(const char *text, const char *what, int min, int max, int *out)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (end == text || *end || errno || v < min || v > max) {
		if (max == INT_MAX)
			cli_error("%s: expected a whole number from %d on, found '%s'", what, min, text);
		else
			cli_error("%s: expected a whole number from %d to %d, found '%s'", what, min, max,
			    text);
		return -1;
	}
	*out = (int)v;
	return 0;
}

int
cli_double(const char *text, const char *what, double min, double max, double *out)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(v) || v < min || v > max) {
		cli_error("%s: expected a number from %g to %g, found '%s'", what, min, max, text);
		return -1;
	}
	*out = v;
	return 0;
}

int
cli_through(const char *value, struct ct_clamp_options *how)
{
	if (ct_through_find(value, &how->through))
		return 0;
	cli_error("--through: expected model or replacement, found '%s'", value);
	return -1;
}

const char *
cli_operand(const struct cli *c, const char *what)
{
	if (c->argc == 1)
		return c->argv[0];
	if (c->argc == 0)
		cli_error("a %s is missing; see ctrace %s --help", what, c->cmd->name);
	else
		cli_error("one %s expected, found %d operands; see ctrace %s --help", what, c->argc,
		    c->cmd->name);
	return NULL;
}

char *
cli_prompt(const struct cli *c)
{
	struct ct_buffer b = { 0 };
	char *text;

	if (c->argc == 0) {
		cli_operand(c, "prompt");
		return NULL;
	}
	for (int i = 0; i < c->argc; i++)
		ct_buffer_printf(&b, "%s%s", i ? " " : "", c->argv[i]);
	text = ct_buffer_take(&b, NULL);
	if (!text)
		cli_error("out of memory for the prompt");
	return text;
}
