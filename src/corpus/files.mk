# The sources of src/corpus, headers among them.
corpus_files = \
	%D%/build.c \
	%D%/build.h \
	%D%/classes.c \
	%D%/classes.h \
	%D%/corpus.c \
	%D%/corpus.h \
	%D%/generators.h \
	%D%/holdout.c \
	%D%/open.c \
	%D%/open.h \
	%D%/parts.c \
	%D%/parts.h \
	%D%/prefixes.c \
	%D%/recipe.c \
	%D%/recipe.h \
	%D%/sentences.c \
	%D%/sums.c \
	%D%/templates.c \
	%D%/templates.h \
	%D%/text.c \
	%D%/text.h \
	%D%/tokenizer_file.c \
	%D%/windows.c \
	%D%/windows.h \
	%D%/world.c \
	%D%/world.h
