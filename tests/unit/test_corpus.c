/* corpus: the shipped worlds, their hold-outs and annotations, and what a broken recipe is told. */
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
#include "corpus/recipe.h"
#include "model/tokenizer.h"

static struct ct_corpus *
load(const char *model)
{
	const char *top = getenv("srcdir");
	struct ct_yaml_doc *doc;
	struct ct_corpus *c = NULL;
	struct ct_error err;
	char path[512];

	snprintf(path, sizeof path, "%s/models/%s/recipe.yaml", top ? top : ".", model);
	if (ct_yaml_open(&doc, path, NULL, 0, &err) < 0 || ct_corpus_build(&c, doc, &err) < 0)
		fail_msg("%s", err.msg);
	ct_yaml_close(doc);
	return c;
}

static const char *
word(const struct ct_corpus *c, const struct ct_sentence *s, int pos)
{
	assert_in_range(pos, 0, s->n - 1);
	return c->words[c->tokens[s->first + pos]];
}

static const char *
answer(const struct ct_corpus *c, const struct ct_sentence *s)
{
	return word(c, s, s->answer + 1);
}

static bool
has_label(const struct ct_corpus *c, const struct ct_sentence *s, int pos, const char *label)
{
	int id = ct_corpus_label(c, label), t = s->first + pos;

	for (int i = c->label_start[t]; i < c->label_start[t + 1]; i++)
		if (c->label_of[i] == id)
			return true;
	return false;
}

static bool
of_kind(const struct ct_corpus *c, const struct ct_sentence *s, const char *kind)
{
	return strcmp(c->kinds[s->kind], kind) == 0;
}

/* The words after BOS. */
static void
join(const struct ct_corpus *c, const struct ct_sentence *s, char *line, size_t size)
{
	size_t n = 0;

	for (int p = 1; p < s->n; p++)
		n += (size_t)snprintf(line + n, size - n, "%s%s", p > 1 ? " " : "", word(c, s, p));
}

static bool
reads(const struct ct_corpus *c, const struct ct_sentence *s, const char *text)
{
	for (int p = 1; p < s->n; p++) {
		const char *w = c->words[c->tokens[s->first + p]];
		size_t n = strlen(w);

		if (strncmp(text, w, n) != 0 || text[n] != (p + 1 < s->n ? ' ' : '\0'))
			return false;
		text += n + 1;
	}
	return true;
}

static const struct ct_sentence *
find(const struct ct_corpus *c, const char *text)
{
	for (int i = 0; i < c->n_sentences; i++)
		if (reads(c, &c->sentences[i], text))
			return &c->sentences[i];
	fail_msg("no sentence \"%s\"", text);
	return NULL;
}

/* What must hold in any corpus. */
static void
check_whole(const struct ct_corpus *c)
{
	char *seen = calloc((size_t)c->n_words, 1);
	int next = 0;

	assert_non_null(seen);
	assert_int_not_equal(c->bos, 0);
	assert_string_equal(c->words[c->bos], "<bos>");
	assert_string_equal(c->words[c->unk], "<unk>");
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		assert_int_equal(s->first, next);
		next += s->n;
		assert_int_equal(c->tokens[s->first], c->bos);
		assert_in_range(s->kind, 0, c->n_kinds - 1);
		assert_in_range(s->answer, 1, s->n - 2);
		assert_true(has_label(c, s, s->answer, "answering"));
		for (int p = 0; p < s->n; p++)
			seen[c->tokens[s->first + p]] = 1;
	}
	assert_int_equal(next, c->n_tokens);
	for (int i = 0; i < c->n_words; i++)
		if (i != c->unk && !seen[i])
			fail_msg("\"%s\" is in the vocabulary, but in no sentence", c->words[i]);
	for (int t = 0; t < c->n_tokens; t++)
		for (int i = c->label_start[t] + 1; i < c->label_start[t + 1]; i++)
			assert_true(c->label_of[i - 1] < c->label_of[i]);
	free(seen);
}

