/*
 * tokenizer: words to ids and back, added tokens, the template, unknown words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "io/json.h"
#include "model/tokenizer.h"
#include "tokens.h"

#define FLAGS(word, special) "\"single_word\": " word ", \"lstrip\": false, \"rstrip\": false, " \
	"\"normalized\": false, \"special\": " special

static const char words[] = "{\"added_tokens\": [  {\"id\": 0, \"content\": \"<bos>\", "
    FLAGS("false", "true") "},  {\"id\": 9, \"content\": \"New York\", " FLAGS("true", "false")
    "},  {\"id\": 10, \"content\": \"New York City\", " FLAGS("true", "false") "}], "
    "\"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"}, \"post_processor\": {\"type\": "
    "\"TemplateProcessing\", \"single\": [  {\"SpecialToken\": {\"id\": \"<bos>\", \"type_id\": 0}}, "
    "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"special_tokens\": {\"<bos>\": {\"id\": \"<bos>\", "
    "\"ids\": [0], \"tokens\": [\"<bos>\"]}}}, \"model\": {\"type\": \"WordLevel\", \"unk_token\": "
    "\"<unk>\", \"vocab\": {\"<bos>\": 0, \"<unk>\": 1,   \"the\": 2, \"Dallas\": 3, \"Texas\": 4, \"is\": "
    "5, \"New\": 6, \"Yorker\": 7, \"caf\\u00e9\": 8}}}";

/* A file may ask for its texts to be cut and padded; transformers does neither unless the call does. */
static void
nothing_is_cut_or_padded(void **state)
{
	static const char more[] = "{\"truncation\": {\"direction\": \"Right\", \"max_length\": 2, "
	    "\"strategy\": \"LongestFirst\", \"stride\": 0}, \"padding\": {\"strategy\": {\"Fixed\": 8}, "
	    "\"direction\": \"Left\", \"pad_to_multiple_of\": null, \"pad_id\": 1, \"pad_type_id\": 0, "
	    "\"pad_token\": \"<unk>\"}, ";
	char json[2000];
	struct ct_tokenizer *t;

	(void)state;
	snprintf(json, sizeof json, "%s%s", more, words + 1);
	t = tokens_must_open(json);
	IDS(t, "the Dallas is", 0, 2, 3, 5);
	assert_int_equal(ct_tokenizer_notes(t)->n, 2);
	assert_non_null(strstr(ct_tokenizer_notes(t)->text[0],
	    "tokenizer.json: \"truncation\" is ignored, as transformers does"));
	assert_non_null(strstr(ct_tokenizer_notes(t)->text[1],
	    "tokenizer.json: \"padding\" is ignored, as transformers does"));
	ct_tokenizer_close(t);
}

static void
words_become_ids(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);

	(void)state;
	IDS(t, "the Dallas is", 0, 2, 3, 5);
	IDS(t, "  the\t\nDallas ", 0, 2, 3);
	IDS(t, "", 0);
	IDS(t, "caf\xc3\xa9", 0, 8);
	ct_tokenizer_close(t);
}

static void
added_tokens_come_first_and_longest(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);

	(void)state;
	IDS(t, "the New York is", 0, 2, 9, 5);
	IDS(t, "New York City is", 0, 10, 5);
	IDS(t, "New Yorker", 0, 6, 7);		/* "New York" is a single_word token: not inside a word */
	ct_tokenizer_close(t);
}

static void
bos_is_not_doubled(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);
	struct ct_token_span out[3];

	(void)state;
	IDS(t, "<bos> the", 0, 2);
	IDS(t, "<bos>the", 0, 2);
	assert_int_equal(ct_tokenizer_encode(t, "<bos> the is", 12, out, 3, NULL, NULL), 3);
	assert_int_equal(ct_tokenizer_encode(t, "the is the", 10, out, 3, NULL, NULL), CT_EINVAL);
	ct_tokenizer_close(t);
}

#define WITH_BOS(token, more) "{\"added_tokens\": [{\"id\": 1, \"content\": \"" token \
	"\", " FLAGS("false", "true") "}, {\"id\": 3, \"content\": \"<im>\", " FLAGS("false", "true") \
	"}], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"}," more \
	"\"model\": {\"type\": \"WordLevel\", \"vocab\": {\"is\": 0, \"<s>\": 1, \"so\": 2}}}"

