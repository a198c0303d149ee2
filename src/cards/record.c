/* record: see record.h. */
#include "cards/record.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "cards/operands.h"
#include "io/deflate.h"
#include "io/json.h"
#include "io/json_out.h"

enum {
	DIGITS = 5,		/* digits of every number; more would double the files and show nothing */
	RATIO = 200,		/* JSON is at most so many times its compressed size */
	TEXT_MAX = 1024		/* bytes of a token or label as it is shown */
};

struct ct_card *
ct_card_new(int layer, int feature)
{
	struct ct_arena *memory = calloc(1, sizeof *memory);
	struct ct_card *card = memory ? ct_arena_alloc(memory, 1, sizeof *card) : NULL;

	if (!card) {
		free(memory);
		return NULL;
	}
	*card = (struct ct_card){.layer = layer, .feature = feature, .label = "", .f1 = NAN, .frequency = NAN,
	    .memory = memory};
	return card;
}

bool
ct_card_dense(const struct ct_card *c)
{
	return c->frequency > CT_DENSE && !c->edited && !(c->f1 >= .5);
}

void
ct_card_free(struct ct_card *card)
{
	struct ct_arena *memory;

	if (!card)
		return;
	memory = card->memory;
	ct_arena_free(memory);		/* the card itself is in this memory */
	free(memory);
}

/* jansson's *_new functions and setters accept NULL and return it, so one check at the end is enough. */
static json_t *
number(double v)
{
	if (!isfinite(v))
		return json_null();
	if (v == 0)
		return json_integer(0);
	return json_real(v);
}

static json_t *
numbers(const float *v, int n)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, number(v[i]));
	return list;
}

static json_t *
example_json(const struct ct_card_example *e)
{
	json_t *j = json_object(), *tokens = json_array();
	int i;

	for (i = 0; i < e->n; i++)
		json_array_append_new(tokens, ct_json_out_shown(e->tokens[i]));
	json_object_set_new(j, "tokens", tokens);
	json_object_set_new(j, "tokens_acts_list", numbers(e->acts, e->n));
	json_object_set_new(j, "train_token_ind", json_integer(e->peak));
	json_object_set_new(j, "is_repeated_datapoint", json_false());
	return j;
}

static json_t *
quantiles_json(const struct ct_card *c)
{
	json_t *list = json_array(), *q, *examples;
	int i, k;

	for (i = 0; i < c->n_quantiles; i++) {
		examples = json_array();
		for (k = 0; k < c->quantiles[i].n; k++)
			json_array_append_new(examples, example_json(&c->quantiles[i].examples[k]));
		q = json_object();
		json_object_set_new(q, "quantile_name", ct_json_out_shown(c->quantiles[i].name));
		json_object_set_new(q, "examples", examples);
		json_array_append_new(list, q);
	}
	return list;
}

/* The reference lists only the tokens; weights are in a field that only ctrace writes. */
static void
logits_json(
    json_t *card, const char *tokens_key, const char *weights_key, const struct ct_card_logit *l, int n)
{
	json_t *tokens = json_array(), *weights = json_array();
	int i;

	for (i = 0; i < n; i++) {
		json_array_append_new(tokens, ct_json_out_shown(l[i].token));
		json_array_append_new(weights, number(l[i].weight));
	}
	json_object_set_new(card, tokens_key, tokens);
	json_object_set_new(card, weights_key, weights);
}

static json_t *
candidates_json(const struct ct_card *c)
{
	json_t *list = json_array(), *pair;
	int i;

	for (i = 0; i < c->n_candidates; i++) {
		pair = json_array();
		json_array_append_new(pair, ct_json_out_shown(c->candidates[i]));
		json_array_append_new(pair, number(c->candidate_f1[i]));
		json_array_append_new(list, pair);
	}
	return list;
}

static json_t *
rewrite_json(const struct ct_card_rewrite *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "layer", json_integer(r->layer));
	json_object_set_new(j, "first", json_integer(r->first));
	json_object_set_new(j, "second", json_integer(r->second));
	json_object_set_new(j, "share", number(r->share));
	json_object_set_new(j, "cosine", number(r->cosine));
	return j;
}

