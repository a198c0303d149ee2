/* graph_qk: see graph_qk.h. */
#include "share/graph_qk.h"

#include <math.h>
#include <stdio.h>

#include "share/graph_id.h"
#include "trace/qk.h"

enum { MOST = 10 };			/* length of each list */

static int
node_of(const struct ct_graph *g, const struct ct_qk_term *t)
{
	return t->kind == CT_QK_CONSTANTS ? -1 :
	    ct_graph_find(g, ct_qk_node_kind(t->kind), t->layer, t->pos, t->index);
}

/* "" if the graph has no node for it. The constants of a side are a node of their own. */
static const char *
term_id(const struct ct_export *x, const struct ct_qk *qk, const struct ct_qk_term *t, int pos,
    char buf[CT_NODE_ID])
{
	int node = node_of(x->graph, t);

	buf[0] = '\0';
	if (t->kind == CT_QK_CONSTANTS)
		snprintf(buf, CT_NODE_ID, "%d_bias_constants_%d", qk->at.layer, pos);
	else if (node >= 0)
		return ct_graph_node_id(x, node, buf);
	return buf;
}

static void
write_marginals(struct ct_writer *w, const struct ct_export *x, const struct ct_qk *qk, bool query)
{
	const struct ct_qk_term *terms = query ? qk->query : qk->key;
	int n = query ? qk->n_query : qk->n_key;
	char id[CT_NODE_ID];

	ct_writer_list(w, query ? "top_q_marginal_contributors" : "top_k_marginal_contributors");
	for (int i = 0; i < n && i < MOST; i++) {
		const char *name = term_id(x, qk, &terms[i], query ? qk->at.query : qk->at.key, id);

		if (!*name)
			continue;
		ct_writer_list(w, NULL);
		ct_writer_string(w, NULL, name);
		ct_writer_number(w, NULL, (double)terms[i].marginal);
		ct_writer_end(w);
	}
	ct_writer_end(w);
}

void
ct_graph_qk_node(struct ct_writer *w, const struct ct_export *x, int node)
{
	const struct ct_qk *qk = x->qk ? x->qk[node] : NULL;
	char q[CT_NODE_ID], k[CT_NODE_ID];

	if (!qk)
		return;
	ct_writer_object(w, "qk_tracing_results");
	ct_writer_list(w, "pair_wise_contributors");
	for (int i = 0; i < qk->n_pairs && i < MOST; i++) {
		const struct ct_qk_pair *p = &qk->pairs[i];
		const char *query = term_id(x, qk, &qk->query[p->query], qk->at.query, q);
		const char *key = term_id(x, qk, &qk->key[p->key], qk->at.key, k);

		if (!*query || !*key)
			continue;
		ct_writer_list(w, NULL);
		ct_writer_string(w, NULL, query);
		ct_writer_string(w, NULL, key);
		ct_writer_number(w, NULL, (double)p->adds);
		ct_writer_end(w);
	}
	ct_writer_end(w);
	write_marginals(w, x, qk, true);
	write_marginals(w, x, qk, false);
	ct_writer_integer(w, "layer", qk->at.layer);
	ct_writer_integer(w, "head", qk->at.head);
	ct_writer_integer(w, "query", qk->at.query);
	ct_writer_integer(w, "key", qk->at.key);
	ct_writer_number(w, "score", qk->score);
	ct_writer_end(w);
}

static void
describe(struct ct_writer *w, const struct ct_export *x, const struct ct_qk *qk, const struct ct_qk_term *t,
    int pos)
{
	char buf[CT_NODE_ID], layer[16] = "E";
	const char *id = term_id(x, qk, t, pos, buf);

	if (t->kind != CT_QK_WORDS)
		snprintf(layer, sizeof layer, "%d", t->kind == CT_QK_CONSTANTS ? qk->at.layer : t->layer);
	ct_writer_object(w, id);
	ct_writer_string(w, "node_id", id);
	ct_writer_null(w, "feature");
	ct_writer_string(w, "layer", layer);
	ct_writer_integer(w, "ctx_idx", pos);
	ct_writer_string(w, "feature_type", t->kind == CT_QK_CONSTANTS ? "bias" :
	    ct_node_traits(ct_qk_node_kind(t->kind))->json);
	ct_writer_string(w, "jsNodeId", id);
	ct_writer_string(w, "clerp", t->kind == CT_QK_FEATURES ?
	    x->names->label(x->names->ctx, t->layer, t->index) : t->kind == CT_QK_CONSTANTS ? "constants" :
	    x->names->token(x->names->ctx, x->names->tokens[t->pos]));
	ct_writer_end(w);
}

/* Lists terms that are in the file's lists but are none of its nodes, each once. */
static void
describe_terms(struct ct_writer *w, const struct ct_export *x, const struct ct_qk *qk, bool query,
    bool *there)
{
	const struct ct_qk_term *terms = query ? qk->query : qk->key;
	int n = query ? qk->n_query : qk->n_key, side = query ? qk->at.query : qk->at.key;
	const struct ct_graph *g = x->graph;

	for (int i = 0; i < n && i < CT_QK_STRONGEST; i++) {
		bool constants = terms[i].kind == CT_QK_CONSTANTS;
		int at = constants ? g->n_nodes + qk->at.layer * g->T + side : node_of(g, &terms[i]);

		if (at < 0 || there[at])
			continue;
		there[at] = true;
		describe(w, x, qk, &terms[i], constants ? side : terms[i].pos);
	}
}

int
ct_graph_qk_only(struct ct_writer *w, const struct ct_export *x, const bool *written, struct ct_error *err)
{
	const struct ct_graph *g = x->graph;
	size_t cells = (size_t)g->n_nodes + (size_t)g->L * g->T;
	struct ct_arena tmp = { 0 };
	bool *there;

	if (!x->qk)
		return CT_OK;
	there = ct_arena_need(&tmp, cells, sizeof *there, "the JSON of a graph", err);
	if (!there)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_nodes; i++)
		there[i] = written[i];
	ct_writer_object(w, "qk_only_nodes");
	for (int i = 0; i < g->n_nodes; i++)
		if (written[i] && x->qk[i]) {
			describe_terms(w, x, x->qk[i], true, there);
			describe_terms(w, x, x->qk[i], false, there);
		}
	ct_writer_end(w);
	ct_arena_free(&tmp);
	return CT_OK;
}