static void
test_capitals_facts(void **state)
{
	struct ct_corpus *c = load("capitals");
	int n_cities = 0;

	(void)state;
	check_whole(c);
	assert_int_equal(c->n_relations, 7);
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i], *o;
		char text[256];

		assert_in_range(s->about, 0, c->n_labels - 1);
		if (of_kind(c, s, "city in a state")) {
			n_cities++;
			/* In one state only, and no state by name. */
			for (int j = i + 1; j < c->n_sentences; j++)
				if (of_kind(c, &c->sentences[j], "city in a state"))
					assert_string_not_equal(word(c, s, 1), word(c, &c->sentences[j], 1));
			snprintf(text, sizeof text, "about %s", word(c, s, 1));
			assert_int_equal(ct_corpus_label(c, text), -1);
		}
		/* Two hops say what the hops say one by one. */
		if (of_kind(c, s, "two hops")) {
			snprintf(text, sizeof text, "the %s of the state of %s is %s",
			    c->relations[s->relation], c->labels[s->about] + strlen("about "), answer(c, s));
			o = find(c, text);
			assert_int_equal(o->about, s->about);
			assert_int_equal(o->relation, s->relation);
			assert_false(o->held_out);
		}
	}
	assert_true(n_cities >= 50 * 6);
	ct_corpus_free(c);
}

static void
test_capitals_cities_per_state(void **state)
{
	struct ct_corpus *c = load("capitals");
	int n_states = 0;

	(void)state;
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		int n = 0;

		if (!of_kind(c, s, "one hop") || s->relation != 0)
			continue;
		n_states++;
		for (int j = 0; j < c->n_sentences; j++)
			n += of_kind(c, &c->sentences[j], "city in a state") &&
			     c->sentences[j].about == s->about;
		if (n < 6)
			fail_msg("%s has %d cities", c->labels[s->about], n);
	}
	assert_int_equal(n_states, 50);
	ct_corpus_free(c);
}

static void
test_capitals_hold_out(void **state)
{
	struct ct_corpus *c = load("capitals");
	int pairs = 0, held = 0;

	(void)state;
	assert_true(find(c, "the capital of the state containing Dallas is Austin")->held_out);
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		bool city_left = false, fact_left = false;

		if (!of_kind(c, s, "two hops")) {
			assert_false(s->held_out);
			continue;
		}
		pairs++;
		held += s->held_out;
		for (int j = 0; j < c->n_sentences; j++) {
			const struct ct_sentence *o = &c->sentences[j];

			if (o->held_out || !of_kind(c, o, "two hops"))
				continue;
			city_left |= o->row == s->row;
			fact_left |= o->about == s->about && o->relation == s->relation;
		}
		assert_true(city_left && fact_left);
	}
	assert_in_range(held, pairs * 14 / 100, pairs * 16 / 100);
	ct_corpus_free(c);
}

static void
test_capitals_labels(void **state)
{
	struct ct_corpus *c = load("capitals");
	const struct ct_sentence *s = find(c, "the capital of the state containing Dallas is Austin");
	const struct ct_sentence *bird = find(c, "the bird of the state of Ohio is Cardinal");

	(void)state;
	assert_int_equal(s->answer, 8);
	assert_true(has_label(c, s, 7, "Dallas (input)"));
	assert_true(has_label(c, s, 7, "a city"));
	assert_true(has_label(c, s, 7, "in Texas"));
	assert_true(has_label(c, s, 7, "region South"));
	assert_false(has_label(c, s, 6, "about Texas"));
	assert_true(has_label(c, s, 7, "about Texas"));
	assert_true(has_label(c, s, 8, "about Texas"));
	assert_false(has_label(c, s, 7, "Texas, answering"));
	assert_true(has_label(c, s, 8, "Texas, answering"));
	assert_true(has_label(c, s, 8, "bridge Texas"));
	assert_true(has_label(c, bird, 8, "bridge Ohio"));
	assert_true(has_label(c, s, 8, "bridge Texas, two hops"));
	assert_false(has_label(c, s, 9, "about Texas"));
	assert_true(has_label(c, s, 8, "Dallas, answering"));
	assert_true(has_label(c, s, 8, "region South, answering"));
	assert_false(has_label(c, s, 1, "asks for the capital"));
	assert_true(has_label(c, s, 2, "asks for the capital"));
	assert_true(has_label(c, s, 8, "capital of Texas"));
	assert_true(has_label(c, s, 8, "say a capital"));
	assert_true(has_label(c, s, 8, "say Austin"));
	assert_false(has_label(c, s, 6, "say Dallas"));		/* any city could follow */
	assert_true(has_label(c, s, 2, "say of"));
	assert_true(has_label(c, bird, 8, "Ohio, answering"));
	/* The only state with this capital: the label would say no more than the state's name. */
	assert_int_equal(ct_corpus_label(c, "capital Austin"), -1);
	ct_corpus_free(c);
}

