/* study_work: what a person adds to a graph: clamps, pins, labels, and their undo. A part of study.h. */
#include "tui/study/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct clamp_set *
study_clamps(const struct study *s)
{
	return &s->undo->step[s->undo->at].clamps;
}

static int
run_clamps(
    struct study *s, const struct clamp_set *set, const struct ct_clamp_options *how, struct ct_error *err)
{
	int code = ct_session_clamp(s->first, set->clamp, set->n, how, &s->job, err);

	s->clampings += code == CT_OK;
	s->stale |= code == CT_OK && study_shows_now(s);
	return code;
}

/* Adds a step, and drops those that were undone. */
static struct undo_step *
push(struct undo *u)
{
	if (u->at + 1 == UNDO_STEPS) {
		memmove(u->step, u->step + 1, (UNDO_STEPS - 1) * sizeof *u->step);
		u->at--;
	}
	u->step[u->at + 1] = u->step[u->at];
	u->step[u->at + 1].label.made = false;
	u->depth = ++u->at + 1;
	return &u->step[u->at];
}

int
study_clamp_set(struct study *s, const struct clamp_set *set, struct ct_error *err)
{
	struct clamp_set copy = *set;
	int code = run_clamps(s, &copy, &s->how, err);

	if (code == CT_OK)
		push(s->undo)->clamps = copy;
	return code;
}

/* Sets the pins in the shown graph's session and in the first one. */
static void
set_pins(struct study *s, const struct ct_subgraph *pins)
{
	ct_session_set_subgraph(s->session, pins);
	if (study_shows_now(s))
		ct_session_set_subgraph(s->first, pins);
}

void
study_set_pins(struct study *s, const struct ct_subgraph *pins)
{
	if (ct_subgraph_same(pins, ct_session_subgraph(s->session)))
		return;
	set_pins(s, pins);
	push(s->undo)->pins = *pins;
}

int
study_clamp_find(const struct study *s, int layer, int feature, int pos)
{
	const struct clamp_set *set = study_clamps(s);
	int found = -1;

	for (int i = 0; i < set->n; i++) {
		const struct ct_clamp *c = &set->clamp[i];
		bool reaches = c->pos == pos || c->pos == CT_ALL_POSITIONS || (c->onwards && c->pos <= pos);

		if (c->layer == layer && c->feature == feature && reaches && (found < 0 || !c->off))
			found = i;
	}
	return found;
}

const char *
study_clamp_text(const struct ct_clamp *c, char *buf, size_t size)
{
	struct ct_clamp shown = *c;
	char digits[32];

	if (fabs(c->amount) < 100 || fabs(c->amount) >= 1e6)
		snprintf(digits, sizeof digits, "%.3g", c->amount);
	else
		snprintf(digits, sizeof digits, "%.0f", c->amount);
	shown.amount = strtod(digits, NULL);
	ct_clamp_text(&shown, buf, size);
	return buf;
}

bool
study_same_place(const struct ct_clamp *c, const struct ct_clamp *d)
{
	return c->layer == d->layer && c->feature == d->feature && c->pos == d->pos &&
	    c->onwards == d->onwards;
}

/*
 * The index for a new clamp: that of the clamp on the same place, but after other clamps on its feature,
 * since the last one counts.
 */
static int
place_of(struct clamp_set *set, const struct ct_clamp *c)
{
	int i = 0;

	while (i < set->n && !study_same_place(&set->clamp[i], c))
		i++;
	for (int k = i + 1; k < set->n; k++)
		if (set->clamp[k].layer == c->layer && set->clamp[k].feature == c->feature) {
			set->n--;
			memmove(set->clamp + i, set->clamp + i + 1,
			    (size_t)(set->n - i) * sizeof *set->clamp);
			return set->n;
		}
	return i;
}

int
study_clamp(struct study *s, const struct ct_clamp *c, int n, struct ct_error *err)
{
	struct clamp_set set = *study_clamps(s);

	for (int k = 0; k < n; k++) {
		int i = place_of(&set, &c[k]);

		if (i == STUDY_CLAMPS)
			return ct_fail(err, CT_EINVAL,
			    "at most %d clamps are possible at a time; remove some first",
			    STUDY_CLAMPS);
		set.clamp[i] = c[k];
		if (i == set.n)
			set.n++;
	}
	return study_clamp_set(s, &set, err);
}

static void
drop_clamps_at(struct clamp_set *set, int pos)
{
	int kept = 0;

	for (int i = 0; i < set->n; i++)
		if (set->clamp[i].pos != pos || set->clamp[i].onwards)
			set->clamp[kept++] = set->clamp[i];
	set->n = kept;
}

/* Adds a clamp for each feature whose activation differs in the other session. */
static int
add_differences(struct study *s, struct clamp_set *set, const struct ct_session *other, int pos, int *n,
    struct ct_error *err)
{
	*n = 0;
	for (int l = 0; l < s->info->L; l++)
		for (int f = 0; f < s->info->F; f++) {
			float here = ct_session_activation(s->first, l, f, s->pos);
			float there = ct_session_activation(other, l, f, pos);

			if (here == there)
				continue;
			++*n;
			if (set->n < STUDY_CLAMPS)
				set->clamp[set->n++] = (struct ct_clamp){ .layer = l, .feature = f,
					.pos = s->pos, .unit = CT_ABSOLUTE, .amount = (double)there };
		}
	if (*n > STUDY_CLAMPS)
		return ct_fail(err, CT_EINVAL,
		    "%d features differ, but at most %d can be clamped; clamp those that matter", *n,
		    STUDY_CLAMPS);
	return CT_OK;
}

