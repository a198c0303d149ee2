# The sources of tui/lesson, headers among them.
tui_lesson_files = \
	%D%/flow.c \
	%D%/flow.h \
	%D%/lesson.c \
	%D%/lesson.h \
	%D%/lesson_check.c \
	%D%/lesson_check.h \
	%D%/player.c \
	%D%/player.h \
	%D%/progress.h \
	%D%/turn.c \
	%D%/turn.h
