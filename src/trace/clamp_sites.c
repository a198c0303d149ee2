/* clamp_sites: resolves clamps to features and positions of one prompt; see intervene.h. */
#include <math.h>
#include <stdlib.h>

#include "trace/intervene.h"

static float
original_activation(const struct ct_local_model *lrm, int layer, int pos, int feature)
{
	int i = ct_local_model_active(lrm, layer, pos, feature);

	if (i >= 0)
		return lrm->active[i].act;
	/* Every neuron is active, also one that the graph left out. */
	if (lrm->tc->neurons && pos >= lrm->pass->start)
		return ct_transcoder_preactivation(lrm->tc, layer, feature,
		    lrm->read + ((size_t)layer * lrm->T + pos) * lrm->m->cfg.D);
	return 0;
}

static struct ct_place
place(const struct ct_clamp_site *s)
{
	return (struct ct_place){ s->layer, s->pos, s->feature };
}

static int
check_clamp(const struct ct_local_model *lrm, const struct ct_clamp *c, struct ct_error *err)
{
	if (c->layer < 0 || c->layer >= lrm->tc->L)
		return ct_fail(
		    err, CT_EINVAL, "no layer %d: this model has layers 0 to %d", c->layer, lrm->tc->L - 1);
	if (c->feature < 0 || c->feature >= lrm->tc->layers[c->layer].F)
		return ct_fail(err, CT_EINVAL, "no feature L%d#%d: layer %d has features 0 to %d", c->layer,
		    c->feature, c->layer, lrm->tc->layers[c->layer].F - 1);
	if (c->pos >= 0 && c->pos < lrm->pass->start && !c->onwards && lrm->pass->start > 1)
		return ct_fail(err, CT_EINVAL, "L%d#%d@%d: positions 0 to %d are the beginning of a turn, "
		    "which has no features; clamp from position %d on", c->layer, c->feature, c->pos,
		    lrm->pass->start - 1, lrm->pass->start);
	if (c->pos == 0 && !c->onwards && lrm->pass->start)
		return ct_fail(err, CT_EINVAL, "L%d#%d@0: position 0 is BOS, which has no features; "
		    "clamp from position 1 on", c->layer, c->feature);
	if (c->pos != CT_ALL_POSITIONS && (c->pos < 0 || c->pos >= lrm->T) && !c->onwards)
		return ct_fail(
		    err, CT_EINVAL, "no position %d: the prompt has positions 0 to %d", c->pos, lrm->T - 1);
	if (!isfinite(c->amount))
		return ct_fail(
		    err, CT_EINVAL, "L%d#%d: the strength must be a finite number", c->layer, c->feature);
	return CT_OK;
}

/* By place; at the same place the last clamp first. */
static int
by_place_last(const void *x, const void *y)
{
	const struct ct_clamp_site *a = x, *b = y;
	int order = ct_place_order(place(a), place(b));

	return order ? order : b->clamp - a->clamp;
}

/* Of several clamps on one feature and position, the last one counts. */
static void
resolve(struct ct_clamp_sites *s)
{
	int all = s->n;

	qsort(s->site, (size_t)all, sizeof *s->site, by_place_last);
	s->n = 0;
	for (int i = 0; i < all; i++)
		if (s->n == 0 || ct_place_order(place(&s->site[s->n - 1]), place(&s->site[i])) != 0) {
			s->site[s->n++] = s->site[i];
		} else {
			s->overridden++;
			s->lost[s->site[i].clamp]++;
		}
}

/*
 * The number of sites that the clamps can have. Most clamps are at one position, and there may be very many
 * neurons.
 */
static size_t
most_sites(const struct ct_clamp *clamps, int n, int T)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += clamps[i].off ? 0 : clamps[i].onwards || clamps[i].pos == CT_ALL_POSITIONS ?
		    (size_t)T : 1;
	return sum;
}

int
ct_clamp_sites_init(struct ct_clamp_sites *s, const struct ct_local_model *lrm, const struct ct_clamp *clamps,
    int n, struct ct_arena *a, struct ct_error *err)
{
	*s = (struct ct_clamp_sites){ 0 };
	s->site = ct_arena_need(a, most_sites(clamps, n, lrm->T), sizeof *s->site, "clamps", err);
	s->lost = ct_arena_need(a, (size_t)n, sizeof *s->lost, "clamps", err);
	if (!s->site || !s->lost)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		const struct ct_clamp *c = &clamps[i];
		int from = c->pos, to = c->pos, code = check_clamp(lrm, c, err);

		if (code < 0)
			return code;
		if (c->off)
			continue;
		if ((code = ct_transcoder_check_rows(lrm->tc, c->layer, c->feature, err)) < 0)
			return code;
		if (c->pos == CT_ALL_POSITIONS || c->onwards) {
			from = c->pos < lrm->pass->start ? lrm->pass->start : c->pos;
			to = lrm->T - 1;
		}
		for (int t = from; t <= to; t++) {
			float original = original_activation(lrm, c->layer, t, c->feature);
			double v = c->unit == CT_ABSOLUTE   ? c->amount
				   : c->unit == CT_MULTIPLE ? c->amount * (double)original
							    : (double)original + c->amount;
			struct ct_clamp_site site = { c->layer, t, c->feature, original, (float)v, i };

			if (!isfinite(site.value))
				return ct_fail(err, CT_EINVAL,
				    "L%d#%d@%d=%g is more than a float holds: use a smaller strength",
				    c->layer, c->feature, t, v);
			s->site[s->n++] = site;
		}
	}
	resolve(s);
	return CT_OK;
}

bool
ct_clamp_sites_has(const struct ct_clamp_sites *s, struct ct_place at)
{
	int low = 0, high = s->n;

	while (low < high) {
		int mid = low + (high - low) / 2, order = ct_place_order(place(&s->site[mid]), at);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
