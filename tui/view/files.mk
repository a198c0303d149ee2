# The sources of tui/view, headers among them.
tui_view_files = \
	%D%/card.c \
	%D%/card.h \
	%D%/card_lines.c \
	%D%/clamps.c \
	%D%/features.c \
	%D%/fold.c \
	%D%/fold.h \
	%D%/help.c \
	%D%/lesson.c \
	%D%/lesson.h \
	%D%/list.c \
	%D%/list.h \
	%D%/logits.c \
	%D%/map.c \
	%D%/node_name.c \
	%D%/node_name.h \
	%D%/operands.c \
	%D%/operands.h \
	%D%/sessions.c \
	%D%/settings.c \
	%D%/start.c \
	%D%/subgraph.c \
	%D%/subgraph.h \
	%D%/survey.c \
	%D%/sweep.c \
	%D%/sweep.h \
	%D%/tree.c \
	%D%/tree.h \
	%D%/tree_draw.c \
	%D%/tree_item.c \
	%D%/tree_item.h \
	%D%/view.c \
	%D%/view.h
