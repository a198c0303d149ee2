/*
 * The tables of the interactive program agree with each other: what is bound exists, and all of it has help.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/language/options.h"
#include "tui/terminal/fmt.h"
#include "tui/terminal/prompt.h"
#include "tui/terminal/theme.h"
#include "tui/view/view.h"

static void
test_keys_run_commands(void **state)
{
	const struct key_entry *k, *other;

	(void)state;
	for (int i = 0; (k = key_at(i)); i++) {
		char name[32];
		int code = key_parse(k->key);

		if (code < 0)
			fail_msg("\"%s\" is not a key", k->key);
		assert_string_equal(key_text(name, sizeof name, code), k->key);
		if (!cmd_find(k->command, strcspn(k->command, " ")))
			fail_msg("%s runs \"%s\", which is no command", k->key, k->command);
		if (k->place && !view_place(k->place))
			fail_msg("%s is bound in \"%s\", which is no view", k->key, k->place);
		if (key_is_first(i) && (!k->note || !*k->note))
			fail_msg("%s has no help", k->key);
		for (int j = 0; j < i; j++) {
			other = key_at(j);
			if (key_parse(other->key) == code && (k->place == other->place ||
			    (k->place && other->place && strcmp(k->place, other->place) == 0)))
				fail_msg("%s is bound twice in %s", k->key,
				    k->place ? k->place : "all views");
		}
	}
}

/* However keys are bound: no key twice, every group has its help, and all is as it was after a reset. */
static void
test_keys_bound_otherwise(void **state)
{
	static const char *const names[] = { "x", "X", "F5", "q", "Enter", "Left", "h", "Ctrl-r", "9", "u" };
	static const char *const places[] = { NULL, "tree", "map" };
	static const char *const to[] = { "", "quit", "left", "enter", "prune .3", "undo", "view map" };
	const struct key_entry *k;
	int before = 0, n = 0;

	(void)state;
	while (key_at(before))
		before++;
	for (int i = 0; i < 200; i++) {
		const char *place = places[i * 7 % 3], *name = names[i * 13 % 10], *command = to[i * 11 % 7];

		assert_int_equal(key_bind(place, name, command), 0);
		k = place ? key_bound_in(place, key_parse(name)) : key_bound(NULL, key_parse(name));
		if (*command)
			assert_string_equal(k->command, command);
		else
			assert_null(k);
		for (int e = 0; (k = key_at(e)); e++)
			if (key_is_first(e))
				assert_non_null(k->note);
	}
	key_reset();
	while (key_at(n))
		n++;
	assert_int_equal(n, before);
	assert_string_equal(key_bound(NULL, 'q')->command, "quit");
}

static void
test_commands_have_help(void **state)
{
	const struct cmd_entry *c;

	(void)state;
	for (int i = 0; (c = cmd_at(i)); i++) {
		assert_non_null(c->exec);
		assert_ptr_equal(cmd_find(c->name, strlen(c->name)), c);
		if (!c->note || !*c->note)
			fail_msg("%s has no help", c->name);
	}
}

/*
 * Words of the recorded screens' scripts: "@NAME" begins a script, and each line of it is kept as it stands.
 */
static char *
read_scripts(void)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096], *all = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&all, &size);
	glob_t found;

	assert_non_null(out);
	snprintf(pattern, sizeof pattern, "%s/tests/screens/*.script", srcdir ? srcdir : ".");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *in = fopen(found.gl_pathv[i], "r");
		char line[1024];

		assert_non_null(in);
		fputs("@\n", out);
		while (fgets(line, sizeof line, in))
			fprintf(out, " %.*s \n", (int)strcspn(line, "\r\n"), line);
		fclose(in);
	}
	globfree(&found);
	assert_int_equal(fclose(out), 0);
	return all;
}

/* Does a line begin with the command, or is it typed after ":"? */
static bool
is_run(const char *scripts, const char *name)
{
	char start[64], typed[64];

	snprintf(start, sizeof start, "\n %s ", name);
	snprintf(typed, sizeof typed, "\n type %s ", name);
	return strstr(scripts, start) || strstr(scripts, typed);
}

