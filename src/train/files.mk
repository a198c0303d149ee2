# The sources of src/train, headers among them.
train_files = \
	%D%/checkpoint.c \
	%D%/checkpoint.h \
	%D%/export.c \
	%D%/export.h \
	%D%/fit_model.c \
	%D%/fit_model.h \
	%D%/fit_transcoder.c \
	%D%/fit_transcoder.h \
	%D%/linear_pass.c \
	%D%/linear_pass.h \
	%D%/measure.c \
	%D%/measure.h \
	%D%/mlp_rows.c \
	%D%/mlp_rows.h \
	%D%/number_codes.c \
	%D%/number_codes.h \
	%D%/options.c \
	%D%/options.h \
	%D%/pack.c \
	%D%/pack.h \
	%D%/param.c \
	%D%/param.h \
	%D%/reporter.c \
	%D%/reporter.h \
	%D%/train.c \
	%D%/train.h \
	%D%/transcoder.c \
	%D%/transcoder.h \
	%D%/transformer.c \
	%D%/transformer.h \
	%D%/vector.c \
	%D%/vector.h
