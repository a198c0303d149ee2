/* replacement: see replacement.h. */
#include "trace/replacement.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "model/neurons.h"

/* Encodes all positions of a layer: pre and act (T,F). */
static void
encode_layer(
    const struct ct_transcoder *tc, int l, int T, const float *read, float *pre, float *act, float *scratch)
{
	int F = tc->layers[l].F;

	ct_transcoder_encode(tc, l, T, read, pre);
	for (int t = 0; t < T; t++)
		ct_transcoder_activate(tc, l, pre + (size_t)t * F, act + (size_t)t * F, scratch);
}

/* y (T,D) = b_dec + W_skip read, the part of the output that no feature writes; at BOS only the skip path. */
static void
start_output(const struct ct_transcoder *tc, int l, int start, int T, const float *read, float *y)
{
	int D = tc->D;

	memset(y, 0, (size_t)start * D * sizeof *y);
	for (int t = start; t < T; t++)
		memcpy(y + (size_t)t * D, ct_transcoder_offset(tc, l), (size_t)D * sizeof *y);
	ct_skip_frozen(tc, l, T, read, y);
}

/* The decoder rows of all outputs; bad: an active feature whose row is not finite. */
struct gather {
	struct ct_local_model *lrm;
	atomic_int bad;
	const struct ct_job *job;	/* asked by the calling thread before each of its tasks */
	atomic_bool cancelled;
};

/* The rows of output m at t, read and scaled; returns an active feature whose row is not finite, or -1. */
static int
gather_rows(const struct ct_local_model *lrm, int m, int t, float *row)
{
	const struct ct_transcoder *tc = lrm->tc;
	int T = lrm->T, D = tc->D, bad = -1;

	for (int l = tc->kind == CT_CLT ? 0 : m; l <= m; l++)
		for (int i = lrm->first[l * T + t]; i < lrm->first[l * T + t + 1]; i++, row += D) {
			ct_transcoder_decoder_row(tc, l, lrm->active[i].feature, m, row);
			if (!tc->allow_nonfinite && !ct_all_finite(D, row))
				bad = i;
			ct_write_frozen(lrm->pass, tc, m, t, row, row);
			for (int d = 0; d < D; d++)
				row[d] *= lrm->active[i].act;
		}
	return bad;
}

static void
gather_cell(void *ctx, int task, int worker)
{
	struct gather *g = ctx;
	const struct ct_local_model *lrm = g->lrm;
	int bad;

	if (worker == 0 && !atomic_load(&g->cancelled) &&
	    !ct_job_go_on(g->job, "decoders", task, (long)lrm->tc->L * lrm->T))
		atomic_store(&g->cancelled, true);
	if (atomic_load(&g->cancelled))
		return;
	bad = gather_rows(lrm, task / lrm->T, task % lrm->T, lrm->dec[task]);
	if (bad >= 0)
		atomic_store(&g->bad, bad);
}

static int
check_rows(const struct ct_local_model *lrm, int bad, struct ct_error *err)
{
	return bad < 0 ? CT_OK : ct_transcoder_check_rows(lrm->tc, lrm->active[bad].layer,
	    lrm->active[bad].feature, err);
}

const float *
ct_local_model_decoders(const struct ct_local_model *lrm, int m, int t, float *tmp)
{
	if (lrm->dec[m * lrm->T + t])
		return lrm->dec[m * lrm->T + t];
	gather_rows(lrm, m, t, tmp);
	return tmp;
}

/*
 * Whether there is memory to keep the rows of all outputs. If not, they are computed again for each use, with
 * the same values.
 */
static bool
can_keep(const struct ct_local_model *lrm)
{
	const unsigned long long little = 64ull << 20, much = 512ull << 20;
	unsigned long long need = 0;

	for (int i = 0; i < lrm->tc->L * lrm->T; i++)
		need += (unsigned long long)lrm->dec_n[i] * lrm->tc->D * sizeof(float);
	return need <= little || (need <= much && need <= ct_memory_available() / 2);
}

