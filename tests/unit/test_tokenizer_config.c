/*
 * tokenizer_config: what tokenizer_config.json changes. The ids are those of transformers 4.57's
 * AutoTokenizer for the same two files; tests/peer/tokenizers_check.py compares more of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tokens.h"

#define FLAGS(special) "\"single_word\": false, \"lstrip\": false, \"rstrip\": false, " \
	"\"normalized\": false, \"special\": " special
/* A byte-level tokenizer without a template, with add_prefix_space as given. */
#define BYTES(space) "{\"added_tokens\": [{\"id\": 6, \"content\": \"<s>\", " FLAGS("true") "}], " \
	"\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": " space "}, " \
	"\"model\": {\"type\": \"BPE\", \"merges\": [], \"vocab\": {\"a\": 0, \"b\": 1, " \
	"\"\\u0120\": 2, \"x\": 3, \"<\": 4, \">\": 5}}}"
/* Its token, with another flag. */
#define RSTRIP "{\"__type\": \"AddedToken\", \"content\": \"<s>\", \"lstrip\": false, \"rstrip\": true, " \
	"\"normalized\": false, \"single_word\": false}"
/* One whose template begins with <s>, or with `first`. */
#define TEMPLATE(first) "{\"added_tokens\": [{\"id\": 0, \"content\": \"<s>\", " FLAGS("true") "}, " \
	"{\"id\": 1, \"content\": \"</s>\", " FLAGS("true") "}], \"post_processor\": " \
	"{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"" first "\", " \
	"\"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"special_tokens\": " \
	"{\"<s>\": {\"id\": \"<s>\", \"ids\": [0], \"tokens\": [\"<s>\"]}, " \
	"\"</s>\": {\"id\": \"</s>\", \"ids\": [1], \"tokens\": [\"</s>\"]}}}, \"model\": " \
	"{\"type\": \"BPE\", \"merges\": [], \"vocab\": {\"<s>\": 0, \"</s>\": 1, \"a\": 2, \"b\": 3}}}"

