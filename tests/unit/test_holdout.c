/* Held-out sentences that are kept for choosing settings by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "corpus/corpus.h"
#include "corpus/recipe.h"

static const struct ct_sentence *
find(const struct ct_corpus *c, const char *text)
{
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		char line[256] = "";

		for (int t = 1; t < s->n; t++) {
			size_t n = strlen(line);

			snprintf(line + n, sizeof line - n, "%s%s", t > 1 ? " " : "",
			    c->words[c->tokens[s->first + t]]);
		}
		if (strcmp(line, text) == 0)
			return s;
	}
	fail_msg("no sentence \"%s\"", text);
	return NULL;
}

/* Pairs for validation are held out, those of `always:` first; grading leaves either them or the others. */
static void
check_validation(const char *recipe, const char *first)
{
	struct ct_yaml_doc *doc;
	struct ct_corpus *c;
	struct ct_error err;
	int held = 0, validation = 0, graded = 0;

	if (ct_yaml_open(&doc, "recipe", recipe, strlen(recipe), &err) < 0 ||
	    ct_corpus_build(&c, doc, &err) < 0)
		fail_msg("%s", err.msg);
	ct_yaml_close(doc);
	if (first)
		assert_true(find(c, first)->validation);
	for (int i = 0; i < c->n_sentences; i++) {
		held += c->sentences[i].held_out;
		validation += c->sentences[i].validation;
		assert_true(c->sentences[i].held_out || !c->sentences[i].validation);
	}
	assert_true(ct_corpus_has_validation(c));
	assert_in_range(validation, held * 2 / 5, held * 3 / 5);
	ct_corpus_grade(c, true);
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		graded += s->held_out && s->answer >= 0;
		assert_true(!s->held_out || s->validation == (s->answer >= 0));
	}
	assert_int_equal(graded, validation);
	ct_corpus_free(c);
}

static void
test_validation(void **state)
{
	(void)state;
	check_validation("corpus: {generator: sums, min: 0, max: 20,\n"
	    "  hold_out: {share: 0.3, seed: 7, validation: 0.5}}\n", NULL);
	check_validation("corpus:\n  tables:\n    land:\n      columns: [name, dish, drink]\n"
	    "      rows: [[Up, soup, tea], [Down, pie, milk]]\n    town:\n      columns: [name, land]\n"
	    "      rows: [[Ay, Up], [Bee, Up], [Cee, Up], [Dee, Down], [Ee, Down], [Eff, Down]]\n"
	    "  sentences:\n  - {name: two, over: town, relations: [dish, drink], about: [land],\n"
	    "     answer: land.relation,\n"
	    "     template: \"the {relation} in {town} is {land.relation}\"}\n"
	    "  hold_out: {sentences: [two], pairs: [town, relation], share: 0.34, seed: 1, validation: 0.5,\n"
	    "    always: [[Ay, dish]]}\n", "the dish in Ay is soup");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_validation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