static int
gather_decoders(struct ct_local_model *lrm, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_transcoder *tc = lrm->tc;
	int T = lrm->T, L = tc->L;
	struct gather g = { .lrm = lrm, .job = job };

	atomic_init(&g.bad, -1);
	atomic_init(&g.cancelled, false);
	lrm->dec_most = 0;
	for (int i = 0; i < L * T; i++) {
		int m = i / T, t = i % T;

		lrm->dec_n[i] = 0;
		for (int l = tc->kind == CT_CLT ? 0 : m; l <= m; l++)
			lrm->dec_n[i] += lrm->first[l * T + t + 1] - lrm->first[l * T + t];
		lrm->dec_most = lrm->dec_n[i] > lrm->dec_most ? lrm->dec_n[i] : lrm->dec_most;
	}
	if (!can_keep(lrm))
		return CT_OK;
	lrm->dec_most = 0;
	for (int i = 0; i < L * T; i++) {
		lrm->dec[i] = ct_arena_need(a, (size_t)lrm->dec_n[i] * tc->D, sizeof(float), "decoder rows",
		    err);
		if (!lrm->dec[i])
			return CT_ENOMEM;
	}
	ct_pool_run(ct_job_pool(job), L * T, gather_cell, &g);
	if (atomic_load(&g.cancelled))
		return ct_fail(err, CT_ECANCELLED, "prompt cancelled");
	return check_rows(lrm, atomic_load(&g.bad), err);
}

/*
 * What the neurons of a layer write that are not features of the graph; it takes the place of the error. It
 * is computed without the MLP's output, so that the self-check compares the two. act (T,F): scratch for
 * activations.
 */
static void
write_left_out(struct ct_local_model *lrm, int l, float *act)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, D = m->cfg.D, F = m->cfg.mlp, start = lrm->pass->start;
	float *error = lrm->error + (size_t)l * T * D;

	ct_transcoder_encode(lrm->tc, l, T, lrm->read + (size_t)l * T * D, act);
	memset(act, 0, (size_t)start * F * sizeof *act);
	for (int i = lrm->first[l * T]; i < lrm->first[(l + 1) * T]; i++)
		act[(size_t)lrm->active[i].pos * F + lrm->active[i].feature] = 0;
	ct_neurons_write(m, l, T, act, error);
	for (int t = start; t < T; t++)
		ct_write_frozen(lrm->pass, lrm->tc, l, t, error + (size_t)t * D, error + (size_t)t * D);
}

/* recon and error vectors, from the gathered rows. */
static int
reconstruct(struct ct_local_model *lrm, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_transcoder *tc = lrm->tc;
	int T = lrm->T, D = tc->D, start = lrm->pass->start;
	/* What the left-out neurons write is computed directly, unless activations were frozen. */
	bool own = tc->neurons && !lrm->fixed;
	struct ct_arena tmp = { 0 };
	float *act = ct_arena_need(&tmp, own ? (size_t)T * tc->F : 0, sizeof *act, "activations", err);
	float *tile = ct_arena_need(&tmp, (size_t)lrm->dec_most * D, sizeof *tile, "decoder rows", err);
	int code = act && tile ? CT_OK : CT_ENOMEM;

	if (code < 0)
		goto out;
	for (int l = 0; l < tc->L; l++) {
		float *recon = lrm->recon + (size_t)l * T * D, *error = lrm->error + (size_t)l * T * D;
		const float *out = lrm->pass->mlp_out + (size_t)l * T * D;

		if (!ct_job_go_on(job, "errors", l, tc->L)) {
			code = ct_fail(err, CT_ECANCELLED, "prompt cancelled");
			goto out;
		}
		start_output(tc, l, start, T, lrm->read + (size_t)l * T * D, recon);
		for (int t = 0; t < T; t++)
			ct_write_frozen(lrm->pass, tc, l, t, recon + (size_t)t * D, recon + (size_t)t * D);
		for (int t = start; t < T; t++) {
			const float *row = lrm->dec[l * T + t] ? lrm->dec[l * T + t] : tile;

			if (row == tile && (code = check_rows(lrm, gather_rows(lrm, l, t, tile), err)) < 0)
				goto out;
			for (int i = 0; i < lrm->dec_n[l * T + t]; i++, row += D)
				for (int d = 0; d < D; d++)
					recon[(size_t)t * D + d] += row[d];
		}
		for (int i = 0; i < start * D; i++)
			lrm->constant[(size_t)l * start * D + i] = out[i] - recon[i];
		for (size_t i = (size_t)start * D; i < (size_t)T * D && !own; i++)
			error[i] = out[i] - recon[i];
		if (own)
			write_left_out(lrm, l, act);
	}
out:
	ct_arena_free(&tmp);
	return code;
}