static struct ct_tokenizer *
open_with(const char *json, const char *config)
{
	struct ct_error err = { 0 };
	struct ct_tokenizer *t;

	if (tokens_open_with(&t, json, config, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return t;
}

/* note: the only one, behind the path, or NULL for none. */
static void
close_noted(struct ct_tokenizer *t, const char *note)
{
	const struct ct_notes *notes = ct_tokenizer_notes(t);

	assert_int_equal(notes->n, note ? 1 : 0);
	if (note)
		assert_string_equal(strstr(notes->text[0], "tokenizer_config.json"), note);
	ct_tokenizer_close(t);
}

static void
a_blank_in_front(void **state)
{
	struct ct_tokenizer *t = open_with(BYTES("false"), NULL), *other;

	(void)state;
	IDS(t, "a b", 0, 2, 1);
	other = open_with(BYTES("false"), "{\"tokenizer_class\": \"GPT2Tokenizer\", "
	    "\"add_prefix_space\": true}");
	IDS(other, "a b", 2, 0, 2, 1);
	/* What is saved with other ids is of another tokenizer. */
	assert_true(ct_tokenizer_digest(t) != ct_tokenizer_digest(other));
	close_noted(t, NULL);
	close_noted(other, "tokenizer_config.json: \"add_prefix_space\" is true, and counts, as in "
	    "transformers; tokenizer.json has false");
	t = open_with(BYTES("true"), "{\"tokenizer_class\": \"GPT2Tokenizer\"}");
	IDS(t, "a b", 0, 2, 1);
	close_noted(t, "tokenizer_config.json: \"add_prefix_space\" is missing, which means false, "
	    "and counts, as in transformers; tokenizer.json has true");
	t = open_with(BYTES("true"), "{\"add_prefix_space\": true}");
	IDS(t, "a b", 2, 0, 2, 1);
	close_noted(t, NULL);
}

/* What most files have, and jansson does not read. */
static void
large_numbers(void **state)
{
	struct ct_tokenizer *t = open_with(BYTES("false"), "{\"model_max_length\": "
	    "1000000000000000019884624838656, \"add_prefix_space\": true, \"a\": [0.1234567890123456789012, "
	    "1e-5, \"\\\"12345678901234567890\"]}");

	(void)state;
	IDS(t, "a b", 2, 0, 2, 1);
	assert_int_equal(ct_tokenizer_notes(t)->n, 1);
	ct_tokenizer_close(t);
}

static void
tokens_are_added(void **state)
{
	struct ct_tokenizer *t = open_with(BYTES("false"), "{\"added_tokens_decoder\": {\"6\": "
	    "{\"content\": \"<s>\", "
	    "\"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"single_word\": false, "
	    "\"special\": true}}}");

	(void)state;
	IDS(t, "a<s> b", 0, 6, 2, 1);
	close_noted(t, NULL);
	/* The id is the next one, whatever the key says; 10 comes behind 9. */
	t = open_with(BYTES("false"), "{\"added_tokens_decoder\": {\"10\": {\"content\": \"<a>\", "
	    "" FLAGS("true") "}, \"9\": {\"content\": \"<x>\", " FLAGS("true") "}}}");
	IDS(t, "b<x><a>", 1, 7, 8);
	assert_true(ct_tokenizer_special(t, 7));
	close_noted(t, "tokenizer_config.json: 2 added tokens, such as \"<x>\", are missing from "
	    "tokenizer.json or have other flags there; what stands here counts, as in transformers");
	t = open_with(BYTES("false"), "{\"added_tokens_decoder\": {\"6\": {\"content\": \"<s>\", "
	    "\"rstrip\": true, \"special\": true}}}");
	IDS(t, "a<s> b", 0, 6, 1);
	close_noted(t, "tokenizer_config.json: 1 added token, such as \"<s>\", is missing from "
	    "tokenizer.json or has other flags there; what stands here counts, as in transformers");
	t = open_with(BYTES("false"), "{\"pad_token\": {\"content\": \"<b>\"}, \"eos_token\": \"<s>\", "
	    "\"additional_special_tokens\": [\"<a>\", \"b\"]}");
	IDS(t, "a<a>b<b>", 0, 8, 1, 7);
	assert_true(ct_tokenizer_special(t, 1));	/* "b" is in the vocabulary, and keeps its id */
	close_noted(t, "tokenizer_config.json: 3 added tokens, such as \"<b>\", are missing from "
	    "tokenizer.json or have other flags there; what stands here counts, as in transformers");
	/* A token that is there keeps its flags, and no text is no token. */
	t = open_with(BYTES("false"), "{\"eos_token\": " RSTRIP ", \"pad_token\": \"\"}");
	IDS(t, "a<s> b", 0, 6, 2, 1);
	close_noted(t, NULL);
	/* In a list it gets those that stand there. */
	for (int i = 0; i < 2; i++) {
		static const char *const lists[] = { "\"additional_special_tokens\": [" RSTRIP "]",
			"\"extra_special_tokens\": {\"x_token\": " RSTRIP "}" };
		char config[300];

		snprintf(config, sizeof config, "{%s}", lists[i]);
		t = open_with(BYTES("false"), config);
		IDS(t, "a<s> b", 0, 6, 1);
		close_noted(t, "tokenizer_config.json: 1 added token, such as \"<s>\", is missing from "
		    "tokenizer.json or has other flags there; what stands here counts, as in transformers");
	}
	t = open_with(BYTES("false"), "{\"additional_special_tokens\": [\"<s>\"]}");
	IDS(t, "a<s> b", 0, 6, 2, 1);
	close_noted(t, NULL);
}

static void
a_class_has_its_own_template(void **state)
{
	struct ct_tokenizer *t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"LlamaTokenizer\"}");

	(void)state;
	IDS(t, "ab", 0, 2, 3);
	close_noted(t, NULL);
	t = open_with(TEMPLATE("</s>"), "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", "
	    "\"add_bos_token\": true, \"bos_token\": \"<s>\"}");
	IDS(t, "ab", 1, 2, 3);
	close_noted(t, NULL);
	t = open_with(TEMPLATE("</s>"), "{\"tokenizer_class\": \"LlamaTokenizerFast\"}");
	IDS(t, "ab", 0, 2, 3);
	close_noted(t, "tokenizer_config.json: \"<s>\" stands before every text, as transformers' "
	    "LlamaTokenizer has it; tokenizer.json has another template");
	t = open_with(BYTES("false"), "{\"tokenizer_class\": \"GemmaTokenizer\", \"bos_token\": "
	    "{\"content\": \"<s>\"}}");
	IDS(t, "ab", 6, 0, 1);
	close_noted(t, "tokenizer_config.json: \"<s>\" stands before every text, as transformers' "
	    "GemmaTokenizer has it; tokenizer.json has no template");
	/* Its tokens are added behind those of the file. */
	t = open_with(BYTES("false"), "{\"tokenizer_class\": \"GemmaTokenizer\"}");
	IDS(t, "a<eos>b", 7, 0, 8, 1);
	close_noted(t, "tokenizer_config.json: \"<bos>\" stands before every text, as transformers' "
	    "GemmaTokenizer has it; tokenizer.json has no template");
	t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": false}");
	ct_tokenizer_set_bos(t, 0, NULL);
	IDS(t, "ab", 2, 3);
	close_noted(t, "tokenizer_config.json: \"add_bos_token\" is false, and counts, as in "
	    "transformers: nothing is put before texts");
}

