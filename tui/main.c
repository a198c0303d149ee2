/* main: the options of ctrace-tui. */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/begin.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/language/settings.h"
#include "tui/lesson/lesson.h"
#include "tui/loop.h"
#include "tui/study/dirs.h"
#include "tui/study/paths.h"
#include "tui/terminal/term.h"
#include "tui/view/view.h"

enum { OPT_MDOC = 256 };

static const struct {
	const char *name;
	int code;		/* a letter, or a number above 255 */
	const char *arg;	/* NULL: takes no argument */
	const char *note;	/* NULL: not in the help */
} options[] = {
	{ "model", 'm', "MODEL", "a model directory, or a name on the search path (default: capitals)" },
	{ "transcoder", 't', "DIR", "the transcoder in this directory" },
	{ "basis", 'b', "NAME", "features: transcoder, or the model's own neurons (transcoder)" },
	{ "k", 'k', "N", "features that stay active, for a TopK that does not say; neurons (4096)" },
	{ "allow-nonfinite", 'n', NULL, "read weights that are NaN or infinite" },
	{ "lesson", 'L', "NAME", "begin a lesson, by name or file; with neither: list all" },
	{ "resume", 'R', NULL, "open the latest session (with -m: of that model)" },
	{ "check", 'c', NULL, "with --lesson: play it without a terminal and report its steps" },
	{ "graph", 'G', "FILE", "look into a saved graph (graph JSON), without a model" },
	{ "config", 'C', "FILE", "read the settings from FILE" },
	{ "script", 's', "FILE", "first run the commands in FILE (-: standard input)" },
	{ "headless", 'H', "COLSxROWS",
	    "use no terminal: print a screen of this size, or what the script prints" },
	{ "linear", 'l', NULL, "print lines instead of screens, for screen readers" },
	{ "ascii", 'a', NULL, "use only ASCII on the screen" },
	{ "theme", 'T', "NAME", "default, dark, light, projector, cvd or mono" },
	{ "no-mouse", 'M', NULL, "leave the mouse to the terminal" },
	{ "readonly", 'r', NULL, "write nothing: no labels, sessions, exports or history" },
	{ "help", 'h', NULL, "this text" },
	{ "version", 'V', NULL, "print the versions of ctrace and its libraries" },
	{ "mdoc", OPT_MDOC, "keys|commands|views", NULL },
};

static const char letters[] = "m:hV";

enum { N_OPTIONS = sizeof options / sizeof *options };

static const char *
short_form(int code)
{
	return code == 'm' ? "-m," : code == 'h' ? "-h," : code == 'V' ? "-V," : "   ";
}

static void
usage(FILE *out)
{
	fputs("usage: ctrace-tui [OPTIONS] [PROMPT | FILE.session | GRAPH.json]\n\n", out);
	fputs("Explore how a language model arrives at its next "
	      "token.\n\n", out);
	for (int i = 0; i < N_OPTIONS; i++) {
		char left[64];

		if (!options[i].note)
			continue;
		snprintf(left, sizeof left, "--%s%s%s", options[i].name, options[i].arg ? " " : "",
		    options[i].arg ? options[i].arg : "");
		fprintf(
		    out, "  %s %-22s %s\n", short_form(options[i].code), left, options[i].note);
	}
	fputs("\nInside, ? shows all keys. See also ctrace-tui(1) and ctrace(1).\n", out);
}

static void
version(void)
{
	char libraries[CT_LIBRARIES_SIZE];

	printf("ctrace-tui %s\n%s\n%s\n", PACKAGE_VERSION, ct_libraries(libraries, sizeof libraries),
	    term_version());
}

static bool
parse_size(const char *s, int *cols, int *rows)
{
	int n = 0;

	return sscanf(s, "%9dx%9d%n", cols, rows, &n) == 2 && !s[n] && *cols > 0 && *cols <= 1000 &&
	    *rows > 0 && *rows <= 1000;
}

static int
mdoc(const char *what)
{
	if (strcmp(what, "keys") == 0)
		key_mdoc(stdout);
	else if (strcmp(what, "commands") == 0)
		cmd_mdoc(stdout);
	else if (strcmp(what, "views") == 0)
		view_mdoc(stdout);
	else
		return 2;
	return 0;
}

static int
take_k(const char *text, int *k)
{
	long x;

	if (ct_text_long(text, &x) && x >= 1 && x <= 1 << 24) {
		*k = (int)x;
		return -1;
	}
	app_complain("--k: expected a whole number from 1 on, found \"%s\"", text);
	return 2;
}

/* Takes options that only set a value; returns false for others. */
static bool
take_plain(int code, const char *arg, struct app_options *opt)
{
	switch (code) {
	case 'm': opt->model = arg; break;
	case 't': opt->engine.transcoder_dir = arg; break;
	case 'L': opt->lesson = arg; break;
	case 'G': opt->graph = arg; break;
	case 's': opt->script = arg; break;
	case 'n': opt->engine.allow_nonfinite = true; break;
	case 'R': opt->resume = true; break;
	case 'c': opt->check = true; break;
	case 'l': opt->linear = true; break;
	case 'a': opt->ascii = true; break;
	case 'M': opt->mouse = false; break;
	case 'r': opt->readonly = true; break;
	default: return false;
	}
	return true;
}

