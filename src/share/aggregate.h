/*
 * aggregate: the features and edges that recur in the graphs of many prompts, from the lines that
 * graph_line.h writes.
 *
 * Features, or groups of them, and edges are counted whatever their positions: if something occurs at several
 * positions of a prompt, its values are summed for that prompt (for activations, the largest is taken).
 * Memory grows with the number of distinct nodes and edges, not with the number of prompts.
 */
#ifndef CT_SHARE_AGGREGATE_H
#define CT_SHARE_AGGREGATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "share/aggregate_line.h"

/*
 * Mean and deviation of a value, over the prompts in which a node or edge occurs and has one: a feature that
 * is the target of a graph has neither influence nor activation there.
 */
struct ct_stat {
	long n;				/* prompts in which it occurs */
	long known;			/* those in which it has a value */
	double mean, squares;		/* squares: sum of (x - mean)^2 */
};
double ct_stat_mean(const struct ct_stat *s);	/* NAN without a value */
double ct_stat_sd(const struct ct_stat *s);	/* of the sample; NAN for fewer than two values */

/*
 * The prompts that lack a node or edge, between the first and the last prompt that have it, as runs of
 * prompts (numbered from 1). For features, which may be very many, the first CT_GAPS runs are kept; for
 * groups more.
 */
enum { CT_GAPS = 6, CT_GROUP_GAPS = 1000 };
struct ct_gap {
	long first, last;
};
struct ct_gaps {
	int n;				/* all runs, including those not kept */
	int room;
	struct ct_gap *run;		/* the runs that are kept */
};

struct ct_recurring_node {
	/* L1#249, error L1, input "Dallas", output "Austin"; for groups: "in <state>" in quotes, output */
	char *name;
	char *label;			/* for features, the last label seen; else "" */
	struct ct_line_node is;
	struct ct_stat influence, activation;
	struct ct_gaps gaps;
	double now, most;		/* in the present prompt: sum of influence, largest activation */
	int times;			/* how often it occurs there */
	long prompt;			/* the last one it occurred in, from 1 */
};

struct ct_recurring_edge {
	int source, target;		/* nodes */
	struct ct_stat weight;
	/* for groups: the share of what flows into the target; if there are several targets, the mean */
	struct ct_stat share;
	struct ct_gaps gaps;
	double now, share_now;
	long prompt;
};

struct ct_aggregate {
	enum ct_aggregate_by by;	/* to be set before the first line */
	long *line;			/* (prompts) the number of each in its batch */
	char *model, *transcoder, *weights;	/* of the first line; weights: a checksum, or "" */
	long prompts, failed;		/* failed: lines with an error, which do not count */
	int n_nodes;
	size_t n_edges;
	struct ct_recurring_node *nodes;
	struct ct_recurring_edge *edges;
	struct ct_aggregate_index *index;
};

/*
 * The line numbers of the prompts that lack a node or edge, where `last` is the last prompt that has it:
 * writes the first ones, at most max, and returns how many.
 */
int ct_aggregate_absent(const struct ct_aggregate *a, const struct ct_gaps *gaps, long last, long *out,
    int max);

int ct_aggregate_init(struct ct_aggregate *a, struct ct_error *err);
void ct_aggregate_free(struct ct_aggregate *a);

/* Adds a line; `where` and `number` name it in messages. If this fails, no part of the line counts. */
int ct_aggregate_add(struct ct_aggregate *a, const json_t *line, const char *where, long number,
    struct ct_error *err);

#endif