static int
allocate(struct ct_local_model *lrm, const struct ct_transcoder *tc, const struct ct_pass *pass,
    struct ct_arena *a, struct ct_error *err)
{
	const struct ct_model *m = pass->m;
	int T = pass->T, D = m->cfg.D, L = m->cfg.L;
	size_t LTD = (size_t)L * T * D;

	*lrm = (struct ct_local_model){ .m = m, .tc = tc, .pass = pass, .T = T };
	lrm->first = ct_arena_need(a, (size_t)L * T + 1, sizeof *lrm->first, "feature index", err);
	lrm->recon = ct_arena_need(a, LTD, sizeof *lrm->recon, "transcoder outputs", err);
	lrm->error = ct_arena_need(a, LTD, sizeof *lrm->error, "error nodes", err);
	lrm->constant = ct_arena_need(a, (size_t)L * pass->start * D, sizeof *lrm->constant, "constants",
	    err);
	lrm->dec = ct_arena_need(a, (size_t)L * T, sizeof *lrm->dec, "decoder index", err);
	lrm->dec_n = ct_arena_need(a, (size_t)L * T, sizeof *lrm->dec_n, "decoder index", err);
	return lrm->first && lrm->recon && lrm->error && lrm->constant && lrm->dec && lrm->dec_n ? CT_OK :
	    CT_ENOMEM;
}

int
ct_local_model_init(struct ct_local_model *lrm, const struct ct_transcoder *tc, const struct ct_pass *pass,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_model *m = pass->m;
	int T = pass->T, D = m->cfg.D, L = m->cfg.L, code = allocate(lrm, tc, pass, a, err);
	struct ct_active_run run;

	if (code < 0)
		return code;
	/* Most transcoders read what the MLPs read, which the pass has. */
	lrm->read = tc->read == CT_READ_NORM2 ? pass->mlp_in :
	    ct_arena_need(a, (size_t)L * T * D, sizeof *lrm->read, "transcoder inputs", err);
	if (!lrm->read)
		return CT_ENOMEM;
	for (int l = 0; l < L && tc->read != CT_READ_NORM2; l++)
		ct_read_stream(m, tc, T, pass->mid + (size_t)l * T * D, pass->mlp_in + (size_t)l * T * D,
		    pass->scale2 + l * T, lrm->read + (size_t)l * T * D);
	if ((code = ct_transcoder_settle(&tc, tc, T, lrm->read, a, err)) < 0)
		return code;
	lrm->tc = tc;
	run = (struct ct_active_run){ .tc = tc, .T = T, .start = pass->start, .read = lrm->read };
	if ((code = ct_active_find(&lrm->active, &lrm->n, lrm->first, &run, a, job, err)) < 0 ||
	    (code = gather_decoders(lrm, a, job, err)) < 0)
		return code;
	return reconstruct(lrm, job, err);
}

