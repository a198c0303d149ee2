/* interchange_parts: see interchange_parts.h. */
#include "eval/interchange_parts.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "base/random.h"
#include "eval/held_out.h"
#include "eval/means.h"
#include "trace/answer.h"

enum { VALUES = CT_CORPUS_MAX_VALUES };
/* A feature for one of the 17 pairs of tens that make 8 moves by a seventeenth: that is no noise. */
static const float least_share = .02f;

/*
 * A graded sentence whose parts all have values: bits of the list of values, more than one of a part perhaps.
 */
struct whole {
	int sentence, answer;
	uint64_t values;
};

/* A value of a part. */
struct value {
	int part;
	long n;					/* training sentences */
};

struct result {
	int n[CT_CORPUS_MAX_PARTS], given[CT_CORPUS_MAX_PARTS][CT_INTERCHANGE_STRENGTHS];
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	struct ct_means means;		/* of each value, at the answer positions of its training sentences */
	struct value values[VALUES];	/* a part's lie together */
	int n_values;
	int *value_of;			/* (n_labels) -1: none */
	uint64_t part[CT_CORPUS_MAX_PARTS];	/* bits of its values */
	struct whole *wholes;
	int n_wholes;
	const struct whole **of;	/* (n_sentences) or NULL */
	struct ct_held_out at;			/* a result for each */
	int others;
};

static int
collect_values(struct job *j, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	int part, l;

	j->value_of = malloc(((size_t)c->n_labels + 1) * sizeof *j->value_of);
	if (!j->value_of)
		return ct_fail_memory(err, (size_t)c->n_labels * sizeof *j->value_of, "values");
	for (l = 0; l < c->n_labels; l++)
		j->value_of[l] = -1;
	for (part = 0; part < c->n_parts; part++) {
		for (l = 0; l < c->n_labels; l++) {
			if (j->value_of[l] >= 0 || !ct_corpus_fits(c, l, c->parts[part].value))
				continue;
			j->values[j->n_values].part = part;
			j->part[part] |= (uint64_t)1 << j->n_values;
			j->value_of[l] = j->n_values++;
		}
	}
	return CT_OK;
}

static int
collect_wholes(struct job *j, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	int i, k, p, v, at;

	j->wholes = calloc((size_t)c->n_sentences + 1, sizeof *j->wholes);
	j->of = calloc((size_t)c->n_sentences + 1, sizeof(struct whole *));
	if (!j->wholes || !j->of)
		return ct_fail_memory(err, (size_t)c->n_sentences * sizeof *j->wholes, "parts of sentences");
	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		struct whole w = { .sentence = i };

		if (s->answer <= 0 || s->answer + 1 >= s->n)
			continue;
		at = s->first + s->answer;
		w.answer = c->tokens[at + 1];
		for (k = c->label_start[at]; k < c->label_start[at + 1]; k++) {
			if ((v = j->value_of[c->label_of[k]]) >= 0)
				w.values |= (uint64_t)1 << v;
		}
		for (p = 0; p < c->n_parts && (w.values & j->part[p]); p++)
			;
		if (p < c->n_parts)
			continue;
		for (v = 0; v < j->n_values; v++)
			j->values[v].n += !s->held_out && (w.values >> v & 1);
		j->of[i] = &j->wholes[j->n_wholes];
		j->wholes[j->n_wholes++] = w;
	}
	return CT_OK;
}

/* A sentence has values of several parts, so it counts in several means. */
static int
collect_means(struct job *j, const struct ct_activity *activity, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	const struct whole **at = calloc((size_t)c->n_tokens + 1, sizeof(struct whole *));
	int *none = malloc(((size_t)c->n_tokens + 1) * sizeof *none), i, l, f, v, code;
	size_t k, feature = 0;

	if (!at || !none) {
		code = ct_fail_memory(err, (size_t)c->n_tokens * sizeof *at, "answer positions");
		goto done;
	}
	for (i = 0; i < c->n_tokens; i++)
		none[i] = -1;
	code = ct_means_collect(&j->means, j->tc, c, activity, none, j->n_values, err);
	if (code != CT_OK)
		goto done;
	j->means.least = least_share;
	for (i = 0; i < j->n_wholes; i++) {
		const struct ct_sentence *s = &c->sentences[j->wholes[i].sentence];

		if (!s->held_out)
			at[s->first + s->answer] = &j->wholes[i];
	}
	for (l = 0; l < activity->L; l++) {
		const struct ct_activity_layer *a = &activity->layers[l];

		for (f = 0; f < a->F; f++, feature++) {
			for (k = a->start[f]; k < a->start[f + 1]; k++) {
				const struct whole *w = at[a->tokens[k]];

				for (v = 0; w && v < j->n_values; v++) {
					if (w->values >> v & 1)
						j->means.mean[(size_t)v * j->means.first[j->means.L] +
						    feature] +=
						    a->acts[k] / (float)j->values[v].n;
				}
			}
		}
	}
done:
	free(at);
	free(none);
	return code;
}