int
study_patch(struct study *s, const char *text, int *n, struct ct_error *err)
{
	struct clamp_set set = *study_clamps(s);
	struct ct_session *other = NULL;
	int code, T, pos;

	if (s->pos < ct_session_start(s->session))
		return ct_fail(err, CT_EINVAL, "position 0 is BOS, which has no features: choose a later "
		    "token");
	if ((code = ct_session_open(&other, s->engine, err)) ||
	    (code = ct_session_prompt(other, text, &s->job, err)))
		goto out;
	T = ct_session_length(other);
	pos = s->pos == s->T - 1 ? T - 1 : s->pos;
	if (pos >= T) {
		code = ct_fail(err, CT_EINVAL, "that prompt has no position %d: its last one is %d", pos,
		    T - 1);
		goto out;
	}
	drop_clamps_at(&set, s->pos);
	if ((code = add_differences(s, &set, other, pos, n, err)))
		goto out;
	code = *n ? study_clamp_set(s, &set, err) : ct_fail(err, CT_ENOTFOUND,
	    "no feature differs at that position");
out:
	ct_session_close(other);
	return code;
}

static struct clamp_set *
find_kept(struct study *s, const char *name)
{
	for (int i = 0; i < s->n_kept; i++)
		if (strcmp(s->kept[i].name, name) == 0)
			return &s->kept[i];
	return NULL;
}

int
study_keep(struct study *s, const char *name, const struct clamp_set *set, struct ct_error *err)
{
	struct clamp_set *at = find_kept(s, name);

	if (!set->n)
		return ct_fail(err, CT_EINVAL, "there are no clamps to keep");
	if (strlen(name) >= sizeof at->name)
		return ct_fail(err, CT_EINVAL, "the name is too long: at most %zu bytes",
		    sizeof at->name - 1);
	if (!at && s->n_kept == STUDY_KEPT)
		return ct_fail(err, CT_EINVAL, "%d sets of clamps are kept already, and there can be no more",
		    STUDY_KEPT);
	if (!at)
		at = &s->kept[s->n_kept++];
	*at = *set;
	memcpy(at->name, name, strlen(name) + 1);
	return CT_OK;
}

int
study_recall(struct study *s, const char *name, struct ct_error *err)
{
	const struct clamp_set *kept = find_kept(s, name);
	struct clamp_set set;

	if (!kept)
		return ct_fail(err, CT_ENOTFOUND, "no clamps are kept under this name; keep NAME keeps the "
		    "present ones");
	set = *kept;
	set.name[0] = '\0';
	return study_clamp_set(s, &set, err);
}

bool
study_can_undo(const struct study *s)
{
	return s->undo->at > 0;
}

static bool
same_clamps(const struct clamp_set *a, const struct clamp_set *b)
{
	for (int i = 0; i < a->n && i < b->n; i++)
		if (!study_same_place(&a->clamp[i], &b->clamp[i]) || a->clamp[i].unit != b->clamp[i].unit ||
		    a->clamp[i].amount != b->clamp[i].amount || a->clamp[i].off != b->clamp[i].off)
			return false;
	return a->n == b->n;
}

int
study_set_label(struct study *s, int layer, int feature, const char *text, struct ct_error *err)
{
	struct label_change c = { .made = true, .layer = layer, .feature = feature };
	int code;

	snprintf(c.before, sizeof c.before, "%s", ct_engine_label_typed(s->engine, layer, feature));
	if ((code = ct_engine_set_label(s->engine, layer, feature, text, err)))
		return code;
	snprintf(c.after, sizeof c.after, "%s", ct_engine_label_typed(s->engine, layer, feature));
	if (strcmp(c.before, c.after) != 0)
		push(s->undo)->label = c;
	return CT_OK;
}

int
study_undo(struct study *s, int step, struct label_change *label, struct ct_error *err)
{
	struct undo *u = s->undo;
	const struct undo_step *from = &u->step[u->at], *to = from + step;
	bool pins;
	int code = CT_OK;

	if (u->at + step < 0 || u->at + step >= u->depth)
		return ct_fail(err, CT_ENOTFOUND, step < 0 ? "nothing to undo" : "nothing to redo");
	*label = (step < 0 ? from : to)->label;
	if (label->made)
		code = ct_engine_set_label(s->engine, label->layer, label->feature,
		    step < 0 ? label->before : label->after, err);
	pins = !ct_subgraph_same(&from->pins, &to->pins);
	if (code == CT_OK && !same_clamps(&from->clamps, &to->clamps))
		code = run_clamps(s, &to->clamps, &s->how, err);
	if (code != CT_OK)
		return code;
	if (pins)
		set_pins(s, &to->pins);
	u->at += step;
	return label->made ? UNDONE_LABEL : pins ? UNDONE_PINS : UNDONE_CLAMPS;
}

void
study_forget(struct study *s)
{
	struct undo *u = s->undo;

	u->step[0].clamps = u->step[u->at].clamps;
	u->step[0].pins = *ct_session_subgraph(s->session);
	u->at = 0;
	u->depth = 1;
}

int
study_how(struct study *s, const struct ct_clamp_options *how, struct ct_error *err)
{
	int code = study_clamps(s)->n ? run_clamps(s, study_clamps(s), how, err) : CT_OK;

	if (code == CT_OK)
		s->how = *how;
	return code;
}
