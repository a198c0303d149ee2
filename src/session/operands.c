/*
 * operands: the facade's pictures of a feature over all values of two numbers of the prompt. See ctrace.h.
 *
 * If the cards do not have them, the model is run once for each pair of values. All activations of these runs
 * are kept, so that another feature or position of the same prompt is only looked up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cards/activity.h"
#include "cards/operands.h"
#include "session/engine.h"

enum { FEWEST = 3 };			/* a picture of fewer values is not worth it */

struct ct_operands_run {
	int at[2];			/* positions of the numbers */
	int n;				/* values 0..n-1 */
	/* of n * n sentences of T tokens, the first number changing slowest; NULL: not run yet */
	struct ct_activity *activity;
	float acts[CT_OPERANDS * CT_OPERANDS];	/* (n,n) the last result */
};

void
ct_session_drop_operands(struct ct_session *s)
{
	if (s->operands)
		ct_activity_free(s->operands->activity);
	free(s->operands);
	s->operands = NULL;
}

static int
number_of(const struct ct_engine *e, int id)
{
	return ct_operand_value(ct_engine_token(e, id));
}

/* ids[v] = the token of the number v, written like `like`; returns how many numbers from 0 on have one. */
static int
number_tokens(const struct ct_engine *e, int like, int *ids, int max)
{
	bool blank = *ct_engine_token(e, like) == ' ';
	int n = 0;

	for (int v = 0; v < max; v++)
		ids[v] = -1;
	for (int id = 0; id < e->info.V; id++) {
		int v = number_of(e, id);

		if (v >= 0 && v < max && ids[v] < 0 && (*ct_engine_token(e, id) == ' ') == blank)
			ids[v] = id;
	}
	while (n < max && ids[n] >= 0)
		n++;
	return n;
}

static int
find_numbers(const struct ct_session *s, struct ct_operands_run *r, int ids[2][2 * CT_OPERANDS],
    struct ct_error *err)
{
	int found = 0, n = 2 * CT_OPERANDS;

	for (int pos = ct_session_start(s); pos < s->T && found < 2; pos++)
		if (number_of(s->e, s->ids[pos]) >= 0)
			r->at[found++] = pos;
	if (found < 2)
		return ct_fail(err, CT_EINVAL,
		    "an operand plot needs a prompt with two numbers of one token each, such as \"28 + 47 "
		    "=\"");
	for (int k = 0; k < 2; k++) {
		int known = number_tokens(s->e, s->ids[r->at[k]], ids[k], 2 * CT_OPERANDS);

		n = known < n ? known : n;
	}
	/* Sums must be tokens too: if numbers end at 198, operands end at 99. */
	r->n = (n + 1) / 2;
	if (r->n < FEWEST)
		return ct_fail(err, CT_EINVAL, "this model has no tokens for the numbers 0 to %d",
		    2 * FEWEST - 2);
	return CT_OK;
}

/* A corpus of the prompt with every pair of values. */
static int
write_corpus(struct ct_corpus *c, const struct ct_session *s, const struct ct_operands_run *r,
    int ids[2][2 * CT_OPERANDS], struct ct_error *err)
{
	size_t T = (size_t)s->T, n = (size_t)r->n * r->n;

	*c = (struct ct_corpus){ .n_words = s->e->info.V, .n_sentences = (int)n, .n_tokens = (int)(n * T) };
	c->sentences = ct_arena_need(&c->arena, n, sizeof *c->sentences, "sums", err);
	c->tokens = ct_arena_need(&c->arena, n * T, sizeof *c->tokens, "sums", err);
	if (!c->sentences || !c->tokens)
		return CT_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int *tokens = c->tokens + i * T;

		c->sentences[i] = (struct ct_sentence){ .first = (int)(i * T), .n = s->T, .answer = -1 };
		memcpy(tokens, s->ids, T * sizeof *tokens);
		tokens[r->at[0]] = ids[0][i / (size_t)r->n];
		tokens[r->at[1]] = ids[1][i % (size_t)r->n];
	}
	return CT_OK;
}

