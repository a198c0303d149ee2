/*
 * tokens: the facade's answers about one position of a run: next tokens and activations. Logits are computed
 * only for positions that are asked for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "session/engine.h"

enum { WORD = 512 };

int
ct_session_words_init(struct ct_session *s, struct ct_error *err)
{
	const struct ct_tokenizer *t = s->e->tokenizer;
	size_t size = 0, at = 0, n;
	char *all, word[WORD];

	s->words = NULL;
	if (!ct_tokenizer_spaced(t))
		return CT_OK;
	for (int i = 0; i < s->T; i++)
		if (ct_tokenizer_text(t, s->ids[i], &n))
			size += n;
	s->words = ct_arena_need(&s->prompt_arena, (size_t)s->T, sizeof *s->words, "a prompt", err);
	all = ct_arena_need(&s->prompt_arena, size + 1, 1, "a prompt", err);
	if (!s->words || !all)
		return CT_ENOMEM;
	for (int i = 0; i < s->T; i++, at += n) {
		const char *text = ct_tokenizer_text(t, s->ids[i], &n);

		n = text ? n : 0;
		memcpy(all + at, text ? text : "", n);
	}
	at = 0;
	for (int i = 0; i < s->T; i++, at += n) {
		if (!ct_tokenizer_text(t, s->ids[i], &n))
			n = 0;
		ct_text_piece(word, sizeof word, all, size, at, at + n);
		s->words[i] = ct_arena_strdup(&s->prompt_arena, word);
		if (!s->words[i])
			return ct_fail_memory(err, sizeof word, "a prompt");
	}
	return CT_OK;
}

const char *
ct_session_token_text(const struct ct_session *s, int pos)
{
	if (pos < 0 || pos >= s->T)
		return "?";
	return s->words ? s->words[pos] : ct_engine_token(s->e, s->ids[pos]);
}

int
ct_session_logits_init(struct ct_logits *l, const struct ct_session *s, const float *final,
    struct ct_arena *a, struct ct_error *err)
{
	l->row = ct_arena_need(a, (size_t)s->T, sizeof *l->row, "logits", err);
	if (!l->row)
		return CT_ENOMEM;
	l->final = final;	/* set last: it says that the rest is ready */
	return CT_OK;
}

int
ct_session_no_prompt(struct ct_error *err)
{
	return ct_fail(err, CT_EINVAL, "no prompt yet");
}

int
ct_session_check_position(const struct ct_session *s, int pos, struct ct_error *err)
{
	if (s->T == 0)
		return ct_session_no_prompt(err);
	if (pos < 0 || pos >= s->T)
		return ct_fail(
		    err, CT_EINVAL, "no position %d: the prompt has positions 0 to %d", pos, s->T - 1);
	return CT_OK;
}

static int
replacement_logits(struct ct_session *s, struct ct_error *err)
{
	float *final;
	int code;

	if (s->replacement.final)
		return CT_OK;
	final = ct_arena_need(
	    &s->prompt_arena, (size_t)s->T * s->e->model->cfg.D, sizeof *final, "a replacement run", err);
	if (!final)
		return CT_ENOMEM;
	code = ct_replacement_run(s->prompt->lrm.tc, &s->prompt->pass, final, &s->prompt_arena, err);
	return code < 0 ? code : ct_session_logits_init(&s->replacement, s, final, &s->prompt_arena, err);
}

const float *
ct_session_logits(struct ct_session *s, enum ct_run which, int pos, struct ct_error *err)
{
	struct ct_logits *l = &s->original;
	struct ct_arena *arena = &s->prompt_arena;
	const struct ct_model *m = s->e->model;
	float *row;

	if (ct_session_check_position(s, pos, err) < 0 || ct_engine_need_model(s->e, err) < 0)
		return NULL;
	if (which == CT_RUN_REPLACEMENT) {
		if (replacement_logits(s, err) < 0)
			return NULL;
		l = &s->replacement;
	} else if (which == CT_RUN_CLAMPED && s->clamped.final) {
		l = &s->clamped;
		arena = &s->clamp_arena;
	}
	if (!l->row[pos]) {
		if (!(row = ct_arena_need(arena, (size_t)m->cfg.V, sizeof *row, "logits", err)))
			return NULL;
		ct_logits(m, 1, l->final + (size_t)pos * m->cfg.D, row);
		if (ct_engine_check(s->e, err) < 0)
			return NULL;
		l->row[pos] = row;
	}
	return l->row[pos];
}

int
ct_session_top(struct ct_session *s, enum ct_run which, int pos, struct ct_top *out, int n)
{
	return s->e->source->top(s, which, pos, out, n);
}

float
ct_session_logit(struct ct_session *s, enum ct_run which, int pos, int token)
{
	const float *logits = ct_session_logits(s, which, pos, NULL);

	return logits && token >= 0 && token < s->e->info.V ? logits[token] : NAN;
}

float
ct_session_prob(struct ct_session *s, enum ct_run which, int pos, int token)
{
	return s->e->source->prob(s, which, pos, token);
}

float
ct_session_preactivation(const struct ct_session *s, int layer, int feature, int pos)
{
	const struct ct_transcoder *tc = s->e->transcoder;
	const float *x;

	if (!tc || layer < 0 || layer >= tc->L || feature < 0 || feature >= tc->layers[layer].F || pos < 0 ||
	    pos >= s->T)
		return NAN;
	x = s->prompt->lrm.read + ((size_t)layer * s->T + pos) * tc->D;
	return ct_transcoder_preactivation(tc, layer, feature, x);
}

float
ct_session_activation(const struct ct_session *s, int layer, int feature, int pos)
{
	return s->e->source->activation(s, layer, feature, pos);
}

float
ct_session_clamped_activation(const struct ct_session *s, int layer, int feature, int pos)
{
	const struct ct_transcoder *tc = s->prompt ? s->prompt->lrm.tc : NULL;
	float act, *room = NULL;

	if (!tc || !s->n_clamps || layer < 0 || layer >= tc->L || feature < 0 ||
	    feature >= tc->layers[layer].F || pos < 1 || pos >= s->T)
		return ct_session_activation(s, layer, feature, pos);
	for (int i = 0; i < s->sites.n; i++) {
		const struct ct_clamp_site *x = &s->sites.site[i];

		if (x->layer == layer && x->feature == feature && x->pos == pos)
			return x->value;
	}
	if (ct_transcoder_competes(tc) && !(room = malloc(2 * (size_t)tc->F * sizeof *room)))
		return NAN;
	act = ct_transcoder_activate_one(tc, layer, feature,
	    s->changed.read + ((size_t)layer * s->T + pos) * tc->D, room, room ? room + tc->F : NULL);
	free(room);
	return act;
}
