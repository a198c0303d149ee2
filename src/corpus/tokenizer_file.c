/*
 * tokenizer_file: the vocabulary of a corpus as a Hugging Face tokenizer.json, and the tokenizer_config.json
 * that keeps AutoTokenizer from taking it for the usual tokenizer of the model's family.
 *
 * A word without spaces is an entry of the WordLevel model. One with spaces ("New York") cannot come out of
 * the pre-tokenizer, so it is an added token, too: those are matched before the text is split. single_word
 * keeps "New York" out of "New Yorkers".
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "corpus/corpus.h"

static json_t *
added_token(const struct ct_corpus *c, int id)
{
	bool special = id == c->bos || id == c->unk;

	return json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", id, "content", c->words[id],
	    "single_word", !special, "lstrip", 0, "rstrip", 0, "normalized", 0, "special", special);
}

static json_t *
bos_template(const struct ct_corpus *c)
{
	const char *bos = c->words[c->bos];

	return json_pack("{s:s, s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}], s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}],"
	    " s:{s:{s:s, s:[i], s:[s]}}}", "type", "TemplateProcessing",
	    "single", "SpecialToken", "id", bos, "type_id", 0, "Sequence", "id", "A", "type_id", 0,
	    "pair", "Sequence", "id", "A", "type_id", 0, "Sequence", "id", "B", "type_id", 1,
	    "special_tokens", bos, "id", bos, "ids", c->bos, "tokens", bos);
}

static json_t *
tokenizer_json(const struct ct_corpus *c)
{
	json_t *added = json_array(), *vocab = json_object(), *top;

	for (int i = 0; i < c->n_words; i++) {
		json_object_set_new(vocab, c->words[i], json_integer(i));
		if (i == c->bos || i == c->unk || strchr(c->words[i], ' '))
			json_array_append_new(added, added_token(c, i));
	}
	if (json_object_size(vocab) != (size_t)c->n_words) {
		json_decref(added);
		json_decref(vocab);
		return NULL;
	}
	/* Steals both, even when it fails. */
	top = json_pack("{s:s, s:n, s:n, s:o, s:n, s:{s:s}, s:o, s:n, s:{s:s, s:o, s:s}}", "version", "1.0",
	    "truncation", "padding", "added_tokens", added, "normalizer",
	    "pre_tokenizer", "type", "WhitespaceSplit", "post_processor", bos_template(c), "decoder",
	    "model", "type", "WordLevel", "vocab", vocab, "unk_token", c->words[c->unk]);
	return top;
}

/* Takes the object over; NULL is what jansson makes of a word that is not UTF-8. */
static int
write_json(const char *dir, const char *file, json_t *top, struct ct_error *err)
{
	char *text = top ? json_dumps(top, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL,
	     *path = ct_path_join(dir, file);
	int code;

	if (!path)
		code = ct_fail_memory(err, strlen(dir) + strlen(file) + 2, "a path");
	else if (text)
		code = ct_file_replace(path, text, strlen(text), err);
	else
		code = ct_fail(
		    err, CT_EINVAL, "%s: cannot be written: a word of the corpus is not valid UTF-8", path);
	free(path);
	free(text);
	json_decref(top);
	return code;
}

int
ct_corpus_write_tokenizer(const struct ct_corpus *c, const char *dir, struct ct_error *err)
{
	const char *bos = c->words[c->bos];
	int code = write_json(dir, "tokenizer.json", tokenizer_json(c), err);

	return code != CT_OK ? code
			   : write_json(dir, "tokenizer_config.json",
				 json_pack("{s:s, s:s, s:s, s:s}", "tokenizer_class",
				    "PreTrainedTokenizerFast",
				     "bos_token", bos, "eos_token", bos, "unk_token", c->words[c->unk]),
				 err);
}