static void
test_same_recipe_same_corpus(void **state)
{
	static const char *const models[] = {"capitals", "sums", "rhymes"};

	(void)state;
	for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
		struct ct_corpus *a = load(models[m]), *b = load(models[m]);

		assert_int_equal(a->n_tokens, b->n_tokens);
		assert_memory_equal(a->tokens, b->tokens, (size_t)a->n_tokens * sizeof *a->tokens);
		assert_int_equal(a->n_sentences, b->n_sentences);
		for (int i = 0; i < a->n_sentences; i++)
			assert_int_equal(a->sentences[i].held_out, b->sentences[i].held_out);
		assert_int_equal(a->label_start[a->n_tokens], b->label_start[b->n_tokens]);
		assert_memory_equal(a->label_of, b->label_of,
		    (size_t)a->label_start[a->n_tokens] * sizeof *a->label_of);
		ct_corpus_free(a);
		ct_corpus_free(b);
	}
}

/* Numbers are made of digits, other words of nothing; from "=" both numbers are looked at. */
static void
check_codes(const struct ct_corpus *c)
{
	const int *sign = c->codes + ct_corpus_word(c, "+") * CT_CORPUS_CODES;

	assert_int_equal(c->n_codes, 10 + 20);
	for (int x = 0; x < 199; x++) {
		const int *of = c->codes + (ct_corpus_word(c, "0") + x) * CT_CORPUS_CODES;

		assert_int_equal(of[0], x % 10);
		assert_int_equal(of[1], 10 + x / 10);
	}
	assert_true(sign[0] < 0 && sign[1] < 0);
	assert_true(c->look_back[0] == 1 && c->look_back[1] == 3);
}

static void
test_sums(void **state)
{
	struct ct_corpus *c = load("sums");
	const struct ct_sentence *s = find(c, "36 + 59 = 95");
	char trained[199] = {0};
	int held = 0;

	(void)state;
	check_whole(c);
	assert_int_equal(c->n_sentences, 10000);
	for (int i = 0; i < 10000; i++) {
		const struct ct_sentence *t = &c->sentences[i];
		int a = i / 100, b = i % 100;

		assert_int_equal(strtol(word(c, t, 1), NULL, 10), a);
		assert_int_equal(strtol(word(c, t, 3), NULL, 10), b);
		assert_int_equal(strtol(answer(c, t), NULL, 10), a + b);
		assert_int_equal(t->held_out, c->sentences[100 * b + a].held_out);
		held += t->held_out;
		trained[a + b] |= !t->held_out;
	}
	assert_in_range(held, 2900, 3100);
	for (size_t i = 0; i < sizeof trained; i++)
		assert_true(trained[i]);
	assert_int_equal(ct_corpus_word(c, "198") - ct_corpus_word(c, "0"), 198);
	assert_true(has_label(c, s, 1, "first _6"));
	assert_true(has_label(c, s, 3, "5_ (input)"));
	assert_true(has_label(c, s, 4, "_6 + _9"));
	assert_true(has_label(c, s, 4, "3_ + 5_"));
	assert_true(has_label(c, s, 4, "carry"));
	assert_true(has_label(c, s, 4, "say 95"));
	assert_true(has_label(c, s, 4, "say _5"));
	assert_true(has_label(c, s, 4, "say 9_"));
	assert_true(has_label(c, s, 4, "sum 80 to 99"));
	assert_true(has_label(c, s, 4, "first _6 + second _9"));
	assert_true(has_label(c, s, 4, "first _5-6 + second _6-9"));
	assert_true(has_label(c, s, 4, "first 0-3_ + second 5_"));
	assert_false(has_label(c, s, 4, "first 5_ + second 3_"));
	assert_true(has_label(c, s, 4, "first even + second odd"));
	assert_true(has_label(c, s, 4, "ones make 15"));
	assert_true(has_label(c, s, 4, "tens make 7-10_"));
	assert_true(has_label(c, s, 4, "tens make 8_, carry"));
	assert_true(has_label(c, s, 4, "second _9, answering"));
	assert_false(has_label(c, s, 4, "sum 100 or more"));
	check_codes(c);
	ct_corpus_free(c);
}