int
ct_record_pack(unsigned char **out, size_t *n, const char *text, size_t n_text, struct ct_error *err)
{
	unsigned char *packed, *record;
	size_t n_packed;
	int code = ct_deflate(&packed, &n_packed, text, n_text, CT_ZLIB, err);

	if (code != CT_OK)
		return code;
	record = malloc(n_packed + 4);
	if (!record) {
		free(packed);
		return ct_fail_memory(err, n_packed + 4, "a feature card");
	}
	for (int i = 0; i < 4; i++)
		record[i] = (unsigned char)(n_packed >> (8 * i));
	memcpy(record + 4, packed, n_packed);
	free(packed);
	*out = record;
	*n = n_packed + 4;
	return CT_OK;
}

json_t *
ct_record_json(const struct ct_card *c)
{
	json_t *j = json_object();

	json_object_set_new(j, "index", json_integer(c->feature));
	json_object_set_new(j, "label", ct_json_out_shown(c->label));
	json_object_set_new(j, "label_f1", number(c->f1));
	json_object_set_new(j, "label_candidates", candidates_json(c));
	if (c->rewrite.layer > 0)
		json_object_set_new(j, "rewrite", rewrite_json(&c->rewrite));
	if (c->operands.n > 0)
		json_object_set_new(j, "operands", ct_operands_json(&c->operands));
	json_object_set_new(j, "activation_frequency", number(c->frequency));
	json_object_set_new(j, "act_min", number(c->act_min));
	json_object_set_new(j, "act_max", number(c->act_max));
	json_object_set_new(j, "quantile_values", numbers(c->values, c->n_values));
	json_object_set_new(j, "histogram", numbers(c->histogram, c->n_histogram));
	logits_json(j, "top_logits", "top_logit_weights", c->top, c->n_top);
	logits_json(j, "bottom_logits", "bottom_logit_weights", c->bottom, c->n_bottom);
	json_object_set_new(j, "examples_quantiles", quantiles_json(c));
	return j;
}

int
ct_record_write(unsigned char **out, size_t *n, const struct ct_card *c, struct ct_error *err)
{
	json_t *j = ct_record_json(c);
	char *text;
	int code;

	*out = NULL;
	*n = 0;
	text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
	if (!text) {
		code = ct_fail_memory(err, 1 << 16, "a feature card");
		goto fail;
	}
	code = ct_record_pack(out, n, text, strlen(text), err);
fail:
	free(text);
	json_decref(j);
	return code;
}

int
ct_record_text(char **out, size_t *n, const unsigned char *p, size_t n_in, const char *where,
    struct ct_error *err)
{
	size_t length, max;

	if (n_in < 4)
		return ct_fail(
		    err, CT_EFORMAT, "%s: a record of %zu bytes has no room for its length", where, n_in);
	length = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
	if (length > n_in - 4)
		return ct_fail(err, CT_EFORMAT, "%s: the record says %zu bytes, the index leaves it %zu",
		    where, length, n_in - 4);
	max = RATIO * length + 65536;
	return ct_inflate(out, n, p + 4, length, max < CT_RECORD_MAX ? max : CT_RECORD_MAX, where, err);
}

struct reader {
	struct ct_arena *a;
	const char *where;
	struct ct_error *err;
};

static int
wrong(const struct reader *r, const char *field, const char *expected)
{
	return ct_fail(r->err, CT_EFORMAT, "%s: field %s: expected %s", r->where, field, expected);
}

/* A list under key; NULL and *n 0 if it is missing. */
static int
list(const struct reader *r, const json_t *obj, const char *key, const json_t **out, int *n)
{
	*out = json_object_get(obj, key);
	*n = 0;
	if (*out == NULL || json_is_null(*out))
		return CT_OK;
	if (!json_is_array(*out))
		return wrong(r, key, "a list");
	*n = (int)json_array_size(*out);	/* fits: the text is at most CT_RECORD_MAX bytes */
	return CT_OK;
}

static int
read_text(const struct reader *r, const json_t *j, const char *key, const char **out)
{
	char buf[TEXT_MAX];

	if (!json_is_string(j))
		return wrong(r, key, "text");
	ct_text_clean(buf, sizeof buf, json_string_value(j), json_string_length(j));
	*out = ct_arena_strdup(r->a, buf);
	return *out != NULL ? CT_OK : ct_fail_memory(r->err, TEXT_MAX, r->where);
}

static int
read_number(const struct reader *r, const json_t *obj, const char *key, double *out)
{
	const json_t *j = json_object_get(obj, key);

	if (!j || json_is_null(j))
		return CT_OK;
	if (!json_is_number(j))
		return wrong(r, key, "a number");
	*out = json_number_value(j);
	return CT_OK;
}

