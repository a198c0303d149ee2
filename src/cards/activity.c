/* activity: see activity.h. */
#include "cards/activity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "model/transformer.h"
#include "trace/replacement.h"

enum { CHUNK = 16 };	/* sentences whose activations are kept in one list */

struct entry {
	int feature, token;
	float act;
};

struct entries {
	struct entry *list;
	size_t n, room;
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	struct entries *found;		/* (chunks, L) */
};

int
ct_activity_check(const struct ct_model *m, const struct ct_corpus *c, struct ct_error *err)
{
	int i;

	if (c->n_words != m->cfg.V)
		return ct_fail(err, CT_EINVAL,
		    "the corpus has %d words, the model %d: it learned from another corpus",
		    c->n_words, m->cfg.V);
	for (i = 0; i < c->n_sentences; i++) {
		if (c->sentences[i].n > m->cfg.context)
			return ct_fail(err, CT_EINVAL,
			    "sentence %d of the corpus has %d tokens, but the context holds %d", i,
			    c->sentences[i].n, m->cfg.context);
	}
	return CT_OK;
}

static bool
keep(struct entries *e, int feature, int token, float act)
{
	struct entry *grown;

	if (e->n == e->room) {
		e->room = e->room == 0 ? 256 : 2 * e->room;
		grown = realloc(e->list, e->room * sizeof *grown);
		if (!grown)
			return false;
		e->list = grown;
	}
	e->list[e->n++] = (struct entry){ .feature = feature, .token = token, .act = act };
	return true;
}

/* found: (L) lists that the sentence's activations are added to. */
static int
run_sentence(const struct job *j, const struct ct_sentence *s, struct ct_arena *a, struct entries *found,
    struct ct_error *err)
{
	const struct ct_model *m = j->m;
	const struct ct_transcoder *tc = j->tc;
	struct ct_pass p;
	size_t rows, step = (size_t)s->n * (size_t)m->cfg.D;
	float *scratch, *read, *pre;
	int l, t, f, F, code = ct_pass_init(&p, m, s->n, a, err);

	if (code != CT_OK)
		return code;
	scratch = ct_arena_alloc(a, ct_layer_scratch(m, s->n), sizeof *scratch);
	read = ct_arena_alloc(a, step, sizeof *read);
	/* one more row, which is scratch */
	pre = ct_arena_alloc(a, (size_t)(s->n + 1) * (size_t)tc->F, sizeof *pre);
	if (!scratch || !read || !pre)
		return ct_fail_memory(err, a->peak, "the activations of a sentence");
	code = ct_forward(&p, j->c->tokens + s->first, scratch, NULL, err);
	if (code != CT_OK)
		return code;
	for (l = 0; l < tc->L; l++) {
		F = tc->layers[l].F;
		rows = (size_t)l * step;
		ct_read_stream(
		    m, tc, s->n, p.mid + rows, p.mlp_in + rows, p.scale2 + (size_t)l * (size_t)s->n, read);
		ct_transcoder_encode(tc, l, s->n, read, pre);
		for (t = ct_sentence_start(s); t < s->n; t++) {
			float *row = pre + (size_t)t * (size_t)F;

			ct_transcoder_activate(tc, l, row, row, pre + (size_t)s->n * (size_t)F);
			for (f = 0; f < F; f++) {
				if (row[f] != 0 && !keep(&found[l], f, s->first + t, row[f]))
					return ct_fail_memory(err, a->peak, "the activations of a sentence");
			}
		}
	}
	return CT_OK;
}

static int
run_chunk(void *ctx, int chunk, int worker, struct ct_arena *scratch, struct ct_error *err)
{
	const struct job *j = ctx;
	int i, end = (chunk + 1) * CHUNK < j->c->n_sentences ? (chunk + 1) * CHUNK : j->c->n_sentences;

	(void)worker;
	for (i = chunk * CHUNK; i < end; i++) {
		struct ct_arena_mark mark = ct_arena_mark(scratch);

		int code = run_sentence(j, &j->c->sentences[i], scratch,
		    &j->found[(size_t)chunk * (size_t)j->tc->L], err);

		if (code != CT_OK)
			return code;
		ct_arena_release(scratch, mark);
	}
	return CT_OK;
}

