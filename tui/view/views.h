/* views: the list of views. view.h says what a view is. */
#ifndef TUI_VIEWS_H
#define TUI_VIEWS_H

/*
 * All views, in the order of help and of Tab. To add one, write a file that ends with its `const struct
 * view_ops NAME_view`, and add a row here.
 */
#define VIEWS(X) \
	X(TREE, tree) \
	X(CARD, card) \
	X(MAP, map) \
	X(LOGITS, logits) \
	X(CLAMPS, clamps) \
	X(SWEEP, sweep) \
	X(SWAP, swap) \
	X(SURVEY, survey) \
	X(JUDGE, judge) \
	X(SUBGRAPH, subgraph) \
	X(BOXES, boxes) \
	X(PATHS, paths) \
	X(HEADS, heads) \
	X(COMPARE, compare) \
	X(QK, qk) \
	X(INACTIVE, inactive) \
	X(WEIGHTS, weights) \
	X(OPERANDS, operands) \
	X(FEATURES, features) \
	X(SESSIONS, sessions) \
	X(SETTINGS, settings) \
	X(HELP, help) \
	X(LESSON, lesson) \
	X(START, start)

enum view_id {
#define VIEW_ID(ID, name) VIEW_##ID,
	VIEWS(VIEW_ID)
#undef VIEW_ID
	VIEW_COUNT
};

#endif
