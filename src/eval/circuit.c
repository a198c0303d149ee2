/* circuit: see circuit.h. */
#include "eval/circuit.h"

#include <math.h>

static struct ct_clamp
ablation(int layer, int pos, int feature)
{
	return (struct ct_clamp){ .layer = layer, .feature = feature, .pos = pos, .unit = CT_MULTIPLE };
}

/* Neurons that pruning did not keep: all of the model's others, whether or not they are features. */
static int
other_neurons(const struct ct_prompt *p, const bool *kept, struct ct_clamp *clamps)
{
	const struct ct_local_model *lrm = &p->lrm;
	int T = p->T, F = lrm->tc->F, n = 0;

	for (int l = 0; l < lrm->tc->L; l++)
		for (int t = p->pass.start; t < T; t++)
			for (int f = 0; f < F; f++)
				if (!kept[((size_t)l * T + t) * F + f])
					clamps[n++] = ablation(l, t, f);
	return n;
}

/* Ablations of the active features that pruning kept, or of those that it did not. Returns how many. */
static int
choose(const struct ct_prompt *p, const struct ct_graph *g, bool kept, bool *is_kept, struct ct_clamp *clamps)
{
	const struct ct_local_model *lrm = &p->lrm;
	int F = lrm->tc->F, n = 0;

	for (int i = 0; i < g->n_features; i++)
		is_kept[((size_t)g->nodes[i].layer * p->T + g->nodes[i].pos) * F + g->nodes[i].index] =
		    g->nodes[i].kept;
	if (lrm->tc->neurons && !kept)
		return other_neurons(p, is_kept, clamps);
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *a = &lrm->active[i];

		if (is_kept[((size_t)a->layer * p->T + a->pos) * F + a->feature] == kept)
			clamps[n++] = ablation(a->layer, a->pos, a->feature);
	}
	return n;
}

int
ct_circuit_measure(struct ct_circuit_figures *out, const struct ct_prompt *p, const struct ct_graph *g,
    struct ct_arena *a, struct ct_error *err)
{
	int V = p->pass.m->cfg.V, top, next, code, n;
	const float *logits = ct_prompt_logits(p, p->pass.final, p->T - 1, a, err);
	size_t places = (size_t)p->lrm.tc->L * p->T * p->lrm.tc->F;
	struct ct_clamp *clamps = ct_arena_need(a, p->lrm.tc->neurons ? places : (size_t)p->lrm.n,
	    sizeof *clamps, "clamps", err);
	bool *kept_at = ct_arena_need(a, places, sizeof *kept_at, "features", err);
	float *changed = ct_arena_need(a, (size_t)V, sizeof *changed, "logits", err);
	double lead, left[2];

	*out = (struct ct_circuit_figures){ NAN, NAN };
	if (!clamps || !kept_at || !changed || !logits)
		return CT_ENOMEM;
	if (V < 2)
		return CT_OK;
	top = ct_likeliest(V, logits);
	next = top == 0 ? 1 : 0;
	for (int v = 0; v < V; v++)
		if (v != top && logits[v] > logits[next])
			next = v;
	lead = (double)logits[top] - (double)logits[next];
	for (int kept = 0; kept < 2; kept++) {
		n = choose(p, g, kept, kept_at, clamps);
		if ((code = ct_answer_logits(p, clamps, n, 1, changed, a, err)) != CT_OK)
			return code;
		left[kept] = (double)changed[top] - (double)changed[next];
	}
	if (lead > 0)
		*out = (struct ct_circuit_figures){ 1 - left[1] / lead, left[0] / lead };
	return CT_OK;
}

double
ct_circuit_overlap(const struct ct_graph *a, const struct ct_graph *b)
{
	int both = 0, n[2] = { 0 };

	for (int i = 0; i < a->n_features; i++) {
		const struct ct_node *f = &a->nodes[i];
		int at = ct_graph_find(b, CT_NODE_FEATURE, f->layer, f->pos - a->pos + b->pos, f->index);

		n[0] += f->kept;
		both += f->kept && at >= 0 && b->nodes[at].kept;
	}
	for (int i = 0; i < b->n_features; i++)
		n[1] += b->nodes[i].kept;
	return n[0] + n[1] > both ? (double)both / (n[0] + n[1] - both) : NAN;
}
