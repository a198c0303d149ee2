/* intervene: see intervene.h. Where clamps apply is in clamp_sites.c, effects and agreement in effects.c. */
#include "trace/intervene.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "model/maps.h"
#include "model/neurons.h"

/* Buffers of one run; out: for each output layer, the sum of what clamps and changed features write. */
struct buffers {
	float *x, *mid, *in, *read, *mlp; /* (T,D) */
	float *out; /* (L,T,D) */
	bool *wrote; /* (L) */
	struct ct_layer_rows rows;
	struct ct_pass *keep; /* gets everything about the run; NULL: not wanted */
	float *row, *pre, *act, *old, *scratch;
};

static int
make_buffers(struct buffers *b, const struct ct_local_model *lrm, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_config *c = &lrm->m->cfg;
	size_t TD = (size_t)lrm->T * c->D, TF = (size_t)lrm->T * lrm->tc->F;
	struct {
		float **to;
		size_t n;
	} table[] = {
		{ &b->x, TD },
		{ &b->mid, TD },
		{ &b->in, TD },
		{ &b->read, TD },
		{ &b->mlp, TD },
		{ &b->out, c->L * TD },
		{ &b->row, (size_t)c->D },
		{ &b->pre, TF },
		{ &b->act, TF },
		{ &b->old, TF },
		{ &b->scratch, ct_layer_scratch(lrm->m, lrm->T) + (size_t)lrm->tc->F },
	};

	b->keep = NULL;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!(*table[i].to = ct_arena_need(a, table[i].n, sizeof(float), "a clamped run", err)))
			return CT_ENOMEM;
	b->wrote = ct_arena_need(a, (size_t)c->L, sizeof *b->wrote, "a clamped run", err);
	return b->wrote ? ct_layer_rows_init(&b->rows, lrm->m, 0, lrm->T, a, err) : CT_ENOMEM;
}

/* Adds delta * decoder rows of a feature to the output layers it may write to. */
static void
write_on(const struct ct_local_model *lrm, struct buffers *b, int l, int t, int f, float delta, int first,
    int last)
{
	int D = lrm->m->cfg.D, end = l + ct_transcoder_reach(lrm->tc, l);

	if (delta == 0)
		return;
	for (int m = l > first ? l : first; m < end && m <= last; m++) {
		ct_transcoder_decoder_row(lrm->tc, l, f, m, b->row);
		ct_saxpy(D, delta, b->row, b->out + ((size_t)m * lrm->T + t) * D);
		b->wrote[m] = true;
	}
}

/*
 * Whether the read point has changed. If not, a feature's current activation is its original one, bit for
 * bit.
 */
static bool
read_changed(const struct ct_local_model *lrm, const struct buffers *b, int l, int t)
{
	int D = lrm->m->cfg.D;

	return memcmp(b->read + (size_t)t * D, lrm->read + ((size_t)l * lrm->T + t) * D,
		   (size_t)D * sizeof(float)) != 0;
}

static void
clamp_layer(const struct ct_local_model *lrm, struct buffers *b, const struct ct_clamp_sites *s, int l,
    const struct ct_clamp_options *opt)
{
	for (int i = 0; i < s->n; i++) {
		const struct ct_clamp_site *c = &s->site[i];
		float current = c->original;

		if (c->layer != l)
			continue;
		if (opt->mode == CT_RANGE) {
			write_on(lrm, b, l, c->pos, c->feature, c->value - current, opt->first, opt->last);
			continue;
		}
		if (read_changed(lrm, b, l, c->pos))
			current = ct_transcoder_activate_one(lrm->tc, l, c->feature,
			    b->read + (size_t)c->pos * lrm->m->cfg.D, b->pre, b->scratch);
		write_on(lrm, b, l, c->pos, c->feature, c->value - current, 0, lrm->tc->L - 1);
	}
}

/*
 * Through the replacement model: every feature is encoded again, clamped ones take their values, and the
 * changes are written. This applies only above a frozen range (outputs `from` on): inside it only clamps
 * write, so a clamped feature writes nothing here.
 */
