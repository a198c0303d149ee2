# The sources of tui/terminal, headers among them.
tui_terminal_files = \
	%D%/draw.c \
	%D%/draw.h \
	%D%/fmt.c \
	%D%/fmt.h \
	%D%/key.c \
	%D%/key.h \
	%D%/prompt.c \
	%D%/prompt.h \
	%D%/screen_svg.c \
	%D%/screen_svg.h \
	%D%/term.c \
	%D%/term.h \
	%D%/term_kind.c \
	%D%/term_kind.h \
	%D%/term_send.c \
	%D%/theme.c \
	%D%/theme.h