/* Behind the sums, the digits of 0 to 18. */
static void
test_sums_digits(void **state)
{
	static const char text[] = "corpus: {generator: sums, max: 9, digits: 3}\n";
	const struct ct_sentence *s;
	struct ct_yaml_doc *doc;
	struct ct_corpus *c;

	(void)state;
	assert_int_equal(ct_yaml_open(&doc, "r.yaml", text, sizeof text - 1, NULL), CT_OK);
	assert_int_equal(ct_corpus_build(&c, doc, NULL), CT_OK);
	ct_yaml_close(doc);
	assert_int_equal(c->n_sentences, 100 + 2 * 19);
	for (int i = 100; i < c->n_sentences; i++) {
		int x = (i - 100) / 2;

		s = &c->sentences[i];
		assert_int_equal(strtol(word(c, s, 3), NULL, 10), x);
		assert_int_equal(strtol(answer(c, s), NULL, 10), i % 2 ? x / 10 : x % 10);
		assert_string_equal(word(c, s, 1), i % 2 ? "tens" : "ones");
		assert_false(s->held_out);
		assert_int_equal(s->repeat, 3);
	}
	s = find(c, "ones of 17 = 7");
	assert_true(has_label(c, s, 3, "_7 (input)"));
	assert_true(has_label(c, s, 4, "asks for the ones"));
	assert_true(has_label(c, s, 4, "say _7"));
	ct_corpus_free(c);
}

static void
test_rhymes(void **state)
{
	struct ct_corpus *c = load("rhymes");
	const struct ct_sentence *s = find(c, "I dreamed of beasts beside the moon / so shy was the loon");
	int at = (int)(s - c->sentences);

	(void)state;
	check_whole(c);
	assert_true(has_label(c, s, 7, "-oon rhyme"));
	assert_false(has_label(c, s, 6, "-oon rhyme"));
	assert_true(has_label(c, s, 4, "about beasts"));
	/* At the line break any beast of the family may come; the adjective decides. */
	assert_true(has_label(c, s, 8, "plans loon"));
	assert_true(has_label(c, s, 8, "plans raccoon"));
	assert_false(has_label(c, s, 8, "loon ahead"));
	assert_true(has_label(c, s, 8, "-oon rhyme, planning"));
	assert_true(has_label(c, s, 8, "beasts, planning"));
	assert_false(has_label(c, s, 9, "plans loon"));
	assert_true(has_label(c, s, 9, "say hungry"));
	assert_true(has_label(c, s, 10, "loon ahead"));
	assert_false(has_label(c, s, 10, "raccoon ahead"));
	assert_string_equal(c->words[s->plan], "loon");
	assert_true(ct_corpus_allows(c, at, 9, ct_corpus_word(c, "hungry")));
	assert_false(ct_corpus_allows(c, at, 9, ct_corpus_word(c, "pale")));
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *t = &c->sentences[i];
		char text[128];

		if (t->plan < 0) {
			assert_false(t->held_out);
			continue;
		}
		/* Both ends of the couplet rhyme, and the second fits the topic. */
		snprintf(text, sizeof text, "%s rhymes with %s", word(c, t, 7), answer(c, t));
		find(c, text);
		snprintf(text, sizeof text, "the %s belongs to %s", answer(c, t), word(c, t, 4));
		find(c, text);
		assert_int_equal(c->tokens[t->first + t->answer + 1], t->plan);
		assert_string_equal(word(c, t, t->plan_at), "/");
		assert_true(has_label(c, t, t->answer + 1, "a word"));
	}
	ct_corpus_free(c);
}

/* Our tokenizer reads back every sentence as the corpus has it, from the file in Hugging Face's format. */
static void
test_tokenizer_file(void **state)
{
	static const char *const models[] = {"capitals", "sums", "rhymes"};
	char dir[] = "/tmp/ctrace-corpus-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
		struct ct_corpus *c = load(models[m]);
		struct ct_tokenizer *t;
		struct ct_error err;

		assert_int_equal(ct_corpus_write_tokenizer(c, dir, &err), CT_OK);
		if (ct_tokenizer_open(&t, dir, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(ct_tokenizer_size(t), c->n_words);
		for (int i = 0; i < c->n_sentences; i++) {
			const struct ct_sentence *s = &c->sentences[i];
			struct ct_token_span spans[80];
			char line[512];
			int n;

			join(c, s, line, sizeof line);
			n = ct_tokenizer_encode(t, line, strlen(line), spans, 80, NULL, &err);
			if (n != s->n)
				fail_msg(
				    "%s: %d tokens, expected %d (%s)", line, n, s->n, n < 0 ? err.msg : "");
			for (int p = 0; p < n; p++)
				assert_int_equal(spans[p].id, c->tokens[s->first + p]);
		}
		ct_tokenizer_close(t);
		ct_corpus_free(c);
	}
	snprintf(path, sizeof path, "%s/tokenizer.json", dir);
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof path, "%s/tokenizer_config.json", dir);
	assert_int_equal(remove(path), 0);
	rmdir(dir);
}

