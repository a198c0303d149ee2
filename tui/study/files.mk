# The sources of tui/study, headers among them.
tui_study_files = \
	%D%/dirs.c \
	%D%/dirs.h \
	%D%/lines.c \
	%D%/lines.h \
	%D%/notes.c \
	%D%/notes.h \
	%D%/paths.c \
	%D%/paths.h \
	%D%/pins.c \
	%D%/pins.h \
	%D%/study.c \
	%D%/study.h \
	%D%/study_model.c \
	%D%/study_opened.c \
	%D%/study_rows.c \
	%D%/study_work.c