static void
bos_comes_from_outside_without_a_template(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(WITH_BOS("<s>", ""));
	struct ct_notes notes = { 0 };

	(void)state;
	IDS(t, "is", 0);
	ct_tokenizer_set_bos(t, -1, &notes);
	ct_tokenizer_set_bos(t, 9, &notes);
	IDS(t, "is", 0);
	ct_tokenizer_set_bos(t, 1, &notes);
	IDS(t, "is", 1, 0);
	IDS(t, "<s> is", 1, 0);
	IDS(t, "<im> is", 3, 0);		/* begins with a special token of its own */
	assert_int_equal(notes.n, 0);
	assert_true(ct_tokenizer_special(t, 1) && ct_tokenizer_special(t, 3) && !ct_tokenizer_special(t, 0));
	ct_tokenizer_close(t);
	t = tokens_must_open(words);
	ct_tokenizer_set_bos(t, 5, &notes);
	IDS(t, "the", 0, 2);			/* the template wins */
	assert_int_equal(notes.n, 0);
	ct_tokenizer_close(t);
}

/* Some class's default for bos_token_id, left in config.json, is an ordinary token here. */
static void
an_ordinary_token_is_no_bos(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(WITH_BOS("<s>", ""));
	struct ct_notes notes = { 0 };

	(void)state;
	ct_tokenizer_set_bos(t, 2, &notes);
	IDS(t, "is", 0);
	assert_int_equal(notes.n, 1);
	assert_string_equal(notes.text[0], "config.json's bos_token_id 2 is the ordinary token \"so\", so no "
	    "BOS is put before prompts");
	ct_tokenizer_close(t);
}

/* A template's token stands for the ids that the template gives it, whatever the vocabulary says. */
static void
a_template_has_its_own_ids(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(WITH_BOS("<s>", "\"post_processor\": {\"type\": "
	    "\"TemplateProcessing\", "
	    "\"single\": [{\"SpecialToken\": {\"id\": \"<s>\", \"type_id\": 0}}, {\"Sequence\": {\"id\": "
	    "\"A\", "
	    "\"type_id\": 0}}], \"special_tokens\": {\"<s>\": {\"id\": \"<s>\", \"ids\": [2, 3], \"tokens\": "
	    "[\"so\", \"<im>\"]}}},"));

	(void)state;
	IDS(t, "is", 2, 3, 0);
	IDS(t, "<im> is", 2, 3, 3, 0);		/* as the template does it before every text */
	assert_true(ct_tokenizer_special(t, 2));
	ct_tokenizer_close(t);
}