/* A number of a layer or feature under key. */
static bool
index_of(const json_t *obj, const char *key, int *out)
{
	const json_t *j = json_object_get(obj, key);
	json_int_t v = json_is_integer(j) ? json_integer_value(j) : -1;

	*out = (int)v;
	return v >= 0 && v <= INT_MAX;
}

static int
read_numbers(const struct reader *r, const json_t *obj, const char *key, float **out, int *n)
{
	const json_t *j, *v;
	int i, code = list(r, obj, key, &j, n);

	if (code != CT_OK)
		return code;
	*out = ct_arena_need(r->a, (size_t)*n, sizeof **out, r->where, r->err);
	if (*out == NULL)
		return CT_ENOMEM;
	for (i = 0; i < *n; i++) {
		v = json_array_get(j, (size_t)i);
		if (!json_is_number(v) && !json_is_null(v))
			return wrong(r, key, "a list of numbers");
		(*out)[i] = json_is_null(v) ? NAN : (float)json_number_value(v);
	}
	return CT_OK;
}

static int
read_example(const struct reader *r, const json_t *j, struct ct_card_example *e)
{
	const json_t *tokens;
	int i, n, code;

	if (!json_is_object(j))
		return wrong(r, "examples", "a list of objects");
	code = list(r, j, "tokens", &tokens, &e->n);
	if (code == CT_OK)
		code = read_numbers(r, j, "tokens_acts_list", &e->acts, &n);
	if (code != CT_OK)
		return code;
	if (n != e->n)
		return ct_fail(
		    r->err, CT_EFORMAT, "%s: an example has %d tokens but %d activations", r->where, e->n, n);
	e->tokens = ct_arena_need(r->a, (size_t)e->n, sizeof *e->tokens, r->where, r->err);
	if (!e->tokens)
		return CT_ENOMEM;
	for (i = 0; i < e->n; i++) {
		code = read_text(r, json_array_get(tokens, (size_t)i), "tokens", &e->tokens[i]);
		if (code != CT_OK)
			return code;
		if (e->acts[i] > e->acts[e->peak])
			e->peak = i;
	}
	return CT_OK;
}

static int
read_quantiles(const struct reader *r, const json_t *obj, struct ct_card *c)
{
	const json_t *all, *one, *examples, *name;
	struct ct_card_quantile *q;
	int i, k, code = list(r, obj, "examples_quantiles", &all, &c->n_quantiles);

	if (code != CT_OK)
		return code;
	c->quantiles = ct_arena_need(r->a, (size_t)c->n_quantiles, sizeof *c->quantiles, r->where, r->err);
	if (!c->quantiles)
		return CT_ENOMEM;
	for (i = 0; i < c->n_quantiles; i++) {
		one = json_array_get(all, (size_t)i);
		q = &c->quantiles[i];
		if (!json_is_object(one))
			return wrong(r, "examples_quantiles", "a list of objects");
		q->name = "";
		name = json_object_get(one, "quantile_name");
		if (name && (code = read_text(r, name, "quantile_name", &q->name)) != CT_OK)
			return code;
		code = list(r, one, "examples", &examples, &q->n);
		if (code != CT_OK)
			return code;
		q->examples = ct_arena_need(r->a, (size_t)q->n, sizeof *q->examples, r->where, r->err);
		if (!q->examples)
			return CT_ENOMEM;
		for (k = 0; k < q->n; k++) {
			code = read_example(r, json_array_get(examples, (size_t)k), &q->examples[k]);
			if (code != CT_OK)
				return code;
		}
	}
	return CT_OK;
}

static int
read_logits(const struct reader *r, const json_t *obj, const char *tokens_key, const char *weights_key,
    struct ct_card_logit **out, int *n)
{
	const json_t *tokens, *weights, *w;
	int i, n_weights, code = list(r, obj, tokens_key, &tokens, n);

	if (code == CT_OK)
		code = list(r, obj, weights_key, &weights, &n_weights);
	if (code != CT_OK)
		return code;
	*out = ct_arena_need(r->a, (size_t)*n, sizeof **out, r->where, r->err);
	if (*out == NULL)
		return CT_ENOMEM;
	for (i = 0; i < *n; i++) {
		code = read_text(r, json_array_get(tokens, (size_t)i), tokens_key, &(*out)[i].token);
		if (code != CT_OK)
			return code;
		w = i < n_weights ? json_array_get(weights, (size_t)i) : NULL;
		(*out)[i].weight = json_is_number(w) ? (float)json_number_value(w) : NAN;
	}
	return CT_OK;
}