int
ct_local_model_of(struct ct_local_model *lrm, const struct ct_transcoder *tc, const struct ct_local_run *run,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int code = allocate(lrm, tc, run->pass, a, err);

	if (code < 0)
		return code;
	lrm->read = run->read;
	lrm->active = run->active;
	lrm->n = run->n;
	lrm->fixed = run->fixed;
	lrm->replaced = run->replaced;
	lrm->left_out = run->left_out;
	ct_active_index(lrm->first, lrm->active, lrm->n, tc->L, lrm->T);
	if ((code = gather_decoders(lrm, a, job, err)) < 0)
		return code;
	return reconstruct(lrm, job, err);
}

int
ct_local_model_active(const struct ct_local_model *lrm, int layer, int pos, int feature)
{
	const int *first = lrm->first + layer * lrm->T + pos;
	int a = first[0], b = first[1];

	while (a < b) {
		int mid = a + (b - a) / 2;

		if (lrm->active[mid].feature == feature)
			return mid;
		if (lrm->active[mid].feature < feature)
			a = mid + 1;
		else
			b = mid;
	}
	return -1;
}

const float *
ct_local_model_constant(const struct ct_local_model *lrm, int m, int t, float *tmp)
{
	int start = lrm->pass->start;

	if (t < start)
		return lrm->constant + ((size_t)m * start + t) * lrm->m->cfg.D;
	return ct_write_constant(lrm->pass, lrm->tc, m, t, tmp);
}

/* Buffers of the self-check: a stream and its read point (T,D), activations (n), a row (D). */
struct check {
	float *x, *mid, *y, *read, *act, *row, *scratch;
};

/*
 * One layer of the local replacement model's own forward run, from b->x to b->x. Frozen norms are affine here
 * (their biases count), so the value of a stream is original + linear(change): every step adds the linear
 * image of the difference.
 */
static void
check_layer(const struct ct_local_model *lrm, int l, struct check *b)
{
	const struct ct_transcoder *tc = lrm->tc;
	int T = lrm->T, D = tc->D, start = lrm->pass->start;
	size_t TD = (size_t)T * D;
	const float *orig_mid = lrm->pass->mid + l * TD, *orig_x = lrm->pass->x + l * TD;

	for (size_t i = 0; i < TD; i++)
		b->y[i] = b->x[i] - orig_x[i];
	ct_attention_frozen(lrm->pass, l, b->y, b->mid, b->scratch);
	memcpy(b->y, b->mid, TD * sizeof *b->y);
	for (size_t i = 0; i < TD; i++)
		b->mid[i] += orig_mid[i];
	for (int t = 0; t < T; t++) {
		float *read = b->read + (size_t)t * D;

		ct_read_frozen(lrm->pass, tc, l, t, b->y + (size_t)t * D, read);
		for (int d = 0; d < D; d++)
			read[d] += lrm->read[l * TD + (size_t)t * D + d];
	}
	ct_active_local(lrm->pass, tc, l, lrm->active + lrm->first[l * T],
	    lrm->first[(l + 1) * T] - lrm->first[l * T], false, b->read, b->act + lrm->first[l * T]);
	start_output(tc, l, start, T, b->read, b->y);
	for (int t = 0; t < T; t++)
		ct_write_frozen(lrm->pass, tc, l, t, b->y + (size_t)t * D, b->y + (size_t)t * D);
	for (int i = 0; i < start * D; i++)
		b->y[i] += lrm->constant[(size_t)l * start * D + i];
	for (size_t i = (size_t)start * D; i < TD; i++)
		b->y[i] += lrm->error[l * TD + i];
	for (int from = tc->kind == CT_CLT ? 0 : l; from <= l; from++)
		for (int i = lrm->first[from * T]; i < lrm->first[(from + 1) * T]; i++) {
			const struct ct_active *f = &lrm->active[i];

			ct_transcoder_decoder_row(tc, from, f->feature, l, b->row);
			ct_write_frozen(lrm->pass, tc, l, f->pos, b->row, b->row);
			ct_saxpy(D, lrm->fixed || f->set ? f->act : b->act[i], b->row,
			    b->y + (size_t)f->pos * D);
		}
	for (size_t i = 0; i < TD; i++)
		b->x[i] = b->mid[i] + b->y[i];
}

