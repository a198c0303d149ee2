/*
 * added: where added tokens are found in a text, and where a text that normalizers changed begins, as in
 * Hugging Face tokenizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tokens.h"

/* Ids of tokenizers 0.22: the search goes on behind "<x>", not behind the line breaks that it takes along. */
static void
a_token_in_the_space_behind_another_counts(void **state)
{
	struct ct_tokenizer *t = tokens_must_open("{\"added_tokens\": [{\"id\": 4, \"content\": \"<x>\", "
	    "\"rstrip\": true}, {\"id\": 5, \"content\": \"\\n\"}, {\"id\": 6, \"content\": \"  \", "
	    "\"rstrip\": true}, {\"id\": 7, \"content\": \"\\t\", \"lstrip\": true}], \"model\": {\"type\": "
	    "\"BPE\", \"merges\": [], \"vocab\": {\"a\": 0, \" \": 1, \"b\": 2, \"c\": 3}}}");

	(void)state;
	IDS(t, "a<x>\n\nb", 0, 4, 5, 5, 2);
	IDS(t, "a<x> \n b", 0, 4, 5, 1, 2);
	IDS(t, "     ", 6, 6);
	IDS(t, "<x> b", 4, 2);
	IDS(t, "a<x> \tb", 0, 4, 2);
	IDS(t, "a \tb", 0, 7, 2);
	ct_tokenizer_close(t);
}

/*
 * Metaspace's "first" is for the text that begins where the prompt does. What more than one character was
 * replaced by begins later; so does a mark that is a piece of its own. The ids are Hugging Face's.
 */
static void
the_first_text_is_where_the_prompt_begins(void **state)
{
	static const struct {
		const char *normalizer, *text;
		int ids[5], n;
	} cases[] = {
		{ "\"Replace\", \"pattern\": {\"String\": \"aa\"}, \"content\": \"x\"", "aa a",
		    { 1, 2, 0 }, 3 },
		{ "\"Replace\", \"pattern\": {\"String\": \"aa\"}, \"content\": \"x\"", "a aa",
		    { 2, 0, 2, 1 }, 4 },
		{ "\"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"x\"", "aa a",
		    { 2, 1, 1, 2, 1 }, 5 },
		{ "\"Replace\", \"pattern\": {\"String\": \"\u00e9\"}, \"content\": \"x\"", "\xc3\xa9" "a",
		    { 2, 1, 0 }, 3 },
		{ "\"NFC\"", "a\xcd\x85" "a", { 2, 0, 3, 0 }, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_tokenizer *t;
		char json[800];

		snprintf(json, sizeof json, "{\"normalizer\": {\"type\": %s}, \"pre_tokenizer\": {\"type\": "
		    "\"Sequence\", \"pretokenizers\": [%s{\"type\": \"Metaspace\", "
		    "\"replacement\": \"\\u2581\", \"prepend_scheme\": \"first\", \"split\": false}]}, "
		    "\"model\": {\"type\": \"BPE\", \"merges\": [], "
		    "\"vocab\": {\"a\": 0, \"x\": 1, \"\\u2581\": 2, \"\\u0345\": 3}}}",
		    cases[i].normalizer, strstr(cases[i].normalizer, "NFC") ? "{\"type\": \"Split\", "
		    "\"pattern\": {\"Regex\": \"\\\\p{L}\"}, \"behavior\": \"Isolated\", "
		    "\"invert\": false}, " : "");
		t = tokens_must_open(json);
		tokens_expect(t, cases[i].text, cases[i].ids, cases[i].n);
		ct_tokenizer_close(t);
	}
}

/* Hugging Face refuses a token without one of its flags. */
static void
a_missing_flag_is_noted(void **state)
{
	struct ct_tokenizer *t = tokens_must_open("{\"added_tokens\": [{\"id\": 1, \"content\": \"<s>\", "
	    "\"single_word\": false, \"lstrip\": true, \"rstrip\": null, \"normalized\": false, \"special\": "
	    "true}], \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"is\": 0}}}");

	(void)state;
	assert_int_equal(ct_tokenizer_notes(t)->n, 1);
	assert_non_null(strstr(ct_tokenizer_notes(t)->text[0], "tokenizer.json: added_tokens[0]: \"rstrip\" "
	    "is missing and taken for false; Hugging Face refuses the file"));
	ct_tokenizer_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_in_the_space_behind_another_counts),
		cmocka_unit_test(the_first_text_is_where_the_prompt_begins),
		cmocka_unit_test(a_missing_flag_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
