/* operands: see operands.h. */
#include "cards/operands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/json_out.h"

enum {
	FEWEST = 3, TOKEN_MAX = 256, POSITIONS_MAX = 4096,
	STEP = 5		/* percent: finer steps would double the files, and not be seen */
};

int
ct_operand_value(const char *token)
{
	const char *text = token + (*token == ' '), *end;
	int value = 0;

	for (end = text; *end >= '0' && *end <= '9' && end - text < 4; end++)
		value = 10 * value + *end - '0';
	return end == text || *end || (*text == '0' && end - text > 1) ? -1 : value;
}

/* Finds the two numbers of a sentence before the answer; false if it has fewer or more. */
static bool
find_places(const struct ct_corpus *c, const int *value, const struct ct_sentence *s, int at[2])
{
	int found = 0;

	for (int pos = 1; pos <= s->answer; pos++)
		if (value[c->tokens[s->first + pos]] >= 0) {
			if (found == 2)
				return false;
			at[found++] = pos;
		}
	return found == 2;
}

static bool
is_like(const struct ct_corpus *c, const struct ct_operand_form *f, const int *value,
    const struct ct_sentence *s)
{
	int at[2];

	if (s->answer != f->length - 1 || !find_places(c, value, s, at) || at[0] != f->at[0] ||
	    at[1] != f->at[1])
		return false;
	for (int pos = 1; pos < f->length; pos++)
		if (*f->tokens[pos] && strcmp(f->tokens[pos], c->words[c->tokens[s->first + pos]]) != 0)
			return false;
	return true;
}

/* Numbers the pairs of the sentences like this one; f->n stays 0 if pairs are missing. */
static int
number_pairs(struct ct_operand_form *f, const struct ct_corpus *c, const int *value, struct ct_arena *a,
    struct ct_error *err)
{
	int least = -1, most = -1, n, pairs = 0;
	bool *have;

	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		for (int k = 0; is_like(c, f, value, s) && k < 2; k++) {
			int v = value[c->tokens[s->first + f->at[k]]];

			least = least < 0 || v < least ? v : least;
			most = v > most ? v : most;
		}
	}
	n = most - least + 1 < CT_OPERANDS ? most - least + 1 : CT_OPERANDS;
	if (n < FEWEST)
		return CT_OK;
	have = ct_arena_need(a, (size_t)n * n, sizeof *have, "pairs of numbers", err);
	if (!have)
		return CT_ENOMEM;
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		int y, x;

		f->pair_of[i] = -1;
		if (!is_like(c, f, value, s))
			continue;
		y = value[c->tokens[s->first + f->at[0]]] - least;
		x = value[c->tokens[s->first + f->at[1]]] - least;
		if (y >= n || x >= n)
			continue;
		f->pair_of[i] = y * n + x;
		pairs += !have[y * n + x];
		have[y * n + x] = true;
	}
	if (pairs == n * n) {
		f->n = n;
		f->from = least;
	}
	return CT_OK;
}

int
ct_operand_form_find(struct ct_operand_form *out, const struct ct_corpus *c, struct ct_arena *a,
    struct ct_error *err)
{
	int *value = ct_arena_need(a, (size_t)c->n_words, sizeof *value, "numbers", err), last = -1,
	    code = CT_OK;

	*out = (struct ct_operand_form){ .n = 0 };
	out->pair_of = ct_arena_need(a, (size_t)c->n_sentences + 1, sizeof *out->pair_of, "pairs of numbers",
	    err);
	if (!value || !out->pair_of)
		return CT_ENOMEM;
	for (int i = 0; i < c->n_words; i++)
		value[i] = ct_operand_value(c->words[i]);
	/* Each template is represented by its first sentence. */
	for (int i = 0; code == CT_OK && !out->n && i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (s->kind <= last || s->answer < 0 || s->answer >= POSITIONS_MAX)
			continue;
		last = s->kind;
		if (!find_places(c, value, s, out->at))
			continue;
		out->length = s->answer + 1;
		out->tokens = ct_arena_need(a, (size_t)out->length, sizeof *out->tokens, "a sentence", err);
		if (!out->tokens)
			return CT_ENOMEM;
		for (int pos = 0; pos < out->length; pos++)
			out->tokens[pos] = pos == 0 || pos == out->at[0] || pos == out->at[1]
			    ? "" : c->words[c->tokens[s->first + pos]];
		code = number_pairs(out, c, value, a, err);
	}
	return code;
}

