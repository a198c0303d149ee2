/* card: what `ctrace features FEATURE` shows: cards, as text or as JSON. */
#include "cli/card.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "cards/labels.h"
#include "cards/record.h"
#include "io/json_out.h"

enum { FORMAT = 2 };			/* version of this command's JSON */
enum { COLUMNS = 80, PLOT_ROWS = 52, EXAMPLES = 8 };

static void
show_label(const struct ct_card *c)
{
	char name[32];
	int n = snprintf(name, sizeof name, "L%d#%d", c->layer, c->feature);

	if (c->edited)
		cli_line("%s  %s  (typed)", name, c->label);
	else if (!*c->label)
		cli_line("%s  no label", name);
	else if (c->n_candidates == 0)
		cli_line("%s  %s  (F1 %.2f)", name, c->label, c->f1);
	for (int i = 0; !c->edited && i < c->n_candidates; i++)
		cli_line("%*s  %s?  (F1 %.2f)", n, i ? "" : name, c->candidates[i], c->candidate_f1[i]);
}

static void
show_example(const struct ct_engine *e, const struct ct_card_example *x)
{
	bool spaced = ct_engine_info(e)->spaced;
	struct ct_buffer text = { 0 };

	for (int i = 0; i < x->n; i++)
		ct_buffer_printf(&text, "%s%s%s%s", i > 0 && !spaced ? " " : "", i == x->peak ? "[" : "",
		    x->tokens[i], i == x->peak ? "]" : "");
	cli_line("  %7.3f  %s", (double)x->acts[x->peak],
	    text.lost ? "out of memory" : text.text ? text.text : "");
	ct_buffer_free(&text);
}

static void
show_tokens(const char *title, const struct ct_card_logit *l, int n)
{
	char line[512];
	size_t used = (size_t)snprintf(line, sizeof line, "%s", title);

	for (int i = 0; i < n && used < sizeof line; i++) {
		char one[160];
		int w = isfinite(l[i].weight) ? snprintf(one, sizeof one, "  %s %+.3f", l[i].token,
		    (double)l[i].weight)
					      : snprintf(one, sizeof one, "  %s", l[i].token);

		if (ct_text_width(line) + ct_text_width(one) > COLUMNS || (size_t)w >= sizeof line - used)
			break;
		used += (size_t)snprintf(line + used, sizeof line - used, "%s", one);
	}
	if (n > 0)
		cli_line("%s", line);
}

static void
show_plot(const struct ct_operands *o, enum ct_plot_form form, bool ascii)
{
	struct ct_plot_cell cells[CT_PLOT_COLS];
	char line[4 * CT_PLOT_COLS + 1];
	struct ct_plot p;

	if (!ct_plot_fit(&p, form, o, COLUMNS, PLOT_ROWS, ascii))
		return;
	for (int y = 0; y < p.h; y++) {
		int used = 0, end = 0;

		ct_plot_row(&p, y, cells);
		for (int x = 0; x < p.w; x++) {
			used += ct_utf8_encode(cells[x].cp, line + used);
			end = cells[x].cp == ' ' ? end : used;
		}
		line[end] = '\0';
		cli_line("%s", line);
	}
}

static void
show_operands(const struct ct_card_operands *all, bool ascii)
{
	for (int i = 0; i < all->n; i++) {
		const struct ct_operands *o = &all->pictures[i];
		char text[256] = "";
		size_t used = 0;

		for (int pos = 1; pos < all->length && used < sizeof text; pos++)
			used += (size_t)snprintf(text + used, sizeof text - used,
			    pos == o->pos ? "%s[%s]" : "%s%s",
			    pos > 1 ? " " : "", pos == o->at[0] ? "FIRST" : pos == o->at[1] ? "SECOND" :
			    all->tokens[pos]);
		cli_line("%s", "");
		cli_line("over %d to %d, first downwards, second to the right:", o->from, o->from + o->n - 1);
		cli_line("%s  active on %d of %d, at most %.3f", text, o->n_active, o->n * o->n,
		    (double)o->most);
		show_plot(o, CT_PLOT_DOTS, ascii);
		show_plot(o, CT_PLOT_FOLDED, ascii);
	}
}

static void
show(const struct ct_engine *e, const struct ct_card *c, bool ascii)
{
	int shown = 0;

	show_label(c);
	if (isfinite(c->frequency))
		cli_line("active on %.2f%% of the corpus%s, at most %.3f", 100 * c->frequency,
		    ct_card_dense(c) ? " (dense)" : "", (double)c->act_max);
	for (int q = 0; q < c->n_quantiles; q++)
		for (int i = 0; i < c->quantiles[q].n && shown < EXAMPLES; i++, shown++)
			show_example(e, &c->quantiles[q].examples[i]);
	show_tokens("says more", c->top, c->n_top);
	show_tokens("says less", c->bottom, c->n_bottom);
	if (c->rewrite.layer > 0)
		cli_line("shallow rewrite?  L%d#%d -> L%d#%d", c->layer, c->rewrite.first, c->rewrite.layer,
		    c->rewrite.second);
	show_operands(&c->operands, ascii);
}

int
cli_features_named(struct ct_engine *e, const char *name, cli_feature_fn take, void *ctx,
    struct ct_error *err)
{
	const struct ct_engine_info *info = ct_engine_info(e);
	int layer, feature, n = 0, code = CT_OK;
	struct ct_query q;

	if (ct_label_feature(name, &layer, &feature))
		return take(ctx, e, layer, feature, err);
	if (ct_query_parse(&q, name, err) < 0)
		return err->code;
	for (int l = 0; l < info->L; l++)
		for (int f = 0; f < info->F && code == CT_OK; f++)
			if (ct_engine_label_fits(e, l, f, &q)) {
				code = take(ctx, e, l, f, err);
				n++;
			}
	return code < 0 || n > 0 ? code : ct_fail(err, CT_ENOTFOUND, "no feature '%s': expected one such as "
	    "L1#249, or words of a label that a feature has", name);
}

/* How cards are written: into the list, or as text if that is NULL. */
struct shown {
	json_t *list;
	bool ascii;
};

static int
take_card(void *ctx, struct ct_engine *e, int layer, int feature, struct ct_error *err)
{
	const struct shown *to = ctx;
	const struct ct_card *card = ct_engine_card(e, layer, feature, err);
	json_t *j;

	if (!card)
		return err->code;
	if (!to->list) {
		show(e, card, to->ascii);
		return CT_OK;
	}
	j = ct_record_json(card);
	json_object_set_new(j, "layer", json_integer(layer));
	json_array_append_new(to->list, j);
	return CT_OK;
}

int
cli_cards(struct cli_model *m, char **names, int n_names, const char *json, bool ascii)
{
	struct ct_error err = { 0 };
	json_t *root = json_object(), *list = json_array();
	struct shown to = { json ? list : NULL, ascii };
	int code = cli_model_open(m, NULL, &err), status;

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		to.ascii = true;
	for (int i = 0; code == CT_OK && i < n_names; i++) {
		if (i && !json)
			cli_line("%s", "");
		code = cli_features_named(m->engine, names[i], take_card, &to, &err);
	}
	status = code == CT_OK ? CLI_OK : cli_fail(&err);
	if (json && code == CT_OK) {
		json_object_set_new(root, "model", ct_json_out_string(ct_engine_info(m->engine)->name));
		json_object_set(root, "features", list);
		status = cli_json_packed(json, FORMAT, json_incref(root));
	}
	json_decref(list);
	json_decref(root);
	cli_model_close(m);
	return status;
}
