# The sources of src/session, headers among them.
session_files = src/ctrace.h \
	%D%/clamps.c \
	%D%/compare.c \
	%D%/engine.c \
	%D%/engine.h \
	%D%/experiments.c \
	%D%/from_file.c \
	%D%/from_model.c \
	%D%/graph.c \
	%D%/groups.c \
	%D%/heads.c \
	%D%/inactive.c \
	%D%/inputs.c \
	%D%/inputs.h \
	%D%/judge.c \
	%D%/names.c \
	%D%/names_clamp.c \
	%D%/names_feature.c \
	%D%/names_feature.h \
	%D%/now.c \
	%D%/operands.c \
	%D%/page.c \
	%D%/page.h \
	%D%/opened.c \
	%D%/pins.c \
	%D%/qk.c \
	%D%/query.c \
	%D%/query.h \
	%D%/reach.c \
	%D%/search.c \
	%D%/session.c \
	%D%/share.c \
	%D%/source.h \
	%D%/swap.c \
	%D%/tokens.c \
	%D%/version.c \
	%D%/written.c