static int
read_label(const struct reader *r, const json_t *obj, struct ct_card *c)
{
	const json_t *j = json_object_get(obj, "label"), *pair;
	int i, n, code = CT_OK;

	if (j && !json_is_null(j))
		code = read_text(r, j, "label", &c->label);
	if (code == CT_OK)
		code = read_number(r, obj, "label_f1", &c->f1);
	if (code == CT_OK)
		code = list(r, obj, "label_candidates", &j, &n);
	if (code != CT_OK)
		return code;
	for (i = 0; i < n && i < CT_CARD_CANDIDATES; i++) {
		pair = json_array_get(j, (size_t)i);
		if (!json_is_array(pair) || json_array_size(pair) != 2 ||
		    !json_is_number(json_array_get(pair, 1)))
			return wrong(r, "label_candidates", "a list of [label, F1]");
		code = read_text(r, json_array_get(pair, 0), "label_candidates", &c->candidates[i]);
		if (code != CT_OK)
			return code;
		c->candidate_f1[i] = json_number_value(json_array_get(pair, 1));
		c->n_candidates = i + 1;
	}
	return CT_OK;
}

static int
read_rewrite(const struct reader *r, const json_t *obj, struct ct_card *c)
{
	const json_t *j = json_object_get(obj, "rewrite");
	struct ct_card_rewrite *w = &c->rewrite;
	double share = NAN, cosine = NAN;
	int layer, first, second, code;

	if (!j || json_is_null(j))
		return CT_OK;
	if (!json_is_object(j) || !index_of(j, "layer", &layer) || !index_of(j, "first", &first) ||
	    !index_of(j, "second", &second) || layer <= c->layer)
		return wrong(r, "rewrite", "a later layer and two features");
	if ((code = read_number(r, j, "share", &share)) != CT_OK ||
	    (code = read_number(r, j, "cosine", &cosine)) != CT_OK)
		return code;
	*w = (struct ct_card_rewrite){ .layer = layer, .first = first, .second = second,
	    .share = (float)share,
		.cosine = (float)cosine };
	return CT_OK;
}

int
ct_record_read(struct ct_card **out, const unsigned char *p, size_t n, int layer, int feature,
    const char *where, struct ct_error *err)
{
	struct ct_card *c = NULL;
	struct reader r = { .where = where, .err = err };
	json_t *j = NULL;
	char *text = NULL;
	size_t n_text;
	double lowest = 0, highest = 0;
	int code;

	*out = NULL;
	code = ct_record_text(&text, &n_text, p, n, where, err);
	if (code == CT_OK)
		code = ct_json_parse(&j, where, text, n_text, err);
	if (code != CT_OK)
		goto fail;
	if (!json_is_object(j)) {
		code = ct_fail(err, CT_EFORMAT, "%s: expected a JSON object", where);
		goto fail;
	}
	c = ct_card_new(layer, feature);
	if (!c) {
		code = ct_fail_memory(err, sizeof *c, where);
		goto fail;
	}
	r.a = c->memory;
	if ((code = read_label(&r, j, c)) != CT_OK || (code = read_rewrite(&r, j, c)) != CT_OK ||
	    (code = ct_operands_read(c, json_object_get(j, "operands"), where, err)) != CT_OK ||
	    (code = read_quantiles(&r, j, c)) != CT_OK ||
	    (code = read_number(&r, j, "activation_frequency", &c->frequency)) != CT_OK ||
	    (code = read_number(&r, j, "act_min", &lowest)) != CT_OK ||
	    (code = read_number(&r, j, "act_max", &highest)) != CT_OK ||
	    (code = read_numbers(&r, j, "quantile_values", &c->values, &c->n_values)) != CT_OK ||
	    (code = read_numbers(&r, j, "histogram", &c->histogram, &c->n_histogram)) != CT_OK ||
	    (code = read_logits(&r, j, "top_logits", "top_logit_weights", &c->top, &c->n_top)) != CT_OK ||
	    (code = read_logits(&r, j, "bottom_logits", "bottom_logit_weights", &c->bottom, &c->n_bottom)) !=
		CT_OK)
		goto fail;
	c->act_min = (float)lowest;
	c->act_max = (float)highest;
	*out = c;
	c = NULL;
fail:
	ct_card_free(c);
	json_decref(j);
	free(text);
	return code;
}