static int
run_all(struct ct_session *s, struct ct_operands_run *r, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_corpus c = { 0 };
	int ids[2][2 * CT_OPERANDS], code;

	if ((code = find_numbers(s, r, ids, err)) == CT_OK &&
	    (code = write_corpus(&c, s, r, ids, err)) == CT_OK)
		code = ct_activity_collect(&r->activity, s->e->model, s->e->transcoder, &c, &own, err);
	ct_arena_free(&c.arena);
	return code;
}

static struct ct_operands_run *
need_run(struct ct_session *s)
{
	if (!s->operands)
		s->operands = calloc(1, sizeof *s->operands);
	return s->operands;
}

/* Whether the prompt begins like the card's sentence, up to pos. */
static bool
is_like(const struct ct_session *s, const struct ct_card_operands *o, int pos)
{
	const struct ct_operands *p = &o->pictures[0];

	if (pos < 1 || pos >= s->T || pos >= o->length)
		return false;
	for (int i = 1; i <= pos; i++) {
		const char *token = ct_engine_token(s->e, s->ids[i]);
		int value = ct_operand_value(token) - p->from;

		if (*o->tokens[i] ? strcmp(o->tokens[i], token) != 0 : value < 0 || value >= p->n)
			return false;
	}
	return true;
}

bool
ct_session_operands_known(struct ct_session *s, int layer, int feature, int pos, struct ct_operands *out)
{
	struct ct_error ignored;	/* whoever shows the card says it; what it lacks is computed */
	const struct ct_card *card = ct_engine_card(s->e, layer, feature, &ignored);
	const struct ct_card_operands *o = card ? &card->operands : NULL;
	struct ct_operands_run *r;

	if (!o || !o->n || !is_like(s, o, pos) || !(r = need_run(s)))
		return false;
	*out = (struct ct_operands){ .n = o->pictures[0].n, .from = o->pictures[0].from, .pos = pos,
		.at = { o->pictures[0].at[0], o->pictures[0].at[1] } };
	for (int i = 0; i < o->n; i++)
		if (o->pictures[i].pos == pos) {
			*out = o->pictures[i];
			memcpy(r->acts, out->acts, (size_t)out->n * out->n * sizeof *r->acts);
			out->acts = r->acts;
		}
	for (int k = 0; k < 2; k++)
		out->value[k] = out->at[k] < s->T ? number_of(s->e, s->ids[out->at[k]]) : -1;
	return true;
}

int
ct_session_operands(struct ct_session *s, int layer, int feature, int pos, struct ct_operands *out,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_activity_layer *a;
	struct ct_operands_run *r;
	int code;

	if ((code = ct_session_check_position(s, pos, err)) < 0 ||
	    (code = ct_session_need_first(s, err)) < 0 ||
	    (code = ct_engine_check(s->e, err)) < 0)
		return code;
	if (layer < 0 || layer >= s->e->transcoder->L || feature < 0 ||
	    feature >= s->e->transcoder->layers[layer].F)
		return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d in this transcoder", layer, feature);
	if (ct_session_operands_known(s, layer, feature, pos, out))
		return CT_OK;
	if (s->e->info.neurons)
		return ct_fail(err, CT_EUNSUPPORTED, "a plot of operands needs a transcoder, whose features "
		    "are rarely active: neurons are active at every token");
	r = need_run(s);
	if (!r)
		return ct_fail_memory(err, sizeof *r, "an operand plot");
	if (!r->activity && (code = run_all(s, r, job, err)) < 0)
		return code;
	memset(r->acts, 0, sizeof r->acts);
	*out = (struct ct_operands){ .n = r->n, .pos = pos, .at = { r->at[0], r->at[1] }, .acts = r->acts,
		.value = { number_of(s->e, s->ids[r->at[0]]), number_of(s->e, s->ids[r->at[1]]) } };
	a = &r->activity->layers[layer];
	for (size_t k = a->start[feature]; k < a->start[feature + 1]; k++) {
		if (a->tokens[k] % s->T != pos)
			continue;
		r->acts[a->tokens[k] / s->T] = a->acts[k];
		out->most = a->acts[k] > out->most ? a->acts[k] : out->most;
		out->n_active++;
	}
	return CT_OK;
}
