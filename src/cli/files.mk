# The sources of src/cli, headers among them.
cli_files = \
	%D%/aggregate.c \
	%D%/batch.c \
	%D%/batch.h \
	%D%/bench.c \
	%D%/card.c \
	%D%/card.h \
	%D%/cli.h \
	%D%/commands.h \
	%D%/corpus_context.c \
	%D%/corpus_context.h \
	%D%/eval.c \
	%D%/export.c \
	%D%/features.c \
	%D%/group.c \
	%D%/group.h \
	%D%/heads.c \
	%D%/inactive.c \
	%D%/main.c \
	%D%/model.c \
	%D%/models.c \
	%D%/options.c \
	%D%/output.c \
	%D%/progress.c \
	%D%/qk.c \
	%D%/steer.c \
	%D%/survey.c \
	%D%/swap.c \
	%D%/sweep.c \
	%D%/sweep.h \
	%D%/trace.c \
	%D%/train.c \
	%D%/tree.c \
	%D%/tree.h
