/* page: see page.h. */
#include "session/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 300, SAYS = 5 };

/* "Austin +.52  Houston +.31": the first few tokens with their weights. */
static void
list_tokens(char *dst, size_t size, const struct ct_card_logit *list, int n)
{
	size_t used = 0;

	dst[0] = '\0';
	for (int i = 0; i < n && i < SAYS && used < size; i++) {
		int w = isnan(list[i].weight) ?
		    snprintf(dst + used, size - used, "%s%s", i ? "  " : "", list[i].token) :
		    snprintf(dst + used, size - used, "%s%s %+.2f", i ? "  " : "", list[i].token,
			(double)list[i].weight);

		used += w > 0 ? (size_t)w : 0;
	}
}

static int
find_card(void *ctx, int layer, int feature, struct ct_page_card *out, struct ct_error *err)
{
	struct ct_error why = { 0 };
	struct ct_engine *e = ctx;
	const struct ct_card *card = ct_engine_card(e, layer, feature, &why);
	const struct ct_card_quantile *top = card && card->n_quantiles ? &card->quantiles[0] : NULL;

	if (!card)
		return ct_fail(err, why.code, "%s", why.msg);
	out->label = ct_engine_label_short(e, layer, feature, out->short_label, sizeof out->short_label,
	    NULL);
	out->f1 = ct_engine_label_f1(e, layer, feature);
	out->frequency = card->frequency;
	out->dense = ct_card_dense(card);
	list_tokens(out->says, sizeof out->says, card->top, card->n_top);
	list_tokens(out->says_less, sizeof out->says_less, card->bottom, card->n_bottom);
	for (int i = 0; top && i < top->n && i < CT_PAGE_EXAMPLES; i++) {
		const struct ct_card_example *x = &top->examples[i];

		out->example[out->n_examples++] = (struct ct_page_example){ x->tokens, x->acts, x->n,
		    x->peak };
	}
	return CT_OK;
}

/* Each clamp as text, with the label of its feature. */
static int
list_clamps(struct ct_page *out, const struct ct_session *s, struct ct_arena *a)
{
	const char **list = ct_arena_alloc(a, (size_t)s->n_clamps, sizeof *list);
	char text[LINE], mode[120];

	for (int i = 0; list && i < s->n_clamps; i++) {
		const struct ct_clamp *c = &s->clamps[i];
		int n = ct_clamp_text(c, text, sizeof text);

		if (n > 0 && (size_t)n < sizeof text)
			snprintf(text + n, sizeof text - (size_t)n, "  %s",
			    ct_engine_label(s->e, c->layer, c->feature));
		if (!(list[i] = ct_arena_strdup(a, text)))
			return CT_ENOMEM;
	}
	ct_mode_text(&s->clamp_options, mode, sizeof mode);
	out->clamps = list;
	out->n_clamps = s->n_clamps;
	out->mode = ct_arena_strdup(a, mode);
	return list && out->mode ? CT_OK : CT_ENOMEM;
}

/* The tokens that are likeliest before or after the clamps. */
static void
list_changes(struct ct_page *out, struct ct_session *s)
{
	struct ct_top before[CT_PAGE_CHANGES / 2], after[CT_PAGE_CHANGES / 2];
	int pos = s->graph->pos, half = CT_PAGE_CHANGES / 2;
	int n = ct_session_top(s, CT_RUN_CLAMPED, pos, after, half);
	int m = ct_session_top(s, CT_RUN_ORIGINAL, pos, before, half);

	for (int i = 0; i < m + n; i++) {
		int token = i < m ? before[i].token : after[i - m].token, k = 0;

		while (k < i && (k < m ? before[k].token : after[k - m].token) != token)
			k++;
		if (k == i)
			out->change[out->n_changes++] = (struct ct_page_change){ ct_engine_token(s->e, token),
				(double)ct_session_prob(s, CT_RUN_ORIGINAL, pos, token),
				(double)ct_session_prob(s, CT_RUN_CLAMPED, pos, token) };
	}
}

/* "say a capital  L1#18@8", "output \"Austin\"@8" */
static void
name_pin(struct ct_session *s, const struct ct_pin *pin, char *buf, size_t size)
{
	char words[120] = "", name[160];

	ct_session_pin_text(s, pin, name, sizeof name);
	if (pin->kind == CT_NODE_FEATURE)
		ct_session_words(s, pin->layer, pin->index, pin->pos, words, sizeof words);
	snprintf(buf, size, "%s%s%s", words, *words ? "  " : "", name);
}

/* For each box how much the clamps leave of it; for an output its probabilities. */
static int
list_boxes(struct ct_page *out, struct ct_session *s, struct ct_session *first, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_subgraph *sg = &s->subgraph;
	const struct ct_parts *parts;
	struct ct_page_box *list;
	char name[LINE];
	int code = sg->n_pins ? ct_session_parts(s, &parts, err) : CT_OK;

	if (code < 0 || !sg->n_pins)
		return code;
	list = ct_arena_need(a, (size_t)parts->n, sizeof *list, "boxes", err);
	out->box = list;
	for (int i = 0; list && i < parts->n; i++) {
		const struct ct_subgraph_part *p = &parts->part[i];
		const struct ct_pin *pin = &sg->pin[p->pin[0]];
		double level = ct_session_level(s, p);

		if (p->supernode >= 0)
			snprintf(name, sizeof name, "%s", sg->name[p->supernode]);
		else
			name_pin(s, pin, name, sizeof name);
		list[i] = (struct ct_page_box){ .name = ct_arena_strdup(a, name),
			.before = isnan(level) ? NAN : 1, .after = level };
		if (pin->kind == CT_NODE_TARGET && pin->other < 0) {
			list[i].output = true;
			list[i].before = (double)ct_session_prob(first, CT_RUN_ORIGINAL, pin->pos,
			    pin->index);
			list[i].after = (double)ct_session_prob(first, CT_RUN_CLAMPED, pin->pos, pin->index);
		}
		if (!list[i].name)
			return ct_fail_memory(err, LINE, "a page");
		out->n_boxes++;
	}
	return list ? CT_OK : CT_ENOMEM;
}

int
ct_session_page(struct ct_page *out, struct ct_session *s, const struct ct_export_options *opt,
    struct ct_arena *a, struct ct_error *err)
{
	const struct ct_engine_info *info = &s->e->info;
	/* The graph may be that of a clamped run; the clamps are then in the first session. */
	struct ct_session *first = s->of_clamps ? s->of_clamps : s;
	char model[LINE];
	int code = CT_OK;

	*out = (struct ct_page){ .apart = !info->spaced, .notes = opt->notes, .n_notes = opt->n_notes };
	if (info->from_file)
		snprintf(model, sizeof model, "%s, %d layers", info->name, info->L);
	else if (!*info->transcoder)
		snprintf(model, sizeof model, "%s, %d layers of width %d, without a transcoder", info->name,
		    info->L, info->D);
	else
		snprintf(model, sizeof model, "%s, %d layers of width %d, %s with %d features each",
		    info->name, info->L, info->D, info->transcoder, info->F);
	out->model = ct_arena_strdup(a, model);
	if (info->has_cards) {
		out->card = find_card;
		out->ctx = s->e;
	}
	if (first->n_clamps > 0) {
		code = list_clamps(out, first, a);
		list_changes(out, first);
		if (code == CT_OK && (code = list_boxes(out, s, first, a, err)) < 0)
			return code;
	}
	return out->model && code == CT_OK ? CT_OK : ct_fail_memory(err, LINE, "a page");
}
