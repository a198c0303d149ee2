/*
 * node: the kinds of nodes that a graph has, and what a target is: plain data and one table.
 *
 * A new kind of source is a value before CT_NODE_TARGET and a row of the table in node.c: it gets its own
 * block in the rows of edges (edges.h), a name, and its place in files. attribution.c computes its edges.
 */
#ifndef CT_TRACE_NODE_H
#define CT_TRACE_NODE_H

#include <stdbool.h>

/*
 * Sources come first: this is the order of the blocks of a row, and of the nodes of a graph. CT_NODE_OTHER is
 * a kind that only other programs' files have; such nodes are placed among the features of their layer.
 */
enum ct_node_kind { CT_NODE_FEATURE, CT_NODE_ERROR, CT_NODE_EMBEDDING, CT_NODE_TARGET, CT_NODE_OTHER };
enum { CT_SOURCE_KINDS = CT_NODE_TARGET };

/* Where a feature of a prompt is. Lists of active features, of clamps and of nodes are in this order. */
struct ct_place {
	int layer, pos, index;
};

/* Compares by layer, then position, then index: <0, 0 or >0, for sorting and searching. */
int ct_place_order(struct ct_place a, struct ct_place b);

/* What a kind of node is and what can be done with it. */
struct ct_node_traits {
	const char *name;	/* "feature", "error", "input", "output": its name in JSON results */
	const char *label;	/* the beginning of a node's name for people: "error " of "error L1@8" */
	const char *json;	/* feature_type in graph JSON */
	bool has_activation;
	bool has_inputs;	/* edges into it are computed */
	bool has_label;		/* a person may label it, and it may have a card */
	bool can_clamp;
	const char *no_clamp;	/* why not, for people; NULL: nobody would try */
};

const struct ct_node_traits *ct_node_traits(enum ct_node_kind kind);
/* The kind of a feature_type in graph JSON; CT_NODE_OTHER if it is none of these. */
enum ct_node_kind ct_node_kind_of_json(const char *type);

/* A target is a logit minus the vocabulary's mean, a difference of logits, or a pre-activation. */
enum ct_target_kind { CT_TARGET_LOGIT, CT_TARGET_DIFFERENCE, CT_TARGET_FEATURE };

/*
 * The smallest lead of one token over another, in logits, of which shares are given. Shares of a smaller one
 * only say that it is small: they reach thousands of percent, and rounding errors show in their digits.
 */
#define CT_LEAST_LEAD 0.1

/* The beginning of a target's name: a feature's is "target L1#249@8", since "L1#249@8" is the feature. */
const char *ct_target_label(enum ct_target_kind kind);
/* What follows the label in a node's name, whatever its case; NULL: the name does not begin with it. */
const char *ct_node_after_label(const char *name, const char *label);

/* What a graph explains: one quantity at one position. */
struct ct_target {
	enum ct_target_kind kind;
	int layer;		/* of a feature; L for the others */
	int pos;
	int index;		/* feature or token; A of a difference */
	int other;		/* B of a difference A - B, else -1 */
	float prob;		/* of a logit's token */
	float weight;		/* its share in the influence */
};

/* Whether two targets are the same quantity, whatever their weights. */
bool ct_target_same(const struct ct_target *a, const struct ct_target *b);

#endif
