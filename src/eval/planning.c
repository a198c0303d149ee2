/* planning: see planning.h. */
#include "eval/planning.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/random.h"
#include "eval/held_out.h"
#include "eval/means.h"
#include "math/kernels.h"
#include "trace/generate.h"
#include "trace/intervene.h"
#include "trace/prompt.h"

struct result {
	int n, own;
	int other[CT_PLANNING_MOVED][CT_INTERCHANGE_STRENGTHS],
	    word[CT_PLANNING_MOVED][CT_INTERCHANGE_STRENGTHS];
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	/* (words) the value of sentences that plan this word; -1: none does in training */
	int *about;
	bool *plans;		/* (row of means) features labelled as plans */
	struct ct_means means;	/* one group per word */
	int longest;		/* tokens after a plan, at most */
	struct ct_held_out at;	/* a result for each */
	int others;
};

static bool
has_plan(const struct ct_sentence *s)
{
	return s->plan >= 0 && s->plan_at > 0 && s->plan_at + 1 < s->n && s->about >= 0;
}

static int
collect_means(struct job *j, const struct ct_activity *activity, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	int *group = malloc(((size_t)c->n_tokens + 1) * sizeof *group), i, code;

	if (!group)
		return ct_fail_memory(err, (size_t)c->n_tokens * sizeof *group, "planned words");
	for (i = 0; i < c->n_tokens; i++)
		group[i] = -1;
	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (!has_plan(s))
			continue;
		j->longest = s->n - s->plan_at - 1 > j->longest ? s->n - s->plan_at - 1 : j->longest;
		if (!s->held_out) {
			group[s->first + s->plan_at] = s->plan;
			j->about[s->plan] = s->about;
		}
	}
	code = ct_means_collect(&j->means, j->tc, c, activity, group, c->n_words, err);
	free(group);
	return code;
}

/* Finds the features that the cards' labels call plans. */
static int
find_plans(struct job *j, const struct ct_feature_labels *labels, struct ct_error *err)
{
	const struct ct_means *means = &j->means;
	size_t n = means->first[j->tc->L];

	j->plans = calloc(n + 1, sizeof *j->plans);
	if (!j->plans)
		return ct_fail_memory(err, n * sizeof *j->plans, "labels");
	for (int l = 0; l < j->tc->L; l++)
		for (int f = 0; f < j->tc->layers[l].F; f++) {
			int label = ct_feature_label(labels, l, f);

			j->plans[means->first[l] + (size_t)f] =
			    label >= 0 && ct_label_plans(j->c->labels[label]);
		}
	return CT_OK;
}

/*
 * Whether the written tokens are how a sentence about this value continues from its plan, to this word (-1:
 * to any).
 */
static bool
fits(const struct ct_corpus *c, int about, int word, const int *written)
{
	int i;

	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		const int *rest = c->tokens + s->first + s->plan_at + 1;

		if (has_plan(s) && s->about == about && (word < 0 || s->plan == word) &&
		    memcmp(rest, written, (size_t)(s->n - s->plan_at - 1) * sizeof *rest) == 0)
			return true;
	}
	return false;
}

/*
 * Generates the likeliest tokens after the prompt, as many as the longest continuation has, under clamps
 * within the prompt.
 */
static int
write_on(const struct job *j, const struct ct_prompt *p, const struct ct_clamp *clamps, int n, int *written,
    struct ct_arena *a, struct ct_error *err)
{
	static const struct ct_clamp_options how = { .mode = CT_FREE, .through = CT_MODEL };
	struct ct_changed changed;
	struct ct_clamp_sites sites;
	struct ct_generator g;
	int i, code = ct_clamp_sites_init(&sites, &p->lrm, clamps, n, a, err);

	if (code == CT_OK)
		code = ct_intervene(&changed, &p->lrm, &sites, &how, a, err);
	if (code == CT_OK)
		code = ct_generator_init(&g, &p->lrm, j->longest,
		    &(struct ct_generator_start){ changed.k, changed.v,
		    changed.final + (size_t)(p->T - 1) * (size_t)j->m->cfg.D, NULL, 0 }, a, err);
	for (i = 0; i < j->longest && code == CT_OK; i++) {
		written[i] = ct_likeliest(j->m->cfg.V, ct_generator_logits(&g));
		if (i + 1 < j->longest)
			code = ct_generator_push(&g, written[i], err);
	}
	return code;
}

/* One word for another, in all ways. clamps: room for a row of means. */
/* Room for what one sentence needs, used again and again. */
struct room {
	struct ct_clamp *clamps;	/* (features of the model) */
	int *written;			/* (longest) tokens */
};

