/*
 * tree: the text that shows what feeds a target: its inputs and theirs, and the strongest paths through them.
 */
#ifndef CT_CLI_TREE_H
#define CT_CLI_TREE_H

#include "cli/cli.h"
#include "cli/why.h"

struct cli_tree {
	int depth;			/* levels */
	int top;			/* rows of single nodes on the first level */
	bool same;			/* and on the others; else half as many on each further one */
	const struct cli_why *why;	/* rows say what they were without clamps; NULL: there are none */
	bool *opened;			/* (n_nodes) below which targets that came first, for "see above" */
};

/* The tree below a node of the graph, with its value and what its edges come directly from. */
int cli_tree_show(const struct cli_model *m, int node, const struct cli_tree *tree, struct ct_error *err);

/* The n strongest paths from words to a target: text, or one object for each in a list. */
int cli_tree_paths(const struct cli_model *m, int target, int n, struct ct_error *err);
int cli_tree_paths_json(json_t **out, const struct cli_model *m, int target, int n, struct ct_error *err);

#endif