static void
what_has_no_effect_is_noted(void **state)
{
	struct ct_tokenizer *t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"LlamaTokenizer\", "
	    "\"add_eos_token\": true}");

	(void)state;
	IDS(t, "ab", 0, 2, 3);
	close_noted(t, "tokenizer_config.json: \"add_eos_token\" is true, but nothing is put after "
	    "prompts here");
	t = open_with(TEMPLATE("<s>"), "{\"split_special_tokens\": true}");
	IDS(t, "a</s>", 0, 2, 1);
	close_noted(t, "tokenizer_config.json: \"split_special_tokens\" is not supported: special "
	    "tokens in prompts stay whole");
	t = open_with(TEMPLATE("<s>"), "{\"add_prefix");
	IDS(t, "ab", 0, 2, 3);
	assert_int_equal(ct_tokenizer_notes(t)->n, 1);
	assert_non_null(strstr(ct_tokenizer_notes(t)->text[0], "; the file is ignored"));
	ct_tokenizer_close(t);
	/* Values of other kinds are passed over. */
	t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": 3, \"bos_token\": []}");
	IDS(t, "ab", 0, 2, 3);
	close_noted(t, "tokenizer_config.json: \"bos_token\": expected a token; it is ignored, but "
	    "transformers refuses the file");
	t = open_with(TEMPLATE("<s>"), "{\"added_tokens_decoder\": [1]}");
	close_noted(t, "tokenizer_config.json: \"added_tokens_decoder\": expected an object {\"id\": {...}, "
	    "...}; it is ignored, but transformers refuses the file");
	t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"LlamaTokenizer\", \"bos_token\": null}");
	close_noted(t, "tokenizer_config.json: \"bos_token\": expected the token that \"add_bos_token\" puts "
	    "before texts; it is ignored, but transformers refuses the file");
	t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"OtherTokenizer\"}");
	close_noted(t, "tokenizer_config.json: what the \"tokenizer_class\" \"OtherTokenizer\" changes is "
	    "not known here; tokenizer.json is used as it is");
}

