/* judge: the facade's test of an explanation: see trace/judge.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "eval/graphs.h"
#include "session/engine.h"

enum { DRAWS = 8, ALIKE = 4 };

struct judge {
	struct ct_session *s;
	struct ct_explanation *out;
	struct ct_subgraph pins;
	struct ct_judge_plan plan;
	bool *inside;		/* (lrm->n) whether an active feature belongs to the explanation */
	int *part;		/* (lrm->n) its part, or -1 */
	struct ct_arena *a;
};

/* Judges the lead of the first target. */
static int
plan_answer(struct judge *j, struct ct_error *err)
{
	const struct ct_graph *g = j->s->graph;
	const struct ct_node *n = &g->nodes[g->n_nodes - g->n_targets];

	if (n->target == CT_TARGET_FEATURE)
		return ct_fail(err, CT_EINVAL, "only the explanation of a token can be judged: this graph "
		    "explains a feature; trace towards a token");
	j->plan = (struct ct_judge_plan){ .inside = j->inside,
		.pos = g->pos,
		.answer = n->index,
		.against = n->target == CT_TARGET_DIFFERENCE ? n->other : -1,
		.part = j->part,
		.draws = DRAWS };
	return CT_OK;
}

/* The part that a pin belongs to: that of its supernode, or a new one. */
static int
part_of(struct judge *j, const struct ct_pin *pin, int node, int of_supernode[CT_MAX_SUPERNODES])
{
	struct ct_explained_part *part;
	int at = pin->supernode < 0 ? -1 : of_supernode[pin->supernode];

	if (at >= 0)
		return at;
	at = j->out->n_parts++;
	part = &j->out->part[at];
	*part = (struct ct_explained_part){ .node = node };
	if (pin->supernode >= 0) {
		memcpy(part->name, j->pins.name[pin->supernode], sizeof part->name);
		of_supernode[pin->supernode] = at;
	}
	return at;
}

static void
take_pins(struct judge *j)
{
	const struct ct_graph *g = j->s->graph;
	const struct ct_local_model *lrm = &j->s->prompt->lrm;
	int of_supernode[CT_MAX_SUPERNODES];

	memset(of_supernode, -1, sizeof of_supernode);
	for (int i = 0; i < j->pins.n_pins; i++) {
		const struct ct_pin *pin = &j->pins.pin[i];
		int node = ct_pin_node(g, pin), active = -1;

		if (!ct_node_traits(pin->kind)->can_clamp) {
			j->out->n_other += j->out->pinned && pin->kind != CT_NODE_TARGET;
			continue;
		}
		if (node >= 0)
			active = ct_local_model_active(lrm, pin->layer, pin->pos, pin->index);
		if (active < 0) {
			j->out->n_absent++;
			continue;
		}
		j->inside[active] |= j->out->pinned;
		j->part[active] = part_of(j, pin, node, of_supernode);
		j->out->part[j->part[active]].n++;
	}
}

/* Makes a part of each feature of the pruned graph that is in no group and too weak for a box. */
static void
take_others(struct judge *j)
{
	const struct ct_graph *g = j->s->graph;
	const struct ct_local_model *lrm = &j->s->prompt->lrm;

	for (int i = 0; i < g->n_features && j->out->n_parts < CT_MAX_PINS; i++) {
		const struct ct_node *n = &g->nodes[i];
		int active = n->kept ? ct_local_model_active(lrm, n->layer, n->pos, n->index) : -1;

		if (active < 0 || j->part[active] >= 0)
			continue;
		j->part[active] = j->out->n_parts;
		j->out->part[j->out->n_parts++] = (struct ct_explained_part){ .node = i, .n = 1 };
	}
}

/* Collects the explanation's features and parts. */
static int
take_features(struct judge *j, const struct ct_subgraph *pins, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_auto_groups said;
	int code = CT_OK;

	j->out->pinned = pins;
	if (pins)
		j->pins = *pins;
	else {
		ct_judge_kept(&j->s->prompt->lrm, j->s->graph, j->inside);
		code = ct_session_auto_groups(j->s, &j->pins, &said, job, err);
	}
	if (code < 0)
		return code;
	take_pins(j);
	if (!pins)
		take_others(j);
	j->plan.n_parts = j->out->n_parts;
	return CT_OK;
}