/* The model's embedding ends before an added token: usable, until a text has that token. */
static void
tokens_beyond_the_embedding(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(WITH_BOS("<s>", ""));
	struct ct_token_span out[4];
	struct ct_error err = { 0 };

	(void)state;
	assert_int_equal(ct_tokenizer_limit(t, 4, &err), CT_OK);
	assert_int_equal(ct_tokenizer_notes(t)->n, 0);
	assert_int_equal(ct_tokenizer_limit(t, 3, &err), CT_OK);
	assert_string_equal(ct_tokenizer_notes(t)->text[0], "tokenizer.json: 1 added token is not in the "
	    "model, whose embedding has 3 rows; prompts with it are refused");
	assert_int_equal(ct_tokenizer_size(t), 3);
	IDS(t, "is so", 0, 2);
	assert_int_equal(ct_tokenizer_encode(t, "so <im>", 7, out, 4, NULL, &err), CT_EINVAL);
	assert_string_equal(err.msg, "the token \"<im>\" at byte 3 has id 3, but the model's embedding has 3 "
	    "rows");
	assert_int_equal(ct_tokenizer_limit(t, 2, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "tokenizer.json has 4 tokens, but config.json's vocab_size is 2");
	ct_tokenizer_close(t);
}

/* Escapes and doubles that other programs write; what cannot be in a prompt matches nothing. */
static void
mended_files_load_with_a_note(void **state)
{
	struct ct_tokenizer *t = tokens_must_open("{\"version\": \"\\ud800\", \"pre_tokenizer\": {\"type\": "
	    "\"WhitespaceSplit\"}, \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"is\": 0, \"\\u0000\": "
	    "1, \"so\": 3, \"so\": 2, \"\\ud83d\\ude00\": 3}}}");
	const struct ct_notes *notes = ct_tokenizer_notes(t);

	(void)state;
	IDS(t, "is so", 0, 2);
	IDS(t, "\xf0\x9f\x98\x80", 3);
	assert_int_equal(notes->n, 2);
	assert_non_null(strstr(notes->text[0], "a key occurs twice; the last one counts, as in Hugging "
	    "Face"));
	assert_non_null(strstr(notes->text[1], "has \\u0000 or half a surrogate pair in a string"));
	ct_tokenizer_close(t);
}

/* What the pattern asks of a character that this system's tables may not know cannot be answered. */
static void
newer_characters(void **state)
{
	static const char text[] = "a \xf0\x9f\xab\xa8";	/* U+1FAE8, of Unicode 15 */
	struct ct_tokenizer *t = tokens_must_open("{\"pre_tokenizer\": {\"type\": \"Split\", \"behavior\": "
	    "\"Removed\", \"invert\": false, \"pattern\": {\"Regex\": \"\\\\p{Greek}\"}}, "
	    "\"model\": {\"type\": \"BPE\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, \" \": 1}, "
	    "\"merges\": []}}");
	struct ct_token_span out[4];
	struct ct_error err = { 0 };

	(void)state;
	IDS(t, "a ", 0, 1);
	assert_int_equal(ct_tokenizer_encode(t, text, sizeof text - 1, out, 4, NULL, &err), CT_EUNSUPPORTED);
	assert_string_equal(err.msg, "the character U+1FAE8 at byte 2 is newer than this system's Unicode "
	    "tables, which this tokenizer's pattern needs");
	ct_tokenizer_close(t);
	/* General categories are spelt out: no tables needed. */
	t = tokens_must_open("{\"pre_tokenizer\": {\"type\": \"Split\", \"behavior\": \"Removed\", "
	    "\"invert\": false, \"pattern\": "
	    "{\"Regex\": \"\\\\p{So}\"}}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \" \": 1}, "
	    "\"merges\": []}}");
	assert_int_equal(ct_tokenizer_encode(t, text, sizeof text - 1, out, 4, NULL, &err), 2);
	ct_tokenizer_close(t);
}

static void
spans_point_into_the_text(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);
	struct ct_token_span out[8];

	(void)state;
	assert_int_equal(ct_tokenizer_encode(t, " the New York is", 16, out, 8, NULL, NULL), 4);
	assert_int_equal(out[0].start, 0);
	assert_int_equal(out[0].end, 0);
	assert_int_equal(out[1].start, 1);
	assert_int_equal(out[1].end, 4);
	assert_int_equal(out[2].start, 5);
	assert_int_equal(out[2].end, 13);
	assert_int_equal(out[3].start, 14);
	assert_int_equal(out[3].end, 16);
	ct_tokenizer_close(t);
}

/* A key that newer files have counts only when it is set. */
static void
unknown_keys_that_are_off_are_no_fault(void **state)
{
	static const char model[] = "\"type\": \"WordLevel\", \"vocab\": {\"is\": 0}";
	static const char *const off[] = { "null", "false" };
	struct ct_error err = { 0 };
	struct ct_tokenizer *t;
	char json[200];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(json, sizeof json, "{\"later\": %s, \"model\": {%s, \"newer\": %s}}", off[i], model,
		    off[i]);
		t = tokens_must_open(json);
		IDS(t, "is", 0);
		ct_tokenizer_close(t);
	}
	snprintf(json, sizeof json, "{\"later\": true, \"model\": {%s}}", model);
	assert_int_equal(tokens_open(&t, json, &err), CT_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "the key \"later\" is not known"));
}