static int
try_word(const struct job *j, const struct ct_prompt *p, int from, int to, const struct room *room,
    struct ct_arena *a, struct result *r, struct ct_error *err)
{
	int moved, k, i, n, code = CT_OK;

	for (moved = 0; moved < CT_PLANNING_MOVED; moved++) {
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS && code == CT_OK; k++) {
			struct ct_arena_mark mark = ct_arena_mark(a);

			n = ct_means_difference(&j->means, from, to, 1, p->T - 1,
			    moved == CT_PLANNING_LABELLED ? j->plans : NULL, room->clamps);
			for (i = 0; i < n; i++)
				room->clamps[i].amount *= ct_interchange_strengths[k];
			code = write_on(j, p, room->clamps, n, room->written, a, err);
			if (code == CT_OK) {
				r->other[moved][k] += fits(j->c, j->about[to], -1, room->written);
				r->word[moved][k] += fits(j->c, j->about[to], to, room->written);
			}
			ct_arena_release(a, mark);
		}
	}
	return code;
}

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	const struct ct_sentence *s = &j->c->sentences[j->at.sentences[item]];
	struct result *r = (struct result *)j->at.results + item;
	struct ct_prompt *p;
	struct ct_rng rng;
	struct room room;
	int *others, n = 0, i, code;

	(void)worker;
	if (!has_plan(s) || j->about[s->plan] < 0)
		return CT_OK;
	others = ct_arena_need(a, (size_t)j->c->n_words, sizeof *others, "words", err);
	room.written = ct_arena_need(a, (size_t)j->longest, sizeof *room.written, "a line", err);
	room.clamps = ct_arena_need(a, j->means.first[j->tc->L], sizeof *room.clamps, "clamps", err);
	if (!others || !room.written || !room.clamps)
		return CT_ENOMEM;
	code = ct_prompt_run(&p, j->m, j->tc, j->c->tokens + s->first, s->plan_at + 1, a, NULL, err);
	if (code == CT_OK)
		code = write_on(j, p, NULL, 0, room.written, a, err);
	if (code != CT_OK)
		return code;
	for (i = 0; i < j->c->n_words; i++)
		if (j->about[i] >= 0 && j->about[i] != s->about)
			others[n++] = i;
	ct_rng_seed(&rng, 1, (uint64_t)item);
	ct_rng_shuffle(&rng, others, n);
	r->n = n < j->others ? n : j->others;
	r->own = fits(j->c, s->about, -1, room.written) ? r->n : 0;
	for (i = 0; i < r->n && code == CT_OK; i++)
		code = try_word(j, p, s->plan, others[i], &room, a, r, err);
	return code;
}

static void
add_up(struct ct_planning_figures *out, const struct result *r, int n)
{
	double other, word, own = 0;
	int i, k, moved;

	*out = (struct ct_planning_figures){ 0 };
	for (i = 0; i < n; i++) {
		out->n += r[i].n;
		own += r[i].own;
	}
	out->own = out->n > 0 ? own / out->n : NAN;
	for (moved = 0; moved < CT_PLANNING_MOVED; moved++) {
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
			other = word = 0;
			for (i = 0; i < n; i++) {
				other += r[i].other[moved][k];
				word += r[i].word[moved][k];
			}
			out->other[moved][k] = out->n > 0 ? other / out->n : NAN;
			out->word[moved][k] = out->n > 0 ? word / out->n : NAN;
		}
	}
}

int
ct_planning_measure(struct ct_planning_figures *out, const struct ct_subject *subject,
    const struct ct_activity *activity, int others, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_corpus *c = subject->c;
	struct job j = { .m = subject->m, .tc = subject->tc, .c = c, .others = others };
	int code = ct_held_out_open(&j.at, c, 0, sizeof(struct result), err);

	if (code < 0)
		goto done;
	j.about = malloc(((size_t)c->n_words + 1) * sizeof *j.about);
	if (!j.about) {
		code = ct_fail_memory(err, (size_t)c->n_words * sizeof *j.about, "figures");
		goto done;
	}
	for (int i = 0; i < c->n_words; i++)
		j.about[i] = -1;
	code = collect_means(&j, activity, err);
	if (code != CT_OK)
		goto done;
	code = find_plans(&j, subject->labels, err);
	if (code == CT_OK)
		code = ct_parallel_run(job, j.at.n, measure_sentence, &j, "plans", err);
	if (code == CT_OK)
		add_up(out, j.at.results, j.at.n);
done:
	ct_means_free(&j.means);
	free(j.plans);
	free(j.about);
	ct_held_out_free(&j.at);
	return code;
}
