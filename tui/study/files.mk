# The sources of tui/study, headers among them.
tui_study_files = \
	%D%/dirs.c \
	%D%/dirs.h \
	%D%/jumplist.c \
	%D%/jumplist.h \
	%D%/jumps.h \
	%D%/keeping.h \
	%D%/lines.c \
	%D%/lines.h \
	%D%/lock.c \
	%D%/lock.h \
	%D%/notes.c \
	%D%/notes.h \
	%D%/paths.c \
	%D%/paths.h \
	%D%/pins.c \
	%D%/pins.h \
	%D%/saver.c \
	%D%/saver.h \
	%D%/session.c \
	%D%/session.h \
	%D%/session_file.c \
	%D%/session_file.h \
	%D%/session_list.c \
	%D%/session_list.h \
	%D%/study.c \
	%D%/study.h \
	%D%/study_model.c \
	%D%/study_opened.c \
	%D%/study_rows.c \
	%D%/study_work.c
