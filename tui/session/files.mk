# The sources of tui/session, headers among them.
tui_session_files = \
	%D%/keeping.h \
	%D%/lock.c \
	%D%/lock.h \
	%D%/saver.c \
	%D%/saver.h \
	%D%/session.c \
	%D%/session.h \
	%D%/session_file.c \
	%D%/session_file.h \
	%D%/session_list.c \
	%D%/session_list.h