static void
replace_layer(const struct ct_local_model *lrm, struct buffers *b, const struct ct_clamp_sites *s, int l,
    int from)
{
	int T = lrm->T, D = lrm->m->cfg.D, F = lrm->tc->layers[l].F;

	memset(b->old, 0, (size_t)T * F * sizeof *b->old);
	for (int i = lrm->first[l * T]; i < lrm->first[(l + 1) * T]; i++)
		b->old[(size_t)lrm->active[i].pos * F + lrm->active[i].feature] = lrm->active[i].act;
	for (int t = lrm->pass->start; t < T; t++) {
		float *act = b->act + (size_t)t * F, *old = b->old + (size_t)t * F;

		if (read_changed(lrm, b, l, t)) {
			ct_transcoder_encode(lrm->tc, l, 1, b->read + (size_t)t * D, b->pre);
			ct_transcoder_activate(lrm->tc, l, b->pre, act, b->scratch);
		} else {
			memcpy(act, old, (size_t)F * sizeof *act);
		}
		for (int i = 0; i < s->n; i++)
			if (s->site[i].layer == l && s->site[i].pos == t)
				act[s->site[i].feature] = from > 0 ? s->site[i].original : s->site[i].value;
		for (int f = 0; f < F; f++)
			write_on(lrm, b, l, t, f, act[f] - old[f], from, lrm->tc->L - 1);
	}
}

static void
add_written(const struct ct_local_model *lrm, const struct buffers *b, int l, float *y)
{
	size_t TD = (size_t)lrm->T * lrm->m->cfg.D;

	if (b->wrote[l])
		for (size_t i = 0; i < TD; i++)
			y[i] += b->out[l * TD + i];
}

/* y += W_skip (read - original read), the open skip path of frozen MLP outputs. */
static void
add_skip(const struct ct_local_model *lrm, struct buffers *b, int l, float *y)
{
	size_t TD = (size_t)lrm->T * lrm->m->cfg.D;

	if (!lrm->tc->skip)
		return;
	for (size_t i = 0; i < TD; i++)
		b->in[i] = b->read[i] - lrm->read[l * TD + i];
	ct_skip_frozen(lrm->tc, l, lrm->T, b->in, y);
}

/* Names the clamp that moves its feature most: that is the one to make smaller. */
static int
fail_infinite(const struct ct_clamp_sites *s, int l, int pos, struct ct_error *err)
{
	const struct ct_clamp_site *c = s->site;

	for (int k = 1; k < s->n; k++)
		if (fabs((double)s->site[k].value - (double)s->site[k].original) >
		    fabs((double)c->value - (double)c->original))
			c = &s->site[k];
	return ct_fail(err, CT_EINVAL,
	    "layer %d's activations at position %d become infinite under L%d#%d@%d=%g: use a smaller "
	    "strength",
	    l, pos, c->layer, c->feature, c->pos, (double)c->value);
}

/* x (T,D) */
static int
check_finite(const struct ct_local_model *lrm, const struct ct_clamp_sites *s, const float *x, int l,
    struct ct_error *err)
{
	int D = lrm->m->cfg.D, all = lrm->T * D, from = s->n ? lrm->T - 1 : 0;

	/*
	 * Clamped positions first, since an infinite value times a pattern's 0 is NaN at earlier positions
	 * too.
	 */
	for (int k = 0; k < s->n; k++)
		from = s->site[k].pos < from ? s->site[k].pos : from;
	for (int n = 0; n < all; n++) {
		int i = (from * D + n) % all;

		if (!isfinite(x[i]))
			return fail_infinite(s, l, i / D, err);
	}
	return CT_OK;
}

/* Where a layer's keys, patterns and scales are kept. */
static void
choose_rows(struct buffers *b, const struct ct_changed *out, const struct ct_local_model *lrm, int l,
    bool frozen)
{
	size_t kv = l * ct_kv_size(lrm->m, lrm->T);

	if (b->keep) {
		b->rows = ct_pass_rows(b->keep, l);
	} else {
		b->rows.k = out->k + kv;
		b->rows.v = out->v + kv;
	}
	b->rows.frozen = frozen ? lrm->pass : NULL;
}

/* What layer l left behind, up to what its MLP and the clamps write at the write point. */
static void
keep_layer(const struct buffers *b, int l, size_t TD)
{
	if (!b->keep)
		return;
	memcpy(b->keep->mid + l * TD, b->mid, TD * sizeof *b->mid);
	memcpy(b->keep->mlp_in + l * TD, b->in, TD * sizeof *b->in);
	memcpy(b->keep->mlp_raw + l * TD, b->mlp, TD * sizeof *b->mlp);
}

