/* tree: shows as text what feeds a target: its inputs, their inputs, and the strongest paths. */
#ifndef CT_CLI_TREE_H
#define CT_CLI_TREE_H

#include "cli/cli.h"
#include "cli/why.h"

struct cli_tree {
	int depth;			/* levels */
	int top;			/* rows of single nodes on the first level, and */
	bool same;			/* on the other levels; false: half as many on each further one */
	const struct cli_why *why;	/* for rows that also show the run without clamps; NULL: no clamps */
	/* (n_nodes) nodes already shown with inputs, so that the next row says "see above" */
	bool *opened;
};

/* Shows the tree below a node of the graph, with the node's value and what its edges come from. */
int cli_tree_show(const struct cli_model *m, int node, const struct cli_tree *tree, struct ct_error *err);

/*
 * Shows the n strongest paths from words to a target as text. cli_tree_paths_json returns them as a list of
 * objects.
 */
int cli_tree_paths(const struct cli_model *m, int target, int n, struct ct_error *err);
int cli_tree_paths_json(json_t **out, const struct cli_model *m, int target, int n, struct ct_error *err);

#endif
