/*
 * qk: the facade's question why a head attends to a token: see trace/qk.h. Questions are parsed from typed
 * text.
 */
#include <ctype.h>
#include <stdio.h>

#include "session/engine.h"
#include "session/names_feature.h"
#include "trace/heads.h"

static int
read_head(const char *word, struct ct_qk_question *q, struct ct_error *err)
{
	int end = 0;

	if (*word && isdigit((unsigned char)word[1]) &&
	    sscanf(word, "%*1[Ll]%6d%*1[Hh]%6d%n", &q->layer, &q->head, &end) == 2 && !word[end] &&
	    q->layer >= 0 && q->head >= 0)
		return CT_OK;
	return ct_fail(err, CT_EINVAL, "expected a head, such as L1H2; found \"%.60s\"", word);
}

static int
read_position(const struct ct_session *s, const char *word, int *pos, struct ct_error *err)
{
	struct ct_clamp place = { .pos = -1 };
	int code = ct_place_read(s, word, &place, err);

	if (code < 0)
		return code;
	if (place.pos < 0 || place.onwards)
		return ct_fail(err, CT_EINVAL, "%s: expected one position, such as @8 or @Dallas", word);
	*pos = place.pos;
	return CT_OK;
}

/* The key that gets most of the query's attention. */
static int
find_most_seen(const struct ct_session *s, struct ct_qk_question *q, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	float *row = ct_arena_need(&tmp, (size_t)s->T, sizeof *row, "a pattern", err);
	const float *pattern;

	if (!row)
		return CT_ENOMEM;
	pattern = ct_pattern_row(&s->prompt->pass, q->layer, q->head, q->query, row);
	q->key = 0;
	for (int k = 1; k <= q->query; k++)
		if (pattern[k] > pattern[q->key])
			q->key = k;
	ct_arena_free(&tmp);
	return CT_OK;
}

/* The head, query and key that carry most in the pruned graph. */
static int
carries_most(const struct ct_session *s, struct ct_qk_question *q, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_heads_question all = { .target = -1, .source = -1, .pos = -1, .to_pos = -1 };
	struct ct_arena tmp = { 0 };
	struct ct_heads heads;
	int code = ct_session_heads(s, &all, &heads, &tmp, job, err);

	if (code == CT_OK && heads.n == 0)
		code = ct_fail(err, CT_ENOTFOUND, "no head carries anything in this graph: "
		    "name one, such as L0H0");
	if (code == CT_OK)
		*q = (struct ct_qk_question){ heads.loads[0].layer, heads.loads[0].head, heads.loads[0].query,
			heads.loads[0].key };
	ct_arena_free(&tmp);
	return code;
}

int
ct_session_parse_qk(const struct ct_session *s, const char *head, const char *query, const char *key,
    struct ct_qk_question *q, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_config *c;
	int code;

	if (!s->graph || !s->prompt)
		return ct_session_no_graph(err);
	c = &s->prompt->pass.m->cfg;
	if (!head && (query || key))
		return ct_fail(err, CT_EINVAL, "a query or key needs its head: name one, such as L1H2");
	if (!head)
		return carries_most(s, q, job, err);
	*q = (struct ct_qk_question){ .query = s->graph->pos, .key = -1 };
	if ((code = read_head(head, q, err)) < 0)
		return code;
	if (q->layer >= c->L || q->head >= c->H)
		return ct_fail(err, CT_ENOTFOUND, "no head L%dH%d: the model has layers 0 to %d, heads 0 to "
		    "%d", q->layer, q->head, c->L - 1, c->H - 1);
	if (query && (code = read_position(s, query, &q->query, err)) < 0)
		return code;
	if (key)
		return read_position(s, key, &q->key, err);
	return find_most_seen(s, q, err);
}

int
ct_session_qk(const struct ct_session *s, const struct ct_qk_question *q, struct ct_qk *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	int code = ct_engine_check(s->e, err);

	if (code < 0)
		return code;
	if (!s->graph || !s->prompt)
		return ct_session_no_graph(err);
	code = ct_qk_split(out, &s->prompt->lrm, q, a, &own, err);
	return code < 0 ? code : ct_engine_check(s->e, err);
}

/* Explains the head that carries most into a node; *out NULL: no head carries anything. */
static int
trace_node(struct ct_session *s, int node, const struct ct_qk **out, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_heads_question into = { .target = node, .source = -1, .pos = -1, .to_pos = -1 };
	struct ct_arena tmp = { 0 };
	struct ct_heads heads;
	struct ct_qk *qk = NULL;
	int code = ct_session_heads(s, &into, &heads, &tmp, job, err);

	if (code == CT_OK && heads.n > 0) {
		const struct ct_head_load *most = &heads.loads[0];
		const struct ct_qk_question q = { most->layer, most->head, most->query, most->key };

		qk = ct_arena_need(&s->graph_arena, 1, sizeof *qk, "queries and keys", err);
		code = qk ? ct_session_qk(s, &q, qk, &s->graph_arena, job, err) : CT_ENOMEM;
	}
	ct_arena_free(&tmp);
	*out = qk;
	return code;
}

int
ct_session_trace_qk(struct ct_session *s, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	const struct ct_qk **all;
	int code = CT_OK;

	if (!g || !s->prompt)
		return ct_session_no_graph(err);
	all = ct_arena_need(&s->graph_arena, (size_t)g->n_nodes, sizeof *all, "queries and keys", err);
	if (!all)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_nodes && code == CT_OK; i++)
		if (g->nodes[i].kept && g->nodes[i].attributed)
			code = trace_node(s, i, &all[i], job, err);
	if (code == CT_OK)
		s->qk = all;
	return code;
}

static struct ct_node
node_of(const struct ct_qk_term *t)
{
	return (struct ct_node){ .kind = ct_qk_node_kind(t->kind), .layer = t->layer, .pos = t->pos,
		.index = t->index };
}

int
ct_session_term_name(const struct ct_session *s, const struct ct_qk_term *t, char *buf, size_t size)
{
	const struct ct_node n = node_of(t);

	if (t->kind == CT_QK_CONSTANTS)
		return snprintf(buf, size, "constants");
	return ct_session_node_text(s, &n, buf, size);
}

int
ct_session_term_find(const struct ct_session *s, const struct ct_qk_term *t)
{
	const struct ct_node n = node_of(t);

	if (t->kind == CT_QK_CONSTANTS || !s->graph)
		return -1;
	return ct_graph_find(s->graph, n.kind, n.layer, n.pos, n.index);
}