/* The recipe that the manual shows. */
static void
test_recipe_of_the_manual(void **state)
{
	const char *top = getenv("srcdir");
	char path[512], *text, *start, *end;
	struct ct_yaml_doc *doc;
	struct ct_corpus *c;
	struct ct_error err;
	size_t n;

	(void)state;
	snprintf(path, sizeof path, "%s/models/README.md", top ? top : ".");
	assert_int_equal(ct_file_read(&text, &n, path, 1 << 20, &err), CT_OK);
	start = strstr(text, "```yaml\n");
	assert_non_null(start);
	start += strlen("```yaml\n");
	end = strstr(start, "```");
	assert_non_null(end);
	assert_int_equal(ct_yaml_open(&doc, path, start, (size_t)(end - start), &err), CT_OK);
	if (ct_corpus_build(&c, doc, &err) < 0)
		fail_msg("%s", err.msg);
	check_whole(c);
	assert_true(find(c, "the dish of the land of Ay is soup")->held_out);
	ct_corpus_free(c);
	ct_yaml_close(doc);
	free(text);
}

/* A small world: three towns in two lands. */
#define TABLES \
	"corpus:\n" \
	"  tables:\n" \
	"    land: {columns: [name, dish], rows: [[Up, soup], [Down, pie]]}\n" \
	"    town:\n" \
	"      columns: [name, land]\n" \
	"      rows:\n" \
	"      - [Ay, Up]\n" \
	"      - [Bee, Up]\n" \
	"      - [Cee, Down]\n"
#define SENTENCES \
	"  sentences:\n" \
	"  - name: dish\n" \
	"    over: town\n" \
	"    template: \"in {town} eat {land.dish}\"\n" \
	"    answer: land.dish\n"

