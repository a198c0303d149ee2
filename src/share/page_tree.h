/*
 * page_tree: the tree on a graph's page, with the inputs of each output below it. For page.c only.
 */
#ifndef CT_SHARE_PAGE_TREE_H
#define CT_SHARE_PAGE_TREE_H

#include "share/picture_graph.h"

int page_tree(const struct picture *p, const struct ct_export *x, struct ct_error *err);

#endif