static void
unknown_words_are_named_with_their_neighbours(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);
	struct ct_token_span out[8], bad = { 0 };
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_tokenizer_encode(t, "the dalas is", 12, out, 8, &bad, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "unknown word \"dalas\" at byte 4; nearest in the vocabulary: Dallas");
	assert_int_equal(bad.id, -1);
	assert_int_equal(bad.start, 4);
	assert_int_equal(bad.end, 9);
	assert_int_equal(ct_tokenizer_encode(t, "TEXAS", 5, out, 8, &bad, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "unknown word \"TEXAS\" at byte 0; nearest in the vocabulary: Texas");
	assert_int_equal(ct_tokenizer_encode(t, "\x1b[2J", 4, out, 8, &bad, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg,
	    "unknown word \"\\x1b[2J\" at byte 0; nothing in the vocabulary is like it");
	assert_int_equal(ct_tokenizer_encode(t, "the \xff", 5, out, 8, &bad, &err), CT_EINVAL);
	assert_string_equal(err.msg, "the text is not UTF-8: byte 4 is 0xff");
	ct_tokenizer_close(t);
}

static void
tokens_become_text(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);
	const int ids[] = { 2, 9, 5 };
	char buf[32];
	size_t n;

	(void)state;
	assert_string_equal(ct_tokenizer_text(t, 0, NULL), "<bos>");
	assert_string_equal(ct_tokenizer_text(t, 9, &n), "New York");
	assert_int_equal(n, 8);
	assert_null(ct_tokenizer_text(t, 11, NULL));
	assert_null(ct_tokenizer_text(t, -1, NULL));
	assert_int_equal(ct_tokenizer_decode(t, ids, 3, buf, sizeof buf), 15);
	assert_string_equal(buf, "the New York is");
	assert_int_equal(ct_tokenizer_decode(t, ids, 3, buf, 6), 15);
	assert_string_equal(buf, "the N");
	ct_tokenizer_close(t);
}

static void
the_vocabulary_can_be_searched(void **state)
{
	struct ct_tokenizer *t = tokens_must_open(words);
	int ids[4];

	(void)state;
	assert_int_equal(ct_tokenizer_size(t), 11);
	assert_int_equal(ct_tokenizer_find(t, "New York"), 9);
	assert_int_equal(ct_tokenizer_find(t, "york"), -1);
	assert_int_equal(ct_tokenizer_complete(t, "New", ids, 2), 3);
	assert_int_equal(ids[0], 6);
	assert_int_equal(ids[1], 9);
	assert_int_equal(ct_tokenizer_nearest(t, "texa", ids, 4), 1);
	assert_int_equal(ids[0], 4);
	/* "ne" begins New, New York and one more. */
	assert_int_equal(ct_tokenizer_nearest(t, "ne", ids, 4), 3);
	assert_int_equal(ids[0], 6);
	assert_int_equal(ids[2], 10);
	/* The longer a word, the more of its letters may be wrong: one of two, two of five. */
	assert_int_equal(ct_tokenizer_nearest(t, "ix", ids, 4), 1);
	assert_int_equal(ids[0], 5);
	assert_int_equal(ct_tokenizer_nearest(t, "telaz", ids, 4), 1);
	assert_int_equal(ids[0], 4);
	assert_int_equal(ct_tokenizer_nearest(t, "xelaz", ids, 4), 0);
	ct_tokenizer_close(t);
	/* The nearest first, wherever it stands. */
	t = tokens_must_open("{\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"a\", "
	    "\"vocab\": {\"a\": 0, \"Dallaz\": 1, \"dallas\": 2, \"Dallas\": 3}}}");
	assert_int_equal(ct_tokenizer_nearest(t, "Dallas", ids, 4), 3);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 2);
	assert_int_equal(ids[2], 1);
	ct_tokenizer_close(t);
	/* Ids that stand for no word complete nothing, and a word may be whole already. */
	t = tokens_must_open("{\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"a\", "
	    "\"vocab\": {\"a\": 0, \"ab\": 3, \"abc\": 5}}}");
	assert_int_equal(ct_tokenizer_complete(t, "", ids, 4), 3);
	assert_int_equal(ct_tokenizer_complete(t, "ab", ids, 4), 2);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 5);
	ct_tokenizer_close(t);
}

static void
whitespace_splits_punctuation_off(void **state)
{
	struct ct_tokenizer *t = tokens_must_open("{\"pre_tokenizer\": {\"type\": \"Whitespace\"}, "
	    "\"model\": "
	    "{\"type\": \"WordLevel\", \"vocab\": {\"is\": 0, \"it\": 1, \"?!\": 2, \"_x1\": 3}}}");

	(void)state;
	IDS(t, "is it?! _x1", 0, 1, 2, 3);
	ct_tokenizer_close(t);
}

