# The sources of src/eval, headers among them.
eval_files = \
	%D%/alone.c \
	%D%/alone.h \
	%D%/control.c \
	%D%/control.h \
	%D%/eval.c \
	%D%/eval.h \
	%D%/feature_labels.c \
	%D%/feature_labels.h \
	%D%/fidelity.c \
	%D%/fidelity.h \
	%D%/graphs.c \
	%D%/graphs.h \
	%D%/group_swap.c \
	%D%/group_swap.h \
	%D%/held_out.c \
	%D%/held_out.h \
	%D%/hidden.c \
	%D%/hidden.h \
	%D%/interchange.c \
	%D%/interchange.h \
	%D%/interchange_parts.c \
	%D%/interchange_parts.h \
	%D%/means.c \
	%D%/means.h \
	%D%/planning.c \
	%D%/planning.h \
	%D%/subject.h \
	%D%/swap.c \
	%D%/swap.h \
	%D%/swap_table.h \
	%D%/values.c \
	%D%/values.h \
	%D%/verdict.c \
	%D%/verdict.h
