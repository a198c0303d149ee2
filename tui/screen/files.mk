# The sources of tui/screen, headers among them.
tui_screen_files = \
	%D%/frame.c \
	%D%/frame.h \
	%D%/linear.c \
	%D%/linear.h \
	%D%/mouse.c \
	%D%/mouse.h \
	%D%/title.c \
	%D%/title.h
