/* inactive: the facade's search for features that nearly fire: see trace/inactive.h. */
#include <math.h>

#include "session/engine.h"
#include "trace/inactive.h"

/* The median of a feature's activations over the corpus, if it has a card. */
static int
typical(void *ctx, int layer, int feature, float *out, struct ct_error *err)
{
	struct ct_error why = { 0 };
	struct ct_engine *e = ctx;
	const struct ct_card *card;

	if (!e->info.has_cards)
		return CT_OK;
	card = ct_engine_card(e, layer, feature, &why);
	if (!card)
		return why.code == CT_ENOTFOUND ? CT_OK : ct_fail(err, why.code, "%s", why.msg);
	if (card->n_values)
		*out = card->values[card->n_values / 2];
	return CT_OK;
}

int
ct_session_inactive(const struct ct_session *s, int target, int pos, struct ct_inactives *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_inactive_options opt = { .pos = pos, .typical = typical, .ctx = s->e };
	struct ct_target into;
	const struct ct_node *n;
	int code = ct_engine_check(s->e, err);

	if (code < 0)
		return code;
	if (!s->graph)
		return ct_session_no_graph(err);
	if (s->e->info.neurons)
		return ct_fail(
		    err, CT_EUNSUPPORTED, "neurons are always active: there are no inactive ones to find");
	n = &s->graph->nodes[target < 0 ? s->graph->n_nodes - s->graph->n_targets : target];
	if (!ct_node_traits(n->kind)->has_inputs)
		return ct_fail(
		    err, CT_EINVAL, "words and errors have no edges into them: name a feature or an output");
	into = ct_node_target(n);
	code = ct_inactive_find(out, &s->prompt->lrm, &into, &opt, a, &own, err);
	return code < 0 ? code : ct_engine_check(s->e, err);
}