/* Is the key pressed in a script that goes to its place? */
static bool
is_pressed(const char *scripts, const struct key_entry *k)
{
	char word[64], go[64];

	snprintf(word, sizeof word, " %s ", k->key);
	snprintf(go, sizeof go, "\n view %s ",
	    !k->place ? "" : strcmp(k->place, KEYS_READING) ? k->place : "help");
	for (const char *s = scripts; s; s = strstr(s + 1, "\n@")) {
		const char *end = strstr(s + 1, "\n@"), *line = k->place &&
		    strcmp(k->place, "tree") ? strstr(s, go) : s;

		for (; line && (!end || line < end); line = strstr(line, "\n key ")) {
			const char *at = strstr(++line, word), *stop = strchr(line, '\n');

			if (strncmp(line, " key ", 5) == 0 && at && at < stop)
				return true;
		}
	}
	return false;
}

/* What no recorded script uses could break unseen. */
static void
test_scripts_use_everything(void **state)
{
	const struct cmd_entry *c;
	const struct key_entry *k;
	char *scripts = read_scripts();
	int missing = 0;

	(void)state;
	for (int i = 0; (c = cmd_at(i)); i++)
		if (!is_run(scripts, c->name)) {
			print_error("no script in tests/screens runs the command \"%s\"\n", c->name);
			missing++;
		}
	for (int i = 0; (k = key_at(i)); i++)
		if (!is_pressed(scripts, k)) {
			print_error("no script in tests/screens presses %s after \"view %s\"\n", k->key,
			    k->place ? k->place : "tree");
			missing++;
		}
	free(scripts);
	assert_int_equal(missing, 0);
}

static void
test_views_have_help(void **state)
{
	(void)state;
	for (int i = 0; i < VIEW_COUNT; i++) {
		const struct view_ops *v = view_ops((enum view_id)i);

		assert_non_null(v->open);
		assert_non_null(v->close);
		assert_non_null(v->draw);
		assert_true(*v->name && *v->title && *v->note);
		assert_int_equal(view_find(v->name), i);
	}
}

static void
test_styles_have_letters(void **state)
{
	(void)state;
	for (int i = 0; i < ST_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_true(theme_letter((enum style)i) != theme_letter((enum style)k));
	for (int i = 0; theme_at(i); i++)
		assert_ptr_equal(theme_find(theme_name(theme_at(i))), theme_at(i));
}

/* What Tab and the settings offer: the themes that there are, in their order. */
static void
test_themes_are_offered(void **state)
{
	char all[200] = "";

	(void)state;
	for (int i = 0; theme_at(i); i++)
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "",
		    theme_name(theme_at(i)));
	assert_string_equal(option_at(option_find("theme"))->values, all);
	assert_string_equal(cmd_find("theme", 5)->words, all);
}

static void
test_numbers(void **state)
{
	char b[FMT_SIZE];

	(void)state;
	assert_string_equal(fmt_signed(b, sizeof b, .854), "+.85");
	assert_string_equal(fmt_signed(b, sizeof b, -.12), "\xe2\x88\x92.12");
	assert_string_equal(fmt_signed(b, sizeof b, .9951), "+1.0");
	assert_string_equal(fmt_signed(b, sizeof b, 9.96), "+10");
	assert_string_equal(fmt_signed(b, sizeof b, 123456), "+1e+05");
	assert_string_equal(fmt_short(b, sizeof b, -.43), "\xe2\x88\x92.4");
	assert_string_equal(fmt_short(b, sizeof b, .96), "+1");
	assert_string_equal(fmt_short(b, sizeof b, 140), "+++");
	assert_string_equal(fmt_share(b, sizeof b, .957), ".96");
	assert_string_equal(fmt_share(b, sizeof b, .9999), "1.0");
	/* Of a file that calls something else a share, as it stands. */
	assert_string_equal(fmt_share(b, sizeof b, 1.7), "1.70");
	assert_string_equal(fmt_share(b, sizeof b, -.3), "−0.30");
	assert_string_equal(fmt_part(b, sizeof b, .957), ".96");
	assert_string_equal(fmt_part(b, sizeof b, -2.8), "\xe2\x88\x92" "2.8");
	assert_string_equal(fmt_part(b, sizeof b, 3.8), "3.8");
	assert_string_equal(fmt_percent(b, sizeof b, .7712), "77.1%");
	assert_string_equal(fmt_percent(b, sizeof b, .0014), ".14%");
	assert_string_equal(fmt_percent(b, sizeof b, .99996), "100%");
	assert_string_equal(fmt_percent(b, sizeof b, .00996), "1.0%");
	assert_string_equal(fmt_percent(b, sizeof b, 1.0000002), "100%");
	assert_string_equal(fmt_percent(b, sizeof b, 1.7), "170%");
	assert_string_equal(fmt_percent(b, sizeof b, -.3), "\xe2\x88\x92" "30.0%");
	assert_string_equal(fmt_percent(b, sizeof b, -1e-9), "0%");
	assert_string_equal(fmt_tiny(b, sizeof b, 2.2e-6), "2e-6");
	assert_string_equal(fmt_tiny(b, sizeof b, 0), "0");
	assert_string_equal(fmt_plain(b, sizeof b, 9.996), "10.0");
	assert_string_equal(fmt_plain(b, sizeof b, 99999.4), "99999");
	assert_string_equal(fmt_plain(b, sizeof b, -1.0939e37), "\xe2\x88\x92" "1e+37");
}

