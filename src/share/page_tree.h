/*
 * page_tree: the tree of a graph's page: under each output what feeds it. For page.c only.
 */
#ifndef CT_SHARE_PAGE_TREE_H
#define CT_SHARE_PAGE_TREE_H

#include "share/picture_graph.h"

int page_tree(const struct picture *p, const struct ct_export *x, struct ct_error *err);

#endif