/* The modes frozen, free and range. */
static int
run_live(struct ct_changed *out, const struct ct_local_model *lrm, const struct ct_clamp_sites *s,
    const struct ct_clamp_options *opt, struct buffers *b, struct ct_error *err)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, D = m->cfg.D, L = m->cfg.L, start = s->n ? s->site[0].layer : L, code;
	size_t TD = (size_t)T * D;
	/* Neurons are the model's own MLPs, so "through the replacement" is through the model. */
	bool replaced = opt->through == CT_REPLACEMENT && !lrm->tc->neurons;

	/* Below the first clamp nothing can change: the original run's stream, keys and read points hold. */
	memcpy(b->x, lrm->pass->x + start * TD, TD * sizeof *b->x);
	memcpy(out->read, lrm->read, start * TD * sizeof *out->read);
	for (int i = 0; i < lrm->first[start * T]; i++)
		out->pre[i] = lrm->active[i].pre;
	for (int l = start; l < L; l++) {
		bool fixed = opt->mode == CT_RANGE && l >= opt->first && l <= opt->last;

		choose_rows(b, out, lrm, l, opt->mode != CT_FREE);
		ct_layer_attention(m, l, &b->rows, b->x, b->mid, b->scratch);
		ct_layer_mlp(m, l, T, b->mid, b->in, b->rows.scale2, b->mlp, b->scratch);
		ct_to_write_point(m, lrm->tc, l, T, b->mlp, b->rows.post2);
		ct_read_stream(m, lrm->tc, T, b->mid, b->in, b->rows.scale2, b->read);
		memcpy(out->read + l * TD, b->read, TD * sizeof *out->read);
		for (int t = 0; t < T; t++) {
			int begin = lrm->first[l * T + t], end = lrm->first[l * T + t + 1];

			for (int i = begin; i < end; i++)
				out->pre[i] = lrm->active[i].pre;
			if (begin < end && read_changed(lrm, b, l, t))
				ct_active_encode(lrm->tc, l, lrm->active, begin, end, b->read, out->pre);
		}
		if (replaced)
			replace_layer(lrm, b, s, l, opt->mode == CT_RANGE ? opt->last + 1 : 0);
		if (!replaced || opt->mode == CT_RANGE)
			clamp_layer(lrm, b, s, l, opt);
		if (fixed || replaced) {
			memcpy(b->mlp, ct_pass_written(lrm->pass, lrm->tc, l), TD * sizeof *b->mlp);
			add_skip(lrm, b, l, b->mlp);
		}
		add_written(lrm, b, l, b->mlp);
		keep_layer(b, l, TD);
		ct_from_write_point(m, lrm->tc, l, T, b->mlp, b->rows.post2);
		for (size_t i = 0; i < TD; i++)
			b->x[i] = b->mid[i] + b->mlp[i];
		if (b->keep) {
			memcpy(b->keep->mlp_out + l * TD, b->mlp, TD * sizeof *b->mlp);
			memcpy(b->keep->x + (l + 1) * TD, b->x, TD * sizeof *b->x);
		}
		if ((code = check_finite(lrm, s, b->x, l, err)) < 0)
			return code;
	}
	ct_final_norm(m, T, b->x, out->final, b->keep ? b->keep->scale_f : b->rows.scale2);
	return check_finite(lrm, s, out->final, L - 1, err);
}

/*
 * Adds the changes of the stream at layer l to the kept pass: before the layer, after attention, into the
 * MLP.
 */
static void
keep_stream(const struct buffers *b, int l, size_t TD)
{
	struct ct_pass *k = b->keep;
	int D = k->m->cfg.D, T = k->T;

	ct_saxpy((int)TD, 1, b->x, k->x + l * TD);
	ct_saxpy((int)TD, 1, b->mid, k->mid + l * TD);
	for (int t = 0; t < T; t++) {
		ct_mlp_in_frozen(k, l, t, b->mid + (size_t)t * D, b->row);
		ct_saxpy(D, 1, b->row, k->mlp_in + ((size_t)l * T + t) * D);
	}
}

/*
 * What the neurons of a layer write because their input changed, including those that are no features of the
 * graph, but without clamped ones. Their linear maps are those at the pass's MLP input, as for all edges; in
 * a run of direct mode, lrm->read is another point.
 */
