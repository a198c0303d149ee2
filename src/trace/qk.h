/*
 * qk: why a head attends from a query to a key: their score, split over pairs of what wrote them.
 *
 * With norm scales frozen (of the norm before attention, and of the norms of queries and keys if a family has
 * them), the query of head h at position q is a sum over all that wrote to the stream there, and so is the
 * key at position k:
 *     Q = sum_i u_i,   K = sum_j v_j,   score = scale <Q, K> = sum_i sum_j scale <u_i, v_j>
 * i and j run over active features, errors and words (what they write there and what attention in lower
 * layers carries there), and over the constants (biases, learned positions, b_dec, MLP outputs before the
 * start), which are one term. A marginal is one side's term with all of the other side: scale <u_i, K>. If a
 * family has a softcap, it acts on the sum.
 */
#ifndef CT_TRACE_QK_H
#define CT_TRACE_QK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/node.h"

struct ct_local_model;

enum ct_qk_kind { CT_QK_WORDS, CT_QK_FEATURES, CT_QK_ERRORS, CT_QK_CONSTANTS, CT_QK_KINDS };

/* "words", "features", "errors", "constants"; CT_QK_KINDS: "together". */
const char *ct_qk_kind_name(int kind);
/* The kind of such a term's node; CT_NODE_OTHER: constants, which have no node. */
enum ct_node_kind ct_qk_node_kind(enum ct_qk_kind kind);

/* Pairs are formed from this many terms of each side, those with the largest marginals. */
enum { CT_QK_STRONGEST = 24 };

struct ct_qk_question {
	int layer, head, query, key;	/* positions, key <= query */
};

/* A term of one side. */
struct ct_qk_term {
	enum ct_qk_kind kind;
	int layer;		/* -1: a word, the constants */
	int pos;		/* -1: the constants */
	int index;		/* feature, or token id; else -1 */
	float marginal;
};

struct ct_qk_pair {
	int query, key;		/* of the terms below */
	float adds;
};

struct ct_qk {
	struct ct_qk_question at;
	double score;		/* before any softcap */
	double softcap;		/* 0: none; */
	double capped;		/* after the softcap */
	double pattern;		/* attention weight from the query to the key, 0..1 */
	int rival;		/* the other key with the highest score, -1: there is none; */
	double rival_score;	/* before any softcap */
	double parts[CT_QK_KINDS][CT_QK_KINDS];	/* [query's][key's]; they add up to the score */
	int n_query, n_key;
	struct ct_qk_term *query, *key;		/* by size of their marginals, which add up to the score */
	int n_pairs;
	struct ct_qk_pair *pairs;	/* by size */
	double rest;		/* the score less all pairs */
	/*
	 * The largest relative error of: sums of terms = query and key, sums of parts and marginals = score.
	 */
	double residual;
	double pattern_error;	/* max over keys |softmax of this query's scores - pattern| */
};

/*
 * Everything in `a`. CT_EINVAL if there is no such head, or its window does not include the key.
 * Cost: 2 d_head rows of attribution (attribution.h), d_head the width of a head. Oracle: all terms expanded
 * in double, tests/unit/test_qk.c.
 */
int ct_qk_split(struct ct_qk *out, const struct ct_local_model *lrm, const struct ct_qk_question *at,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
