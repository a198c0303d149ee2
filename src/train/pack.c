/* pack: see pack.h. */
#include "train/pack.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

int
ct_corpus_longest(const struct ct_corpus *c)
{
	int most = 0;

	for (int i = 0; i < c->n_sentences; i++)
		if (c->sentences[i].n > most)
			most = c->sentences[i].n;
	return most;
}

int *
ct_corpus_select(struct ct_arena *a, const struct ct_corpus *c, bool held_out, bool repeats, int *n)
{
	size_t room = 0;
	int *list;

	for (int i = 0; i < c->n_sentences; i++)
		room += repeats ? (size_t)c->sentences[i].repeat : 1;
	list = ct_arena_alloc(a, room, sizeof *list);
	*n = 0;
	for (int i = 0; list && i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (s->held_out == held_out && s->n > 1)
			for (int k = repeats ? s->repeat : 1; k > 0; k--)
				list[(*n)++] = i;
	}
	return list;
}

int
ct_pack_open(struct ct_pack *p, const struct ct_corpus *c, struct ct_error *err)
{
	int longest = ct_corpus_longest(c);
	size_t rows;

	memset(p, 0, sizeof *p);
	p->max_rows = p->max_sentences = CT_PACK_GROUP * longest > CT_PACK_ROWS ?
	    CT_PACK_GROUP * longest : CT_PACK_ROWS;
	rows = (size_t)p->max_rows;
	p->len = ct_arena_alloc(&p->arena, rows, sizeof *p->len);
	p->tokens = ct_arena_alloc(&p->arena, rows, sizeof *p->tokens);
	p->targets = ct_arena_alloc(&p->arena, rows, sizeof *p->targets);
	p->weights = ct_arena_alloc(&p->arena, rows, sizeof *p->weights);
	p->graded = ct_arena_alloc(&p->arena, rows, sizeof *p->graded);
	p->signs = ct_arena_alloc(&p->arena, rows, sizeof *p->signs);
	p->sentence = ct_arena_alloc(&p->arena, rows, sizeof *p->sentence);
	if (!p->len || !p->tokens || !p->targets || !p->weights || !p->graded || !p->signs ||
	    !p->sentence) {
		ct_pack_close(p);
		return ct_fail_memory(err, rows * 7 * sizeof(int), "a batch of sentences");
	}
	return CT_OK;
}

void
ct_pack_close(struct ct_pack *p)
{
	ct_arena_free(&p->arena);
	memset(p, 0, sizeof *p);
}

/* The number of rows of the next sentences, which must stay together. */
static int
group_rows(const struct ct_corpus *c, const int *list, int n)
{
	int rows = 0;

	for (int k = 0; k < n && k < CT_PACK_GROUP; k++)
		rows += c->sentences[list[k]].n - 1;
	return rows;
}

int
ct_pack_fill(struct ct_pack *p, const struct ct_corpus *c, const int *list, int n, double answer_weight,
    enum ct_pack_how how)
{
	int R = 0, k;

	for (k = 0; k < n && k < p->max_sentences; k++) {
		const struct ct_sentence *s = &c->sentences[list[k]];
		const int *t = c->tokens + s->first;
		int rows = how == CT_PACK_WHOLE ? s->n : s->n - 1;

		if (R + rows > p->max_rows || (how == CT_PACK_GROUPS && k % CT_PACK_GROUP == 0 &&
		    R + group_rows(c, list + k, n - k) > p->max_rows))
			break;
		for (int i = 0; i < rows; i++) {
			p->tokens[R + i] = t[i];
			p->targets[R + i] = i + 1 < s->n ? t[i + 1] : -1;
			p->graded[R + i] = i == s->answer && i + 1 < s->n;
			p->weights[R + i] = p->graded[R + i] ? (float)answer_weight : 1;
		}
		p->len[k] = rows;
		p->sentence[k] = list[k];
		R += rows;
	}
	p->b = (struct ct_batch){ .n = k, .len = p->len, .R = R, .tokens = p->tokens, .targets = p->targets,
		.weights = p->weights, .graded = p->graded };
	return k;
}

int
ct_pack_add_noise(struct ct_pack *p, int n, int D, struct ct_error *err)
{
	size_t wide = (size_t)p->max_rows * (size_t)D;

	p->n_noise = n;
	p->noise_width = D;
	p->noise = ct_arena_need(&p->arena, (size_t)n * wide, sizeof *p->noise, "noise of a batch", err);
	return p->noise ? CT_OK : CT_ENOMEM;
}

void
ct_pack_draw(struct ct_pack *p, const uint32_t *seeds, double size)
{
	float *sign = p->signs, width = (float)(2 * sqrt(3) * size);	/* of an interval with that rms */
	size_t R = (size_t)p->b.R, D = (size_t)p->noise_width, row = 0;

	for (int i = 0; i < p->b.n; row += (size_t)p->len[i++]) {
		struct ct_rng rng;

		ct_rng_seed(&rng, seeds[i], 4);
		for (int t = 0; t < p->len[i]; t++)
			*sign++ = ct_rng_u32(&rng) & 1 ? 1 : -1;
		for (int k = 0; k < p->n_noise; k++) {
			float *x = p->noise + ((size_t)k * R + row) * D;

			for (size_t d = 0; d < (size_t)p->len[i] * D; d++)
				x[d] = width * (ct_rng_uniform(&rng) - .5f);
		}
	}
	p->b.signs = p->signs;
	p->b.noise = p->noise;
}

int
ct_pack_answer(const struct ct_pack *p, const struct ct_corpus *c, int i)
{
	const struct ct_sentence *s = &c->sentences[p->sentence[i]];
	int row = 0;

	if (s->answer < 0 || s->answer >= p->len[i])
		return -1;
	for (int k = 0; k < i; k++)
		row += p->len[k];
	return row + s->answer;
}
