/* schedule: see schedule.h. */
#include "trace/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
active_of(const struct ct_local_model *lrm, const struct ct_target *t)
{
	return ct_local_model_active(lrm, t->layer, t->pos, t->index);
}

struct ct_row
ct_feature_row(const struct ct_active *f)
{
	return (struct ct_row){ .target = { .kind = CT_TARGET_FEATURE, .layer = f->layer, .pos = f->pos,
		.index = f->feature, .other = -1 } };
}

struct candidate {
	double influence;
	int active;
};

static int
by_influence(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->influence != b->influence)
		return a->influence > b->influence ? -1 : 1;
	return a->active < b->active ? -1 : 1;
}

/* The influence of every active feature, by the rows so far, from the outputs down. */
static int
known_influence(const struct ct_schedule *s, double *influence, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_local_model *lrm = s->lrm;
	int T = lrm->T;

	memset(influence, 0, (size_t)lrm->n * sizeof *influence);
	for (int k = 0, next = lrm->n, rows = 0; k < s->n_targets || next > 0;) {
		const struct ct_row *row;
		double flow;

		if (k < s->n_targets) {
			flow = (double)s->weight[k];
			row = &s->rows[k++];
		} else {
			next--;
			if (s->row_of[next] < 0)
				continue;
			row = &s->rows[s->row_of[next]];
			/* A feature that a clamp set has no inputs, so influence ends there. */
			flow = lrm->active[next].set ? 0 : influence[next];
		}
		if (rows++ % CT_ASK_ROWS == 0 && !ct_job_go_on(job, "choice of nodes", rows, s->n_rows))
			return ct_fail(err, CT_ECANCELLED, "choice of nodes cancelled");
		if (flow == 0 || row->total == 0)
			continue;
		flow /= row->total;
		for (int t = lrm->pass->start; t <= row->target.pos; t++) {
			const float *edge = row->edges +
			    ct_layout_at(&s->layout, CT_NODE_FEATURE, row->target.layer, t);

			for (int l = 0; l < row->target.layer; l++)
				for (int i = lrm->first[l * T + t]; i < lrm->first[l * T + t + 1]; i++)
					influence[i] += flow * fabs((double)*edge++);
		}
	}
	return CT_OK;
}

/* Appends the features of the next round: all, or those with the most influence so far. */
static int
choose(struct ct_schedule *s, int *n_rows, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_local_model *lrm = s->lrm;
	int batch = s->most / 16 > 256 ? s->most / 16 : 256, n = 0, code;
	struct ct_arena tmp = { 0 };
	double *influence = ct_arena_need(&tmp, (size_t)lrm->n, sizeof *influence, "influence", err);
	struct candidate *list = ct_arena_need(&tmp, (size_t)lrm->n, sizeof *list, "influence", err);

	*n_rows = s->n_rows;
	code = influence && list ? CT_OK : CT_ENOMEM;
	if (code == CT_OK && s->most < lrm->n)
		code = known_influence(s, influence, job, err);
	for (int i = 0; i < lrm->n && code == CT_OK; i++)
		if (s->row_of[i] < 0)
			list[n++] = (struct candidate){ influence[i], i };
	if (code == CT_OK && s->most < lrm->n) {
		qsort(list, (size_t)n, sizeof *list, by_influence);
		n = n < batch ? n : batch;
	}
	for (int i = 0; i < n && *n_rows - s->n_targets < s->most; i++)
		s->rows[(*n_rows)++] = ct_feature_row(&lrm->active[list[i].active]);
	ct_arena_free(&tmp);
	return code;
}

static double
weight_of(const void *ctx, const struct ct_row *row)
{
	const struct ct_schedule *s = ctx;

	return s->influence[active_of(s->lrm, &row->target)];
}

static int
begin_round(struct ct_schedule *s, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_rows rows = { .row = s->rows + s->n_rows, .edges = a };
	int n_rows, code = choose(s, &n_rows, job, err);

	rows.n = n_rows - s->n_rows;
	if (code == CT_OK)
		code = ct_attribution_begin(&s->under_way, s->lrm, &s->layout, &rows,
		    ct_pool_threads(ct_job_pool(job)), &s->round, err);
	if (code < 0) {
		ct_arena_free(&s->round);
		return code;
	}
	/* Attribution has reordered the rows, so their places are known only now. */
	for (int i = s->n_rows; i < n_rows; i++)
		s->row_of[active_of(s->lrm, &s->rows[i].target)] = i;
	s->n_rows = n_rows;
	return CT_OK;
}

bool
ct_schedule_done(const struct ct_schedule *s)
{
	return !s->under_way && s->n_rows == s->n_targets + s->most;
}

int
ct_schedule_run(struct ct_schedule *s, double until, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	int code = CT_OK;

	while (code == CT_OK && !ct_schedule_done(s)) {
		if (!s->under_way && (code = begin_round(s, a, job, err)) < 0)
			break;
		if (s->influence)
			ct_attribution_order(s->under_way, weight_of, s);
		code = ct_attribution_run(s->under_way, until, job, err);
		if (!ct_attribution_done(s->under_way))
			break;
		s->under_way = NULL;
		ct_arena_free(&s->round);
	}
	return code;
}

/* The rows of the targets, in the order in which they are computed. */
static int
attribute_targets(struct ct_schedule *s, const struct ct_target *targets, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err)
{
	int n = s->n_targets, code;

	for (int i = 0; i < n; i++) {
		struct ct_target *t = &s->rows[i].target;

		*t = targets[i];
		if (t->kind != CT_TARGET_FEATURE)
			t->layer = s->lrm->m->cfg.L;
		if (t->kind != CT_TARGET_DIFFERENCE)
			t->other = CT_VOCAB_MEAN;
	}
	if (!s->bare && (code = ct_attribute(s->lrm, &s->layout, s->rows, n, a, job, err)) < 0)
		return code;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++)
			if (ct_target_same(&s->rows[k].target, &targets[i])) {
				s->target_row[i] = k;
				s->weight[k] = targets[i].weight;
			}
	return CT_OK;
}

int
ct_schedule_init(struct ct_schedule *s, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int most = max_features < 0 ? 0 : lrm->n < max_features ? lrm->n : max_features, code;

	*s = (struct ct_schedule){ .lrm = lrm, .n_rows = n, .n_targets = n, .most = most,
		.bare = max_features < 0 };
	s->rows = ct_arena_need(&s->own, (size_t)n + most, sizeof *s->rows, "rows", err);
	s->row_of = ct_arena_need(&s->own, (size_t)lrm->n, sizeof *s->row_of, "rows", err);
	s->target_row = ct_arena_need(&s->own, (size_t)n, sizeof *s->target_row, "targets", err);
	s->weight = ct_arena_need(&s->own, (size_t)n, sizeof *s->weight, "targets", err);
	if (!s->rows || !s->row_of || !s->target_row || !s->weight)
		return CT_ENOMEM;
	for (int i = 0; i < lrm->n; i++)
		s->row_of[i] = -1;
	if ((code = ct_attribution_layout(&s->layout, lrm, a, err)) < 0)
		return code;
	return attribute_targets(s, targets, a, job, err);
}

void
ct_schedule_free(struct ct_schedule *s)
{
	ct_arena_free(&s->round);
	ct_arena_free(&s->own);
}