/* A counting sort by feature. Chunks are in the order of the corpus, so the tokens of each feature ascend. */
static int
sort_layer(struct ct_activity_layer *out, const struct job *j, int l, int chunks, struct ct_error *err)
{
	size_t n = 0, i, *next = NULL;
	int chunk, f, F = j->tc->layers[l].F;
	const struct entries *e;

	out->F = F;
	out->start = calloc((size_t)F + 1, sizeof *out->start);
	next = calloc((size_t)F + 1, sizeof *next);
	if (!out->start || !next)
		goto fail;
	for (chunk = 0; chunk < chunks; chunk++) {
		e = &j->found[(size_t)chunk * (size_t)j->tc->L + (size_t)l];
		n += e->n;
		for (i = 0; i < e->n; i++)
			out->start[e->list[i].feature + 1]++;
	}
	for (f = 0; f < F; f++) {
		out->start[f + 1] += out->start[f];
		next[f] = out->start[f];
	}
	out->tokens = malloc((n + 1) * sizeof *out->tokens);
	out->acts = malloc((n + 1) * sizeof *out->acts);
	if (!out->tokens || !out->acts)
		goto fail;
	for (chunk = 0; chunk < chunks; chunk++) {
		e = &j->found[(size_t)chunk * (size_t)j->tc->L + (size_t)l];
		for (i = 0; i < e->n; i++) {
			size_t at = next[e->list[i].feature]++;

			out->tokens[at] = e->list[i].token;
			out->acts[at] = e->list[i].act;
		}
	}
	free(next);
	return CT_OK;
fail:
	free(next);
	return ct_fail_memory(err, (n + (size_t)F) * sizeof *next, "activations");
}

int
ct_activity_collect(struct ct_activity **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_job *job, struct ct_error *err)
{
	struct job j = { .m = m, .tc = tc, .c = c };
	struct ct_activity *a = NULL;
	int chunks = (c->n_sentences + CHUNK - 1) / CHUNK, i;
	int code = ct_activity_check(m, c, err);

	*out = NULL;
	if (code == CT_OK && tc->act == CT_TC_BATCHTOPK)
		code = ct_fail(err, CT_EUNSUPPORTED, "a BatchTopK has no activations over a corpus, "
		    "because they depend on the batch; convert it to JumpReLU");
	if (code != CT_OK)
		return code;
	j.found = calloc((size_t)chunks * (size_t)tc->L + 1, sizeof *j.found);
	a = calloc(1, sizeof *a);
	if (a)
		a->layers = calloc((size_t)tc->L, sizeof *a->layers);
	if (!j.found || !a || !a->layers) {
		code = ct_fail_memory(err, (size_t)chunks * (size_t)tc->L * sizeof *j.found, "activations");
		goto fail;
	}
	code = ct_parallel_run(job, chunks, run_chunk, &j, "activations", err);
	if (code != CT_OK)
		goto fail;
	a->L = tc->L;
	a->n_positions = c->n_tokens;
	for (i = 0; i < c->n_sentences; i++)
		a->n_tokens += c->sentences[i].n - ct_sentence_start(&c->sentences[i]);
	for (i = 0; i < tc->L && code == CT_OK; i++)
		code = sort_layer(&a->layers[i], &j, i, chunks, err);
	if (code == CT_OK) {
		*out = a;
		a = NULL;
	}
fail:
	for (i = 0; j.found && i < chunks * tc->L; i++)
		free(j.found[i].list);
	free(j.found);
	ct_activity_free(a);
	return code;
}

void
ct_activity_free(struct ct_activity *a)
{
	int l;

	if (!a)
		return;
	for (l = 0; l < a->L; l++) {
		free(a->layers[l].start);
		free(a->layers[l].tokens);
		free(a->layers[l].acts);
	}
	free(a->layers);
	free(a);
}

struct ct_together
ct_activity_together(const struct ct_activity *x, int layer_a, int a, int layer_b, int b)
{
	const struct ct_activity_layer *p = &x->layers[layer_a], *q = &x->layers[layer_b];
	size_t i = p->start[a], j = q->start[b];
	struct ct_together t = { 0 };

	while (i < p->start[a + 1] && j < q->start[b + 1])
		if (p->tokens[i] < q->tokens[j])
			i++;
		else if (p->tokens[i] > q->tokens[j])
			j++;
		else {
			t.n++;
			t.sum += (double)q->acts[j++];
			i++;
		}
	return t;
}