static void
write_neurons(const struct ct_local_model *lrm, struct buffers *b, const struct ct_clamp_sites *s, int l)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, F = m->cfg.mlp;
	size_t TD = (size_t)T * m->cfg.D;

	ct_neurons_change(m, l, T, lrm->pass->mlp_in + (size_t)l * TD, b->read, b->act);
	memset(b->act, 0, (size_t)lrm->pass->start * F * sizeof *b->act);
	for (int i = 0; i < s->n; i++)
		if (s->site[i].layer == l)
			b->act[(size_t)s->site[i].pos * F + s->site[i].feature] = 0;
	ct_neurons_write(m, l, T, b->act, b->mlp);
	for (size_t i = 0; i < TD; i++)
		b->out[(size_t)l * TD + i] += b->mlp[i];
	b->wrote[l] = true;
}

/*
 * The frozen linear network on changes of the stream. Only sites (and, when total, moved features) write.
 * dread (L,T,D): change of what the encoders see, or NULL.
 */
static void
run_linear(const struct ct_local_model *lrm, const struct ct_clamp_sites *s, bool total, float *dfinal,
    float *dpre, float *dread, struct buffers *b)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, D = m->cfg.D, L = m->cfg.L;
	size_t TD = (size_t)T * D;

	memset(b->x, 0, TD * sizeof *b->x);
	for (int l = 0; l < L; l++) {
		ct_attention_frozen(lrm->pass, l, b->x, b->mid, b->scratch);
		if (b->keep)
			keep_stream(b, l, TD);
		for (int t = 0; t < T; t++)
			ct_read_frozen(lrm->pass, lrm->tc, l, t, b->mid + (size_t)t * D,
			    b->read + (size_t)t * D);
		if (dread)
			memcpy(dread + l * TD, b->read, TD * sizeof *dread);
		for (int i = 0; i < s->n; i++)
			if (s->site[i].layer == l)
				write_on(lrm, b, l, s->site[i].pos, s->site[i].feature,
				    s->site[i].value - s->site[i].original, 0, L - 1);
		ct_active_local(lrm->pass, lrm->tc, l, lrm->active + lrm->first[l * T],
		    lrm->first[(l + 1) * T] - lrm->first[l * T], true, b->read, dpre + lrm->first[l * T]);
		for (int i = lrm->first[l * T]; i < lrm->first[(l + 1) * T]; i++) {
			const struct ct_active *f = &lrm->active[i];
			bool clamped = ct_clamp_sites_has(s, (struct ct_place){ l, f->pos, f->feature });

			if (total && !clamped && !lrm->tc->neurons)
				write_on(lrm, b, l, f->pos, f->feature, dpre[i], 0, L - 1);
		}
		if (total && lrm->tc->neurons)
			write_neurons(lrm, b, s, l);
		memset(b->mlp, 0, TD * sizeof *b->mlp);
		ct_skip_frozen(lrm->tc, l, T, b->read, b->mlp);
		add_written(lrm, b, l, b->mlp);
		if (b->keep && b->keep->mlp_raw != b->keep->mlp_out)
			ct_saxpy((int)TD, 1, b->mlp, b->keep->mlp_raw + l * TD);
		for (int t = 0; t < T; t++)
			ct_write_frozen(lrm->pass, lrm->tc, l, t, b->mlp + (size_t)t * D,
			    b->mlp + (size_t)t * D);
		if (b->keep)
			ct_saxpy((int)TD, 1, b->mlp, b->keep->mlp_out + l * TD);
		for (size_t i = 0; i < TD; i++)
			b->x[i] = b->mid[i] + b->mlp[i];
	}
	if (b->keep)
		ct_saxpy((int)TD, 1, b->x, b->keep->x + L * TD);
	for (int t = 0; t < T; t++)
		ct_final_frozen(lrm->pass, t, b->x + (size_t)t * D, dfinal + (size_t)t * D);
}

int
ct_predict(const struct ct_local_model *lrm, const struct ct_clamp_sites *s, bool total, float *dfinal,
    float *dpre, struct ct_arena *scratch, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	struct buffers b;
	int code = make_buffers(&b, lrm, scratch, err);

	if (code == CT_OK)
		run_linear(lrm, s, total, dfinal, dpre, NULL, &b);
	/* The linear prediction can overflow where norms keep the real run finite. */
	for (int i = 0; i < lrm->n && code == CT_OK; i++)
		if (!isfinite(dpre[i]))
			code = fail_infinite(s, lrm->active[i].layer, lrm->active[i].pos, err);
	if (code == CT_OK)
		code = check_finite(lrm, s, dfinal, lrm->m->cfg.L - 1, err);
	ct_arena_release(scratch, mark);
	return code;
}

