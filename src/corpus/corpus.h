/*
 * corpus: the sentences of a lesson model's world, with labels for every token.
 *
 * Owns sentences, vocabulary and labels. They are made by recipe.h (from a recipe.yaml), by text.h (from the
 * lines of a text file) or by windows.h (from running text). Knows no transformer.
 *
 * The labels of a token say in words all that the recipe knows about it at its place:
 *
 *   Dallas (input)           the token itself
 *   a city                   the slot it fills: a table's row name, or a column ("a capital")
 *   in Texas, region South   what its row, or the row it refers to, shares with others: "COLUMN VALUE", or
 *                            the wording that the table's `labels:` gives
 *   about Texas              a variable that the sentence is `about`, from the token that determines it to
 *                            the answer position
 *   asks for the capital     the relation, from its name to the answer position
 *   say Austin               a next token, where the sentences that begin like this one have four at most
 *   say a capital            the column of the slot that comes next
 *   capital of Texas         the fact that is asked, at the answer position
 *   bridge Texas             the row it is a fact of, at the answer position: in two hops, the one between
 *                            them; "bridge Texas, two hops" with the sentence's name
 *   Texas, answering         a slot's or an `about` variable's value, or a shared fact of its row, at the
 *                            answer position
 *   answering                the answer position; "two hops, answering" with the sentence's name
 *   moon ahead               a value of the `plan:` slot, where the sentences that begin like this one have
 *                            four at most
 *   plans moon               the same at the position where the plan is to be made
 *   -oon rhyme, planning     the value of a variable that the sentence is `about`, at that position
 */
#ifndef CT_CORPUS_CORPUS_H
#define CT_CORPUS_CORPUS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

enum { CT_CORPUS_MAX_WORDS = 8192, CT_CORPUS_MAX_SENTENCES = 500000, CT_CORPUS_MAX_PARTS = 4,
	CT_CORPUS_MAX_VALUES = 64, CT_CORPUS_CODES = 2, CT_CORPUS_LOOKS = 2 };

struct ct_sentence {
	int first, n;		/* tokens[first .. first+n) */
	bool no_bos;		/* its first token is a word like any other */
	bool held_out;		/* never trained on */
	/* held out for choosing settings; reported figures are from the other held-out ones */
	bool validation;
	int answer;		/* position (in the sentence) that predicts the graded token; -1: none */
	int kind;		/* index into kinds[] */
	int row;		/* row of the table it was generated from, -1: none */
	int relation;		/* index into relations[], -1: none */
	int about;		/* label "about X" of its first `about` variable, -1: none */
	int plan;		/* word of its `plan:` slot, -1: none */
	int plan_at;		/* position at which the plan is to be made, -1: not given */
	int repeat;		/* how often it occurs in an epoch, >= 1; it is stored once */
};

/* The position of the first token that has features: the one after BOS, if there is one. */
static inline int
ct_sentence_start(const struct ct_sentence *s)
{
	return s->no_bos ? 0 : 1;
}

/* A part of answers. */
struct ct_corpus_part {
	const char *name;		/* "ones" */
	/* the label at the answer position that tells its value: "ones make *" */
	const char *value;
};

struct ct_corpus {
	int n_words;		/* vocabulary: words[0..n_words) are the token texts, id = index */
	const char **words;
	int bos, unk;		/* ids */
	/* the number of codes of words, such as the digits of numbers; 0: none */
	int n_codes;
	/* (n_words, CT_CORPUS_CODES) a word's; -1: it has none. NULL when n_codes is 0 */
	int *codes;
	int look_back[CT_CORPUS_LOOKS];	/* tokens from an answer position back to the words it is made from */

	bool text;		/* sentences are windows of running text: windows.h */
	int n_sentences;
	struct ct_sentence *sentences;
	int n_kinds;
	const char **kinds;	/* names of the sentence templates */
	int n_relations;
	const char **relations;

	int n_tokens;
	int *tokens;		/* (n_tokens) */

	/* label_of[label_start[i] .. label_start[i+1]) are the labels of token i, ascending. */
	int n_labels;
	const char **labels;
	int *label_start;	/* (n_tokens + 1) */
	int *label_of;

	int n_parts;
	struct ct_corpus_part *parts;

	struct ct_arena arena;
};

void ct_corpus_free(struct ct_corpus *c);

/*
 * Selects which held-out sentences are graded: those for validation, or the others. The rest stay held out,
 * but lose their answer positions. Windows of text are measured at every position, so the rest of them no
 * longer count as held out.
 */
void ct_corpus_grade(struct ct_corpus *c, bool validation);
bool ct_corpus_has_validation(const struct ct_corpus *c);

/* Id of the word or label with this text, or -1. */
int ct_corpus_word(const struct ct_corpus *c, const char *text);
int ct_corpus_label(const struct ct_corpus *c, const char *text);

/* Whether the label is like the pattern, in which `*` stands for anything. */
bool ct_corpus_fits(const struct ct_corpus *c, int label, const char *pattern);

/*
 * Whether some sentence, held out or not, begins like this one up to position pos and goes on with the word:
 * an answer may be right without being the one in the corpus.
 */
bool ct_corpus_allows(const struct ct_corpus *c, int sentence, int pos, int word);

/*
 * A Hugging Face tokenizer.json of the vocabulary: WordLevel over WhitespaceSplit; texts with spaces in them
 * are added tokens; BOS comes first by the template. Also writes tokenizer_config.json to the same directory.
 */
int ct_corpus_write_tokenizer(const struct ct_corpus *c, const char *dir, struct ct_error *err);

#endif
