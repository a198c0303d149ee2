# The sources of tui/language, headers among them.
tui_language_files = \
	%D%/binding.c \
	%D%/binding.h \
	%D%/cmd.c \
	%D%/cmd.h \
	%D%/cmd_ask.c \
	%D%/cmd_clamp.c \
	%D%/cmd_exec.h \
	%D%/cmd_look.c \
	%D%/cmd_pins.c \
	%D%/cmd_program.c \
	%D%/cmd_search.c \
	%D%/cmd_session.c \
	%D%/cmd_study.c \
	%D%/cmd_swap.c \
	%D%/complete.c \
	%D%/complete.h \
	%D%/input.c \
	%D%/input.h \
	%D%/keys.c \
	%D%/keys.h \
	%D%/mdoc.c \
	%D%/mdoc.h \
	%D%/options.c \
	%D%/options.h \
	%D%/script.c \
	%D%/script.h \
	%D%/settings.c \
	%D%/settings.h \
	%D%/typed.h