/* The tokenizer of tokenizer.json and another file or two; NULL: not that one. */
static struct ct_tokenizer *
open_beside(const char *json, const char *name, const char *text, const char *config)
{
	const struct tokens_file files[] = { { "tokenizer.json", json }, { name, text },
		{ "tokenizer_config.json", config } };
	struct ct_error err = { 0 };
	struct ct_tokenizer *t;

	if (tokens_open_files(&t, files, config ? 3 : 2, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return t;
}

/* Like close_noted, but the note begins with the name of config.json, or of another file. */
static void
close_noted_by(struct ct_tokenizer *t, const char *file, const char *note)
{
	const struct ct_notes *notes = ct_tokenizer_notes(t);

	assert_int_equal(notes->n, 1);
	assert_non_null(strstr(notes->text[0], file));
	assert_string_equal(strstr(notes->text[0], file), note);
	ct_tokenizer_close(t);
}

/* Without "tokenizer_class", the class is that of the model. */
static void
the_class_of_the_model(void **state)
{
	struct ct_tokenizer *t = open_beside(TEMPLATE("</s>"), "config.json",
	    "{\"model_type\": \"llama\", \"vocab_size\": 4}", NULL);

	(void)state;
	IDS(t, "ab", 0, 2, 3);
	close_noted_by(t, "config.json", "config.json: \"<s>\" stands before every text, as transformers' "
	    "LlamaTokenizer has it; tokenizer.json has another template");
	t = open_beside(TEMPLATE("</s>"), "config.json", "{\"model_type\": \"mistral\"}", "{}");
	IDS(t, "ab", 0, 2, 3);
	ct_tokenizer_close(t);
	t = open_beside(TEMPLATE("</s>"), "config.json", "{\"model_type\": \"qwen2\"}", "{}");
	IDS(t, "ab", 1, 2, 3);
	close_noted(t, NULL);
	t = open_beside(TEMPLATE("</s>"), "config.json", "{\"model_type\": \"llama\", "
	    "\"tokenizer_class\": \"PreTrainedTokenizerFast\"}", NULL);
	IDS(t, "ab", 1, 2, 3);
	close_noted(t, NULL);
	t = open_beside(BYTES("true"), "config.json", "{\"model_type\": \"gpt2\"}", NULL);
	IDS(t, "a b", 0, 2, 1);
	ct_tokenizer_close(t);
	/* Llama's leaves the blank alone, and so does null. */
	t = open_beside(BYTES("true"), "config.json", "{\"model_type\": \"llama\"}", NULL);
	IDS(t, "a b", 6, 2, 0, 2, 1);
	ct_tokenizer_close(t);
	t = open_with(BYTES("true"), "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_prefix_space\": null}");
	IDS(t, "a b", 2, 0, 2, 1);
	close_noted(t, NULL);
	/* transformers puts a token before texts that the model has no row for, and fails. */
	t = open_beside(BYTES("false"), "config.json", "{\"model_type\": \"gemma\", \"vocab_size\": 7}",
	    NULL);
	IDS(t, "ab", 0, 1);
	close_noted_by(t, "config.json", "config.json: the \"bos_token\" \"<bos>\" that transformers' "
	    "GemmaTokenizer puts before texts is not in the model; tokenizer.json, which has no template, is "
	    "used as it is");
	t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"GPTNeoXTokenizer\"}");
	IDS(t, "ab", 2, 3);
	close_noted(t, "tokenizer_config.json: nothing is put before texts, as transformers' "
	    "GPTNeoXTokenizer has it; the template in tokenizer.json is not used");
	t = open_with(TEMPLATE("<s>"), "{\"tokenizer_class\": \"GPTNeoXTokenizer\", \"add_bos_token\": true, "
	    "\"bos_token\": \"</s>\"}");
	IDS(t, "ab", 1, 2, 3);
	ct_tokenizer_close(t);
}

/* What the class takes for special is found in texts, even if only the vocabulary has it. */
static void
tokens_of_the_class(void **state)
{
	struct ct_tokenizer *t = open_beside("{\"model\": {\"type\": \"BPE\", \"merges\": [], \"vocab\": "
	    "{\"a\": 0, \"<|endoftext|>\": 1, \"<\": 2, \"|\": 3, \">\": 4}}}", "config.json",
	    "{\"model_type\": \"gpt2\"}", NULL);

	(void)state;
	IDS(t, "a<|endoftext|><", 0, 1, 2);
	assert_true(ct_tokenizer_special(t, 1));
	close_noted_by(t, "config.json", "config.json: the tokens of transformers' GPT2Tokenizer, such as "
	    "\"<|endoftext|>\", are special, and are found in texts before anything else; tokenizer.json "
	    "does not say so");
}

/* Files that older versions of transformers wrote. */
static void
older_files(void **state)
{
	static const char map[] = "{\"bos_token\": \"<b>\", \"additional_special_tokens\": [\"<x>\", "
	    "{\"content\": \"<a>\", \"rstrip\": true}]}";
	static const char plain[] = "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}";
	struct ct_tokenizer *t = open_beside(BYTES("false"), "special_tokens_map.json", map, plain);

	(void)state;
	IDS(t, "a<b>b<x><a> a", 0, 7, 1, 8, 9, 0);
	close_noted_by(t, "special_tokens_map.json", "special_tokens_map.json: 3 added tokens, such as "
	    "\"<b>\", are missing from tokenizer.json or have other flags there; what stands here counts, as "
	    "in transformers");
	t = open_beside(BYTES("false"), "special_tokens_map.json", "{\"eos_token\": " RSTRIP "}", plain);
	IDS(t, "a<s> b", 0, 6, 2, 1);
	ct_tokenizer_close(t);
	t = open_beside(BYTES("false"), "special_tokens_map.json", "{\"additional_special_tokens\": ["
	    RSTRIP "]}", plain);
	IDS(t, "a<s> b", 0, 6, 1);
	ct_tokenizer_close(t);
	t = open_beside(BYTES("false"), "added_tokens.json", "{\"<b>\": 8, \"<a>\": 7}", plain);
	IDS(t, "a<b><a>", 0, 8, 7);
	close_noted_by(t, "added_tokens.json", "added_tokens.json: 2 added tokens, such as \"<a>\", are "
	    "missing from tokenizer.json or have other flags there; what stands here counts, as in "
	    "transformers");
	/* It takes precedence over tokenizer_config.json, unless that has "added_tokens_decoder". */
	t = open_beside(TEMPLATE("<s>"), "special_tokens_map.json", "{\"bos_token\": \"</s>\"}",
	    "{\"tokenizer_class\": \"LlamaTokenizer\", \"bos_token\": \"<s>\"}");
	IDS(t, "ab", 1, 2, 3);
	ct_tokenizer_close(t);
	t = open_beside(BYTES("false"), "special_tokens_map.json", map, "{\"tokenizer_class\": "
	    "\"PreTrainedTokenizerFast\", \"added_tokens_decoder\": {}}");
	IDS(t, "<a><b>", 4, 0, 5, 4, 1, 5);
	close_noted(t, NULL);
	/* Flags of a token count; so do tokens of other names. */
	t = open_with(BYTES("false"), "{\"bos_token\": {\"__type\": \"AddedToken\", "
	    "\"content\": \"<b>\", \"rstrip\": true}, \"extra_special_tokens\": {\"image_token\": \"<x>\"}}");
	IDS(t, "a<b> b<x>", 0, 7, 1, 8);
	ct_tokenizer_close(t);
}

/* Blanks as the steps before the model make them. */
#define BLANKS "{\"added_tokens\": [{\"id\": 0, \"content\": \"<unk>\", " FLAGS("true") "}, " \
	"{\"id\": 1, \"content\": \"<s>\", " FLAGS("true") "}, " \
	"{\"id\": 2, \"content\": \"</s>\", " FLAGS("true") "}], " \
	"\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [" \
	"{\"type\": \"Prepend\", \"prepend\": \"\\u2581\"}, " \
	"{\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"\\u2581\"}]}, " \
	"\"model\": {\"type\": \"BPE\", \"merges\": [], \"unk_token\": \"<unk>\", \"vocab\": " \
	"{\"<unk>\": 0, \"<s>\": 1, \"</s>\": 2, \"a\": 3, \"b\": 4, \"\\u2581\": 5}}}"

/* With add_prefix_space, LlamaTokenizer is made from tokenizer.model, if that exists. */
static void
made_from_another_file(void **state)
{
	static const char never[] = "{\"tokenizer_class\": \"LlamaTokenizer\", \"bos_token\": \"<s>\", "
	    "\"add_prefix_space\": false}", first[] = "{\"tokenizer_class\": \"LlamaTokenizer\", "
	    "\"bos_token\": \"<s>\", \"add_prefix_space\": true, \"legacy\": false}";
	struct ct_tokenizer *t = open_beside(BLANKS, "tokenizer.model", "", never), *other;

	(void)state;
	IDS(t, "a b", 1, 3, 5, 4);
	IDS(t, "a</s>b", 1, 3, 2, 4);
	assert_int_equal(ct_tokenizer_notes(t)->n, 2);
	assert_non_null(strstr(ct_tokenizer_notes(t)->text[0], "tokenizer_config.json: \"add_prefix_space\" "
	    "is false, so transformers makes the tokenizer from tokenizer.model, and blanks become what it "
	    "makes of them; tokenizer.json has it otherwise"));
	other = open_beside(BLANKS, "tokenizer.model", "", first);
	IDS(other, "a b", 1, 5, 3, 5, 4);
	IDS(other, "a</s>b", 1, 5, 3, 2, 4);
	assert_true(ct_tokenizer_digest(t) != ct_tokenizer_digest(other));
	ct_tokenizer_close(t);
	ct_tokenizer_close(other);
	t = open_with(BLANKS, never);
	IDS(t, "a</s>b", 1, 5, 3, 2, 5, 4);
	assert_non_null(strstr(ct_tokenizer_notes(t)->text[0], "tokenizer_config.json: \"add_prefix_space\" "
	    "makes transformers read tokenizer.model, which is missing; tokenizer.json is used as it is"));
	ct_tokenizer_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blank_in_front),
		cmocka_unit_test(large_numbers),
		cmocka_unit_test(tokens_are_added),
		cmocka_unit_test(a_class_has_its_own_template),
		cmocka_unit_test(what_has_no_effect_is_noted),
		cmocka_unit_test(the_class_of_the_model),
		cmocka_unit_test(tokens_of_the_class),
		cmocka_unit_test(older_files),
		cmocka_unit_test(made_from_another_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