/*
 * The sum of the sizes of all terms of a logit at a position: of the entries of the embedding and of all
 * attention and MLP outputs of the original run, each after the frozen final norm.
 */
static double
summed_into(const struct ct_local_model *lrm, int pos, int token, struct check *b)
{
	const struct ct_model *m = lrm->m;
	const struct ct_pass *p = lrm->pass;
	size_t D = (size_t)m->cfg.D, TD = (size_t)lrm->T * D, at = (size_t)pos * D;
	float *row = b->read;
	double sum = 0;

	ct_unembed_row(m, token, row);
	for (int part = 0; part <= 2 * m->cfg.L; part++) {
		const float *x = p->x + (size_t)(part / 2) * TD + at, *before = NULL;

		if (part % 2 == 1) {		/* attention of layer part / 2 */
			before = x;
			x = p->mid + (size_t)(part / 2) * TD + at;
		} else if (part > 0) {		/* the MLP of the layer before */
			before = p->mid + (size_t)(part / 2 - 1) * TD + at;
		}
		for (size_t d = 0; d < D; d++)
			b->y[d] = before ? x[d] - before[d] : x[d];
		ct_final_frozen(p, pos, b->y, b->row);
		for (size_t d = 0; d < D; d++)
			sum += fabs((double)b->row[d] * (double)row[d]);
	}
	return sum;
}

static double
compare_logits(const struct ct_local_model *lrm, int pos, struct check *b, float *logits)
{
	const struct ct_model *m = lrm->m;
	int D = m->cfg.D, V = m->cfg.V;
	size_t at = (size_t)pos * D;
	const float *last = lrm->pass->x + (size_t)m->cfg.L * lrm->T * D + at, *final = lrm->pass->final + at;
	double worst = 0, summed;
	int which = 0;

	for (int d = 0; d < D; d++)
		b->y[d] = b->x[at + d] - last[d];
	ct_final_frozen(lrm->pass, pos, b->y, b->row);
	for (int d = 0; d < D; d++)
		b->row[d] += final[d];
	ct_unembed(m, 1, b->row, logits);
	ct_unembed(m, 1, final, logits + V);
	for (int i = 0; i < V; i++) {
		double gap = fabs((double)logits[i] - (double)logits[V + i]);

		/* NaN is kept, so that the check fails. */
		if (isnan(gap) || gap > worst) {
			worst = gap;
			which = i;
		}
	}
	summed = summed_into(lrm, pos, which, b);
	return summed > 0 ? worst / summed : worst;
}

int
ct_local_model_check(const struct ct_local_model *lrm, int pos, struct ct_arena *a, double *error,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, L = m->cfg.L, code = CT_OK;
	size_t TD = (size_t)T * m->cfg.D;
	struct ct_arena_mark mark = ct_arena_mark(a);
	struct check b;
	float *logits = ct_arena_need(a, 2 * (size_t)m->cfg.V, sizeof *logits, "self-check", err);
	struct {
		float **to;
		size_t n;
	} table[] = {
		{ &b.x, TD },
		{ &b.mid, TD },
		{ &b.y, TD },
		{ &b.read, TD },
		{ &b.act, (size_t)lrm->n },
		{ &b.row, (size_t)m->cfg.D },
		{ &b.scratch, ct_layer_scratch(m, T) },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table && logits; i++)
		if (!(*table[i].to = ct_arena_need(a, table[i].n, sizeof(float), "self-check", err)))
			logits = NULL;
	if (!logits) {
		ct_arena_release(a, mark);
		return CT_ENOMEM;
	}
	ct_embed(m, T, 0, lrm->pass->ids, b.x);
	for (int l = 0; l < L && code == CT_OK; l++) {
		if (!ct_job_go_on(job, "check", l, L))
			code = ct_fail(err, CT_ECANCELLED, "check cancelled");
		else
			check_layer(lrm, l, &b);
	}
	if (code == CT_OK)
		*error = compare_logits(lrm, pos, &b, logits);
	ct_arena_release(a, mark);
	return code;
}

