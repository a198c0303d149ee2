# The sources of tui/ itself, headers among them; main.c is the program's alone.
tui_files = \
	%D%/app.c \
	%D%/app.h \
	%D%/begin.c \
	%D%/begin.h \
	%D%/event.c \
	%D%/event.h \
	%D%/loop.c \
	%D%/loop.h \
	%D%/work.c \
	%D%/work.h