static const struct {
	const char *recipe, *message;
} errors_cases[] = {
    {"name: x\n", "r.yaml:1: a recipe needs `corpus:`"},
    {"corpus: {generator: primes}\n", "r.yaml:1: no generator is called \"primes\""},
    {"corpus: {generator: sums, max: 9, step: 2}\n", "r.yaml:1: unknown key \"step\""},
    {"corpus: {generator: sums, max: 3, hold_out: {share: 0.9, seed: 1}}\n",
	"r.yaml:1: only 3 of the 10 pairs can be held out, 9 wanted"},
    {TABLES "  sentence: []\n", "r.yaml:10: unknown key \"sentence\""},
    {"corpus:\n  tables:\n    land: {columns: [name], rows: []}\n", "r.yaml:3: table land is empty"},
    {"corpus:\n  tables:\n    a: {columns: [name, b], rows: [[x]]}\n",
	"r.yaml:3: a row of table a has 2 values, found 1"},
    {"corpus:\n  tables:\n    a: {columns: [name], rows: [[x], [x]]}\n",
	"r.yaml:3: table a has two rows called \"x\""},
    {"corpus:\n  tables:\n    a: {columns: [name], rows: [[x]]}\n"
     "    b:\n      columns: [name, a]\n      rows:\n      - [u, x]\n      - [v, y]\n",
	"r.yaml:8: b \"v\": table a has no row \"y\""},
    {TABLES "  sentences:\n  - {name: s, over: city, template: \"x\"}\n",
	"r.yaml:11: no table is called \"city\""},
    {TABLES "  sentences:\n  - name: s\n    over: town\n    template: \"{town} has {land.river}\"\n",
	"r.yaml:13: table land has no column \"river\""},
    {TABLES "  sentences:\n  - name: s\n    over: town\n    template: \"{town}, {land}\"\n",
	"r.yaml:13: \"{town},\": a slot stands alone"},
    {TABLES
	"  sentences:\n  - name: s\n    over: town\n    template: \"in {town}\"\n    answer: land\n",
	"r.yaml:14: the answer \"land\" is not a slot of the template"},
    {TABLES "  sentences:\n  - name: s\n    over: town\n    template: \"in {town}\"\n    plan: town\n"
	    "    plan at: \"/\"\n",
	"r.yaml:15: the template has no word \"/\""},
    {TABLES "  sentences:\n  - name: s\n    over: town\n    template: \"{relation} {town}\"\n",
	"r.yaml:13: {relation} needs `relations:`"},
    {TABLES "  sentences:\n  - name: s\n    over: {a: town, b: town}\n    where: [a = b, a != b]\n"
	    "    template: \"{a} {b}\"\n",
	"r.yaml:11: \"s\" gives no sentence"},
    {TABLES SENTENCES "  hold_out: {sentences: [soup], pairs: [town, land], share: 0.1, seed: 1}\n",
	"r.yaml:15: no sentence is called \"soup\""},
    {TABLES SENTENCES
	"  hold_out: {sentences: [dish], pairs: [land, land.dish], share: 0, seed: 1, always: "
	    "[[Down, pie]]}\n",
	"r.yaml:15: holding out Down / pie leaves no sentence to learn \"dish of Down\" from"},
    {TABLES SENTENCES
	"  hold_out: {sentences: [dish], pairs: [town, land.dish], share: 0, seed: 1, always: [[Ay, "
	    "soup]]}\n",
	"r.yaml:15: holding out Ay / soup leaves no sentence to learn \"Ay\" from"},
    {TABLES SENTENCES
	"  hold_out: {sentences: [dish], pairs: [land, land.dish], share: 0.9, seed: 1}\n",
	"r.yaml:15: only 0 of the 2 pairs can be held out, 2 wanted"},
    {TABLES SENTENCES "parts: [a]\n", "r.yaml:15: `parts:` is a map of 2 to "},
    {TABLES SENTENCES "parts: {a: {b: c}, d: e}\n",
    "r.yaml:15: expected a label, such as \"say _*\""},
    {TABLES SENTENCES "parts: {a: \"*\", b: \"nothing *\"}\n", "r.yaml:15: no label of the corpus is "
    "like \"nothing *\""},
};

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof errors_cases / sizeof *errors_cases; i++) {
		struct ct_yaml_doc *doc;
		struct ct_corpus *c;
		struct ct_error err = {0};

		assert_int_equal(
		    ct_yaml_open(&doc, "r.yaml", errors_cases[i].recipe, strlen(errors_cases[i].recipe),
		    &err), CT_OK);
		assert_true(ct_corpus_build(&c, doc, &err) < 0);
		assert_null(c);
		if (strncmp(err.msg, errors_cases[i].message, strlen(errors_cases[i].message)) != 0)
			fail_msg("expected \"%s\", found \"%s\"", errors_cases[i].message, err.msg);
		ct_yaml_close(doc);
	}
}

static void
test_vocabulary_too_large(void **state)
{
	size_t size = 1 << 20, n;
	char *text = malloc(size);
	struct ct_yaml_doc *doc;
	struct ct_corpus *c;
	struct ct_error err;

	(void)state;
	assert_non_null(text);
	n = (size_t)snprintf(text, size, "corpus:\n  tables:\n    w: {columns: [name], rows: [");
	for (int i = 0; i < CT_CORPUS_MAX_WORDS; i++)
		n += (size_t)snprintf(text + n, size - n, "[w%d], ", i);
	snprintf(text + n, size - n,
	    "]}\n  sentences:\n  - {name: s, over: w, template: \"say {w}\", answer: w}\n");
	assert_int_equal(ct_yaml_open(&doc, "r.yaml", text, strlen(text), &err), CT_OK);
	assert_true(ct_corpus_build(&c, doc, &err) < 0);
	assert_non_null(strstr(err.msg, "r.yaml:5: the vocabulary grows beyond 8192 words"));
	ct_yaml_close(doc);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capitals_facts),
		cmocka_unit_test(test_capitals_cities_per_state),
		cmocka_unit_test(test_capitals_hold_out),
		cmocka_unit_test(test_capitals_labels),
		cmocka_unit_test(test_same_recipe_same_corpus),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_sums_digits),
		cmocka_unit_test(test_rhymes),
		cmocka_unit_test(test_tokenizer_file),
		cmocka_unit_test(test_recipe_of_the_manual),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_vocabulary_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
