# The sources of src/cards, headers among them.
cards_files = \
	%D%/activity.c \
	%D%/activity.h \
	%D%/blanks.c \
	%D%/build.c \
	%D%/build.h \
	%D%/card.h \
	%D%/cards.c \
	%D%/cards.h \
	%D%/import.c \
	%D%/labels.c \
	%D%/labels.h \
	%D%/match.c \
	%D%/match.h \
	%D%/operands.c \
	%D%/operands.h \
	%D%/plot.c \
	%D%/plot.h \
	%D%/record.c \
	%D%/record.h \
	%D%/rewrite.c \
	%D%/rewrite.h \
	%D%/store.c \
	%D%/store.h