static void
press(struct prompt *p, const char *keys)
{
	char name[32];

	while (*keys) {
		size_t n = strcspn(keys, " ");

		memcpy(name, keys, n);
		name[n] = '\0';
		prompt_key(p, key_parse(name));
		keys += n + (keys[n] == ' ');
	}
}

static void
test_line_editing(void **state)
{
	struct history h = { .n = 0 };
	static struct prompt p;

	(void)state;
	assert_true(history_add(&h, "first"));
	assert_true(history_add(&h, "second"));
	assert_true(history_add(&h, "second"));
	assert_int_equal(h.n, 2);
	prompt_start(&p, "the capital of Texas", &h);
	press(&p, "Ctrl-w");
	assert_string_equal(p.text, "the capital of ");
	press(&p, "Ctrl-y Ctrl-a Alt-f Ctrl-k");
	assert_string_equal(p.text, "the");
	press(&p, "Ctrl-y Home Delete Ctrl-t");
	assert_string_equal(p.text, "he capital of Texas");
	press(&p, "End Ctrl-t");
	assert_string_equal(p.text, "he capital of Texsa");
	press(&p, "Alt-b Ctrl-u");
	assert_string_equal(p.text, "Texsa");
	press(&p, "Up Up Up");
	assert_string_equal(p.text, "first");
	press(&p, "Down Down");
	assert_string_equal(p.text, "Texsa");
	/* Characters of several bytes are one step. */
	prompt_start(&p, "Cañ\xc3\xb3n", NULL);
	press(&p, "Left Backspace");
	assert_string_equal(p.text, "Cañn");
	press(&p, "Left Delete");
	assert_string_equal(p.text, "Can");
	assert_int_equal(prompt_key(&p, K_ENTER), PROMPT_DONE);
	assert_int_equal(prompt_key(&p, K_ESC), PROMPT_CANCEL);
	assert_int_equal(prompt_key(&p, K_F1), PROMPT_IGNORED);
	/* What a paste brings that could act on a terminal does not get in. */
	prompt_start(&p, "", NULL);
	prompt_insert(&p, "a\033[2Jb\xff" "c\x9b", 9);
	assert_string_equal(p.text, "a[2Jbc");
	history_free(&h);
}

/* Help and the manual begin a section where the group changes: each has one. */
static void
commands_stand_by_group(void **state)
{
	const struct cmd_entry *c;
	int last = 0;

	(void)state;
	assert_int_equal(cmd_at(0)->group, 0);
	for (int i = 0; (c = cmd_at(i)); i++) {
		assert_true((int)c->group == last || (int)c->group == last + 1);
		last = (int)c->group;
		assert_non_null(cmd_title(c->group));
		assert_int_equal(c->group == GROUP_SCRIPT, (c->flags & CMD_SCRIPT) != 0);
	}
	assert_int_equal(last, GROUP_COUNT - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_stand_by_group),
		cmocka_unit_test(test_keys_run_commands),
		cmocka_unit_test(test_keys_bound_otherwise),
		cmocka_unit_test(test_commands_have_help),
		cmocka_unit_test(test_scripts_use_everything),
		cmocka_unit_test(test_views_have_help),
		cmocka_unit_test(test_styles_have_letters),
		cmocka_unit_test(test_themes_are_offered),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_line_editing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