/* The picture at a position, which is added if it is new. NULL: out of memory. */
static struct ct_operands *
picture_at(struct ct_card *card, const struct ct_operand_form *form, int pos)
{
	struct ct_card_operands *all = &card->operands;
	struct ct_operands *o;
	float *acts;

	for (int i = 0; i < all->n; i++)
		if (all->pictures[i].pos == pos)
			return &all->pictures[i];
	acts = ct_arena_alloc(card->memory, (size_t)form->n * form->n, sizeof *acts);
	if (!acts)
		return NULL;
	o = &all->pictures[all->n++];
	*o = (struct ct_operands){ .n = form->n, .from = form->from, .pos = pos,
	    .at = { form->at[0], form->at[1] },
		.value = { -1, -1 }, .acts = acts };
	return o;
}

static int
by_position(const void *a, const void *b)
{
	const struct ct_operands *x = a, *y = b;

	return (x->pos > y->pos) - (x->pos < y->pos);
}

bool
ct_operands_fill(struct ct_card *card, const struct ct_operand_form *form, const struct ct_corpus *c,
    const int *sentence_of, const int *tokens, const float *acts, int n)
{
	struct ct_card_operands *all = &card->operands;

	if (!form->n)
		return true;
	all->length = form->length;
	all->tokens = form->tokens;
	all->pictures = ct_arena_alloc(card->memory, (size_t)form->length, sizeof *all->pictures);
	if (!all->pictures)
		return false;
	for (int i = 0; i < n; i++) {
		int s = sentence_of[tokens[i]], pos = tokens[i] - c->sentences[s].first;
		struct ct_operands *o;

		/* Next to an infinite value all others would look like 0. */
		if (form->pair_of[s] < 0 || pos >= form->length || !isfinite(acts[i]))
			continue;
		o = picture_at(card, form, pos);
		if (!o)
			return false;
		o->n_active += o->acts[form->pair_of[s]] <= 0;
		o->acts[form->pair_of[s]] = acts[i];
		o->most = acts[i] > o->most ? acts[i] : o->most;
	}
	qsort(all->pictures, (size_t)all->n, sizeof *all->pictures, by_position);
	return true;
}