static void
fixture_path(char *path, size_t size, const char *name, const char *file)
{
	const char *srcdir = getenv("srcdir");

	snprintf(path, size, "%s/tests/tokenizers/%s%s", srcdir ? srcdir : ".", name, file);
}

static struct ct_tokenizer *
open_fixture(const char *name)
{
	struct ct_error err = { 0 };
	struct ct_tokenizer *t;
	char dir[512];

	fixture_path(dir, sizeof dir, name, "");
	if (ct_tokenizer_open(&t, dir, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return t;
}

/* cases.json was written by Hugging Face tokenizers from the same tokenizer.json. */
static void
byte_pairs_match_hugging_face(void **state)
{
	static const char *const names[] = { "gpt2", "llama3", "qwen", "fallback", "llama2", "llama2-no-fuse",
		"mistral-tekken", "mistral-metaspace-first", "metaspace-always-split", "gemma", "deepseek",
		"added-tokens", "replace" };

	(void)state;
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		struct ct_tokenizer *t = open_fixture(names[k]);
		json_t *cases, *c;
		char path[512];
		size_t i;

		fixture_path(path, sizeof path, names[k], "/cases.json");
		assert_int_equal(ct_json_load(&cases, path, 1 << 20, NULL), CT_OK);
		assert_true(json_array_size(cases) > 60);
		json_array_foreach(cases, i, c) {
			const json_t *ids = json_object_get(c, "ids");
			int wanted[256], n = (int)json_array_size(ids);

			for (int j = 0; j < n; j++)
				wanted[j] = (int)json_integer_value(json_array_get(ids, j));
			tokens_expect(t, json_string_value(json_object_get(c, "text")), wanted, n);
		}
		json_decref(cases);
		ct_tokenizer_close(t);
	}
}

static void
byte_pairs_keep_every_byte(void **state)
{
	static const char text[] = " na\xc3\xafve \xf0\x9f\x98\x80 \t\xe6\x9d\xb1?";
	struct ct_tokenizer *t = open_fixture("gpt2");
	struct ct_token_span out[64];
	char buf[64], half[8];
	int ids[64], n = ct_tokenizer_encode(t, text, sizeof text - 1, out, 64, NULL, NULL);
	size_t at = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		assert_int_equal(out[i].start, at);
		at = out[i].end;
		ids[i] = out[i].id;
	}
	assert_int_equal(at, sizeof text - 1);
	assert_int_equal(ct_tokenizer_decode(t, ids, n, buf, sizeof buf), sizeof text - 1);
	assert_string_equal(buf, text);
	/* The emoji is split over tokens, none of which is valid alone; together they are. */
	n = ct_tokenizer_encode(t, "\xf0\x9f\x98\x81", 4, out, 64, NULL, NULL);
	assert_true(n > 1);
	for (int i = 0; i < n; i++)
		ids[i] = out[i].id;
	ct_tokenizer_decode(t, ids, n - 1, half, sizeof half);
	assert_true(strlen(half) < 4);
	ct_tokenizer_decode(t, ids, n, half, sizeof half);
	assert_string_equal(half, "\xf0\x9f\x98\x81");
	ct_tokenizer_close(t);
}

static void
leading_spaces_are_found(void **state)
{
	struct ct_tokenizer *t = open_fixture("gpt2");
	struct ct_token_span out[4];

	(void)state;
	assert_int_equal(ct_tokenizer_encode(t, " capital", 8, out, 4, NULL, NULL), 1);
	assert_int_equal(ct_tokenizer_find(t, " capital"), out[0].id);
	assert_int_equal(ct_tokenizer_find(t, "capital"), out[0].id);
	assert_int_not_equal(ct_tokenizer_find(t, "the"), ct_tokenizer_find(t, " the"));
	ct_tokenizer_close(t);
}

/* A word of a megabyte must take time in proportion, not its square. */
static void
long_words_are_no_trap(void **state)
{
	enum { N = 1 << 20 };
	struct ct_tokenizer *t = open_fixture("gpt2");
	struct ct_token_span *out = malloc(N * sizeof *out);
	char *text = malloc(N);
	int n;

	(void)state;
	assert_true(out && text);
	memset(text, 'a', N);
	n = ct_tokenizer_encode(t, text, N, out, N, NULL, NULL);
	assert_true(n > 0 && n <= N);
	memset(text, ' ', N);
	n = ct_tokenizer_encode(t, text, N, out, N, NULL, NULL);
	assert_true(n > 0 && n <= N);
	assert_int_equal(ct_tokenizer_encode(t, text, N, out, 10, NULL, NULL), CT_EINVAL);
	free(text);
	free(out);
	ct_tokenizer_close(t);
}