/* Whether an answer has this value, and a value of own's in all other parts. */
static bool
fits(const struct job *j, int answer, const struct whole *own, int value)
{
	int i, p;

	for (i = 0; i < j->n_wholes; i++) {
		const struct whole *w = &j->wholes[i];

		if (w->answer != answer || !(w->values >> value & 1))
			continue;
		for (p = 0; p < j->c->n_parts; p++) {
			if (p != j->values[value].part && !(w->values & own->values & j->part[p]))
				break;
		}
		if (p == j->c->n_parts)
			return true;
	}
	return false;
}

/* Whether there is an answer that fits. */
static bool
possible(const struct job *j, const struct whole *own, int value)
{
	int i;

	for (i = 0; i < j->n_wholes; i++) {
		if ((j->wholes[i].values >> value & 1) && fits(j, j->wholes[i].answer, own, value))
			return true;
	}
	return false;
}

static int
exchange(const struct job *j, const struct ct_prompt *p, const struct whole *own, int value, struct result *r,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_clamp *clamps = ct_arena_need(a, j->means.first[j->means.L], sizeof *clamps, "clamps", err);
	int n, k, said = -1, part = j->values[value].part, code = clamps ? CT_OK : CT_ENOMEM;
	int from = __builtin_ctzll(own->values & j->part[part]);	/* the first, where it has more */

	if (code != CT_OK || j->values[from].n == 0 || (own->values >> value & 1) ||
	    j->values[value].n == 0 || !possible(j, own, value))
		return code;
	r->n[part]++;
	n = ct_means_difference(&j->means, from, value, 1, j->c->sentences[own->sentence].answer, NULL,
	    clamps);
	for (k = 0; code == CT_OK && k < CT_INTERCHANGE_STRENGTHS; k++) {
		code = ct_answer_clamped(p, clamps, n, ct_interchange_strengths[k], a, &said, err);
		r->given[part][k] += code == CT_OK && fits(j, said, own, value);
	}
	return code;
}

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	const struct whole *own = j->of[j->at.sentences[item]];
	const struct ct_sentence *s = &j->c->sentences[j->at.sentences[item]];
	struct ct_rng rng;
	struct ct_prompt *p;
	int i, part, first, n, code;

	(void)worker;
	if (!own)
		return CT_OK;
	code = ct_prompt_run(&p, j->m, j->tc, j->c->tokens + s->first, s->answer + 1, a, NULL, err);
	ct_rng_seed(&rng, 2, (uint64_t)item);
	for (part = 0, first = 0; part < j->c->n_parts; part++, first += n) {
		n = __builtin_popcountll(j->part[part]);
		for (i = 0; code == CT_OK && i < j->others; i++) {
			struct ct_arena_mark mark = ct_arena_mark(a);

			code = exchange(j, p, own, first + (int)ct_rng_below(&rng, (uint32_t)n),
			    (struct result *)j->at.results + item, a, err);
			ct_arena_release(a, mark);
		}
	}
	return code;
}

static void
add_up(struct ct_interchange_parts_figures *out, const struct job *j)
{
	const struct result *results = j->at.results;
	int i, k, part;

	for (part = 0; part < j->c->n_parts; part++) {
		struct ct_interchange_parts_figures *x = &out[part];

		for (i = 0; i < j->at.n; i++) {
			x->n += results[i].n[part];
			for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
				x->share[k] += results[i].given[part][k];
		}
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
			x->share[k] = x->n > 0 ? x->share[k] / x->n : NAN;
	}
}

int
ct_interchange_parts_measure(struct ct_interchange_parts_figures *out, const struct ct_model *m,
    const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, int others, const struct ct_job *job,
    struct ct_error *err)
{
	struct job j = { .m = m, .tc = tc, .c = c, .others = others };
	int i, code;

	for (i = 0; i < c->n_parts; i++)
		out[i] = (struct ct_interchange_parts_figures){ 0 };
	if (c->n_parts == 0)
		return CT_OK;
	code = ct_held_out_open(&j.at, c, CT_INTERCHANGE_PARTS_SENTENCES, sizeof(struct result), err);
	if (code == CT_OK)
		code = collect_values(&j, err);
	if (code == CT_OK)
		code = collect_wholes(&j, err);
	if (code == CT_OK)
		code = collect_means(&j, activity, err);
	if (code == CT_OK)
		code = ct_parallel_run(job, j.at.n, measure_sentence, &j, "exchanges", err);
	if (code == CT_OK)
		add_up(out, &j);
	ct_means_free(&j.means);
	free(j.value_of);
	free(j.wholes);
	free(j.of);
	ct_held_out_free(&j.at);
	return code;
}