static int
by_lost(const void *x, const void *y)
{
	const struct ct_explained_part *a = x, *b = y;

	if (a->without.lead != b->without.lead)
		return a->without.lead < b->without.lead ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static int
judge(struct judge *j, const struct ct_job *job, struct ct_error *err)
{
	struct ct_explanation *out = j->out;
	double lead;
	int code = ct_judge(&out->judged, j->s->prompt, &j->plan, j->a, job, err);

	if (code < 0)
		return code;
	lead = out->judged.whole.lead;
	for (int i = 0; i < out->n_parts; i++) {
		out->part[i].without = out->judged.part[i];
		out->part[i].lost = isnan(out->judged.necessity) ? NAN : 1 - out->part[i].without.lead / lead;
	}
	qsort(out->part, (size_t)out->n_parts, sizeof *out->part, by_lost);
	return CT_OK;
}

/* Sentences like the prompt, and how much their pruned graphs share with the explanation. */
struct likeness {
	const struct judge *j;
	const struct ct_corpus *c;
	int sentence[ALIKE];
	double found[ALIKE], overlap[ALIKE];
};

static int
compare_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	struct likeness *k = ctx;
	const struct judge *j = k->j;
	const struct ct_local_model *lrm = &j->s->prompt->lrm;
	const struct ct_sentence *sentence = &k->c->sentences[k->sentence[item]];
	const struct ct_trace_plan plan = { .pos = sentence->answer,
		.node_threshold = j->s->graph->node_threshold,
		.edge_threshold = j->s->graph->edge_threshold };
	struct ct_prompt *p;
	struct ct_graph *g;
	int found = 0, n = 0, code;

	(void)worker;
	if ((code = ct_prompt_run(&p, lrm->m, j->s->e->transcoder, k->c->tokens + sentence->first,
	    sentence->answer + 1, a, NULL, err)) < 0 || (code = ct_prompt_trace(&g, p, &plan, a, a, NULL,
	    err)) < 0)
		return code;
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *f = &lrm->active[i];
		int node;

		if (!j->inside[i])
			continue;
		node = ct_graph_find(g, CT_NODE_FEATURE, f->layer, f->pos, f->feature);
		found += node >= 0 && g->nodes[node].kept;
		n++;
	}
	k->found[item] = n ? (double)found / n : NAN;
	k->overlap[item] = ct_judge_overlap(j->s->graph, g);
	return CT_OK;
}

/*
 * The sentence of the corpus that is this prompt with this answer, or -1. Sentences like it have the same
 * answer, so they can only be compared if this answer is judged.
 */
static int
find_sentence(const struct ct_corpus *c, const struct ct_session *s, int answer)
{
	int T = s->graph->pos + 1;

	for (int i = 0; i < c->n_sentences; i++)
		if (c->sentences[i].answer + 1 == T && c->sentences[i].n > T &&
		    c->tokens[c->sentences[i].first + T] == answer &&
		    memcmp(c->tokens + c->sentences[i].first, s->ids, (size_t)T * sizeof *s->ids) == 0)
			return i;
	return -1;
}

static int
compare_sentences(struct judge *j, const struct ct_job *job, struct ct_error *err)
{
	struct ct_explanation *out = j->out;
	struct likeness k = { .j = j };
	int sentence, at, code;

	out->found = out->overlap = NAN;
	/* A model without a recipe has no sentences to compare with. */
	if ((code = ct_engine_corpus(j->s->e, &k.c, err)) < 0)
		return code == CT_ENOTFOUND ? CT_OK : code;
	if ((sentence = find_sentence(k.c, j->s, out->judged.answer)) < 0)
		return CT_OK;
	for (at = sentence; out->n_alike < ALIKE && (at = ct_sentence_alike(k.c, sentence, at)) >= 0;)
		k.sentence[out->n_alike++] = at;
	if (out->n_alike == 0)
		return CT_OK;
	if ((code = ct_parallel_run(job, out->n_alike, compare_sentence, &k, "sentences", err)) < 0)
		return code;
	out->found = out->overlap = 0;
	for (int i = 0; i < out->n_alike; i++) {
		out->found += k.found[i] / out->n_alike;
		out->overlap += k.overlap[i] / out->n_alike;
	}
	return CT_OK;
}

int
ct_session_judge(struct ct_session *s, const struct ct_subgraph *pins, struct ct_explanation *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct judge *j;
	struct ct_arena tmp = { 0 };
	int code = ct_engine_check(s->e, err);

	*out = (struct ct_explanation){ .n_parts = 0 };
	if (code < 0)
		return code;
	if (!s->graph || !s->prompt)
		return ct_session_no_graph(err);
	if ((code = ct_session_need_first(s, err)) < 0 || (code = ct_session_need_whole(s, err)) < 0)
		return code;
	j = ct_arena_need(&tmp, 1, sizeof *j, "judging", err);
	if (!j)
		return CT_ENOMEM;
	*j = (struct judge){ .s = s, .out = out, .a = a };
	j->inside = ct_arena_need(&tmp, (size_t)s->prompt->lrm.n, sizeof *j->inside, "judging", err);
	j->part = ct_arena_need(&tmp, (size_t)s->prompt->lrm.n, sizeof *j->part, "judging", err);
	out->part = ct_arena_need(a, CT_MAX_PINS, sizeof *out->part, "judging", err);
	code = j->inside && j->part && out->part ? plan_answer(j, err) : CT_ENOMEM;
	for (int i = 0; code == CT_OK && i < s->prompt->lrm.n; i++)
		j->part[i] = -1;
	if (code == CT_OK)
		code = take_features(j, pins, &own, err);
	if (code == CT_OK)
		code = judge(j, &own, err);
	if (code == CT_OK)
		code = compare_sentences(j, &own, err);
	ct_arena_free(&tmp);
	return code < 0 ? code : ct_engine_check(s->e, err);
}