static void
text_is_composed_first(void **state)
{
	struct ct_tokenizer *t = open_fixture("qwen");
	struct ct_token_span apart[16], composed[16];
	struct ct_error err;
	int n = ct_tokenizer_encode(t, "cafe\xcc\x81 x", 8, apart, 16, NULL, &err);

	(void)state;
	assert_true(n > 2);
	assert_int_equal(ct_tokenizer_encode(t, "caf\xc3\xa9 x", 7, composed, 16, NULL, &err), n);
	for (int i = 0; i < n; i++)
		assert_int_equal(apart[i].id, composed[i].id);
	/* Tokens lie in the prompt as it was typed. */
	assert_int_equal(apart[n - 1].end, 8);
	assert_int_equal(composed[n - 1].end, 7);
	ct_tokenizer_close(t);
}

/*
 * A key's text: with a blank for each stand-in U+2581 where the tokenizer puts one for a blank, whichever of
 * its parts does; and as it is where that stands for all white space, and might be no blank.
 */
static void
stand_ins_become_blanks(void **state)
{
	static const struct {
		const char *name;
		bool blank;
	} list[] = {
		{ "llama2", true }, { "gemma", true }, { "mistral-metaspace-first", true },
		{ "metaspace-always-split", true }, { "replace", false },
	};
	const char *srcdir = getenv("srcdir");

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct ct_tokenizer *t;
		char dir[512], path[600];
		json_t *json, *id;
		const char *key;
		int stand_ins = 0;

		snprintf(dir, sizeof dir, "%s/tests/tokenizers/%s", srcdir ? srcdir : ".", list[i].name);
		snprintf(path, sizeof path, "%s/tokenizer.json", dir);
		assert_int_equal(ct_tokenizer_open(&t, dir, NULL), CT_OK);
		assert_int_equal(ct_json_load(&json, path, 1 << 20, NULL), CT_OK);
		json_object_foreach(json_object_get(json_object_get(json, "model"), "vocab"), key, id) {
			char want[256] = "";
			size_t n = 0, used = 0;
			const char *text = ct_tokenizer_text(t, (int)json_integer_value(id), &n);

			if (key[0] == '<')
				continue;
			for (const char *at = key; *at; at++)
				if (list[i].blank && strncmp(at, "\xe2\x96\x81", 3) == 0) {
					want[used++] = ' ';
					stand_ins++;
					at += 2;
				} else {
					want[used++] = *at;
				}
			assert_int_equal(n, used);
			assert_memory_equal(text, want, n);
		}
		assert_true(stand_ins > 4 || !list[i].blank);
		json_decref(json);
		ct_tokenizer_close(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stand_ins_become_blanks),
		cmocka_unit_test(words_become_ids),
		cmocka_unit_test(nothing_is_cut_or_padded),
		cmocka_unit_test(added_tokens_come_first_and_longest),
		cmocka_unit_test(bos_is_not_doubled),
		cmocka_unit_test(bos_comes_from_outside_without_a_template),
		cmocka_unit_test(an_ordinary_token_is_no_bos),
		cmocka_unit_test(a_template_has_its_own_ids),
		cmocka_unit_test(tokens_beyond_the_embedding),
		cmocka_unit_test(mended_files_load_with_a_note),
		cmocka_unit_test(newer_characters),
		cmocka_unit_test(spans_point_into_the_text),
		cmocka_unit_test(unknown_keys_that_are_off_are_no_fault),
		cmocka_unit_test(unknown_words_are_named_with_their_neighbours),
		cmocka_unit_test(tokens_become_text),
		cmocka_unit_test(the_vocabulary_can_be_searched),
		cmocka_unit_test(whitespace_splits_punctuation_off),
		cmocka_unit_test(byte_pairs_match_hugging_face),
		cmocka_unit_test(byte_pairs_keep_every_byte),
		cmocka_unit_test(leading_spaces_are_found),
		cmocka_unit_test(long_words_are_no_trap),
		cmocka_unit_test(text_is_composed_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