static json_t *
rows_json(const struct ct_operands *o)
{
	json_t *rows = json_array(), *row;

	for (int y = 0; y < o->n; y++) {
		row = json_array();
		for (int x = 0; x < o->n; x++) {
			float act = o->acts[y * o->n + x];
			long percent = STEP * lroundf(100.F / STEP * (act / o->most));

			/* a value above 0 stays above 0 */
			json_array_append_new(row, json_integer(act > 0 && percent == 0 ? STEP : percent));
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

json_t *
ct_operands_json(const struct ct_card_operands *o)
{
	json_t *j = json_object(), *tokens = json_array(), *list = json_array(), *one;
	const struct ct_operands *p;

	for (int i = 1; i < o->length; i++)
		json_array_append_new(tokens, *o->tokens[i] ? ct_json_out_shown(o->tokens[i]) : json_null());
	for (int i = 0; i < o->n; i++) {
		p = &o->pictures[i];
		one = json_object();
		json_object_set_new(one, "position", json_integer(p->pos));
		json_object_set_new(one, "max", json_real(p->most));
		json_object_set_new(one, "percent", rows_json(p));
		json_array_append_new(list, one);
	}
	json_object_set_new(j, "tokens", tokens);
	json_object_set_new(j, "from", json_integer(o->n ? o->pictures[0].from : 0));
	json_object_set_new(j, "pictures", list);
	return j;
}

static int
wrong(const char *where, const char *field, const char *expected, struct ct_error *err)
{
	return ct_fail(err, CT_EFORMAT, "%s: field operands.%s: expected %s", where, field, expected);
}

/* The sentence: at[] are its two numbers. */
static int
read_tokens(struct ct_card *card, const json_t *j, int at[2], const char *where, struct ct_error *err)
{
	struct ct_card_operands *o = &card->operands;
	size_t n = json_array_size(j);
	int found = 0;
	char buf[TOKEN_MAX];

	if (n < 2 || n >= POSITIONS_MAX)
		return wrong(where, "tokens", "the tokens of a sentence", err);
	o->tokens = ct_arena_need(card->memory, n + 1, sizeof *o->tokens, where, err);
	if (!o->tokens)
		return CT_ENOMEM;
	o->tokens[0] = "";
	for (size_t i = 0; i < n; i++) {
		const json_t *t = json_array_get(j, i);

		buf[0] = '\0';
		if (json_is_null(t) && found < 2)
			at[found++] = (int)i + 1;
		else if (json_is_string(t))
			ct_text_clean(buf, sizeof buf, json_string_value(t), json_string_length(t));
		else
			return wrong(where, "tokens", "texts, and null for each of two numbers", err);
		o->tokens[i + 1] = ct_arena_strdup(card->memory, buf);
		if (!o->tokens[i + 1])
			return ct_fail_memory(err, sizeof buf, where);
	}
	if (found < 2)
		return wrong(where, "tokens", "null for each of two numbers", err);
	o->length = (int)n + 1;
	return CT_OK;
}

static int
read_rows(struct ct_operands *o, const json_t *rows, struct ct_arena *a, const char *where,
    struct ct_error *err)
{
	size_t n = json_array_size(rows);

	if (n < FEWEST || n > CT_OPERANDS)
		return wrong(where, "percent", "from 3 to 100 rows", err);
	o->n = (int)n;
	o->acts = ct_arena_need(a, n * n, sizeof *o->acts, where, err);
	if (!o->acts)
		return CT_ENOMEM;
	for (size_t y = 0; y < n; y++) {
		const json_t *row = json_array_get(rows, y);

		if (json_array_size(row) != n)
			return wrong(where, "percent", "as many numbers in a row as rows", err);
		for (size_t x = 0; x < n; x++) {
			const json_t *v = json_array_get(row, x);

			if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 100)
				return wrong(where, "percent", "whole numbers from 0 to 100", err);
			o->acts[y * n + x] = (float)json_integer_value(v) / 100 * o->most;
			o->n_active += json_integer_value(v) > 0;
		}
	}
	return CT_OK;
}

static int
read_picture(struct ct_card *card, const json_t *j, const char *where, struct ct_error *err)
{
	struct ct_operands *o = &card->operands.pictures[card->operands.n];
	const json_t *pos = json_object_get(j, "position"), *most = json_object_get(j, "max");
	float max = (float)json_number_value(most);

	if (!json_is_integer(pos) || json_integer_value(pos) < 1 ||
	    json_integer_value(pos) >= card->operands.length)
		return wrong(where, "position", "a token of the sentence", err);
	if (!json_is_number(most) || !(max > 0) || !isfinite(max))
		return wrong(where, "max", "a number above 0", err);
	o->pos = (int)json_integer_value(pos);
	o->most = max;
	card->operands.n++;
	return read_rows(o, json_object_get(j, "percent"), card->memory, where, err);
}

int
ct_operands_read(struct ct_card *card, const json_t *j, const char *where, struct ct_error *err)
{
	const json_t *from = json_object_get(j, "from"), *list = json_object_get(j, "pictures");
	int at[2], code;

	if (!j || json_is_null(j))
		return CT_OK;
	if ((code = read_tokens(card, json_object_get(j, "tokens"), at, where, err)) < 0)
		return code;
	if (!json_is_integer(from) || json_integer_value(from) < 0 || json_integer_value(from) > 9999)
		return wrong(where, "from", "the first number", err);
	if (!json_is_array(list) || json_array_size(list) >= (size_t)card->operands.length)
		return wrong(where, "pictures", "a list, with one for a token at most", err);
	card->operands.pictures =
	    ct_arena_need(card->memory, json_array_size(list) + 1, sizeof *card->operands.pictures, where,
	    err);
	if (!card->operands.pictures)
		return CT_ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct ct_operands *o = &card->operands.pictures[i];

		if ((code = read_picture(card, json_array_get(list, i), where, err)) < 0)
			return code;
		o->from = (int)json_integer_value(from);
		o->value[0] = o->value[1] = -1;
		memcpy(o->at, at, sizeof at);
	}
	return CT_OK;
}
