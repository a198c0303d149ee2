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

#include "base/text.h"
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

/* tokenizers 0.22 takes these code points along, and of all others from 1 to 0x10FFFF none. */
static bool
is_taken(unsigned c)
{
	static const unsigned taken[] = { 0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001,
		0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029,
		0x202F, 0x205F, 0x3000 };

	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (taken[i] == c)
			return true;
	return false;
}

static void
blanks_of_every_kind_are_taken_along(void **state)
{
	struct ct_tokenizer *t = tokens_must_open("{\"added_tokens\": [{\"id\": 1, \"content\": \"<r>\", "
	    "\"rstrip\": true}, {\"id\": 2, \"content\": \"<l>\", \"lstrip\": true}], \"model\": {\"type\": "
	    "\"BPE\", \"merges\": [], \"vocab\": {\"?\": 0}, \"unk_token\": \"?\"}}");

	(void)state;
	for (unsigned c = 1; c <= 0xFFFF; c++) {
		char text[8] = "<r>", *end = text + 3;

		if (c >= 0xD800 && c < 0xE000)
			continue;
		end += ct_utf8_encode(c, end);
		*end = '\0';
		if (is_taken(c))
			IDS(t, text, 1);
		else
			IDS(t, text, 1, 0);
		memmove(text, text + 3, (size_t)(end - text) - 3);
		memcpy(end - 3, "<l>", 4);
		if (is_taken(c))
			IDS(t, text, 2);
		else
			IDS(t, text, 0, 2);
	}
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
		cmocka_unit_test(blanks_of_every_kind_are_taken_along),
		cmocka_unit_test(the_first_text_is_where_the_prompt_begins),
		cmocka_unit_test(a_missing_flag_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