/* What the features of layer l, act (T,F), write to the outputs (L,T,D) of this layer and later ones. */
static void
write_features(
    const struct ct_transcoder *tc, int l, int start, int T, const float *act, float *row, float *out)
{
	int D = tc->D, F = tc->layers[l].F;

	for (int t = start; t < T; t++)
		for (int f = 0; f < F; f++) {
			float value = act[(size_t)t * F + f];

			for (int to = l; value != 0 && to < l + ct_transcoder_reach(tc, l); to++) {
				ct_transcoder_decoder_row(tc, l, f, to, row);
				ct_saxpy(D, value, row, out + ((size_t)to * T + t) * D);
			}
		}
}

int
ct_replacement_run(const struct ct_transcoder *tc, const struct ct_pass *orig,
    float *final, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_model *m = orig->m;
	int T = orig->T, D = m->cfg.D, L = m->cfg.L, start = orig->start;
	size_t TD = (size_t)T * D;
	struct ct_arena_mark mark = ct_arena_mark(a);
	struct ct_layer_rows rows;
	float *x = ct_arena_need(a, TD, sizeof *x, "replacement run", err);
	float *mid = ct_arena_need(a, TD, sizeof *x, "replacement run", err);
	float *in = ct_arena_need(a, TD, sizeof *x, "replacement run", err);
	float *read = ct_arena_need(a, TD, sizeof *x, "replacement run", err);
	float *out = ct_arena_need(a, L * TD, sizeof *x, "replacement run", err);
	float *row = ct_arena_need(a, (size_t)D, sizeof *x, "replacement run", err);
	float *pre = ct_arena_need(a, (size_t)T * tc->F, sizeof *x, "replacement run", err);
	float *act = ct_arena_need(a, (size_t)T * tc->F, sizeof *x, "replacement run", err);
	float *scratch = ct_arena_need(
	    a, ct_layer_scratch(m, T) + (size_t)tc->F, sizeof *x, "replacement run", err);
	int code = ct_layer_rows_init(&rows, m, 0, T, a, err);

	/* With neurons nothing is replaced. */
	if (tc->neurons) {
		memcpy(final, orig->final, TD * sizeof *final);
		code = CT_OK;
		goto done;
	}
	if (!x || !mid || !in || !read || !out || !row || !pre || !act || !scratch)
		code = CT_ENOMEM;
	if (code < 0)
		goto done;
	ct_embed(m, T, 0, orig->ids, x);
	for (int l = 0; l < L; l++) {
		float *y = out + l * TD;

		ct_layer_attention(m, l, &rows, x, mid, scratch);
		/* Only the read point is needed of the MLP, but norm2 must run on the changed stream. */
		ct_layer_mlp_in(m, l, T, mid, in, rows.scale2);
		ct_read_stream(m, tc, T, mid, in, rows.scale2, read);
		encode_layer(tc, l, T, read, pre, act, scratch);
		write_features(tc, l, start, T, act, row, out);
		start_output(tc, l, start, T, read, in);
		for (size_t i = (size_t)start * D; i < TD; i++)
			y[i] += in[i];
		ct_from_write_point(m, tc, l, T, y, rows.post2);
		/* BOS attends only to itself, so its MLP output is the original one in any case. */
		memcpy(y, orig->mlp_out + l * TD, (size_t)start * D * sizeof *y);
		for (size_t i = 0; i < TD; i++)
			x[i] = mid[i] + y[i];
	}
	ct_final_norm(m, T, x, final, rows.scale2);
done:
	ct_arena_release(a, mark);
	return code;
}
