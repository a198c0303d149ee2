/*
 * aggregate: what recurs in the graphs of many prompts, from the lines that graph_line.h writes.
 *
 * Features and edges are counted regardless of position: what occurs at several positions of a prompt is
 * summed for that prompt (of activations the largest is taken). Its memory grows with the number of distinct
 * nodes and edges, not of prompts.
 */
#ifndef CT_SHARE_AGGREGATE_H
#define CT_SHARE_AGGREGATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Mean and deviation of a value, over the prompts in which a node or edge occurs. */
struct ct_stat {
	long n;
	double mean, squares;		/* squares: sum of (x - mean)^2 */
};
double ct_stat_sd(const struct ct_stat *s);	/* of the sample; NAN for n < 2 */

/*
 * Where a node or edge is missing, between the first and the last prompt that have it: runs of prompts
 * (numbers from 1), of which the first CT_GAPS are kept.
 */
enum { CT_GAPS = 6 };
struct ct_gaps {
	int n;				/* all runs, including those not kept */
	long first[CT_GAPS], last[CT_GAPS];
};

struct ct_recurring_node {
	char *name;			/* "L1#249", "error L1", "input \"Dallas\"", "output \"Austin\"" */
	char *label;			/* features: the last one seen; else "" */
	int layer, feature;		/* -1: not a feature */
	bool group;			/* all features of one label */
	struct ct_stat influence, activation;
	struct ct_gaps gaps;
	double now, most;		/* sums of the prompt at hand */
	long prompt;			/* the last one it occurred in, from 1 */
};

struct ct_recurring_edge {
	int source, target;		/* nodes */
	struct ct_stat weight;
	struct ct_gaps gaps;
	double now;
	long prompt;
};

struct ct_aggregate {
	/* to be set before the first line: features of one label are one group */
	bool by_label;
	long *line;			/* (prompts) the number of each in its batch */
	char *model, *transcoder, *weights;	/* of the first line; weights: a checksum, or "" */
	long prompts, failed;		/* failed: lines with an error, left out */
	int n_nodes;
	size_t n_edges;
	struct ct_recurring_node *nodes;
	struct ct_recurring_edge *edges;
	struct ct_aggregate_index *index;
};

/*
 * The lines of the prompts in which a node or edge is missing, where `last` is the last prompt that has it:
 * writes the first, at most max, and returns how many it wrote.
 */
int ct_aggregate_absent(const struct ct_aggregate *a, const struct ct_gaps *gaps, long last, long *out,
    int max);

int ct_aggregate_init(struct ct_aggregate *a, struct ct_error *err);
void ct_aggregate_free(struct ct_aggregate *a);

/* Adds a line; `where` and `number` name it in messages. If this fails, no part of the line counts. */
int ct_aggregate_add(struct ct_aggregate *a, const json_t *line, const char *where, long number,
    struct ct_error *err);

#endif