bool
ct_is_direct(const struct ct_clamp_options *opt, int L)
{
	return opt->mode == CT_DIRECT || (opt->mode == CT_RANGE && opt->first == 0 && opt->last == L - 1);
}

/* out's arrays; keep may be NULL. Direct mode computes no keys anew. */
static int
make_changed(struct ct_changed *out, const struct ct_local_model *lrm, struct ct_arena *a,
    struct ct_error *err)
{
	size_t L = (size_t)lrm->m->cfg.L, TD = (size_t)lrm->T * lrm->m->cfg.D;
	size_t kv = ct_kv_size(lrm->m, lrm->T);

	out->final = ct_arena_need(a, TD, sizeof *out->final, "a clamped run", err);
	out->pre = ct_arena_need(a, (size_t)lrm->n, sizeof *out->pre, "a clamped run", err);
	out->read = ct_arena_need(a, L * TD, sizeof *out->read, "a clamped run", err);
	out->k = ct_arena_need(a, L * kv, sizeof *out->k, "a clamped run", err);
	out->v = ct_arena_need(a, L * kv, sizeof *out->v, "a clamped run", err);
	if (!out->final || !out->pre || !out->read || !out->k || !out->v)
		return CT_ENOMEM;
	memcpy(out->k, lrm->pass->k, L * kv * sizeof *out->k);
	memcpy(out->v, lrm->pass->v, L * kv * sizeof *out->v);
	return CT_OK;
}

static int
intervene(struct ct_changed *out, struct ct_pass *keep, const struct ct_local_model *lrm,
    const struct ct_clamp_sites *s, const struct ct_clamp_options *opt, struct ct_arena *a,
    struct ct_error *err)
{
	int L = lrm->m->cfg.L, code;
	size_t TD = (size_t)lrm->T * lrm->m->cfg.D;
	struct ct_arena_mark mark;
	struct buffers b;

	if (opt->mode == CT_RANGE && (opt->first < 0 || opt->last >= L || opt->first > opt->last))
		return ct_fail(err, CT_EINVAL, "no layer range %d-%d: this model has layers 0 to %d",
		    opt->first, opt->last, L - 1);
	if ((code = make_changed(out, lrm, a, err)) < 0)
		return code;
	if (keep)
		ct_pass_copy(keep, lrm->pass);
	if (keep && opt->mode != CT_FREE && (code = ct_pass_freeze(keep, a, err)) < 0)
		return code;
	mark = ct_arena_mark(a);
	if ((code = make_buffers(&b, lrm, a, err)) < 0)
		goto done;
	b.keep = keep;
	if (ct_is_direct(opt, L)) {
		run_linear(lrm, s, false, out->final, out->pre, out->read, &b);
		for (size_t i = 0; i < TD; i++)
			out->final[i] += lrm->pass->final[i];
		for (int i = 0; i < lrm->n; i++)
			out->pre[i] += lrm->active[i].pre;
		for (size_t i = 0; i < L * TD; i++)
			out->read[i] += lrm->read[i];
		code = check_finite(lrm, s, out->final, L - 1, err);
	} else {
		code = run_live(out, lrm, s, opt, &b, err);
	}
	if (keep && code == CT_OK)
		memcpy(keep->final, out->final, TD * sizeof *out->final);
done:
	ct_arena_release(a, mark);
	return code;
}

int
ct_intervene(struct ct_changed *out, const struct ct_local_model *lrm, const struct ct_clamp_sites *s,
    const struct ct_clamp_options *opt, struct ct_arena *a, struct ct_error *err)
{
	return intervene(out, NULL, lrm, s, opt, a, err);
}

int
ct_intervene_keep(struct ct_changed *out, struct ct_pass *keep, const struct ct_local_model *lrm,
    const struct ct_clamp_sites *s, const struct ct_clamp_options *opt, struct ct_arena *a,
    struct ct_error *err)
{
	int code = intervene(out, keep, lrm, s, opt, a, err);

	/* The keys and values of a run that is kept are in `keep`. */
	if (code == CT_OK) {
		out->k = keep->k;
		out->v = keep->v;
	}
	return code;
}
