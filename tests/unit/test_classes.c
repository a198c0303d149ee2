/* What labels of different values have in common: their classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "corpus/classes.h"
#include "scratch.h"

static const char world[] =
    "corpus:\n"
    "  tables:\n"
    "    state:\n"
    "      columns: [name, capital, largest city, bird, ending]\n"
    "      rows:\n"
    "      - [Texas, Austin, Houston, Mockingbird, -as]\n"
    "      - [New York, Albany, New York City, Eastern Bluebird, -ork]\n"
    "      - [York, Place, Albany, Mockingbird, -ork]\n"
    "    city:\n"
    "      columns: [name, state]\n"
    "      rows:\n"
    "      - [Dallas, Texas]\n"
    "      - [Austin, Texas]\n";

/* Text and class, in turn. */
static void
check(const struct ct_classes *c, const char *const *pair, size_t n)
{
	char buf[200];

	for (size_t i = 0; i < n; i += 2)
		assert_string_equal(ct_classes_of(c, pair[i], buf, sizeof buf), pair[i + 1]);
}

static struct ct_classes *
open_classes(const char *recipe)
{
	struct ct_error err = { 0 };
	struct ct_classes *c;

	scratch_text("recipe.yaml", recipe);
	if (ct_classes_open(&c, "recipe.yaml", &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static void
test_values(void **state)
{
	static const char *const pair[] = {
		"in Texas", "in <state>",
		"bridge New York, two hops", "bridge <state>, two hops",
		"York, answering", "<state>, answering",
		"in Yorkshire", "in Yorkshire",
		"in old-York", "in old-York",
		"Dallas", "<city>",
		"Dallas (input)", "<city> (input)",
		"New York City (input)", "<largest city> (input)",
		/* a row of one table and a cell of another: what it names, and what an answer is */
		"Austin (input)", "<city> (input)",
		"say Austin", "say <capital>",
		"say Texas", "say <state>",
		"say Dallas", "say <city>",
		/* a cell of two columns: the first, or the one that is named */
		"say Albany", "say <capital>",
		"largest city Albany, answering", "largest city <largest city>, answering",
		"bird Mockingbird, answering", "bird <bird>, answering",
		"-ork rhyme, planning", "<ending> rhyme, planning",
		"Dallas in Texas", "<city> in <state>",
		/* a column, although a cell is called so */
		"say a Place", "say a Place",
		"say Place", "say <capital>",
		"capital (input)", "capital (input)",
		"", ""
	};
	struct ct_classes *c = open_classes(world);
	char small[8];

	(void)state;
	check(c, pair, sizeof pair / sizeof *pair);
	/* What does not fit is cut. */
	assert_string_equal(ct_classes_of(c, "in Texas", small, sizeof small), "in <sta");
	assert_string_equal(ct_classes_of(c, "of all words", small, sizeof small), "of all ");
	ct_classes_close(c);
}

static void
test_numbers(void **state)
{
	static const char *const pair[] = {
		"first _8 + second _9", "first _<number> + second _<number>",
		"tens make 8-9_, no carry", "tens make <number>_, no carry",
		"say 9_", "say <number>_",
		"36", "<number>",
		"carry", "carry",
		"3-", "<number>-"
	};
	struct ct_classes *c = open_classes("corpus: {generator: sums, max: 99}\n");

	(void)state;
	check(c, pair, sizeof pair / sizeof *pair);
	ct_classes_close(c);
}

/* Without tables a text stays what it is: of plain text, and where there is no recipe at all. */
static void
test_none(void **state)
{
	static const char *const pair[] = { "in Texas", "in Texas", "8-9", "8-9" };
	struct ct_classes *c = open_classes("corpus: {text: lines.txt}\n");
	struct ct_error err;

	(void)state;
	check(c, pair, sizeof pair / sizeof *pair);
	check(NULL, pair, sizeof pair / sizeof *pair);
	ct_classes_close(c);
	assert_true(ct_classes_open(&c, "nowhere.yaml", &err) < 0 && !c);
	scratch_text("recipe.yaml", "corpus: {tables: {state: {columns: [name], rows: []}}}\n");
	assert_true(ct_classes_open(&c, "recipe.yaml", &err) < 0 && !c);
	assert_non_null(strstr(err.msg, "recipe.yaml:1: table state is empty"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_none)
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
