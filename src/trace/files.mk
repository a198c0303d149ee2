# The sources of src/trace, headers among them.
trace_files = \
	%D%/active.c \
	%D%/active.h \
	%D%/attribution.c \
	%D%/attribution.h \
	%D%/build.c \
	%D%/build.h \
	%D%/clamp.h \
	%D%/direct.c \
	%D%/direct.h \
	%D%/effects.c \
	%D%/generate.c \
	%D%/generate.h \
	%D%/graph.c \
	%D%/graph.h \
	%D%/heads.c \
	%D%/heads.h \
	%D%/influence.c \
	%D%/influence.h \
	%D%/intervene.c \
	%D%/intervene.h \
	%D%/measure.c \
	%D%/measure.h \
	%D%/node.c \
	%D%/node.h \
	%D%/paths.c \
	%D%/paths.h \
	%D%/prompt.c \
	%D%/prompt.h \
	%D%/replacement.c \
	%D%/replacement.h \
	%D%/subgraph.c \
	%D%/subgraph.h \
	%D%/survey.c \
	%D%/survey.h \
	%D%/sweep.c \
	%D%/sweep.h