/* Takes an option. Returns -1 to go on, or an exit status. */
static int
take_option(int code, const char *arg, const char *at, struct app_options *opt)
{
	if (take_plain(code, arg, opt))
		return -1;
	switch (code) {
	case 'k': return take_k(arg, &opt->engine.k);
	case 'b':
		opt->engine.neurons = strcmp(arg, "neurons") == 0;
		if (opt->engine.neurons || strcmp(arg, "transcoder") == 0)
			return -1;
		app_complain("--basis: expected transcoder or neurons, found \"%s\"", arg);
		return 2;
	case 'H':
		if (parse_size(arg, &opt->cols, &opt->rows))
			return -1;
		app_complain("--headless: expected COLSxROWS such as 80x24, found \"%s\"", arg);
		return 2;
	case 'T':
		opt->theme = theme_find(arg);
		if (opt->theme)
			return -1;
		app_complain("--theme: expected default, dark, light, projector, cvd or mono; found \"%s\"",
		    arg);
		return 2;
	case 'C':	/* read before the other options, which override it */
		return -1;
	case 'h':
		usage(stdout);
		return 0;
	case 'V':
		version();
		return 0;
	case OPT_MDOC:
		return mdoc(arg);
	}
	if (optopt == 'L')
		return lesson_print();
	app_complain("%s: no such option, or its argument is missing; --help lists them", at);
	return 2;
}

/* Joins the words of a prompt, which may be several operands. */
static char *
join_words(char **words)
{
	size_t n = 1;
	char *text, *at;

	for (char **w = words; *w; w++)
		n += strlen(*w) + 1;
	text = at = malloc(n);
	if (!text)
		return NULL;
	for (char **w = words; *w; w++) {
		size_t len = strlen(*w);

		if (w != words)
			*at++ = ' ';
		memcpy(at, *w, len);
		at += len;
	}
	*at = '\0';
	return text;
}

/* Takes a prompt, or a session or graph to open; the caller frees *text. Returns as take_option does. */
static int
take_operands(char **words, char **text, struct app_options *opt)
{
	bool session = words[0] && !words[1] && paths_end_in(words[0], ".session");
	bool graph = words[0] && !words[1] && paths_end_in(words[0], ".json") && access(words[0], F_OK) == 0;
	size_t n = words[0] ? strlen(words[0]) + 3 : 0;

	if (!words[0])
		return -1;
	if ((session || graph) && (opt->model || opt->lesson)) {
		app_complain("%s is %s: leave out the model and lesson", words[0],
		    session ? "a session, which names its own model"
			    : "a graph, which is opened without a model");
		return 2;
	}
	*text = session ? malloc(n) : graph ? strdup(words[0]) : join_words(words);
	if (!*text) {
		app_complain("out of memory");
		return 2;
	}
	if (session)	/* without a slash it would be a name among the kept ones */
		snprintf(*text, n, "%s%s", strchr(words[0], '/') ? "" : "./", words[0]);
	*(session ? &opt->session : graph ? &opt->graph : &opt->prompt) = *text;
	return -1;
}

/* Reads the settings before any other option: from --config, else the person's own, if there is a person. */
static void
read_settings(int argc, char **argv, const struct option *longs, struct settings *s)
{
	const char *given = NULL;
	bool person = true;
	char *own;
	int code;

	settings_init(s);
	s->mouse = term_mouse_free();
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (code == 'C')
			given = optarg;
		person &= code != 'H' && code != 'c' && code != 'h' && code != 'V' && code != OPT_MDOC;
	}
	optind = 0;	/* start again */
	own = person && !given ? dirs_config("config.yaml") : NULL;
	if (given || own)
		snprintf(s->path, sizeof s->path, "%s", given ? given : own);
	if (given || (own && access(own, F_OK) == 0))
		settings_read(s, s->path, NULL, 0);
	free(own);
	if (s->more)
		snprintf(s->trouble + strlen(s->trouble), sizeof s->trouble - strlen(s->trouble), " (and %d "
		    "more)", s->more);
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	struct app_options opt = { .model = NULL };
	struct option longs[N_OPTIONS + 1] = { { .name = NULL } };
	char *operand = NULL;
	int code, status;

	for (int i = 0; i < N_OPTIONS; i++)
		longs[i] = (struct option){
			.name = options[i].name,
			.has_arg = options[i].arg ? required_argument : no_argument,
			.val = options[i].code,
		};
	opterr = 0;
	read_settings(argc, argv, longs, &settings);
	opt.theme = settings.theme;
	opt.ascii = settings.ascii;
	opt.mouse = settings.mouse;
	opt.readonly = settings.readonly;
	opt.shares = settings.shares;
	opt.study = settings.study;
	opt.preferred = settings.model;
	opt.settings = &settings;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		status = take_option(code, optarg, argv[optind - 1], &opt);
		if (status >= 0)
			return status;
	}
	if (opt.check && !opt.lesson) {
		app_complain("--check needs the lesson to play: add --lesson NAME");
		return 2;
	}
	if (opt.graph && (opt.model || opt.lesson || optind < argc)) {
		app_complain("--graph opens a graph without a model: leave out the model, lesson and prompt");
		return 2;
	}
	if (opt.resume && (opt.lesson || optind < argc)) {
		app_complain("--resume opens a session: leave out the %s",
		    opt.lesson ? "lesson" : "prompt");
		return 2;
	}
	if ((status = take_operands(argv + optind, &operand, &opt)) >= 0)
		return status;
	ct_map_guard();
	signal(SIGXFSZ, SIG_IGN);	/* so that writing beyond the limit for files returns an error */
	status = loop_run(&opt);
	free(operand);
	return status;
}
