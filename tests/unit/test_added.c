/*
 * added: where added tokens are found in a text, as Hugging Face tokenizers finds them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_in_the_space_behind_another_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
